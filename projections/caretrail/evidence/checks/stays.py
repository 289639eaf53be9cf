"""Whether the stays, by which an overlapping admission is refused, are those that the events say."""

from __future__ import annotations

from collections.abc import Iterator

from caretrail.evidence.checks.check import Check, checked
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.stays import check_stays as compare

ABOUT = "stays are those that the events say"
HINT = "'caretrail projection check' names the episodes; find out who wrote the table, which only 'append' may"


def check_stays(recorder: EventRecorder) -> Check:
    """Make every stay again from the events, and compare."""
    return checked("stays", ABOUT, _wrong(recorder), HINT)


def _wrong(recorder: EventRecorder) -> Iterator[str]:
    found = compare(recorder)
    if found.differ:
        fewer = sum(one.stored < one.right for one in found.differ)
        yield f"the stays of {len(found.differ)} episodes are not those that their events say, {fewer} have too few"
