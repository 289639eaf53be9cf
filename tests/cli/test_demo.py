"""`init` and `demo`: from nothing to a first answer."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from caretrail.cli import setup
from caretrail.log import database
from caretrail.log.sqlite import setup as sqlite_setup
from caretrail.log.stores import init_store, open_recorder
from tests.support.program import Caretrail

pytestmark = pytest.mark.slow


def older(place: Path, monkeypatch: pytest.MonkeyPatch, *, demo: bool) -> None:
    """Make a store, then pretend that this program is a schema further on."""
    init_store(str(place), demo=demo)
    for module in (database, sqlite_setup):
        monkeypatch.setattr(module, "SCHEMA", 2)
    monkeypatch.setattr(sqlite_setup, "UPGRADES", {1: "CREATE TABLE pretended (a integer)"})


@pytest.fixture
def nowhere(tmp_path: Path) -> Caretrail:
    """The command line with no store named."""
    found = Caretrail("", tmp_path)
    del found.variables["CARETRAIL_DB"]
    return found


def test_init_makes_a_store_in_the_users_data_folder_for_the_user_alone(nowhere: Caretrail, tmp_path: Path) -> None:
    ended = nowhere("init")
    place = tmp_path / "data" / "caretrail" / "caretrail.db"
    assert ended.status == 0
    assert ended.out.startswith(f"Created a new store: {place}\n\nNext:\n")
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert place.stat().st_mode & 0o077 == 0
    assert nowhere("worklist").status == 0


def test_init_leaves_a_store_that_is_there_as_it_is(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    ended = caretrail("init")
    assert (ended.status, ended.out.split(":")[0]) == (0, "The store exists, nothing was changed")
    assert len(caretrail("timeline", "LNK", "--json").listed) == 65


@pytest.mark.parametrize(
    ("platform", "folder"),
    [("linux", ".local/share/caretrail"), ("darwin", "Library/Application Support/caretrail")],
)
def test_the_data_folder_follows_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, folder: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert setup.data_folder() == tmp_path / folder


def test_the_demo_shows_what_caretrail_answers(nowhere: Caretrail, tmp_path: Path) -> None:
    ended = nowhere("demo", "--today", "2026-03-10")
    assert ended.status == 0, ended.err
    shown = re.findall(r"^\$ caretrail (\w+)", ended.out, re.MULTILINE)
    assert shown == ["worklist", "timeline", "why", "eligibility"]
    assert ended.out.count("DEMO STORE") >= 4
    assert max(map(len, ended.out.split("Next steps:")[0].splitlines())) <= 80
    again = nowhere("demo", "--today", "2026-03-10")
    assert _anywhere(again.out) == _anywhere(ended.out), "looking again adds looks, and nothing else"
    stores = list((tmp_path / "data" / "caretrail").glob("*.db"))
    assert [store.name for store in stores] == ["demo-2026-03-10-60-2026.db"]
    with open_recorder(str(stores[0])) as recorder:
        assert recorder.is_demo


def _anywhere(screen: str) -> str:
    return re.sub(r"through @\d+", "through @N", screen)


def test_the_commands_the_demo_suggests_work(nowhere: Caretrail) -> None:
    out = nowhere("demo", "--today", "2026-03-10").out
    lines = [line.strip() for line in out.split("Next steps:")[1].splitlines() if line.strip()]
    for line in lines:
        words = line.split()
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            nowhere.variables[name] = value
        else:
            assert nowhere(*words[1:]).status == 0, line


def test_the_demo_leaves_a_real_store_alone(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    ended = caretrail("demo", "--today", "2026-03-10")
    assert ended.status == 4
    assert "is not a demo store: the demo does not write to it" in ended.err
    assert len(caretrail("census", "--as-of", "2026-03-09", "--json").listed) == 1


def test_the_demo_of_another_day_is_shown_as_it_is(tmp_path: Path) -> None:
    caretrail = Caretrail(str(tmp_path / "demo.db"), tmp_path)
    assert caretrail("demo", "--today", "2026-03-10").status == 0
    ended = caretrail("demo", "--today", "2026-03-17")
    assert ended.status == 0
    assert "This store holds the demo of another day, shown unchanged." in ended.err


def test_the_demo_fills_an_empty_database_by_its_own_clock(empty_postgres_url: str, tmp_path: Path) -> None:
    """Given an empty database, when the demo fills it, then it says the same as a file, and names no url."""
    today = ("demo", "--today", "2026-03-10", "--count", "11")
    there = Caretrail(empty_postgres_url, tmp_path)(*today)
    here = Caretrail(str(tmp_path / "demo.db"), tmp_path)(*today)
    assert (there.status, here.status) == (0, 0)
    assert there.out.partition("\nNext steps")[0] == here.out.partition("\nNext steps")[0]
    assert "postgresql://" not in there.out
    with open_recorder(empty_postgres_url) as recorder, open_recorder(str(tmp_path / "demo.db")) as file:
        assert [e.recorded_at for e in recorder.read_log()] == [e.recorded_at for e in file.read_log()]


def test_a_demo_that_an_older_version_made_is_brought_up_to_date(
    nowhere: Caretrail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "data" / "caretrail" / "demo-2026-03-10-60-2026.db"
    older(place, monkeypatch, demo=True)
    assert nowhere("demo", "--today", "2026-03-10").status == 0
    ended = nowhere("--db", str(place), "init")
    assert ended.out.startswith("The store exists, nothing was changed")


def test_a_store_that_was_named_is_not_upgraded_by_the_demo(
    nowhere: Caretrail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "clinic.db"
    older(place, monkeypatch, demo=False)
    ended = nowhere("demo", "--today", "2026-03-10", "--db", str(place))
    assert (ended.status, ended.out) == (4, "")
    assert "schema 1" in ended.err
