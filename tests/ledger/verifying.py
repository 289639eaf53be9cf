"""For tests of verifying: a log to verify, checkpoints kept of it, and what was found."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from caretrail.evidence.external import (
    Kept,
    Witnesses,
    joined,
)
from caretrail.evidence.result import Kind, Verdict
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import Checkpoint, origin_of
from caretrail.ledger.tree import root_of
from caretrail.recording import open_recorder
from caretrail.recording.leaf import LogColumns, leaf_of
from tests.ledger.superuser import rows_of
from tests.support.stores import pending

STREAM = uuid5(UUID(int=2), "stream")


def append(url: str, count: int, stream: UUID = STREAM) -> list[LogColumns]:
    with open_recorder(url) as recorder:
        version = len(recorder.select_events(stream))
        recorder.append([pending(stream, version + n) for n in range(1, count + 1)])
    return rows_of(url)


def verdict_of(url: str, *kept: Witnesses) -> Verdict:
    with open_recorder(url) as recorder:
        return verify(recorder, joined(kept))


def signed(url: str, rows: Sequence[LogColumns]) -> Witnesses:
    """A checkpoint over these rows, kept elsewhere."""
    with open_recorder(url) as recorder:
        origin = origin_of(recorder.namespace)
    return Witnesses((Kept("kept.checkpoint", Checkpoint(origin, len(rows), root_of(map(leaf_of, rows))), ()),))


def found(verdict: Verdict) -> list[tuple[Kind, int | None]]:
    return [(problem.kind, problem.first) for problem in verdict.problems]
