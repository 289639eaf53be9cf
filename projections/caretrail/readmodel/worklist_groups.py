"""The worklist group of a finding, decided once, when the rows are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from caretrail.days import FOREVER
from caretrail.findings import QUIET_VERDICTS, RANK, Finding
from caretrail.findings.finding import RUN
from caretrail.readmodel.placed import Group

if TYPE_CHECKING:
    from caretrail.policy import Pack, Policy
    from caretrail.policy.rules.base import WorklistPlace

_WEEK = timedelta(days=7)


class _Short(NamedTuple):
    """A short week, or a run of them: known from `judged`, the week after it from `over`; explained from a day on."""

    judged: date
    over: date
    explained: date


def groups_of(findings: Sequence[Finding], policy: Policy | None) -> tuple[Group | None, ...]:
    """The group of each finding of an episode, in their order; None if it is not in the worklist."""
    packs = {pack.name: pack for pack in policy.versions} if policy is not None else {}
    places: list[WorklistPlace] = [_place(finding, packs.get(finding.pack)) for finding in findings]
    second_week = [one for one, place in zip(findings, places, strict=True) if place == "second_week"]
    short = _short_weeks(second_week)
    return tuple(_group(finding, place, short) for finding, place in zip(findings, places, strict=True))


def spans_of_groups(
    finding: Finding, group: Group | None, findings: Sequence[Finding]
) -> Iterator[tuple[date, date, Group | None]]:
    """The days of a finding (end exclusive) with its group on them; `findings` are all of its episode."""
    if group is Group.QUIET_THEN_THIS_WEEK:
        # one finding for each case owner and explanation: the first begins on the day the week was judged
        same = [one.start for one in findings if (one.rule, one.subject) == (finding.rule, finding.subject)]
        second = min(same) + _WEEK
        yield finding.start, second, Group.QUIET
        yield second, finding.end, Group.THIS_WEEK
    else:
        yield finding.start, finding.end, group


def _place(finding: Finding, pack: Pack | None) -> WorklistPlace:
    """Where the rule lists what it finds; PACK is no rule of a pack."""
    rule = pack.rules.get(finding.rule) if pack else None
    return rule.group_by_cause.get(finding.cause, rule.group) if rule else "by_verdict"


def _short_weeks(findings: Sequence[Finding]) -> dict[str, _Short]:
    """The short weeks by subject. A run of them is taken to last as long as it is told: rather too long."""
    weeks: dict[str, _Short] = {}
    for finding in findings:
        known = weeks.get(finding.subject, _Short(FOREVER, date.min, FOREVER))
        judged = min(finding.start, known.judged)
        weeks[finding.subject] = _Short(
            judged,
            max(finding.end, known.over) if finding.subject.endswith(RUN) else judged + _WEEK,
            min(finding.start, known.explained) if finding.explained else known.explained,
        )
    return weeks


def _group(finding: Finding, place: WorklistPlace, short: Mapping[str, _Short]) -> Group | None:
    group = _short_group(finding, short) if place == "second_week" else _loud_group(finding, place)
    return Group.QUIET if group and finding.quiet else group


def _short_group(finding: Finding, short: Mapping[str, _Short]) -> Group:
    """One short week says little: it is quiet unless the week before was short, too, and not explained by then."""
    judged, over, _ = short[finding.subject]
    followed = any(week.judged < judged <= week.over and judged < week.explained for week in short.values())
    second = judged if followed else judged + _WEEK
    if finding.end <= second or over <= second:
        return Group.QUIET
    return Group.THIS_WEEK if second <= finding.start else Group.QUIET_THEN_THIS_WEEK


def _loud_group(finding: Finding, place: WorklistPlace) -> Group | None:
    doubt, verdict = finding.ruling.doubt, finding.verdict
    if verdict in QUIET_VERDICTS or verdict == "not_met" or place == "nowhere":
        return None
    if doubt is not None:
        # listed where the worse of its two outcomes would be; if neither asks for more than a word, with the documents
        verdict = max(doubt.if_counts.verdict, doubt.if_not.verdict, key=RANK.__getitem__)
        if verdict in QUIET_VERDICTS or verdict in ("not_met", "info"):
            return Group.DOCUMENTATION
    if verdict == "unknown":
        return Group.DOCUMENTATION
    if place == "findings_only" or verdict == "info":
        return None
    return Group.NOW if place == "now" or verdict in ("overdue", "due_today") else Group.THIS_WEEK
