"""Which day is today: by the clock of the store, whatever the caller's says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caretrail.errors import Impossible
from caretrail.log.clock import ClockAhead, ClockBehind, ClocksDiffer
from caretrail.service import Census, Findings, Query, Question, Worklist, create_store, open_store
from tests.support.build import admitted, session
from tests.support.clocks import shifted
from tests.support.example import NAME, example


@pytest.fixture
def store_kind() -> str:
    return "clinic"


def test_a_caller_whose_clock_stands_in_2031_gets_the_board_of_today_and_appends_nothing(store_url: str) -> None:
    """Given a caller five years ahead, then a session of next year is impossible, one of today is refused for the
    clocks, and the board is that of the store's today.
    """
    create_store(store_url)
    with open_store(store_url) as store:
        store.append(example(), imported=True)
    with open_store(store_url, clock=lambda: datetime.now(UTC) + timedelta(days=1600)) as store:
        later = admitted("01-05", "L-1").model_copy(
            update={"occurred_on": datetime.now(UTC).date() + timedelta(days=300)}
        )
        with pytest.raises(Impossible, match="after today"):
            store.append(later)
        with pytest.raises(ClocksDiffer):
            store.append(admitted("01-05", "L-1"))
        standing = store.ask(Worklist()).standing
        assert abs((standing.as_of[0] - datetime.now(UTC).date()).days) <= 1
        assert standing.clock == "ok"


def test_a_store_whose_clock_is_slow_answers_for_stated_days_and_takes_nothing(store_url: str) -> None:
    """Given a machine or a server six weeks slow, then the overdue review of the example does not vanish."""
    create_store(store_url)
    with shifted(store_url) as clocks, open_store(store_url, clock=clocks.caller) as store:
        store.append(example(), imported=True)
        clocks.forward(days=-46)
        questions: list[Question[Any]] = [Worklist(), Findings(), Census()]
        for question in questions:
            with pytest.raises(ClockBehind):
                store.ask(question)
        answer = store.ask(Findings(Query(date(2026, 3, 9))))
        assert "NE21-R1" in [row.rule for row in answer.value if row.episode == NAME]
        assert (answer.standing.clock, answer.as_json()["standing"]["clock"]) == ("behind", "behind")
        with pytest.raises(ClockBehind):
            store.append(session("03-20", NAME))


def test_a_clinic_that_was_dormant_is_answered_marked(store_url: str) -> None:
    create_store(store_url)
    with shifted(store_url) as clocks, open_store(store_url, clock=clocks.caller) as store:
        store.append(example(), imported=True)
        clocks.forward(days=40)
        assert store.ask(Worklist()).standing.clock == "ahead"
        with pytest.raises(ClockAhead):
            store.append(admitted("01-05", "L-1"))


def test_a_demo_store_says_that_its_clock_is_not_checked(tmp_path: Path) -> None:
    create_store(str(tmp_path / "demo.db"), demo=True)
    with open_store(str(tmp_path / "demo.db"), clock=lambda: datetime(2031, 1, 1, 18, tzinfo=UTC)) as store:
        store.append(example(), imported=True)
        standing = store.ask(Worklist()).standing
        assert (standing.clock, standing.as_of) == ("unchecked", (date(2031, 1, 1),))
