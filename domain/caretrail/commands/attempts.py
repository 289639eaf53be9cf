"""Attempts: decide again, up to a limit, after another writer appended first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import uniform
from time import sleep

from caretrail.commands.command import Command
from caretrail.commands.rounds import undecided
from caretrail.errors import CommandReused, StayOverlap, VersionConflict

ATTEMPTS = 40
"""Decisions at most, while other writers append first."""

PAUSE = 0.001
"""Seconds: half the longest pause before the second decision; it doubles, so that writers of one episode get out of
step."""

LONGEST_PAUSE = 0.05
"""Seconds: several times the time of a decision; longer pauses would only delay all writers."""


def run(commands: Sequence[Command], decide_round: Callable[[list[Command]], None], *, atomic: bool) -> None:
    """Decide round after round until every command has its outcome.

    Raises what `decide_round` raises. Only a conflict found by the store is tried again: it names no place in the call.
    """
    conflicts = 0
    while todo := undecided(commands):
        try:
            decide_round(todo)
        except (VersionConflict, CommandReused) as conflict:
            conflicts += 1
            if conflict.index is not None or conflicts >= ATTEMPTS:
                raise
            for command in todo:
                command.read_again()
            sleep(uniform(0, min(PAUSE * 2**conflicts, LONGEST_PAUSE)))  # noqa: S311  # nothing is secret about a pause
        except StayOverlap as overlap:
            if atomic:
                raise
            if len(todo) == 1:
                todo[0].outcome = overlap
            else:  # find the event that overlaps: from here on decide each event alone
                for command in todo:
                    run([command], decide_round, atomic=False)
