"""What goes into the worklist, and in which of its groups: decided once, when the rows are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from caretrail.days import FOREVER
from caretrail.projection.shapes import QUIET_VERDICTS, Flag

if TYPE_CHECKING:  # a worklist is read without the rules
    from caretrail.policy.rules import Rule
    from caretrail.policy.rules.base import WorklistPlace

NOWHERE, NOW, SOON, CHECK, QUIET = 0, 1, 2, 3, 4
"""Not in the worklist; overdue or due today; due soon, or owed; records to check; only shown with --all."""

LATER = 5
"""Of a flag only, never of a row: QUIET until the second of a run of short weeks is judged, then SOON."""

RUN = " and since"
"""How the subject of a run of weeks without any session ends."""

_WEEK = timedelta(days=7)


class _Short(NamedTuple):
    """A short week, or a run of them: known from `judged` until the week after it is; explained from a day on."""

    judged: date
    over: date
    explained: date


def with_work(flags: Sequence[Flag], rules: Mapping[tuple[str, str], Rule]) -> tuple[Flag, ...]:
    """Put each flag of an episode into its group, by its rule; `rules` are those of the packs, by pack and name."""
    places = [_place(flag, rules.get((flag.pack, flag.rule))) for flag in flags]
    short = _short_weeks([flag for flag, place in zip(flags, places, strict=True) if place == "second_week"])
    return tuple(flag._replace(work=_group(flag, place, short)) for flag, place in zip(flags, places, strict=True))


def _place(flag: Flag, rule: Rule | None) -> WorklistPlace:
    return rule.group_by_cause.get(flag.cause, rule.group) if rule else "by_verdict"


def stretches(flag: Flag, flags: Sequence[Flag]) -> Iterator[tuple[date, date, int]]:
    """The days of a flag (end exclusive) with its group on them; `flags` are all of its episode."""
    if flag.work == LATER:
        # said anew when the case changes hands or it is explained: the first said it on the day it was judged
        same = [other.start for other in flags if (other.rule, other.subject) == (flag.rule, flag.subject)]
        second = min(same) + _WEEK
        yield flag.start, second, QUIET
        yield second, flag.end, SOON
    else:
        yield flag.start, flag.end, flag.work


def _short_weeks(flags: Sequence[Flag]) -> dict[str, _Short]:
    """The short weeks by subject. A flag stays up for the notice: as long as that of any single week."""
    judged: dict[str, date] = {}
    ends: dict[str, date] = {}
    explained: dict[str, date] = {}
    for flag in flags:
        judged[flag.subject] = min(flag.start, judged.get(flag.subject, flag.start))
        ends[flag.subject] = max(flag.end, ends.get(flag.subject, flag.end))
        if flag.quiet:
            explained[flag.subject] = min(flag.start, explained.get(flag.subject, flag.start))
    notice = next((end - judged[subject] for subject, end in ends.items() if not subject.endswith(RUN)), _WEEK)
    return {
        subject: _Short(
            judged[subject],
            FOREVER if end == FOREVER else end - notice + _WEEK,
            explained.get(subject, FOREVER),
        )
        for subject, end in ends.items()
    }


def _group(flag: Flag, place: WorklistPlace, short: Mapping[str, _Short]) -> int:
    if place == "second_week":
        return QUIET if flag.quiet else _short_group(flag, short)
    group = _loud_group(flag, place)
    return QUIET if group and flag.quiet else group


def _short_group(flag: Flag, short: Mapping[str, _Short]) -> int:
    """One short week says little: it is quiet unless the week before was short, too, and not explained by then."""
    judged, over, _ = short[flag.subject]
    followed = any(week.over == judged < week.explained for week in short.values())
    second = judged if followed else judged + _WEEK
    if flag.end <= second or over <= second:
        return QUIET
    return SOON if second <= flag.start else LATER


def _loud_group(flag: Flag, place: WorklistPlace) -> int:
    if flag.verdict in QUIET_VERDICTS or flag.verdict == "not_met" or place == "nowhere":
        return NOWHERE
    if flag.verdict == "unknown":
        return CHECK
    if place == "findings_only" or flag.verdict == "info":
        return NOWHERE
    if place == "now" or flag.verdict in ("overdue", "due_today"):
        return NOW
    return SOON
