"""The rules: one function for each check a pack may name, from a case to what is said of it over time."""

from caretrail.findings.rules import (  # each registers its functions
    admission,
    assessment,
    authorization,
    care,
    intensity,
    plan,
    referral,
    reviews,
    signatures,
    staff,
    stay,
)
from caretrail.findings.rules.registry import JUDGES

__all__ = [
    "JUDGES", "admission", "assessment", "authorization", "care", "intensity", "plan", "referral", "reviews",
    "signatures", "staff", "stay",
]  # fmt: skip
