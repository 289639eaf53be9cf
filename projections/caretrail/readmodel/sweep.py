"""The sweep: rows compared with the log, a few episodes at a time, again and again; what differs is made anew.

Digests catch accidents. Whoever can write the tables can forge a row with its digest; only the log tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.check import LAST, stored_and_right, stored_of_and_right
from caretrail.readmodel.folded import ZERO, FoldedEpisodes, log_streams
from caretrail.readmodel.projector import Moved, Projector
from caretrail.readmodel.schema import REGISTRY, State, read_state, statements

EPISODES = 5
"""Compared at a time: events that come meanwhile wait for them, some 40 ms."""

PAGE_SECONDS = 0.5
"""Between two pages while no events come: ten episodes a second, 860,000 a day."""

LATE_SECONDS = PAGE_SECONDS / 4
"""Between two pages of a round that is late, also while events come: forty episodes a second, 3,400,000 a day."""

ROUND_SECONDS = 20 * 3600.0
"""In which a round ends even if events never cease to come: within a day, with time to spare."""

ROUND_PAUSE = 60.0
"""Between two rounds: a small store is not compared without end."""


class Swept(NamedTuple):
    """What a page of the sweep found: rows of so many episodes or programs differed from the log, and were `mended`.

    Of these, `unmended` differ again as soon as they are written. `hidden` events stand at a position of the log, and
    not in their stream. `ends_round`: every episode was compared.
    """

    mended: int = 0
    unmended: int = 0
    hidden: int = 0
    ends_round: bool = False


class Pace:
    """When the next page is due: while nothing else is to be done, and at any time if the round would not end in time.

    Times are seconds of a clock that is never set.
    """

    def __init__(self, now: float) -> None:
        self._began = self._last = now
        self._pause = PAGE_SECONDS

    def is_due(self, covered: float, now: float, *, busy: bool) -> bool:
        """Whether to compare a page now; `covered` is how much of the round is done, `busy` that events come."""
        waited = now - self._last
        if covered < (now - self._began - 2 * ROUND_PAUSE) / ROUND_SECONDS:
            return waited >= LATE_SECONDS
        return not busy and waited >= self._pause

    def done(self, now: float, *, ends_round: bool) -> None:
        """A page was compared."""
        self._last = now
        self._began = now if ends_round else self._began
        self._pause = ROUND_PAUSE if ends_round else PAGE_SECONDS


class Sweep:
    """Round after round over all episodes, by stream, and over the log, by position; keep it between the pages."""

    def __init__(self, recorder: EventRecorder, projector: Projector) -> None:
        self._recorder = recorder
        self._projector = projector
        self._folded = FoldedEpisodes(recorder, cached_events=0)
        self._after = ZERO
        self._position = 0
        self._troubled = False

    @property
    def covered(self) -> float:
        """How much of the round is done: streams are spread evenly over all there could be."""
        return self._after.int / LAST.int

    def next_page(self, now: datetime) -> Swept:
        """Compare the next episodes; those that differ are made anew.

        At the end of a round the findings of programs are worked out again, and `now` is kept as the time of the
        sweep, unless something was found that could not be mended.
        """
        found = self._recorder.database.at_once(self._compared)
        if found is None:
            return Swept()
        state, differing, last, position, hidden = found
        ends = last == LAST
        unmended, programs, forged = 0, 0, 0
        try:
            if differing:
                self._projector.make_anew(state, differing)
                unmended = self._recorder.database.at_once(lambda: self._still_differing(state, differing))
            self._troubled = self._troubled or bool(unmended or hidden)
            if ends:
                programs, forged = self._projector.end_sweep(state, None if self._troubled else now)
        except Moved:  # a batch came between: the same page again
            return Swept(len(differing) if unmended else 0, unmended, hidden)
        self._after, self._position = (ZERO, 0) if ends else (UUID(int=last.int + 1), position)
        self._troubled = self._troubled and not ends
        return Swept(len(differing) + programs, unmended + forged, hidden, ends)

    def _compared(self) -> tuple[State, list[UUID], UUID, int, int] | None:
        """The state, the next streams that differ, the last one compared; the last position, and how many it hides."""
        state = read_state(self._recorder.database)
        if state is None:
            return None
        before = UUID(int=max(self._after.int - 1, 0))
        page = next(log_streams(self._recorder, page=EPISODES, after=before), list[UUID]())
        streams = page if len(page) == EPISODES else [*page, LAST]
        stored, right, _ = stored_and_right(self._recorder, self._folded, state, self._after, streams)
        differing = sorted(one for one in stored.keys() | right.keys() if stored.get(one) != right.get(one))
        last = streams[-1]
        upto = max(self._position, state.position * last.int // LAST.int)
        return state, differing, last, upto, self._hidden(self._position, upto)

    def _hidden(self, above: int, upto: int) -> int:
        """How many events in a stretch of the log are not found in their stream: rows made by stream lack them."""
        return len(self._recorder.database.query(statements(REGISTRY)["hidden"], {"above": above, "upto": upto}))

    def _still_differing(self, state: State, streams: Sequence[UUID]) -> int:
        if read_state(self._recorder.database) != state:
            return 0  # a batch came between: the next round tells
        stored, right, _ = stored_of_and_right(self._recorder, self._folded, state, streams)
        return sum(stored.get(one) != right.get(one) for one in streams)
