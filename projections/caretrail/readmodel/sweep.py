"""The sweep: rows compared with the log, a few episodes at a time, again and again; what differs is made anew.

Digests catch accidents. Whoever can write the tables can forge a row with its digest; only the log tells.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.check import LAST, stored_and_right
from caretrail.readmodel.folded import ZERO, FoldedEpisodes, log_streams
from caretrail.readmodel.projector import Moved, Projector
from caretrail.readmodel.schema import State, read_state

EPISODES = 20
"""Compared at a time."""


class Sweep:
    """One round after the other over all episodes, by stream; keep it between the pages."""

    def __init__(self, recorder: EventRecorder, projector: Projector) -> None:
        self._recorder = recorder
        self._projector = projector
        self._folded = FoldedEpisodes(recorder, cached_events=0)
        self._after = ZERO

    def next_page(self, now: datetime) -> int:
        """Compare the next episodes; returns how many differed, and were made anew.

        At the end of a round the findings of programs are worked out again, and `now` is kept as the time of the sweep.
        """
        found = self._recorder.database.at_once(self._differing)
        if found is None:
            return 0
        state, streams, last = found
        try:
            if streams:
                self._projector.make_anew(state, streams)
            if last == LAST:
                self._projector.end_sweep(state, now)
        except Moved:
            return 0  # a batch came between: the same page again
        self._after = ZERO if last == LAST else UUID(int=last.int + 1)
        return len(streams)

    def _differing(self) -> tuple[State, list[UUID], UUID] | None:
        """The state, the next streams that differ, and the last one that was compared."""
        state = read_state(self._recorder.database)
        if state is None:
            return None
        before = UUID(int=max(self._after.int - 1, 0))
        pages = log_streams(self._recorder, page=EPISODES, after=before)
        page = next(pages, list[UUID]())
        streams = page if len(page) == EPISODES else [*page, LAST]
        stored, right, _ = stored_and_right(self._recorder, self._folded, state, self._after, streams)
        differing = sorted(one for one in stored.keys() | right.keys() if stored.get(one) != right.get(one))
        return state, differing, streams[-1]
