"""Check: the live rows are what the log says they must be, episode by episode."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged, StoreError
from caretrail.ledger.tiles import differing_tiles
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import NOUNS, Log
from caretrail.plain import as_json
from caretrail.readmodel import whole
from caretrail.readmodel.folded import ZERO, FoldedEpisodes, log_streams
from caretrail.readmodel.group_sessions import placed_of_groups
from caretrail.readmodel.packs import policies_of
from caretrail.readmodel.programs import placed_of_programs
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, UnderPolicy
from caretrail.readmodel.schema import COLUMNS, EPISODE_COLUMNS, State, read_state
from caretrail.readmodel.stays import check_stays, name_of
from caretrail.readmodel.store import (
    ByStream,
    Rows,
    episode_row,
    read_between,
    read_of,
    read_program_findings,
    rows_by_table,
)
from caretrail.readmodel.values import written

LAST = UUID(int=2**128 - 1)
ATTEMPTS = 5

OF_STAYS = "stays of "
"""How it begins where the stays of an episode differ, before its case number."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Digests of the live rows and of the rows recomputed at the same position.

    `differ` names unequal episodes, programs and tiles of the ledger, episodes with other stays than their events say,
    and a position that the log does not have.
    """

    position: int
    episodes: int
    live: str
    recomputed: str
    differ: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether live is what the log says."""
        return self.live == self.recomputed

    def as_json(self) -> dict[str, object]:
        """The report as JSON."""
        return {"ok": self.ok, **as_json(self)}


def check(recorder: EventRecorder, progress: Progress | None = None) -> CheckReport:
    """Recompute every episode at the position of the read models, and compare it with its live rows."""
    for _ in range(ATTEMPTS):
        state = read_state(recorder.database)
        if state is None:
            raise StoreError("there are no read models of this version", "run 'caretrail upgrade'")
        report = _compare(recorder, state, progress)
        if report.ok or read_state(recorder.database) == state:
            return report
    raise StoreError("the read models keep changing during the check", "run it again when no projector is running")


def _compare(recorder: EventRecorder, state: State, progress: Progress | None) -> CheckReport:
    folded = FoldedEpisodes(recorder, cached_events=0)
    live_digest, log_digest = hashlib.sha256(), hashlib.sha256()
    differ: list[str] = []
    days: list[UnderPolicy] = []
    records: dict[UUID, Sequence[GroupRecord]] = {}
    count, done, below = 0, 0, ZERO
    for streams in chain(log_streams(recorder), [[LAST]]):
        stored, right, made = stored_and_right(recorder, folded, state, below, streams)
        below = UUID(int=min(streams[-1].int + 1, LAST.int))
        days += [item for rows in made.values() for item in rows.under_policy]
        records |= {stream: rows.group_records for stream, rows in made.items() if rows.group_records}
        for stream in sorted(stored.keys() | right.keys()):
            live_digest.update(stored.get(stream, "").encode())
            log_digest.update(right.get(stream, "").encode())
            if stored.get(stream) != right.get(stream):
                differ.append(made[stream].episode if stream in made else str(stream))
        count += len(made)
        done += sum(rows.version for rows in made.values())
        if progress is not None:
            progress(min(done, state.position), state.position)
    found = sorted(read_program_findings(recorder.database, state.build), key=repr)
    policies = policies_of(recorder)
    worked_out = placed_of_programs(recorder, days, state.position, policies)
    worked_out += placed_of_groups(recorder, records, policies)
    worked_out.sort(key=repr)
    live_digest.update(repr(found).encode())
    log_digest.update(repr(worked_out).encode())
    differ += sorted({f"program {one.program}" for one in {*found} ^ {*worked_out}})
    tiles = [
        f"tile {number} of level {level} of the {NOUNS[log]}"
        for log in Log
        for level, number in differing_tiles(recorder, log)
    ]
    newest = recorder.max_position()
    beyond = [f"position @{state.position}, beyond the log"] if state.position > newest else []
    stays = [f"{OF_STAYS}{name_of(recorder, one.stream)}" for one in check_stays(recorder).differ]
    live_digest.update("".join(f"{other}\n" for other in (*tiles, *beyond, *stays)).encode())
    differ += [*tiles, *beyond, *stays]
    return CheckReport(state.position, count, live_digest.hexdigest(), log_digest.hexdigest(), tuple(sorted(differ)))


def stored_and_right(
    recorder: EventRecorder, folded: FoldedEpisodes, state: State, first: UUID, streams: Sequence[UUID]
) -> tuple[dict[UUID, str], dict[UUID, str], dict[UUID, EpisodeRows]]:
    """What is stored of the streams from `first` to the last of some, and what the log says of these, as text.

    Also returns the rows of the latter. Whatever is stored of other streams in the range is of no episode.
    """
    right, made = _right(folded, state, streams)

    def read(table: str, columns: Sequence[str]) -> ByStream:
        return read_between(recorder.database, state.build, table, columns, first, streams[-1])

    return _stored(read), right, made


def stored_of_and_right(
    recorder: EventRecorder, folded: FoldedEpisodes, state: State, streams: Sequence[UUID]
) -> tuple[dict[UUID, str], dict[UUID, str], dict[UUID, EpisodeRows]]:
    """The same of some streams, wherever they stand."""
    right, made = _right(folded, state, streams)

    def read(table: str, columns: Sequence[str]) -> ByStream:
        return read_of(recorder.database, state.build, table, columns, streams)

    return _stored(read), right, made


def _right(
    folded: FoldedEpisodes, state: State, streams: Sequence[UUID]
) -> tuple[dict[UUID, str], dict[UUID, EpisodeRows]]:
    made = {rows.stream: rows for rows in folded.compute(streams, state.position)}
    return {stream: _text(rows, rows_by_table(rows)) for stream, rows in made.items()}, made


def _stored(read: Callable[[str, Sequence[str]], ByStream]) -> dict[UUID, str]:
    """Everything that is stored of the streams whose rows are read from a table, as text."""
    episodes = read("episode", EPISODE_COLUMNS)
    beside = {table: read(table, columns) for table, columns in COLUMNS.items()}
    found: dict[UUID, str] = {}
    for stream in {*episodes, *(stream for rows in beside.values() for stream in rows)}:
        rows = {
            table: written(COLUMNS[table], of_table[stream]) if stream in of_table else []
            for table, of_table in beside.items()
        }
        found[stream] = "damaged"
        with suppress(StoreDamaged, KeyError):
            [(*looked_up, whole_bytes)] = episodes[stream]
            episode = whole.from_bytes(whole_bytes)
            if [*episode_row(episode)[:-1]] == looked_up:
                found[stream] = _text(episode, rows)
    return found


def _text(episode: EpisodeRows, beside: Rows) -> str:
    """An episode and the rows beside its own, in one order, as text."""
    values = [getattr(episode, name) for name in EpisodeRows.__slots__]
    rows = [[table, sorted(map(repr, found))] for table, found in sorted(beside.items())]
    return json.dumps([values, rows], ensure_ascii=False, default=str)
