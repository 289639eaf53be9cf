"""Referral on suspicion of a mental health condition, by those who may not diagnose it themselves (A5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.team import only_among
from caretrail.findings.finding import NO_ASSESSMENT, QUIET_VERDICTS, Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth
from caretrail.findings.rules.staff import credentials_of
from caretrail.policy.rules.admission import AssessorCredential, MentalHealthReferral, QualifyingDiagnosis

Made = tuple[Effective[Assessed], Assessed, Truth]
"""An assessment, and whether all its assessors are limited: may not diagnose a mental health condition."""


@judges(MentalHealthReferral)
def mental_health_referral(case: Case, rule: MentalHealthReferral, findings: RuleFindings) -> None:
    """A5: a LADC or PLADC who suspects a mental health condition refers the client, and diagnoses none.

    A later assessment by a person who may diagnose, or with a referral, settles an earlier suspicion. A diagnosis
    outside substance use that only limited assessors recorded is listed for a time. A referral acts from its own day.
    """
    made = [(item, item.event, _limited(case, rule, item)) for item in case.chart.assessments]
    findings.write_over(case.chart.stays, [(date.min, NO_ASSESSMENT), *_referral_changes(case, rule, made)])
    _out_of_scope(case, made, findings)


def _limited(case: Case, rule: MentalHealthReferral, item: Effective[Assessed]) -> Truth:
    """Whether all assessors are limited; not known if a credential is not stated."""
    stated = [credential for _, credential in credentials_of(case, item)]
    if any(credential and not _may_not(case, rule, credential) for credential in stated):
        return False
    return None if not stated or None in stated else True


def _referral_changes(case: Case, rule: MentalHealthReferral, made: Sequence[Made]) -> list[Change]:
    """The changes of A5: for each day, by the assessments and referrals up to it."""
    changes: list[Change] = []
    days = {item.day for item, _, _ in made}
    days |= {max(item.day, event.referral.on) for item, event, _ in made if event.referral}
    for day in sorted(days):
        open_suspicion: list[tuple[int, date, Truth]] = []
        referral: tuple[int, date, str | None] | None = None
        stated = False
        limited: Truth = False
        seen: list[int] = []
        for item, event, by_limited in made:
            if item.day > day:
                break
            seen.append(item.version)
            limited = by_limited
            if event.mental_health_suspected is not None:
                stated = True
            if limited is False:
                open_suspicion, stated, referral = [], True, None
            elif event.mental_health_suspected:
                open_suspicion.append((item.version, item.day, limited))
            if event.referral and max(item.day, event.referral.on) <= day:
                referral = (item.version, event.referral.on, event.referral.credential)
        changes.append((day, _referral_ruling(case, rule, open_suspicion, referral, stated, limited, tuple(seen))))
    return changes


def _may_not(case: Case, rule: MentalHealthReferral, credential: str) -> bool:
    """Whether a credential has only limited licenses."""
    assessor = case.pack.rule(AssessorCredential)
    return only_among(credential, rule.limited, assessor.credentials if assessor else None)


def _referral_ruling(
    case: Case,
    rule: MentalHealthReferral,
    suspicion: list[tuple[int, date, Truth]],
    referral: tuple[int, date, str | None] | None,
    stated: bool,
    limited: Truth,
    seen: tuple[int, ...],
) -> Ruling:
    if not suspicion:
        if not stated:
            return unknown("mental_health_suspected is not stated", "suspicion_not_stated", seen)
        if limited is False:
            return Ruling("not_applicable", "the assessor may diagnose", "", seen)
        return Ruling("met", "no mental health condition suspected", "", seen)
    version, day, by_limited = suspicion[-1]
    suspected = f"suspected {iso(day)}"
    if referral is None:
        if by_limited is None:
            words = f"{suspected}: credential of the assessor not stated, no referral"
            return unknown(words, "credential_missing", (version,))
        return violation(f"{suspected}, no referral", "referral_missing", (version,))
    evidence = (version,) if referral[0] == version else (version, referral[0])
    referred = f"{suspected}, referred {iso(referral[1])}"
    if referral[2] is None:
        return unknown(f"{referred}: credential of the receiver not stated", "credential_missing", evidence)
    if _may_not(case, rule, referral[2]):
        return violation(f"{referred} to a person who may not diagnose", "referral_missing", evidence)
    return Ruling("met", referred, "", evidence)


def _out_of_scope(case: Case, made: Sequence[Made], findings: RuleFindings) -> None:
    """Note mental health diagnoses that only limited assessors recorded, from the first day under the policy on.

    A suspicion without a referral is another matter: it is noted beside them.
    """
    qualifying = case.pack.rule(QualifyingDiagnosis)
    substance = qualifying.codes if qualifying else ("F1",)
    for item, event, limited in made if case.chart.stays else ():
        codes = [code for code in event.diagnoses if code.startswith("F") and not code.startswith(substance)]
        first = max(item.day, case.chart.stays[0].first)
        if event.kind != "prior_accepted" and limited and codes and case.chart.stay_on(first):
            words = f"{', '.join(codes)} recorded {iso(item.day)} by an assessor who may not diagnose it"
            ruling = violation(words, "scope", (item.version,))
            findings.note(f"diagnosis of {iso(item.day)}", first, first + case.notice, ruling)
    if findings.subs:
        for subject, start, until, ruling in findings.main.intervals():
            if ruling.verdict not in QUIET_VERDICTS:
                findings.note(subject, start, until, ruling)
