"""Rows in and out of the tables, by the names of their fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from caretrail.days import FOREVER, day_of, day_or_none, end_or_none
from caretrail.findings import FINDING_FIELDS, Finding, Ruling, finding_of, finding_values
from caretrail.readmodel.placed import Group, Placed
from caretrail.readmodel.rows import EligibilitySpan, EpisodeRows, Quarantined, Span, UnderPolicy
from caretrail.readmodel.schema import ALL_TABLES, COLUMNS, PAGE, PLACE_FIELDS, TABLES, statements

if TYPE_CHECKING:
    from caretrail.log.database import Database, Row

T = TypeVar("T")


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
    for table in ALL_TABLES[1:]:
        database.execute(statements()["sweep"].format(table=table), {"live": live, "next": following})


def _view_rows(build: int, rows: EpisodeRows) -> Iterator[Sequence[object]]:
    yield (
        build, rows.stream, rows.episode, rows.client, rows.zone, rows.policy, rows.first_day, rows.admitted_on,
        rows.ended_on, rows.version, rows.position, rows.packs, _as_json(rows.findings[len(rows.problems) :]),
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
        yield build, number, *[getattr(one, name) for name in PLACE_FIELDS], *_column_values(one.finding)


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


@lru_cache(maxsize=20_000)
def _uuid(value: bytes) -> UUID:
    return UUID(bytes=value)


def stream_of(value: Any) -> UUID:
    """A stored stream id: SQLite gives its 16 bytes."""
    return _uuid(value) if isinstance(value, bytes) else value


def versions_of(text: str) -> tuple[int, ...]:
    """Read a JSON list of versions; there are many, and json.loads is slow on short texts."""
    return tuple(map(int, text[1:-1].split(","))) if len(text) > 2 else ()


_GROUPS: dict[str | None, Group | None] = {None: None, **{group.value: group for group in Group}}

_READ: dict[str, Callable[[Any], Any]] = {
    "start": day_of,
    "until": end_or_none,
    "quiet": bool,
    "evidence": versions_of,
    "due_on": day_or_none,
    "anchor": day_or_none,
    "stream": stream_of,
    "first": day_of,
    "end": day_of,
    "group": _GROUPS.__getitem__,
}
"""How fields are read back, where the databases give something else than what was written."""

_FIELDS = (*PLACE_FIELDS, *FINDING_FIELDS)
_READERS = [(place, _READ[name]) for place, name in enumerate(_FIELDS) if name in _READ]
_OWN, _RULING = len(PLACE_FIELDS), len(_FIELDS) - len(Ruling._fields)
_FINDING_READERS = [(place - _OWN, read) for place, read in _READERS if place >= _OWN]


def placed_of(row: Row) -> Placed:
    """Read a placed finding from its columns, in the order of PLACED_COLUMNS."""
    values = list(row)
    for place, read in _READERS:
        values[place] = read(values[place])
    finding = Finding._make((*values[_OWN:_RULING], Ruling._make(values[_RULING:])))
    return Placed._make((finding, *values[:_OWN]))


def finding_from(columns: Iterable[Any]) -> Finding:
    """Read a finding from its columns, in the order of FINDING_COLUMNS."""
    values = list(columns)
    for place, read in _FINDING_READERS:
        values[place] = read(values[place])
    own = _RULING - _OWN
    return Finding._make((*values[:own], Ruling._make(values[own:])))


def _from_json(text: str) -> Iterator[Finding]:
    names, *rows = json.loads(text)
    for row in rows:
        values = dict(zip(names, row, strict=True))
        for name in ("start", "until", "due_on", "anchor"):
            if values[name] is not None:
                values[name] = day_of(values[name])
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
            row[8], row[9], row[10], (*(finding for _, finding in loud), *_from_json(row[11])),
            tuple(group for group, _ in loud), tuple(spans.get(stream, ())),
            tuple(answers.get(stream, ())), problems.get(stream), tuple(under_policy.get(stream, ())),
        )  # fmt: skip  # in the order of the fields
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
    return _GROUPS[row[1]], finding_from(row[2:])


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
