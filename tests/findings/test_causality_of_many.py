"""The causality law over many histories: each on two days, for every day of all would take too long."""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.episode.history import Effective
from tests.findings.generated import histories
from tests.findings.test_causality import read, read_stay, up_to
from tests.findings.text_history import PACK
from tests.support.judged import eligibility, findings

HISTORIES = int(os.environ.get("CARETRAIL_HISTORIES", "2000"))


@settings(
    max_examples=HISTORIES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories(), st.lists(st.integers(0, 999), min_size=2, max_size=2))
def test_of_many_more_histories_two_days_say_what_a_reading_up_to_them_says(
    history: list[Effective], picks: list[int]
) -> None:
    """One day is that of an event, the other the day before one."""
    if not history:
        return
    found, answers = findings(history, PACK), eligibility(history, PACK)
    days = sorted({item.day for item in history})
    for number, pick in enumerate(picks):
        day = days[pick % len(days)] - timedelta(days=number)
        known = up_to(history, day)
        assert read(found, day) == read(findings(known, PACK), day), day
        assert read_stay(answers, day) == read_stay(eligibility(known, PACK), day), day
