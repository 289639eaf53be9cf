"""The result of a verification: discrepancies, each with its position and the kind of tampering it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from caretrail.evidence.checks.check import Check, all_hold
from caretrail.plain import as_json


class Tampering(StrEnum):
    """What a discrepancy looks like. A guess from traces, certain only where a trace is exact.

    `seems` says it in plain words.
    """

    seems: str

    def __new__(cls, value: str, seems: str) -> Self:
        """Make the member `value`."""
        member = str.__new__(cls, value)
        member._value_, member.seems = value, seems
        return member

    EDITED = "edited", "a stored event was edited: its content, time, author or another column"
    DELETED = "deleted", "an event was deleted"
    INSERTED = "inserted", "an event was inserted"
    REORDERED = "reordered", "events were put in another order"
    BACK_DATED = "back_dated", "a time was altered: it is not later than that of the event before"
    TRUNCATED = "truncated", "the end of the log was cut off"
    RESTORED = "restored", "the end of the log is gone: it was cut off, or an older backup was restored"
    FORKED = "forked", "the end of the log was replaced: an older backup was restored and the log went on from there"
    REWRITTEN = "rewritten", "the whole history was rewritten, from its beginning"
    ALTERED = (
        "altered",
        "events were edited, inserted, removed, reordered or back-dated here, or the log went on from an older backup; "
        "what is derived from them was made to fit",
    )
    UNREADABLE = "unreadable", "the database cannot read a stored event: a damaged page or file"
    TILES = "tiles", "the stored tiles of the ledger do not match the log"
    RECEIPT = "receipt", "a receipt names an event this log does not have"
    CHECKPOINT = "checkpoint", "a checkpoint cannot be trusted"
    ARCHIVED = "archived", "archived accesses are not those that were archived: a file, what stayed here, or its tiles"
    OTHER_LOG = "other_log", "a checkpoint is of another log, or the mark of this store was replaced"


FREEZE = (
    "stop all writers, keep the database, its backups and all checkpoints unchanged, and do not sign again: see "
    "'When verify finds something' in docs/how-to/auditors.md"
)
HINTS = {
    Tampering.TILES: "the events themselves are valid; 'caretrail projection tiles' makes them again, those of "
    "archived accesses from their files",
    Tampering.UNREADABLE: "check the disk and the server's log; restore a backup beside it, verify that, and compare",
    Tampering.CHECKPOINT: "get the checkpoint again from where it was sent first",
    Tampering.OTHER_LOG: "use the checkpoints of this store; if they are, " + FREEZE,
}
"""What to do, where it is not to freeze everything."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is wrong; `first` and `last` bound the positions where it can be, if known."""

    tampering: Tampering
    evidence: str
    """The observation in a sentence: numbers and file names only, no value of an event."""
    first: int | None = None
    last: int | None = None

    @property
    def exact(self) -> bool:
        """Whether the position where it begins is known."""
        return self.first is not None and self.last in (None, self.first)

    @property
    def hint(self) -> str:
        """What to do."""
        return HINTS.get(self.tampering, FREEZE)

    @property
    def where(self) -> str:
        """The positions, in words; empty if there are none."""
        if self.first is None:
            return ""
        return f"position {self.first}" if self.exact else f"positions {self.first} to {self.last}"

    def as_json(self) -> dict[str, object]:
        """The discrepancy as JSON."""
        return {**as_json(self), "seems": self.tampering.seems, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class LogVerification:
    """The result for one log up to `size`, its last position when the verification began."""

    origin: str
    size: int
    root: bytes | None
    """The root over all of it; None if its rows do not make a tree."""
    streams: int
    checkpoints: int
    """Signed checkpoints that hold for this log."""
    covered: int
    """Up to this position the log is the one that was signed."""
    receipts: int
    """Receipts that hold."""
    tiles: int
    """Stored tiles that are those of the log."""
    discrepancies: tuple[Discrepancy, ...]
    notes: tuple[str, ...]
    """What could not be checked, or is odd without being wrong."""

    def as_json(self) -> dict[str, object]:
        """The result as JSON."""
        return {
            "ok": not self.discrepancies,
            **as_json(self),
            "discrepancies": [found.as_json() for found in self.discrepancies],
        }


@dataclass(frozen=True, slots=True)
class Verification(LogVerification):
    """The result for the events, and with `accesses` for the other log."""

    accesses: LogVerification
    checks: tuple[Check, ...] = ()
    """What answers rest on beside the rows of the logs."""

    @property
    def all_discrepancies(self) -> tuple[Discrepancy, ...]:
        """What was found in either log, the events first."""
        return self.discrepancies + self.accesses.discrepancies

    @property
    def ok(self) -> bool:
        """Whether nothing was found in either log, nor beside them."""
        return not self.all_discrepancies and all_hold(self.checks)

    @property
    def unreadable(self) -> bool:
        """Whether the store itself could not be read, and nothing else was found."""
        found = self.all_discrepancies
        return bool(found) and all(one.tampering is Tampering.UNREADABLE for one in found)

    @property
    def first_bad(self) -> int | None:
        """The first position of the events where something can be wrong."""
        return self.discrepancies[0].first if self.discrepancies else None

    def as_json(self) -> dict[str, object]:
        """The verification as JSON."""
        return {
            "ok": self.ok,
            "first_bad": self.first_bad,
            "tampering": self.discrepancies[0].tampering if self.discrepancies else None,
            **as_json(self),
            "discrepancies": [found.as_json() for found in self.discrepancies],
            "accesses": self.accesses.as_json(),
        }
