"""Reviews that were due: the numbers follow from the findings, and agree with walking the review clock day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import event as note
from hypothesis import strategies as st

from caretrail.commands.application import Commands
from caretrail.days import today_in
from caretrail.episode.history import Effective, effective_history
from caretrail.events import Event, PlanReviewed
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import chart_of
from caretrail.findings.chart.review_clock import ClockStep
from caretrail.findings.judge import judge
from caretrail.log import open_recorder
from caretrail.log.records import StoodOn
from caretrail.policy import Policy
from caretrail.reading.due_review import DueReview
from caretrail.reading.query import Query
from caretrail.reading.questions.reviews import ReviewReport, as_entered, due_reviews, running_due_day
from caretrail.reading.reader import Reader
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.spans import episode_spans
from tests.findings.generated import histories
from tests.findings.text_history import PACK, history_of
from tests.support.build import admitted, assessed, corrected, event, plan, signature
from tests.support.care import NOW, Care
from tests.support.example import NAME, copy_of_example, day, example
from tests.support.reading import short_reader
from tests.support.recorded import recorded_after
from tests.support.stores import Clock

POLICY = Policy((PACK,))
Told = tuple[date, str, date | None, int]
"""Due on, what became of it, done on, days late."""


def rows_of(history: list[Effective]) -> EpisodeRows:
    """The rows of a history, as the projection makes them."""
    return EpisodeRows(
        UUID(int=1), "E-1", "cl-1", "America/Chicago", history[0].day, 1, 1, PACK.name, history[0].day,
        findings=tuple(judge(history, POLICY).findings), spans=episode_spans(history),
    )  # fmt: skip


def told(history: list[Effective], on: date) -> list[Told]:
    reviews = frozenset(item.version for item in history if isinstance(item.event, PlanReviewed))
    found = due_reviews(rows_of(history), reviews, on, partial(running_due_day, chart_of(history, POLICY)))
    return [(one.due_on, one.outcome, one.done_on, one.days_late) for one in found]


# --- a second implementation: no findings, the clock itself, day by day ---------------------------------------------


@dataclass
class Duty:
    step: ClockStep
    due: date
    missed: bool = False
    until: date = date.min


def walked(history: list[Effective], on: date) -> list[Told]:
    """Ask the clock of each day in care when the next review is due, and since which review."""
    chart = chart_of(history, POLICY)
    clock = Case(chart, PACK).clock
    found: list[Told] = []
    duty: Duty | None = None
    each = history[0].day
    while each <= on:
        stay = chart.stay_on(each)
        ending = stay is not None and stay.last == each  # a review may be done on the last day, but none falls due
        step = clock.step_on(each) if stay is not None and (duty is not None or not ending) else None
        due = clock.due_of(step, each).on if step else None
        if step is not None and due is not None:
            if duty is not None and _held(step) != _held(duty.step):
                if not duty.missed:
                    duty.due = clock.due_of(duty.step, each).on or duty.due
                if due != duty.due:
                    late = max(0, (each - duty.due).days)
                    found.append((duty.due, "late" if late else "on_time", each, late))
                    duty = None
            if duty is None and ending:
                each += timedelta(days=1)
                continue
            if duty is None:
                duty = Duty(step, due)
            if not duty.missed and (not ending or each > due):
                duty.due, duty.missed = due, each > due
            duty.step, duty.until = step, each
        each += timedelta(days=1)
    if duty is not None and duty.missed:
        found.append((duty.due, "not_done", None, (duty.until - duty.due).days))
    return found


def _held(step: ClockStep) -> date | None:
    return step.review.day if step.review else None


@settings(phases=(Phase.generate,), max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(histories().filter(bool))
def test_what_the_findings_tell_is_what_the_clock_says_day_by_day(history: list[Effective]) -> None:
    """Of a stay of one day the two name other due days, with the same outcome: nothing is due on its only day."""
    chart = chart_of(history, POLICY)
    assume(not chart.doubtful and all(stay.first != stay.last for stay in chart.stays))
    for on in (history[-1].day, history[-1].day + timedelta(days=45)):
        found = told(history, on)
        for outcome in {item[1] for item in found}:
            note(outcome)
        assert found == walked(history, on)


# --- by example -----------------------------------------------------------------------------------------------------


def test_a_review_that_counts_on_the_last_day_of_a_stay_and_moves_nothing_is_none_of_its_own() -> None:
    """Given a review held on the day of admission, which counts with the plan on the day of the transfer out,
    then one review is due on day 30, and it is not done.
    """
    history = history_of(
        """
        2026-01-05 admitted
        2026-01-05 review of 1 signed by c-ortiz, cl-7f3a
        2026-01-16 plan 1 signed by c-ortiz, c-lee, cl-7f3a
        2026-01-16 transferred 2.1 to 2.5
        2026-01-30 transferred 2.5 to 2.1
        """
    )
    found = told(history, day("03-03"))
    assert found == walked(history, day("03-03")) == [(day("02-04"), "not_done", None, 27)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-28 review of 1 signed by c-ortiz", [("02-06", "on_time", "01-28", 0)]),
        ("2026-02-06 review of 1 signed by c-ortiz", [("02-06", "on_time", "02-06", 0)]),
        ("2026-02-07 review of 1 signed by c-ortiz", [("02-06", "late", "02-07", 1)]),
        ("2026-02-05 review of 1 signed by c-ortiz@2026-02-09", [("02-06", "late", "02-09", 3)]),
        ("2026-02-05 review of 1 without-client signed by c-ortiz", [("02-06", "not_done", None, 14)]),
        ('2026-02-05 review of 1 signed by c-ortiz | {"participants": []}', [("02-06", "cannot_be_told", None, 0)]),
        ("2026-02-03 discharged completed", []),
        ("2026-02-10 discharged completed", [("02-06", "not_done", None, 4)]),
        ("2026-02-08 transferred 2.1 to 1", [("02-06", "not_done", None, 2)]),
    ],
)
def test_what_became_of_a_review_due_on_6_february(text: str, expected: list[tuple[str, str, str | None, int]]) -> None:
    """Given a plan of 7 January, when something else is recorded, then as of 20 February."""
    history = history_of(f"2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n{text}")
    wanted = [(day(due), outcome, day(done) if done else None, days) for due, outcome, done, days in expected]
    assert told(history, day("02-20")) == wanted


def test_an_early_review_after_a_late_one_was_on_time() -> None:
    """Given a review one day late, when the next is held before it is due soon, then its own due day is counted."""
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        "2026-02-07 review of 1 signed by c-ortiz\n2026-02-20 review of 1 signed by c-ortiz"
    )
    assert told(history, day("03-20")) == walked(history, day("03-20")) == [
        (day("02-06"), "late", day("02-07"), 1), (day("03-09"), "on_time", day("02-20"), 0),
    ]  # fmt: skip


def test_a_review_in_doubt_is_neither_on_time_nor_not_done_until_a_sure_one_follows() -> None:
    """Given a review of which nobody says who took part, when a sure one follows after the due day,
    then it cannot be told, with the due day it had without the one in doubt, and the sure one has its own.
    """
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        '2026-02-05 review of 1 signed by c-ortiz | {"participants": []}\n2026-02-20 review of 1 signed by c-ortiz'
    )
    assert told(history, day("04-01")) == [
        (day("02-06"), "cannot_be_told", None, 0), (day("03-22"), "not_done", None, 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "second",
    [
        "2026-01-25 review of 1 next 2026-02-10 signed by c-ortiz",
        "2026-01-20 review of 1 next 2026-02-05 signed by c-lee@2026-01-22",
    ],
)
def test_a_second_review_that_moves_nothing_is_no_other_one_done(second: str) -> None:
    """Given a review that sets the next for 10 February, when another sets the same day, or one of the same day sets
    an earlier one once it counts, then one review was due besides the first of all.
    """
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        f"2026-01-20 review of 1 next 2026-02-10 signed by c-ortiz\n{second}"
    )
    due = day("02-10") if "01-25" in second else day("02-05")
    assert told(history, day("02-20")) == walked(history, day("02-20")) == [
        (day("02-06"), "on_time", day("01-20"), 0), (due, "not_done", None, (day("02-20") - due).days),
    ]  # fmt: skip


def test_a_review_held_while_away_is_not_counted_again_on_each_return() -> None:
    """Given a review held while the client was away, when the client returns twice, then one review is due."""
    history = history_of(
        "2026-01-13 admitted\n2026-01-13 plan 1 signed by c-ortiz, cl-7f3a\n2026-01-13 transferred 2.1 to 1\n"
        "2026-03-08 review of 1 signed by c-ortiz\n2026-04-08 transferred 1 to 2.1\n"
        "2026-04-08 transferred 2.1 to 1\n2026-04-14 transferred 1 to 2.1"
    )
    assert told(history, day("04-20")) == walked(history, day("04-20")) == [(day("04-14"), "not_done", None, 6)]


def test_a_late_review_on_the_last_day_of_a_stay_makes_no_other_one_due_before_the_return() -> None:
    """Given a review 25 days late on the last day, when another follows while away, then what it sets is due next."""
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        "2026-03-03 review of 1 signed by c-ortiz\n2026-03-03 transferred 2.1 to 1\n"
        "2026-03-07 review of 1 next 2026-03-20 signed by c-ortiz\n2026-03-16 transferred 1 to 2.1"
    )
    assert told(history, day("03-31")) == walked(history, day("03-31")) == [
        (day("02-06"), "late", day("03-03"), 25), (day("03-20"), "not_done", None, 11),
    ]  # fmt: skip


def test_what_is_due_today_may_still_be_on_time() -> None:
    history = history_of("2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a")
    assert told(history, day("02-06")) == []
    assert told(history, day("02-07")) == [(day("02-06"), "not_done", None, 1)]


def reviewed(on: str, episode: str = "E-1", who: str = "c-ortiz") -> Event:
    signatures = [signature(who, on), signature(f"cl-{episode}", on)]
    review: dict[str, Any] = {"plan_version": 1, "participants": ["client"], "updated": True, "signatures": signatures}
    return event("plan_reviewed", on, episode, **review)


def stays() -> list[Event]:
    """Two episodes: one reviewed late after it changed hands, one never reviewed, in another program."""
    lee = {"id": "c-lee", "role": "clinician", "credential": "LADC"}
    return [
        assessed("01-02"), admitted("01-05"), plan("01-07"),
        event("team_changed", "02-01", joins=[lee], clinician="c-lee"), reviewed("02-10", who="c-lee"),
        assessed("01-02", "E-2", program="op"), admitted("01-05", "E-2", program="op"), plan("01-07", "E-2"),
    ]  # fmt: skip


def test_it_is_whose_case_it_was_on_the_due_day(care: Care) -> None:
    care.record(stays())
    found = care.reader.reviews(day("02-20"))
    assert [(r.program, r.clinician, r.due, r.on_time, r.late, r.not_done, r.days_late) for r in found.rows] == [
        ("iop", "c-lee", 1, 0, 1, 0, (4,)), ("op", "c-ortiz", 1, 0, 0, 1, ()),
    ]  # fmt: skip
    [late], [missed] = (rate.reviews for rate in found.rows)
    assert (late.episode, late.done_by, late.evidence) == ("E-1", (5,), (3,))
    assert late.arithmetic == "base 2026-01-07 plan 1 + 30 days = 2026-02-06"
    assert (missed.episode, missed.done_on, missed.days_late) == ("E-2", None, 14)


def test_filters_and_period_go_by_the_due_day(care: Care) -> None:
    care.record([*stays(), *example()])

    def due(**asked: Any) -> list[str]:
        rates = care.reader.reviews(day("03-20"), **asked).rows
        return sorted(f"{one.episode} {one.due_on:%m-%d}" for rate in rates for one in rate.reviews)

    assert due() == ["E-1 02-06", "E-1 03-12", "E-2 02-06", f"{NAME} 02-06", f"{NAME} 03-07"]
    assert due(start=day("02-07"), end=day("03-11")) == [f"{NAME} 03-07"]
    assert due(end=day("02-05")) == []
    assert due(program="op") == ["E-2 02-06"]
    assert due(clinician="c-lee") == ["E-1 02-06", "E-1 03-12"]


def test_an_explained_review_is_late_all_the_same(care: Care) -> None:
    care.record([*stays(), event("explained", "02-12", "E-2", rule="R1", on="2026-02-10", code="client_ill")])
    reviews = {one.episode: one for rate in care.reader.reviews(day("02-20")).rows for one in rate.reviews}
    assert (reviews["E-2"].outcome, reviews["E-2"].explained, reviews["E-1"].explained) == ("not_done", True, False)


def test_what_is_not_counted_is_said(care: Care) -> None:
    care.record([admitted("01-05", policy="xx-nowhere"), *example()])
    found = care.reader.reviews(day("06-01"))
    assert (found.unjudged, found.unread, len(found.rows)) == (1, 0, 1)
    assert care.reader.reviews(day("06-01"), end=day("01-04")).unjudged == 0


def test_rows_behind_the_log_and_the_log_itself_say_the_same(care: Care) -> None:
    care.record([*stays(), *copy_of_example("B-2", 9)])
    known = care.reader.reviews(day("05-01"), known_at=care.recorder.max_position())
    assert care.reader.reviews(day("05-01")) == known
    care.record([*copy_of_example("B-3", 3)])
    behind = care.onlooker.reviews(day("05-01"))
    assert Counter(one.episode for rate in behind.rows for one in rate.reviews)["B-3"] == 2
    assert behind == care.reader.reviews(day("05-01"), known_at=care.recorder.max_position())


def test_an_answer_names_the_episodes_behind_its_numbers(care: Care) -> None:
    care.record([*stays(), *example()])
    seen: list[list[str]] = []
    short_reader(care.recorder, NOW, seen.append).reviews(day("02-20"), program="op")
    assert seen == [["E-2"]]


# --- on time, honestly: what the log said by the end of the due day -------------------------------------------------


def no_access(_shown: list[str], _stood_on: StoodOn | None) -> None:
    """These questions are about reviews, not about who asks them."""


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
        reader = Reader(self.recorder, datetime.combine(day(on), time(20), UTC), access=no_access)
        query = Query(as_of=day(on), known_at=known_at)
        return [one for rate in reader.ask(ReviewReport(query)).value.rows for one in rate.reviews]

    def outcomes(self, on: str) -> list[tuple[str, int]]:
        return [(one.outcome, one.days_entered_late or one.days_late) for one in self.became(on)]


@pytest.fixture
def feed(sqlite_url: str) -> Iterator[Feed]:
    """On SQLite, where a test may set the clock of the store."""
    feed = Feed(sqlite_url)
    yield feed
    feed.recorder.close()


def test_a_review_recorded_by_the_end_of_its_due_day_is_on_time(feed: Feed) -> None:
    """In the program's zone: 05:59 UTC on the 7th is the evening of the 6th in Lincoln."""
    feed.record("02-07", reviewed("02-06"), hour=5)
    [one] = feed.became("02-20")
    assert (one.outcome, one.days_entered_late, one.held_on, one.imported) == ("on_time", 0, day("02-06"), False)
    assert one.recorded_at == feed.recorder.last_recorded_at()


def test_a_review_dated_back_says_how_many_days_after_it_was_due_it_was_entered(feed: Feed) -> None:
    """The review due on 02-06 is missing; on 03-04 somebody records one dated 02-05."""
    assert [(one.outcome, one.days_late) for one in feed.became("03-04")] == [("not_done", 26)]
    feed.record("03-04", reviewed("02-05"))
    [one] = feed.became("03-05")
    assert (one.outcome, one.days_entered_late, one.done_on) == ("entered_late", 26, day("02-05"))
    assert one.recorded_at == datetime(2026, 3, 4, 18, tzinfo=UTC)
    [then] = feed.became("03-03", known_at=datetime(2026, 3, 3, 20, tzinfo=UTC))
    assert then.outcome == "not_done"


def test_one_that_was_both_late_and_entered_later_is_late(feed: Feed) -> None:
    feed.record("03-04", reviewed("02-10"))
    [one] = feed.became("03-05")
    assert (one.outcome, one.days_late, one.recorded_at) == ("late", 4, datetime(2026, 3, 4, 18, tzinfo=UTC))


def test_a_signature_entered_after_the_due_day_is_what_was_entered_late(feed: Feed) -> None:
    held = event("plan_reviewed", "02-05", plan_version=1, participants=["client"], updated=True)
    feed.record("02-05", held)
    feed.record("02-09", event("signed", "02-06", target=4, signatures=[signature("c-ortiz", "02-06")]))
    assert feed.outcomes("02-20") == [("entered_late", 3)]


def test_a_correction_that_dates_a_review_back_is_what_was_entered_late(feed: Feed) -> None:
    feed.record("02-10", reviewed("02-10"))
    assert feed.outcomes("02-20") == [("late", 4)]
    feed.record("02-16", corrected("02-16", 4, occurred_on="2026-02-05", signatures=[signature("c-ortiz", "02-05")]))
    assert feed.outcomes("02-20") == [("entered_late", 10)]


def test_so_is_one_that_moves_the_due_day(feed: Feed) -> None:
    """The plan was of 01-07; dated 01-12 afterward, the review of 02-10 is in time by its date only."""
    feed.record("02-10", reviewed("02-10"))
    feed.record("03-02", corrected("03-02", 3, occurred_on="2026-01-12"))
    [one] = feed.became("03-03")
    assert (one.due_on, one.outcome, one.days_entered_late) == (day("02-11"), "entered_late", 19)


def test_what_is_recorded_later_and_changes_nothing_makes_no_review_late(feed: Feed) -> None:
    feed.record("02-05", reviewed("02-05"))
    feed.record("02-20", event("session_attended", "01-20", service="group", minutes=180, start="09:00", group_size=8))
    feed.record("02-21", event("addendum", "02-21", target=4, text="typing error", reason="typing error"))
    feed.record("02-22", corrected("02-22", 4, updated=False))
    assert feed.outcomes("02-23") == [("on_time", 0)]


def test_what_was_imported_first_counts_as_known_when_it_happened(sqlite_url: str) -> None:
    clock = Clock(datetime(2026, 4, 1, 18, tzinfo=UTC))
    with open_recorder(sqlite_url, clock=clock) as recorder, Commands(recorder, clock) as commands:
        commands.append([assessed("01-02"), admitted("01-05"), plan("01-07"), reviewed("02-05")], imported=True)
        found = Reader(recorder, clock(), access=no_access).ask(ReviewReport(Query(as_of=day("03-01")))).value
    [one] = found.rows[0].reviews
    assert (one.outcome, one.imported) == ("on_time", True)


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
    rows = rows_of(late)
    reviews = frozenset(item.version for item in late if isinstance(item.event, PlanReviewed))
    found = list(due_reviews(rows, reviews, on, partial(running_due_day, chart_of(late, POLICY))))
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
