"""The tables of the read models: made by `init`, dropped and made anew when their format changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from caretrail.days import FOREVER, day_of, day_or_none, end_or_none
from caretrail.errors import StoreError
from caretrail.files import MOST_PACK_BYTES, regular_bytes
from caretrail.projection.shapes import (
    EligibilitySpan,
    EpisodeRows,
    Flag,
    Governed,
    Piece,
    ProgramFlag,
    Quarantined,
    Span,
)
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.recording.database import Database, Row

MADE_BY = ("caretrail.episode", "caretrail.findings", "caretrail.ledger", "caretrail.policy", "caretrail.projection")
"""What decides on the content of a row: a row made by other code or other packs is no answer of today's."""

PACKAGE = "caretrail.projection"
TABLES = ("episode_view", "span", "flag", "work", "eligibility_span", "quarantine", "governed")
"""Tables of rows that belong to one episode."""
OTHER_TABLES = ("program_flag", "tile")

COLUMNS: dict[str, tuple[str, ...]] = {
    "episode_view": (
        "generation", "stream", "episode", "client", "zone", "policy", "first_day", "admitted_on", "ended_on",
        "version", "position", "settled",
    ),
    "span": ("generation", "stream", "start_on", "until_on", "program", "level", "clinician", "status"),
    "flag": (
        "generation", "stream", "number", "rule", "subject", "verdict", "start_on", "until_on", "live_until", "due_on",
        "owner", "cause", "quiet", "work", "message", "arithmetic", "evidence", "citation", "pack",
    ),
    "work": (
        "generation", "number", "first_on", "end_on", "stream", "episode", "client", "zone", "program", "level",
        "clinician", "rule", "subject", "verdict", "start_on", "until_on", "due_on", "owner", "cause", "quiet", "work",
        "message", "arithmetic", "evidence", "citation", "pack",
    ),
    "eligibility_span": (
        "generation", "stream", "start_on", "until_on", "verdict", "basis", "holds_through", "reasons", "evidence",
    ),
    "quarantine": ("generation", "stream", "episode", "position", "version", "reason_code", "since"),
    "governed": ("generation", "stream", "start_on", "until_on", "program", "policy", "zone"),
    "program_flag": (
        "generation", "number", "first_on", "end_on", "stream", "program", "zone", "rule", "subject", "verdict",
        "start_on", "until_on", "due_on", "owner", "cause", "quiet", "work", "message", "arithmetic", "evidence",
        "citation", "pack",
    ),
    "tile": ("generation", "level", "number", "hashes", "root"),
}  # fmt: skip  # in the order of tables.sql


class State(NamedTuple):
    """Where a projection stands: its set of rows, and the log position they hold."""

    generation: int
    position: int


def row_format() -> int:
    """A number that changes with the rules' code, the policy packs and the tables.

    Rows of another format are dropped and made again, so the stored answers and those of `why` cannot disagree.
    """
    return format_with(MADE_BY, os.environ.get("CARETRAIL_PACKS"))  # as in caretrail.policy.loader


@cache
def format_with(packages: tuple[str, ...], own: str | None) -> int:
    """The format of rows made by these packages, and by the packs in a folder of one's own; read once a process."""
    digest = hashlib.sha256()
    for package in packages:
        spec = find_spec(package)  # finds the package without importing it: a read must start fast
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).rglob("*")):
                if path.suffix in (".py", ".sql", ".toml"):
                    digest.update(path.name.encode() + path.read_bytes())
    for path in sorted(Path(own).glob("*.toml")) if own else ():
        with contextlib.suppress(OSError):  # what cannot be read judges nothing, and says so where it is asked for
            digest.update(os.fsencode(path.name) + regular_bytes(path, MOST_PACK_BYTES))
    return int.from_bytes(digest.digest()[:4], "big") >> 1


def create_tables(database: Database) -> None:
    """Make the tables of the read models unless they are there in today's format; safe to repeat."""
    if _format(database) == row_format():
        return
    sql = load_sql(PACKAGE, "tables.sql")
    with database.transaction():
        if database.dialect == "postgresql":
            database.query(sql["lock_postgresql"])
            database.query(sql["act_postgresql"])
            if _format(database) == row_format():
                return  # another process was quicker
        _make(database, sql)
        database.execute(sql["start"], {"format": row_format()})


def _make(database: Database, sql: Mapping[str, str]) -> None:
    if database.dialect == "postgresql" and not database.query(sql["maker_postgresql"]):
        _empty(database, sql)
        return
    if tables_exist(database):
        database.script(sql["drop"])
    database.script(sql["create"])
    if database.dialect == "postgresql":
        database.script(sql["grant_postgresql"])
        database.script(f"COMMENT ON TABLE caretrail.projection IS '{_shape(sql)}'")


def _empty(database: Database, sql: Mapping[str, str]) -> None:
    """Start over in the tables of the owner, as a projector must: it fills tables and makes none."""
    if database.query(sql["shape_postgresql"])[0][0] != _shape(sql):
        raise StoreError(
            f"{database.store}: the read models need other tables, which this role may not make",
            "let the owner of the store, or an administrator, run 'caretrail init' on it",
        )
    database.execute(sql["empty_postgresql"])


def _shape(sql: Mapping[str, str]) -> str:
    return hashlib.sha256(sql["create"].encode()).hexdigest()[:16]


def roles_sql() -> str:
    """What `init --roles` has to grant on the read models."""
    return load_sql(PACKAGE, "tables.sql")["grant_postgresql"]


def tables_exist(database: Database) -> bool:
    """Whether there are read models, of whatever format."""
    return bool(database.query(load_sql(PACKAGE, "tables.sql")[f"exists_{database.dialect}"]))


def _format(database: Database) -> int | None:
    if not tables_exist(database):
        return None
    rows = database.query(load_sql(PACKAGE, "tables.sql")["format"])
    return int(rows[0][0]) if rows else None


def read_state(database: Database, name: str = "live") -> State | None:
    """Read where a projection stands; None if there is none of that name in today's format."""
    rows = database.query(load_sql(PACKAGE, "statements.sql")["state"], {"name": name, "format": row_format()})
    return State(int(rows[0][0]), int(rows[0][1])) if rows else None


# --- writing ------------------------------------------------------------------------------------------------------


def write_rows(database: Database, generation: int, episodes: Sequence[EpisodeRows]) -> None:
    """Add the rows of episodes that have none."""
    for table, make in _MAKERS.items():
        rows = [row for episode in episodes for row in make(generation, episode)]
        if rows:
            database.copy(f"caretrail.{table}", COLUMNS[table], rows)


def delete_rows(database: Database, generation: int, streams: Iterable[UUID]) -> None:
    """Take away all rows of these streams."""
    sql = load_sql(PACKAGE, "statements.sql")
    params = [{"generation": generation, "stream": stream} for stream in streams]
    if params:
        for table in TABLES:
            database.executemany(sql[f"delete_{table}"], params)


def _view_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    settled = json.dumps([_flag_json(flag) for flag in rows.settled], ensure_ascii=False, separators=(",", ":"))
    yield (
        generation, rows.stream, rows.episode, rows.client, rows.zone, rows.policy, rows.first_day, rows.admitted_on,
        rows.ended_on, rows.version, rows.position, settled,
    )  # fmt: skip  # in the order of COLUMNS


def _span_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for span in rows.spans:
        yield generation, rows.stream, span.start, span.end, span.program, span.level, span.clinician, span.status


def _flag_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for number, flag in enumerate(rows.flags):
        yield (
            generation, rows.stream, number, flag.rule, flag.subject, flag.verdict, flag.start, flag.end,
            min(flag.end, rows.live_end), flag.due_on, flag.owner, flag.cause, flag.quiet, flag.work, flag.message,
            flag.arithmetic, json.dumps(flag.evidence), flag.citation, flag.pack,
        )  # fmt: skip  # in the order of COLUMNS


def _work_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for number, piece in enumerate(rows.pieces()):
        yield generation, number, *piece


def _eligibility_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for span in rows.eligibility:
        yield (
            generation, rows.stream, span.start, span.end, span.verdict, span.basis, span.holds_through,
            json.dumps(span.reasons, ensure_ascii=False), json.dumps(span.evidence),
        )  # fmt: skip  # in the order of COLUMNS


def _quarantine_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    if rows.quarantined is not None:
        yield generation, *rows.quarantined


def _governed_rows(generation: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for days in rows.governed:
        yield generation, rows.stream, days.start, days.end, days.program, days.policy, rows.zone


_MAKERS = {
    "episode_view": _view_rows,
    "span": _span_rows,
    "flag": _flag_rows,
    "work": _work_rows,
    "eligibility_span": _eligibility_rows,
    "quarantine": _quarantine_rows,
    "governed": _governed_rows,
}


def _flag_json(flag: Flag) -> list[object]:
    days = {3: flag.start.isoformat(), 4: flag.end.isoformat(), 5: flag.due_on.isoformat() if flag.due_on else None}
    return [days.get(place, value) for place, value in enumerate(flag)]


def write_program_flags(database: Database, generation: int, flags: Iterable[ProgramFlag]) -> None:
    """Put these findings of programs in the place of all there were."""
    database.execute(load_sql(PACKAGE, "statements.sql")["delete_program_flag"], {"generation": generation})
    rows: list[Sequence[object]] = []
    for number, (first, end, stream, program, zone, flag) in enumerate(flags):
        rows.append(
            (
                generation, number, first, end, stream, program, zone, flag.rule, flag.subject, flag.verdict,
                flag.start, flag.end, flag.due_on, flag.owner, flag.cause, flag.quiet, flag.work, flag.message,
                flag.arithmetic, json.dumps(flag.evidence), flag.citation, flag.pack,
            )
        )  # fmt: skip  # in the order of COLUMNS
    if rows:
        database.copy("caretrail.program_flag", COLUMNS["program_flag"], rows)


# --- reading back -------------------------------------------------------------------------------------------------


def stream_of(value: Any) -> UUID:
    """A stored stream id: SQLite gives its 16 bytes."""
    return UUID(bytes=value) if isinstance(value, bytes) else value


def versions_of(text: str) -> tuple[int, ...]:
    """Read a JSON list of versions; there are many, and json.loads is slow on short texts."""
    return tuple(map(int, text[1:-1].split(","))) if len(text) > 2 else ()


def flag_of(columns: Sequence[Any]) -> Flag:
    """Read a flag from its columns, in the order of `Flag`."""
    (
        rule, subject, verdict, start, until, due_on, owner, cause, quiet, work, message, arithmetic, evidence, cited,
        pack,
    ) = columns  # fmt: skip  # in the order of the fields
    return Flag(
        rule, subject, verdict, day_of(start), end_or_none(until), day_or_none(due_on), owner, cause, bool(quiet), work,
        message, arithmetic, versions_of(evidence), cited, pack,
    )  # fmt: skip  # in the order of the fields


def settled_flags(text: str) -> tuple[Flag, ...]:
    """Read the findings that are met or not applicable."""
    return tuple(_settled(item) for item in json.loads(text))


def _settled(item: list[Any]) -> Flag:
    flag = Flag(*item)
    return flag._replace(
        start=day_of(item[3]), until=end_or_none(item[4]), due_on=day_or_none(item[5]), evidence=tuple(flag.evidence)
    )


def read_rows(database: Database, generation: int, first: UUID, last: UUID) -> dict[UUID, EpisodeRows]:
    """Read everything that is kept of the streams in a range."""
    sql = load_sql(PACKAGE, "statements.sql")
    params = {"generation": generation, "first": first, "last": last}
    spans = _grouped(database.query(sql["read_spans"], params), _span)
    flags = _grouped(database.query(sql["read_flags"], params), _flag)
    answers = _grouped(database.query(sql["read_eligibility"], params), _eligibility)
    problems = {stream_of(row[0]): _quarantined(row) for row in database.query(sql["read_quarantine"], params)}
    governed = _grouped(database.query(sql["read_governed"], params), _governed)
    found: dict[UUID, EpisodeRows] = {}
    for row in database.query(sql["read_episodes"], params):
        stream = stream_of(row[0])
        found[stream] = EpisodeRows(
            stream, row[1], row[2], row[3], row[4], day_of(row[5]), day_or_none(row[6]), day_or_none(row[7]),
            row[8], row[9], tuple(flags.get(stream, ())), settled_flags(row[10]), tuple(spans.get(stream, ())),
            tuple(answers.get(stream, ())), problems.get(stream), tuple(sorted(governed.get(stream, ()))),
        )  # fmt: skip  # in the order of the fields
    return found


def read_program_flags(
    database: Database, generation: int, low: date = date.min, last: date = FOREVER
) -> list[ProgramFlag]:
    """Read the findings of programs that are in force between two days."""
    sql = load_sql(PACKAGE, "statements.sql")["read_program_flags"]
    rows = database.query(sql, {"generation": generation, "low": low, "last": last})
    return [
        ProgramFlag(day_of(row[0]), day_of(row[1]), stream_of(row[2]), row[3], row[4], flag_of(row[5:])) for row in rows
    ]


def read_pieces(database: Database, generation: int, first: UUID, last: UUID) -> dict[UUID, list[Piece]]:
    """Read what the worklist keeps of the streams in a range, as `EpisodeRows.pieces` gives it."""
    params = {"generation": generation, "first": first, "last": last}
    return _grouped(database.query(load_sql(PACKAGE, "statements.sql")["read_work"], params), _piece, place=2)


def _piece(row: Row) -> Piece:
    piece = Piece._make(row)
    return piece._replace(
        first=day_of(piece.first), end=day_of(piece.end), start=day_of(piece.start), until=day_of(piece.until),
        due_on=day_or_none(piece.due_on), stream=stream_of(piece.stream), quiet=bool(piece.quiet),
    )  # fmt: skip  # days, then the rest


def _grouped(rows: Iterable[Row], make: Any, place: int = 0) -> dict[UUID, list[Any]]:
    groups: dict[UUID, list[Any]] = {}
    for row in rows:
        groups.setdefault(stream_of(row[place]), []).append(make(row))
    return groups


def _span(row: Row) -> Span:
    return Span(day_of(row[1]), end_or_none(row[2]), row[3], row[4], row[5], row[6])


def _flag(row: Row) -> Flag:
    return flag_of(row[1:])


def _eligibility(row: Row) -> EligibilitySpan:
    _, start, until, verdict, basis, holds_through, reasons, evidence = row
    return EligibilitySpan(
        day_of(start), end_or_none(until), verdict, basis, day_or_none(holds_through),
        tuple(json.loads(reasons)), tuple(json.loads(evidence)),
    )  # fmt: skip  # in the order of the fields


def _governed(row: Row) -> Governed:
    return Governed(day_of(row[1]), day_of(row[2]), row[3], row[4])


def _quarantined(row: Row) -> Quarantined:
    return Quarantined(stream_of(row[0]), row[1], row[2], row[3], row[4], row[5])


__all__ = [
    "FOREVER", "State", "create_tables", "delete_rows", "read_rows", "read_state", "row_format", "write_rows",
]  # fmt: skip
