"""A finding: what a rule says of an episode over a stretch of days, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from caretrail.days import FOREVER

Verdict = Literal[
    "met", "not_applicable", "unknown", "due_soon", "due_today", "overdue", "violation", "info", "not_met"
]
QUIET_VERDICTS: frozenset[str] = frozenset({"met", "not_applicable"})


class Ruling(NamedTuple):
    """What a rule says, from some day on.

    `arithmetic` is a complete sentence of days and numbers that never mentions today. `evidence` holds versions of
    events of the stream that is judged: an episode's, or a program's own. `due_on` is the last day on which the duty is
    met on time. `cause` is a short stable word for what is wrong (for example `signature_missing`). `owner` is the
    opaque id of who can clear it. `anchor` is the day the duty hangs on, if not the first day the ruling holds.
    `signer` is who owes a signature: a person, or a kind of signer the pack names.
    """

    verdict: Verdict
    message: str
    arithmetic: str = ""
    evidence: tuple[int, ...] = ()
    due_on: date | None = None
    cause: str = ""
    owner: str | None = None
    anchor: date | None = None
    signer: str | None = None


class Finding(NamedTuple):
    """A ruling of one rule on one subject, for the days from `start` until the day before `until`.

    `pack` names the version of the rules that judged; with `rule` it is the reference of the citation. `quiet` means
    explained.
    """

    rule: str
    pack: str
    subject: str
    start: date
    until: date | None
    quiet: bool
    ruling: Ruling

    @property
    def verdict(self) -> Verdict:
        """What is found."""
        return self.ruling.verdict

    @property
    def message(self) -> str:
        """It in words."""
        return self.ruling.message

    @property
    def arithmetic(self) -> str:
        """The days and numbers behind it, as a sentence."""
        return self.ruling.arithmetic

    @property
    def evidence(self) -> tuple[int, ...]:
        """Versions of the events it rests on."""
        return self.ruling.evidence

    @property
    def due_on(self) -> date | None:
        """The last day on which the duty is met on time."""
        return self.ruling.due_on

    @property
    def cause(self) -> str:
        """A short stable word for what is wrong."""
        return self.ruling.cause

    @property
    def owner(self) -> str | None:
        """Who can clear it."""
        return self.ruling.owner

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER

    def holds(self, day: date) -> bool:
        """Whether the finding is in force on that day."""
        return self.start <= day and (self.until is None or day < self.until)

    def days_overdue(self, day: date) -> int:
        """Whole days past `due_on` on that day; 0 while not overdue, and no longer growing once the stay has ended."""
        ruling = self.ruling
        if ruling.due_on is None or ruling.verdict not in ("overdue", "not_met"):
            return 0
        counted = min(day, self.start) if ruling.verdict == "not_met" else day
        return max(0, (counted - ruling.due_on).days)


FINDING_FIELDS = (*(name for name in Finding._fields if name != "ruling"), *Ruling._fields)
"""Every field of a finding and of its ruling: columns of the tables and names in JSON follow from these."""


def finding_values(finding: Finding) -> dict[str, Any]:
    """A finding as one value for each of FINDING_FIELDS."""
    values = {**finding._asdict(), **finding.ruling._asdict()}
    del values["ruling"]
    return values


def finding_of(values: Mapping[str, Any]) -> Finding:
    """The finding with these values of FINDING_FIELDS."""
    ruling = Ruling._make([values[name] for name in Ruling._fields])
    return Finding._make([ruling if name == "ruling" else values[name] for name in Finding._fields])


class Eligibility(NamedTuple):
    """Whether continued stay is supported, for the days from `start` until the day before `until`.

    `basis` says what the answer rests on (admission, determination, or none); `holds_through` is the last day
    for which that basis holds.
    """

    start: date
    until: date | None
    verdict: Literal["eligible", "not_eligible", "unknown", "not_applicable"]
    basis: Literal["admission", "determination", "none"]
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER
