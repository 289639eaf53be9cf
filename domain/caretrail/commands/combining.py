"""Combining: the single events that threads of one process wait to append share one append.

An append waits for a disk, and on PostgreSQL for a row that one writer at a time may hold. So what comes meanwhile is
recorded together next, each event decided as if sent alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from caretrail.commands.command import Command
from caretrail.errors import StoreUnreachable

MOST: Final = 64
"""Events in one append: a few milliseconds for whoever waits behind it."""

PATIENCE: Final = 10.0
"""Seconds that a caller waits for appends that other threads lead."""

SEND_AGAIN: Final = "send it again under the same command_id: it is recorded once"


@dataclass(slots=True, eq=False)
class _Waiting:
    command: Command
    ended: bool = False
    error: Exception | None = None


class Combiner:
    """Appends the events of threads that wait: one of them leads, takes what waits, and appends for all.

    `append` decides on commands of one thread each, in any order, and records them in one append.
    """

    def __init__(self, append: Callable[[Sequence[Command]], None], patience: float = PATIENCE) -> None:
        self._append = append
        self.patience = patience
        self._changed = threading.Condition()
        self._led = False
        self._waiting: list[_Waiting] = []

    def __len__(self) -> int:
        """How many wait to be led."""
        return len(self._waiting)

    def add(self, command: Command) -> None:
        """Append this command with others that wait; if it has no outcome then, decide on it again.

        Raises what `append` raises of this command alone, and StoreUnreachable, also after waiting in vain.
        """
        mine = _Waiting(command)
        try:
            together = self._take_the_lead(mine)
        except BaseException:
            self._withdraw(mine)
            raise
        if together:
            self._lead(together)
        if mine.error is not None:
            raise mine.error

    def _take_the_lead(self, mine: _Waiting) -> list[_Waiting]:
        """Wait until somebody has appended this, or nobody leads: then it and others that wait, to be led."""
        with self._changed:
            self._waiting.append(mine)
            if not self._changed.wait_for(lambda: mine.ended or not self._led, self.patience):
                raise _given_up(sent=mine not in self._waiting)
            if mine.ended:
                return []
            self._led = True
            first = max(0, self._waiting.index(mine) - MOST + 1)
            together = self._waiting[first : first + MOST]
            del self._waiting[first : first + MOST]
            return together

    def _withdraw(self, mine: _Waiting) -> None:
        with self._changed:
            if mine in self._waiting:
                self._waiting.remove(mine)

    def _lead(self, together: Sequence[_Waiting]) -> None:
        """Append for all of them, and let the next one lead, whatever happens."""
        error: StoreUnreachable | None = None
        alone = False
        try:
            self._append([waiting.command for waiting in together])
        except StoreUnreachable as failure:
            error = failure
        except BaseException as failure:
            alone = True  # one of them is to blame, and is told so when it comes alone
            if len(together) == 1 or not isinstance(failure, Exception):
                raise
        finally:
            with self._changed:
                for waiting in together:
                    waiting.ended, waiting.error = True, error
                    if alone:
                        waiting.command.decide_alone()
                self._led = False
                self._changed.notify_all()


def _given_up(*, sent: bool) -> StoreUnreachable:
    """The error for a caller that waited in vain."""
    if sent:
        return StoreUnreachable("the append took too long: the event may be recorded", SEND_AGAIN)
    return StoreUnreachable("other appends of this process took too long: the event is not recorded", SEND_AGAIN)
