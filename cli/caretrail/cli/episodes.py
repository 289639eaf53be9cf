"""Case numbers: completed, resolved from their beginning, and shown in rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from caretrail.cli.params import Knowledge
from caretrail.cli.session import Session, access_log
from caretrail.cli.setup import Setup
from caretrail.errors import CaretrailError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from caretrail.reading.answers import FindingRow

MOST_COMPLETIONS = 50


def complete_episode(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer case numbers with this beginning; none if the store cannot be used."""
    from click.shell_completion import CompletionItem

    try:
        from caretrail.reading.questions.episodes import OpenBeginning
        from caretrail.reading.reader import Reader

        setup = ctx.find_object(Setup) or Setup()
        with setup.open() as recorder, access_log(setup, recorder, command="completion") as access:
            found = Reader(recorder, recorder.now(), access=access).ask(OpenBeginning(incomplete, MOST_COMPLETIONS))
    except CaretrailError:  # an access that cannot be recorded among them
        return []
    return [CompletionItem(name) for name in found.value]


episode_argument = click.argument("episode", metavar="EPISODE", shell_complete=complete_episode)


def case_number(asked: Session, name: str, known_at: Knowledge | None = None) -> str:
    """The case number that `name` means: itself, or the only one that begins with it."""
    from caretrail.reading.questions.episodes import CaseNumber

    query = asked.query if known_at is None else replace(asked.query, known_at=known_at)
    return asked.ask(CaseNumber(name, query)).value


def whose(row: FindingRow) -> str:
    """The case number of a row, or its program in two lines, which keeps tables narrow."""
    return f"program\n{row.program}" if row.episode is None else row.episode
