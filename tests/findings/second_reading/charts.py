"""Charts that the examples of both readings start from, and what the two say of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.episode.history import Effective
from tests.findings.second_reading.comparison import readings
from tests.findings.second_reading.plans_and_reviews import Said
from tests.findings.text_history import history_of

BOTH = "c-ortiz, c-lee, cl-7f3a"
TREATED = """
    2026-01-05 admitted
    2026-01-05 session group 09:00 180
    2026-01-07 session group 09:00 180
"""
PLANNED = f"{TREATED}\n2026-01-07 plan 1 signed by {BOTH}\n"
"""All in time: the first review is due on 02-06."""

REVIEWED = f"{PLANNED}\n2026-02-06 review of 1 signed by {BOTH}\n"
"""Reviewed on the last day that is in time; the next is due on 03-08."""

AWAY = f"{PLANNED}\n2026-01-20 transferred 2.1 to 1\n"
"""Left for another level with the review not yet due."""


def agreed(history: Sequence[Effective], rule: str, day: date) -> set[tuple[str, Said]]:
    """What the program and the second reading both say by a rule on a day."""
    program, plain = (answers[rule] for answers in readings(history, day))
    assert program == plain, f"the program says {program}, the second reading says {plain}"
    return plain


def said(text: str, rule: str, day: str, subject: str = "") -> str:
    """What both readings say of one subject on a day, as `verdict day cause` with `-` for none."""
    on = date.fromisoformat(f"2026-{day}")
    found = [one for about, one in agreed(history_of(text), rule, on) if about == subject]
    return " and ".join(sorted(f"{one.verdict} {one.due_on or one.cause or '-'}" for one in found)) or "nothing"


def outcomes(text: str, rule: str, day: str) -> list[str]:
    """What a deadline in doubt would say with the doubtful documents, and without them."""
    ((_, one),) = agreed(history_of(text), rule, date.fromisoformat(f"2026-{day}"))
    assert one.verdict == "unknown"
    assert one.doubt
    return [verdict for verdict, _ in one.doubt]
