"""The effective history: what counts of an episode's facts once corrections and voids are applied.

The original of every fact stays readable in its `Entry`; `Effective` is the fact as it counts. The order is clinical:
day, then rank, then start time, then position in the log. It never rests on a clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import ValidationError

from caretrail.errors import InvalidFact
from caretrail.facts import (
    Addendum,
    Admitted,
    Assessed,
    Corrected,
    Discharged,
    Fact,
    FactBase,
    SessionAttended,
    SessionMissed,
    Signed,
    Transferred,
    Voided,
)
from caretrail.facts.codec import invalid_fact, kind_of, read_fact

RANKS: dict[type[FactBase], int] = {Assessed: 0, Admitted: 1, Transferred: 3, Discharged: 4}
"""Order within one day; every other fact has rank 2."""

AMENDMENTS: frozenset[type[FactBase]] = frozenset({Corrected, Voided, Addendum})
"""Facts that act on an earlier one and do not themselves stand in the effective history."""

ACTS_ON_TARGET: frozenset[type[FactBase]] = AMENDMENTS | {Signed}

ENVELOPE_FIXED = frozenset(
    {"type", "episode", "actor", "command_id", "source", "expected_version", "entered_at", "late_reason", "target"}
)
"""What a correction cannot touch: who said it, where it belongs, how it came, what it acts on."""


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact as the store holds it: read only when somebody asks what it says."""

    name: str
    payload: bytes


class Entry:
    """A fact as recorded. Its `fact` may still be unread; its `kind` is known without reading it.

    Asking for the fact raises StoreNewer or StoreDamaged if the stored one cannot be read.
    """

    __slots__ = (
        "_fact", "_stored", "command_id", "imported", "kind",
        "position", "recorded_at", "recorded_by", "source", "version",
    )  # fmt: skip

    def __init__(
        self,
        version: int,
        position: int,
        fact: Fact | StoredFact,
        recorded_at: datetime,
        recorded_by: str,
        imported: bool = False,
        source: str = "",
        command_id: str = "",
    ) -> None:
        self.version = version
        self.position = position
        self.recorded_at = recorded_at
        self.recorded_by = recorded_by
        self.imported = imported
        self.source = source
        self.command_id = command_id
        self._stored: StoredFact | None = fact if isinstance(fact, StoredFact) else None
        self._fact: Fact | None = None if isinstance(fact, StoredFact) else fact
        self.kind = kind_of(fact.name) if isinstance(fact, StoredFact) else type(fact)

    @property
    def fact(self) -> Fact:
        """What was recorded."""
        return self.decode() if self._fact is None else self._fact

    def decode(self) -> Fact:
        """Read the stored fact and keep it. Raises StoreNewer or StoreDamaged."""
        if self._fact is None:
            assert self._stored is not None  # noqa: S101  # one of the two is always there
            self._fact = read_fact(self._stored.name, self._stored.payload)
        return self._fact

    def confirm(self, stored: StoredFact, position: int, recorded_at: datetime, recorded_by: str) -> None:
        """Add to a fact just saved what the store says about it."""
        self._stored, self.position, self.recorded_at, self.recorded_by = stored, position, recorded_at, recorded_by

    def unload(self) -> None:
        """Give back the memory of the decoded fact; the stored one can be decoded again."""
        if self._stored is not None:
            self._fact = None


@dataclass(frozen=True, slots=True)
class Effective:
    """A fact as it counts: with the corrections that act on it applied."""

    fact: Fact
    entry: Entry
    corrected_by: tuple[int, ...] = ()

    @property
    def version(self) -> int:
        """The version of the original fact."""
        return self.entry.version

    @property
    def day(self) -> date:
        """The civil day on which it happened, as corrected."""
        return self.fact.occurred_on


@dataclass(slots=True)
class Amendments:
    """What acts on what in one episode: computed once, read by the timeline and by the effective history."""

    voided_by: dict[int, int] = field(default_factory=dict[int, int])
    """version → version of the effective void that strikes it (or its document)."""
    corrections: dict[int, list[Entry]] = field(default_factory=dict[int, list[Entry]])
    """version of an original → effective corrections, oldest first."""
    addenda: dict[int, list[Entry]] = field(default_factory=dict[int, list[Entry]])


def amendments(entries: Sequence[Entry]) -> Amendments:
    """Work out which facts are struck, corrected or added to.

    A target is always an earlier version, so reading from the newest to the oldest meets each void before its
    target: a void that is itself struck does nothing.
    """
    found = Amendments()
    acting = [entry for entry in entries if entry.kind in ACTS_ON_TARGET]
    voided = found.voided_by
    for entry in reversed(acting):
        if isinstance(entry.fact, Voided) and entry.version not in voided:
            voided.setdefault(entry.fact.target, entry.version)
    for entry in acting:
        fact = entry.fact
        # a document that is struck takes its later signatures and addenda with it
        if isinstance(fact, Signed | Addendum) and fact.target in voided and entry.version not in voided:
            voided[entry.version] = voided[fact.target]
        if entry.version in voided:
            continue
        if isinstance(fact, Corrected):
            found.corrections.setdefault(fact.target, []).append(entry)
        elif isinstance(fact, Addendum):
            found.addenda.setdefault(fact.target, []).append(entry)
    return found


def effective_history(entries: Sequence[Entry]) -> list[Effective]:
    """Facts with corrections and voids applied, in clinical order; amendments themselves are not among them."""
    acting = amendments(entries)
    voided, corrections = acting.voided_by, acting.corrections
    history: list[Effective] = []
    for entry in entries:
        if entry.kind in AMENDMENTS or entry.version in voided:
            continue
        if entry.version in corrections:
            applied = corrections[entry.version]
            fact = corrected_fact(entry.fact, [c.fact for c in applied if isinstance(c.fact, Corrected)])
            history.append(Effective(fact, entry, tuple(c.version for c in applied)))
        else:
            history.append(Effective(entry.fact, entry))
    history.sort(key=clinical_order)
    return history


def clinical_order(item: Effective) -> tuple[date, int, str, int, int]:
    """The key an effective history is sorted by."""
    fact = item.fact
    kind = type(fact)
    start: str | None = None
    if kind is SessionAttended or kind is SessionMissed or kind is Assessed:  # by type, which is faster than isinstance
        start = getattr(fact, "at" if kind is Assessed else "start")
    # a fact that is being decided has no position yet: it comes last
    return fact.occurred_on, RANKS.get(kind, 2), start or "00:00", item.entry.position or 2**63, item.entry.version


def corrected_fact(fact: Fact, corrections: Iterable[Corrected]) -> Fact:
    """Apply corrections in the order of their recording: the latest wins per top-level field, null clears a field.

    Raises InvalidFact when a field cannot be corrected or the outcome is not a valid fact.
    """
    values: dict[str, object] = {}
    for correction in corrections:
        values.update(correction.values)
    fixed = ENVELOPE_FIXED & values.keys()
    if fixed:
        raise InvalidFact(
            f"values: {', '.join(sorted(fixed))} cannot be corrected",
            "void the fact with reason entered_in_error and record it again",
        )
    payload = fact.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name, value in values.items():
        if value is None:
            payload.pop(name, None)
        else:
            payload[name] = value
    try:
        return type(fact).model_validate_json(json.dumps(payload))
    except ValidationError as error:
        raise invalid_fact(error) from None
