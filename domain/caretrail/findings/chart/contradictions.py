"""Determinations that the rest of the record contradicts: they are in doubt until one side is mended."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import timedelta
from operator import attrgetter

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.findings.chart.chart import Chart, chart_of
from caretrail.findings.chart.documents import Contradicted, Determination
from caretrail.findings.chart.goals import all_met, goals_on
from caretrail.policy import Pack, Policy
from caretrail.policy.rules.record import GoalsAgree, OwnRationale, SeenBefore
from caretrail.text import plural


def read_chart(history: Sequence[Effective], policy: Policy, *, doubtful_count: bool = True) -> Chart:
    """Sort an effective history into a chart, in which a determination that the record contradicts is in doubt."""
    chart = chart_of(history, policy, doubtful_count=doubtful_count)
    chart.contradicted = list(_contradictions(chart))
    for found in chart.contradicted:
        found.made.doubt(found.words, found.versions, doubtful_count=doubtful_count)
    return chart


def _contradictions(chart: Chart) -> Iterator[Contradicted]:
    """What the record says against determinations, by the rules in force on the day of each.

    Both sides are on record on that day: what is recorded of later days contradicts nothing.
    """
    rationales: dict[str, list[Determination]] = {}
    for made in chart.determinations:
        pack = chart.policy.on(made.day)
        earlier = rationales.setdefault(_plain(made), [])
        of_rationale = _of_rationale(earlier, pack, made)
        for found in (_of_goals(chart, pack, made), _of_sessions(chart, pack, made), of_rationale):
            if found is not None:
                yield found
        earlier.append(made)


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
    place = bisect_left(chart.visits, first, key=attrgetter("day"))
    if place < len(chart.visits) and chart.visits[place].day <= made.day:
        return None
    stated = "making progress" if made.event.progressing else "actively working"
    words = f"{stated}, but no session attended in {plural(rule.seen_within_days, 'day')} from {iso(first)}"
    return Contradicted(SeenBefore, made, words, (made.version,))


def _of_rationale(earlier: Sequence[Determination], pack: Pack, made: Determination) -> Contradicted | None:
    """The rationale is word for word that of an earlier determination that counted, or may have, by then."""
    if pack.rule(OwnRationale) is None or not _plain(made):
        return None
    for other in earlier:
        signed = other.likely
        if other.day < made.day and signed is not None and signed.day <= made.day:
            words = f"its rationale is word for word that of {iso(other.day)}"
            return Contradicted(OwnRationale, made, words, tuple(sorted((other.version, made.version))))
    return None


def _plain(made: Determination) -> str:
    """The rationale without case and spacing."""
    return " ".join((made.event.rationale or "").casefold().split())
