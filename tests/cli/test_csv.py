"""`--csv` on lists: the fields of JSON in columns, what each row stands on, and nothing that a sheet would run."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import pytest

from caretrail.cli.terminal.csv_rows import MARK, csv_lines
from caretrail.reading.answers import Behind, Standing
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail, Ended

LISTS = [
    "worklist --as-of 2026-03-09",
    "worklist --all --as-of 2026-03-09",
    "findings --all --as-of 2026-03-09",
    "census --as-of 2026-03-09",
    "timeline LNK",
    "audit reviews --as-of 2026-03-09",
    "audit reviews --list --as-of 2026-03-09",
    "audit amendments --as-of 2026-03-24",
    "audit amendments --list --as-of 2026-03-24",
]
NESTED = {"reviews", "events"}
"""Lists of records in JSON that have a list of their own."""


@pytest.fixture
def seen(caretrail: Caretrail) -> Caretrail:
    assert caretrail("append", "--imported", input=EXAMPLE.read_text()).status == 0
    return caretrail


def rows_of(ended: Ended) -> list[dict[str, str]]:
    assert ended.status == 0, ended.err
    return list(csv.DictReader(io.StringIO(printed(ended))))


def printed(ended: Ended) -> str:
    """What was printed, behind the mark of UTF-8 that spreadsheets need."""
    assert ended.out.startswith(MARK)
    return ended.out.removeprefix(MARK)


def as_cell(value: Any) -> str:
    """A value of JSON as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        if not any(isinstance(item, dict) for item in items):
            return " ".join(map(str, items))
    return str(value) if isinstance(value, str | int | float) else json.dumps(value)


@pytest.mark.parametrize("command", LISTS)
def test_the_cells_are_the_fields_of_json(seen: Caretrail, command: str) -> None:
    words = command.split()
    answer = seen(*words, "--json").json
    ended = seen(*words, "--csv")
    found = rows_of(ended)
    assert answer["rows"]
    stands = {"as_of": " ".join(answer["standing"]["as_of"]), "current_through": "66", "newest": "66", "stale": "false"}
    expected = [{name: as_cell(value) for name, value in row.items() if name not in NESTED} for row in answer["rows"]]
    assert found == [{**row, **stands} for row in expected]
    titles = printed(ended).splitlines()[0].split(",")
    assert len(set(titles)) == len(titles), "a sheet that is asked for a column by its name finds one"
    assert ended.err.endswith("Current through @66 (latest)\n")


def test_an_empty_list_has_its_titles_and_says_why_it_is_empty(seen: Caretrail) -> None:
    ended = seen("worklist", "--as-of", "2020-01-01", "--csv")
    assert ended.status == 0
    assert printed(ended).startswith("episode,client,")
    assert ended.out.count("\n") == 1
    assert "Nothing due: no episodes were open that day." in ended.err
    assert "Current through @66" in ended.err


def test_what_is_left_out_is_said(seen: Caretrail) -> None:
    whole = rows_of(seen("worklist", "--as-of", "2026-03-09", "--csv"))
    assert len(whole) > 1
    ended = seen("worklist", "--as-of", "2026-03-09", "--csv", "--limit", "1")
    assert rows_of(ended) == whole[:1]
    assert f"{len(whole) - 1} row" in ended.err
    assert "not shown: --limit is 1." in ended.err


def test_a_list_of_what_was_known_earlier_says_so_in_the_file(seen: Caretrail) -> None:
    [row, *_] = rows_of(seen("worklist", "--as-of", "2026-03-09", "--known-at", "@20", "--csv"))
    assert (row["current_through"], row["newest"]) == ("20", "66")


@pytest.mark.slow
def test_the_mark_is_for_utf8_only(seen: Caretrail) -> None:
    environment = seen.environment() | {"PYTHONIOENCODING": "ascii"}
    with seen.process("census", "--as-of", "2026-03-09", "--csv", env=environment) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    assert out.startswith("episode,")


def test_a_store_without_events_says_so(caretrail: Caretrail) -> None:
    caretrail("init")
    ended = caretrail("census", "--csv")
    assert ended.out.count("\n") == 1
    assert "This store is empty" in ended.err


def test_one_of_json_and_csv(seen: Caretrail) -> None:
    ended = seen("census", "--csv", "--json")
    assert (ended.status, ended.out) == (2, "")
    assert "one of --json and --csv" in ended.err


def test_a_view_as_csv_is_an_access_like_any_other(seen: Caretrail) -> None:
    before = len(seen("audit", "access", "LNK-2026-0001", "--json").json["rows"])
    rows_of(seen("census", "--as-of", "2026-03-09", "--csv"))
    rows = seen("audit", "access", "LNK-2026-0001", "--json").json["rows"]
    assert "census" in [row["command"] for row in rows[before:]]


@dataclass(frozen=True)
class Made:
    """A row for tests."""

    text: str
    number: int
    nothing: str | None = None


STALE = Standing((date(2026, 3, 9), date(2026, 3, 10)), None, 5, 9, Behind(4, 60), stale=True)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("plain", "plain"),
        ("a=b", "a=b"), ('a"b,c', 'a"b,c'), ("\t=1", "\\t=1"), ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\nlines"), ("é €", "é €"), (" =1+1", "' =1+1"), ("\u00a0+1", "'\u00a0+1"),
        ("\uff1d1+1", "'\uff1d1+1"), ("\uff20SUM(A1)", "'\uff20SUM(A1)"),
    ],
)  # fmt: skip  # short pairs
def test_nothing_in_a_cell_runs_or_breaks_the_line(text: str, cell: str) -> None:
    lines = list(csv_lines(Made, [Made(text, -3)], STALE))
    assert [line.count("\n") for line in lines] == [1, 1]
    [titles, row] = csv.reader(io.StringIO("".join(lines)))
    assert titles == ["text", "number", "nothing", "as_of", "current_through", "newest", "stale"]
    assert row == [cell, "-3", "", "2026-03-09 2026-03-10", "5", "9", "true"]


def test_ten_thousand_rows_in_a_second() -> None:
    rows = [Made("some words of a message, with a comma", number) for number in range(10_000)]
    before = time.process_time()
    assert sum(1 for _ in csv_lines(Made, rows, STALE)) == 10_001
    assert time.process_time() - before < 1
