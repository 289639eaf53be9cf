"""Whether the mark of the store is the one it was made with: the namespace pins when that was, and what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from caretrail.evidence.checks.check import Check, checked, unchecked
from caretrail.log.namespace import milliseconds_of, pinned_by
from caretrail.log.recorder import EventRecorder

ABOUT = "the mark of the store is the one it was made with"
HINT = (
    "somebody changed the mark: a demo store takes any clock, and a clinic's does not. Stop all writers, keep the "
    "database and its backups, and find out who did it"
)


def check_mark(recorder: EventRecorder) -> Check:
    """Compare the mark with what the namespace pins; every stream is named by that."""
    if pinned_by(recorder.namespace) is None:
        return unchecked("mark", ABOUT, "the namespace of this store pins nothing", "copy it into a new store")
    return checked("mark", ABOUT, _wrong(recorder), HINT)


def _wrong(recorder: EventRecorder) -> Iterator[str]:
    pinned = pinned_by(recorder.namespace)
    if pinned is None:
        return
    if pinned.demo != recorder.is_demo:
        told = ("a demo", "the store of a clinic")
        made, now = told if pinned.demo else told[::-1]
        yield f"the store was made as {made}, and is marked as {now}"
    if pinned.milliseconds != milliseconds_of(recorder.created_at()):
        yield "the time of its making is not the one it was made with"
