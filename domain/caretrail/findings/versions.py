"""Which version of the rules speaks on which day, where a policy has several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from caretrail.findings.by_pack import add_owned, elsewhere_first, judged_by
from caretrail.findings.chart.chart import Chart
from caretrail.findings.eligibility import Answers
from caretrail.findings.finding import QUIET_VERDICTS, Finding
from caretrail.findings.intervals import Interval, RuleFindings, silenced, without
from caretrail.policy import Pack, Policy, Rule
from caretrail.policy.rules.stay import ContinuedStay


def by_one(found: list[Finding], chart: Chart, policy: Policy) -> Answers:
    """Add what the only version of the rules says; give back what it answers of eligibility."""
    pack = policy.versions[0]
    rule_findings, stays = judged_by(chart, pack)
    came_later = elsewhere_first(chart, pack)
    for rule, findings in rule_findings:
        if came_later is not None and type(rule) is not ContinuedStay:
            found.append(came_later._replace(rule=rule.id))
        add_owned(found, chart, pack, rule, findings.intervals())
    return stays


def by_versions(found: list[Finding], chart: Chart, policy: Policy) -> Answers:
    """Add what each version of the rules says of the duties that hang on its days, and so for eligibility.

    A rule that has a problem by one version is not met by another at the same time.
    """
    said: dict[str, list[tuple[Pack, Rule, RuleFindings]]] = {}
    stays: Answers = []
    for pack in policy.versions:
        rule_findings, answered = judged_by(chart, pack)
        stays += [(answer, anchor) for answer, anchor in answered if policy.on(anchor) is pack]
        came_later = elsewhere_first(chart, pack)
        for rule, findings in rule_findings:
            if came_later is not None and type(rule) is not ContinuedStay and policy.on(came_later.start) is pack:
                found.append(came_later._replace(rule=rule.id))
            said.setdefault(rule.id, []).append((pack, rule, findings))
    for versions in said.values():
        of_subjects = [
            [interval for interval in findings.of_subjects() if _hangs_on(chart, interval, pack)]
            for pack, _, findings in versions
        ]
        problems = [interval for intervals in of_subjects for interval in intervals]
        for (pack, rule, _), main, own in zip(versions, _mains(chart, versions), of_subjects, strict=True):
            add_owned(found, chart, pack, rule, [*silenced(main, problems), *own])
    return sorted(stays, key=lambda item: item[0].start)


def _mains(chart: Chart, versions: Sequence[tuple[Pack, Rule, RuleFindings]]) -> list[list[Interval]]:
    """What each version says of a rule beside its subjects, so that of each day one version speaks.

    It is the newest that has something to say of a duty of its own days; failing that, the one of the stay says what
    is quiet: it may count in other periods than the version by whose periods another duty ends.
    """
    cut = [list(_cut_at_stays(chart, findings.main.intervals())) for _, _, findings in versions]
    mains: list[list[Interval]] = [[] for _ in versions]
    taken: list[Interval] = []
    for place in reversed(range(len(versions))):
        pack = versions[place][0]
        mains[place] = without([interval for interval in cut[place] if _hangs_on(chart, interval, pack)], taken)
        taken += mains[place]
    for place, (pack, _, _) in enumerate(versions):
        quiet = [interval for interval in cut[place] if interval[3].verdict in QUIET_VERDICTS]
        of_stay = [interval for interval in quiet if chart.policy.on(_stay_of(chart, interval[1])) is pack]
        mains[place] = sorted([*mains[place], *without(of_stay, taken)], key=lambda interval: interval[1])
    return mains


def _cut_at_stays(chart: Chart, intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Cut what goes on from stay to stay, where each stay asks for it anew: another version may judge the next."""
    for subject, start, until, ruling in intervals:
        first = start
        for stay in chart.stays:
            if first < stay.first and (until is None or stay.first < until):
                yield subject, first, stay.first, ruling
                first = stay.first
        yield subject, first, until, ruling


def _hangs_on(chart: Chart, interval: Interval, pack: Pack) -> bool:
    """Whether a version judges what is said: of a subject by the day it is first said, else by the stay's first day."""
    subject, start, _, ruling = interval
    return chart.policy.on(ruling.anchor or (start if subject else _stay_of(chart, start))) is pack


def _stay_of(chart: Chart, day: date) -> date:
    """The first day of the stay a day belongs to; of the first stay for a day before it."""
    begun = [stay.first for stay in chart.stays if stay.first <= day]
    return begun[-1] if begun else chart.stays[0].first if chart.stays else day
