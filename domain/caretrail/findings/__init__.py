"""What the rules say of an episode: findings and eligibility, as pure functions of the facts."""

from caretrail.findings.engine import Judged, eligibility, eligibility_on, findings, held_on, judge
from caretrail.findings.finding import QUIET_VERDICTS, Eligibility, Finding, Verdict

__all__ = [
    "QUIET_VERDICTS",
    "Eligibility",
    "Finding",
    "Judged",
    "Verdict",
    "eligibility",
    "eligibility_on",
    "findings",
    "held_on",
    "judge",
]
