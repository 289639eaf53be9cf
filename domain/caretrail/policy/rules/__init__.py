"""The rules a pack may state: one class for each thing that can be checked, judged in `caretrail.findings.rules`."""

from caretrail.policy.rules import admission, plan, staff, stay, treatment  # each registers its classes
from caretrail.policy.rules.base import KINDS, AnyRule, Rule

__all__ = ["KINDS", "AnyRule", "Rule", "admission", "plan", "staff", "stay", "treatment"]
