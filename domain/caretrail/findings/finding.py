"""A finding: what a rule says of an episode over a stretch of days, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Verdict = Literal[
    "met", "not_applicable", "unknown", "due_soon", "due_today", "overdue", "violation", "info", "not_met"
]
QUIET_VERDICTS: frozenset[str] = frozenset({"met", "not_applicable"})


class Finding(NamedTuple):
    """One verdict of one rule on one subject, for the days from `start` until the day before `until`.

    `due_on` is the last day on which the duty is met on time. `evidence` holds versions of facts in the episode.
    `arithmetic` is a complete sentence of days and numbers that never mentions today. `owner` is the opaque id of
    who can clear it. `cause` is a short stable word for what is wrong (for example `signature_missing`). `pack` names
    the version of the rules that judged.
    A named tuple, because judging an episode makes a hundred of them.
    """

    rule: str
    subject: str
    verdict: Verdict
    start: date
    until: date | None
    due_on: date | None = None
    message: str = ""
    arithmetic: str = ""
    evidence: tuple[int, ...] = ()
    owner: str | None = None
    cause: str = ""
    quiet: bool = False
    pack: str = ""

    def holds(self, day: date) -> bool:
        """Whether the finding is in force on that day."""
        return self.start <= day and (self.until is None or day < self.until)

    def days_overdue(self, day: date) -> int:
        """Whole days past `due_on` on that day; 0 while not overdue, and no longer growing once the stay has ended."""
        if self.due_on is None or self.verdict not in ("overdue", "not_met"):
            return 0
        counted = min(day, self.start) if self.verdict == "not_met" else day
        return max(0, (counted - self.due_on).days)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether continued stay is supported, for the days from `start` until the day before `until`.

    `basis` says what the answer rests on (admission, determination, or none); `holds_through` is the last day
    for which that basis holds.
    """

    verdict: Literal["eligible", "not_eligible", "unknown", "not_applicable"]
    start: date
    until: date | None
    basis: Literal["admission", "determination", "none"]
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]
