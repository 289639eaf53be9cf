"""The findings of one version of the rules on a chart, rule by rule, and its answers on eligibility."""

from __future__ import annotations

from collections.abc import Iterable

import caretrail.findings.rules as _  # noqa: F401  # registers the function of each rule
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import Chart
from caretrail.findings.doubt import asks_nothing
from caretrail.findings.finding import QUIET_VERDICTS, Finding, Ruling
from caretrail.findings.intervals import Interval, RuleFindings
from caretrail.named import maker
from caretrail.policy import Pack, Rule

_finding = maker(Finding)  # an episode has a hundred


def judged_by(case: Case) -> list[tuple[Rule, RuleFindings]]:
    """Judge a case by its version of the rules: each rule of an episode with its findings."""
    return [(rule, case.findings_of(rule)) for rule in case.pack.of_episodes]


def elsewhere_first(chart: Chart, pack: Pack) -> Finding | None:
    """For a client admitted to a level without a policy: no rule applies until they come here."""
    if chart.admission is None or not chart.level_stays:
        return None
    first = chart.stays[0].first if chart.stays else None
    day = chart.admission.day
    if first is not None and day >= first:
        return None
    words = f"level {chart.level_stays[0].level}: no policy pack"
    return Finding("", pack.name, "", day, first, False, False, Ruling("not_applicable", words))


def add_owned(found: list[Finding], chart: Chart, pack: Pack, rule: Rule, intervals: Iterable[Interval]) -> None:
    """Turn the intervals of a rule into findings, each with an owner: by default the case owner.

    A finding is cut on the day the case changes hands, so that it is on the list of the person who can act. No one can
    act on what was not met when a stay ended: it keeps the owner of that day, and its first day.
    """
    team, name, version = chart.team, rule.id, pack.name
    case_owners = team.case_owners
    for subject, first, until, ruling in intervals:
        if case_owners and ruling.verdict not in QUIET_VERDICTS and ruling.owner is None:
            own = ruling.owned_by(team.case_owner(first))
            for cut, _ in case_owners[1:] if ruling.verdict != "not_met" else ():
                if cut > first and (until is None or cut < until):
                    quiet = asks_nothing(own.doubt)
                    found.append(Finding(name, version, subject, first, cut, quiet, False, own))
                    first, own = cut, ruling.owned_by(team.case_owner(cut))
            ruling = own
        quiet = ruling.doubt is not None and asks_nothing(ruling.doubt)
        found.append(_finding((name, version, subject, first, until, quiet, False, ruling)))
