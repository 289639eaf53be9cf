"""The stock library's ProjectionRunner, which writes the rows of our read model event by event.

Both do the same for an event: decode it, add it to its episode, judge the episode, and write its rows with the position
in one transaction. The runner finds every episode in memory, which a service of its kind would have to read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.utils import Environment

from caretrail.episode.entry import Entry
from caretrail.episode.episode import Episode
from caretrail.events import parse_event
from caretrail.log import open_recorder
from caretrail.log.sqlite.database import adapt_row
from caretrail.readmodel.compute import rows_of
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import COLUMNS, EPISODE_COLUMNS, read_state
from caretrail.readmodel.store import episode_row, rows_by_table
from caretrail.simulation import nation, simulate
from tests.bench.nation.making import cost
from tests.bench.nation.site import Figures, Population, Store

EPISODES = 40
"""Of whole years, from the same simulation: a stated fraction, for it takes long."""
SAVED_TOGETHER = 200
READ_TOGETHER = 500
LONGEST_SECONDS = 3600.0
TYPES = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = ('caretrail.' || :table)::regclass AND attnum > 0 AND NOT attisdropped
"""
TABLES: Mapping[str, Sequence[str]] = {"episode": EPISODE_COLUMNS, **COLUMNS}


class StockEpisode(Aggregate):
    """An episode as the stock library keeps it: each event is its line of JSON."""

    def __init__(self) -> None:
        self.count = 0

    @event("Recorded")
    def record(self, line: str, at: int) -> None:  # noqa: ARG002  # they are the event
        """Take an event."""
        self.count += 1


class StockCare(Application[UUID]):
    """The stock application over the stock recorder."""


def _rows(episode: EpisodeRows | None) -> dict[str, list[tuple[Any, ...]]]:
    """The rows by table."""
    return {} if episode is None else {"episode": [episode_row(episode)], **rows_by_table(episode)}


class SQLiteView(SQLiteTrackingRecorder):
    """Our tables in a file of the stock library, whose columns need no types."""

    def create_table(self) -> None:
        """Make the tables."""
        super().create_table()
        with self.datastore.transaction(commit=True) as cursor:
            for table, columns in TABLES.items():
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)})")
                cursor.execute(f"CREATE INDEX IF NOT EXISTS {table}_stream ON {table} (stream)")

    def put(self, stream: UUID, episode: EpisodeRows | None, tracking: Tracking) -> None:
        """Replace the rows of an episode, and move the position."""
        with self.datastore.transaction(commit=True) as cursor:
            for table, rows in _rows(episode).items():
                cursor.execute(f"DELETE FROM {table} WHERE stream = ?", (stream.bytes,))
                marks = ", ".join("?" * len(TABLES[table]))
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", map(adapt_row, rows))
            self._insert_tracking(cursor, tracking)


class PostgresView(PostgresTrackingRecorder):
    """Our tables in a database of the stock library."""

    types: ClassVar[dict[str, dict[str, str]]] = {}
    """The type of each column, by table: those of our own tables."""

    def create_table(self) -> None:
        """Make the tables."""
        super().create_table()
        with self.datastore.transaction(commit=True) as cursor:
            for table, columns in TABLES.items():
                typed = ", ".join(f"{column} {self.types[table][column]}" for column in columns)
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {table} ({typed})".encode())
                cursor.execute(f"CREATE INDEX IF NOT EXISTS {table}_stream ON {table} (stream)".encode())

    def put(self, stream: UUID, episode: EpisodeRows | None, tracking: Tracking) -> None:
        """Replace the rows of an episode, and move the position."""
        with self.datastore.transaction(commit=True) as cursor:
            for table, rows in _rows(episode).items():
                cursor.execute(f"DELETE FROM {table} WHERE stream = %s".encode(), (stream,))
                marks = ", ".join(["%s"] * len(TABLES[table]))
                if rows:
                    cursor.executemany(f"INSERT INTO {table} VALUES ({marks})".encode(), rows)
            self._insert_tracking(cursor, tracking)


class StockBoard(Projection[Any]):
    """The projection: an event makes the rows of its episode anew."""

    name = "board"
    topics: tuple[str, ...] = ()
    episodes: ClassVar[dict[UUID, Episode]] = {}

    def process_event(  # pyright: ignore[reportIncompatibleVariableOverride]  # as the library documents it
        self, domain_event: Any, tracking: Tracking
    ) -> None:
        """Add an event to its episode, judge it, and write its rows."""
        stream: UUID = domain_event.originator_id
        rows = None
        if hasattr(domain_event, "line"):  # all but the one that makes the aggregate
            episode = self.episodes.setdefault(stream, Episode(stream))
            recorded_at = datetime.fromtimestamp(domain_event.at, UTC)
            decoded = parse_event(domain_event.line)
            episode.evolve(Entry(episode.version + 1, tracking.notification_id, decoded, recorded_at, "bench"))
            rows = rows_of(episode)
        self.view.put(stream, rows, tracking)


def stock(store: Store, population: Population) -> Figures:
    """Project the years of a few episodes by the stock library: events a second, and what one costs."""
    env, PostgresView.types = _environment(store)
    StockBoard.episodes.clear()
    app = StockCare(env)
    events, newest = _filled(app, population)
    app.close()
    with store.server_cpu() as server:
        began, began_cpu = time.perf_counter(), time.process_time()
        _project(env, newest)
        wall, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    found = {"episodes": len(StockBoard.episodes), "events": events, "wall": wall, "per_second": events / wall}
    StockBoard.episodes.clear()
    return found | {"cost": cost(cpu + server.seconds, events)}


def _project(env: dict[str, str], newest: int) -> None:
    """Let the library project the log, and wait for the last position.

    It has no subscription on SQLite: there its notifications are read as its documentation does, and given to the same
    projection.
    """
    if env["PERSISTENCE_MODULE"] == "eventsourcing.postgres":
        with ProjectionRunner(
            application_class=StockCare, projection_class=StockBoard, view_class=PostgresView, env=env
        ) as runner:
            runner.wait(newest, timeout=LONGEST_SECONDS)
        return
    app = StockCare(env)
    factory = InfrastructureFactory[SQLiteView].construct(env=Environment("board", env))
    board = StockBoard(factory.tracking_recorder(SQLiteView))
    after = 0
    while after < newest:
        for found in app.recorder.select_notifications(after, READ_TOGETHER, inclusive_of_start=False):
            after = int(found.id)
            board.process_event(app.mapper.to_domain_event(found), Tracking(app.name, after))
    app.close()


def _filled(app: StockCare, population: Population) -> tuple[int, int]:
    """Record the year in its order; how many events, and the last position."""
    count = min(EPISODES, population.episodes)
    kept: dict[str, StockEpisode] = {}
    changed: dict[str, StockEpisode] = {}
    events = 0
    for arrival in simulate(nation(count, population.last), count, population.seed):
        if arrival.kind == "program_attested":
            continue
        episode = kept.setdefault(arrival.stream, StockEpisode())
        episode.record(arrival.line(), arrival.at)
        changed[arrival.stream] = episode
        events += 1
        if events % SAVED_TOGETHER == 0:
            app.save(*changed.values())
            changed.clear()
    app.save(*changed.values())
    return events, app.recorder.max_notification_id() or 0


def _environment(store: Store) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The settings of the stock library for an empty store, and the types of our columns."""
    url = store.emptied("stock")
    if store.server is None:
        Path(url).parent.mkdir(parents=True, exist_ok=True)
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": url}, {}
    with psycopg.connect(url) as connection:
        host, name = connection.info.host, connection.info.dbname
    with open_recorder(store.url()) as recorder:
        state = read_state(recorder.database)
        build = state.build if state is not None else ""
        types: dict[str, dict[str, str]] = {
            table: dict(recorder.database.query(TYPES, {"table": f"{table}_{build}"})) for table in TABLES
        }
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": name, "POSTGRES_HOST": host,
        "POSTGRES_PORT": "5432", "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "unused",
    }, types  # fmt: skip
