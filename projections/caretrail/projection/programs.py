"""Findings of programs: worked out from the program's own facts and from the days on which a policy judges there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from caretrail.days import day_of, merge_spans
from caretrail.episode.episode import Episode
from caretrail.findings.program import program_findings
from caretrail.policy.rules.staff import Attested
from caretrail.projection.rows import Unreadable, evolve, flag_from, usable_policy
from caretrail.projection.shapes import EpisodeRows, Flag, ProgramFlag
from caretrail.projection.tables import PACKAGE, read_program_flags, stream_of, write_program_flags
from caretrail.projection.work import with_work
from caretrail.recording.events import program_stream
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.episode.history import Effective
    from caretrail.policy import Policy
    from caretrail.recording.database import Database, Row
    from caretrail.recording.recorder import EventRecorder


MOST_COMPARED = 50
"""Of more episodes than this it is not asked whether anything changed: working it out anew is no slower."""


class Governing(NamedTuple):
    """Days (`end` exclusive) on which a policy judges an episode of a program, and the zone of that episode."""

    start: date
    zone: str | None
    program: str
    policy: str
    end: date


def governing(rows: EpisodeRows) -> Iterator[Governing]:
    """The days on which one episode makes its programs answer to a policy."""
    for days in rows.governed:
        yield Governing(days.start, rows.zone, days.program, days.policy, days.end)


def moves_programs(database: Database, generation: int, newer: Mapping[UUID, EpisodeRows | None]) -> bool:
    """Whether newer rows (None for what is no episode) can change what is said of programs, as against the stored ones.

    Hardly ever: admissions, transfers and discharges do, sessions and documents do not.
    """
    if len(newer) > MOST_COMPARED:
        return True
    sql = load_sql(PACKAGE, "statements.sql")["governed_stream"]
    for stream, rows in newer.items():
        if rows is None:
            return True
        stored = database.query(sql, {"generation": generation, "stream": stream})
        if sorted(map(_governing, stored)) != sorted(governing(rows)):
            return True
    return False


def _governing(row: Row) -> Governing:
    _, program, policy, start, end, zone = row
    return Governing(day_of(start), zone, program, policy, day_of(end))


def governing_with(
    database: Database, generation: int | None, newer: Mapping[UUID, EpisodeRows | None]
) -> list[Governing]:
    """The days of all episodes: the stored ones, with newer rows laid over them."""
    sql = load_sql(PACKAGE, "statements.sql")["governed_streams"]
    stored = database.query(sql, {"generation": generation}) if generation is not None else []
    kept = [_governing(row) for row in stored if stream_of(row[0]) not in newer]
    return kept + [item for rows in newer.values() if rows is not None for item in governing(rows)]


def governing_by(database: Database, generation: int, policy: Policy) -> dict[UUID, list[Governing]]:
    """The days on which another policy would judge each stored episode, as far as its levels say."""
    sql = load_sql(PACKAGE, "statements.sql")["in_treatment"]
    levels = {level for pack in policy.versions for level in pack.levels}
    found: dict[UUID, list[Governing]] = {}
    for stream, program, level, start, end, zone in database.query(sql, {"generation": generation}):
        if level in levels:
            days = Governing(day_of(start), zone, program, policy.versions[0].name, day_of(end))
            found.setdefault(stream_of(stream), []).append(days)
    return found


def program_flags(
    recorder: EventRecorder, days: Iterable[Governing], upto: int, by: Policy | None = None
) -> list[ProgramFlag]:
    """Work out every finding of every program from what is recorded up to a position.

    `by` judges by another policy than the one that is named. Programs and policies come in their order.
    """
    groups: dict[tuple[str, str], list[Governing]] = {}
    for item in days:
        groups.setdefault((item.program, item.policy), []).append(item)
    policies = {name: by or usable_policy(name) for name in {policy for _, policy in groups}}
    asked = [
        (program, policy, groups[program, name])
        for program, name in sorted(groups)
        if (policy := policies[name]) is not None and _asks(policy)
    ]
    streams = {program: program_stream(recorder.namespace, program) for program, _, _ in asked}
    histories = _histories(recorder, streams.values(), upto)
    return [
        flag
        for program, policy, governed in asked
        for flag in _flags(program, streams[program], policy, governed, histories[streams[program]])
    ]


def _asks(policy: Policy) -> bool:
    return any(isinstance(rule, Attested) for pack in policy.versions for rule in pack.judged)


def _histories(recorder: EventRecorder, streams: Iterable[UUID], upto: int) -> dict[UUID, list[Effective]]:
    """What each program has stated; a fact that cannot be read leaves what stands before it."""
    recorded = recorder.select_streams(dict.fromkeys(streams, 0))
    found: dict[UUID, list[Effective]] = {}
    for stream in streams:
        program = Episode(stream)
        with contextlib.suppress(Unreadable):  # the projector quarantines the stream, where everybody can see it
            evolve(program, [event for event in recorded.get(stream, ()) if event.position <= upto])
        found[stream] = program.history
    return found


def _flags(
    program: str, stream: UUID, policy: Policy, governed: Sequence[Governing], history: Sequence[Effective]
) -> Iterator[ProgramFlag]:
    first = min(governed, key=lambda item: (item.start, item.zone or ""))
    rules = {(pack.name, name): rule for pack in policy.versions for name, rule in pack.rules.items()}
    found = program_findings(history, policy, first.start)
    flags = [flag_from(finding, rules.get((finding.pack, finding.rule))) for finding in found]
    runs = merge_spans((item.start, item.end) for item in governed)
    for flag in with_work(flags, rules):
        yield from _cut(flag, runs, stream, program, first.zone)


def _cut(
    flag: Flag, runs: Iterable[tuple[date, date]], stream: UUID, program: str, zone: str | None
) -> Iterator[ProgramFlag]:
    for start, end in runs:
        low, high = max(flag.start, start), min(flag.end, end)
        if low < high:
            yield ProgramFlag(low, high, stream, program, zone, flag)


def refresh(recorder: EventRecorder, generation: int, upto: int) -> None:
    """Bring the stored findings of programs up to the rows of their episodes; writes only what changed."""
    database = recorder.database
    rows = database.query(load_sql(PACKAGE, "statements.sql")["governed_days"], {"generation": generation})
    days = [Governing(day_of(start), zone, program, policy, day_of(end)) for program, policy, start, end, zone in rows]
    flags = program_flags(recorder, days, upto)
    if flags != read_program_flags(database, generation):
        write_program_flags(database, generation, flags)
