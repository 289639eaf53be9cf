"""What the database returns of a call, compared with what was sent: only then is it acknowledged, or anything shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from caretrail.errors import NotStored
from caretrail.log.records import ACCESS_NAME, ACCESS_SOURCE, PendingAccess, PendingEvent, RecordedEvent


def require_events(sent: Sequence[PendingEvent], returned: Sequence[RecordedEvent], account: str, store: str) -> None:
    """Refuse an answer to an append that is not the events sent, each as this account recorded it, without a gap.

    Events of an earlier call under the same commands have its versions and salts, if all of them do. Raises NotStored.
    """
    _require_all(len(sent), returned, store)
    replayed = all(one.salt != row.salt for one, row in zip(sent, returned, strict=True))
    for one, row in zip(sent, returned, strict=True):
        same = (one.originator_id, one.topic, one.state, one.source, one.command_id)
        if same != (row.originator_id, row.topic, row.state, row.source, row.command_id):
            raise NotStored.of(store, "the database returns another event than was sent")
        if not replayed and (one.originator_version, one.salt) != (row.originator_version, row.salt):
            raise NotStored.of(store, "the database returns another version or salt than was sent")
    if not replayed:
        _require_one_call(returned, account, store)


def require_accesses(
    sent: Sequence[PendingAccess], returned: Sequence[RecordedEvent], stream: object, account: str, store: str
) -> None:
    """Refuse an answer that is not the accesses sent, in the stream of this account, as it recorded them.

    Those of an earlier call under the same commands have its salts, if all of them do. Raises NotStored.
    """
    _require_all(len(sent), returned, store)
    replayed = all(one.salt != row.salt for one, row in zip(sent, returned, strict=True))
    first = returned[0].originator_version
    for place, (one, row) in enumerate(zip(sent, returned, strict=True)):
        same = (stream, ACCESS_NAME, one.payload, ACCESS_SOURCE, one.command_id)
        if same != (row.originator_id, row.topic, row.state, row.source, row.command_id):
            raise NotStored.of(store, "the database returns another access than was sent")
        if not replayed and one.salt != row.salt:
            raise NotStored.of(store, "the database returns another salt than was sent")
        if not replayed and row.originator_version != first + place:
            raise NotStored.of(store, "the versions that the database returns have a gap")
    if not replayed:
        _require_one_call(returned, account, store)


def _require_all(sent: int, returned: Sequence[RecordedEvent], store: str) -> None:
    if len(returned) != sent:
        raise NotStored.of(store, f"the database returns {len(returned)} rows of {sent}")


def _require_one_call(returned: Sequence[RecordedEvent], account: str, store: str) -> None:
    """Refuse rows that cannot have been recorded together by this account."""
    if any(row.recorded_by != account or row.asserted_by for row in returned):
        raise NotStored.of(store, "the database returns another author than this login")
    for before, row in pairwise(returned):
        if row.position != before.position + 1 or row.recorded_at <= before.recorded_at:
            raise NotStored.of(store, "the positions or times that the database returns are not in one row")
