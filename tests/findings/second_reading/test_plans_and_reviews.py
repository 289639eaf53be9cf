"""The rules of plans and reviews say of every day what a plain reading of the events up to that day says."""

from __future__ import annotations

import os
from datetime import timedelta
from types import ModuleType

import pytest
from hypothesis import HealthCheck, example, given, settings

from caretrail.episode.history import Effective
from tests.findings.second_reading import plans_and_reviews, record
from tests.findings.second_reading.charts import BOTH, TREATED
from tests.findings.second_reading.comparison import disagreements
from tests.findings.second_reading.generated_papers import paper_histories
from tests.findings.text_history import history_of

HISTORIES = int(os.environ.get("CARETRAIL_HISTORIES", "2000"))
PARTS = 8
"""Parts of the histories, which run at once."""
LAST_CONTACT_BEFORE_THE_DISCHARGE = """
    2026-01-05 admitted
    2026-01-05 session group 09:00 180
    2026-01-07 session group 09:00 180
    2026-01-09 held
    2026-01-11 session group 09:00 180
    2026-01-12 discharged left_against_advice | {"last_contact_on": "2026-01-06"}
"""

AN_EARLY_SIGNATURE_WHERE_A_DOCUMENT_MAY_NOT_COUNT = """
    2026-01-05 admitted level 2.1
    2026-01-05 plan 1 effective 2025-12-16 signed by c-ortiz, cl-7f3a | {"required_signers": ["c-diaz"]}
    2026-01-05 review of 1 next 2026-01-06 signed by c-ortiz, cl-7f3a | {}
    2026-01-05 review of 1 signed by c-noor@2025-12-28, cl-7f3a@2025-12-27 | {"supports": null}
    2026-01-06 review of 1 next 2026-01-07 signed by c-ortiz, cl-7f3a | {}
    2026-01-03 plan 2 effective 2026-01-03 signed by c-ortiz:CPSS, c-lee:MD@2025-12-27, cl-7f3a:RN@2025-12-26
"""

TWO_REVIEWS_OF_ONE_DAY_AND_A_PLAN_SIGNED_EARLY = """
    2026-01-05 admitted level 2.1
    2026-01-05 plan 1 effective 2025-12-16 signed by c-ortiz@2025-12-28, cl-7f3a@2025-12-27
    2026-01-05 review of 1 next 2026-02-11 signed by c-ortiz@2026-01-08, cl-7f3a@2026-01-04 | {}
    2026-01-05 review of 1 next 2026-01-24 signed by cl-7f3a:MD@2025-12-28 | {"participants": [], "supports": null}
    2026-01-06 review of 1 next 2026-01-07 signed by c-ortiz, cl-7f3a | {}
"""

A_STAY_OF_ONE_DAY_ON_THE_LAST_DAY_OF_ANOTHER = """
    2026-01-05 admitted level 1
    2026-01-05 review of 1 next 2026-01-06 signed by c-ortiz, cl-7f3a | {}
    2026-01-05 transferred 1 to 2.1
    2026-02-05 transferred 2.1 to 1
    2026-02-05 transferred 1 to 2.1
    2026-02-05 transferred 2.1 to 1
"""

REVIEWS_OF_ONE_DAY_WITHOUT_A_TEAM_AND_A_PLAN_THAT_CAME_OF_SOME = """
    2026-01-05 admitted level 2.1 | {"team": [], "clinician": null}
    2026-01-05 plan 1 effective 2025-12-16 signed by c-ortiz, cl-7f3a | {"required_signers": ["c-diaz"]}
    2026-01-05 review of 1 next 2026-01-06 signed by c-ortiz, cl-7f3a | {}
    2026-01-05 review of 1 next 2026-01-06 signed by c-ortiz, cl-7f3a | {}
    2026-01-05 review of 2 next 2026-01-30 signed by c-lee:PhD@2025-12-29 | {"participants": ["guardian"]}
    2026-01-05 review of 1 next 2026-01-06 signed by c-ortiz, cl-7f3a | {}
    2026-01-24 plan 2 effective 2026-01-04 signed by c-ortiz, cl-7f3a | {"required_signers": ["c-diaz"]}
"""

AN_EARLY_SIGNATURE_ON_A_REVIEW_THAT_IS_HISTORY_IF_A_PLAN_DOES_NOT_COUNT = """
    2026-01-05 admitted level 2.1
    2026-01-05 plan 1 effective 2025-12-16 signed by c-ortiz, cl-7f3a | {"required_signers": ["c-diaz"]}
    2026-01-05 plan 2 effective 2026-01-05 signed by cl-7f3a:PLADC, md-quinn@2025-12-29
    2026-01-06 review of 2 signed by c-ortiz:LADC@2025-12-30, c-lee:CPSS@2025-12-29, cl-7f3a:MD@2025-12-28 | {}
    2026-01-06 transferred 2.1 to 1
    2026-01-10 review of 1 signed by c-ortiz:PLADC, cl-7f3a | {"supports": null, "updated": null}
"""


@pytest.mark.parametrize("part", range(PARTS))
@settings(
    max_examples=HISTORIES // PARTS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@example(history=history_of(LAST_CONTACT_BEFORE_THE_DISCHARGE))
@example(history=history_of(AN_EARLY_SIGNATURE_WHERE_A_DOCUMENT_MAY_NOT_COUNT))
@example(history=history_of(TWO_REVIEWS_OF_ONE_DAY_AND_A_PLAN_SIGNED_EARLY))
@example(history=history_of(A_STAY_OF_ONE_DAY_ON_THE_LAST_DAY_OF_ANOTHER))
@example(history=history_of(REVIEWS_OF_ONE_DAY_WITHOUT_A_TEAM_AND_A_PLAN_THAT_CAME_OF_SOME))
@example(history=history_of(AN_EARLY_SIGNATURE_ON_A_REVIEW_THAT_IS_HISTORY_IF_A_PLAN_DOES_NOT_COUNT))
@given(history=paper_histories())
def test_plans_signatures_reviews_and_their_clock_say_what_a_plain_reading_of_the_events_up_to_each_day_says(
    part: int, history: list[Effective]
) -> None:
    for day, rule, said, expected in disagreements(history):
        pytest.fail(f"{rule} on {day}:\n the program says {said},\n the plain reading says {expected}")


NARROW = f"""{TREATED}
    2026-01-08 plan 1 signed by c-ortiz, c-lee@2026-01-01, cl-7f3a
    2026-02-06 review of 1 signed by {BOTH} | {{"updated": false}}
    2026-03-09 review of 1 signed by {BOTH}
"""
"""Days on either side of every limit: the second review is a day late, one signature just not too early."""


def test_the_readings_agree_on_a_chart_close_to_every_limit() -> None:
    assert list(disagreements(history_of(NARROW))) == []


@pytest.mark.parametrize(
    ("module", "limit", "days", "rules"),
    [
        (plans_and_reviews, "REVIEW", 29, {"R1", "R3"}),
        (plans_and_reviews, "REVIEW", 31, {"R1", "R3"}),
        (plans_and_reviews, "SOON", 6, {"R1"}),
        (plans_and_reviews, "SOON", 8, {"R1"}),
        (record, "NOTICE", 6, {"R2"}),
        (record, "NOTICE", 8, {"R2"}),
        (record, "EARLY", 6, {"P3"}),
    ],
)
def test_a_reading_with_one_limit_wrong_is_found_out(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, limit: str, days: int, rules: set[str]
) -> None:
    """Given a reading in which a limit is a day off, when the readings are compared, then they differ in its rules."""
    monkeypatch.setattr(module, limit, timedelta(days=days))
    assert {rule for _, rule, _, _ in disagreements(history_of(NARROW))} >= rules
