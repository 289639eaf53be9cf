"""Proofs that join a packet to checkpoints its recipient kept: its log begins with what they fixed, or the reverse."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from caretrail.aliases import Json
from caretrail.errors import StoreDamaged
from caretrail.ledger.checkpoint import Checkpoint, CheckpointPair, NamedCheckpoints
from caretrail.ledger.tiles import stored_subtrees
from caretrail.ledger.tree import consistency_path, root_at
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import NOUNS, Log


def consistency_proofs(recorder: EventRecorder, pair: CheckpointPair, named: NamedCheckpoints) -> list[Json]:
    """The proofs between the checkpoints of a packet and each one that was named, as `consistency.json` lists them.

    Raises StoreDamaged if a log is not the one that was fixed then.
    """
    return [
        proof
        for log, stand in zip(Log, pair, strict=True)
        for proof in _proofs(recorder, log, stand, named.get(log, ()))
    ]


def _proofs(recorder: EventRecorder, log: Log, stand: Checkpoint, named: Iterable[Checkpoint]) -> Iterable[Json]:
    subtrees, end = stored_subtrees(recorder, log), recorder.max_position(log)
    for checkpoint in named:
        if checkpoint.size > end or root_at(subtrees, checkpoint.size) != checkpoint.root:
            raise StoreDamaged(
                f"the log is not the one that a named checkpoint of {checkpoint.size} {NOUNS[log]} fixed",
                "run 'caretrail audit verify' with that checkpoint: it says whether the key signed it, and where",
            )
        old, new = sorted((checkpoint.size, stand.size))
        path = consistency_path(subtrees, old, new) if old else []
        yield {
            "log": NOUNS[log],
            "size": checkpoint.size,
            "root": base64.b64encode(checkpoint.root).decode(),
            "path": [base64.b64encode(item).decode() for item in path],
        }
