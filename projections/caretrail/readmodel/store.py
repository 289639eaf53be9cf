"""Rows in and out of the tables, by the names of their columns.

Both databases give and take the same values but for days, ids and flags, which SQLite keeps as text, bytes and numbers.
Values are read a column at a time: a list of findings costs a third of what it costs row by row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from caretrail.days import FOREVER, day_or_none, end_or_none
from caretrail.findings import FINDING_FIELDS, Doubt, Eligibility, Finding, Outcome, Ruling, finding_of
from caretrail.readmodel import schema
from caretrail.readmodel.placed import Group, Placed
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, Quarantined, Span, UnderPolicy
from caretrail.readmodel.schema import ALL_TABLES, COLUMNS, PAGE, statements

if TYPE_CHECKING:
    from caretrail.log.database import Database, Row

T = TypeVar("T")

# --- writing --------------------------------------------------------------------------------------------------------


def write_rows(database: Database, build: int, episodes: Iterable[EpisodeRows]) -> None:
    """Add the rows of episodes that have none."""
    rows: dict[str, list[Sequence[object]]] = {table: [] for table in COLUMNS}
    for episode in episodes:
        stream = episode.stream
        calm = _as_json(episode.findings[len(episode.problems) :])
        rows["episode_view"].append((*(getattr(episode, name) for name in schema.EPISODE_COLUMNS), calm))
        rows["span"] += ((stream, *span) for span in episode.spans)
        rows["finding"] += (
            (stream, number, episode.live_until(finding), group, *_values(finding))
            for number, (finding, group) in enumerate(zip(episode.problems, episode.groups, strict=True))
        )
        rows["placed"] += _placed_values(episode.placed())
        rows["eligibility_span"] += ((stream, *span) for span in episode.eligibility)
        rows["quarantine"] += [episode.quarantined] if episode.quarantined else []
        rows["under_policy"] += ((stream, *days) for days in episode.under_policy)
        rows["group_record"] += ((stream, *record) for record in episode.group_records)
    for table, found in rows.items():
        _copy(database, build, table, found)


def _copy(database: Database, build: int, table: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        columns = COLUMNS[table]
        values = _each(_WRITTEN, columns[1:], zip(*rows, strict=True))
        database.copy(f"caretrail.{table}", columns, zip(repeat(build), *values, strict=False))


def _values(finding: Finding) -> tuple[Any, ...]:
    return finding[:-1] + finding.ruling


def _placed_values(placed: Iterable[Placed]) -> Iterator[tuple[Any, ...]]:
    return ((number, *one[1:], *_values(one.finding)) for number, one in enumerate(placed))


def _as_json(findings: Iterable[Finding]) -> str:
    """Findings as one JSON table: the names of the fields, then the values of each."""
    rows = [FINDING_FIELDS, *map(_values, findings)]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=date.isoformat)


def delete_rows(database: Database, build: int, streams: Iterable[UUID]) -> None:
    """Delete all rows of these streams; `refresh` makes those of a program's own stream again."""
    params = [{"build": build, "stream": stream} for stream in streams]
    if params:
        for table in COLUMNS:
            database.executemany(statements()["delete_rows"].format(table=table), params)


def sweep_rows(database: Database, live: int, following: int) -> None:
    """Delete the rows of builds that are neither read nor written."""
    for table in ALL_TABLES[1:]:
        database.execute(statements()["sweep"].format(table=table), {"live": live, "next": following})


def write_program_findings(database: Database, build: int, placed: Iterable[Placed]) -> None:
    """Replace all findings on what programs attest by these."""
    database.execute(statements()["delete_program_findings"], {"build": build})
    write_placed(database, build, placed)


def write_placed(database: Database, build: int, placed: Iterable[Placed]) -> None:
    """Add placed findings of streams that have none."""
    _copy(database, build, "placed", list(_placed_values(placed)))


def delete_placed(database: Database, build: int, stream: UUID | None = None) -> None:
    """Delete the finding on one group session, or on all of them."""
    sql = "delete_groups" if stream is None else "delete_group"
    database.execute(statements()[sql], {"build": build} | ({"stream": stream} if stream else {}))


def write_citations(database: Database, build: int, packs: Mapping[str, Mapping[str, str]]) -> None:
    """Keep where the rules of each pack stand in its document: citations by rule, by the name of the pack."""
    rows = [{"build": build, "name": name, "citations": json.dumps(found)} for name, found in sorted(packs.items())]
    database.executemany(statements()["write_pack"], rows)


# --- values ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)
def stream_of(value: Any) -> UUID:
    """A stored stream id: SQLite gives its 16 bytes."""
    return UUID(bytes=value) if isinstance(value, bytes) else value


@lru_cache(maxsize=20_000)
def versions_of(text: str) -> tuple[int, ...]:
    """Read a JSON list of versions; there are many, and json.loads is slow on short texts."""
    return tuple(map(int, text[1:-1].split(","))) if len(text) > 2 else ()


@lru_cache(maxsize=2000)
def doubt_of(text: str | None) -> Doubt | None:
    """Read a doubt from its JSON; most findings have none."""
    return None if text is None else _doubt(json.loads(text))


def _doubt(values: Sequence[Any]) -> Doubt:
    documents, *outcomes = values
    counts, not_counts = (Outcome(verdict, day_or_none(due_on)) for verdict, due_on in outcomes)
    return Doubt(tuple(documents), counts, not_counts)


def _texts_of(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


_day = lru_cache(maxsize=20_000)(day_or_none)
_end = lru_cache(maxsize=20_000)(end_or_none)
_citations = lru_cache(maxsize=100)(json.loads)
_GROUPS: dict[str | None, Group | None] = {None: None, **{group.value: group for group in Group}}

_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("start_on", "first_on", "end_on", "due_on", "anchor", "holds_through", "held_on"), _day),
    **dict.fromkeys(("first_day", "admitted_on", "ended_on"), _day),
    "stream": stream_of,
    "until_on": _end,
    "quiet": bool,
    "explained": bool,
    "evidence": versions_of,
    "doubt": doubt_of,
    "reasons": _texts_of,
    "in_group": _GROUPS.__getitem__,
}
"""How columns are read back, where the databases give something else than what was written."""

_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "until_on": lambda day: day or FOREVER,
    "evidence": json.dumps,
    "doubt": lambda doubt: None if doubt is None else json.dumps(doubt, default=date.isoformat),
    "reasons": lambda reasons: json.dumps(reasons, ensure_ascii=False),
}


def _each(
    change: Mapping[str, Callable[[Any], Any]], names: Iterable[str], columns: Iterable[Iterable[Any]]
) -> list[Iterable[Any]]:
    return [map(change[name], values) if name in change else values for name, values in zip(names, columns)]  # noqa: B905  # no rows have no columns


def read_values(names: Sequence[str], rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    """Rows of columns with these names, as the values that were written."""
    return zip(*_each(_READ, names, zip(*rows, strict=True)), strict=True)


def placed_from(rows: Sequence[Row]) -> Iterator[Placed]:
    """Read placed findings from PLACED_COLUMNS."""
    columns = _each(_READ, schema.PLACED_COLUMNS, zip(*rows, strict=True))
    own = len(Placed._fields) - 1
    return _made(Placed, zip(_findings(columns[own:]), *columns[:own], strict=True))


def findings_from(rows: Sequence[Row], before: int = 0) -> Iterator[Finding]:
    """Read findings from FINDING_COLUMNS, which `before` other columns precede."""
    return _findings(_each(_READ, schema.FINDING_COLUMNS, list(zip(*rows, strict=True))[before:]))


def _findings(columns: Sequence[Iterable[Any]]) -> Iterator[Finding]:
    own = len(Finding._fields) - 1
    rulings = _made(Ruling, zip(*columns[own:], strict=True))
    return _made(Finding, zip(*columns[:own], rulings, strict=True))


def _made(kind: type[T], values: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Named tuples of as many values as they have fields: `_make` counts them, and takes three times as long."""
    made: Callable[[tuple[Any, ...]], T] = partial(tuple.__new__, kind)  # type: ignore[type-var]  # only of tuples
    return map(made, values)


def _from_json(text: str) -> Iterator[Finding]:
    names, *rows = json.loads(text)
    for row in rows:
        values = dict(zip(names, row, strict=True))
        values.update({name: day_or_none(values[name]) for name in ("start", "until", "due_on", "anchor")})
        values["evidence"] = tuple(values["evidence"])
        values["doubt"] = _doubt(values["doubt"]) if values["doubt"] else None
        yield finding_of(values)


# --- reading --------------------------------------------------------------------------------------------------------


class _Range(NamedTuple):
    """The rows of a build whose streams are between two, both included."""

    database: Database
    build: int
    first: UUID
    last: UUID

    def rows(self, table: str, order: str = "stream") -> list[Row]:
        sql = statements()["read_range"].format(table=table, columns=", ".join(COLUMNS[table][1:]), order=order)
        return self.database.query(sql, {"build": self.build, "first": self.first, "last": self.last})

    def values(self, table: str, order: str = "stream") -> Iterator[tuple[Any, ...]]:
        return read_values(COLUMNS[table][1:], self.rows(table, order))

    def grouped(self, table: str, make: Callable[[Iterable[Any]], T], order: str) -> dict[UUID, list[T]]:
        groups: dict[UUID, list[T]] = {}
        for stream, *values in self.values(table, order):
            groups.setdefault(stream, []).append(make(values))
        return groups


def read_rows(database: Database, build: int, first: UUID, last: UUID) -> dict[UUID, EpisodeRows]:
    """Read everything that is kept of the streams in a range."""
    of_range = _Range(database, build, first, last)
    spans = of_range.grouped("span", Span._make, "stream, start_on")
    problems = of_range.grouped("finding", _problem, "stream, number")
    answers = of_range.grouped("eligibility_span", Eligibility._make, "stream, start_on")
    quarantined = {values[0]: Quarantined._make(values) for values in of_range.values("quarantine")}
    under_policy = of_range.grouped("under_policy", UnderPolicy._make, "stream, program, start_on")
    group_records = of_range.grouped("group_record", GroupRecord._make, "stream, held_on, version")
    found: dict[UUID, EpisodeRows] = {}
    for values in of_range.values("episode_view"):
        own = dict(zip(COLUMNS["episode_view"][1:], values, strict=True))
        stream, calm = own["stream"], own.pop("calm")
        loud = problems.get(stream, ())
        found[stream] = EpisodeRows(
            **own,
            findings=(*(finding for finding, _ in loud), *_from_json(calm)),
            groups=tuple(group for _, group in loud),
            spans=tuple(spans.get(stream, ())),
            eligibility=tuple(answers.get(stream, ())),
            quarantined=quarantined.get(stream),
            under_policy=tuple(under_policy.get(stream, ())),
            group_records=tuple(group_records.get(stream, ())),
        )
    return found


def _problem(values: Iterable[Any]) -> tuple[Finding, Group | None]:
    _, _, group, *fields = values
    own = len(Finding._fields) - 1
    return Finding._make((*fields[:own], Ruling._make(fields[own:]))), group


def read_placed(database: Database, build: int, first: UUID, last: UUID) -> dict[UUID, list[Placed]]:
    """Read what the worklist keeps of the streams in a range, as `EpisodeRows.placed` gives it."""
    rows = _Range(database, build, first, last).rows("placed", "stream, number")
    found: dict[UUID, list[Placed]] = {}
    for placed in placed_from([row[1:] for row in rows]):
        if placed.episode is not None:
            found.setdefault(placed.stream, []).append(placed)
    return found


def streams_of_policy(database: Database, build: int, policy: str) -> Iterator[list[UUID]]:
    """Streams of the episodes whose admission names a policy, a page at a time."""
    params = {"build": build, "policy": policy, "after": UUID(int=0), "limit": PAGE}
    while rows := database.query(statements()["streams_of_policy"], params):
        streams = [stream_of(row[0]) for row in rows]
        yield streams
        params["after"] = streams[-1]


def read_program_findings(database: Database, build: int, low: date = date.min, last: date = FOREVER) -> list[Placed]:
    """Read the findings of programs that are in force between two days."""
    params = {"build": build, "low": low, "last": last}
    return list(placed_from(database.query(statements()["read_program_findings"], params)))


def read_citations(database: Database, build: int) -> dict[str, dict[str, str]]:
    """Citations by rule, by the name of the pack."""
    return {name: _citations(found) for name, found in database.query(statements()["read_packs"], {"build": build})}
