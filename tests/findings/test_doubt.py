"""Two readings told as one, where one of them is in doubt itself."""

from __future__ import annotations

from datetime import date

import pytest

from caretrail.findings.chart.documents import Document
from caretrail.findings.doubt import merged
from caretrail.findings.finding import Doubt, Outcome, Ruling, unknown
from caretrail.tokens import Verdict

DAY = date(2026, 2, 3)


@pytest.mark.parametrize(("better", "worse"), [("met", "breached"), ("met", "due_soon"), ("violation", "overdue")])
@pytest.mark.parametrize("swapped", [False, True])
def test_of_a_reading_in_doubt_itself_the_worse_outcome_is_meant(
    better: Verdict, worse: Verdict, swapped: bool
) -> None:
    """Given a reading that cannot be told, beside one that can, then the doubt of both names its worse outcome."""
    outcomes = Outcome(better, None), Outcome(worse, DAY)
    own = Doubt((4,), *(reversed(outcomes) if swapped else outcomes))
    doubtful = unknown("cannot be told", "signature_early")._replace(doubt=own)
    found = merged(doubtful, Ruling("info", "can be told"), [Document(7, DAY, [])], DAY)
    assert found is not None
    assert found.doubt == Doubt((7,), outcomes[1], Outcome("info", None))


@pytest.mark.parametrize("verdict", ["met", "not_applicable"])
def test_where_one_reading_is_silent_what_asks_for_nothing_is_said_as_it_is(verdict: Verdict) -> None:
    calm = Ruling(verdict, "in order")
    assert merged(calm, None, [Document(7, DAY, [])], DAY) == merged(None, calm, [Document(7, DAY, [])], DAY) == calm
