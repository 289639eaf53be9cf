"""`eligibility`: whether continued stay is supported on a day, and on what that rests."""

from __future__ import annotations

import click

from caretrail.cli.asking import asking
from caretrail.cli.helping import described
from caretrail.cli.naming import case_number, episode_argument
from caretrail.cli.options import View, read_options
from caretrail.cli.screen import print_json, say, visible
from caretrail.cli.tables import lines, print_sheet, verdict_cell


@click.command("eligibility")
@described
@episode_argument
@read_options
def eligibility_command(view: View, episode: str) -> None:
    """Answer whether continued stay is supported on a day.

    Always with its basis, its reasons, the day it holds through, and the facts it rests on. EPISODE is a case number
    or the beginning of one.

        caretrail eligibility LNK-2026-0001 --as-of 2026-02-10
    """
    with asking(view) as asked:
        row = asked.reader.eligibility(case_number(asked, episode), asked.as_of, asked.known_at)
        if view.as_json:
            print_json(row)
            say(asked.standing())
            return
        click.echo(asked.marked(f"{visible(row.episode)} on {row.as_of}: continued stay"))
        click.echo("")
        facts = ", ".join(map(str, row.evidence))
        print_sheet(
            [
                ("Answer", verdict_cell(row.verdict, row.verdict.replace("_", " "))),
                ("Basis", row.basis),
                ("Holds through", str(row.holds_through or "")),
                ("Reasons", lines(*row.reasons)),
                ("Rests on", f"facts {facts}: 'caretrail timeline' shows them" if facts else ""),
            ]
        )
        click.echo(f"\n{asked.standing()}")
