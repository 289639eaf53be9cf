"""Staff rules: licensed assessors (A2), credentialed performers (S1), co-signatures of supervisors (off)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from caretrail.days import ONE_DAY, iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed, SessionAttended
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import PlanVersion, Review, Signing
from caretrail.findings.chart.licenses import Accepts, accepts_of
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import NO_ASSESSMENT, Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth
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

    The credential is the one stated with the assessment, or with a signature on it, or else on the roster; a degree
    alone proves no license. A later assessment by a licensed clinician cures an earlier one that was not.
    """
    any_license = accepts_of(case.pack, rule.credentials)
    full_license = accepts_of(case.pack, rule.credentials, without=rule.provisional)
    licensed = any_license if rule.provisional_is == "accepted" else full_license
    changes: list[Change] = [(date.min, NO_ASSESSMENT)]
    best = 0
    made = case.chart.assessments
    for day in sorted({day for item in made for day in (item.day, *(one.day for one in _signings(case, item)))}):
        known = [
            _assessor_ruling(case, item, day, licensed, any_license, full_license) for item in made if item.day <= day
        ]
        rank, ruling = max(known, key=itemgetter(0))
        if rank != best:
            best = rank
            changes.append((day, ruling))
    findings.write_over(case.chart.stays, changes)


def _assessor_ruling(
    case: Case,
    item: Effective[Assessed],
    day: date,
    licensed: Accepts,
    any_license: Accepts,
    full_license: Accepts,
) -> tuple[int, Ruling]:
    """The ruling on one assessment as known on a day, and its rank among those on others: the highest applies."""
    made_on = iso(item.day)
    if item.event.kind == "prior_accepted":
        words = f"prior assessment accepted {made_on}: see the rule for those"
        return 1, Ruling("not_applicable", words, "", (item.version,))
    stated, evidence = _assessors(case, item, day)
    for who, credential in stated:
        if licensed(credential):
            provisional = "" if full_license(credential) else ", provisional"
            return 4, Ruling("met", f"assessed {made_on} by {who}, {credential}{provisional}", "", evidence)
    held = [credential for _, credential in stated if credential is not None]
    if not stated or len(held) < len(stated):
        words = f"assessment of {made_on}: credential of the assessor not stated"
        return 3, unknown(words, "credential_missing", evidence)
    assessed = f"assessed {made_on} by {', '.join(held)}"
    if any(licensed(credential) is None for credential in held):
        words = f"{assessed}: whether that is a license of the list cannot be told"
        return 3, unknown(words, "credential_doubtful", evidence)
    blocked = any(any_license(credential) for credential in held)
    what = "a provisional license is not accepted" if blocked else "not a license of the list"
    return 2, violation(f"{assessed}: {what}", "assessor_credential", evidence)


def _assessors(
    case: Case, item: Effective[Assessed], day: date
) -> tuple[list[tuple[str, str | None]], tuple[int, ...]]:
    """Who assessed, each with the credential as known on a day; and the evidence for it."""
    signed = {one.signer: one for one in _signings(case, item) if one.day <= day and one.credential is not None}
    stated: list[tuple[str, str | None]] = []
    evidence = {item.version}
    for person in item.event.performers:
        credential = person.credential
        if credential is None and person.id in signed:
            credential = signed[person.id].credential
            evidence.add(signed[person.id].brought_by)
        stated.append((person.id, credential or case.chart.team.credential(person.id, item.day)))
    return stated, tuple(sorted(evidence))


def _signings(case: Case, item: Effective[Assessed]) -> list[Signing]:
    """The signatures on an assessment, those brought by later events, too."""
    statement = case.chart.statements.get(item.version)
    return statement.signings if statement is not None else []


@judges_each_stay(StaffCredentials)
def staff_credentials(case: Case, rule: StaffCredentials, findings: RuleFindings, stay: PolicyStay) -> None:
    """S1: each performer of a session of treatment has a credential of the list; other services need none.

    A credential that is not stated, or a degree that alone proves no license, can still be stated: it is unknown from
    the first such session until the stay ends. A session held without one of the list cannot be cured: it is told for a
    time, for each person of a day, then breached.
    """
    accepts = accepts_of(case.pack, rule.credentials)
    sessions = case.chart.own(case.chart.treated, stay)
    findings.main.set(stay.first, Ruling("not_applicable", "no session yet"))
    for item in sessions[:1]:
        ruling = Ruling("met", f"sessions since {iso(item.day)}: nothing missing", "", (item.version,))
        findings.main.set(item.day, ruling)
    named: set[str] = set()
    for item in _not_all_of_list(sessions, accepts):
        day, evidence = item.day, (item.version,)
        stated = credentials_of(case, item)
        if not stated or any(credential is None for _, credential in stated):
            if "credential" not in named:
                words = f"credential not stated, first for the session of {iso(day)}"
                findings.note("credential", day, stay.until, unknown(words, "credential_missing", evidence))
            named.add("credential")
        for who, credential in stated:
            accepted = accepts(credential)
            if credential is None or accepted:
                continue
            name = f"session of {iso(day)}: {who}" if accepted is False else f"credential of {who}"
            if name in named:
                continue
            named.add(name)
            held_by = f"session of {iso(day)} held by {who}, {credential}"
            if accepted is False:
                ruling = violation(f"{held_by}: not a credential of the list", "staff_credential", evidence)
                findings.note_breach(name, day, case.notice_until(day, item.version), stay.until, ruling)
            else:
                words = f"{held_by}: whether that is a credential of the list cannot be told"
                findings.note(name, day, stay.until, unknown(words, "credential_doubtful", evidence))


def _not_all_of_list(
    sessions: Sequence[Effective[SessionAttended]], accepts: Accepts
) -> list[Effective[SessionAttended]]:
    """The sessions that do not state their performers, each with a credential of the list.

    A chart has hundreds of sessions, nearly all in order, and a few credentials: those are read, once each.
    """
    read: dict[str | None, Truth] = {}
    found: list[Effective[SessionAttended]] = []
    for item in sessions:
        people = item.event.performers
        of_list = bool(people)
        for person in people:
            credential = person.credential
            if credential not in read:
                read[credential] = accepts(credential)
            if not read[credential]:
                of_list = False
        if not of_list:
            found.append(item)
    return found


@judges(CoSignature)
def co_signature(case: Case, rule: CoSignature, findings: RuleFindings) -> None:
    """X1 (off in Nebraska): whether a supervisor signed in time what a provisional clinician signed; information.

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
    is_provisional = accepts_of(case.pack, rule.provisional)
    provisional = [signing.day for signing, held in given if is_provisional(held)]
    not_stated = [signing for signing, held in given if not held and signing.role == "clinician"]
    supervisors = [signing for signing, held in given if signing.role == "supervisor" and not is_provisional(held)]
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
    ruling = Ruling("info", words, arithmetic, (document.version,), due, "co_signature", None, document.day)
    intervals = findings.subject_intervals(name)
    intervals.set(begin, ruling)
    intervals.set(due + ONE_DAY, ruling._replace(message=f"{name}: no supervisor's signature by {iso(due)}"))
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
