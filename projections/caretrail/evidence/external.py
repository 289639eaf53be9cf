"""External evidence, kept outside the database: signed checkpoints, the keys that check them, and receipts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cryptography.x509 import Certificate

from caretrail.errors import CaretrailError
from caretrail.evidence.packet.verify import key_point
from caretrail.evidence.result import Discrepancy, Tampering
from caretrail.evidence.time_stamp import TimeStamp, TimeStampRefused, check, stamp_path
from caretrail.files import NotRegular, TooLong, regular_bytes
from caretrail.ledger.checkpoint import Checkpoint, NamedCheckpoints, origin_of_accesses, read_checkpoint
from caretrail.ledger.cosignature import Cosignature, cosignatures
from caretrail.ledger.note import (
    MOST_BYTES,
    BadKey,
    BadNote,
    NoteRefused,
    OtherLog,
    VerifyingKey,
    note_text,
    open_note,
    split_notes,
)
from caretrail.log.records import NOUNS, Log
from caretrail.text import plural

SUFFIX = ".checkpoint"
_NEVER = 2**63
_HASH = re.compile("[0-9a-f]{64}")
MOST_NAMED = 2_000
"""Checkpoints that a packet is joined to, each by at most 64 hashes."""
MOST_LINE = 10_000
"""Characters of a line of receipts; ours have about 200."""


class ExternalUnreadable(CaretrailError):
    """A file of checkpoints or receipts cannot be read."""

    code = "external_unreadable"


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint as it was kept: in which file, which of the given keys signed it, and which of the witnesses."""

    file: str
    checkpoint: Checkpoint
    signers: tuple[VerifyingKey, ...]
    cosigned: tuple[Cosignature, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalEvidence:
    """Everything a store is compared with; `discrepancies` are faults of this evidence itself.

    `checkpoints` are of the events, `accesses` of the other log. `receipts` are leaves of events by position.
    """

    checkpoints: tuple[KeptCheckpoint, ...] = ()
    receipts: dict[int, bytes] = field(default_factory=dict[int, bytes])
    discrepancies: tuple[Discrepancy, ...] = ()
    notes: tuple[str, ...] = ()
    accesses: tuple[KeptCheckpoint, ...] = ()

    def of(self, log: Log) -> ExternalEvidence:
        """The part that is about one log; what is about the evidence itself stays with the events."""
        return self if log is Log.EVENTS else ExternalEvidence(self.accesses)


# --- checkpoints ----------------------------------------------------------------------------------------------------


def checkpoint_files(given: Iterable[Path]) -> list[Path]:
    """The files named, and those ending in `.checkpoint` of the folders named. Raises ExternalUnreadable."""
    found: list[Path] = []
    for place in given:
        try:
            files = sorted(path for path in place.iterdir() if path.suffix == SUFFIX) if place.is_dir() else [place]
        except OSError as error:
            raise _unreadable("a folder of checkpoints", error) from None
        if not files:
            raise ExternalUnreadable(
                f"there is no checkpoint in that folder: no file ending in {SUFFIX}",
                "if there were some, somebody took them away: get them again from where else they were sent",
            )
        found += files
    return found


def read_checkpoints(
    files: Sequence[Path], keys: Sequence[VerifyingKey], origin: str, witnesses: Sequence[VerifyingKey] = ()
) -> ExternalEvidence:
    """Read the checkpoints of both logs of a store, `origin` being that of its events.

    A file may hold several notes. With keys, only what one of them signed counts. Each of the `witnesses` must have
    cosigned some checkpoint of each log, and the notes say through where. Raises ExternalUnreadable, and BadKey for a
    key outside of the group of prime order: verifiers disagree about what it signed.
    """
    if any(key_point(key.public) is None for key in (*keys, *witnesses)):
        raise BadKey("a public key is unsafe: it is not in the group of prime order, as no honest key can be")
    kept: dict[Log, list[KeptCheckpoint]] = {log: [] for log in Log}
    wrong: list[Discrepancy] = []
    for path in files:
        try:
            for note in split_notes(regular_bytes(path, MOST_BYTES).decode("utf-8", "strict")) or [""]:
                try:
                    log, checkpoint = _kept(note, path.name, keys, origin, witnesses)
                    kept[log].append(checkpoint)
                except NoteRefused as refusal:
                    tampering = Tampering.OTHER_LOG if isinstance(refusal, OtherLog) else Tampering.CHECKPOINT
                    wrong.append(Discrepancy(tampering, f"{path.name}: {refusal.message}"))
        except UnicodeDecodeError:
            wrong.append(Discrepancy(Tampering.CHECKPOINT, f"{path.name}: this is not a signed note"))
        except OSError as error:
            raise _unreadable(path.name, error) from None
    kept[Log.EVENTS] += _heads(kept, origin)
    good: dict[Log, tuple[KeptCheckpoint, ...]] = {}
    for log in Log:
        held, retired = _without_retired(kept[log], keys)
        good[log] = tuple(held)
        wrong += [*retired, *_contradictions(held)]
    wrong += _not_cosigned(good, witnesses)
    events = good[Log.EVENTS]
    notes = () if keys or not events else ("no --key was given, so no signature of the log was verified",)
    said = (*notes, *_unlinked(events, keys), *_cosigned(good, witnesses))
    return ExternalEvidence(events, {}, tuple(wrong), said, good[Log.ACCESSES])


def named_checkpoints(places: Sequence[Path], origin: str) -> NamedCheckpoints:
    """Read checkpoints that the recipient of a packet names, of the logs of an origin, from files and folders.

    Whether a key signed them is the recipient's to check. Raises ExternalUnreadable.
    """
    external = read_checkpoints(checkpoint_files(places), (), origin)
    if external.discrepancies:
        raise ExternalUnreadable(
            f"a checkpoint cannot be used: {external.discrepancies[0].evidence}",
            "ask the recipient for the files as they were given out",
        )
    found = {log: sorted({item.checkpoint for item in external.of(log).checkpoints}, key=_size) for log in Log}
    if sum(map(len, found.values())) > MOST_NAMED:
        raise ExternalUnreadable("these are too many checkpoints", f"name at most {MOST_NAMED}, such as the newest")
    return found


def _size(checkpoint: Checkpoint) -> int:
    return checkpoint.size


def _kept(
    note: str, file: str, keys: Sequence[VerifyingKey], origin: str, witnesses: Sequence[VerifyingKey]
) -> tuple[Log, KeptCheckpoint]:
    """Read one note: of which log it is, and its checkpoint. Raises NoteRefused."""
    accesses = note.startswith(f"{origin_of_accesses(origin)}\n")
    name = origin_of_accesses(origin) if accesses else origin
    trusted = [key.named(name) for key in keys] if accesses else keys
    text, signers = open_note(note, trusted) if keys else (note_text(note), [])
    checkpoint = read_checkpoint(text, name)
    if accesses and checkpoint.events is None:
        raise BadNote("the checkpoint of the accesses does not name the head of the events")
    by = tuple(key for key, named in zip(keys, trusted, strict=True) if named in signers)
    kept = KeptCheckpoint(file, checkpoint, by, tuple(cosignatures(note, witnesses)))
    return Log.ACCESSES if accesses else Log.EVENTS, kept


def _heads(kept: Mapping[Log, Sequence[KeptCheckpoint]], origin: str) -> list[KeptCheckpoint]:
    """The heads of the events that only checkpoints of accesses name: they are signed, too."""
    known = {item.checkpoint.head for item in kept[Log.EVENTS]}
    return [
        KeptCheckpoint(item.file, Checkpoint(origin, *item.checkpoint.events), item.signers)
        for item in kept[Log.ACCESSES]
        if item.checkpoint.events is not None and item.checkpoint.events not in known
    ]


def _without_retired(
    kept: list[KeptCheckpoint], keys: Sequence[VerifyingKey]
) -> tuple[list[KeptCheckpoint], list[Discrepancy]]:
    """Take out what a key signed alone after a later one of `keys` had taken over by signing together with it."""
    good: list[KeptCheckpoint] = []
    retired: list[Discrepancy] = []
    taken_over: dict[VerifyingKey, int] = {}
    for item in kept:
        places = sorted(keys.index(key) for key in item.signers)
        for place in places[:-1]:
            size = item.checkpoint.size
            taken_over[keys[place]] = min(size, taken_over.get(keys[place], size))
    for item in kept:
        if item.signers and all(item.checkpoint.size > taken_over.get(key, _NEVER) for key in item.signers):
            size = min(taken_over[key] for key in item.signers)
            evidence = f"{item.file}: signed by a key that was retired at size {size}"
            retired.append(Discrepancy(Tampering.CHECKPOINT, evidence))
        else:
            good.append(item)
    return good, retired


def _contradictions(kept: Iterable[KeptCheckpoint]) -> list[Discrepancy]:
    """Two checkpoints of one size must have one root."""
    found: list[Discrepancy] = []
    seen: dict[int, KeptCheckpoint] = {}
    for item in kept:
        first = seen.setdefault(item.checkpoint.size, item)
        if first.checkpoint.root != item.checkpoint.root:
            evidence = f"{first.file} and {item.file} have one size and two roots: two histories were signed"
            found.append(Discrepancy(Tampering.FORKED, evidence, 1, item.checkpoint.size))
    return found


def _unlinked(kept: Sequence[KeptCheckpoint], keys: Sequence[VerifyingKey]) -> list[str]:
    """Say which of the keys in use no earlier one vouches for."""
    used = [place for place, key in enumerate(keys) if any(key in item.signers for item in kept)]
    joint = {place for item in kept for place in sorted(keys.index(key) for key in item.signers)[1:]}
    return [
        f"no checkpoint is signed by key {keys[place].id.hex()} together with an earlier one: only your word joins them"
        for place in used[1:]
        if place not in joint
    ]


def _last_cosigned(kept: Iterable[KeptCheckpoint], witness: VerifyingKey) -> tuple[Checkpoint, Cosignature] | None:
    """The largest checkpoint that a witness cosigned, and how."""
    found = [(item.checkpoint, one) for item in kept for one in item.cosigned if one.witness == witness]
    return max(found, key=lambda pair: (pair[0].size, pair[1].at), default=None)


def _not_cosigned(
    kept: Mapping[Log, Sequence[KeptCheckpoint]], witnesses: Sequence[VerifyingKey]
) -> Iterator[Discrepancy]:
    for witness in witnesses:
        for log in Log:
            if _last_cosigned(kept[log], witness) is None:
                evidence = f"no checkpoint of the {NOUNS[log]} is cosigned by the witness {witness.name}"
                yield Discrepancy(Tampering.CHECKPOINT, evidence)


def _cosigned(kept: Mapping[Log, Sequence[KeptCheckpoint]], witnesses: Sequence[VerifyingKey]) -> Iterator[str]:
    for witness in witnesses:
        for log in Log:
            if last := _last_cosigned(kept[log], witness):
                checkpoint, cosignature = last
                noun = "event" if log is Log.EVENTS else "access"
                first = plural(checkpoint.size, noun, NOUNS[log])
                at = cosignature.at.strftime("%Y-%m-%d %H:%M UTC")
                yield f"the witness {witness.name} cosigned {first} ({at} by its clock)"


# --- time stamps ----------------------------------------------------------------------------------------------------


def stamped(files: Sequence[Path], roots: Sequence[Certificate] | None) -> ExternalEvidence:
    """What the time stamps beside checkpoints say; one that does not hold is a discrepancy.

    Without `roots` (None) they are only counted. With them, at least one file must be stamped. Raises
    ExternalUnreadable, TimeStampRefused.
    """
    pairs = [(path, stamp_path(path)) for path in files if stamp_path(path).exists()]
    if roots is None:
        were = "time stamp was" if len(pairs) == 1 else "time stamps were"
        note = f"{len(pairs)} {were} not verified: no --tsa-root was given"
        return ExternalEvidence(notes=(note,) if pairs else ())
    wrong: list[Discrepancy] = []
    good: list[tuple[TimeStamp, str]] = []
    for path, stamp in pairs:
        try:
            good.append((check(regular_bytes(stamp, MOST_BYTES), regular_bytes(path, MOST_BYTES), roots), path.name))
        except TimeStampRefused as refusal:
            if refusal.missing:
                raise
            wrong.append(Discrepancy(Tampering.CHECKPOINT, f"{stamp.name}: {refusal.message}"))
        except OSError:
            raise ExternalUnreadable(f"{stamp.name} cannot be read") from None
    if not pairs:
        wrong.append(Discrepancy(Tampering.CHECKPOINT, "no checkpoint has a time stamp beside it"))
    notes = tuple(f"{name} was there by {stamp}" for stamp, name in sorted(good, key=lambda one: one[0].at)[-1:])
    return ExternalEvidence(discrepancies=tuple(wrong), notes=notes)


# --- receipts -------------------------------------------------------------------------------------------------------


def read_receipts(path: Path) -> ExternalEvidence:
    """Read receipts as `append --json` prints them; its refusals are passed over. Raises ExternalUnreadable."""
    leaves: dict[int, bytes] = {}
    wrong: list[Discrepancy] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MOST_LINE), b""), start=1):
                receipt = _receipt(line, path.name, number)
                if receipt is not None and leaves.setdefault(*receipt) != receipt[1]:
                    evidence = f"{path.name}, line {number}: two receipts of one position, with two leaves"
                    wrong.append(Discrepancy(Tampering.FORKED, evidence, receipt[0]))
    except OSError as error:
        raise _unreadable(path.name, error) from None
    return ExternalEvidence((), leaves, tuple(wrong))


def _receipt(line: bytes, name: str, number: int) -> tuple[int, bytes] | None:
    """Position and leaf of a line; None for one that was refused, or is blank."""
    if not line.strip():
        return None
    found: Any = None
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
    if isinstance(found, dict):
        line_of = cast("Mapping[str, object]", found)
        if "error" in line_of:
            return None
        position, leaf = line_of.get("position"), line_of.get("leaf")
        if isinstance(position, int) and position > 0 and isinstance(leaf, str) and _HASH.fullmatch(leaf):
            return position, bytes.fromhex(leaf)
    raise ExternalUnreadable(
        f"{name}, line {number}: this is not a receipt", "keep what 'caretrail append --json' prints, as it is"
    )


def _unreadable(what: str, error: OSError) -> ExternalUnreadable:
    if isinstance(error, NotRegular):
        return ExternalUnreadable(f"{what}: this is not a file of bytes")
    if isinstance(error, TooLong):
        return ExternalUnreadable(f"{what}: it is too long for a checkpoint")
    return ExternalUnreadable(f"{what} cannot be read: {os.strerror(error.errno or 0)}")


def combine(parts: Sequence[ExternalEvidence]) -> ExternalEvidence:
    """All evidence in one."""
    receipts: dict[int, bytes] = {}
    wrong: list[Discrepancy] = []
    for part in parts:
        for position, leaf in part.receipts.items():
            if receipts.setdefault(position, leaf) != leaf:
                wrong.append(Discrepancy(Tampering.FORKED, "two files hold receipts of one position", position))
        wrong += part.discrepancies
    checkpoints = tuple(kept for part in parts for kept in part.checkpoints)
    accesses = tuple(kept for part in parts for kept in part.accesses)
    notes = tuple(note for part in parts for note in part.notes)
    return ExternalEvidence(checkpoints, receipts, tuple(wrong), notes, accesses)
