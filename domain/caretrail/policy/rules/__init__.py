"""The rules a pack may state: one class for each thing that can be checked."""

from caretrail.policy.rules.base import Rule
from caretrail.policy.rules.kinds import KINDS, AnyRule

__all__ = ["KINDS", "AnyRule", "Rule"]
