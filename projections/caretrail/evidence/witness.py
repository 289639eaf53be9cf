"""Witnesses: what they are asked, and how they answer, in the format of C2SP tlog-witness.

A request is a text: `old` and the size of the checkpoint that the witness signed last, the hashes of the proof that
the new one continues it (RFC 9162, 2.1.4), a blank line, and the new checkpoint. The two logs of a store are always
signed together, so there are two, of the events first, and the witness signs both or none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from caretrail.errors import StoreDamaged
from caretrail.evidence.packet.verify import key_point
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.ledger.checkpoint import (
    EMPTY_PAIR,
    HASH_BYTES,
    Checkpoint,
    CheckpointPair,
    log_origin,
    open_pair,
    read_checkpoint,
)
from caretrail.ledger.cosignature import cosign_note, cosignatures
from caretrail.ledger.note import (
    MOST_BYTES,
    BadKey,
    BadNote,
    SigningKey,
    VerifyingKey,
    decode_base64,
    note_text,
    split_notes,
)
from caretrail.ledger.tiles import stored_subtrees
from caretrail.ledger.tree import consistency_path, consistent, root_at
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import NOUNS, Log

MOST_HASHES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class Request:
    """What a witness is asked about one log: the checkpoint to sign, and the proof that it continues an old one."""

    old: int
    path: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        hashes = "".join(f"{base64.b64encode(item).decode()}\n" for item in self.path)
        return f"old {self.old}\n{hashes}\n{self.note}"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Both checkpoints as the witness signed them, their notes, and when (UTC, whole seconds)."""

    pair: CheckpointPair
    note: str
    at: datetime


def unverified_pair(text: str, origin: str) -> CheckpointPair:
    """The checkpoints of both logs of an origin in a text; who signed them is not checked. Raises BadNote, OtherLog."""
    notes = split_notes(text)
    if len(notes) != len(Log):
        raise BadNote("these are not the two checkpoints of a store", "one of the events and one of the accesses")
    events, accesses = (
        read_checkpoint(note_text(note), log_origin(origin, log)) for log, note in zip(Log, notes, strict=True)
    )
    return CheckpointPair(events, accesses)


def requests_for(recorder: EventRecorder, note: str, origin: str, since: CheckpointPair = EMPTY_PAIR) -> str:
    """What to send to a witness so that it signs the checkpoints of `note`; `since` are those it signed last.

    Whether the log's key signed them is the witness's to check. Raises StoreDamaged if the store is not of one history
    with them, BadNote if `since` is the newer.
    """
    new = unverified_pair(note, origin)
    parts = zip(Log, since, new, split_notes(note), strict=True)
    requests = [Request(old.size, _proof(recorder, log, old, one), text) for log, old, one, text in parts]
    text = "".join(map(str, requests))
    if read_requests(text) != requests:
        raise BadNote("a line of the checkpoint would be taken for a request", "keep it as it was given out")
    return text


def _proof(recorder: EventRecorder, log: Log, old: Checkpoint, new: Checkpoint) -> tuple[bytes, ...]:
    if old.size > new.size:
        raise BadNote("the checkpoint is older than the one it is to continue", "name them the other way round")
    subtrees, end = stored_subtrees(recorder, log), recorder.max_position(log)
    for one in (old, new):
        if one.size > end or root_at(subtrees, one.size) != one.root:
            raise StoreDamaged(
                f"the log is not the one that a checkpoint of {one.size} {NOUNS[log]} fixed",
                "run 'caretrail audit verify' with that checkpoint: it says whether the key signed it, and where",
            )
    return tuple(consistency_path(subtrees, old.size, new.size)) if 0 < old.size < new.size else ()


def read_requests(text: str) -> list[Request]:
    """Read requests that stand one after the other. Raises BadNote."""
    if len(text) > MOST_BYTES:
        raise _bad_request()
    starts = [match.start() for match in re.finditer(r"^old ", text, re.MULTILINE)]
    if not starts or starts[0] != 0:
        raise _bad_request()
    return [_read(text[start:end]) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _read(text: str) -> Request:
    proof, blank, note = text.partition("\n\n")
    match = _OLD.match(proof + "\n")
    lines = proof.split("\n")[1:]
    if match is None or not blank or len(lines) > MOST_HASHES:
        raise _bad_request()
    path = [decode_base64(line) for line in lines]
    hashes = tuple(item for item in path if item is not None and len(item) == HASH_BYTES)
    if len(hashes) != len(path):
        raise _bad_request()
    return Request(int(match[1]), hashes, note)


def cosign(
    text: str,
    log_keys: Sequence[VerifyingKey],
    key: SigningKey,
    state: SignerState,
    at: datetime,
    *,
    first: bool = False,
) -> Cosigned:
    """Sign along, as a witness, on the checkpoints of a request, if they continue the last ones that were signed.

    `log_keys` are the public keys of the log. The state is on disk before anything is given out. `first` says that
    nothing of this log was signed before. Raises SigningRefused, NoteRefused.
    """
    if any(key_point(one.public) is None for one in log_keys):
        raise BadKey("a public key is unsafe: it is not in the group of prime order, as no honest key can be")
    requests = read_requests(text)
    given = [request.note for request in requests]
    if split_notes("".join(given)) != given:  # what is checked, and what is signed, must be the same notes
        raise _bad_request()
    pair = open_pair("".join(given), log_keys, state.origin)
    with state.locked():
        last = _last(state, log_keys, first=first)
        for log, old, new, request in zip(Log, last, pair, requests, strict=True):
            _check(log, old, new, request)
        notes = [cosign_note(request.note, key, at) for request in requests]
        if not all(cosignatures(note, [key.verifying]) for note in notes):
            raise SigningRefused("the cosignature does not read back", "run this again; check the machine's memory")
        note = "".join(notes)
        state.save(note)
    return Cosigned(pair, note, at.replace(microsecond=0))


def _last(state: SignerState, log_keys: Sequence[VerifyingKey], *, first: bool) -> CheckpointPair:
    """The checkpoints that this witness signed last."""
    saved = state.last(log_keys)
    if saved is not None and first:
        raise SigningRefused("this witness has signed a checkpoint of this log before", "leave out --first")
    if saved is None and not first:
        raise SigningRefused(
            f"{state.path}: no earlier checkpoint of this log",
            "the first time, add --first; otherwise restore that file, or copy the newest checkpoint you signed there",
        )
    return saved or EMPTY_PAIR


def _check(log: Log, old: Checkpoint, new: Checkpoint, request: Request) -> None:
    """Whether a request is about the checkpoint that was signed last, and the new one continues it."""
    if new.head == old.head:  # asked again, since the answer was lost
        return
    if request.old != old.size:
        raise SigningRefused(
            f"the request continues {request.old} {NOUNS[log]}, and this witness signed {old.size} last",
            "ask for one made with 'caretrail audit prove --since' and the checkpoint that this witness signed last",
        )
    if not consistent(old.size, old.root, new.size, new.root, request.path):
        raise SigningRefused(
            f"nothing proves that this checkpoint continues the {old.size} {NOUNS[log]} that this witness signed last",
            "keep this request: if the log cannot give a better one, its key signed two histories",
        )


def _bad_request() -> BadNote:
    return BadNote("this is not a request to a witness", "it is what 'caretrail audit prove' prints")
