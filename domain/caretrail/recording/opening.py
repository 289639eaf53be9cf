"""Opening and making stores by url; only the driver a url asks for is imported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from caretrail.recording.location import parse_url
from caretrail.recording.recorder import EventRecorder


def open_recorder(url: str, *, clock: Callable[[], datetime] | None = None) -> EventRecorder:
    """Open a store that `init_store` has made; `clock` replaces the machine's on SQLite, PostgreSQL has its own."""
    location = parse_url(url)
    if location.dialect == "sqlite":
        from caretrail.recording.sqlite import SqliteRecorder

        return SqliteRecorder(location.target, location.printable, clock)
    from caretrail.recording.postgresql import PostgresRecorder

    return PostgresRecorder(location.target, location.printable)


def init_store(url: str, *, demo: bool = False, clock: Callable[[], datetime] | None = None) -> bool:
    """Make a store unless there is one; True if this call made it. What is not ours is left as it is."""
    location = parse_url(url)
    if location.dialect == "sqlite":
        from caretrail.recording.leaf import microseconds
        from caretrail.recording.sqlite import utc_now
        from caretrail.recording.sqlite_setup import init_sqlite

        created_at = microseconds((clock or utc_now)())
        return init_sqlite(location.target, location.printable, demo=demo, created_at=created_at)
    from caretrail.recording.postgresql_setup import init_postgresql

    return init_postgresql(location.target, location.printable, demo=demo)


def upgrade_store(url: str) -> int:
    """Bring a store of an older Caretrail to the schema of this one, forward only, and return its number."""
    location = parse_url(url)
    if location.dialect == "sqlite":
        from caretrail.recording.sqlite_setup import upgrade_sqlite

        return upgrade_sqlite(location.target, location.printable)
    from caretrail.recording.postgresql_setup import upgrade_postgresql

    return upgrade_postgresql(location.target, location.printable)
