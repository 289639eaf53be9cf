"""Tables and sheets: wrapped to the screen, ids never cut, color only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Generic, TypeVar

import click

from caretrail.cli.terminal.columns import GAP, AnyCell, Cell, Paint, Row, longest_line, plain, row_lines
from caretrail.cli.terminal.screen import print_in_chunks
from caretrail.text import visible

T = TypeVar("T")

WIDEST = 120
"""Columns a screen uses at most; longer lines are hard to read."""

NARROWEST = 40
"""A smaller width is not believed: USUAL is used."""

USUAL = 80

LONGEST_ID = 28
"""A longer id folds onto the next line; it is never cut."""

FEWEST_WORDS = 12
"""The narrowest column of words; with less room, rows become blocks."""

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


class Rows(Collection[Row], Generic[T]):
    """Rows made of items whenever they are needed, so that a long table is not held twice."""

    def __init__(self, cells: Callable[[T], Row], items: Collection[T]) -> None:
        self._cells, self._items = cells, items

    def __iter__(self) -> Iterator[Row]:
        return map(self._cells, self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, row: object) -> bool:
        return any(one == row for one in self)


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
    titles: Sequence[str], rows: Collection[Row], *, wraps: int | None = None, header: bool = True, indent: int = 0
) -> None:
    """Print rows under their titles; the column `wraps` takes the width the others leave."""
    print_tables(titles, [("", rows)], wraps=wraps, header=header, indent=indent)


def print_tables(
    titles: Sequence[str],
    groups: Iterable[tuple[str, Iterable[Row]]],
    *,
    wraps: int | None = None,
    header: bool = True,
    indent: int = 0,
) -> None:
    """Print tables one below the other, each under its heading, with the same column widths.

    The groups are gone through twice: to measure their rows, and to print them. On a screen too narrow for the columns,
    each row becomes a block of lines.
    """
    widths = _widths(titles, (row for _, rows in groups for row in rows), wraps, screen_width() - indent)
    paint = _paint()
    for heading, rows in groups:
        if heading:
            click.echo(heading)
        if widths:
            head = row_lines([Cell(title, "dim") for title in titles], widths, paint) if header else ()
            _print(chain(head, (line for row in rows for line in row_lines(row, widths, paint))), indent)
        else:
            _print(_blocks(titles if header else [""] * len(titles), rows, screen_width() - indent), indent)


def print_sheet(rows: Iterable[tuple[str, AnyCell]]) -> None:
    """Print labels and texts; rows without text are left out."""
    _print(_sheet(list(rows), screen_width()), 0)


# --- layout -----------------------------------------------------------------------------------------------------


def _widths(titles: Sequence[str], rows: Iterable[Row], wraps: int | None, screen: int) -> list[int]:
    """The width of each column, by its longest cell and the room left for `wraps`; empty if they do not fit."""
    widths = [longest_line(title) for title in titles]
    for row in rows:
        for number, cell in enumerate(row):
            longest = longest_line(cell)
            if longest > widths[number]:
                widths[number] = longest if number == wraps else max(widths[number], min(longest, LONGEST_ID))
    if wraps is not None:
        most = screen - sum(widths) + widths[wraps] - GAP * (len(widths) - 1)
        widths[wraps] = max(min(widths[wraps], most), FEWEST_WORDS)
    fit = sum(widths) + GAP * (len(widths) - 1) <= screen
    return widths if fit else []


def _sheet(rows: Sequence[tuple[str, AnyCell]], screen: int) -> Iterator[str]:
    paint = _paint()
    shown = [(label, text) for label, text in rows if longest_line(text)]
    label_width = max((longest_line(label) for label, _ in shown), default=0)
    widths = label_width, max(screen - label_width - GAP, 1)
    for label, text in shown:
        yield from row_lines((Cell(label, "dim"), text), widths, paint)


def _blocks(titles: Sequence[str], rows: Iterable[Row], screen: int) -> Iterator[str]:
    for number, row in enumerate(rows):
        if number:
            yield ""
        yield from _sheet([(title.replace("\n", " "), cell) for title, cell in zip(titles, row, strict=True)], screen)


def _paint() -> Paint:
    """How texts get their style: on a terminal by rich, which knows what it can show and NO_COLOR, else not at all."""
    if not sys.stdout.isatty():
        return plain
    from rich.console import Console
    from rich.style import Style

    console = Console(file=sys.stdout)
    if console.color_system is None:
        return plain

    def paint(text: str, style: str) -> str:
        parsed = Style.parse(style)
        return (parsed.without_color if console.no_color else parsed).render(text)

    return paint


def screen_width() -> int:
    """The columns to print in: of COLUMNS or the terminal, within NARROWEST and WIDEST, else USUAL."""
    try:  # shutil.get_terminal_size does the same, but importing shutil takes 3 ms
        width = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(1).columns
    except (OSError, ValueError):
        return USUAL
    return min(width, WIDEST) if width >= NARROWEST else USUAL


def _print(found: Iterable[str], indent: int) -> None:
    print_in_chunks((" " * indent + line).rstrip() + "\n" for line in found)
