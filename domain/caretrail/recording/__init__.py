"""The store: one append-only log of events, on SQLite or PostgreSQL."""

from caretrail.recording.events import PendingEvent, ProgramStay, RecordedEvent, new_salt
from caretrail.recording.leaf import leaf_hash
from caretrail.recording.opening import init_store, open_recorder
from caretrail.recording.recorder import EventRecorder

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
