"""The recorded documents that do not count for a rule on a day, or may not, and why."""

from __future__ import annotations

from datetime import date

import pytest

from caretrail.findings.not_counted import NotCounted, not_counted
from caretrail.policy import Policy
from tests.findings.text_history import ORTIZ, PACK, Told

BEGIN = f"2026-01-02 assessed\n2026-01-05 admitted\n2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a\n"
"""Events 1 to 3."""


def named(text: str, day: str, rule: str = "R1") -> list[NotCounted]:
    history = Told(BEGIN + text).history
    return not_counted(history, Policy((PACK,)), PACK.rules[f"NE21-{rule}"], date.fromisoformat(day))


BY_SOMEBODY = "2026-02-02 review of 1 signed by c-x, cl-7f3a"
UNSIGNED = "not signed under clinical guidance"


@pytest.mark.parametrize(
    ("document", "doubtful", "why"),
    [
        ("2026-02-02 review of 1 signed by cl-7f3a", False, UNSIGNED),
        (f"2026-02-02 review of 1 signed by {ORTIZ}@2026-02-09, cl-7f3a", False, UNSIGNED),
        (f"2026-02-02 review of 2 signed by {ORTIZ}, cl-7f3a", False, "plan 2 is not on record"),
        (f"2026-01-04 review of 1 signed by {ORTIZ}, cl-7f3a", False, "dated before the stay"),
        (f'2026-02-02 review of 1 signed by {ORTIZ} | {{"participants": []}}', True, "who took part is not stated"),
        (BY_SOMEBODY, True, "credential of c-x not stated"),
        (f"{BY_SOMEBODY}\n2026-02-09 signed #4 by {ORTIZ}", True, "credential of c-x not stated"),
    ],
)  # fmt: skip
def test_a_review_is_named_with_the_reason_known_by_the_day(document: str, doubtful: bool, why: str) -> None:
    [found] = named(document, "2026-02-08")
    assert found == NotCounted(4, doubtful, why)


def test_what_counts_is_not_named_nor_what_came_later() -> None:
    assert named(f"2026-02-02 review of 1 signed by {ORTIZ}, cl-7f3a", "2026-02-02") == []
    assert named("2026-02-02 review of 1 signed by cl-7f3a", "2026-02-01") == []
    assert named(f"{BY_SOMEBODY}\n2026-02-09 signed #4 by {ORTIZ}", "2026-02-09") == []


def test_each_rule_names_the_documents_that_it_counts() -> None:
    text = "2026-02-02 determined continue C1 signed by c-x\n2026-02-03 plan 2 signed by cl-7f3a"
    assert [one.version for one in named(text, "2026-02-05", "C1")] == [4]
    assert [one.version for one in named(text, "2026-02-05", "P1")] == [5]
    assert named(text, "2026-02-05", "P3") == []
