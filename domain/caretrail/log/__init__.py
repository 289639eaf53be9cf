"""The store: one append-only log of events, on SQLite or PostgreSQL."""

from caretrail.log.leaf import leaf_hash
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import PendingEvent, ProgramStay, RecordedEvent, new_salt
from caretrail.log.stores import init_store, open_recorder

__all__ = [
    "EventRecorder",
    "PendingEvent",
    "ProgramStay",
    "RecordedEvent",
    "init_store",
    "leaf_hash",
    "new_salt",
    "open_recorder",
]
