"""Tables and sheets: wrapped to the screen, ids never cut, color only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from caretrail.text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDEST = 120
"""Columns a screen uses at most; longer lines are hard to read."""

NARROWEST = 40
"""A smaller width is not believed: USUAL is used."""

USUAL = 80
USUAL_HEIGHT = 24

LONGEST_ID = 28
"""A longer id folds onto the next line; it is never cut."""

FEWEST_WORDS = 12
"""The narrowest column of words; with less room, rows become blocks."""

GAP = 2

VERDICT_STYLES = {
    "overdue": "bold red",
    "violation": "red",
    "not_met": "red",
    "breached": "dim",
    "not_eligible": "bold red",
    "due_today": "bold yellow",
    "due_soon": "yellow",
    "unknown": "magenta",
    "met": "green",
    "eligible": "bold green",
}


class Cell(NamedTuple):
    """A text with a style; its newlines are kept, other unprintable characters are shown as escapes."""

    text: str
    style: str = ""

    def rich(self) -> Text:
        """The cell as rich text, safe to print."""
        from rich.text import Text

        return Text("\n".join(visible(line) for line in self.text.split("\n")), self.style, overflow="fold")


AnyCell = Cell | str
Row = Sequence[AnyCell]


def lines(*parts: str, style: str = "") -> Cell:
    """A cell of several lines, empty ones left out; a newline inside a line is shown as an escape."""
    return Cell("\n".join(visible(part) for part in parts if part), style)


def verdict_cell(verdict: str, text: str | None = None) -> Cell:
    """A verdict, or a text, in the verdict's color."""
    return Cell(verdict if text is None else text, VERDICT_STYLES.get(verdict, ""))


def marks(*, explained: bool, quiet: bool) -> str:
    """The marks of a finding, in parentheses: explained, quiet, both, or nothing."""
    words = [word for word, holds in (("explained", explained), ("quiet", quiet)) if holds]
    return f" ({', '.join(words)})" if words else ""


def print_table(
    titles: Sequence[str], rows: Sequence[Row], *, wraps: int | None = None, header: bool = True, indent: int = 0
) -> None:
    """Print rows under their titles; the column `wraps` takes the width the others leave."""
    print_tables(titles, [("", rows)], wraps=wraps, header=header, indent=indent)


def print_tables(
    titles: Sequence[str],
    groups: Sequence[tuple[str, Sequence[Row]]],
    *,
    wraps: int | None = None,
    header: bool = True,
    indent: int = 0,
) -> None:
    """Print tables one below the other, each under its heading, with the same column widths.

    On a screen too narrow for the columns, each row becomes a block of lines.
    """
    console = _console(indent)
    texts = [(heading, [[_rich(cell) for cell in row] for row in rows]) for heading, rows in groups]
    widths = _widths(titles, (row for _, rows in texts for row in rows), wraps, console.width)
    for heading, rows in texts:
        if heading:
            click.echo(heading)
        if widths:
            _print(_table(titles, widths, rows, header=header), console, indent)
        else:
            _print_blocks(titles if header else [""] * len(titles), rows, console, indent)


def print_sheet(rows: Iterable[tuple[str, AnyCell]]) -> None:
    """Print labels and texts; rows without text are left out."""
    _print(_sheet([(label, _rich(cell)) for label, cell in rows]), _console(0), 0)


# --- layout -----------------------------------------------------------------------------------------------------


def _widths(titles: Sequence[str], rows: Iterable[Sequence[Text]], wraps: int | None, screen: int) -> list[int]:
    """The width of each column, by its longest cell and the room left for `wraps`; empty if they do not fit."""
    widths = [len(title) for title in titles]
    for row in rows:
        for number, text in enumerate(row):
            longest = max(line.cell_len for line in text.split(allow_blank=True))
            widths[number] = max(widths[number], longest if number == wraps else min(longest, LONGEST_ID))
    if wraps is not None:
        most = screen - sum(widths) + widths[wraps] - GAP * (len(widths) - 1)
        widths[wraps] = max(min(widths[wraps], most), FEWEST_WORDS)
    fit = sum(widths) + GAP * (len(widths) - 1) <= screen
    return widths if fit else []


def _table(titles: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Text]], *, header: bool) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=header, header_style="dim", padding=(0, GAP, 0, 0))
    for title, width in zip(titles, widths, strict=True):
        table.add_column(title, width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _sheet(rows: Iterable[tuple[str, Text]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, GAP, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        if text:
            table.add_row(label, text)
    return table


def _print_blocks(titles: Sequence[str], rows: Iterable[Sequence[Text]], console: Console, indent: int) -> None:
    for number, row in enumerate(rows):
        if number:
            click.echo()
        _print(_sheet(zip(titles, row, strict=True)), console, indent)


def _rich(cell: AnyCell) -> Text:
    return (Cell(cell) if isinstance(cell, str) else cell).rich()


def _console(indent: int) -> Console:
    from rich.console import Console

    return Console(
        file=sys.stdout, markup=False, emoji=False, highlight=False, width=screen_width() - indent, height=USUAL_HEIGHT
    )


def screen_width() -> int:
    """The columns to print in: of COLUMNS or the terminal, within NARROWEST and WIDEST, else USUAL."""
    try:  # shutil.get_terminal_size does the same, but importing shutil takes 3 ms
        width = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(1).columns
    except (OSError, ValueError):
        return USUAL
    return min(width, WIDEST) if width >= NARROWEST else USUAL


def _print(table: Table, console: Console, indent: int) -> None:
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        click.echo((" " * indent + line).rstrip())
