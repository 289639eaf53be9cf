"""`eligibility`: whether continued stay is supported on a day, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import case_number, episode_argument
from caretrail.cli.groups import Command
from caretrail.cli.session import Session, read_options
from caretrail.cli.terminal.tables import lines, print_sheet, verdict_cell
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.reading.answers import EligibilityRow, Standing


@click.command("eligibility", cls=Command)
@episode_argument
@read_options
def eligibility_command(asked: Session, episode: str) -> None:
    """Answer whether continued stay is supported on a day.

    Gives the basis, the reasons, the last day it holds, and the events behind it. EPISODE is a case number or the
    beginning of one.

        caretrail eligibility LNK-2026-0001 --as-of 2026-02-10
    """
    from caretrail.reading.questions.eligibility import ContinuedStay

    asked.answer(ContinuedStay(case_number(asked, episode), asked.query), _print)


def _print(asked: Session, row: EligibilityRow, _: Standing) -> None:
    click.echo(asked.marked(f"{visible(row.episode)} on {row.as_of}: continued stay"))
    click.echo("")
    events = ", ".join(map(str, row.evidence))
    print_sheet(
        [
            ("Answer", verdict_cell(row.verdict, row.verdict.replace("_", " "))),
            ("Basis", row.basis),
            ("Holds through", str(row.holds_through or "")),
            ("Reasons", lines(*row.reasons)),
            ("Based on", f"events {events}: 'caretrail timeline' shows them" if events else ""),
        ]
    )
    click.echo("")
