"""Names of episodes: on the command line a case number or the beginning of it, in a row whose it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from caretrail.cli.params import Knowledge
    from caretrail.cli.session import Session
    from caretrail.reading.answers import FindingRow

MOST_COMPLETIONS = 50


def complete_episode(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the case numbers that begin so; nothing if the store cannot be asked."""
    from caretrail.cli.session import Setup, access_log, now
    from caretrail.errors import CaretrailError

    try:
        from caretrail.reading.questions.episodes import OpenBeginning
        from caretrail.reading.reader import Reader

        setup = ctx.find_object(Setup) or Setup()
        with setup.open() as recorder, access_log(setup, recorder, command="completion") as access:
            found = Reader(recorder, now(), access=access).ask(OpenBeginning(incomplete, MOST_COMPLETIONS))
    except CaretrailError:  # an access that cannot be recorded among them
        return []
    return [CompletionItem(name) for name in found.value]


episode_argument = click.argument("episode", metavar="EPISODE", shell_complete=complete_episode)


def case_number(asked: Session, name: str, known_at: Knowledge | None = None) -> str:
    """The case number that is meant: exactly this, or the only one beginning so."""
    from caretrail.reading.questions.episodes import CaseNumber

    query = asked.query if known_at is None else replace(asked.query, known_at=known_at)
    return asked.ask(CaseNumber(name, query)).value


def whose(row: FindingRow) -> str:
    """Whose a row is: the episode's, by its case number, or a program's own, in two lines to keep tables narrow."""
    return f"program\n{row.program}" if row.episode is None else row.episode
