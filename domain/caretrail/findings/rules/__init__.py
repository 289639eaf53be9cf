"""The rules: one function for each check a pack may name; importing this package registers them all."""

from caretrail.findings.rules import (  # each registers its judges
    admission,
    assessment,
    authorization,
    care,
    determinations,
    duties,
    ending,
    groups,
    intensity,
    plan,
    record,
    referral,
    reviews,
    services,
    signatures,
    staff,
    stay,
)

__all__ = [
    "admission", "assessment", "authorization", "care", "determinations", "duties", "ending", "groups", "intensity",
    "plan", "record", "referral", "reviews", "services", "signatures", "staff", "stay",
]  # fmt: skip
