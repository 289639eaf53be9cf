"""Findings on group sessions: what several charts have on record of one of them, counted together.

Only sessions that newer rows touch are counted anew. A finding names no chart: it says how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid5

from caretrail.days import FOREVER
from caretrail.findings.program import GroupChart, group_findings
from caretrail.log.records import program_stream
from caretrail.readmodel.packs import PolicyOf, policies_of
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, GroupRecord
from caretrail.readmodel.schema import COLUMNS, statements
from caretrail.readmodel.store import write_program_findings
from caretrail.readmodel.values import read_values
from caretrail.readmodel.worklist_groups import groups_of

if TYPE_CHECKING:
    from datetime import date

    from caretrail.log.database import Database
    from caretrail.log.recorder import EventRecorder
    from caretrail.policy import Policy

Records = Mapping[UUID, Iterable[GroupRecord]]
Newer = Mapping[UUID, EpisodeRows | None]


class GroupSession(NamedTuple):
    """One group session of a program, as counted under one policy."""

    program: str
    policy: str
    group_session: str
    held_on: date

    def stream(self, namespace: UUID) -> UUID:
        """The id under which its finding is stored."""
        return uuid5(program_stream(namespace, self.program), f"{self.policy} {self.group_session} {self.held_on}")


def session_of(record: GroupRecord) -> GroupSession:
    """The session that a record is of."""
    return GroupSession(record.program, record.policy, record.group_session, record.held_on)


def touched(database: Database, build: str | None, newer: Newer) -> set[GroupSession]:
    """The group sessions that the stored or the newer rows of some streams have on record."""
    found = {session_of(record) for rows in newer.values() if rows is not None for record in rows.group_records}
    for stream in newer if build is not None else ():
        stored = database.query(statements(build)["groups_of_stream"], {"stream": stream})
        found |= {GroupSession._make(values) for values in read_values(GroupSession._fields, stored)}
    return found


def changed(database: Database, build: str, newer: Newer) -> set[GroupSession]:
    """The group sessions of which newer rows of some streams say something else than the stored ones.

    An event leaves most of an episode's as they were: to count all of them anew took a third of a batch.
    """
    columns = COLUMNS["group_record"][1:]
    sql = statements(build)["rows_of"].format(table="group_record", columns=", ".join(columns))
    found: set[GroupSession] = set()
    for stream, rows in newer.items():
        stored = {GroupRecord._make(row) for row in read_values(columns, database.query(sql, {"stream": stream}))}
        found |= {session_of(record) for record in stored ^ set(rows.group_records if rows is not None else ())}
    return found


def refresh_groups(recorder: EventRecorder, build: str, sessions: Iterable[GroupSession] | None = None) -> None:
    """Count group sessions anew from the stored rows, by default all that differ, and store what is found."""
    database, policies = recorder.database, policies_of(recorder)
    for session in sorted(differing_groups(database, build) if sessions is None else sessions):
        placed = placed_of_group(recorder, build, session, policies)
        write_program_findings(database, build, session.stream(recorder.namespace), placed)


def differing_groups(database: Database, build: str) -> list[GroupSession]:
    """The group sessions whose stored records contradict each other, or their size."""
    stored = database.query(statements(build)["groups_that_differ"])
    return [GroupSession._make(values) for values in read_values(GroupSession._fields, stored)]


def groups_with(
    recorder: EventRecorder, build: str | None, newer: Newer, kept: Iterable[Placed], policies: PolicyOf
) -> Iterator[Placed]:
    """The findings `kept` of all group sessions, but those that newer rows touch as they are with those rows."""
    sessions = touched(recorder.database, build, newer)
    changed = {session.stream(recorder.namespace) for session in sessions}
    added: dict[GroupSession, dict[UUID, list[GroupRecord]]] = {}
    for stream, rows in newer.items():
        for record in rows.group_records if rows is not None else ():
            added.setdefault(session_of(record), {}).setdefault(stream, []).append(record)
    yield from (placed for placed in kept if placed.stream not in changed)
    for session in sorted(sessions):
        stored = _stored(recorder.database, build, session) if build is not None else {}
        kept_records = {stream: records for stream, records in stored.items() if stream not in newer}
        yield from placed_of_groups(recorder, kept_records | added.get(session, {}), policies)


def _stored(database: Database, build: str, session: GroupSession) -> dict[UUID, list[GroupRecord]]:
    found: dict[UUID, list[GroupRecord]] = {}
    rows = database.query(statements(build)["records_of_group"], session._asdict())
    for stream, *values in read_values(COLUMNS["group_record"], rows):
        found.setdefault(stream, []).append(GroupRecord._make(values))
    return found


def placed_of_group(recorder: EventRecorder, build: str, session: GroupSession, policies: PolicyOf) -> list[Placed]:
    """Judge one group session by the stored records of its charts."""
    return placed_of_groups(recorder, _stored(recorder.database, build, session), policies)


def placed_of_groups(recorder: EventRecorder, records: Records, policies: PolicyOf) -> list[Placed]:
    """Judge the group sessions of these records; `policies` give the policy for the name of one."""
    sessions: dict[GroupSession, list[tuple[UUID, GroupRecord]]] = {}
    for stream, found in records.items():
        for record in found:
            sessions.setdefault(session_of(record), []).append((stream, record))
    return [
        placed
        for session in sorted(sessions)
        for placed in _placed(recorder.namespace, session, sessions[session], policies(session.policy))
    ]


def _placed(
    namespace: UUID, session: GroupSession, records: list[tuple[UUID, GroupRecord]], policy: Policy | None
) -> Iterator[Placed]:
    if policy is None:
        return
    charts = [GroupChart(stream, session.held_on, session.group_session, one.group_size) for stream, one in records]
    zone = min((record.zone for _, record in records if record.zone), default=None)
    found = group_findings(charts, policy)
    for finding, group in zip(found, groups_of(found, policy), strict=True):
        stream = session.stream(namespace)
        yield Placed(finding, stream, None, None, zone, session.program, None, None, finding.start, FOREVER, group)
