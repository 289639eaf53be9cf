"""What if: the answers as if one version of the rules had been in force all along. Nothing of it is ever stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.policy import Pack, Policy
from caretrail.projection.programs import days_by
from caretrail.projection.schema import State
from caretrail.projection.store import stream_of
from caretrail.reading.board import QUERIES, KnownBoard
from caretrail.reading.scope import Scope
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.projection.placed import Placed
    from caretrail.recording.recorder import EventRecorder

PAGE = 200
"""Episodes folded at a time; bounds the memory."""


def as_if_in_force(pack: Pack) -> Policy:
    """The policy of a pack alone, in force on every day: what it would say of everybody it is for.

    Whom it is not for (another population) it does not judge, and says so of each.
    """
    always = pack.model_copy(update={"effective_from": None, "effective_to": None, "supersedes": None})
    return Policy((always,))


class WhatIfBoard(KnownBoard):
    """Every episode folded from the log and judged by one policy; the stored rows say only which need not be folded.

    `state` is where the rows stand, None to fold the whole log.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        position: int,
        progress: Progress | None,
        policy: Policy,
        state: State | None,
    ) -> None:
        super().__init__(recorder, position, progress, policy)
        self._state = state

    def _pages(self, scope: Scope | None) -> Iterable[Sequence[UUID]]:
        if self._state is None or scope is None or scope.closed:
            return super()._pages(scope)
        return self._open(self._state, scope)

    def _of_programs(self, scope: Scope) -> Sequence[Placed]:
        """Also by the episodes that were not folded: since when a program answers to the policy rests on them, too."""
        if self._state is not None and self._policy is not None and scope.asks_of_programs:
            stored = days_by(self._recorder.database, self._state.build, self._policy)
            self._under_policy = stored | self._under_policy
        return super()._of_programs(scope)

    def _open(self, state: State, scope: Scope) -> Iterator[Sequence[UUID]]:
        """Streams of the episodes that had begun and had not ended: when they did is told by facts, not by rules."""
        low, _, last = scope.reach()
        sql = load_sql(QUERIES, "queries.sql")["begun_and_not_ended"]
        params = {"build": state.build, "low": low, "last": last}
        stored = (stream_of(row[0]) for row in self._recorder.database.query(sql, params))
        newer = self._recorder.touched(state.position, self._position)
        streams = list(dict.fromkeys((*stored, *newer)))
        for start in range(0, len(streams), PAGE):
            yield streams[start : start + PAGE]
