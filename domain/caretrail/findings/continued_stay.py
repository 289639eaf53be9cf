"""Continued stay by the formula of a pack: whether what a determination states supports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from caretrail.events import ContinuedStayDetermined
from caretrail.findings.logic import Truth, all_of, any_of, opposite
from caretrail.policy.rules.stay import ContinuedStay

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
    values = [(sentence, [_value(stated, name) for name in sentence]) for sentence in rule.formula]
    answers = [all_of(*found) for _, found in values]
    answer = any_of(*answers)
    if answer:
        return True, tuple(
            ", ".join(map(WORDS.__getitem__, sentence))
            for (sentence, _), value in zip(values, answers, strict=True)
            if value
        )
    if answer is False:
        return False, ("no criterion for continued stay is met",)
    open_names = _not_judged((pair for pair, value in zip(values, answers, strict=True) if value is None))
    return None, (f"not stated: {', '.join(dict.fromkeys(open_names))}",)


def _value(stated: ContinuedStayDetermined | Mapping[str, Truth], criterion: str) -> Truth:
    """Whether one criterion of a sentence holds."""
    name = criterion.removeprefix(NOT)
    value: Truth = stated.get(name) if isinstance(stated, Mapping) else getattr(stated, name)
    return opposite(value) if criterion.startswith(NOT) else value


def _not_judged(sentences: Iterator[tuple[tuple[str, ...], list[Truth]]]) -> Iterator[str]:
    """The criteria that leave sentences open."""
    for sentence, values in sentences:
        yield from (name.removeprefix(NOT) for name, value in zip(sentence, values, strict=True) if value is None)
