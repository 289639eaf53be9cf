"""The projector: reads the log in batches, recomputes each episode touched, writes rows and position together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import StoreError
from caretrail.ledger.tiles import write_all_tiles
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.group_sessions import changed as changed_groups
from caretrail.readmodel.group_sessions import differing_groups, placed_of_group, refresh_groups
from caretrail.readmodel.lease import Lease, renew_lease
from caretrail.readmodel.packs import JUDGED_AGAIN, citations_of, packs_digest, policies_of, stale_policies
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.programs import placed_of_program, programs_of, programs_touched, refresh
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import State, read_state, statements
from caretrail.readmodel.store import (
    Made,
    add_rows,
    all_rows,
    change_episodes,
    delete_episodes,
    delete_program_findings,
    made_rows,
    read_citations,
    read_program_findings,
    streams_of_policy,
    write_citations,
)

BATCH = 2048
"""Events taken at once."""

ATTEMPTS = 100


class Moved(Exception):  # not an error: another projector did the work
    """Another projector moved the position first."""


class Projector:
    """Moves the rows of the live or the filling build along the log.

    Caches folded episodes, so keep it for the next catch-up. With a lease it writes only as long as it leads.
    """

    def __init__(self, recorder: EventRecorder, build: str = "live", lease: Lease | None = None) -> None:
        self._recorder = recorder
        self._database = recorder.database
        self._build = build
        self._lease = lease
        self._folded = FoldedEpisodes(recorder)

    def catch_up(self, *, batch: int = BATCH, upto: int | None = None, progress: Progress | None = None) -> State:
        """Take batch after batch until the end; the position and the rows of a batch are written together.

        Episodes whose packs have changed are judged again first; the ledger's tiles follow last. Raises LeaseLost.
        """
        state = self._state()
        goal = self._recorder.max_position() if upto is None else min(upto, self._recorder.max_position())
        start, moved = state.position, 0
        while state.position < goal or state.packs != packs_digest(self._recorder):
            try:
                state = self._judge_again(state)
                if state.position < goal:
                    state = self._step(state, min(state.position + batch, goal))
            except Moved:
                moved += 1
                if moved > ATTEMPTS:
                    raise _overtaken() from None
                state = self._state()
            if progress is not None:
                progress(min(state.position, goal) - start, goal - start)
        if self._build == "live":
            write_all_tiles(self._recorder)
        return state

    @property
    def position(self) -> int:
        """The position of the log that the rows hold now."""
        return self._state().position

    @property
    def is_current(self) -> bool:
        """Whether the installed packs are those that judged the rows."""
        return self._state().packs == packs_digest(self._recorder)

    def retry(self, stream: UUID) -> bool:
        """Recompute one episode at the position of the read models, whatever that is by then."""
        for _ in range(ATTEMPTS):
            with suppress(Moved):
                return self._retry(stream)
        raise _overtaken()

    def _retry(self, stream: UUID) -> bool:
        state = self._state()
        self._folded.forget(stream)
        rows = self._folded.compute({stream: 0}, state.position)
        made = made_rows(rows)
        with self._database.transaction():
            self._advance(state, state.position)
            self._write(state.build, dict.fromkeys([stream]) | {row.stream: row for row in rows}, made, state.position)
        return not any(row.quarantined for row in rows)

    def make_anew(self, state: State, streams: Sequence[UUID]) -> None:
        """Replace whatever is stored of some episodes at the position of `state`. Raises Moved."""
        for stream in streams:
            self._folded.forget(stream)
        rows = self._folded.compute(streams, state.position)
        made = made_rows(rows)
        with self._database.transaction():
            self._advance(state, state.position)
            delete_episodes(self._database, state.build, streams)
            self._write(state.build, {row.stream: row for row in rows}, made, state.position)

    def end_sweep(self, state: State, now: datetime | None) -> tuple[int, int]:
        """Work out the findings of programs again: how many programs had others, and have others still. Raises Moved.

        `now`, if all is as it must be, is kept as the time since which every episode had been compared.
        """
        database, build = self._database, state.build
        stored, right = database.at_once(lambda: (read_program_findings(database, build), self._of_programs(state)))
        differing = {one.program for one in {*stored} ^ {*right}}
        still = set[str | None]()
        with database.transaction():  # nobody waits for what was worked out before it
            self._advance(state, state.position)
            if differing:
                delete_program_findings(database, build)
                refresh(self._recorder, build, state.position)
                refresh_groups(self._recorder, build)
                still = {one.program for one in {*read_program_findings(database, build)} ^ {*right}}
            if now is not None and not still:
                swept_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                database.execute(statements(build)["swept"], {**state._asdict(), "now": swept_at})
        return len(differing), len(still)

    def _of_programs(self, state: State) -> list[Placed]:
        """The findings of all programs and group sessions, as they follow from the stored rows of episodes."""
        recorder, build = self._recorder, state.build
        policies, place = policies_of(recorder), state.position
        found = [placed_of_program(recorder, build, one, place, policies) for one in programs_of(self._database, build)]
        found += [placed_of_group(recorder, build, one, policies) for one in differing_groups(self._database, build)]
        return list(chain.from_iterable(found))

    def _judge_again(self, state: State) -> State:
        """Recompute the episodes whose packs have changed since they were judged, a page a transaction.

        Until programs are judged too, no list answers from the rows: they are of two packs.
        """
        packs = packs_digest(self._recorder)
        if state.packs == packs:
            return state
        if stale := stale_policies(self._recorder, state):
            with self._database.transaction():
                state = self._keep_packs(state, JUDGED_AGAIN)
        for policy in stale:
            for streams in streams_of_policy(self._database, state.build, policy):
                rows = all_rows(self._folded.compute(streams, state.position))
                with self._database.transaction():
                    self._advance(state, state.position)
                    delete_episodes(self._database, state.build, streams)
                    add_rows(self._database, state.build, rows)
        with self._database.transaction():
            state = self._keep_packs(state, packs)
            stored = read_citations(self._database, state.build)
            write_citations(self._database, state.build, citations_of(policies_of(self._recorder), stored))
            delete_program_findings(self._database, state.build)
            refresh(self._recorder, state.build, state.position)
            refresh_groups(self._recorder, state.build)
        return state

    def _keep_packs(self, state: State, packs: str) -> State:
        self._advance(state, state.position)
        self._database.execute(statements(state.build)["keep_packs"], {**state._asdict(), "packs": packs})
        return state._replace(packs=packs)

    def _step(self, state: State, upto: int) -> State:
        touched = self._recorder.touched(state.position, upto)
        rows = self._folded.compute(touched, upto)
        made = made_rows(rows)
        with self._database.transaction():
            self._advance(state, upto)
            self._write(state.build, dict.fromkeys(touched) | {row.stream: row for row in rows}, made, upto)
        return state._replace(position=upto)

    def _write(self, build: str, newer: Mapping[UUID, EpisodeRows | None], made: Sequence[Made], upto: int) -> None:
        """Write newer rows, and what follows from them for programs and group sessions."""
        programs = programs_touched(self._recorder, build, newer)
        sessions = changed_groups(self._database, build, newer)
        write_missing_citations(self._recorder, build, [row for row in newer.values() if row is not None])
        change_episodes(self._database, build, made)
        delete_episodes(self._database, build, [stream for stream, row in newer.items() if row is None])
        refresh(self._recorder, build, upto, programs)
        refresh_groups(self._recorder, build, sessions)

    def _advance(self, state: State, upto: int) -> None:
        """Move the position, if it is still where we started: the row stays locked until the transaction ends."""
        if self._lease is not None:
            renew_lease(self._database, self._lease)
        params = {"build": state.build, "epoch": state.epoch, "after": state.position, "upto": upto}
        if self._database.execute(statements(state.build)["advance"], params) != 1:
            raise Moved

    def _state(self) -> State:
        state = read_state(self._database, self._build)
        if state is None:
            raise StoreError("there are no read models of this version", "run 'caretrail upgrade'")
        return state


def _overtaken() -> StoreError:
    return StoreError("other projectors are updating the same rows", "let one projector finish")


def write_missing_citations(recorder: EventRecorder, build: str, episodes: Iterable[EpisodeRows]) -> None:
    """Keep the citations of packs that judged for the first time."""
    database = recorder.database
    packs = {finding.pack for rows in episodes for finding in rows.findings} - {""}
    if packs and (missing := packs - read_citations(database, build).keys()):
        write_citations(database, build, citations_of(policies_of(recorder), missing))
