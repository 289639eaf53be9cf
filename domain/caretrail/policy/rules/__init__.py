"""The rules a pack may state: one class for each thing that can be checked, judged in `caretrail.findings.rules`."""

from caretrail.policy.rules import (  # each registers its classes
    admission,
    duties,
    plan,
    record,
    services,
    staff,
    stay,
    treatment,
)
from caretrail.policy.rules.base import KINDS, AnyRule, Rule

__all__ = [
    "KINDS",
    "AnyRule",
    "Rule",
    "admission",
    "duties",
    "plan",
    "record",
    "services",
    "staff",
    "stay",
    "treatment",
]
