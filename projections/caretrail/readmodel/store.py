"""Rows in and out of the tables of a build. Of an episode that changed, only the rows that changed are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from caretrail.days import FOREVER
from caretrail.readmodel import whole
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import COLUMNS, EPISODE_COLUMNS, KEYS, PAGE, PLACED_COLUMNS, TABLES, State, statements
from caretrail.readmodel.values import digests, placed_from, placed_values, read_values, stream_of, written

if TYPE_CHECKING:
    from caretrail.log.database import Database

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows by table, with the columns of COLUMNS."""

ByStream = dict[UUID, list[tuple[Any, ...]]]
"""Rows of one table by their stream."""

# --- writing --------------------------------------------------------------------------------------------------------


def rows_by_table(episode: EpisodeRows) -> Rows:
    """The rows that stand beside an episode's own, as its tables hold them."""
    stream = episode.stream
    whose = (episode.episode, episode.client, episode.zone, episode.admitted_on)
    placed = written(PLACED_COLUMNS[1:], [row[1:] for row in placed_values(episode.placed())])
    found: Rows = {
        "span": [(stream, *span, *whose) for span in episode.spans],
        "under_policy": [(stream, *days) for days in episode.under_policy],
        "group_record": [(stream, *record) for record in episode.group_records],
    }
    found = {table: written(COLUMNS[table], rows) for table, rows in found.items()}
    return found | {"finding": [(stream, number, *row) for number, row in zip(digests(placed), placed, strict=True)]}


def episode_row(episode: EpisodeRows) -> tuple[Any, ...]:
    """The row of an episode itself, by EPISODE_COLUMNS."""
    return (
        episode.stream, episode.episode, episode.client, episode.zone, episode.policy, episode.packs,
        episode.first_day, episode.live_end, episode.version, episode.quarantined is not None, whole.to_bytes(episode),
    )  # fmt: skip  # in the order of EPISODE_COLUMNS


def all_rows(episodes: Iterable[EpisodeRows]) -> Rows:
    """The rows of episodes, their own among them: made before the transaction that adds them, which then is short."""
    found: Rows = {table: [] for table in ("episode", *COLUMNS)}
    for episode in episodes:
        found["episode"].append(episode_row(episode))
        for table, rows in rows_by_table(episode).items():
            found[table] += rows
    return found


def add_rows(database: Database, build: str, rows: Rows) -> None:
    """Add the rows of episodes that have none."""
    for table, of_table in rows.items():
        _copy(database, build, table, EPISODE_COLUMNS if table == "episode" else COLUMNS[table], of_table)


class Made(NamedTuple):
    """The rows of one episode as the tables hold them: its own, and those beside it by table."""

    stream: UUID
    own: tuple[Any, ...]
    beside: Rows


def made_rows(episodes: Iterable[EpisodeRows]) -> list[Made]:
    """Make the rows of episodes: before the transaction that writes them, which then is short."""
    return [Made(episode.stream, episode_row(episode), rows_by_table(episode)) for episode in episodes]


def change_episodes(database: Database, build: str, episodes: Sequence[Made]) -> None:
    """Write what changed of episodes that may have rows: an event leaves most of them as they were."""
    own: list[dict[str, object]] = [dict(zip(EPISODE_COLUMNS, made.own, strict=True)) for made in episodes]
    database.executemany(statements(build)["write_episode"], own)
    streams = [made.stream for made in episodes]
    for table, columns in COLUMNS.items():
        # the number of a finding is a digest of its row; of the others there are few
        compared = KEYS[table] if table == "finding" else columns
        stored = set(read_values(compared, _rows_of(database, build, table, compared, streams)))
        now = {_comparable(compared, row): row for made in episodes for row in made.beside[table]}
        gone = [row for row in stored if row not in now]
        places = [compared.index(name) for name in KEYS[table]]
        keys = [dict(zip(KEYS[table], (row[place] for place in places), strict=True)) for row in gone]
        if keys:
            where = " AND ".join(f"{name} = :{name}" for name in KEYS[table])
            database.executemany(statements(build)["delete_row"].format(table=table, key=where), keys)
        _copy(database, build, table, columns, [row for key, row in now.items() if key not in stored])


def delete_episodes(database: Database, build: str, streams: Iterable[UUID]) -> None:
    """Delete all rows of these streams."""
    params = [{"stream": stream} for stream in streams]
    for table in ("episode", *COLUMNS) if params else ():
        sql = statements(build)["delete_row"].format(table=table, key="stream = :stream")
        database.executemany(sql, params)


def _comparable(columns: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    """A row as it is read back, by its first columns; there "no end" is None."""
    return tuple(
        None if name == "until_on" and value == FOREVER else value for name, value in zip(columns, row, strict=False)
    )


def _rows_of(
    database: Database, build: str, table: str, columns: Sequence[str], streams: Sequence[UUID]
) -> list[tuple[Any, ...]]:
    """The stored rows of some streams in a table: one statement a stream costs no round trip in a file."""
    sql, names = statements(build), ", ".join(columns)
    if database.dialect == "postgresql":
        text = sql["rows_of_some"].format(table=table, columns=names)
        return database.query(text, {"streams": list(streams)}) if streams else []
    text = sql["rows_of"].format(table=table, columns=names)
    return [row for stream in streams for row in database.query(text, {"stream": stream})]


def _copy(database: Database, build: str, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if rows:
        database.copy(f"caretrail.{table}_{build}", columns, rows)


def empty_build(database: Database, build: str, epoch: int | None = None) -> None:
    """Empty the tables of a build that nobody reads, and mark them with the epoch in which they are to be filled."""
    sql = statements(build)
    if database.dialect == "postgresql":
        tables = ", ".join(f"caretrail.{table}_{build}" for table in TABLES)
        database.execute(sql["empty_postgresql"].format(tables=tables))
    else:
        for table in TABLES:
            database.execute(sql["empty"].format(table=table))
    if epoch is not None:
        database.execute(sql["mark"], {"epoch": epoch})


def is_marked(database: Database, state: State) -> bool:
    """Whether no table of a build was emptied since its epoch began, not even while a transaction reads."""
    return bool(database.query(statements(state.build)["marked"], {"epoch": state.epoch}))


def write_program_findings(database: Database, build: str, stream: UUID, placed: Sequence[Placed]) -> None:
    """Replace the findings of one program, or on one group session, if they changed."""
    if findings_of_program(database, build, stream) == list(placed):
        return
    sql = statements(build)
    database.execute(sql["delete_program_findings"], {"stream": stream})
    rows = [(number, *row) for number, row in enumerate(placed_values(placed))]
    columns = ("number", *PLACED_COLUMNS)
    _copy(database, build, "program_finding", columns, written(columns, rows) if rows else [])


def delete_program_findings(database: Database, build: str) -> None:
    """Delete the findings of all programs and group sessions, so that those of programs no pack judges now go, too."""
    database.execute(statements(build)["empty"].format(table="program_finding"))


def write_citations(database: Database, build: str, packs: Mapping[str, Mapping[str, str]]) -> None:
    """Keep where the rules of each pack stand in its document: citations by rule, by the name of the pack."""
    rows = [{"name": name, "citations": json.dumps(found)} for name, found in sorted(packs.items())]
    database.executemany(statements(build)["write_pack"], rows)


# --- reading --------------------------------------------------------------------------------------------------------


def read_episode(database: Database, build: str, stream: UUID) -> EpisodeRows | None:
    """Read everything that is kept of one episode."""
    rows = database.query(statements(build)["whole"], {"stream": stream})
    return whole.from_bytes(rows[0][1]) if rows else None


def read_episodes(database: Database, build: str) -> Iterator[EpisodeRows]:
    """Read everything that is kept of every episode, by stream."""
    after = UUID(int=0)
    while rows := database.query(statements(build)["whole_page"], {"after": after, "limit": PAGE}):
        yield from (whole.from_bytes(row[1]) for row in rows)
        after = stream_of(rows[-1][0])


def read_between(
    database: Database, build: str, table: str, columns: Sequence[str], first: UUID, last: UUID
) -> ByStream:
    """The stored rows of a table by stream, for the streams between two, both included."""
    sql = statements(build)["rows_between"].format(table=table, columns=", ".join(columns))
    return _by_stream(columns, database.query(sql, {"first": first, "last_stream": last}))


def read_of(database: Database, build: str, table: str, columns: Sequence[str], streams: Sequence[UUID]) -> ByStream:
    """The stored rows of a table by stream, for some streams."""
    return _by_stream(columns, _rows_of(database, build, table, columns, streams))


def _by_stream(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> ByStream:
    found: ByStream = {}
    for row in read_values(columns, rows):
        found.setdefault(row[0], []).append(row)
    return found


def streams_of_policy(database: Database, build: str, policy: str) -> Iterator[list[UUID]]:
    """Streams of the episodes whose admission names a policy, a page at a time."""
    params: dict[str, object] = {"policy": policy, "after": UUID(int=0), "limit": PAGE}
    while rows := database.query(statements(build)["streams_of_policy"], params):
        streams = [stream_of(row[0]) for row in rows]
        yield streams
        params["after"] = streams[-1]


def read_names(database: Database, build: str, table: str, column: str) -> list[str]:
    """Every name that a column of a table holds, in order; an index must begin with the column."""
    return [row[0] for row in database.query(statements(build)["names"].format(table=table, column=column))]


def read_program_findings(database: Database, build: str, low: date = date.min, last: date = FOREVER) -> list[Placed]:
    """Read the findings of programs and group sessions that are in force between two days."""
    return list(placed_from(database.query(statements(build)["program_findings"], {"low": low, "last": last})))


def findings_of_program(database: Database, build: str, stream: UUID) -> list[Placed]:
    """Read the findings of one program, or on one group session, whatever their days."""
    return list(placed_from(database.query(statements(build)["program_findings_of"], {"stream": stream})))


def read_citations(database: Database, build: str) -> dict[str, dict[str, str]]:
    """Citations by rule, by the name of the pack."""
    return {name: _citations(found) for name, found in database.query(statements(build)["read_packs"])}


_citations = lru_cache(maxsize=100)(json.loads)
