"""What a verification finds: problems, each with where it begins and what kind of tampering it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a problem looks like. A guess from traces: what was done can be certain only where a trace is exact."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    BACK_DATED = "back_dated"
    TRUNCATED = "truncated"
    RESTORED = "restored"
    FORKED = "forked"
    REWRITTEN = "rewritten"
    ALTERED = "altered"
    UNREADABLE = "unreadable"
    TILES = "tiles"
    RECEIPT = "receipt"
    CHECKPOINT = "checkpoint"
    OTHER_LOG = "other_log"


SEEMS = {
    Kind.EDITED: "a stored fact was edited: its content, time, author or another column",
    Kind.DELETED: "a fact was deleted",
    Kind.INSERTED: "a fact was inserted",
    Kind.REORDERED: "facts were put in another order",
    Kind.BACK_DATED: "a time was altered: it is not later than that of the fact before",
    Kind.TRUNCATED: "the end of the log was cut off",
    Kind.RESTORED: "the end of the log is gone: it was cut off, or an older backup was restored",
    Kind.FORKED: "the end of the log was replaced: an older backup was restored and the log went on from there",
    Kind.REWRITTEN: "the whole history was rewritten, from its beginning",
    Kind.ALTERED: "facts were edited, inserted, removed, reordered or back-dated here, or the log went on from an "
    "older backup; what is derived from them was made to fit",
    Kind.UNREADABLE: "the database cannot read a stored fact: a damaged page or file",
    Kind.TILES: "the stored tiles of the ledger are not those of the log",
    Kind.RECEIPT: "a receipt is of a fact that this log does not hold",
    Kind.CHECKPOINT: "a checkpoint cannot be trusted",
    Kind.OTHER_LOG: "a checkpoint is of another log, or the mark of this store was replaced",
}
"""In plain words."""

FREEZE = (
    "stop what writes, keep the database, its backups and all checkpoints as they are, and never sign over it: see "
    "'When verify finds something' in docs/how-to/auditors.md"
)
HINTS = {
    Kind.TILES: "the facts themselves hold; 'caretrail projection rebuild' makes the tiles again",
    Kind.UNREADABLE: "look at the disk and the server's log; restore a backup beside it, verify that, and compare",
    Kind.CHECKPOINT: "get the checkpoint again from where it was sent first",
    Kind.OTHER_LOG: "use the checkpoints of this store; if they are, " + FREEZE,
}
"""What to do, where it is not to freeze everything."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it must be; `first` and `last` bound the positions where it can be, if any do."""

    kind: Kind
    evidence: str
    """What was seen, in a sentence: numbers and names of files only, nothing of a fact."""
    first: int | None = None
    last: int | None = None

    @property
    def seems(self) -> str:
        """What it looks like."""
        return SEEMS[self.kind]

    @property
    def hint(self) -> str:
        """What to do."""
        return HINTS.get(self.kind, FREEZE)

    @property
    def where(self) -> str:
        """The positions, in words; empty if there are none."""
        if self.first is None:
            return ""
        return f"position {self.first}" if self.last in (None, self.first) else f"positions {self.first} to {self.last}"

    def as_json(self) -> dict[str, object]:
        """The problem as JSON."""
        return {
            "kind": self.kind, "first": self.first, "last": self.last, "seems": self.seems,
            "evidence": self.evidence, "hint": self.hint,
        }  # fmt: skip  # in their published order


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of the log up to `facts`, the position it had when the verification began."""

    origin: str
    facts: int
    root: bytes | None
    """The root over all these facts; None if they do not make a tree."""
    streams: int
    checkpoints: int
    """Signed checkpoints that hold for this log."""
    covered: int
    """Up to this position the log is the one that was signed."""
    receipts: int
    """Receipts that hold."""
    tiles: int
    """Stored tiles that are those of the log."""
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    """What could not be known, or is odd without being wrong."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    @property
    def unreadable(self) -> bool:
        """Whether the store itself could not be read, and nothing else was found."""
        return bool(self.problems) and all(problem.kind is Kind.UNREADABLE for problem in self.problems)

    @property
    def first_bad(self) -> int | None:
        """The first position where something can be wrong."""
        return self.problems[0].first if self.problems else None

    def as_json(self) -> dict[str, object]:
        """The verdict as JSON."""
        return {
            "ok": self.ok, "origin": self.origin, "facts": self.facts, "root": self.root.hex() if self.root else None,
            "streams": self.streams, "checkpoints": self.checkpoints, "covered": self.covered,
            "receipts": self.receipts, "tiles": self.tiles, "first_bad": self.first_bad,
            "looks_like": self.problems[0].kind if self.problems else None,
            "problems": [problem.as_json() for problem in self.problems], "notes": list(self.notes),
        }  # fmt: skip  # in their published order
