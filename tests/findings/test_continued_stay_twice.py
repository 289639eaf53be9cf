"""Continued stay is told twice, by the rules and by the second reading, and both say the same."""

from __future__ import annotations

from itertools import product

from caretrail.events import ContinuedStayDetermined
from caretrail.findings.continued_stay import supported
from caretrail.policy.rules.stay import ContinuedStay
from tests.findings.second_reading.reading import CRITERIA, Answer, supports_staying
from tests.findings.text_history import PACK
from tests.support import build

RULE = next(rule for rule in PACK.judged if isinstance(rule, ContinuedStay))


def determined(criteria: dict[str, Answer]) -> ContinuedStayDetermined:
    event = build.event("continued_stay_determined", "02-03", decision="continue", **criteria)
    assert isinstance(event, ContinuedStayDetermined)
    return event


def test_the_rules_read_all_that_a_determination_can_say_as_the_sentences_do() -> None:
    for values in product((True, False, None), repeat=len(CRITERIA)):
        criteria = dict(zip(CRITERIA, values, strict=True))
        answer, _ = supported(determined(criteria), RULE)
        assert answer is supports_staying(criteria), criteria
