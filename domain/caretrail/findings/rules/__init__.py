"""The rules: one function for each check a pack may name; importing this package registers them all."""

from caretrail.findings.rules import (  # noqa: F401  # each registers its judges
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
