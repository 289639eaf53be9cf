"""The tables of the read models: made by `init`, dropped and made anew when their format changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from caretrail.days import FOREVER, day_of, day_or_none, end_or_none
from caretrail.errors import StoreError
from caretrail.files import MOST_PACK_BYTES, regular_bytes
from caretrail.findings import FINDING_FIELDS, Finding, finding_of, finding_values
from caretrail.projection.placed import Group, Placed
from caretrail.projection.shapes import EligibilitySpan, EpisodeRows, Quarantined, Span, UnderPolicy
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.recording.database import Database, Row

T = TypeVar("T")

MADE_BY = ("caretrail.episode", "caretrail.findings", "caretrail.ledger", "caretrail.policy", "caretrail.projection")
"""What decides on the content of a row: a row made by other code or other packs is no answer of today's."""

PACKAGE = "caretrail.projection"
TABLES = ("episode_view", "span", "finding", "placed", "eligibility_span", "quarantine", "under_policy")
"""Tables of rows that belong to one episode."""
OTHER_TABLES = ("pack", "tile")

_FINDING_TYPES = {
    "rule": "text NOT NULL",
    "pack": "text NOT NULL",
    "subject": "text NOT NULL",
    "start": "date NOT NULL",
    "until": "date NOT NULL",
    "quiet": "boolean NOT NULL",
    "verdict": "text NOT NULL",
    "message": "text NOT NULL",
    "arithmetic": "text NOT NULL",
    "evidence": "text NOT NULL",
    "due_on": "date",
    "cause": "text NOT NULL",
    "owner": "text",
    "anchor": "date",
    "signer": "text",
}
"""The type of the column of each field of a finding; `evidence` is JSON, `until` may be FOREVER."""

_PLACE_FIELDS = tuple(name for name in Placed._fields if name != "finding")
_RENAMED = {"start": "start_on", "until": "until_on", "first": "first_on", "end": "end_on", "group": "in_group"}
"""Columns named otherwise than their field: SQL keeps some words for itself."""


def columns_of(names: Iterable[str]) -> tuple[str, ...]:
    """The columns of fields."""
    return tuple(_RENAMED.get(name, name) for name in names)


FINDING_COLUMNS = columns_of(FINDING_FIELDS)
PLACED_COLUMNS = columns_of((*_PLACE_FIELDS, *FINDING_FIELDS))

COLUMNS: dict[str, tuple[str, ...]] = {
    "episode_view": (
        "build", "stream", "episode", "client", "zone", "policy", "first_day", "admitted_on", "ended_on",
        "version", "position", "quiet",
    ),
    "span": ("build", "stream", "start_on", "until_on", "program", "level", "clinician", "status"),
    "finding": ("build", "stream", "number", "live_until", "in_group", *FINDING_COLUMNS),
    "placed": ("build", "number", *PLACED_COLUMNS),
    "eligibility_span": (
        "build", "stream", "start_on", "until_on", "verdict", "basis", "holds_through", "reasons", "evidence",
    ),
    "quarantine": ("build", "stream", "episode", "position", "version", "reason_code", "since"),
    "under_policy": ("build", "stream", "start_on", "until_on", "program", "policy", "zone"),
}  # fmt: skip  # a table a line


@lru_cache
def statements(package: str = PACKAGE, file: str = "statements.sql") -> Mapping[str, str]:
    """SQL with the columns of findings filled in: `{finding}` and `{placed}`, `{finding of f}` with an alias."""
    return {name: _COLUMN_LIST.sub(_column_list, sql) for name, sql in load_sql(package, file).items()}


_COLUMN_LIST = re.compile(r"\{(finding|placed)(?: of (\w+))?\}")


def _column_list(match: re.Match[str]) -> str:
    prefix = f"{match[2]}." if match[2] else ""
    return ", ".join(prefix + name for name in (FINDING_COLUMNS if match[1] == "finding" else PLACED_COLUMNS))


class State(NamedTuple):
    """Where a projection stands: its build, and the log position that is in the rows."""

    build: int
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
    database.script(_create(sql))
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
    return hashlib.sha256(_create(sql).encode()).hexdigest()[:16]


def _create(sql: Mapping[str, str]) -> str:
    columns = "\n".join(f"    {_RENAMED.get(name, name)} {_FINDING_TYPES[name]}," for name in FINDING_FIELDS)
    return sql["create"].replace("{finding}", columns)


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
    rows = database.query(statements()["state"], {"name": name, "format": row_format()})
    return State(int(rows[0][0]), int(rows[0][1])) if rows else None


# --- writing ------------------------------------------------------------------------------------------------------


def write_rows(database: Database, build: int, episodes: Sequence[EpisodeRows]) -> None:
    """Add the rows of episodes that have none."""
    for table, make in _MAKERS.items():
        rows = [row for episode in episodes for row in make(build, episode)]
        if rows:
            database.copy(f"caretrail.{table}", COLUMNS[table], rows)


def delete_rows(database: Database, build: int, streams: Iterable[UUID]) -> None:
    """Take away all rows of these streams; those of a program's own stream are made again by `refresh`."""
    params = [{"build": build, "stream": stream} for stream in streams]
    if params:
        for table in TABLES:
            database.executemany(statements()["delete_rows"].format(table=table), params)


def sweep_rows(database: Database, live: int, following: int) -> None:
    """Take away the rows of builds nobody reads and nobody writes."""
    for table in (*TABLES, *OTHER_TABLES):
        database.execute(statements()["sweep"].format(table=table), {"live": live, "next": following})


def _view_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    yield (
        build, rows.stream, rows.episode, rows.client, rows.zone, rows.policy, rows.first_day, rows.admitted_on,
        rows.ended_on, rows.version, rows.position, _as_json(rows.findings[len(rows.problems) :]),
    )  # fmt: skip  # in the order of COLUMNS


def _span_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for span in rows.spans:
        yield build, rows.stream, span.start, span.end, span.program, span.level, span.clinician, span.status


def _finding_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for number, (finding, group) in enumerate(zip(rows.problems, rows.groups, strict=True)):
        yield build, rows.stream, number, min(finding.end, rows.live_end), group, *_column_values(finding)


def _placed_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    return _placed_values(build, rows.placed())


def _placed_values(build: int, placed: Iterable[Placed]) -> Iterator[Sequence[object]]:
    for number, one in enumerate(placed):
        yield build, number, *[getattr(one, name) for name in _PLACE_FIELDS], *_column_values(one.finding)


def _column_values(finding: Finding) -> Iterable[object]:
    values = finding_values(finding)
    values.update(until=finding.end, evidence=json.dumps(finding.evidence))
    return values.values()


def _as_json(findings: Iterable[Finding]) -> str:
    """Findings as one JSON table: the names of the fields, then the values of each."""
    rows = [list(finding_values(finding).values()) for finding in findings]
    return json.dumps([FINDING_FIELDS, *rows], ensure_ascii=False, separators=(",", ":"), default=date.isoformat)


def _eligibility_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for span in rows.eligibility:
        yield (
            build, rows.stream, span.start, span.end, span.verdict, span.basis, span.holds_through,
            json.dumps(span.reasons, ensure_ascii=False), json.dumps(span.evidence),
        )  # fmt: skip  # in the order of COLUMNS


def _quarantine_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    if rows.quarantined is not None:
        yield build, *rows.quarantined


def _under_policy_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    for days in rows.under_policy:
        yield build, rows.stream, *days


_MAKERS = {
    "episode_view": _view_rows,
    "span": _span_rows,
    "finding": _finding_rows,
    "placed": _placed_rows,
    "eligibility_span": _eligibility_rows,
    "quarantine": _quarantine_rows,
    "under_policy": _under_policy_rows,
}


def write_program_findings(database: Database, build: int, placed: Iterable[Placed]) -> None:
    """Put these findings of programs in the place of all there were."""
    database.execute(statements()["delete_program_findings"], {"build": build})
    rows = list(_placed_values(build, placed))
    if rows:
        database.copy("caretrail.placed", COLUMNS["placed"], rows)


def write_citations(database: Database, build: int, packs: Mapping[str, Mapping[str, str]]) -> None:
    """Keep where each pack's rules are to be found in its document: citations by rule, by the name of the pack."""
    rows = [{"build": build, "name": name, "citations": json.dumps(found)} for name, found in sorted(packs.items())]
    database.executemany(statements()["write_pack"], rows)


def read_citations(database: Database, build: int) -> dict[str, dict[str, str]]:
    """Citations by rule, by the name of the pack."""
    return {name: json.loads(found) for name, found in database.query(statements()["read_packs"], {"build": build})}


# --- reading back -------------------------------------------------------------------------------------------------


def stream_of(value: Any) -> UUID:
    """A stored stream id: SQLite gives its 16 bytes."""
    return UUID(bytes=value) if isinstance(value, bytes) else value


def versions_of(text: str) -> tuple[int, ...]:
    """Read a JSON list of versions; there are many, and json.loads is slow on short texts."""
    return tuple(map(int, text[1:-1].split(","))) if len(text) > 2 else ()


def read_finding(values: dict[str, Any]) -> Finding:
    """Read a finding from its columns, by the names of its fields."""
    values.update(
        start=day_of(values["start"]),
        until=end_or_none(values["until"]),
        due_on=day_or_none(values["due_on"]),
        anchor=day_or_none(values["anchor"]),
        quiet=bool(values["quiet"]),
        evidence=versions_of(values["evidence"]),
    )
    return finding_of(values)


def placed_of(row: Row) -> Placed:
    """Read a placed finding from its columns, in the order of PLACED_COLUMNS."""
    values = dict(zip((*_PLACE_FIELDS, *FINDING_FIELDS), row, strict=True))
    values.update(
        finding=read_finding(values),
        stream=stream_of(values["stream"]),
        first=day_of(values["first"]),
        end=day_of(values["end"]),
        group=_group(values["group"]),
    )
    return Placed._make([values[name] for name in Placed._fields])


def finding_from(columns: Iterable[Any]) -> Finding:
    """Read a finding from its columns, in the order of FINDING_COLUMNS."""
    return read_finding(dict(zip(FINDING_FIELDS, columns, strict=True)))


def _group(value: str | None) -> Group | None:
    return None if value is None else Group(value)


def _from_json(text: str) -> Iterator[Finding]:
    names, *rows = json.loads(text)
    for row in rows:
        values = dict(zip(names, row, strict=True))
        for name in ("start", "until", "due_on", "anchor"):
            values[name] = day_or_none(values[name])
        values["evidence"] = tuple(values["evidence"])
        yield finding_of(values)


def read_rows(database: Database, build: int, first: UUID, last: UUID) -> dict[UUID, EpisodeRows]:
    """Read everything that is kept of the streams in a range."""
    sql = statements()
    params = {"build": build, "first": first, "last": last}
    spans = _grouped(database.query(sql["read_spans"], params), _span)
    findings = _grouped(database.query(sql["read_findings"], params), _grouped_finding)
    answers = _grouped(database.query(sql["read_eligibility"], params), _eligibility)
    problems = {stream_of(row[0]): _quarantined(row) for row in database.query(sql["read_quarantine"], params)}
    under_policy = _grouped(database.query(sql["read_under_policy"], params), _under_policy)
    found: dict[UUID, EpisodeRows] = {}
    for row in database.query(sql["read_episodes"], params):
        stream = stream_of(row[0])
        loud: list[tuple[Group | None, Finding]] = findings.get(stream, [])
        found[stream] = EpisodeRows(
            stream, row[1], row[2], row[3], row[4], day_of(row[5]), day_or_none(row[6]), day_or_none(row[7]),
            row[8], row[9], (*(finding for _, finding in loud), *_from_json(row[10])),
            tuple(group for group, _ in loud), tuple(spans.get(stream, ())),
            tuple(answers.get(stream, ())), problems.get(stream), tuple(under_policy.get(stream, ())),
        )  # fmt: skip  # in the order of the fields
    return found


def read_program_findings(database: Database, build: int, low: date = date.min, last: date = FOREVER) -> list[Placed]:
    """Read the findings of programs that are in force between two days."""
    params = {"build": build, "low": low, "last": last}
    return [placed_of(row) for row in database.query(statements()["read_program_findings"], params)]


def read_placed(database: Database, build: int, first: UUID, last: UUID) -> dict[UUID, list[Placed]]:
    """Read what the worklist keeps of the streams in a range, as `EpisodeRows.placed` gives it."""
    params = {"build": build, "first": first, "last": last}
    found: dict[UUID, list[Placed]] = {}
    for row in database.query(statements()["read_placed"], params):
        placed = placed_of(row)
        found.setdefault(placed.stream, []).append(placed)
    return found


def _grouped(rows: Iterable[Row], make: Callable[[Row], T]) -> dict[UUID, list[T]]:
    groups: dict[UUID, list[T]] = {}
    for row in rows:
        groups.setdefault(stream_of(row[0]), []).append(make(row))
    return groups


def _span(row: Row) -> Span:
    return Span(day_of(row[1]), end_or_none(row[2]), row[3], row[4], row[5], row[6])


def _grouped_finding(row: Row) -> tuple[Group | None, Finding]:
    return _group(row[1]), finding_from(row[2:])


def _eligibility(row: Row) -> EligibilitySpan:
    _, start, until, verdict, basis, holds_through, reasons, evidence = row
    return EligibilitySpan(
        day_of(start), end_or_none(until), verdict, basis, day_or_none(holds_through),
        tuple(json.loads(reasons)), tuple(json.loads(evidence)),
    )  # fmt: skip  # in the order of the fields


def _under_policy(row: Row) -> UnderPolicy:
    return UnderPolicy(day_of(row[1]), day_of(row[2]), row[3], row[4], row[5])


def _quarantined(row: Row) -> Quarantined:
    return Quarantined(stream_of(row[0]), row[1], row[2], row[3], row[4], row[5])
