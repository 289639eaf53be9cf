"""What was kept outside the database: signed checkpoints, the keys they are checked by, and receipts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from caretrail.errors import CaretrailError
from caretrail.evidence.result import Kind, Problem
from caretrail.files import NotRegular, TooLong, regular_bytes
from caretrail.ledger.checkpoint import Checkpoint, read_checkpoint
from caretrail.ledger.note import MOST_BYTES, NoteRefused, OtherLog, VerifyingKey, note_text, open_note

SUFFIX = ".checkpoint"
_NEVER = 2**63
_HASH = re.compile("[0-9a-f]{64}")
MOST_LINE = 10_000
"""Characters of a line of receipts; ours have about 200."""


class WitnessUnreadable(CaretrailError):
    """A file of checkpoints or receipts cannot be read, so nothing can be checked by it."""

    code = "witness_unreadable"


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it was kept: in which file, and which of the given keys signed it."""

    file: str
    checkpoint: Checkpoint
    signers: tuple[VerifyingKey, ...]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Everything a log is held against; what is wrong with the witnesses themselves is among `problems`."""

    checkpoints: tuple[Kept, ...] = ()
    receipts: dict[int, bytes] = field(default_factory=dict[int, bytes])
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


# --- checkpoints ----------------------------------------------------------------------------------------------------


def checkpoint_files(given: Iterable[Path]) -> list[Path]:
    """The files named, and those ending in `.checkpoint` of the folders named. Raises WitnessUnreadable."""
    found: list[Path] = []
    for place in given:
        try:
            files = sorted(path for path in place.iterdir() if path.suffix == SUFFIX) if place.is_dir() else [place]
        except OSError as error:
            raise _unreadable("a folder of checkpoints", error) from None
        if not files:
            raise WitnessUnreadable(
                f"there is no checkpoint in that folder: no file ending in {SUFFIX}",
                "if there were some, somebody took them away: get them again from where else they were sent",
            )
        found += files
    return found


def read_checkpoints(files: Sequence[Path], keys: Sequence[VerifyingKey], origin: str) -> Witnesses:
    """Read checkpoints of a log; with keys, only what one of them signed counts. Raises WitnessUnreadable."""
    kept: list[Kept] = []
    problems: list[Problem] = []
    for path in files:
        try:
            note = regular_bytes(path, MOST_BYTES).decode("utf-8", "strict")
            kept.append(Kept(path.name, *_opened(note, keys, origin)))
        except UnicodeDecodeError:
            problems.append(Problem(Kind.CHECKPOINT, f"{path.name}: this is not a signed note"))
        except OtherLog as refusal:
            problems.append(Problem(Kind.OTHER_LOG, f"{path.name}: {refusal.message}"))
        except NoteRefused as refusal:
            problems.append(Problem(Kind.CHECKPOINT, f"{path.name}: {refusal.message}"))
        except OSError as error:
            raise _unreadable(path.name, error) from None
    good, retired = _without_retired(kept, keys)
    notes = () if keys or not kept else ("no --key was given, so nobody's signature was checked",)
    return Witnesses(tuple(good), {}, (*problems, *retired, *_contradictions(good)), (*notes, *_unlinked(good, keys)))


def _opened(note: str, keys: Sequence[VerifyingKey], origin: str) -> tuple[Checkpoint, tuple[VerifyingKey, ...]]:
    if not keys:
        return read_checkpoint(note_text(note), origin), ()
    text, signers = open_note(note, keys)
    return read_checkpoint(text, origin), tuple(signers)


def _without_retired(kept: list[Kept], keys: Sequence[VerifyingKey]) -> tuple[list[Kept], list[Problem]]:
    """Take out what a key signed alone after a later one of `keys` had taken over by signing together with it."""
    good: list[Kept] = []
    problems: list[Problem] = []
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
            problems.append(Problem(Kind.CHECKPOINT, evidence))
        else:
            good.append(item)
    return good, problems


def _contradictions(kept: Iterable[Kept]) -> list[Problem]:
    """Two checkpoints of one size must have one root."""
    problems: list[Problem] = []
    seen: dict[int, Kept] = {}
    for item in kept:
        first = seen.setdefault(item.checkpoint.size, item)
        if first.checkpoint.root != item.checkpoint.root:
            evidence = f"{first.file} and {item.file} have one size and two roots: two histories were signed"
            problems.append(Problem(Kind.FORKED, evidence, 1, item.checkpoint.size))
    return problems


def _unlinked(kept: Sequence[Kept], keys: Sequence[VerifyingKey]) -> list[str]:
    """Say which of the keys in use no earlier one vouches for."""
    used = [place for place, key in enumerate(keys) if any(key in item.signers for item in kept)]
    joint = {place for item in kept for place in sorted(keys.index(key) for key in item.signers)[1:]}
    return [
        f"no checkpoint is signed by key {keys[place].id.hex()} together with an earlier one: only your word joins them"
        for place in used[1:]
        if place not in joint
    ]


# --- receipts -------------------------------------------------------------------------------------------------------


def read_receipts(path: Path) -> Witnesses:
    """Read receipts as `append --json` prints them; its refusals are passed over. Raises WitnessUnreadable."""
    leaves: dict[int, bytes] = {}
    problems: list[Problem] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MOST_LINE), b""), start=1):
                receipt = _receipt(line, path.name, number)
                if receipt is None:
                    continue
                position, leaf = receipt
                if leaves.setdefault(position, leaf) != leaf:
                    evidence = f"{path.name}, line {number}: two receipts of one position, with two leaves"
                    problems.append(Problem(Kind.FORKED, evidence, position))
    except OSError as error:
        raise _unreadable(path.name, error) from None
    return Witnesses((), leaves, tuple(problems))


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
    raise WitnessUnreadable(
        f"{name}, line {number}: this is not a receipt", "keep what 'caretrail append --json' prints, as it is"
    )


def _unreadable(what: str, error: OSError) -> WitnessUnreadable:
    if isinstance(error, NotRegular):
        return WitnessUnreadable(f"{what}: this is not a file of bytes")
    if isinstance(error, TooLong):
        return WitnessUnreadable(f"{what}: it is too long for a checkpoint")
    return WitnessUnreadable(f"{what} cannot be read: {os.strerror(error.errno or 0)}")


def joined(parts: Iterable[Witnesses]) -> Witnesses:
    """All of these together."""
    checkpoints: list[Kept] = []
    receipts: dict[int, bytes] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for part in parts:
        checkpoints += part.checkpoints
        for position, leaf in part.receipts.items():
            if receipts.setdefault(position, leaf) != leaf:
                problems.append(Problem(Kind.FORKED, "two files hold receipts of one position", position))
        problems += part.problems
        notes += part.notes
    return Witnesses(tuple(checkpoints), receipts, tuple(problems), tuple(notes))
