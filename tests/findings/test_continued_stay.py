"""The formula of continued stay: what a determination states, and whether that supports the stay."""

from __future__ import annotations

from itertools import product
from typing import Any, cast, get_args

import pytest

from caretrail.events import ContinuedStayDetermined
from caretrail.findings.continued_stay import WORDS, supported
from caretrail.findings.logic import Truth
from caretrail.policy.rules.stay import ContinuedStay
from caretrail.tokens import StayCriterion
from tests.findings.text_history import PACK

CRITERIA = get_args(StayCriterion)
RULE = cast("ContinuedStay", PACK.rule(ContinuedStay))


def none_but(*names: str, **given: Truth) -> dict[str, Truth]:
    """Criteria with the named ones true, the others as given or else false."""
    return dict.fromkeys(CRITERIA, False) | dict.fromkeys(names, True) | given


def verdict(stated: dict[str, Truth], rule: ContinuedStay | None = None) -> Truth:
    return supported(stated, rule or RULE)[0]


FIRST = ("progressing", "goals_remain", "level_needed")
SECOND = ("has_capacity", "actively_working")
THIRD = ("new_problems", "treatable_here", "least_intensive")


@pytest.mark.parametrize("sentence", [FIRST, SECOND, THIRD])
def test_each_sentence_is_enough_and_needs_each_of_its_parts(sentence: tuple[str, ...]) -> None:
    assert verdict(none_but(*sentence)) is True
    for part in sentence:
        assert verdict(none_but(*sentence) | {part: False}) is False, part
        assert verdict(none_but(*sentence) | {part: None}) is None, part


def test_a_client_who_makes_progress_is_not_supported_as_one_not_yet_making_progress() -> None:
    """Lines 172-174: a client with the goals achieved who works on and could do more does not need this level."""
    assert verdict(none_but("progressing", *SECOND)) is False
    assert verdict(none_but(*SECOND)) is True
    assert verdict(none_but(*SECOND, progressing=None)) is None


def test_one_sentence_or_the_other_whichever_way_it_is_is_not_known_to_support() -> None:
    assert verdict(none_but("goals_remain", "level_needed", *SECOND, progressing=None)) is None


def test_nothing_judged_is_not_known() -> None:
    assert verdict(dict.fromkeys(CRITERIA)) is None
    assert verdict({}) is None


def test_of_all_256_determinations_88_are_supported_and_what_is_left_open_never_turns_the_answer_round() -> None:
    decided = {values: verdict(dict(zip(CRITERIA, values, strict=True))) for values in product((True, False), repeat=8)}
    assert [list(decided.values()).count(value) for value in (True, False)] == [88, 168]
    for values in product((True, False, None), repeat=8):
        said = verdict(dict(zip(CRITERIA, values, strict=True)))
        if said is None:
            continue
        open_ones = [place for place, value in enumerate(values) if value is None]
        for filled in product((True, False), repeat=len(open_ones)):
            whole = list(values)
            for place, value in zip(open_ones, filled, strict=True):
                whole[place] = value
            assert decided[tuple(bool(value) for value in whole)] is said


def test_an_event_and_its_criteria_say_the_same() -> None:
    stated = none_but(*FIRST, new_problems=None)
    values: dict[str, Any] = {"decision": "continue", **stated}
    event = ContinuedStayDetermined.model_construct(**values)
    assert supported(event, RULE) == supported(stated, RULE)


def test_the_reasons_are_the_sentences_that_hold_or_what_nobody_judged() -> None:
    assert supported(none_but(*FIRST, *THIRD), RULE)[1] == (
        "making progress, goals remain, this level needed",
        "new problems, treatable here, nowhere less intensive",
    )
    assert supported(none_but(), RULE)[1] == ("no criterion for continued stay is met",)
    assert supported(none_but(*FIRST, level_needed=None, new_problems=None), RULE)[1] == ("not stated: level_needed",)
    assert supported(none_but(*SECOND, progressing=None), RULE)[1] == ("not stated: progressing",)


def test_every_criterion_and_its_denial_has_words() -> None:
    assert set(WORDS) == {*CRITERIA, *(f"not {name}" for name in CRITERIA)}
    assert set(CRITERIA) <= set(ContinuedStayDetermined.model_fields)


def test_another_formula_is_read_as_it_is_written() -> None:
    other = RULE.model_copy(update={"criteria": {"other": (("progressing",), ("not new_problems", "has_capacity"))}})
    other = other.model_copy(update={"read_as": "other"})
    assert verdict(none_but("progressing", new_problems=True), other) is True
    assert verdict(none_but("has_capacity"), other) is True
    assert verdict(none_but("has_capacity", new_problems=True), other) is False
    assert supported(none_but("has_capacity"), other)[1] == (
        "no new problems, has the capacity to resolve the problems",
    )
