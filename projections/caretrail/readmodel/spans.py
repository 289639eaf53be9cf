"""Who had an episode on which day: program, level, clinician and status, cut into stretches that do not change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.days import FOREVER, next_day
from caretrail.episode.history import Effective, first_of, of_kind
from caretrail.episode.stays import LevelStay, level_stays
from caretrail.events import Admitted, Assessed, TeamChanged
from caretrail.readmodel.rows import Span


def episode_spans(history: Sequence[Effective]) -> tuple[Span, ...]:
    """Cut an effective history into spans from its first day on, without gaps.

    The day of a transfer or discharge still belongs to the stay it ends.
    """
    if not history:
        return ()
    first = history[0].day
    stays = level_stays(history)
    owning: list[Effective[Admitted | TeamChanged]] = of_kind(history, Admitted, TeamChanged)
    clinicians = [
        (item.day, item.event.clinician)
        for item in owning
        if isinstance(item.event, Admitted) or item.event.clinician is not None
    ]
    turns = [(item.day, turn) for item in history if (turn := item.entry.traits.turn)]
    assessed = first_of(history, Assessed)
    cuts = {first, *(stay.first_day for stay in stays[:1]), *(day for day, _ in clinicians), *(day for day, _ in turns)}
    cuts |= {next_day(stay.last_day) for stay in stays if stay.last_day is not None}
    spans: list[Span] = []
    for day in sorted(cut for cut in cuts if first <= cut < FOREVER):
        stay, status = _stay_on(stays, day)
        program = stay.program if stay else assessed.event.program if assessed else None
        if status == "open" and sum(turn for since, turn in turns if since <= day) > 0:
            status = "held"  # a day says nothing about the hour: held and resumed on one day is no hold
        clinician = next((who for since, who in reversed(clinicians) if since <= day), None)
        span = Span(day, None, program, stay.level if stay else None, clinician, status)
        if spans and spans[-1][2:] == span[2:]:
            continue
        if spans:
            spans[-1] = spans[-1]._replace(until=day)
        spans.append(span)
    return tuple(spans)


def _stay_on(stays: Sequence[LevelStay], day: date) -> tuple[LevelStay | None, str]:
    if not stays or day < stays[0].first_day:
        return None, "assessed"
    for stay in stays:
        if stay.last_day is None or day <= stay.last_day:
            return stay, "open"
    return stays[-1], "ended"
