"""The sentences of continued stay as examples: each clause from both sides, and what is not judged."""

from __future__ import annotations

from itertools import product

import pytest

from tests.findings.second_reading.sentences import CRITERIA, Answer, agreed_by_all_completions, supports_staying
from tests.findings.second_reading.stay_asked import judged, none_but

# --- the sentences of the source ------------------------------------------------------------------------------------


def test_the_sentences_ask_eight_criteria() -> None:
    assert CRITERIA == (
        "progressing", "goals_remain", "level_needed", "has_capacity", "actively_working",
        "new_problems", "treatable_here", "least_intensive",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("criteria", "answer"),
    [
        (none_but(progressing=True, goals_remain=True, level_needed=True), True),
        (none_but(progressing=True, goals_remain=False, level_needed=True), False),
        (none_but(progressing=True, goals_remain=True, level_needed=False), False),
        (none_but(progressing=False, goals_remain=True, level_needed=True), False),
        (none_but(has_capacity=True, actively_working=True), True),
        (none_but(has_capacity=True, actively_working=False), False),
        (none_but(has_capacity=False, actively_working=True), False),
        # "not yet making progress, but": a client who makes progress and has reached the goals need not stay
        (none_but(progressing=True, has_capacity=True, actively_working=True), False),
        (none_but(new_problems=True, treatable_here=True, least_intensive=True), True),
        (none_but(new_problems=False, treatable_here=True, least_intensive=True), False),
        (none_but(new_problems=True, treatable_here=False, least_intensive=True), False),
        (none_but(new_problems=True, treatable_here=True, least_intensive=False), False),
        # "and/or": one sentence is enough, whatever the others say
        (judged(new_problems=True, treatable_here=True, least_intensive=True), True),
        (judged(progressing=True, goals_remain=True, level_needed=True), True),
    ],
)
def test_each_clause_of_the_sentences_is_asked_from_both_sides(criteria: dict[str, Answer], answer: Answer) -> None:
    assert supports_staying(criteria) is answer


@pytest.mark.parametrize(
    ("criteria", "answer"),
    [
        (judged(), None),
        (
            none_but(progressing=True, goals_remain=None, level_needed=None, has_capacity=True, actively_working=True),
            None,
        ),
        (none_but(progressing=None, has_capacity=True), False),
        (none_but(progressing=None, has_capacity=True, actively_working=True), None),
        (none_but(progressing=None, goals_remain=True, level_needed=True), None),
        (none_but(new_problems=None, treatable_here=True, least_intensive=True), None),
        (none_but(new_problems=None, treatable_here=False, least_intensive=None), False),
    ],
)
def test_what_is_not_judged_leaves_open_only_what_hangs_on_it(criteria: dict[str, Answer], answer: Answer) -> None:
    assert supports_staying(criteria) is answer


WORKING = {"has_capacity": True, "actively_working": True, "new_problems": False}


@pytest.mark.parametrize(
    ("criteria", "answer"),
    [
        (judged(progressing=True, goals_remain=False, level_needed=False, **WORKING), False),
        (judged(progressing=False, goals_remain=True, level_needed=False, **WORKING), True),
        (judged(progressing=True, **WORKING), None),
        (none_but(goals_remain=True, level_needed=True, new_problems=True, treatable_here=True), False),
    ],
)
def test_what_a_reviewer_said_of_determinations_before_any_rule_ran(
    criteria: dict[str, Answer], answer: Answer
) -> None:
    assert supports_staying(criteria) is answer


def test_either_the_first_or_the_second_sentence_whichever_way_progress_goes_is_not_known_to_support() -> None:
    whichever = judged(goals_remain=True, level_needed=True, **WORKING)
    assert supports_staying(whichever) is None
    assert agreed_by_all_completions(whichever) is True


@pytest.mark.slow
def test_the_two_ways_to_read_what_is_not_judged_differ_only_where_progress_decides_between_two_sentences() -> None:
    apart = 0
    for values in product((True, False, None), repeat=len(CRITERIA)):
        criteria = dict(zip(CRITERIA, values, strict=True))
        ours, other = supports_staying(criteria), agreed_by_all_completions(criteria)
        if ours is not other:
            apart += 1
            assert (ours, other) == (None, True)
            assert criteria["progressing"] is None
            assert all(criteria[name] for name in CRITERIA[1:5])
    assert apart == 3**3 - 1


def test_of_all_that_can_be_judged_eleven_in_thirty_two_support_the_stay() -> None:
    decided = [
        supports_staying(dict(zip(CRITERIA, values, strict=True)))
        for values in product((True, False), repeat=len(CRITERIA))
    ]
    # three in four fail the first two sentences, of which progress chooses one; seven in eight fail the third
    assert decided.count(True) == 256 - 256 * 3 * 7 // (4 * 8)
    assert decided.count(False) == 256 * 3 * 7 // (4 * 8)
