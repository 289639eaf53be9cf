"""Findings: the verdict of one rule over a stretch of days, with its reasons; and eligibility over days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from caretrail.days import FOREVER
from caretrail.named import maker
from caretrail.tokens import Verdict as Verdict  # the type of a ruling's first field

RANK: dict[str, int] = {
    verdict: rank
    for rank, verdict in enumerate(
        ("not_applicable", "met", "breached", "info", "unknown", "due_soon", "due_today", "violation", "not_met",
         "overdue")
    )
}  # fmt: skip
"""How bad a verdict is: the highest is the worst."""

QUIET_VERDICTS: frozenset[str] = frozenset({"met", "not_applicable", "breached"})
"""Verdicts that ask for nothing: no list shows them unless it shows all."""

RUN = " and since"
"""The end of the subject of a run of weeks, one after another, without any session."""


class Outcome(NamedTuple):
    """One of the two verdicts between which a doubt decides."""

    verdict: Verdict
    due_on: date | None


class Doubt(NamedTuple):
    """Documents of which it cannot be told whether they count, with the verdict if they do and if they do not.

    `documents` are versions of events in the judged stream.
    """

    documents: tuple[int, ...]
    if_counts: Outcome
    if_not: Outcome


class Ruling(NamedTuple):
    """A rule's verdict from some day on, with its reasons.

    `arithmetic` is a complete sentence of days and numbers that never mentions today. `evidence` lists the versions of
    events in the judged stream: an episode's, or a program's own. `due_on` is the last day on which the duty is met on
    time. `cause` is a short stable word for the problem (for example `signature_missing`). `owner` is the opaque id of
    the person who can clear it. `anchor` is the day from which the duty runs, if that is not the first day of the
    ruling. `signer` owes a signature: a person, or a kind of signer the pack names. `doubt` says what the verdict rests
    on where documents may or may not count.
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
    doubt: Doubt | None = None

    def owned_by(self, owner: str | None) -> Ruling:
        """The same ruling with an owner; `_replace` takes five times as long."""
        verdict, message, arithmetic, evidence, due_on, cause, _, anchor, signer, doubt = self
        return _ruling((verdict, message, arithmetic, evidence, due_on, cause, owner, anchor, signer, doubt))


_ruling = maker(Ruling)


def unknown(message: str, cause: str, evidence: tuple[int, ...] = (), anchor: date | None = None) -> Ruling:
    """A ruling for what the events do not state."""
    return Ruling("unknown", message, "", evidence, None, cause, None, anchor)


def violation(
    message: str, cause: str, evidence: tuple[int, ...] = (), arithmetic: str = "", anchor: date | None = None
) -> Ruling:
    """A ruling for what contradicts the rule."""
    return Ruling("violation", message, arithmetic, evidence, None, cause, None, anchor)


NO_ASSESSMENT = unknown("no assessment recorded", "assessment_missing")
"""The ruling of rules about assessments while there is none."""


class Finding(NamedTuple):
    """A ruling of one rule on one subject, for the days from `start` until the day before `until`.

    `pack` names the version of the rules that judged; with `rule` it refers to the citation. `explained` findings have
    an explanation. `quiet` ones ask for nothing: explained, and no deadline, or in doubt between kept and late.
    """

    rule: str
    pack: str
    subject: str
    start: date
    until: date | None
    quiet: bool
    explained: bool
    ruling: Ruling

    @property
    def verdict(self) -> Verdict:
        """The verdict of the ruling."""
        return self.ruling.verdict

    @property
    def message(self) -> str:
        """The finding in words."""
        return self.ruling.message

    @property
    def arithmetic(self) -> str:
        """Its days and numbers, as a sentence."""
        return self.ruling.arithmetic

    @property
    def evidence(self) -> tuple[int, ...]:
        """Versions of the events that support it."""
        return self.ruling.evidence

    @property
    def due_on(self) -> date | None:
        """The last day on which the duty is met on time."""
        return self.ruling.due_on

    @property
    def cause(self) -> str:
        """A short stable word for the problem."""
        return self.ruling.cause

    @property
    def owner(self) -> str | None:
        """The id of the person who can clear it."""
        return self.ruling.owner

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER

    def holds(self, day: date) -> bool:
        """Whether the finding is in force on that day."""
        return self.start <= day and (self.until is None or day < self.until)

    def days_overdue(self, day: date) -> int:
        """Whole days past `due_on` on that day: 0 while not overdue, constant once the stay has ended."""
        ruling = self.ruling
        if ruling.due_on is None or ruling.verdict not in ("overdue", "not_met"):
            return 0
        counted = min(day, self.start) if ruling.verdict == "not_met" else day
        return max(0, (counted - ruling.due_on).days)


FINDING_FIELDS = (*(name for name in Finding._fields if name != "ruling"), *Ruling._fields)
"""Every field of a finding and its ruling; the columns of the tables and the names in JSON follow from these."""


def finding_values(finding: Finding) -> dict[str, Any]:
    """The values of a finding by FINDING_FIELDS."""
    values = {**finding._asdict(), **finding.ruling._asdict()}
    del values["ruling"]
    return values


def finding_of(values: Mapping[str, Any]) -> Finding:
    """Make a finding from values by FINDING_FIELDS."""
    ruling = Ruling._make([values[name] for name in Ruling._fields])
    return Finding._make([ruling if name == "ruling" else values[name] for name in Finding._fields])


class Eligibility(NamedTuple):
    """The answer to "is continued stay supported?" for the days from `start` until the day before `until`.

    `basis` names the support of the answer; `holds_through` is the last day of that support.
    """

    start: date
    until: date | None
    verdict: Literal["eligible", "not_eligible", "unknown", "not_applicable"]
    basis: Literal["admission", "determination", "none"] = "none"
    holds_through: date | None = None
    reasons: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER
