"""`census`: the episodes open on a day."""

from __future__ import annotations

import click

from caretrail.cli.asking import asking
from caretrail.cli.helping import described
from caretrail.cli.options import View, read_options
from caretrail.cli.screen import plural, print_json_list, say

TITLES = ("Episode", "Client", "Program", "Level", "Clinician", "Admitted", "Days", "Status")


@click.command("census")
@described
@click.option("--program", metavar="ID", help="Only this program.")
@read_options
def command(view: View, program: str | None) -> None:
    """List the episodes there are.

    Those open or on hold on the day asked for, by program.

        caretrail census --as-of 2026-03-09
    """
    with asking(view) as asked:
        rows = asked.reader.census(asked.as_of, program=program, known_at=asked.known_at)
        some = asked.has_facts()
        if view.as_json:
            print_json_list(rows)
            say(asked.standing())
        elif some:
            from caretrail.cli.tables import Columns, print_table

            click.echo(asked.heading("Census"))
            click.echo("")
            cells = [
                (
                    row.episode, row.client or "", row.program or "", row.level or "", row.clinician or "",
                    str(row.admitted_on or ""), "" if row.days is None else str(row.days), row.status,
                )
                for row in rows
            ]  # fmt: skip  # in the order of the titles
            if cells:
                print_table(Columns.of(TITLES, cells, wraps=len(TITLES)), cells)
                click.echo("")
            click.echo(f"{plural(len(rows), 'episode')} open on that day")
            click.echo(asked.standing())
