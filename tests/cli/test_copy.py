"""`copy`: what a person reads, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caretrail.log import init_store
from tests.support.program import Caretrail

from .test_append import admitted

CHECK = ["projection", "check", "--json"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_copy_prints_the_same_log(
    caretrail_both: Caretrail, example: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = str(tmp_path / "copy.db") if kind == "sqlite" else str(request.getfixturevalue("empty_postgres_url"))
    caretrail_both("append", input=example)
    ended = caretrail_both("copy", "--to", place)
    assert (ended.status, ended.err) == (0, "")
    first, source, target, said, leaves = ended.out.splitlines()
    assert first == "Copied 66 events, @1 to @66, and 1 access", "and that somebody copied them"
    assert source.startswith("  from ")
    assert target.startswith("    to ")
    assert said == "All leaves are identical. SHA-256 over all of them:"
    assert len(leaves.strip()) == 64
    for command in (["log"], ["projection", "catch-up"], ["worklist", "--as-of", "2026-02-01", "--json"], CHECK):
        assert caretrail_both(*command, "--db", place).out == caretrail_both(*command).out
    again = caretrail_both("append", "--json", "--db", place, input=example)
    assert again.out == caretrail_both("append", "--json", input=example).out
    assert "65 already recorded, skipped" in again.err


def test_the_copy_for_programs(caretrail: Caretrail, tmp_path: Path) -> None:
    caretrail("append", input=admitted("a"))
    copied = caretrail("copy", "--to", str(tmp_path / "copy.db"), "--json").json
    assert copied.pop("store") == str(tmp_path / "copy.db")
    assert len(copied.pop("leaves")) == 64
    assert copied == {"events": 2, "position": 2, "accesses": 1, "stays": 1, "unreadable": 0, "later": 0, "archived": 0}


def test_an_empty_store_is_copied_too(caretrail: Caretrail, tmp_path: Path) -> None:
    ended = caretrail("copy", "--to", str(tmp_path / "copy.db"))
    assert ended.status == 0
    assert ended.out.startswith("Copied 0 events, and 0 accesses\n")


def test_a_place_that_is_not_empty_is_status_1(caretrail: Caretrail, tmp_path: Path) -> None:
    caretrail("append", input=admitted("a"))
    other = tmp_path / "other.db"
    init_store(str(other))
    caretrail("append", "--db", str(other), input=admitted("b"))
    ended = caretrail("copy", "--to", str(other))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        f"Error: {other} is not empty\nHint: choose an empty place with --to; this one was not changed\n"
    )
    assert [row["episode"] for row in caretrail("log", "--db", str(other)).rows] == [None, "b"]


def test_the_store_itself_is_status_1(caretrail: Caretrail) -> None:
    ended = caretrail("copy", "--to", caretrail.url)
    assert ended.status == 1
    assert ended.err.endswith(
        "is the store itself, or a copy of it\nHint: choose an empty place with --to\n"
    )  # fmt: skip


def test_something_else_at_that_place_is_status_4(caretrail: Caretrail, tmp_path: Path) -> None:
    place = tmp_path / "letter.txt"
    place.write_text("Dear Sir or Madam, " * 100)
    ended = caretrail("copy", "--to", str(place))
    assert (ended.status, place.read_text()[:8]) == (4, "Dear Sir")


def test_nothing_to_copy_from_is_status_4_and_makes_nothing(caretrail: Caretrail, tmp_path: Path) -> None:
    ended = caretrail("copy", "--db", str(tmp_path / "no.db"), "--to", str(tmp_path / "copy.db"))
    assert ended.status == 4
    assert not (tmp_path / "copy.db").exists()


def test_a_place_must_be_named(caretrail: Caretrail) -> None:
    ended = caretrail("copy")
    assert ended.status == 2
    assert ended.err == "Error: Missing option '--to'.\nHint: see 'caretrail copy --help'\n"


def test_no_value_of_an_event_is_printed(caretrail: Caretrail, tmp_path: Path) -> None:
    caretrail("append", input=admitted("kanarienvogel"))
    ended = caretrail("copy", "--to", str(tmp_path / "copy.db"), "--json")
    assert "kanarienvogel" not in json.dumps(ended.json) + ended.err
