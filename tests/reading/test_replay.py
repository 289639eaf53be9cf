"""A replay says of each step what lists said then: the answer known at its position, as of its day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from caretrail.errors import UnknownName
from caretrail.events import Event
from caretrail.findings import QUIET_VERDICTS
from caretrail.log.recorder import EventRecorder
from caretrail.reading.query import Filters, Query
from caretrail.reading.questions.replay import ReplayOf
from tests.support.build import admitted, corrected, plan, reviewed, session, voided
from tests.support.care import Care
from tests.support.example import NAME, example
from tests.support.reading import short_reader
from tests.support.stores import Clock

AMENDED: list[Event] = [
    admitted("01-05", NAME), session("01-05", NAME), session("01-07", NAME), plan("01-08", NAME),
    reviewed("02-20", NAME),
    corrected("02-21", 5, occurred_on="2026-02-05").model_copy(update={"episode": NAME}),
    voided("03-01", 4).model_copy(update={"episode": NAME}),
]  # fmt: skip

NOTHING: set[tuple[str, str, str]] = set()


def recorded_in_turn(care: Care, clock: Clock, events: list[Event]) -> None:
    """Each event in the evening of its day, or at once if it comes later."""
    for event in events:
        evening = datetime.combine(event.occurred_on, datetime.min.time(), clock.now.tzinfo) + timedelta(hours=23)
        care.now = clock.now = max(clock.now + timedelta(seconds=1), evening)
        care.record([event], imported=False)


@pytest.mark.slow
@pytest.mark.parametrize("events", [example(), AMENDED], ids=["the example", "amended"])
def test_each_step_says_what_was_listed_then_and_what_the_event_changed(
    recorder: EventRecorder, clock: Clock, events: list[Event]
) -> None:
    care = Care(recorder)
    recorded_in_turn(care, clock, events)
    reader = care.onlooker
    steps = reader.ask(ReplayOf(NAME))
    assert [step.recorded.version for step in steps] == list(range(1, len(events) + 1))
    for step in steps:
        at = step.recorded.position
        now = listed(reader.findings(step.day, episode=NAME, known_at=at, closed=True))
        before = listed(reader.findings(step.day, episode=NAME, known_at=at - 1, closed=True)) if at > 1 else NOTHING
        shown = {(said.rule, said.subject, one.verdict) for said in step.shown for one in said.verdicts}
        assert {item for item in shown if item[0] != "eligibility"} == now, step.step
        told = {
            (change.rule, change.subject, one.verdict, sign)
            for change in step.changes
            for sign, states in (("-", change.before), ("+", change.after))
            for one in states
            if change.rule != "eligibility" and one.verdict not in QUIET_VERDICTS
        }
        assert {(*item, "-") for item in before - now} | {(*item, "+") for item in now - before} <= told, step.step


def listed(rows: object) -> set[tuple[str, str, str]]:
    return {(row.rule, row.subject, row.verdict) for row in rows}  # type: ignore[attr-defined]


def test_up_to_a_moment_it_ends_there_and_of_a_rule_it_tells_nothing_else(
    recorder: EventRecorder, clock: Clock
) -> None:
    care = Care(recorder)
    recorded_in_turn(care, clock, example())
    steps = care.onlooker.ask(ReplayOf(NAME, Query(known_at=20), Filters(rules=frozenset({"R1"}))))
    assert len(steps) == 20
    assert {change.rule for step in steps for change in step.changes} == {"NE21-R1"}


def test_it_is_an_access_and_of_no_episode_an_error(recorder: EventRecorder) -> None:
    care = Care(recorder)
    care.record(example())
    shown: list[list[str]] = []
    reader = short_reader(recorder, care.now, shown.append)
    reader.ask(ReplayOf(NAME))
    assert shown == [[NAME]]
    with pytest.raises(UnknownName):
        reader.ask(ReplayOf("OMA-1"))
