"""Determinations that the rest of the record contradicts: they are in doubt until one side is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from caretrail.days import iso
from caretrail.findings.chart.chart import Chart
from caretrail.findings.chart.documents import Determination
from caretrail.findings.chart.goals import all_met, goals_on
from caretrail.policy import Pack, Rule
from caretrail.policy.rules.record import GoalsAgree, OwnRationale, SeenBefore
from caretrail.text import plural


class Contradicted(NamedTuple):
    """A determination, the kind of rule that finds it contradicted, and why; `versions` are of the events that do."""

    kind: type[Rule]
    made: Determination
    words: str
    versions: tuple[int, ...]


def contradictions(chart: Chart) -> Iterator[Contradicted]:
    """What the record says against determinations, by the rules in force on the day of each.

    Both sides are on record on that day: what is recorded of later days contradicts nothing.
    """
    for made in chart.determinations:
        pack = chart.policy.on(made.day)
        for found in (_of_goals(chart, pack, made), _of_sessions(chart, pack, made), _of_rationale(chart, pack, made)):
            if found is not None:
                yield found


def doubt_contradicted(chart: Chart) -> None:
    """Put each determination that is contradicted in doubt."""
    for found in contradictions(chart):
        found.made.doubt(found.words, found.versions, doubtful_count=chart.doubtful_count)


def _of_goals(chart: Chart, pack: Pack, made: Determination) -> Contradicted | None:
    """Goals remain, though every goal on record was met (or dropped) by then."""
    if pack.rule(GoalsAgree) is None or not made.event.goals_remain or not all_met(chart, made.day):
        return None
    versions = sorted({made.version, *(goal.version for goal in goals_on(chart, made.day))})
    return Contradicted(GoalsAgree, made, "goals remain, but every goal on record was met by then", tuple(versions))


def _of_sessions(chart: Chart, pack: Pack, made: Determination) -> Contradicted | None:
    """The client makes progress or works on the goals, though nothing was attended in the days up to that one."""
    rule = pack.rule(SeenBefore)
    if rule is None or not (made.event.progressing or made.event.actively_working):
        return None
    first = made.day - timedelta(days=rule.seen_within_days - 1)
    if any(first <= visit.day <= made.day for visit in chart.visits):
        return None
    stated = "making progress" if made.event.progressing else "actively working"
    words = f"{stated}, but no session attended in {plural(rule.seen_within_days, 'day')} from {iso(first)}"
    return Contradicted(SeenBefore, made, words, (made.version,))


def _of_rationale(chart: Chart, pack: Pack, made: Determination) -> Contradicted | None:
    """The rationale is word for word that of an earlier determination that counted, or may have, by then."""
    if pack.rule(OwnRationale) is None or not (text := _plain(made)):
        return None
    for other in chart.determinations:
        signed = other.likely
        if other.day < made.day and signed is not None and signed.day <= made.day and _plain(other) == text:
            words = f"its rationale is word for word that of {iso(other.day)}"
            return Contradicted(OwnRationale, made, words, tuple(sorted((other.version, made.version))))
    return None


def _plain(made: Determination) -> str:
    """The rationale without case and spacing."""
    return " ".join((made.event.rationale or "").casefold().split())
