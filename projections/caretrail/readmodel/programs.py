"""Findings of programs, from the program's own events and the days on which a policy judges an episode there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.days import merge_spans
from caretrail.episode.episode import Episode
from caretrail.findings.program import program_findings
from caretrail.log.own_events import voids_in
from caretrail.log.records import program_stream
from caretrail.policy.rules.staff import Attested
from caretrail.readmodel.compute import Unreadable, evolve
from caretrail.readmodel.packs import PolicyOf, policies_of
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, UnderPolicy
from caretrail.readmodel.schema import COLUMNS, statements
from caretrail.readmodel.store import read_names, write_program_findings
from caretrail.readmodel.values import read_values
from caretrail.readmodel.worklist_groups import groups_of

if TYPE_CHECKING:
    from caretrail.episode.history import Effective
    from caretrail.log.database import Database
    from caretrail.log.recorder import EventRecorder
    from caretrail.policy import Policy


Newer = Mapping[UUID, EpisodeRows | None]
"""Newer rows by stream; None for the stream of what is no episode."""


def programs_touched(recorder: EventRecorder, build: str | None, newer: Newer) -> set[str]:
    """The programs whose findings newer rows can change: those with new events of their own, or other days.

    Hardly ever any: admissions, transfers and discharges change days, sessions and documents do not.
    """
    found: set[str] = set()
    for stream, rows in newer.items():
        now = () if rows is None else rows.under_policy
        found |= {days.program for days in set(now) ^ set(_days_of(recorder.database, build, stream))}
    if own := {stream for stream, rows in newer.items() if rows is None or rows.quarantined}:
        known = found | set(programs_of(recorder.database, build))
        known |= {days.program for rows in newer.values() if rows is not None for days in rows.under_policy}
        found |= {program for program in known if program_stream(recorder.namespace, program) in own}
    return found


def _days_of(database: Database, build: str | None, stream: UUID) -> list[UnderPolicy]:
    if build is None:
        return []
    columns = COLUMNS["under_policy"]
    sql = statements(build)["rows_of"].format(table="under_policy", columns=", ".join(columns))
    return [UnderPolicy._make(days) for _, *days in read_values(columns, database.query(sql, {"stream": stream}))]


def programs_of(database: Database, build: str | None) -> list[str]:
    """The programs in which a policy judges an episode."""
    return [] if build is None else read_names(database, build, "under_policy", "program")


def days_with(database: Database, build: str | None, newer: Newer, programs: Iterable[str]) -> list[UnderPolicy]:
    """The days of all episodes of some programs: newer rows replace the stored ones."""
    columns, asked = COLUMNS["under_policy"], set(programs)
    kept: list[UnderPolicy] = []
    for program in sorted(asked) if build is not None else ():
        stored = database.query(statements(build)["streams_under_policy"], {"program": program})
        kept += [UnderPolicy._make(days) for stream, *days in read_values(columns, stored) if stream not in newer]
    added = [item for rows in newer.values() if rows is not None for item in rows.under_policy]
    return kept + [item for item in added if item.program in asked]


def days_by(database: Database, build: str, policy: Policy) -> dict[UUID, list[UnderPolicy]]:
    """The days on which another policy would judge each stored episode, as far as its levels say."""
    levels = {level for pack in policy.versions for level in pack.levels}
    found: dict[UUID, list[UnderPolicy]] = {}
    stored = database.query(statements(build)["in_treatment"])
    names = ("stream", "level", "start_on", "end_on", "program", "zone")
    for stream, level, start, end, program, zone in read_values(names, stored):
        if level in levels:
            found.setdefault(stream, []).append(UnderPolicy(start, end, program, policy.versions[0].name, zone))
    return found


def placed_of_programs(
    recorder: EventRecorder, days: Iterable[UnderPolicy], upto: int, policies: PolicyOf
) -> list[Placed]:
    """Compute every finding of every program from its events up to a position.

    `policies` give the policy for the name of one. Programs and policies come in their order.
    """
    groups: dict[tuple[str, str], list[UnderPolicy]] = {}
    for item in days:
        groups.setdefault((item.program, item.policy), []).append(item)
    judging = {name: policies(name) for name in {policy for _, policy in groups}}
    asked = [
        (program, policy, groups[program, name])
        for program, name in sorted(groups)
        if (policy := judging[name]) is not None
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
    """The history of each program, of the events that can be read."""
    recorded = recorder.select_streams(dict.fromkeys(streams, 0))
    voids = voids_in(recorder, upto)
    found: dict[UUID, list[Effective]] = {}
    for stream in streams:
        program = Episode(stream)
        with contextlib.suppress(Unreadable):  # the projector quarantines the stream, visibly
            known = [event for event in recorded.get(stream, ()) if event.position <= upto]
            evolve(recorder.namespace, program, known, voids)
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


def refresh(recorder: EventRecorder, build: str, upto: int, programs: Iterable[str] | None = None) -> None:
    """Bring the stored findings of programs, by default of all, up to the rows of their episodes."""
    database, policies = recorder.database, policies_of(recorder)
    for program in sorted(set(programs_of(database, build) if programs is None else programs)):
        placed = placed_of_program(recorder, build, program, upto, policies)
        write_program_findings(database, build, program_stream(recorder.namespace, program), placed)


def placed_of_program(recorder: EventRecorder, build: str, program: str, upto: int, policies: PolicyOf) -> list[Placed]:
    """Compute every finding of one program from its events up to a position and the stored days of its episodes."""
    rows = recorder.database.query(statements(build)["days_under_policy"], {"program": program})
    days = map(UnderPolicy._make, read_values(COLUMNS["under_policy"][1:], rows))
    return placed_of_programs(recorder, days, upto, policies)
