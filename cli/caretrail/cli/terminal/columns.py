"""Cells in columns: measured, wrapped and padded a row at a time, so that a long table is neither held nor slow.

Whatever is plain takes a few string operations. Characters that are not one column wide, and words that fit no line,
are wrapped by rich, which is loaded only for them and for color.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from caretrail.text import visible

GAP = 2
"""Columns between two cells."""


class Cell(NamedTuple):
    """A text with a style; its newlines are kept, other unprintable characters are shown as escapes."""

    text: str
    style: str = ""

    def lines(self) -> list[str]:
        """The lines of the text, safe to print."""
        return [visible(line) for line in self.text.split("\n")]


AnyCell = Cell | str
Row = Sequence[AnyCell]

Paint = Callable[[str, str], str]
"""Puts a text into a style."""


def plain(text: str, style: str) -> str:  # noqa: ARG001  # as Paint
    """The text as it is."""
    return text


def cell_of(cell: AnyCell) -> Cell:
    """A cell of a text, or the cell itself."""
    return Cell(cell) if isinstance(cell, str) else cell


def width_of(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def longest_line(cell: AnyCell) -> int:
    """The columns that the longest line of a cell takes."""
    text = cell if isinstance(cell, str) else cell[0]
    if text.isascii() and text.isprintable():
        return len(text)
    return max(map(width_of, cell_of(cell).lines()))


def row_lines(row: Row, widths: Sequence[int], paint: Paint = plain) -> Iterator[str]:
    """The lines of a row; each cell is wrapped to the width of its column."""
    columns = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    styles = ["" if isinstance(cell, str) else cell.style for cell in row]
    for texts in zip_longest(*columns, fillvalue=""):
        line = ""
        for text, width, style in zip(texts, widths, styles, strict=True):
            painted = paint(text, style) if style and text else text
            line += painted + " " * (width - width_of(text) + GAP)
        yield line.rstrip()


def _wrapped(cell: AnyCell, width: int) -> list[str]:
    text = cell if isinstance(cell, str) else cell[0]
    if len(text) <= width and text.isascii() and text.isprintable():  # most cells
        return [text]
    return [part for line in cell_of(cell).lines() for part in _fitted(line, width)]


def _fitted(line: str, width: int) -> list[str]:
    """A line in parts that are not wider, broken between words where there is a place."""
    if width_of(line) <= width:
        return [line.rstrip()]
    words = line.split(" ")
    if not line.isascii() or not all(words) or max(map(len, words)) > width:
        return _fitted_by_rich(line, width)
    parts = [words[0]]
    for word in words[1:]:
        if len(parts[-1]) + 1 + len(word) <= width:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _fitted_by_rich(line: str, width: int) -> list[str]:
    from rich.text import Text

    return [part.plain.rstrip() for part in Text(line).wrap(_console(), width, overflow="fold")]


@cache
def _console():  # type: ignore[no-untyped-def]  # rich is loaded inside
    from rich.console import Console

    return Console()
