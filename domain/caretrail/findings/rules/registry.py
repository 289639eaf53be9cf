"""Which function judges a kind of rule: each says so itself, by `@judges`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from caretrail.findings.case import Case
from caretrail.findings.track import RuleFindings
from caretrail.policy import Rule

R = TypeVar("R", bound=Rule)

JUDGES: dict[type[Rule], Callable[[Case, Any], RuleFindings]] = {}
"""The function of each kind of rule, but for two: `ContinuedStay` mirrors the eligibility that is worked out from the
others, and `Attested` is about a program, not about an episode."""


def judges(kind: type[R]) -> Callable[[Callable[[Case, R], RuleFindings]], Callable[[Case, R], RuleFindings]]:
    """Make a function the one that judges a kind of rule."""

    def register(function: Callable[[Case, R], RuleFindings]) -> Callable[[Case, R], RuleFindings]:
        JUDGES[kind] = function
        return function

    return register
