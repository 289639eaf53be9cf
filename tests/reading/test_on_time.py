"""On time, honestly: a review is on time only if the log said so by the end of its due day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import event as note
from hypothesis import strategies as st

from caretrail.commands.application import Commands
from caretrail.days import today_in
from caretrail.episode.history import Effective, effective_history
from caretrail.events import Event, Person, PlanReviewed
from caretrail.findings.chart.chart import chart_of
from caretrail.findings.judge import judge
from caretrail.log import open_recorder
from caretrail.policy import Policy
from caretrail.reading.due_review import DueReview
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Query
from caretrail.reading.questions.reviews import ReviewReport, as_entered, due_reviews, running_due_day
from caretrail.reading.reader import Reader
from tests.findings.generated import histories
from tests.findings.text_history import PACK
from tests.support.build import admitted, assessed, corrected, event, plan, signature
from tests.support.example import day
from tests.support.recorded import recorded_after
from tests.support.reviews import counting_review, rows_of
from tests.support.stores import Clock

POLICY = Policy((PACK,))


class Feed:
    """A clinic that records events at instants of its choosing, and what became of its reviews."""

    def __init__(self, store_url: str) -> None:
        self.clock = Clock(datetime(2026, 1, 7, 18, tzinfo=UTC))
        self.recorder = open_recorder(store_url, clock=self.clock)
        self.commands = Commands(self.recorder, self.clock)
        self.record("01-07", assessed("01-02"), admitted("01-05"), plan("01-07"))

    def record(self, on: str, *events: Event, hour: int = 18, imported: bool = False) -> None:
        self.clock.now = datetime.combine(day(on), time(hour), UTC)
        self.commands.append(events, imported=imported)

    def became(self, on: str, known_at: datetime | None = None) -> list[DueReview]:
        reader = Reader(self.recorder, datetime.combine(day(on), time(20), UTC), access=unrecorded)
        query = Query(as_of=day(on), known_at=known_at)
        return [one for rate in reader.ask(ReviewReport(query)).value.rows for one in rate.reviews]

    def outcomes(self, on: str) -> list[tuple[str, int]]:
        return [(one.outcome, one.days_entered_late or one.days_late) for one in self.became(on)]


@pytest.fixture
def feed(store_url: str) -> Iterator[Feed]:
    """In a demo store, which takes the clock of a test."""
    feed = Feed(store_url)
    yield feed
    feed.recorder.close()


def test_a_review_recorded_by_the_end_of_its_due_day_is_on_time(feed: Feed) -> None:
    """In the program's zone: 05:59 UTC on the 7th is the evening of the 6th in Lincoln."""
    feed.record("02-07", counting_review("02-06"), hour=5)
    [one] = feed.became("02-20")
    assert (one.outcome, one.days_entered_late, one.held_on, one.imported) == ("on_time", 0, day("02-06"), False)
    assert one.recorded_at == feed.recorder.last_recorded_at()


def test_a_review_dated_back_says_how_many_days_after_it_was_due_it_was_entered(feed: Feed) -> None:
    """The review due on 02-06 is missing; on 03-04 somebody records one dated 02-05."""
    assert [(one.outcome, one.days_late) for one in feed.became("03-04")] == [("not_done", 26)]
    feed.record("03-04", counting_review("02-05"))
    [one] = feed.became("03-05")
    assert (one.outcome, one.days_entered_late, one.done_on) == ("entered_late", 26, day("02-05"))
    assert one.recorded_at == datetime(2026, 3, 4, 18, tzinfo=UTC)
    [then] = feed.became("03-03", known_at=datetime(2026, 3, 3, 20, tzinfo=UTC))
    assert then.outcome == "not_done"


def test_one_that_was_both_late_and_entered_later_is_late(feed: Feed) -> None:
    feed.record("03-04", counting_review("02-10"))
    [one] = feed.became("03-05")
    assert (one.outcome, one.days_late, one.recorded_at) == ("late", 4, datetime(2026, 3, 4, 18, tzinfo=UTC))


def test_a_signature_entered_after_the_due_day_is_what_was_entered_late(feed: Feed) -> None:
    held = event("plan_reviewed", "02-05", plan_version=1, participants=["client"], updated=True)
    feed.record("02-05", held)
    feed.record("02-09", event("signed", "02-06", target=4, signatures=[signature("c-ortiz", "02-06")]))
    assert feed.outcomes("02-20") == [("entered_late", 3)]


def test_a_correction_that_dates_a_review_back_is_what_was_entered_late(feed: Feed) -> None:
    feed.record("02-10", counting_review("02-10"))
    assert feed.outcomes("02-20") == [("late", 4)]
    feed.record("02-16", corrected("02-16", 4, occurred_on="2026-02-05", signatures=[signature("c-ortiz", "02-05")]))
    assert feed.outcomes("02-20") == [("entered_late", 10)]


def test_so_is_one_that_moves_the_due_day(feed: Feed) -> None:
    """The plan was of 01-07; dated 01-12 afterward, the review of 02-10 is in time by its date only."""
    feed.record("02-10", counting_review("02-10"))
    feed.record("03-02", corrected("03-02", 3, occurred_on="2026-01-12"))
    [one] = feed.became("03-03")
    assert (one.due_on, one.outcome, one.days_entered_late) == (day("02-11"), "entered_late", 19)


def test_what_is_recorded_later_and_changes_nothing_makes_no_review_late(feed: Feed) -> None:
    feed.record("02-05", counting_review("02-05"))
    feed.record("02-20", event("session_attended", "01-20", service="group", minutes=180, start="09:00", group_size=8))
    feed.record("02-21", event("addendum", "02-21", target=4, text="typing error", reason="typing error"))
    feed.record("02-22", corrected("02-22", 4, updated=False))
    assert feed.outcomes("02-23") == [("on_time", 0)]


def test_what_was_imported_first_counts_as_known_when_it_happened(sqlite_url: str) -> None:
    clock = Clock(datetime(2026, 4, 1, 18, tzinfo=UTC))
    with open_recorder(sqlite_url, clock=clock) as recorder, Commands(recorder, clock) as commands:
        commands.append([assessed("01-02"), admitted("01-05"), plan("01-07"), counting_review("02-05")], imported=True)
        found = Reader(recorder, clock(), access=unrecorded).ask(ReviewReport(Query(as_of=day("03-01")))).value
    [one] = found.rows[0].reviews
    assert (one.outcome, one.imported) == ("on_time", True)


def test_what_an_operator_imports_later_was_entered_late(feed: Feed) -> None:
    """Only what came before anything else is a history; the mark alone makes no review one that was known."""
    stated = counting_review("02-05")
    operator = stated.model_copy(update={"actor": Person(id="it-1", role="operator"), "performed_by": None})
    feed.record("03-04", operator, imported=True)
    [one] = feed.became("03-05")
    assert (one.outcome, one.days_entered_late, one.imported) == ("entered_late", 26, True)


@settings(phases=(Phase.generate,), max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(histories().filter(bool), st.lists(st.integers(0, 40), min_size=40, max_size=40))
def test_no_review_is_on_time_that_the_log_did_not_know_by_its_due_day(
    history: list[Effective], delays: list[int]
) -> None:
    """Each event is recorded some days after it happened: as known at the end of the due day, none was missed then."""
    assume(not chart_of(history, POLICY).doubtful)
    entries = recorded_after(history, delays)
    late = effective_history(entries)
    on = late[-1].day + timedelta(days=45)
    rows = rows_of(late, POLICY)
    reviews = frozenset(item.version for item in late if isinstance(item.event, PlanReviewed))
    found = list(due_reviews(rows, POLICY, reviews, on, partial(running_due_day, chart_of(late, POLICY))))
    for one in as_entered(found, rows, POLICY, lambda: entries):
        note(one.outcome)
        if one.outcome not in ("on_time", "entered_late"):
            continue
        known = [entry for entry in entries if today_in("America/Chicago", entry.recorded_at) <= one.due_on]
        then, now = (
            {
                (finding.verdict, finding.due_on)
                for finding in judge(effective_history(known_then), POLICY).findings
                if finding.rule == one.rule and finding.holds(one.due_on + timedelta(days=1))
            }
            for known_then in (known, entries)
        )
        missed = {verdict for verdict, _ in then - now}
        if one.outcome == "entered_late":
            assert one.days_entered_late > 0
        else:
            assert one.days_entered_late == 0
            assert not missed & {"overdue", "violation"}
