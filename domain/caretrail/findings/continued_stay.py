"""Continued stay by the formula of a pack: whether what a determination states supports it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from caretrail.events import ContinuedStayDetermined
from caretrail.findings.logic import Truth, any_of
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


Read = Callable[[str], Truth]
"""Whether a criterion was judged to hold, by its name."""


def supported(
    stated: ContinuedStayDetermined | Mapping[str, Truth], rule: ContinuedStay
) -> tuple[Truth, tuple[str, ...]]:
    """Whether a determination supports continued stay by the rule's formula, and the reasons in words.

    `stated` is the event, or its criteria by name; a criterion that is missing or None was not judged. One sentence of
    the formula that holds is enough. A sentence holds if each of its criteria was judged as it asks; the sentences are
    asked apart (strong Kleene logic), so that "one or the other, whichever way it is" is not known to support.
    """
    read: Read = stated.get if isinstance(stated, Mapping) else partial(getattr, stated)
    answers = [_holds(read, sentence) for sentence in rule.formula]
    answer = any_of(*answers)
    answered = zip(rule.formula, answers, strict=True)
    if answer:
        return True, tuple(_in_words(sentence) for sentence, value in answered if value)
    if answer is False:
        return False, ("no criterion for continued stay is met",)
    open_sentences = [sentence for sentence, value in answered if value is None]
    missing = [name for sentence in open_sentences for name, _ in _criteria(sentence) if read(name) is None]
    return None, (f"not stated: {', '.join(dict.fromkeys(missing))}",)


def _holds(read: Read, sentence: tuple[str, ...]) -> Truth:
    """Whether each criterion of a sentence was judged as it asks; false if one was not, whatever else is missing."""
    value: Truth = True
    for name, wanted in _criteria(sentence):
        judged = read(name)
        if judged is None:
            value = None
        elif judged is not wanted:
            return False
    return value


@lru_cache(maxsize=MOST_SENTENCES * MOST_FORMULAS)
def _criteria(sentence: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The criteria of a sentence by name, each with whether it must hold, or must not."""
    return tuple((criterion.removeprefix(NOT), not criterion.startswith(NOT)) for criterion in sentence)


@lru_cache(maxsize=MOST_SENTENCES * MOST_FORMULAS)
def _in_words(sentence: tuple[str, ...]) -> str:
    return ", ".join(map(WORDS.__getitem__, sentence))
