"""Laws of the rules put to 2,000 histories, in parts that run at once: causality, and notice of what nothing can cure.

A history takes as long to draw as to judge, so both laws share the 2,000. Each is read on two days for causality: every
day of all would take too long, and is asked of fewer in test_causality.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.episode.history import Effective, History
from caretrail.findings.judge import judge
from tests.findings.generated import histories
from tests.findings.test_causality import said_on, up_to
from tests.findings.text_history import PACK

HISTORIES = int(os.environ.get("CARETRAIL_HISTORIES", "2000"))
PARTS = 8
"""Parts of the histories, which run at once."""


@pytest.mark.parametrize("part", range(PARTS))
@settings(
    max_examples=HISTORIES // PARTS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    history=histories(),
    picks=st.tuples(st.integers(0, 999), st.integers(0, 999)),
    delays=st.lists(st.integers(0, 40), min_size=5, max_size=5),
)
def test_days_rest_on_what_had_happened_and_nothing_is_breached_before_it_was_told_for_seven_days(
    part: int, history: list[Effective], picks: tuple[int, int], delays: list[int]
) -> None:
    if history:
        days_say_what_a_reading_up_to_them_says(history, picks)
        nothing_is_breached_before_it_was_told(recorded_late(history, delays))


def days_say_what_a_reading_up_to_them_says(history: list[Effective], picks: tuple[int, int]) -> None:
    """Causality on two days: one is that of an event, the other the day before one."""
    whole = judge(history, PACK)
    days = sorted({item.day for item in history})
    for number, pick in enumerate(picks):
        day = days[pick % len(days)] - timedelta(days=number)
        assert said_on(day, whole) == said_on(day, judge(up_to(history, day), PACK)), day


TOLD = tuple(f"NE21-{rule}" for rule in ("A1", "R2", "I1", "I2", "I3", "I4", "S1"))
"""Rules that tell for a time of what nothing can cure, before it is breached."""


def nothing_is_breached_before_it_was_told(late: list[Effective]) -> None:
    """Notice: it runs for seven days from when each event of the evidence became known."""
    known_on = {item.version: item.known_at.date() for item in late if item.known_at is not None}
    told: dict[tuple[object, ...], date] = {}
    for item in sorted(judge(late, PACK).findings, key=lambda item: item.start):
        matter = item.rule, item.subject, item.cause, item.evidence
        if item.rule in TOLD and item.verdict == "violation":
            told.setdefault(matter, item.start)
        if item.rule in TOLD and item.verdict == "breached" and matter in told:
            known = max([told[matter], *(known_on[version] for version in item.evidence)])
            assert item.start >= known + timedelta(days=7), item


def recorded_late(history: list[Effective], delays: list[int]) -> History:
    """The history as if each event had been recorded some days after it happened, at noon in Chicago."""
    late = History()
    for number, item in enumerate(history):
        on = item.day + timedelta(days=delays[number % len(delays)])
        instant = datetime(on.year, on.month, on.day, 18, tzinfo=UTC)
        amended = instant if item.corrected_by else None
        late.append(Effective(item.event, replace(item.entry, recorded_at=instant), item.corrected_by, amended))
    return late
