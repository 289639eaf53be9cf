"""From events to findings: one pure function, without a clock or a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import ONE_DAY, iso
from caretrail.episode.history import Effective, first_of
from caretrail.events import Admitted, Discharged
from caretrail.findings.chart.chart import Chart, PolicyStay
from caretrail.findings.chart.contradictions import read_chart
from caretrail.findings.explanations import explained
from caretrail.findings.finding import Eligibility, Finding, Ruling, unknown
from caretrail.findings.versions import by_one, by_versions
from caretrail.policy import Pack, Policy
from caretrail.policy.own_rules import PACK_RULE


class Judgment(NamedTuple):
    """The findings on an episode, and its eligibility in gapless intervals from the admission on."""

    findings: list[Finding]
    eligibility: list[Eligibility]


def judge(history: Sequence[Effective], policy: Policy | Pack | None) -> Judgment:
    """Judge an effective history (in clinical order) by a policy; a missing policy is itself a finding.

    For every day the verdicts depend only on events that occurred on or before it, so an interval covers a day exactly
    if a reading of the history up to that day would give the same. Of several versions of a policy each judges the
    duties that run from a day on which it is in force.
    """
    if isinstance(policy, Pack):
        policy = Policy((policy,))
    unusable = _unusable(history, policy)
    if policy is None or unusable:
        return unusable or Judgment([], [])
    chart = read_chart(history, policy)
    found = list(_warnings(chart, policy))
    without_doubtful = read_chart(history, policy, doubtful_count=False) if chart.doubtful else None
    judged = by_versions if len(policy.versions) > 1 else by_one
    eligibility = judged(found, chart, policy, without_doubtful)
    found = explained(found, chart.explained, policy) if chart.explained else found
    return Judgment(found, eligibility)


def _unusable(history: Sequence[Effective], policy: Policy | None) -> Judgment | None:
    """The one finding that says why nothing is judged, with unknown eligibility; None if the policy can judge."""
    admission = first_of(history, Admitted)
    if admission is None:
        return None
    event = admission.event
    if policy is None:
        words, cause = f"policy pack {event.policy} is not installed: nothing is judged", "pack_missing"
    else:
        pack = policy.on(admission.day)
        if not pack.is_for(event.population):
            words, cause = f"policy pack {pack.name} is for another population: nothing is judged", "pack_population"
        elif not policy.in_force(admission.day):
            words, cause = f"policy pack {pack.name} is not in force on {iso(admission.day)}", "pack_dates"
        else:
            return None
    end = first_of(history, Discharged)
    until = end.day + ONE_DAY if end else None
    ruling = unknown(words, cause, (admission.version,))
    finding = Finding(PACK_RULE, "", "", admission.day, until, quiet=False, explained=False, ruling=ruling)
    answers = [Eligibility(finding.start, until, "unknown", reasons=(words,), evidence=ruling.evidence)]
    if until is not None:
        answers.append(Eligibility(until, None, "not_applicable", reasons=("stay ended",)))
    return Judgment([finding], answers)


def _warnings(chart: Chart, policy: Policy) -> Iterator[Finding]:
    """Findings on a judgment by unexpected rules: of another edition of the criteria, or past their last day."""
    for stay in chart.stays:
        pack = policy.on(stay.first)
        if stay.edition != pack.edition:
            words = f"level {stay.level} by {stay.edition}, judged by the {pack.edition} rules of {pack.name}"
            ruling = _warning(chart, stay, stay.first, words, "edition_mismatch")
            yield Finding(
                PACK_RULE, pack.name, f"stay of {iso(stay.first)}", stay.first, stay.until, False, False, ruling
            )
        ended = policy.last_day
        if ended is not None and (stay.last is None or stay.last > ended):
            since = max(ended + ONE_DAY, stay.first)
            name = policy.versions[-1].name
            words = f"policy pack {name} is in force until {iso(ended)}: judged by it, for want of a later version"
            ruling = _warning(chart, stay, since, words, "pack_dates")
            yield Finding(PACK_RULE, name, "version", since, stay.until, False, False, ruling)


def _warning(chart: Chart, stay: PolicyStay, since: date, words: str, cause: str) -> Ruling:
    return unknown(words, cause, (stay.opened_by,)).owned_by(chart.team.case_owner(since))
