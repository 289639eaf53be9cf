"""Check: the live rows are what the log says they must be, episode by episode."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import StoreError
from caretrail.ledger.tiles import differing_tiles
from caretrail.log.recorder import EventRecorder
from caretrail.plain import as_json
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.group_sessions import placed_of_groups
from caretrail.readmodel.programs import placed_of_programs
from caretrail.readmodel.rebuild import ZERO, log_streams
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, UnderPolicy
from caretrail.readmodel.schema import State, read_state
from caretrail.readmodel.store import read_placed, read_program_findings, read_rows

LAST = UUID(int=2**128 - 1)
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Digests of the live rows and of the rows recomputed at the same position.

    `differ` names unequal episodes, programs and tiles of the ledger.
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
        state = read_state(recorder.database) or State(0, 0)
        report = _compare(recorder, state, progress)
        if report.ok or read_state(recorder.database) in (state, None):
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
        live = read_rows(recorder.database, state.build, below, streams[-1])
        placed = read_placed(recorder.database, state.build, below, streams[-1])
        below = UUID(int=min(streams[-1].int + 1, LAST.int))
        made = {rows.stream: rows for rows in folded.compute(streams, state.position)}
        days += [item for rows in made.values() for item in rows.under_policy]
        records |= {stream: rows.group_records for stream, rows in made.items() if rows.group_records}
        for stream in sorted(live.keys() | made.keys()):
            live_digest.update(_bytes_of(live.get(stream)))
            log_digest.update(_bytes_of(rows := made.get(stream)))
            if live.get(stream) != rows:
                differ.append((rows or live[stream]).episode)
            elif rows is not None and placed.get(stream, []) != list(rows.placed()):
                differ.append(rows.episode)
                live_digest.update(b"work\n")  # the worklist's copy differs from the findings it was made from
        count += len(made)
        done += sum(rows.version for rows in made.values())
        if progress is not None:
            progress(min(done, state.position), state.position)
    kept = sorted(read_program_findings(recorder.database, state.build), key=repr)
    worked_out = placed_of_programs(recorder, days, state.position) + placed_of_groups(recorder, records)
    worked_out.sort(key=repr)
    live_digest.update(repr(kept).encode())
    log_digest.update(repr(worked_out).encode())
    differ += sorted({f"program {one.program}" for one in {*kept} ^ {*worked_out}})
    for level, number in differing_tiles(recorder):
        live_digest.update(f"tile {level} {number}\n".encode())
        differ.append(f"tile {number} of level {level}")
    return CheckReport(state.position, count, live_digest.hexdigest(), log_digest.hexdigest(), tuple(sorted(differ)))


def _bytes_of(rows: EpisodeRows | None) -> bytes:
    values = [] if rows is None else [getattr(rows, name) for name in EpisodeRows.__slots__]
    return json.dumps(values, ensure_ascii=False, default=str).encode()
