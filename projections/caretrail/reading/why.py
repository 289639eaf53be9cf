"""Why a flag is up: the finding and its arithmetic on that day, the rule's words, the facts, what would clear it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from caretrail.findings import PACK_RULE
from caretrail.policy import Pack
from caretrail.projection.shapes import Flag
from caretrail.reading.answers import Answer, FindingRow
from caretrail.reading.errors import UnknownRule
from caretrail.reading.scope import Hit, finding_row, holds_rule
from caretrail.reading.timeline import fact_json
from caretrail.reading.view import EpisodeView

CLEARED_BY = {
    "assessment_before_treatment": "an assessment, or a prior one accepted; the days without one stay on record",
    "prior_assessment": "an addendum to the assessment, or a new assessment",
    "mental_health_referral": "a referral to a clinician who can diagnose co-occurring disorders",
    "qualifying_diagnosis": "an assessment with a qualifying diagnosis by the current DSM, or a correction",
    "admission_dimensions": "an assessment that states the dimensions, or a correction of the one there is",
    "capacity_for_progress": "a correction of the admission that states expects_progress",
    "assessor_credential": "an assessment by a licensed clinician, or a correction that states the credential",
    "co_occurring_screen": "an assessment that states the result of the screening, or a correction",
    "treatment_after_admission": "nothing: the sessions were held; they can be explained, or a wrong date corrected",
    "dual_diagnosis": "an assessment with both diagnoses, or a correction of the admission",
    "plan_due": "a plan that is in effect and signed by a clinician of the team",
    "plan_sections": "a new plan version with all sections, or a correction of the plan",
    "plan_signatures": "the missing signature, or a signature declined before a witness",
    "review_due": "a review of a signed plan with the client or guardian, signed by a clinician of the team",
    "review_valid": "a review with the client or guardian of a signed plan, signed by a clinician of the team",
    "review_gaps": "nothing: a gap stays on record; it can be explained",
    "weekly_hours": "nothing: the week is over; it can be explained",
    "weekly_days": "nothing: the week is over; it can be explained",
    "one_to_one": "nothing, if the count is right: it can be explained, or corrected if it is wrong",
    "service_mix": "a session of each kind of service that is missing",
    "care_coordination": "nothing: the period is over; care coordinated in the next period is recorded there",
    "length_of_stay": "nothing is asked for",
    "staff_credentials": "a correction that states the credential; a session held without one can be explained",
    "program_attested": "an attestation by the program that is valid on the day",
    "authorization": "an authorization for this level that covers the day and has units left",
    "co_signature": "the signature of a supervisor",
    "no_contact": "a session, or the discharge",
    "group_size": "nothing, if the count is right: it can be explained, or corrected if it is wrong",
    "continued_stay": "a continued-stay determination signed by a clinician of the team",
    "ending_supported": "a correction of the transfer or discharge that states what is missing",
}
"""What ends a finding of each check, in words."""


@dataclass(frozen=True, slots=True)
class RestsOn(Answer):
    """A fact that a finding rests on."""

    version: int
    type: str
    occurred_on: date
    author: str
    corrected_by: tuple[int, ...]
    voided_by: int | None
    fact: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Interval(Answer):
    """A stretch of days over which a rule said one thing of one subject; `until` is exclusive."""

    verdict: str
    subject: str
    start: date
    until: date | None
    due_on: date | None
    message: str


@dataclass(frozen=True, slots=True)
class Why(Answer):
    """`in_force` says whether the findings are those of that day; if not, they are the latest before it.

    `today` ends each finding's arithmetic with the day asked for; `history` is all the rule ever said here.
    """

    episode: str
    rule: str
    title: str
    as_of: date
    in_force: bool
    findings: tuple[FindingRow, ...]
    today: tuple[str, ...]
    citation: str
    strength: str
    text: str
    rests_on: tuple[RestsOn, ...]
    cleared_by: str
    history: tuple[Interval, ...]


def why_of(view: EpisodeView, asked: str, day: date) -> Why:
    """Explain one rule on one day; raises UnknownRule."""
    rule = _rule_of(view, asked)
    flags = [flag for flag in view.findings if flag.rule == rule]
    up = [flag for flag in flags if flag.start <= day < flag.end]
    shown = _telling(up) or _latest_before(flags, day)
    pack = _pack_of(view, shown, day)
    words = pack.rules.get(rule) if pack else None
    return Why(
        episode=view.name,
        rule=rule,
        title=words.title if words else "",
        as_of=day,
        in_force=bool(up),
        findings=tuple(finding_row(_hit(view, flag, day), day) for flag in shown),
        today=tuple(_today(flag, day) for flag in shown),
        citation=words.citation if words else "",
        strength=words.strength if words else "",
        text=words.text if words else "",
        rests_on=_facts(view, sorted({version for flag in shown for version in flag.evidence})),
        cleared_by=CLEARED_BY.get(words.check, "") if words else "a program that has the policy pack of the admission",
        history=tuple(Interval(f.verdict, f.subject, f.start, f.until, f.due_on, f.message) for f in flags),
    )


def _pack_of(view: EpisodeView, shown: Sequence[Flag], day: date) -> Pack | None:
    """The version of the rules that judged what is shown; else the one in force on that day."""
    if view.policy is None:
        return None
    named = shown[0].pack if shown else ""
    return next((pack for pack in view.policy.versions if pack.name == named), view.policy.on(day))


def _rule_of(view: EpisodeView, asked: str) -> str:
    packs = view.policy.versions if view.policy else ()
    rules: list[str] = [*dict.fromkeys(rule for pack in packs for rule in pack.rules), PACK_RULE]
    found = [rule for rule in rules if holds_rule(asked, rule)]
    if not found:
        raise UnknownRule(rules[:-1])
    return found[0]


def _telling(up: Sequence[Flag]) -> list[Flag]:
    """What asks for something, if anything does; else what says that nothing is asked."""
    loud = [flag for flag in up if flag.verdict not in ("met", "not_applicable")]
    return loud or list(up)


def _latest_before(flags: Sequence[Flag], day: date) -> list[Flag]:
    before = [flag for flag in flags if flag.start <= day]
    return [max(before, key=lambda flag: (flag.end, flag.start))] if before else []


def _hit(view: EpisodeView, flag: Flag, day: date) -> Hit:
    rows = view.rows
    span = rows.span_on(day)
    program, level, clinician = (span.program, span.level, span.clinician) if span else (None, None, None)
    return Hit(rows.stream, rows.episode, rows.client, rows.zone, program, level, clinician, flag)


def _today(flag: Flag, day: date) -> str:
    """The arithmetic, ended with the day asked for."""
    sentence = f"{flag.arithmetic}; " if flag.arithmetic else ""
    return f"{sentence}today is {day}{_distance(flag, day)}"


def _distance(flag: Flag, day: date) -> str:
    if flag.until is not None and day >= flag.until:
        return f": over since {flag.until}"
    if flag.verdict == "not_met":
        return f": not met when the stay ended on {flag.start}"
    if flag.due_on is None:
        return f": up since {flag.start}"
    left = (flag.due_on - day).days
    if left == 0:
        return ": due today"
    unit = "day" if abs(left) == 1 else "days"
    if left > 0:
        return f": {left} {unit} left"
    return f": {-left} {unit} overdue" if flag.verdict == "overdue" else f": up since {flag.start}"


def _facts(view: EpisodeView, versions: Sequence[int]) -> tuple[RestsOn, ...]:
    acting = view.episode.amendments
    effective = {item.version: item for item in view.history}
    found: list[RestsOn] = []
    for version in versions:
        if not 0 < version <= len(view.entries):
            continue
        entry = view.entries[version - 1]
        item = effective.get(version)
        found.append(
            RestsOn(
                version,
                entry.fact.type,
                item.day if item else entry.fact.occurred_on,
                entry.fact.actor.id,
                item.corrected_by if item else (),
                acting.voided_by.get(version),
                fact_json(entry),
            )
        )
    return tuple(found)
