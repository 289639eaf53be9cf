"""What the rules say of an episode: findings and eligibility, as pure functions of the events.

The values alone are handed on here: they load nothing, so that a list can be read without the rules.
"""

from caretrail.findings.finding import (
    FINDING_FIELDS,
    QUIET_VERDICTS,
    RANK,
    Doubt,
    Eligibility,
    Finding,
    Outcome,
    Ruling,
    Verdict,
    finding_of,
    finding_values,
)

__all__ = [
    "FINDING_FIELDS", "QUIET_VERDICTS", "RANK", "Doubt", "Eligibility", "Finding", "Outcome", "Ruling", "Verdict",
    "finding_of", "finding_values",
]  # fmt: skip
