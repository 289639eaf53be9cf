"""`census`: the episodes open on a day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from caretrail.cli.asking import asking
from caretrail.cli.helping import described
from caretrail.cli.options import View, read_options
from caretrail.cli.screen import plural, print_json_list, say, visible
from caretrail.cli.tables import print_tables

if TYPE_CHECKING:
    from caretrail.reading.answers import CensusRow

TITLES = ("Episode", "Client", "Level", "Clinician", "Admitted", "Days", "Status")


@click.command("census")
@described
@click.option("--program", metavar="ID", help="Only this program.")
@read_options
def census_command(view: View, program: str | None) -> None:
    """List open episodes by program.

    Those open or on hold on the day asked for, by program.

        caretrail census --as-of 2026-03-09
    """
    with asking(view) as asked:
        rows = asked.reader.census(asked.as_of, program=program, known_at=asked.known_at)
        if asked.reader.without_record:
            say("This look is not recorded: the store takes no writes, and no other could be asked to record it.")
        some = asked.has_facts()
        if view.as_json:
            print_json_list(rows)
            say(asked.standing())
        elif some:
            click.echo(asked.heading("Census"))
            _print(rows)
            click.echo("")
            click.echo(f"{plural(len(rows), 'episode')} open on that day")
            click.echo(asked.standing())


def _print(rows: Iterable[CensusRow]) -> None:
    """Print one table a program, so that a row fits 80 columns; ids and days are never broken over lines."""
    programs: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        cells = (
            row.episode, row.client or "", row.level or "", row.clinician or "",
            str(row.admitted_on or ""), "" if row.days is None else str(row.days), row.status,
        )  # fmt: skip  # in the order of the titles
        programs.setdefault(row.program or "no program", []).append(cells)
    print_tables(TITLES, [(f"\n{visible(program)} ({len(found)})", found) for program, found in programs.items()])
