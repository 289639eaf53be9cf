"""Fill a demo store with a simulated population at once, each event under the time at which it would be recorded.

The rows are what `append` would have stored, event by event, with the clock of those days. They are written past it, by
the owner, in one transaction; the constraints and guards of the tables hold for them, too. That no event would be
refused is a property of the simulation, which its tests hold against `append`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from uuid import UUID

from caretrail.errors import StoreForeign
from caretrail.events.catalog import EVENT_TYPES
from caretrail.events.codec import IMPORTED
from caretrail.log.copying import LOG_COLUMNS, STAY_COLUMNS
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import episode_stream, new_salt, program_stream
from caretrail.simulation.desk import Arrival

AT_ONCE = 20_000
"""Rows of one statement: the stays of their episodes follow it."""
CACHE_KB = 400_000
"""Pages of the indexes that SQLite keeps while it is filled: they are written all over, as streams are random."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Stay = tuple[UUID, str, str, str, str | None]
"""As in the table of stays: stream, client, program, first day, last day."""


def fill(recorder: EventRecorder, arrivals: Iterable[Arrival], told: Callable[[int, Arrival], None]) -> int:
    """Write all arrivals into an empty demo store, or none; return their number. `told` hears of each portion.

    Raises StoreForeign for a store that is not a demo, or not empty.
    """
    if not recorder.is_demo or recorder.max_position():
        raise StoreForeign(f"{recorder.store} is not an empty demo store", "name a new place")
    filling = _Filling(recorder)
    rest = iter(arrivals)
    with recorder.database.transaction() as database:
        if database.dialect == "sqlite":  # measured: twice as fast, and at one pace, while the indexes fit
            database.script(f"PRAGMA cache_size = -{CACHE_KB}")
        while portion := list(islice(rest, AT_ONCE)):
            database.copy("caretrail.log", LOG_COLUMNS, filling.rows(portion))
            database.copy("caretrail.stay", STAY_COLUMNS, filling.ended(portion))
            told(filling.position, portion[-1])
        database.copy("caretrail.stay", STAY_COLUMNS, filling.open())
        if database.dialect == "postgresql":  # so that the planner knows the tables before the first question
            database.script("ANALYZE caretrail.log, caretrail.stay")
    return filling.position


class _Filling:
    """What rows need to know of those before them: the position, the time, and the stays that are open."""

    def __init__(self, recorder: EventRecorder) -> None:
        self.position = 0
        self._account = recorder.account
        self._namespace = recorder.namespace
        self._moment = -(2**62)
        self._open: dict[str, Stay] = {}

    def rows(self, arrivals: Iterable[Arrival]) -> Iterator[tuple[object, ...]]:
        """The rows of the log; times rise by a microsecond at least."""
        account = self._account
        for arrival in arrivals:
            self.position += 1
            self._moment = max(self._moment + 1, arrival.at * 1_000_000)
            yield (
                self.position, self._stream(arrival), arrival.version, _name(arrival.kind, arrival.imported),
                arrival.payload.encode(), _EPOCH + timedelta(microseconds=self._moment), account, "",
                arrival.source, arrival.command_id, new_salt(),
            )  # fmt: skip

    def _stream(self, arrival: Arrival) -> UUID:
        of = program_stream if arrival.kind == "program_attested" else episode_stream
        return of(self._namespace, arrival.stream)

    def ended(self, arrivals: Iterable[Arrival]) -> Iterator[Stay]:
        """The stays that end with one of the arrivals; those that begin are kept."""
        for arrival in arrivals:
            if arrival.kind not in _MOVES:
                continue
            event = json.loads(arrival.payload)
            day = event["occurred_on"]
            if arrival.kind == "admitted":
                stream = episode_stream(self._namespace, arrival.stream)
                self._open[arrival.stream] = (stream, event["client"], event["program"], day, None)
                continue
            stream, client, program, first, _ = self._open.pop(arrival.stream)
            yield stream, client, program, first, day
            if arrival.kind == "transferred":
                self._open[arrival.stream] = (stream, client, event["to_program"], day, None)

    def open(self) -> Iterator[Stay]:
        """The stays that no event has ended."""
        return iter(self._open.values())


_MOVES = frozenset(kind for kind, cls in EVENT_TYPES.items() if cls.traits.moves_stays and not cls.traits.amends)


@lru_cache(maxsize=100)
def _name(kind: str, imported: bool) -> str:
    return f"{kind}/{EVENT_TYPES[kind].schema_number}{IMPORTED if imported else ''}"
