"""Terms end: on a day of the calendar, however far ahead people write, and in few steps, however short they are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.days import later
from caretrail.episode.history import Effective
from caretrail.findings.chart.terms import ends_on, months_after, next_working_day
from caretrail.findings.judge import Judgment, judge
from caretrail.findings.program import program_findings
from caretrail.policy import Pack, Term
from caretrail.policy.values import CLOSED_DAYS, MOST_DAYS
from tests.findings.text_history import PACK, Told, history_of
from tests.policy.steps import steps_of

LAST = date.max
BEGUN = "2026-01-02 assessed by c-ortiz LADC F10.20\n2026-01-05 admitted\n"
SIGNED = "signed by c-ortiz, c-lee, cl-7f3a"


def bounded(history: list[Effective], pack: Pack) -> Judgment:
    """Judge a history in the steps it may take."""
    return steps_of(lambda: judge(history, pack))[0]


def read(**rules: dict[str, Any]) -> Pack:
    pack = PACK
    for rule, fields in rules.items():
        pack = pack.changed(f"NE21-{rule}", **fields)
    return pack


# --- the last day there is ----------------------------------------------------------------------------------------


@given(st.dates(), st.integers(0, 4_000_000))
def test_later_is_a_day_of_the_calendar(day: date, days: int) -> None:
    assert later(day, days).toordinal() == min(day.toordinal() + days, LAST.toordinal())


@pytest.mark.parametrize("unit", ["calendar_day", "working_day", "calendar_month"])
def test_a_term_that_would_leave_the_calendar_ends_with_it(unit: str) -> None:
    term = Term.model_validate({"count": MOST_DAYS, "unit": unit})
    for base in (LAST, LAST - timedelta(days=1), LAST - timedelta(days=40)):
        assert ends_on(term, base, frozenset({LAST - timedelta(days=8)})) == LAST
    assert months_after(LAST, 0) == LAST


FAR = [
    f"2026-01-07 plan 1 effective 9999-12-31 {SIGNED}",
    "2026-01-07 plan 1 effective 9999-12-31 signed by c-ortiz",
    f"2026-01-07 plan 1 {SIGNED}\n2026-01-20 review of 1 next 9999-12-31 {SIGNED}",
    f"2026-01-07 plan 1 {SIGNED}\n2026-01-20 review of 1 next 9999-12-28 {SIGNED}",
    f"2026-01-07 plan 1 {SIGNED}\n2026-01-20 determined leave 9999-12-31 C1 {SIGNED}",
    f"2026-01-07 authorized 2026-01-07 to 9999-12-31 30 day\n2026-01-20 determined continue C1 {SIGNED}",
    "2026-01-07 authorized 9999-12-31 to 9999-12-31 30 day",
    "2026-01-07 authorized 0001-01-01 to 0001-01-01 30 day\n2026-01-09 authorized 0001-01-01 to 9999-12-31 30 hour",
    f"2026-01-07 plan 1 effective 0001-01-01 {SIGNED}\n2026-01-20 review of 1 {SIGNED}",
    f'2026-01-07 plan 1 {SIGNED} | {{"goals": [{{"id": "g", "target_on": "0001-01-01"}}]}}',
    '2026-01-07 explained R1 of 2026-01-06 | {"until": "9999-12-31"}',
    '2026-01-07 consented | {"recipient": "x", "purpose": "legal", "scope": "all", "expires_on": "0001-01-01"}',
    "2026-01-07 held\n2026-01-09 session group 09:00 180 size 3",
]
ON = {"section": "1", "unsourced": None, "on": True}
HARSH = {
    "Nebraska": PACK,
    "everything on": read(
        X1=ON, X2=ON, C1={"holds": "authorization"}, R1={"on_closed_day": "next_working_day", "holds": "pause"},
        P3={"within": {"count": MOST_DAYS, "unit": "calendar_month", "soon": 5}, "trigger": "plan_effective"},
    ),
    "counted": read(
        R1={"every": [{"count": MOST_DAYS, "unit": "session"}], "holds": None, "on_closed_day": None},
    ),
    "the longest terms": read(
        R1={"every": [{"count": MOST_DAYS, "unit": "calendar_month"}], "series": "fixed", "first_from": "admission"},
        P1={"within": {"count": MOST_DAYS, "unit": "working_day"}, "sessions": None},
        X2={**ON, "after": {"count": MOST_DAYS, "unit": "calendar_month"}},
    ).model_copy(update={"notice_days": MOST_DAYS}),
}  # fmt: skip


@pytest.mark.parametrize("text", FAR)
@pytest.mark.parametrize("name", HARSH)
def test_a_day_written_for_never_is_judged_like_any_other(text: str, name: str) -> None:
    told = bounded(history_of(BEGUN + text), HARSH[name])
    assert all(one.until is None or one.start < one.until < LAST for one in told.findings), "the tables keep no end so"
    assert told.eligibility[-1].until is None


@pytest.mark.parametrize(
    ("first", "last"),
    [
        *(("2026-01-01", last) for last in ("9999-12-31", "9999-12-30", "9999-12-29")),
        *(("0001-01-01", last) for last in ("9999-12-31", "2026-01-01", "0001-01-01")),
    ],
)
def test_an_attestation_without_an_end_is_judged_however_it_is_written(first: str, last: str) -> None:
    override = (
        f'{{"type": "program_attested", "program": "p", "kind": "license", "valid_from": "{first}", '
        f'"valid_to": "{last}", "episode": null, "reason": null}}'
    )
    history = history_of(f"2026-01-05 resumed | {override}")
    assert program_findings(history, PACK, date(2026, 1, 5))


# --- short terms in long stays ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["calendar_day", "working_day", "calendar_month"])
def test_a_series_of_the_shortest_term_over_a_century_takes_few_steps(unit: str) -> None:
    reviews = "\n".join(f"{year}-03-02 review of 1 {SIGNED}" for year in range(1901, 2026))
    history = history_of(f"1900-01-05 admitted\n1900-01-06 plan 1 {SIGNED}\n{reviews}")
    for series in ("fixed", "earlier_of_both"):
        every = [{"count": 1, "unit": unit}]
        bounded(history, read(R1={"every": every, "series": series, "first_from": "admission"}))


@given(
    st.dates(date(2026, 1, 1), date(2026, 3, 1)),
    st.integers(1, 60),
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 4, 1))),
)
def test_working_days_are_those_one_would_count_on_a_calendar(base: date, count: int, closed: frozenset[date]) -> None:
    day = base
    for _ in range(count):
        day = next_working_day(day + timedelta(days=1), closed)
    assert ends_on(Term(count=count, unit="working_day"), base, closed) == day


def test_a_clinic_that_is_closed_for_years_opens_again() -> None:
    closed = frozenset(date(2026, 1, 5) + timedelta(days=number) for number in range(CLOSED_DAYS))
    opens = next_working_day(date(2026, 1, 5), closed)
    assert opens == date(2031, 6, 30)
    assert ends_on(Term(count=1, unit="working_day"), date(2026, 1, 5), closed) == opens
    term = {"count": MOST_DAYS, "unit": "working_day"}
    days = (date(2026, 1, 6) + timedelta(days=number) for number in range(120))
    history = history_of(BEGUN + "\n".join(f"{day} session group 09:00 180 size 8" for day in days))
    pack = read(X2={**ON, "after": term}, R1={"every": [term], "on_closed_day": "next_working_day"})
    bounded(history, pack.model_copy(update={"closed_days": closed}))


def test_a_plan_by_a_late_session_names_the_sessions_there_were() -> None:
    days = (date(2026, 1, 6) + timedelta(days=number) for number in range(14))
    text = BEGUN + "\n".join(f"{day} session group 09:00 180 size 8" for day in days)
    told = Told(text, read(P1={"within": {"count": 20, "unit": "session", "soon": 15}}))
    assert told.one("P1", "2026-01-15").message == "plan due by session 20, tenth was 2026-01-15"
    assert told.one("P1", "2026-01-19").message == "plan due by session 20, number 14 was 2026-01-19"
