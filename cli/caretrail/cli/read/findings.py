"""`findings`: every finding in force on a day or in a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import whose
from caretrail.cli.filters import filter_options
from caretrail.cli.groups import Command
from caretrail.cli.options import period_options
from caretrail.cli.session import Session, list_options
from caretrail.cli.terminal.columns import Cell, Row
from caretrail.cli.terminal.tables import Rows, marks, print_table, verdict_cell
from caretrail.cli.what_if import pack_option
from caretrail.reading.answers import FindingRow
from caretrail.reading.query import Filters
from caretrail.text import plural

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing

TITLES = ("Episode", "Rule", "Verdict", "Days", "What")


@click.command("findings", cls=Command)
@period_options("Findings in force on or after this day.", "Findings in force on or before this day.")
@click.option("--closed", is_flag=True, help="Include ended episodes, and what was unmet at their end.")
@click.option("--all", "everything", is_flag=True, help="Include verdicts met, breached and not_applicable.")
@pack_option
@filter_options
@list_options
def findings_command(
    asked: Session,
    filters: Filters,
    start: date | None,
    end: date | None,
    closed: bool,
    everything: bool,
) -> None:
    """List every finding in force on a day.

    Every verdict but met, breached and not_applicable, which --all adds; quiet findings are included.
    With --from and --to, every finding in force on any day between.

        caretrail findings --rule R1 --from 2026-01-01 --to 2026-03-31
    """
    from caretrail.reading.questions.findings import Findings

    wanted = replace(filters, closed=closed, all_verdicts=everything)
    question = Findings(replace(asked.query, start=start, end=end), wanted)
    asked.answer_list(question, FindingRow, partial(_print, start, end))


def _heading(asked: Session, start: date | None, end: date | None, standing: Standing) -> str:
    if start is None and end is None:
        return asked.heading("Findings", standing)
    return asked.marked(f"Findings {f'from {start} ' if start else ''}{f'to {end}' if end else 'on'}")


def _print(
    start: date | None, end: date | None, asked: Session, rows: Sequence[FindingRow], standing: Standing
) -> None:
    click.echo(_heading(asked, start, end, standing))
    if rows:
        click.echo("")
        print_table(TITLES, Rows(_cells, rows), wraps=4)
    else:
        click.echo("\nNo matching findings. --all includes what is met, --closed what has ended.")
    click.echo(f"\n{plural(len(rows), 'finding')}")


def _cells(row: FindingRow) -> Row:
    days = f"{row.start}\nto {row.until - timedelta(days=1)}" if row.until else f"since {row.start}"
    what = f"{row.message or row.arithmetic}{marks(explained=row.explained, quiet=row.quiet)}"
    return whose(row), row.rule, verdict_cell(row.verdict), Cell(days), what
