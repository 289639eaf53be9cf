"""Asking the reader: opens the store, settles what was known when, and says what an answer stands on."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from caretrail.cli.accessing import accessing
from caretrail.cli.options import View, now
from caretrail.cli.screen import say, visible
from caretrail.cli.terminal.progress import progress

if TYPE_CHECKING:
    from caretrail.cli.what_if import WhatIf
    from caretrail.policy import Policy
    from caretrail.reading.reader import Reader


@dataclass(frozen=True)
class Asking:
    """An open store with its reader; `known_at` is a position of the log, None for all there is.

    With `what_if` the questions are judged by another pack, and the reader writes nothing.
    """

    reader: Reader
    view: View
    known_at: int | None
    is_demo: bool
    what_if: WhatIf | None = None

    @property
    def as_of(self) -> date | None:
        """The day asked for, None for today."""
        return self.view.as_of

    @property
    def policy(self) -> Policy | None:
        """What judges every episode, None for the policy of its admission."""
        return self.what_if.policy if self.what_if else None

    def heading(self, what: str, otherwise: str = "today") -> str:
        """A first line: what is shown, of which day, and whether it is real."""
        if self.as_of is not None:
            return self.marked(f"{what} as of {self.as_of}")
        return self.marked(f"{what} {self._today() if otherwise == 'today' else otherwise}".rstrip())

    def _today(self) -> str:
        """Today as the programs have it, which need not be what this machine has."""
        days = " or ".join(str(day) for day in self.reader.todays())
        return f"for today, {days}" if days else "for today"

    def marked(self, line: str) -> str:
        """A line with the mark of what is no record of this store's: made-up episodes, rules not in force."""
        demo = " · DEMO STORE, made-up episodes" if self.is_demo else ""
        return f"{line}{demo}{f' · WHAT IF, by {visible(self.what_if.pack.name)}' if self.what_if else ''}"

    def standing(self) -> str:
        """What the answer stands on."""
        stands = self.reader.stands_on
        if self.known_at is not None:
            asked = self.view.known_at
            when = f"{asked.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: " if isinstance(asked, datetime) else ""
            return f"As known at {when}position {stands.position} of {stands.log_position}"
        if stands.stale:
            return (
                f"Standing on position {stands.position} of {stands.log_position}: the rows are far behind the log, "
                "run 'caretrail projection catch-up'"
            )
        return f"Standing on position {stands.position}, the newest"

    def has_facts(self) -> bool:
        """Whether anything was known; if not, a word on stderr: an empty list must not look like a clean board."""
        stands = self.reader.stands_on
        if stands.log_position == 0:
            say("Nothing is recorded in this store yet: 'caretrail append FILE' records facts.")
            return False
        if self.known_at == 0:
            say("Nothing was recorded yet by then.")
            return False
        return True


@contextmanager
def asking(view: View, pack: str | None = None) -> Generator[Asking]:
    """Open the store for questions; `pack` names another pack to judge by."""
    from caretrail.reading.reader import Reader

    instead = None
    if pack is not None:
        from caretrail.cli.what_if import what_if

        instead = what_if(pack)
    with (
        view.setup.open() as recorder,
        accessing(view.setup, recorder) as access,
        progress("Reading the log") as tell,
    ):
        known_at = view.known_at
        if isinstance(known_at, datetime):
            known_at = recorder.position_at(known_at)
        elif known_at is not None:
            known_at = min(known_at, recorder.max_position())
        if instead is not None:
            instead.tell()
        reader = Reader(recorder, now(), access=access, progress=tell, write=instead is None)
        yield Asking(reader, view, known_at, recorder.is_demo, instead)
