"""Whether a row stands in the stream it belongs to: of the episode or program it names, the store or its account."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import NamedTuple, cast
from uuid import UUID

from caretrail.events.catalog import EVENT_TYPES
from caretrail.events.store import StoreEvent
from caretrail.log.leaf import LogColumns
from caretrail.log.records import Log, access_stream, episode_stream, program_stream, store_stream

STORE_KINDS = tuple(f"{kind}/" for kind, cls in EVENT_TYPES.items() if issubclass(cls, StoreEvent))
"""How the stored names begin of events that stand in the stream of the store."""


class _Named(NamedTuple):
    """What the payload of an event names, and the bytes that say so in the form Caretrail writes."""

    stream: bytes
    needle: bytes


def _account_stream(namespace: UUID, account: str) -> bytes:
    return access_stream(namespace, account).bytes


class OwnStreams:
    """Compares the stream of each row with the one that its content gives, in a store of this namespace.

    A payload that names neither an episode nor a program is nobody's: reading it fails, so it is not judged here.
    """

    def __init__(self, namespace: UUID, log: Log) -> None:
        self._namespace = namespace
        self._store = store_stream(namespace).bytes
        self._log = log
        self._named: dict[bytes, _Named] = {}
        self._account = lru_cache(maxsize=1000)(partial(_account_stream, namespace))

    def __call__(self, row: LogColumns) -> bool:
        """Whether a row of the log stands in its own stream."""
        stream, name, payload = row[1], row[3], row[4]
        if self._log is Log.ACCESSES:
            return stream == self._account(row[6])
        if stream == self._store or name.startswith(STORE_KINDS):
            return stream == self._store and name.startswith(STORE_KINDS)
        known = self._named.get(stream)
        if known is not None and known.needle in payload:  # the common case, without reading the JSON
            return known.stream == stream
        named = self._read(payload)
        if named is None:
            return True
        self._named.setdefault(stream, named)
        return named.stream == stream

    def _read(self, payload: bytes) -> _Named | None:
        try:
            found: object = json.loads(payload)
            fields = cast("dict[str, object]", found) if isinstance(found, dict) else {}
            for field, stream_of in (("episode", episode_stream), ("program", program_stream)):
                name = fields.get(field)
                if isinstance(name, str):
                    needle = f"{json.dumps(field)}:{json.dumps(name, ensure_ascii=False)}".encode()
                    return _Named(stream_of(self._namespace, name).bytes, needle)
        except (ValueError, RecursionError):  # no JSON, or half a character, which no name has
            pass
        return None
