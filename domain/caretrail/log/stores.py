"""Opening and creating stores by url; only the driver of that url is imported."""

from __future__ import annotations

import threading

from caretrail.aliases import Clock
from caretrail.errors import RolesRefused
from caretrail.log.clock import clock_of
from caretrail.log.leaf import microseconds
from caretrail.log.location import Location, parse_url
from caretrail.log.recorder import EventRecorder


def open_recorder(url: str, *, clock: Clock | None = None) -> EventRecorder:
    """Open a store that `init_store` created.

    A demo store is stamped by `clock`; any other has a clock of its own, and takes no event from a caller far from it.
    """
    location = parse_url(url)
    if location.dialect == "sqlite":
        from caretrail.log.sqlite.recorder import SqliteRecorder

        return SqliteRecorder(location.target, location.printable, clock)
    from caretrail.log.postgresql.recorder import PostgresRecorder

    return PostgresRecorder(location.target, location.printable, clock)


class Primary:
    """The store for accesses if the main store takes no writes: opened on first use, then kept.

    That is `access_url`, else, if the store's url names several servers, whichever of them takes writes.
    """

    def __init__(self, url: str, access_url: str | None) -> None:
        self._url, self._access_url = url, access_url
        self._lock = threading.Lock()
        self._recorder: EventRecorder | None = None

    def __call__(self) -> EventRecorder | None:
        """Return its recorder, None if no url names one. Raises StoreError."""
        with self._lock:
            if self._recorder is None:
                self._recorder = self._opened()
            return self._recorder

    def close(self) -> None:
        """Close it, if it was opened."""
        if self._recorder is not None:
            self._recorder.close()

    def _opened(self) -> EventRecorder | None:
        if self._access_url is not None:
            return open_recorder(self._access_url)
        location = parse_url(self._url)
        if location.dialect == "sqlite":
            return None
        from caretrail.log.postgresql.recorder import PostgresRecorder
        from caretrail.log.postgresql.setup import taking_writes

        target = taking_writes(location.target)
        return None if target is None else PostgresRecorder(target, location.printable)


def init_store(url: str, *, demo: bool = False, clock: Clock | None = None) -> bool:
    """Create a store if there is none; True if this call created it. Objects of other programs are not changed.

    Of a demo store `clock` says when it was made.
    """
    location = parse_url(url)
    if location.dialect == "sqlite":
        from caretrail.log.sqlite.setup import init_sqlite

        created_at = microseconds(clock_of(demo, clock)())
        return init_sqlite(location.target, location.printable, demo=demo, created_at=created_at)
    from caretrail.log.postgresql.setup import init_postgresql

    created = clock() if demo and clock is not None else None
    return init_postgresql(location.target, location.printable, demo=demo, created_at=created)


def upgrade_store(url: str) -> int:
    """Upgrade a store of an older Caretrail to the schema of this one, and return its number; there is no way back."""
    location = parse_url(url)
    if location.dialect == "sqlite":
        from caretrail.log.sqlite.setup import upgrade_sqlite

        return upgrade_sqlite(location.target, location.printable)
    from caretrail.log.postgresql.setup import upgrade_postgresql

    return upgrade_postgresql(location.target, location.printable)


def check_roles(url: str) -> None:
    """Refuse where `init_roles` would: a store without roles, or a login that may not create them. Creates nothing."""
    from caretrail.log.postgresql.roles import require_administrator

    location = _with_roles(url)
    require_administrator(location.target, location.printable)


def init_roles(url: str, grants: str) -> list[str]:
    """Give a store on PostgreSQL its roles, and run the SQL of `grants` with them; return the roles this call made."""
    from caretrail.log.postgresql.roles import grant_roles

    location = _with_roles(url)
    return grant_roles(location.target, location.printable, grants)


def _with_roles(url: str) -> Location:
    location = parse_url(url)
    if location.dialect == "sqlite":
        raise RolesRefused(
            "a store in a SQLite file has no roles: a user who may open the file may do everything",
            "leave out --roles and use the permissions of the file (chmod, chown), or keep the store on PostgreSQL",
        )
    return location
