"""The lease of the daemon that keeps the rows of a version up to date: one leads, and a fence keeps the others out.

Expiry is by the clock of the database alone. Rows are safe whatever the clocks say: every batch moves the position from
where it began, in the transaction that writes its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from caretrail.errors import StoreError
from caretrail.readmodel import schema

if TYPE_CHECKING:
    from caretrail.log.database import Database

_NOW = {"postgresql": "extract(epoch FROM clock_timestamp())", "sqlite": "((julianday('now') - 2440587.5) * 86400.0)"}
"""Seconds since 1970 by the clock of the database."""


LONGEST_LEASE = 3600.0
"""Seconds that a lease may last at most."""


class LeaseLost(StoreError):
    """Another daemon leads now: this one was paused, or out of reach, for longer than its lease."""


class Lease(NamedTuple):
    """A lease that is held: its holder, the fence of its leadership, and how long it lasts unless it is renewed."""

    holder: str
    fence: int
    seconds: float


def lease_held(database: Database) -> Lease | None:
    """The lease that is held now, if any."""
    rows = database.query(_sql(database, "lease"), {"version": schema.VERSION, "longest": LONGEST_LEASE})
    return Lease._make(rows[0]) if rows else None


def take_lease(database: Database, holder: str, seconds: float) -> Lease | None:
    """Lead for some seconds; None if another does. Raises StoreError if there are no read models of this version."""
    params = {"version": schema.VERSION, "holder": holder, "seconds": seconds, "longest": LONGEST_LEASE}
    with database.transaction():
        taken = database.execute(_sql(database, "take_lease"), params) == 1
        fences = database.query(_sql(database, "fence_of"), {"version": schema.VERSION})
    if not fences:
        raise StoreError("there are no read models of this version", "run 'caretrail upgrade'")
    return Lease(holder, int(fences[0][0]), seconds) if taken else None


def renew_lease(database: Database, lease: Lease) -> None:
    """Go on leading; inside a transaction nobody else can take the lease until it ends. Raises LeaseLost."""
    params = {"version": schema.VERSION, "holder": lease.holder, "fence": lease.fence, "seconds": lease.seconds}
    if database.execute(_sql(database, "renew_lease"), params) != 1:
        raise LeaseLost("another projector leads now", "let it work; this one stands by")


def release_lease(database: Database, lease: Lease) -> None:
    """Let another lead at once; without a word if one does already."""
    params = {"version": schema.VERSION, "holder": lease.holder, "fence": lease.fence}
    database.execute(_sql(database, "release_lease"), params)


def _sql(database: Database, statement: str) -> str:
    return schema.statements(schema.REGISTRY)[statement].replace("{now}", _NOW[database.dialect])
