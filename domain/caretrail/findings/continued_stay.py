"""Continued stay by the formula of a pack: whether what a determination states supports it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial

from caretrail.events import ContinuedStayDetermined
from caretrail.findings.logic import Truth, all_of, any_of, opposite
from caretrail.policy.rules.stay import MOST_FORMULAS, MOST_SENTENCES, ContinuedStay

NOT = "not "
"""Before a criterion that must not hold."""

WORDS = {
    "progressing": "making progress",
    "not progressing": "not yet making progress",
    "goals_remain": "goals remain",
    "not goals_remain": "no goals remain",
    "level_needed": "this level needed",
    "not level_needed": "this level not needed",
    "has_capacity": "has the capacity to resolve the problems",
    "not has_capacity": "lacks the capacity to resolve the problems",
    "actively_working": "actively working toward the goals",
    "not actively_working": "not actively working toward the goals",
    "new_problems": "new problems",
    "not new_problems": "no new problems",
    "treatable_here": "treatable here",
    "not treatable_here": "not treatable here",
    "least_intensive": "nowhere less intensive",
    "not least_intensive": "a less intensive level would do",
}
"""The criteria of a formula in words."""


def supported(
    stated: ContinuedStayDetermined | Mapping[str, Truth], rule: ContinuedStay
) -> tuple[Truth, tuple[str, ...]]:
    """Whether a determination supports continued stay by the rule's formula, and the reasons in words.

    `stated` is the event, or its criteria by name; a criterion that is missing or None was not judged. One sentence of
    the formula that holds is enough. A sentence holds if each of its criteria was judged as it asks; the sentences are
    asked apart (strong Kleene logic), so that "one or the other, whichever way it is" is not known to support.
    """
    read = stated.get if isinstance(stated, Mapping) else partial(getattr, stated)
    values = [
        [read(name) if holds else opposite(read(name)) for name, holds in _criteria(sentence)]
        for sentence in rule.formula
    ]
    answers = [all_of(*found) for found in values]
    answer = any_of(*answers)
    if answer:
        return True, tuple(_in_words(sentence) for sentence, value in zip(rule.formula, answers, strict=True) if value)
    if answer is False:
        return False, ("no criterion for continued stay is met",)
    sentences = zip(rule.formula, values, answers, strict=True)
    open_names = [
        name
        for sentence, found, value in sentences
        if value is None
        for (name, _), one in zip(_criteria(sentence), found, strict=True)
        if one is None
    ]
    return None, (f"not stated: {', '.join(dict.fromkeys(open_names))}",)


@lru_cache(maxsize=MOST_SENTENCES * MOST_FORMULAS)
def _criteria(sentence: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The criteria of a sentence by name, each with whether it must hold, or must not."""
    return tuple((criterion.removeprefix(NOT), not criterion.startswith(NOT)) for criterion in sentence)


@lru_cache(maxsize=MOST_SENTENCES * MOST_FORMULAS)
def _in_words(sentence: tuple[str, ...]) -> str:
    return ", ".join(map(WORDS.__getitem__, sentence))
