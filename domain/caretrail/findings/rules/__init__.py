"""The rules: one function for each check a pack may name, from a case to what is said of it over time."""

from caretrail.findings.rules import (
    admission,
    assessment,
    authorization,
    care,
    ending,
    intensity,
    plan,
    referral,
    reviews,
    signatures,
    staff,
    staying,
)  # fmt: skip  # each registers its functions
from caretrail.findings.rules.registry import JUDGES

__all__ = [
    "JUDGES", "admission", "assessment", "authorization", "care", "ending", "intensity", "plan", "referral", "reviews",
    "signatures", "staff", "staying",
]  # fmt: skip
