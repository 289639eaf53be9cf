"""The example shows what its README lists, on both stores, row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from caretrail.reading.answers import FindingRow
from tests.support.care import Care
from tests.support.example import NAME, day, example
from tests.support.stores import Clock


@pytest.fixture
def shown(care: Care) -> Care:
    care.record(example())
    return care


def verdicts(care: Care, rule: str, on: str, *, known_at: int | None = None) -> set[str]:
    rows = care.reader.findings(day(on), rule=rule, all_verdicts=True, closed=True, known_at=known_at)
    return {row.verdict for row in rows}


def runs(care: Care, rule: str, verdict: str) -> list[FindingRow]:
    """All stretches over the whole time on which a rule said this."""
    return care.reader.findings(
        rule=rule, verdict=verdict, start=day("01-01"), end=day("12-31"), closed=True, all_verdicts=True
    )


def test_the_plan_is_due_at_the_second_session_and_met_from_that_day(shown: Care) -> None:
    assert [verdicts(shown, "P1", on) for on in ("01-05", "01-06", "01-07", "02-01")] == [
        {"due_soon"}, {"due_soon"}, {"met"}, {"met"},
    ]  # fmt: skip


def test_signatures_owed_are_up_from_the_document_until_they_are_given(shown: Care) -> None:
    owed = [(row.subject, row.owner, row.start, row.until) for row in runs(shown, "P3", "violation")]
    assert owed == [
        ("plan 1: c-lee", "c-lee", day("01-07"), day("01-12")),
        ("review of 2026-02-05: cl-7f3a", "c-ortiz", day("02-05"), day("02-09")),
    ]
    assert verdicts(shown, "P3", "01-12") == {"met"}
    assert verdicts(shown, "P3", "02-09") == {"met"}


def test_the_review_clock_rolls_from_each_review_and_runs_over_a_weekend_and_a_change_of_clocks(shown: Care) -> None:
    assert [(row.start, row.until, row.due_on) for row in runs(shown, "R1", "due_soon")] == [
        (day("01-30"), day("02-05"), day("02-06")),
        (day("02-28"), day("03-07"), day("03-07")),
        (day("04-03"), day("04-06"), day("04-10")),
    ]
    assert [(row.start, row.until) for row in runs(shown, "R1", "due_today")] == [(day("03-07"), day("03-08"))]
    [overdue] = runs(shown, "R1", "overdue")
    assert (overdue.start, overdue.until, overdue.days_overdue) == (day("03-08"), day("03-11"), 3)
    [on_the_last_day] = shown.reader.findings(day("03-10"), rule="R1")
    assert on_the_last_day.days_overdue == 3


def test_the_gap_between_reviews_is_one_interval_of_34_days(shown: Care) -> None:
    [gap] = runs(shown, "R3", "breached")
    assert gap.message.startswith("34 days")


def test_weekly_hours_prompt_for_what_was_missed_and_accuse_only_what_was_not_offered(shown: Care) -> None:
    [prompt] = runs(shown, "I1", "info")
    assert "2026-01-11: offered 600, attended 360" in prompt.message
    [violation] = runs(shown, "I1", "violation")
    assert "2026-03-22: offered 360" in violation.message
    said = [row.message for row in runs(shown, "I1", "not_applicable")]
    assert any("2026-02-15" in message and "hold" in message for message in said)


@pytest.mark.parametrize(
    ("known_at", "too_large"), [(52, False), (53, True), (54, True), (55, False), (65, False), (None, False)]
)
def test_the_group_of_13_is_too_large_only_while_that_was_the_count_known(
    shown: Care, known_at: int | None, too_large: bool
) -> None:
    rows = shown.reader.findings(day("03-05"), rule="I3", known_at=known_at)
    assert [row.evidence for row in rows if row.verdict == "violation"] == ([(53,)] if too_large else [])


def test_the_group_found_on_paper_is_the_only_late_entry_of_an_import(shown: Care) -> None:
    assert [row.version for row in shown.reader.timeline(NAME) if row.late] == [53]
    row = shown.reader.timeline(NAME)[52]
    [correction] = row.corrections
    assert (correction.field, correction.old, correction.new, row.corrected_by) == ("group_size", 13, 11, (55,))
    assert row.event["group_size"] == 13, "the original stays readable"


def test_without_import_what_came_long_after_it_happened_is_late(care: Care, clock: Clock) -> None:
    clock.now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    care.record(example(), imported=False)
    assert all(row.late for row in care.reader.timeline(NAME))


def test_the_voided_session_counts_nowhere_and_stays_in_the_timeline(shown: Care) -> None:
    row = shown.reader.timeline(NAME)[55]
    assert row.void is not None
    assert (row.type, row.voided_by, row.void.reason) == ("session_attended", 58, "wrong_client")
    sheet = shown.reader.sheet(NAME, day("03-24"))
    assert (sheet.sessions, sheet.minutes_day) == ((), 0)


def test_a_suspected_condition_was_referred_on(shown: Care) -> None:
    assert verdicts(shown, "A5", "02-01") == {"met"}


def test_continued_stay_is_answered_for_each_day(shown: Care) -> None:
    answers = {
        on: shown.reader.eligibility(NAME, day(on)) for on in ("01-20", "02-10", "03-08", "03-10", "03-11", "04-06")
    }
    assert {on: row.verdict for on, row in answers.items()} == {
        "01-20": "eligible", "02-10": "eligible", "03-08": "unknown", "03-10": "unknown",
        "03-11": "eligible", "04-06": "eligible",
    }  # fmt: skip
    assert answers["01-20"].basis == "admission"
    assert answers["03-08"].holds_through == day("03-07")
    after = shown.reader.eligibility(NAME, day("04-07"))
    assert after.verdict == "not_applicable"
    assert "level 1" in " ".join(after.reasons)


def test_how_the_stays_ended_is_supported(shown: Care) -> None:
    assert verdicts(shown, "D1", "04-06") == {"met"}
    assert verdicts(shown, "D1", "05-04") == {"met"}


@pytest.mark.slow
def test_stored_intervals_say_of_every_day_what_was_known_of_it(shown: Care) -> None:
    """The stored rows, looked up, are those that a fold of the log up to now gives, on every day of the episode."""
    newest = shown.recorder.max_position()
    for offset in range(0, 150, 3):
        on = date(2026, 1, 1) + timedelta(days=offset)
        stored = shown.reader.findings(on, all_verdicts=True, closed=True)
        assert stored == shown.reader.findings(on, all_verdicts=True, closed=True, known_at=newest)


def test_why_says_how_late_it_is_on_that_day_and_what_would_clear_it(shown: Care) -> None:
    why = shown.reader.why(NAME, "R1", day("03-10"))
    assert why.in_force
    assert why.today == ("base 2026-02-05 last review + 30 days = 2026-03-07; on 2026-03-10: 3 days overdue",)
    assert (why.strength, [event.version for event in why.rests_on]) == ("must", [25])
    assert "signed under clinical guidance" in why.cleared_by
    assert ("overdue", day("03-08"), day("03-11")) in [(i.verdict, i.start, i.until) for i in why.history]


def test_the_sheet_of_a_day_shows_plan_signers_review_team_and_minutes(shown: Care) -> None:
    sheet = shown.reader.sheet(NAME, day("01-09"))
    assert sheet.plan is not None
    assert (sheet.plan.version, sheet.missing_signers, sheet.last_review) == (6, ("c-lee",), None)
    assert (sheet.minutes_day, sheet.minutes_week, sheet.next_review_due) == (180, 600, day("02-06"))
    later = shown.reader.sheet(NAME, day("03-04"))
    assert later.last_review is not None
    assert (later.last_review.version, [line.id for line in later.team]) == (25, ["c-ortiz", "c-lee", "c-noor"])
    assert shown.reader.sheet(NAME, day("02-18")).status == "held"


def test_the_census_counts_the_episode_while_it_is_open(shown: Care) -> None:
    def programs(on: str) -> list[tuple[str | None, str | None, str, int | None]]:
        return [(row.program, row.level, row.status, row.days) for row in shown.reader.census(day(on))]

    assert programs("01-04") == []
    assert programs("01-05") == [("lincoln-iop", "2.1", "open", 0)]
    assert programs("02-18") == [("lincoln-iop", "2.1", "held", 44)]
    assert programs("04-06") == [("lincoln-iop", "2.1", "open", 91)]
    assert programs("04-07") == [("lincoln-op", "1", "open", 92)]
    assert programs("05-05") == []
