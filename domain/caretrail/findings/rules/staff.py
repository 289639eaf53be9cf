"""Staff rules: who assesses is licensed (A2), who treats is credentialed (S1), provisional work is co-signed (off)."""

from __future__ import annotations

from datetime import date

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed, EventBase
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import PlanVersion, Review, Signing
from caretrail.findings.chart.team import among, only_among
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import DAY, Change, RuleFindings
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.admission import AssessorCredential
from caretrail.policy.rules.plan import CoSignature
from caretrail.policy.rules.staff import StaffCredentials


def credentials_of(case: Case, item: Effective) -> list[tuple[str, str | None]]:
    """Who did something and with which credential: as stated with the event, else as on the team's list that day."""
    team, event = case.chart.team, item.event
    return [
        (person.id, person.credential if person.credential is not None else team.credential(person.id, item.day))
        for person in event.performers
    ]


@judges(AssessorCredential)
def assessor_credential(case: Case, rule: AssessorCredential) -> RuleFindings:
    """A2: somebody who completed the assessment is licensed for it; a prior one accepted is judged by A3.

    A later assessment by a licensed clinician cures an earlier one that was not.
    """
    findings = RuleFindings()
    changes: list[Change] = [(date.min, Ruling("unknown", "no assessment recorded", cause="assessment_missing"))]
    standing = 0
    for item in case.chart.assessments:
        rank, ruling = _assessor_ruling(case, rule, item, item.event)
        if rank > standing:
            standing = rank
            changes.append((item.day, ruling))
    for stay in case.chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _assessor_ruling(case: Case, rule: AssessorCredential, item: Effective, event: Assessed) -> tuple[int, Ruling]:
    """What one assessment says of its assessor, and how much that is worth beside what others say."""
    evidence = (item.version,)
    if event.kind == "prior_accepted":
        return 1, Ruling(
            "not_applicable", f"prior assessment accepted {iso(item.day)}: see the rule for those", "", evidence
        )
    stated = credentials_of(case, item)
    allowed = [credential for credential in rule.credentials if _may(rule, credential)]
    for who, credential in stated:
        if credential is not None and among(credential, allowed):
            words = f"assessed {iso(item.day)} by {who}, {credential}"
            provisional = only_among(credential, rule.provisional, rule.credentials)
            return 4, Ruling("met", words + (", provisional" if provisional else ""), "", evidence)
    if not stated or any(credential is None for _, credential in stated):
        words = f"assessment of {iso(item.day)}: credential of the assessor not stated"
        return 2, Ruling("unknown", words, "", evidence, None, "credential_missing")
    held = ", ".join(credential for _, credential in stated if credential is not None)
    provisional = any(credential is not None and among(credential, rule.provisional) for _, credential in stated)
    what = "a provisional license is not accepted" if provisional else "not a license of the list"
    words = f"assessed {iso(item.day)} by {held}: {what}"
    return 3, Ruling("violation", words, "", evidence, None, "assessor_credential")


def _may(rule: AssessorCredential, credential: str) -> bool:
    return rule.provisional_is == "accepted" or credential not in rule.provisional


@judges(StaffCredentials)
def staff_credentials(case: Case, rule: StaffCredentials) -> RuleFindings:
    """S1: whoever held a session of treatment has a credential of the list; other services ask for none.

    A credential that is not stated can still be: that is unknown from the first such session until the stay ends. A
    session held with none of the list cannot be cured and is a point, for each person of a day.
    """
    findings, chart = RuleFindings(), case.chart
    notice = case.notice
    allowed = frozenset(rule.credentials)
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "no session yet"))
        missing = begun = False
        told: set[str] = set()
        for item in chart.own(chart.treated, stay):
            if not begun:
                begun = True
                since = item.day
                findings.main.set(
                    since, Ruling("met", f"sessions since {iso(since)}: nothing open", "", (item.version,))
                )
            # a chart has hundreds of sessions, and in nearly all of them there is nothing to say
            if _all_stated(item.event, allowed):
                continue
            day = item.day
            stated = credentials_of(case, item)
            if not missing and (not stated or any(credential is None for _, credential in stated)):
                missing = True
                words = f"credential not stated, first for the session of {iso(day)}"
                ruling = Ruling("unknown", words, "", (item.version,), None, "credential_missing")
                findings.note("credential", day, stay.last + DAY if stay.last else None, ruling)
            for who, credential in stated:
                name = f"session of {iso(day)}: {who}"
                if credential is not None and not among(credential, allowed) and name not in told:
                    told.add(name)
                    words = f"session of {iso(day)} held by {who}, {credential}: not a credential of the list"
                    ruling = Ruling("violation", words, "", (item.version,), None, "staff_credential")
                    findings.note(name, day, day + notice, ruling)
        findings.end_stay(stay)
    return findings


def _all_stated(event: EventBase, allowed: frozenset[str]) -> bool:
    """Whether a session states who held it, and a credential of the list for each."""
    people = event.performers
    for person in people:
        credential = person.credential
        if credential is None or (credential not in allowed and not among(credential, allowed)):
            return False
    return bool(people)


@judges(CoSignature)
def co_signature(case: Case, rule: CoSignature) -> RuleFindings:
    """X1 (off in Nebraska): a supervisor signs, within a term, what a provisional clinician signed.

    It can be signed after the stay, too. Whether a clinician is provisional is read from the day of the signature; if
    nobody stated their credential, that is unknown until the stay ends or a supervisor has signed anyway.
    """
    findings, chart = RuleFindings(), case.chart
    documents: list[PlanVersion | Review] = [*chart.plans, *chart.reviews]
    changes: list[Change] = [(date.min, Ruling("not_applicable", "nothing signed by a provisional clinician"))]
    for document in sorted(documents, key=lambda item: item.day):
        stay = chart.stay_on(document.day)
        if stay is not None:
            changes += _co_sign(case, rule, findings, document, stay)
    changes.sort(key=lambda change: change[0])
    for stay in chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _co_sign(
    case: Case, rule: CoSignature, findings: RuleFindings, document: PlanVersion | Review, stay: PolicyStay
) -> list[Change]:
    """Open what a supervisor owes one document; give back from which day nothing is owed."""
    name = f"{'plan' if isinstance(document, PlanVersion) else 'review'} of {iso(document.day)}"
    given = [(signing, _credential(case, signing)) for signing in document.signings if signing.given]
    provisional = [
        signing.day for signing, credential in given if credential is not None and among(credential, rule.provisional)
    ]
    not_stated = [signing for signing, credential in given if credential is None and signing.role == "clinician"]
    signed = [
        signing for signing, held in given if signing.role == "supervisor" and not among(held or "", rule.provisional)
    ]
    supervisor = min(signed, key=lambda signing: signing.day, default=None)
    if not_stated:
        first = min(not_stated, key=lambda signing: signing.day)
        known = [*provisional, *([supervisor.day] if supervisor else []), *([stay.last + DAY] if stay.last else [])]
        if not known or first.day < min(known):
            words = f"{name}: credential of {first.signer} not stated"
            evidence = tuple(sorted({document.version, first.brought_by}))
            ruling = Ruling("unknown", words, "", evidence, None, "credential_missing", None, document.day)
            findings.note(f"{name}: credential", first.day, min(known, default=None), ruling)
    if not provisional:
        return []
    begin = min(provisional)
    due = ends_on(rule.within, begin, case.pack.closed_days)
    arithmetic = f"{iso(begin)} + {in_words(rule.within)} = {iso(due)}"
    words = f"{name}: supervisor's signature due {iso(due)}"
    ruling = Ruling("due_soon", words, arithmetic, (document.version,), due, "co_signature", None, document.day)
    intervals = findings.subject_intervals(name)
    intervals.set(begin, ruling)
    intervals.set(due, ruling._replace(verdict="due_today"))
    intervals.set(due + DAY, ruling._replace(verdict="overdue"))
    # silent while the signature is owed: then what is owed speaks
    met = Ruling("met", f"{name} is signed by a supervisor", "", (document.version,), anchor=document.day)
    if supervisor is None:
        return [(begin, met)]
    satisfied = max(supervisor.day, begin)
    intervals.set(satisfied, None)
    evidence = tuple(sorted({document.version, supervisor.brought_by}))
    return [(begin, met), (satisfied, met._replace(evidence=evidence))]


def _credential(case: Case, signing: Signing) -> str | None:
    """The credential of a signer: as stated with the signature, else as the team's list had it that day."""
    return signing.credential or case.chart.team.credential(signing.signer, signing.day)
