"""Notice: what nothing can cure is told for some days from the day it happened, or became known if that is later."""

from __future__ import annotations

from datetime import UTC, date, datetime

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.events import Event
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import chart_of
from caretrail.policy import Policy
from tests.findings.text_history import PACK
from tests.support.build import admitted, assessed, corrected, session, voided
from tests.support.judged import findings

HAPPENED = date(2026, 1, 6)
WEEK_LATER = date(2026, 1, 13)


def notice_until(*events: tuple[Event, datetime], imported: bool = False) -> date:
    """The end of the notice of what the second event, a session of 01-06, made true."""
    entries: list[Entry] = [
        Entry(number, number, event, at, "intake", imported) for number, (event, at) in enumerate(events, start=1)
    ]
    case = Case(chart_of(effective_history(entries), Policy((PACK,))), PACK)
    return case.notice_until(HAPPENED, 2, since=HAPPENED)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


ADMITTED = (admitted(), at(5))


def test_notice_runs_from_the_day_it_happened_if_it_was_recorded_by_then() -> None:
    assert notice_until(ADMITTED, (session("01-06"), at(6))) == WEEK_LATER


def test_what_is_recorded_late_is_told_from_then_on() -> None:
    assert notice_until(ADMITTED, (session("01-06"), at(26))) == date(2026, 2, 2)


def test_the_day_it_became_known_is_one_of_the_program_s_zone() -> None:
    # two in the morning by UTC is still the evening before in Chicago
    assert notice_until(ADMITTED, (session("01-06"), at(27, 2))) == date(2026, 2, 2)


def test_a_correction_makes_it_known_anew() -> None:
    made = (corrected("01-30", 2, group_size=13), at(30))
    assert notice_until(ADMITTED, (session("01-06"), at(6)), made) == date(2026, 2, 6)


def test_a_void_of_an_event_of_that_day_makes_it_known_anew() -> None:
    struck = (voided("01-30", 3), at(30))
    assert notice_until(ADMITTED, (session("01-06"), at(6)), (session("01-06"), at(6)), struck) == date(2026, 2, 6)


def test_a_void_of_an_event_of_another_day_does_not() -> None:
    struck = (voided("01-30", 3), at(30))
    assert notice_until(ADMITTED, (session("01-06"), at(6)), (session("01-07"), at(7)), struck) == WEEK_LATER


def test_a_historical_load_counts_as_known_when_it_happened() -> None:
    assert notice_until(ADMITTED, (session("01-06"), at(26)), imported=True) == WEEK_LATER


def test_a_void_of_the_assessment_that_was_in_time_is_told_from_then_on() -> None:
    """Given an assessment before treatment and one after, when the first is struck weeks later, then A1 is told."""
    struck = datetime(2026, 3, 1, 18, tzinfo=UTC)
    texts = (assessed("01-02"), admitted(), session("01-06"), assessed("01-10"), voided("03-01", 1))
    entries: list[Entry] = [
        Entry(number, number, event, struck if number == 5 else at(20), "intake")
        for number, event in enumerate(texts, start=1)
    ]
    late = [item for item in findings(effective_history(entries), PACK) if item.rule == "NE21-A1"]
    verdicts = {on: [item.verdict for item in late if item.holds(on)] for on in (date(2026, 3, 7), date(2026, 3, 8))}
    assert verdicts == {date(2026, 3, 7): ["violation"], date(2026, 3, 8): ["breached"]}
