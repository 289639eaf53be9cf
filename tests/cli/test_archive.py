"""`audit archive` moves accesses into a file; `audit access` and `audit verify` say where they are, and read them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.archived import Archive
from tests.support.program import Caretrail, Ended

OPERATOR = {"CARETRAIL_ACTOR": "it-1,operator"}
TOMORROW = str(date.today() + timedelta(days=2))  # noqa: DTZ011  # any day after the accesses are made


@pytest.fixture
def made(caretrail_both: Caretrail, tmp_path: Path) -> Archive:
    """Given a store with accesses and checkpoints kept elsewhere."""
    made = Archive(caretrail_both.url, tmp_path / "outside").filled()
    (tmp_path / "key.pub").write_text(f"{made.key.verifying}\n")
    return made


def archive(caretrail: Caretrail, made: Archive, *more: str, **variables: str) -> Ended:
    folders = ("--to", str(made.folder / "files"), "--checkpoints", str(made.folder / "kept"))
    key = ("--key", str(made.folder.parent / "key.pub"))
    return caretrail("audit", "archive", "--before", TOMORROW, *folders, *key, *more, **(OPERATOR | variables))


def test_what_was_archived_is_said_and_found_again(caretrail_both: Caretrail, made: Archive) -> None:
    caretrail = caretrail_both
    ended = archive(caretrail, made)
    assert (ended.status, ended.err) == (0, "")
    [path] = made.files
    first, second, third, last = ended.out.splitlines()
    assert first.startswith("768 accesses archived, 1 to 768, until ")
    assert second == f"  {path}"
    assert third.startswith("  SHA-256 ")
    assert third.endswith(", recorded as @1")
    assert last == "765 dropped from the store; disclosures, and the newest of each account, stay"

    listed = caretrail("audit", "access").out
    assert "35 accesses, 2 disclosed; this access is logged too" in listed
    assert f"  {path.name}, SHA-256 " in listed
    assert "are archived; of them, all disclosures are here:" in listed
    assert caretrail("audit", "access", "--json").json["not_read"][0]["file"] == path.name
    whole = caretrail("audit", "access", "--archive", str(path), "--json").json
    assert whole["not_read"] == []
    assert [row["position"] for row in whole["rows"]][:800] == list(range(1, 801))
    assert "archived" not in caretrail("audit", "access", "--from", TOMORROW).out

    trusted = ("--checkpoints", str(made.folder / "kept"), "--key", str(made.folder.parent / "key.pub"))
    verified = caretrail("audit", "verify", *trusted)
    assert verified.status == 0, verified.out
    assert "768 accesses are archived: --archive FILE verifies them, too" in verified.out
    assert caretrail("audit", "verify", *trusted, "--archive", str(path)).status == 0
    path.write_bytes(path.read_bytes()[:-9])
    changed = caretrail("audit", "verify", *trusted, "--archive", str(path))
    assert changed.status == 1
    assert "this is not a file that was archived here, or it was changed" in changed.out
    refused = caretrail("audit", "access", "--archive", str(path))
    assert (refused.status, refused.out) == (1, "")


def test_as_json(caretrail_both: Caretrail, made: Archive) -> None:
    found = archive(caretrail_both, made, "--json").json
    assert (found["after"], found["upto"], found["disclosures"]) == (0, 768, 2)
    assert (found["dropped"], found["finished"], found["recorded"]) == (765, False, 1)
    assert found["file"] == str(made.files[0])


@pytest.mark.parametrize(
    ("variables", "status", "words"),
    [
        ({"CARETRAIL_ACTOR": ""}, 2, "missing: --actor"),
        ({"CARETRAIL_ACTOR": "c-lee,clinician"}, 1, "only an operator archives accesses"),
    ],
)
def test_who_may_not(caretrail: Caretrail, tmp_path: Path, variables: dict[str, str], status: int, words: str) -> None:
    made = Archive(caretrail.url, tmp_path / "outside").filled()
    (tmp_path / "key.pub").write_text(f"{made.key.verifying}\n")
    ended = archive(caretrail, made, **variables)
    assert (ended.status, ended.out) == (status, "")
    assert words in ended.err
    assert made.files == []


def test_without_a_checkpoint_of_that_key_nothing_happens(caretrail: Caretrail, tmp_path: Path) -> None:
    made = Archive(caretrail.url, tmp_path / "outside").filled()
    assert caretrail("audit", "key", "--out", str(tmp_path / "other")).status == 0
    (tmp_path / "key.pub").write_text((tmp_path / "other.pub").read_text())
    ended = archive(caretrail, made)
    assert ended.status == 1
    assert "no checkpoint of this store that this key signed" in ended.err
    assert made.files == []


def test_a_folder_that_is_not_there_is_said_and_drops_nothing(caretrail: Caretrail, tmp_path: Path) -> None:
    made = Archive(caretrail.url, tmp_path / "outside").filled()
    (tmp_path / "key.pub").write_text(f"{made.key.verifying}\n")
    (made.folder / "files").rmdir()
    ended = archive(caretrail, made)
    assert ended.status == 1
    assert "the archive cannot be written: No such file or directory" in ended.err
    assert made.verified().accesses.size == 800
    assert not any("archived" in note for note in made.verified().accesses.notes)
