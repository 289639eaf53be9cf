"""`census`: the episodes open on a day, by program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from caretrail.cli.filters import program_option
from caretrail.cli.groups import Command
from caretrail.cli.session import Session, list_options
from caretrail.cli.terminal.columns import Row
from caretrail.cli.terminal.tables import Rows, print_tables
from caretrail.reading.answers import CensusRow
from caretrail.reading.query import Filters
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing

TITLES = ("Episode", "Client", "Level", "Clinician", "Admitted", "Days", "Status")


@click.command("census", cls=Command)
@program_option
@list_options
def census_command(asked: Session, programs: Sequence[str]) -> None:
    """List open episodes by program.

    Episodes open or on hold on the day.

        caretrail census --as-of 2026-03-09
        caretrail census --csv > census.csv
    """
    from caretrail.reading.questions.census import Census

    asked.answer_list(Census(asked.query, Filters(programs=frozenset(programs))), CensusRow, _print)


def _print(asked: Session, rows: Sequence[CensusRow], standing: Standing) -> None:
    """Print one table a program, so that a row fits 80 columns."""
    click.echo(asked.heading("Census", standing))
    programs: dict[str, list[CensusRow]] = {}
    for row in rows:
        programs.setdefault(row.program or "no program", []).append(row)
    print_tables(
        TITLES,
        [(f"\n{visible(program)} ({len(found)})", Rows(_cells, found)) for program, found in programs.items()],
    )
    click.echo(f"\n{plural(len(rows), 'episode')} open on that day")


def _cells(row: CensusRow) -> Row:
    return (
        row.episode, row.client or "", row.level or "", row.clinician or "",
        str(row.admitted_on or ""), "" if row.days is None else str(row.days), row.status,
    )  # fmt: skip  # in the order of the titles
