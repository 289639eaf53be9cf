"""What the examples of continued stay share: a chart to begin with, and what is said of a day of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.findings.second_reading.reading import Said, second_reading
from tests.findings.second_reading.sentences import CRITERIA, Answer
from tests.findings.text_history import history_of

STAY = "2026-01-05 admitted"
"""Day 30 of the admission is 2026-02-04."""
ON_TIME = f"{STAY}\n2026-02-03 determined continue C1 signed by c-ortiz"
"""Day 30 of the determination is 2026-03-05."""
LEAVE = f"{STAY}\n2026-02-03 determined leave 2026-02-13 C1 signed by c-ortiz"
BACK = f"{ON_TIME}\n2026-02-10 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1"
"""Day 30 of the return is 2026-03-22."""


def always(_: date) -> bool:
    return True


def never(_: date) -> bool:
    return False


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def said(text: str, on: str, grounds: Callable[[date], bool] = always, doubted: tuple[int, ...] = ()) -> Said:
    return second_reading(history_of(text), day(on), grounds, doubted)[day(on)]


def judged(**given: Answer) -> dict[str, Answer]:
    """Criteria of a determination; what is not given was not judged."""
    return dict.fromkeys(CRITERIA) | given


def none_but(**given: Answer) -> dict[str, Answer]:
    """Criteria of a determination; what is not given is false."""
    return dict.fromkeys(CRITERIA, False) | given


def eligible(due_on: str, verdict: str = "met") -> Said:
    return Said("eligible", verdict, day(due_on))


def unknown(due_on: str, verdict: str = "unknown") -> Said:
    return Said("unknown", verdict, day(due_on))


def not_eligible(due_on: str) -> Said:
    return Said("not_eligible", "violation", day(due_on))


GONE = Said("not_applicable", "not_applicable")
