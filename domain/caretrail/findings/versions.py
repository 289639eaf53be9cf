"""Findings by several versions of a policy: for each day, the version that judges it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from caretrail.findings.by_pack import add_owned, elsewhere_first, judged_by
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import Chart
from caretrail.findings.eligibility import eligibility
from caretrail.findings.finding import QUIET_VERDICTS, Eligibility, Finding
from caretrail.findings.intervals import Interval, RuleFindings, silenced, without
from caretrail.policy import Pack, Policy, Rule


def by_one(found: list[Finding], chart: Chart, policy: Policy, without_doubtful: Chart | None) -> list[Eligibility]:
    """Add the findings of the only version of the rules; return its answers on eligibility."""
    pack = policy.versions[0]
    case = Case(chart, pack, without_doubtful)
    came_later = elsewhere_first(chart, pack)
    for rule, findings in judged_by(case):
        if came_later is not None:
            found.append(came_later._replace(rule=rule.id))
        add_owned(found, chart, pack, rule, findings.intervals())
    return eligibility([case])


def by_versions(
    found: list[Finding], chart: Chart, policy: Policy, without_doubtful: Chart | None
) -> list[Eligibility]:
    """Add each version's findings on the duties that run from its days; return the answers on eligibility likewise.

    A rule that has a problem by one version is not met by another at the same time.
    """
    by_rule: dict[str, list[tuple[Pack, Rule, RuleFindings]]] = {}
    cases = [Case(chart, pack, without_doubtful) for pack in policy.versions]
    for case in cases:
        pack = case.pack
        came_later = elsewhere_first(chart, pack)
        for rule, findings in judged_by(case):
            if came_later is not None and policy.on(came_later.start) is pack:
                found.append(came_later._replace(rule=rule.id))
            by_rule.setdefault(rule.id, []).append((pack, rule, findings))
    for versions in by_rule.values():
        of_subjects = [
            [interval for interval in findings.of_subjects() if _judges(chart, interval, pack)]
            for pack, _, findings in versions
        ]
        problems = [interval for intervals in of_subjects for interval in intervals]
        for (pack, rule, _), main, own in zip(versions, _mains(chart, versions), of_subjects, strict=True):
            add_owned(found, chart, pack, rule, [*silenced(main, problems), *own])
    return eligibility(cases)


def _mains(chart: Chart, versions: Sequence[tuple[Pack, Rule, RuleFindings]]) -> list[list[Interval]]:
    """The main intervals of each version, so that one version covers each day.

    It is the newest with a duty of its own days; failing that, the stay's version gives its quiet intervals: it may
    count in other periods than the version whose period ends another duty.
    """
    cut = [list(_cut_at_stays(chart, findings.main.intervals())) for _, _, findings in versions]
    mains: list[list[Interval]] = [[] for _ in versions]
    taken: list[Interval] = []
    for place in reversed(range(len(versions))):
        pack = versions[place][0]
        mains[place] = without([interval for interval in cut[place] if _judges(chart, interval, pack)], taken)
        taken += mains[place]
    for place, (pack, _, _) in enumerate(versions):
        quiet = [interval for interval in cut[place] if interval[3].verdict in QUIET_VERDICTS]
        of_stay = [interval for interval in quiet if chart.policy.on(_stay_of(chart, interval[1])) is pack]
        mains[place] += without(of_stay, taken)
    # in doubt, each version may say a day of a duty that runs from a day of the other's: the newest tells it
    taken = [interval for intervals in mains for interval in intervals]
    for place in reversed(range(len(versions))):
        unsaid = without(cut[place], taken)
        mains[place] += unsaid
        taken += unsaid
    return [sorted(intervals, key=lambda interval: interval[1]) for intervals in mains]


def _cut_at_stays(chart: Chart, intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Cut intervals at the first day of each stay: another version may judge the next stay."""
    for subject, start, until, ruling in intervals:
        first = start
        for stay in chart.stays:
            if first < stay.first and (until is None or stay.first < until):
                yield subject, first, stay.first, ruling
                first = stay.first
        yield subject, first, until, ruling


def _judges(chart: Chart, interval: Interval, pack: Pack) -> bool:
    """Whether a version judges an interval: by its anchor, else a subject's first day, else the stay's first day."""
    subject, start, _, ruling = interval
    return chart.policy.on(ruling.anchor or (start if subject else _stay_of(chart, start))) is pack


def _stay_of(chart: Chart, day: date) -> date:
    """The first day of the stay that covers a day; for an earlier day, that of the first stay."""
    begun = [stay.first for stay in chart.stays if stay.first <= day]
    return begun[-1] if begun else chart.stays[0].first if chart.stays else day
