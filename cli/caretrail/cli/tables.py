"""Tables and sheets for a person: wrapped to the screen, ids never cut, colour on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from caretrail.cli.screen import visible

WIDEST = 120
"""Lines longer than this are hard to read on any screen."""

LONGEST_ID = 28
"""A longer id is folded onto the next line, never cut."""

NARROWEST = 12

VERDICT_STYLES = {
    "overdue": "bold red",
    "violation": "red",
    "not_met": "red",
    "not_eligible": "bold red",
    "due_today": "bold yellow",
    "due_soon": "yellow",
    "unknown": "magenta",
    "met": "green",
    "eligible": "bold green",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a style; newlines of ours are kept, everything else that would not print is shown."""

    text: str
    style: str = ""

    def rich(self) -> Text:
        """The cell, safe to print."""
        return Text("\n".join(visible(line) for line in self.text.split("\n")), self.style, overflow="fold")


AnyCell = Cell | str


def lines(*parts: str) -> str:
    """Lines of one cell, each made safe first: a newline in a fact stays visible, ours break the line."""
    return "\n".join(visible(part) for part in parts if part)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of tables that stand below each other: as wide as their longest cell, but for the one that wraps."""

    titles: Sequence[str]
    wraps: int
    widths: Sequence[int]

    @classmethod
    def of(cls, titles: Sequence[str], rows: Iterable[Sequence[AnyCell]], wraps: int) -> Columns:
        """Measure the rows."""
        widths = [len(title) for title in titles]
        for row in rows:
            for number, cell in enumerate(row):
                longest = max(line.cell_len for line in _rich(cell).split(allow_blank=True))
                widths[number] = max(widths[number], longest if number == wraps else min(longest, LONGEST_ID))
        return cls(titles, wraps, widths)

    def width(self, number: int, screen: int) -> int:
        """The width of a column: the one that wraps gets what the others leave."""
        if number != self.wraps:
            return self.widths[number]
        others = sum(self.widths) - self.widths[number] + 2 * (len(self.widths) - 1)
        return max(min(self.widths[number], screen - others), NARROWEST)


def print_table(columns: Columns, rows: Iterable[Sequence[AnyCell]], *, header: bool = True, indent: int = 0) -> None:
    """Print rows under their titles."""
    console = _console(indent)
    table = Table(box=None, pad_edge=False, show_header=header, header_style="dim", padding=(0, 2, 0, 0))
    for number, title in enumerate(columns.titles):
        table.add_column(title, width=columns.width(number, console.width), overflow="fold")
    for row in rows:
        table.add_row(*map(_rich, row))
    _print(table, console, indent)


def print_sheet(rows: Iterable[tuple[str, AnyCell]]) -> None:
    """Print labels and what belongs to them; the label of a row without content is left out too."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, cell in rows:
        if cell not in ("", Cell("")):
            table.add_row(label, _rich(cell))
    _print(table, _console(0), 0)


def _rich(cell: AnyCell) -> Text:
    return (Cell(cell) if isinstance(cell, str) else cell).rich()


def _console(indent: int) -> Console:
    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    console.width = min(console.width, WIDEST) - indent
    return console


def _print(table: Table, console: Console, indent: int) -> None:
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        click.echo((" " * indent + line).rstrip())
