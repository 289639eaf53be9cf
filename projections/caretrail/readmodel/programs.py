"""Findings of programs, from the program's own events and the days on which a policy judges an episode there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.days import merge_spans
from caretrail.episode.episode import Episode
from caretrail.findings.program import program_findings
from caretrail.log.records import program_stream
from caretrail.policy.rules.staff import Attested
from caretrail.readmodel.compute import Unreadable, evolve
from caretrail.readmodel.packs import usable_policy
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, UnderPolicy
from caretrail.readmodel.schema import COLUMNS, statements
from caretrail.readmodel.store import read_program_findings, read_values, write_program_findings
from caretrail.readmodel.worklist_groups import groups_of

if TYPE_CHECKING:
    from caretrail.episode.history import Effective
    from caretrail.log.database import Database
    from caretrail.log.recorder import EventRecorder
    from caretrail.policy import Policy


MOST_COMPARED = 50
"""With more episodes than this, findings of programs are computed anew without comparing: that is no slower."""


def moves_programs(database: Database, build: int, newer: Mapping[UUID, EpisodeRows | None]) -> bool:
    """Whether newer rows (None for what is no episode) can change the stored findings of programs.

    Hardly ever: admissions, transfers and discharges do, sessions and documents do not.
    """
    if len(newer) > MOST_COMPARED:
        return True
    sql = statements()["stream_under_policy"]
    for stream, rows in newer.items():
        if rows is None:
            return True
        stored = read_values(COLUMNS["under_policy"][1:], database.query(sql, {"build": build, "stream": stream}))
        if sorted(UnderPolicy._make(days) for _, *days in stored) != sorted(rows.under_policy):
            return True
    return False


def days_with(database: Database, build: int | None, newer: Mapping[UUID, EpisodeRows | None]) -> list[UnderPolicy]:
    """The days of all episodes: newer rows replace the stored ones."""
    stored = database.query(statements()["streams_under_policy"], {"build": build}) if build is not None else []
    values = read_values(COLUMNS["under_policy"][1:], stored)
    kept = [UnderPolicy._make(days) for stream, *days in values if stream not in newer]
    return kept + [item for rows in newer.values() if rows is not None for item in rows.under_policy]


def days_by(database: Database, build: int, policy: Policy) -> dict[UUID, list[UnderPolicy]]:
    """The days on which another policy would judge each stored episode, as far as its levels say."""
    levels = {level for pack in policy.versions for level in pack.levels}
    found: dict[UUID, list[UnderPolicy]] = {}
    stored = database.query(statements()["in_treatment"], {"build": build})
    names = ("stream", "level", "start_on", "end_on", "program", "zone")
    for stream, level, start, end, program, zone in read_values(names, stored):
        if level in levels:
            found.setdefault(stream, []).append(UnderPolicy(start, end, program, policy.versions[0].name, zone))
    return found


def placed_of_programs(
    recorder: EventRecorder, days: Iterable[UnderPolicy], upto: int, by: Policy | None = None
) -> list[Placed]:
    """Compute every finding of every program from its events up to a position.

    `by` judges by another policy than the one that is named. Programs and policies come in their order.
    """
    groups: dict[tuple[str, str], list[UnderPolicy]] = {}
    for item in days:
        groups.setdefault((item.program, item.policy), []).append(item)
    policies = {name: by or usable_policy(name) for name in {policy for _, policy in groups}}
    asked = [
        (program, policy, groups[program, name])
        for program, name in sorted(groups)
        if (policy := policies[name]) is not None
        and any(isinstance(rule, Attested) for pack in policy.versions for rule in pack.judged)
    ]
    streams = {program: program_stream(recorder.namespace, program) for program, _, _ in asked}
    histories = _histories(recorder, streams.values(), upto)
    return [
        placed
        for program, policy, days_asked in asked
        for placed in _placed(program, streams[program], policy, days_asked, histories[streams[program]])
    ]


def _histories(recorder: EventRecorder, streams: Iterable[UUID], upto: int) -> dict[UUID, list[Effective]]:
    """The history of each program, up to the first event that cannot be read."""
    recorded = recorder.select_streams(dict.fromkeys(streams, 0))
    found: dict[UUID, list[Effective]] = {}
    for stream in streams:
        program = Episode(stream)
        with contextlib.suppress(Unreadable):  # the projector quarantines the stream, visibly
            evolve(program, [event for event in recorded.get(stream, ()) if event.position <= upto])
        found[stream] = program.history
    return found


def _placed(
    program: str, stream: UUID, policy: Policy, days: Sequence[UnderPolicy], history: Sequence[Effective]
) -> Iterator[Placed]:
    """The findings of one program, on the days on which a policy judges an episode there."""
    first = min(days, key=lambda item: (item.start, item.zone or ""))
    found = program_findings(history, policy, first.start)
    runs = merge_spans((item.start, item.end) for item in days)
    for finding, group in zip(found, groups_of(found, policy), strict=True):
        for start, end in runs:
            low, high = max(finding.start, start), min(finding.end, end)
            if low < high:
                yield Placed(finding, stream, None, None, first.zone, program, None, None, low, high, group)


def refresh(recorder: EventRecorder, build: int, upto: int) -> None:
    """Bring the stored findings of programs up to the rows of their episodes; writes only what changed."""
    database = recorder.database
    rows = database.query(statements()["days_under_policy"], {"build": build})
    days = map(UnderPolicy._make, read_values(COLUMNS["under_policy"][2:], rows))
    placed = placed_of_programs(recorder, days, upto)
    if placed != [one for one in read_program_findings(database, build) if not one.finding.subject]:
        write_program_findings(database, build, placed)
