"""From events to findings: one pure function, without a clock or a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import iso
from caretrail.episode.history import Effective, first_of
from caretrail.events import Admitted, Discharged
from caretrail.findings.chart.chart import Chart, PolicyStay, chart_of
from caretrail.findings.explanations import quieted
from caretrail.findings.finding import Eligibility, Finding, Ruling
from caretrail.findings.intervals import DAY
from caretrail.findings.versions import by_one, by_versions
from caretrail.policy import Pack, Policy
from caretrail.policy.own_rules import PACK_RULE


class Judgment(NamedTuple):
    """Everything the rules say of an episode."""

    findings: list[Finding]
    eligibility: list[Eligibility]


def judge(history: Sequence[Effective], policy: Policy | Pack | None) -> Judgment:
    """Judge an effective history (in clinical order) by a policy; no policy is itself a finding.

    For every day the verdicts rest only on events that occurred on or before it, so an interval holds on a day exactly
    if a reading of the history up to that day would say the same. Of several versions of a policy each judges the
    duties that hang on a day on which it is in force.
    """
    if isinstance(policy, Pack):
        policy = Policy((policy,))
    unusable = _unusable(history, policy)
    if policy is None or unusable:
        return Judgment(unusable, _unjudged(unusable))
    chart = chart_of(history, policy)
    found = list(_warnings(chart, policy))
    stays = by_versions(found, chart, policy) if len(policy.versions) > 1 else by_one(found, chart, policy)
    eligibility = [answer for answer, _ in stays]
    return Judgment(quieted(found, chart.explained) if chart.explained else found, eligibility)


def findings(history: Sequence[Effective], policy: Policy | Pack | None) -> list[Finding]:
    """What the rules say of an effective history (in clinical order), as intervals."""
    return judge(history, policy).findings


def eligibility(history: Sequence[Effective], policy: Policy | Pack | None) -> list[Eligibility]:
    """Whether continued stay is supported, in gapless intervals from the admission on; empty before one."""
    return judge(history, policy).eligibility


def eligibility_on(history: Sequence[Effective], policy: Policy | Pack | None, day: date) -> Eligibility:
    """Whether continued stay is supported on a day; before the admission it does not apply."""
    for answer in eligibility(history, policy):
        if answer.start <= day and (answer.until is None or day < answer.until):
            return answer
    return Eligibility(day, None, "not_applicable", "none", None, ("not admitted",), ())


def held_on(found: Iterable[Finding], day: date) -> list[Finding]:
    """The findings in force on a day."""
    return [finding for finding in found if finding.holds(day)]


def _unusable(history: Sequence[Effective], policy: Policy | None) -> list[Finding]:
    """The finding that says why nothing is judged; empty if the policy can judge."""
    admission = first_of(history, Admitted)
    if admission is None:
        return []
    event = admission.event
    if policy is None:
        words, cause = f"policy pack {event.policy} is not installed: nothing is judged", "pack_missing"
    else:
        pack = policy.on(admission.day)
        if event.population != pack.population:
            words, cause = f"policy pack {pack.name} is for another population: nothing is judged", "pack_population"
        elif not policy.in_force(admission.day):
            words, cause = f"policy pack {pack.name} is not in force on {iso(admission.day)}", "pack_dates"
        else:
            return []
    end = first_of(history, Discharged)
    until = end.day + DAY if end else None
    ruling = Ruling("unknown", words, evidence=(admission.version,), cause=cause)
    return [Finding(PACK_RULE, "", "", admission.day, until, quiet=False, ruling=ruling)]


def _unjudged(unusable: Iterable[Finding]) -> list[Eligibility]:
    """Eligibility where nothing can be judged: unknown while the episode is open."""
    found: list[Eligibility] = []
    for item in unusable:
        found.append(Eligibility(item.start, item.until, "unknown", "none", None, (item.message,), item.evidence))
        if item.until is not None:
            found.append(Eligibility(item.until, None, "not_applicable", "none", None, ("stay ended",), ()))
    return found


def _warnings(chart: Chart, policy: Policy) -> Iterator[Finding]:
    """What is judged, but not by the rules one would expect: another edition of the criteria, rules that ran out."""
    for stay in chart.stays:
        until = stay.last + DAY if stay.last else None
        pack = policy.on(stay.first)
        if stay.edition != pack.edition:
            words = f"level {stay.level} by {stay.edition}, judged by the {pack.edition} rules of {pack.name}"
            ruling = _warning(chart, stay, stay.first, words, "edition_mismatch")
            yield Finding(PACK_RULE, pack.name, f"stay of {iso(stay.first)}", stay.first, until, False, ruling)
        ended = policy.last_day
        if ended is not None and (stay.last is None or stay.last > ended):
            since = max(ended + DAY, stay.first)
            name = policy.versions[-1].name
            words = f"policy pack {name} is in force until {iso(ended)}: judged by it, for want of a later version"
            ruling = _warning(chart, stay, since, words, "pack_dates")
            yield Finding(PACK_RULE, name, "version", since, until, False, ruling)


def _warning(chart: Chart, stay: PolicyStay, since: date, words: str, cause: str) -> Ruling:
    evidence = (stay.opened_by,)
    return Ruling("unknown", words, evidence=evidence, cause=cause, owner=chart.team.case_owner(since))
