"""A table is laid out as rich lays it out, line by line, and values put away come back."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.cli.terminal import spool
from caretrail.cli.terminal.columns import GAP, AnyCell, Cell, cell_of, row_lines, width_of
from caretrail.cli.terminal.spool import Spool
from caretrail.cli.terminal.tables import Rows, print_table

WORDS = st.sampled_from(["review", "due", "x" * 30, "日本", "→", "a\tb", "\x1b[2J", "", " ", "since 03-08,", "é"])
ODD_SPACES = "".join(char for char in map(chr, range(0x110000)) if char.isspace() and char != " ")
"""White space that rich strips in one place and keeps in another: nobody sees it at the end of a line."""
TEXTS = st.lists(WORDS, max_size=8).map(" ".join) | st.text(
    st.characters(exclude_characters=ODD_SPACES, exclude_categories=["Cs"]), max_size=40
)
CELLS = TEXTS | st.builds(Cell, st.lists(TEXTS, max_size=3).map("\n".join), st.just("red"))


def by_rich(row: Sequence[AnyCell], widths: Sequence[int]) -> list[str]:
    """The lines of a row in a table of rich without borders: the reference."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, GAP, 0, 0))
    for width in widths:
        table.add_column(width=width, overflow="fold")
    table.add_row(*(Text("\n".join(cell_of(cell).lines()), overflow="fold") for cell in row))
    out = io.StringIO()
    Console(file=out, width=sum(widths) + GAP * len(widths), markup=False, emoji=False, highlight=False).print(table)
    return [line.rstrip() for line in out.getvalue().split("\n")[:-1]]


@given(st.lists(st.tuples(CELLS, st.integers(2, 40)), min_size=1, max_size=4))
def test_a_row_is_laid_out_as_rich_does(columns: list[tuple[AnyCell, int]]) -> None:
    row, widths = [cell for cell, _ in columns], [width for _, width in columns]
    assert list(row_lines(row, widths)) == by_rich(row, widths)


@given(st.lists(WORDS | st.sampled_from(["\xa0", "\u2003", "\u3000"]), max_size=8).map(" ".join), st.integers(2, 40))
def test_odd_white_space_costs_no_character_and_no_width(text: str, width: int) -> None:
    found = list(row_lines([text, "due"], [width, 3]))
    first = [line[: -(GAP + 3)] if number == 0 else line for number, line in enumerate(found)]
    assert "".join("".join(first).split()) == "".join(cell_of(text).lines()[0].split())
    assert all(width_of(line.rstrip()) <= width for line in first)


def test_rows_of_a_table_are_made_when_they_are_printed_and_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Given rows made of numbers, when ten thousand are printed, then no two of them are there at the same time."""
    alive = most = 0

    class Counted(tuple[str, ...]):
        __slots__ = ()

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def cells(number: int) -> Sequence[AnyCell]:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        return Counted((f"E-{number}", "open"))

    print_table(("Episode", "Status"), Rows(cells, range(10_000)))
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[0], lines[1], lines[-1]) == (
        10_001, "Episode  Status", "E-0      open", "E-9999   open",
    )  # fmt: skip
    assert most <= 3


def test_what_is_put_away_comes_back_in_order_also_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_BYTES", 1000)
    values = [(f"E-{number}", ("R1", Cell("two\nlines", "red"))) for number in range(100)]
    with Spool[tuple[str, tuple[str, Cell]]]() as put_away:
        for value in values:
            put_away.add(value)
        assert (list(put_away), len(put_away)) == (values, 100)
        put_away.add(values[0])
        assert list(put_away) == [*values, values[0]]
        assert values[3] in put_away
