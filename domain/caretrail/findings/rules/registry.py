"""The function that judges each kind of rule, registered by `@judges`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from caretrail.findings.case import Case
from caretrail.findings.intervals import RuleFindings
from caretrail.policy import Rule

R = TypeVar("R", bound=Rule)

JUDGES: dict[type[Rule], Callable[[Case, Any], RuleFindings]] = {}
"""The function of each kind of rule except two: `ContinuedStay` mirrors eligibility, which is worked out from the other
rules; `Attested` is about a program, not an episode."""


def judges(kind: type[R]) -> Callable[[Callable[[Case, R], RuleFindings]], Callable[[Case, R], RuleFindings]]:
    """Register the decorated function as the judge of a kind of rule."""

    def register(function: Callable[[Case, R], RuleFindings]) -> Callable[[Case, R], RuleFindings]:
        JUDGES[kind] = function
        return function

    return register
