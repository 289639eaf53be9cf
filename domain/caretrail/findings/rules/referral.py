"""Referral on suspicion of a mental health condition (A5), and a screen that contradicts the suspicion (K8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.licenses import Accepts, accepts_of
from caretrail.findings.finding import NO_ASSESSMENT, Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth
from caretrail.findings.rules.staff import credentials_of
from caretrail.policy.rules.admission import (
    AssessorCredential,
    MentalHealthReferral,
    QualifyingDiagnosis,
    ScreenAndSuspicion,
)
from caretrail.tokens import Screen

MENTAL_HEALTH = ("mental_health", "psychiatric")
"""Kinds of referral and contact that are about a mental health condition."""


# --- the screen and the suspicion ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Picture:
    """Screen and suspicion by the latest full assessment and the addenda to it."""

    screen: Screen | None = None
    suspected: Truth = None
    evidence: tuple[int, ...] = ()

    def after(self, item: Effective[Assessed]) -> Picture:
        """The picture with one more assessment; an addendum changes what it states."""
        event = item.event
        screen, suspected = event.co_occurring_screen, event.mental_health_suspected
        if event.kind != "addendum":
            return Picture(screen, suspected, (item.version,))
        if screen is None and suspected is None:
            return self
        return replace(
            self,
            screen=self.screen if screen is None else screen,
            suspected=self.suspected if suspected is None else suspected,
            evidence=(*self.evidence, item.version),
        )

    @property
    def contradicts_itself(self) -> bool:
        """Whether the screen was positive and nothing was suspected."""
        return self.screen == "positive" and self.suspected is False


@judges(ScreenAndSuspicion)
def screen_and_suspicion(case: Case, _: ScreenAndSuspicion, findings: RuleFindings) -> None:
    """K8: a positive screen with no mental health condition suspected, until a later assessment states it otherwise."""
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no assessment states both"))]
    picture = Picture()
    for item in case.chart.assessments:
        picture = picture.after(item)
        if picture.contradicts_itself:
            words = f"assessment of {iso(item.day)}: screen positive, and no mental health condition suspected"
            changes.append((item.day, unknown(words, "screen_contradicts", picture.evidence)))
        elif picture.screen is not None and picture.suspected is not None:
            suspected = "suspected" if picture.suspected else "nothing suspected"
            words = f"assessment of {iso(item.day)}: screen {picture.screen.replace('_', ' ')}, {suspected}"
            changes.append((item.day, Ruling("met", words, "", picture.evidence)))
        else:
            changes.append((item.day, changes[0][1]))
    findings.write_over(case.chart.stays, changes)


# --- referral -----------------------------------------------------------------------------------------------------


class Suspicion(NamedTuple):
    """A mental health condition suspected by an assessor who may not diagnose it, or may not.

    `words` say how it is known. `sure` is false if the record contradicts itself, or the credential is not known.
    """

    version: int
    day: date
    words: str
    cause: str
    sure: bool


class Contact(NamedTuple):
    """A referral, or a contact about mental health that may be one; `may_diagnose` is whether the receiver may."""

    version: int
    day: date
    referral: bool
    may_diagnose: Truth


@judges(MentalHealthReferral)
def mental_health_referral(case: Case, rule: MentalHealthReferral, findings: RuleFindings) -> None:
    """A5: a LADC or PLADC who suspects a mental health condition refers the client to somebody who may diagnose it.

    A diagnosis outside substance use by such an assessor is a suspicion, too; so may be a positive screen. A referral
    counts from its own day, if it comes with the suspicion or later. A later assessment by a person who may diagnose
    settles an earlier suspicion. A contact about mental health may be the referral (field `coordination`).
    """
    assessor = case.pack.rule(AssessorCredential)
    may_diagnose = accepts_of(case.pack, assessor.credentials if assessor else None, without=rule.limited)
    contacts = _contacts(case, rule, may_diagnose)
    days = {item.day for item in case.chart.assessments} | {contact.day for contact in contacts}
    changes = [(day, _ruling_on(case, day, may_diagnose, contacts)) for day in sorted(days)]
    findings.write_over(case.chart.stays, [(date.min, NO_ASSESSMENT), *changes])


def _contacts(case: Case, rule: MentalHealthReferral, may_diagnose: Accepts) -> list[Contact]:
    """Every referral for mental health, and every contact about it, each from its own day."""
    chart, found = case.chart, list[Contact]()
    for made in chart.assessments:
        if (given := made.event.referral) is not None:
            credential = given.credential or chart.team.credential(given.to, given.on)
            found.append(Contact(made.version, max(made.day, given.on), True, may_diagnose(credential)))
    for item in chart.referred:
        if item.event.kind in MENTAL_HEALTH:
            credential = item.event.credential or chart.team.credential(item.event.to, item.day)
            found.append(Contact(item.version, item.day, True, may_diagnose(credential)))
    for other in chart.coordinated if rule.coordination != "is_none" else ():
        if other.event.kind in MENTAL_HEALTH:
            is_one = rule.coordination == "is_one"
            to, credential = other.event.to, other.event.credential
            if credential is None and to is not None:
                credential = chart.team.credential(to, other.day)
            able = may_diagnose(credential) if credential is not None else True if is_one else None
            found.append(Contact(other.version, other.day, is_one, able))
    return sorted(found, key=lambda contact: (contact.day, contact.version))


def _ruling_on(case: Case, day: date, may_diagnose: Accepts, contacts: Sequence[Contact]) -> Ruling:
    """The ruling of a day, by the assessments and contacts up to it."""
    suspicions: list[Suspicion] = []
    stated, able = False, False
    seen: list[int] = []
    picture = Picture()
    for item in case.chart.assessments:
        if item.day > day:
            break
        seen.append(item.version)
        picture = picture.after(item)
        limited = _limited(case, item, may_diagnose)
        able = limited is False
        if able:
            suspicions, stated = [], True
            continue
        stated = stated or item.event.mental_health_suspected is not None
        found = _suspicion(case, item, picture, limited)
        if found is not None:
            suspicions.append(found)
    if not seen:
        return NO_ASSESSMENT
    made = [contact for contact in contacts if contact.day <= day]
    if suspicions:
        return _referral_ruling(suspicions, made)
    if not stated:
        return unknown("mental_health_suspected is not stated", "suspicion_not_stated", tuple(seen))
    if able:
        return Ruling("not_applicable", "the assessor may diagnose", "", tuple(seen))
    return Ruling("met", "no mental health condition suspected", "", tuple(seen))


def _limited(case: Case, item: Effective[Assessed], may_diagnose: Accepts) -> Truth:
    """Whether no assessor may diagnose a mental health condition; None if it is not known of all."""
    values = [may_diagnose(credential) for _, credential in credentials_of(case, item)]
    if True in values:
        return False
    return None if not values or None in values else True


def _suspicion(case: Case, item: Effective[Assessed], picture: Picture, limited: Truth) -> Suspicion | None:
    """The suspicion that an assessment states, by word, by diagnosis or by its screen."""
    event, day = item.event, iso(item.day)
    qualifying = case.pack.rule(QualifyingDiagnosis)
    substance = qualifying.codes if qualifying else ("F1",)
    codes = [code for code in event.diagnoses if code.startswith("F") and not code.startswith(substance)]
    if event.mental_health_suspected:
        cause = "referral_missing" if limited else "credential_missing"
        return Suspicion(item.version, item.day, f"suspected {day}", cause, limited is True)
    if codes and limited and event.kind != "prior_accepted":
        words = f"{', '.join(codes)} recorded {day} by an assessor who may not diagnose it"
        return Suspicion(item.version, item.day, words, "scope", True)
    if picture.contradicts_itself and case.pack.rule(ScreenAndSuspicion) is not None:
        words = f"screen positive, and nothing suspected, {day}"
        return Suspicion(item.version, item.day, words, "screen_contradicts", False)
    return None


def _referral_ruling(suspicions: Sequence[Suspicion], contacts: Sequence[Contact]) -> Ruling:
    """The ruling on open suspicions: by the best contact since the first, or before it."""
    worst = max(suspicions, key=lambda one: (one.sure, one.day, one.version))
    since = [contact for contact in contacts if contact.day >= suspicions[0].day]
    referrals = [contact for contact in since if contact.referral]
    for contact in referrals:
        if contact.may_diagnose:
            words = f"{worst.words}, referred {iso(contact.day)}"
            return Ruling("met", words, "", tuple(sorted({worst.version, contact.version})))
    for contact in referrals:
        if contact.may_diagnose is None:
            words = f"{worst.words}, referred {iso(contact.day)}: whether the receiver may diagnose it is not known"
            return unknown(words, "credential_missing", tuple(sorted({worst.version, contact.version})))
    if referrals:
        contact = referrals[-1]
        words = f"{worst.words}, referred {iso(contact.day)} to a person who may not diagnose"
        return violation(words, "referral_missing", tuple(sorted({worst.version, contact.version})))
    for contact in contacts:
        if contact.may_diagnose is not False:
            what = "referred" if contact.referral else "mental health contact"
            when = "before" if contact.day < suspicions[0].day else "after"
            words = f"{worst.words}; {what} {iso(contact.day)}, {when} it: whether that is the referral is not stated"
            return unknown(words, "referral_unclear", tuple(sorted({worst.version, contact.version})))
    if worst.sure:
        return violation(f"{worst.words}, no referral", worst.cause, (worst.version,))
    doubt = "credential of the assessor not known" if worst.cause == "credential_missing" else "one of the two is wrong"
    return unknown(f"{worst.words}, no referral: {doubt}", worst.cause, (worst.version,))
