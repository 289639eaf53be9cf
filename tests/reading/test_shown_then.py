"""What was shown then: each day's verdicts as the log told them on that day, whatever was entered later."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from caretrail.days import today_in
from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, effective_history
from caretrail.events import Event
from caretrail.findings.judge import judge
from caretrail.policy import Policy
from caretrail.reading.shown_then import ShownThen, shown_then
from caretrail.readmodel.packs import PolicyChange
from tests.findings.generated import histories
from tests.findings.text_history import PACK
from tests.support.build import admitted, assessed, event, plan, signature, voided
from tests.support.example import day
from tests.support.recorded import recorded_after
from tests.support.reviews import counting_review

POLICY = Policy((PACK,))
ZONE = "America/Chicago"


def recorded(*heard: tuple[str, Event]) -> list[Entry]:
    """Events, each recorded at noon of a day in Lincoln, a second after the other."""
    return [
        Entry(version, version, one, datetime.combine(day(on), time(18, 0, version), UTC), "tests")
        for version, (on, one) in enumerate(heard, 1)
    ]


def shown(entries: list[Entry], until: str, rule: str) -> list[ShownThen]:
    found = shown_then(entries, ZONE, POLICY, day(until), lambda _: False)
    return [one for one in found if one.rule == rule]


BEGINNING = [("01-07", assessed("01-02")), ("01-07", admitted("01-05")), ("01-07", plan("01-07"))]


def test_a_review_dated_back_does_not_take_away_that_the_board_said_overdue() -> None:
    entries = recorded(*BEGINNING, ("03-04", counting_review("02-05")))
    [overdue] = [one for one in shown(entries, "03-07", "NE21-R1") if one.verdict == "overdue"]
    assert (overdue.first_day, overdue.last_day, overdue.ended_by) == (day("02-07"), day("03-04"), 4)
    assert (overdue.due_on, overdue.now, overdue.differs) == (day("02-06"), "met", True)
    assert overdue.known_from == entries[2].recorded_at


def test_what_is_known_of_it_now_stands_beside_what_was_shown() -> None:
    """Given nothing was entered later, then what was shown is what is known."""
    found = shown(recorded(*BEGINNING, ("02-05", counting_review("02-05"))), "02-20", "NE21-R1")
    assert [one.verdict for one in found] == ["met", "due_soon", "met"]
    assert not [one for one in found if one.differs]


def test_nothing_was_shown_before_anything_was_recorded() -> None:
    found = shown_then(recorded(*BEGINNING), ZONE, POLICY, day("01-10"), lambda _: False)
    assert min(one.first_day for one in found) == day("01-07")
    assert not shown_then(recorded(*BEGINNING), ZONE, POLICY, day("01-06"), lambda _: False)


def test_what_was_shown_is_judged_by_the_packs_of_each_time() -> None:
    """Given 30 days until noon of 1 February and 40 from then on, then the board said until that day that the review
    was due on the 4th, and after it on the 14th; no event ended the first.
    """
    longer = PACK.changed("NE21-R1", every=[{"count": 40, "unit": "calendar_day", "soon": 7}])
    now = Policy((longer,))
    entries = recorded(*BEGINNING)
    at = datetime(2026, 2, 1, 18, tzinfo=UTC)
    changes = [PolicyChange(1, entries[0].recorded_at - timedelta(hours=1), POLICY), PolicyChange(9, at, now)]
    found = shown_then(entries, ZONE, now, day("02-12"), lambda _: False, changes)
    told = [(one.verdict, one.due_on, one.first_day, one.last_day, one.ended_by) for one in found if "R1" in one.rule]
    assert ("due_soon", day("02-06"), day("01-30"), day("02-01"), None) in told
    assert ("due_soon", day("02-16"), day("02-09"), day("02-12"), None) in told
    assert not [one for one in found if one.rule == "NE21-R1" and one.verdict == "overdue"]


def test_what_was_known_with_an_event_of_another_client_is_left_out() -> None:
    entries = recorded(*BEGINNING, ("03-04", counting_review("02-05")))
    found = shown_then(entries, ZONE, POLICY, day("03-10"), lambda known: known < 4)
    assert min(one.first_day for one in found) == day("03-04")


def test_of_two_reviews_of_one_day_the_one_that_stands_longer_tells_how_long() -> None:
    """Both lack what R2 asks for; one of them is corrected: the other goes on."""
    lacking = event(
        "plan_reviewed", "01-08", plan_version=1, participants=[], signatures=[signature("c-ortiz", "01-08")]
    )
    entries = recorded(*BEGINNING, ("01-08", lacking), ("01-08", lacking), ("01-12", voided("01-12", 5)))
    found = [one for one in shown(entries, "01-20", "NE21-R2") if one.verdict != "met"]
    assert {one.last_day for one in found if one.first_day <= day("01-12") <= one.last_day} == {day("01-20")}


@pytest.mark.slow
@settings(phases=(Phase.generate,), max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(histories().filter(bool), st.lists(st.integers(0, 40), min_size=40, max_size=40))
def test_every_day_has_the_verdicts_that_were_known_at_its_end(history: list[Effective], delays: list[int]) -> None:
    """A second implementation: day after day, what was recorded by its end is judged, and asked about that day."""
    entries = recorded_after(history, delays)
    last = today_in(ZONE, entries[-1].recorded_at) + timedelta(days=3)
    found = shown_then(entries, ZONE, POLICY, last, lambda _: False)
    on = today_in(ZONE, entries[0].recorded_at)
    while on <= last:
        known = [entry for entry in entries if today_in(ZONE, entry.recorded_at) <= on]
        said = {
            (one.rule, one.subject, one.verdict, one.due_on)
            for one in judge(effective_history(known), POLICY).findings
            if one.holds(on) and one.verdict != "not_applicable"
        }
        told = {
            (one.rule, one.subject, one.verdict, one.due_on) for one in found if one.first_day <= on <= one.last_day
        }
        assert said <= told
        if not any(today_in(ZONE, entry.recorded_at) == on for entry in entries):  # else two were known that day
            assert said == told
        on += timedelta(days=1)
