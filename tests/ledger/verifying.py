"""For tests of verifying: a log to verify, checkpoints kept of it, and what was found."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from caretrail.evidence.external import (
    ExternalEvidence,
    KeptCheckpoint,
    combine,
)
from caretrail.evidence.result import Tampering, Verification
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import Checkpoint, origin_of
from caretrail.ledger.tree import root_of
from caretrail.log import open_recorder
from caretrail.log.leaf import LogColumns, leaf_of
from tests.ledger.superuser import rows_of
from tests.support.stores import pending

STREAM = uuid5(UUID(int=2), "stream")


def append(url: str, count: int, stream: UUID = STREAM) -> list[LogColumns]:
    with open_recorder(url) as recorder:
        version = len(recorder.select_events(stream))
        recorder.append([pending(stream, version + n) for n in range(1, count + 1)])
    return rows_of(url)


def verified(url: str, *kept: ExternalEvidence) -> Verification:
    with open_recorder(url) as recorder:
        return verify(recorder, combine(kept))


def signed(url: str, rows: Sequence[LogColumns]) -> ExternalEvidence:
    """A checkpoint over these rows, kept elsewhere."""
    with open_recorder(url) as recorder:
        origin = origin_of(recorder.namespace)
    return ExternalEvidence(
        (KeptCheckpoint("kept.checkpoint", Checkpoint(origin, len(rows), root_of(map(leaf_of, rows))), ()),)
    )


def found(verification: Verification) -> list[tuple[Tampering, int | None]]:
    return [(found.tampering, found.first) for found in verification.discrepancies]
