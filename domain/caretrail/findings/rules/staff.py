"""Staff rules: licensed assessors (A2), credentialed performers (S1), co-signatures of supervisors (off)."""

from __future__ import annotations

from datetime import date

from caretrail.days import ONE_DAY, iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed, EventBase
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import PlanVersion, Review, Signing
from caretrail.findings.chart.team import among, only_among
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import NO_ASSESSMENT, Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.policy.rules.admission import AssessorCredential
from caretrail.policy.rules.plan import CoSignature
from caretrail.policy.rules.staff import StaffCredentials


def credentials_of(case: Case, item: Effective) -> list[tuple[str, str | None]]:
    """The performers of an event with their credentials: as stated there, else as listed with the team that day."""
    team, event = case.chart.team, item.event
    return [
        (person.id, person.credential if person.credential is not None else team.credential(person.id, item.day))
        for person in event.performers
    ]


@judges(AssessorCredential)
def assessor_credential(case: Case, rule: AssessorCredential, findings: RuleFindings) -> None:
    """A2: a person who completed the assessment is licensed for it; an accepted prior one is judged by A3.

    A later assessment by a licensed clinician cures an earlier one that was not.
    """
    changes: list[Change] = [(date.min, NO_ASSESSMENT)]
    best = 0
    for item in case.chart.assessments:
        rank, ruling = _assessor_ruling(case, rule, item, item.event)
        if rank > best:
            best = rank
            changes.append((item.day, ruling))
    findings.write_over(case.chart.stays, changes)


def _assessor_ruling(case: Case, rule: AssessorCredential, item: Effective, event: Assessed) -> tuple[int, Ruling]:
    """The ruling on one assessment, and its rank among those on others: the highest applies."""
    evidence, day = (item.version,), iso(item.day)
    if event.kind == "prior_accepted":
        words = f"prior assessment accepted {day}: see the rule for those"
        return 1, Ruling("not_applicable", words, "", evidence)
    stated = credentials_of(case, item)
    accepted = rule.provisional_is == "accepted"
    allowed = [credential for credential in rule.credentials if accepted or credential not in rule.provisional]
    for who, credential in stated:
        if credential is not None and among(credential, allowed):
            provisional = only_among(credential, rule.provisional, rule.credentials)
            words = f"assessed {day} by {who}, {credential}" + (", provisional" if provisional else "")
            return 4, Ruling("met", words, "", evidence)
    held = [credential for _, credential in stated if credential is not None]
    if not stated or len(held) < len(stated):
        return 2, unknown(f"assessment of {day}: credential of the assessor not stated", "credential_missing", evidence)
    provisional = any(among(credential, rule.provisional) for credential in held)
    what = "a provisional license is not accepted" if provisional else "not a license of the list"
    return 3, violation(f"assessed {day} by {', '.join(held)}: {what}", "assessor_credential", evidence)


@judges_each_stay(StaffCredentials)
def staff_credentials(case: Case, rule: StaffCredentials, findings: RuleFindings, stay: PolicyStay) -> None:
    """S1: each performer of a session of treatment has a credential of the list; other services need none.

    A credential that is not stated can still be stated: it is unknown from the first such session until the stay ends.
    A session held without one of the list cannot be cured: it is listed for a time, for each person of a day.
    """
    allowed = frozenset(rule.credentials)
    sessions = case.chart.own(case.chart.treated, stay)
    findings.main.set(stay.first, Ruling("not_applicable", "no session yet"))
    for item in sessions[:1]:
        ruling = Ruling("met", f"sessions since {iso(item.day)}: nothing missing", "", (item.version,))
        findings.main.set(item.day, ruling)
    missing = False
    named: set[str] = set()
    for item in sessions:
        # a chart has hundreds of sessions, and nearly all of them are in order
        if _all_stated(item.event, allowed):
            continue
        day, evidence = item.day, (item.version,)
        stated = credentials_of(case, item)
        if not missing and (not stated or any(credential is None for _, credential in stated)):
            missing = True
            words = f"credential not stated, first for the session of {iso(day)}"
            findings.note("credential", day, stay.until, unknown(words, "credential_missing", evidence))
        for who, credential in stated:
            name = f"session of {iso(day)}: {who}"
            if credential is not None and not among(credential, allowed) and name not in named:
                named.add(name)
                words = f"session of {iso(day)} held by {who}, {credential}: not a credential of the list"
                findings.note(name, day, day + case.notice, violation(words, "staff_credential", evidence))


def _all_stated(event: EventBase, allowed: frozenset[str]) -> bool:
    """Whether a session states its performers, each with a credential of the list."""
    people = event.performers
    for person in people:
        credential = person.credential
        if credential is None or (credential not in allowed and not among(credential, allowed)):
            return False
    return bool(people)


@judges(CoSignature)
def co_signature(case: Case, rule: CoSignature, findings: RuleFindings) -> None:
    """X1 (off in Nebraska): a supervisor signs, within a term, what a provisional clinician signed.

    A signature after the stay counts, too. Whether a clinician is provisional is read from the day of the signature;
    without any credential stated it is unknown until the stay ends or a supervisor has signed anyway.
    """
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "nothing signed by a provisional clinician"))]
    documents: list[PlanVersion | Review] = [*chart.plans, *chart.reviews]
    for document in sorted(documents, key=lambda item: item.day):
        stay = chart.stay_on(document.day)
        if stay is not None:
            changes += _co_sign(case, rule, findings, document, stay)
    changes.sort(key=lambda change: change[0])
    findings.write_over(chart.stays, changes)


def _co_sign(
    case: Case, rule: CoSignature, findings: RuleFindings, document: PlanVersion | Review, stay: PolicyStay
) -> list[Change]:
    """Open the finding of one document; return the days from which no signature of a supervisor is missing."""
    name = f"{'plan' if isinstance(document, PlanVersion) else 'review'} of {iso(document.day)}"
    by_day = sorted((signing for signing in document.signings if signing.given), key=lambda signing: signing.day)
    given = [(signing, credential_of(case, signing) or "") for signing in by_day]
    provisional = [signing.day for signing, held in given if among(held, rule.provisional)]
    not_stated = [signing for signing, held in given if not held and signing.role == "clinician"]
    supervisors = [
        signing for signing, held in given if signing.role == "supervisor" and not among(held, rule.provisional)
    ]
    for first in not_stated[:1]:
        ends: list[date | None] = [*provisional[:1], *(signing.day for signing in supervisors[:1]), stay.until]
        until = min((day for day in ends if day is not None), default=None)
        words = f"{name}: credential of {first.signer} not stated"
        evidence = tuple(sorted({document.version, first.brought_by}))
        ruling = unknown(words, "credential_missing", evidence, document.day)
        if until is None or first.day < until:
            findings.note(f"{name}: credential", first.day, until, ruling)
    if not provisional:
        return []
    begin = provisional[0]
    due = ends_on(rule.within, begin, case.pack.closed_days)
    arithmetic = f"{iso(begin)} + {in_words(rule.within)} = {iso(due)}"
    words = f"{name}: supervisor's signature due {iso(due)}"
    ruling = Ruling("due_soon", words, arithmetic, (document.version,), due, "co_signature", None, document.day)
    intervals = findings.subject_intervals(name)
    intervals.set(begin, ruling)
    intervals.set(due, ruling._replace(verdict="due_today"))
    intervals.set(due + ONE_DAY, ruling._replace(verdict="overdue"))
    # the main intervals are silent while the signature is missing
    met = Ruling("met", f"{name} is signed by a supervisor", "", (document.version,), anchor=document.day)
    changes = [(begin, met)]
    for signing in supervisors[:1]:
        signed_on = max(signing.day, begin)
        intervals.set(signed_on, None)
        changes.append((signed_on, met._replace(evidence=tuple(sorted({document.version, signing.brought_by})))))
    return changes


def credential_of(case: Case, signing: Signing) -> str | None:
    """The credential of a signer: as stated with the signature, else as listed with the team that day."""
    return signing.credential or case.chart.team.credential(signing.signer, signing.day)
