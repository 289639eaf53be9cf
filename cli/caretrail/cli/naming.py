"""Names of episodes: on the command line a case number or the beginning of it, in a row whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from caretrail.cli.asking import Asking
    from caretrail.reading.answers import FindingRow

MOST_COMPLETIONS = 50


def complete_episode(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the case numbers that begin so; nothing if the store cannot be asked."""
    from caretrail.cli.accessing import accessing
    from caretrail.cli.options import Setup, now
    from caretrail.errors import CaretrailError

    try:
        from caretrail.reading.reader import Reader

        setup = ctx.find_object(Setup) or Setup()
        with setup.open() as recorder, accessing(setup, recorder, command="completion") as access:
            names = Reader(recorder, now(), access=access).beginning(incomplete, MOST_COMPLETIONS)
    except CaretrailError:  # a look that cannot be recorded among them
        return []
    return [CompletionItem(name) for name in names]


episode_argument = click.argument("episode", metavar="EPISODE", shell_complete=complete_episode)


def case_number(asked: Asking, name: str, known_at: int | None = None) -> str:
    """The case number that is meant: exactly this, or the only one beginning so."""
    return asked.reader.resolve(name, asked.known_at if known_at is None else known_at)


def whose(row: FindingRow) -> str:
    """Whose a row is: the episode's, by its case number, or a program's own, in two lines to keep tables narrow."""
    return f"program\n{row.program}" if row.episode is None else row.episode
