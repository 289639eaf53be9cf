"""The rules of assessments and weeks say of every day what a second, plain reading of the events up to it says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from caretrail.episode.history import Effective
from caretrail.findings import Finding
from caretrail.policy import Pack
from tests.findings.generated import histories
from tests.findings.naive import Known, Said
from tests.findings.text_history import PACK, history_of
from tests.support.judged import findings

HISTORIES = int(os.environ.get("CARETRAIL_HISTORIES", "2000"))
PARTS = 4
"""Parts of the histories, which run at once."""
BEFORE = timedelta(days=3)
AFTER = timedelta(days=75)
NOT_ADMITTED = SimpleNamespace(first=date.min, last=date.max, since=date.min)
"""Stands for the stay when treatment is judged before anybody recorded an admission."""


class Board:
    """What the rules say, asked day after day, in the words of the plain reading."""

    def __init__(self, history: list[Effective], pack: Pack) -> None:
        self._found = findings(history, pack)
        self._changes = {day for item in self._found for day in (item.start, item.until)}
        self._held: dict[str, list[Finding]] = {}
        self._said: dict[str, Said] = {}
        self._read = False

    def on(self, day: date) -> dict[str, Said]:
        """What is said on a day; days are asked in order."""
        if day in self._changes or not self._read:
            self._read = True
            self._turn_to(day)
        return self._said | {"A1": {_deadline(item, day) for item in self._of("A1")}}

    def _of(self, rule: str) -> list[Finding]:
        return self._held.get(f"NE21-{rule}", [])

    def _turn_to(self, day: date) -> None:
        self._held = {}
        for item in self._found:
            if item.holds(day):
                self._held.setdefault(item.rule, []).append(item)
        points = {
            rule: {(item.verdict,) for item in self._of(rule) if item.verdict not in ("met", "not_applicable")}
            for rule in ("I1", "I2")
        }
        self._said = {
            **points,
            "I3": {(item.verdict, item.cause) for item in self._of("I3") if item.cause},
        }


def _deadline(item: Finding, day: date) -> tuple[str, date | None, int]:
    """The verdict, the day it fell due where the plain reading has one, and the days overdue."""
    verdict, late = str(item.verdict), item.days_overdue(day)
    if item.cause == "assessment_after_treatment" and verdict == "violation":
        verdict = "late"
    return verdict, item.due_on if verdict in ("overdue", "not_met", "due_today") else None, late


def disagreements(history: list[Effective], pack: Pack = PACK) -> Iterator[tuple[date, str, Said, Said]]:
    """Each day and rule on which the two readings differ: what the rules say, and what the plain reading says."""
    if not history:
        return
    events = [
        SimpleNamespace(day=item.day, version=item.version, nth=nth, **dict(item.event))
        for nth, item in enumerate(history)
    ]
    naive, board = Known(events, {}), Board(history, pack)
    day, last = history[0].day - BEFORE, history[-1].day + AFTER
    while day <= last:
        known = naive.on(day)
        said = board.on(day)
        if known.of("admitted"):
            expected = known.verdicts(day)
        else:
            # before an admission only treatment that goes on already is judged
            expected = {rule: set[tuple[Any, ...]]() for rule in said} | {"A1": _before_admission(known, day)}
        for rule, words in expected.items():
            if rule == "A1" and known.attended_on_hold():
                continue  # whether that was treatment cannot be told: pinned by hand, with both outcomes
            if said[rule] != words:
                yield day, rule, said[rule], words
        day += timedelta(days=1)


def _before_admission(known: Known, day: date) -> Said:
    if not known.attended:
        return set()
    verdict, due = known.a1(NOT_ADMITTED, day)
    return {(verdict, due, (day - due).days if due else 0)}


@pytest.mark.parametrize("part", range(PARTS))
@settings(
    max_examples=HISTORIES // 4 // PARTS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=histories())
def test_the_rules_say_of_every_day_what_a_plain_reading_of_the_events_up_to_that_day_says(
    part: int, history: list[Effective]
) -> None:
    for day, rule, said, expected in disagreements(history):
        pytest.fail(f"{rule} on {day}: the rules say {said}, the plain reading says {expected}")


# --- the comparison itself ----------------------------------------------------------------------------------------

BY = "signed by c-ortiz, c-lee, cl-7f3a"
LATE_REVIEW = f"""
    2026-01-02 assessed
    2026-01-04 admitted
    2026-01-05 session group 09:00 180
    2026-01-07 session group 09:00 180
    2026-01-07 plan 1 {BY}
    2026-01-09 session group 09:00 179
    2026-01-12 session group 09:00 180 size 13
    2026-02-07 review of 1 {BY}
    2026-03-30 discharged completed
"""
BUSY_WEEK = "2026-01-04 admitted\n" + "".join(f"2026-01-0{day} session family 09:00 100\n" for day in range(4, 10))
THREE_DAYS = "2026-01-04 admitted\n" + "".join(f"2026-01-0{day} session family 09:00 180\n" for day in (5, 7, 9))
FIXED = [history_of(text) for text in (LATE_REVIEW, BUSY_WEEK, THREE_DAYS)]
CORNERS = {
    "a prior assessment nobody can judge, made after the first session of the day": """
        2026-01-05 admitted
        2026-01-05 assessed prior_accepted at 10:00 | {"relevant": null}
        2026-01-05 session group 09:00 180""",
    "time that overlaps, goes on past midnight, and is more than a day has": """
        2026-01-04 admitted | {"schedule": {"minutes_per_week": 540, "days_per_week": 3}}
        2026-01-05 session group 09:00 180
        2026-01-05 session individual 10:00 150
        2026-01-07 session group 09:00 180 | {"group_session": "g-1"}
        2026-01-07 session education 14:00 180 size 13 | {"group_session": "g-1"}
        2026-01-10 session group 23:00 180
        2026-01-11 session individual 01:00 120
        2026-01-12 session group 00:00 900
        2026-01-12 session group 15:00 900
        2026-01-14 session group 09:00 100 | {"start": null}
        2026-01-14 session group 09:00 100 | {"start": null}
        2026-01-19 session group 09:00 300
        2026-01-21 missed group 09:00 240 cause other""",
    "schedules too short, changed within a week, or none": """
        2026-01-04 admitted | {"schedule": null}
        2026-01-05 session group 09:00 180
        2026-01-12 session group 09:00 180
        2026-01-14 schedule 720 4
        2026-01-15 schedule 360 2
        2026-01-19 session group 09:00 180
        2026-01-21 missed group 09:00 180 cause program
        2026-01-26 session group 09:00 180
        2026-02-02 schedule 540 3
        2026-02-03 session group 09:00 180""",
    "holds that leave two days, three days, and groups attended on them": """
        2026-01-04 admitted | {"schedule": {"minutes_per_week": 540, "days_per_week": 3}}
        2026-01-04 held
        2026-01-08 resumed
        2026-01-08 missed group 09:00 540 cause program
        2026-01-11 held
        2026-01-16 resumed
        2026-01-19 session group 09:00 180
        2026-01-20 session group 09:00 180
        2026-01-21 held
        2026-01-21 session group 09:00 180
        2026-01-22 resumed
        2026-01-26 session group 09:00 180
        2026-01-27 session group 09:00 180
        2026-01-28 session group 09:00 180
        2026-01-29 held
        2026-01-29 session group 09:00 180
        2026-01-31 discharged completed""",
    "groups of other treatment, one on record with two sizes, one in a time away": """
        2026-01-04 admitted
        2026-01-05 session education 09:00 60 size 20
        2026-01-06 session motivational 09:00 60 | {"group_session": "g-1"}
        2026-01-07 session group 09:00 60 size 8
        2026-01-07 session group 09:00 60 size 2
        2026-01-08 session family 09:00 60 size 9
        2026-01-12 transferred 2.1 to 1
        2026-01-13 session group 09:00 60 size 13
        2026-02-01 transferred 1 to 2.1
        2026-02-02 session education 09:00 60 size 1""",
}
"""Charts on which the readings once differed, or that a generator seldom draws."""


def with_number(value: Any, old: int, new: int) -> Any:
    """The same, with each number that is `old` made `new`, wherever a pack keeps its numbers."""
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return {name: with_number(part, old, new) for name, part in table.items()}
    if isinstance(value, list | tuple):
        return [with_number(part, old, new) for part in cast("list[Any]", value)]
    return new if type(value) is int and value == old else value


@pytest.mark.parametrize("corner", CORNERS)
def test_the_readings_agree_in_corners(corner: str) -> None:
    assert list(disagreements(history_of(CORNERS[corner]))) == []


def test_the_readings_agree_on_the_fixed_histories() -> None:
    assert [list(disagreements(history)) for history in FIXED] == [[], [], []]


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        (7, 8, {"I1", "I2", "I3"}),
        (540, 539, {"I1"}),
        (3, 4, {"I2"}),
        (5, 6, {"I2"}),
        (12, 13, {"I3"}),
    ],
)
def test_rules_with_one_number_wrong_are_found_out(old: int, new: int, rules: set[str]) -> None:
    """Given a pack in which one number is another, when the readings are compared, then they differ in its rules."""
    wrong = Pack.model_validate(with_number(PACK.model_dump(exclude_unset=True), old, new))
    found = {rule for history in FIXED for _, rule, _, _ in disagreements(history, wrong)}
    assert found, f"nobody noticed that {old} is {new}"
    assert found & rules
