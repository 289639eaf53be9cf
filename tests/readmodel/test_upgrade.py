"""An upgrade of the read models: two releases side by side, no list empty or mixed, then the old rows dropped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caretrail.errors import StoreError
from caretrail.log import open_recorder
from caretrail.readmodel import schema
from caretrail.readmodel.check import check
from caretrail.readmodel.upgrade import drop_old_builds, make_builds, old_versions
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import create_store
from tests.support.build import admitted
from tests.support.care import Care
from tests.support.example import example
from tests.support.program import Caretrail

ROOT = Path(__file__).parents[2]
ANSWERS = 8


def release(url: str, version: int) -> subprocess.Popen[str]:
    """Another release at work on the same store."""
    command = [sys.executable, "-m", "tests.readmodel.release", url, str(version), str(ANSWERS)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_releases_side_by_side_never_show_an_empty_or_mixed_list(store_url: str) -> None:
    """Given a release at work, when the next one makes its rows beside it while admissions come in, then both answer
    whole or refuse; once the old rows are dropped, the next goes on.
    """
    create_store(store_url)
    with open_recorder(store_url) as recorder:
        care = Care(recorder)
        care.record([admitted("01-05", f"E-{number}") for number in range(200)])
        catch_up(recorder)
        releases = [release(store_url, version) for version in (schema.VERSION, schema.VERSION + 1)]
        admissions = 0
        while any(one.poll() is None for one in releases):
            care.record([admitted("01-05", f"F-{admissions}")])
            admissions += 1
            time.sleep(0.05)
        told = [json.loads(one.communicate()[0]) for one in releases]
        assert admissions > ANSWERS, "the log grew all the time"
        for counts in told:
            assert (counts["whole"], counts["wrong"]) == (ANSWERS, 0)
        catch_up(recorder)
        assert check(recorder).ok


def test_the_rows_of_an_older_release_stay_until_they_are_dropped(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    care.record([admitted("01-05", "E-1")])
    catch_up(care.recorder)
    database, old = care.recorder.database, schema.VERSION
    monkeypatch.setattr(schema, "VERSION", old + 1)
    schema.create_tables(database)
    assert old_versions(database) == [old]
    with pytest.raises(StoreError, match="not complete: nothing is dropped"):
        drop_old_builds(care.recorder)
    monkeypatch.setattr(schema, "VERSION", old)
    assert check(care.recorder).ok, "the older release goes on"
    monkeypatch.setattr(schema, "VERSION", old + 1)
    assert make_builds(care.recorder).behind == 0
    monkeypatch.setattr(schema, "VERSION", old)
    assert drop_old_builds(care.recorder) == [], "an older release leaves those of a newer one alone"
    monkeypatch.setattr(schema, "VERSION", old + 1)
    assert drop_old_builds(care.recorder) == [old]
    assert old_versions(database) == []
    assert check(care.recorder).ok


def test_the_command_says_what_it_did(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_store(store_url)
    with open_recorder(store_url) as recorder:
        Care(recorder).record(example())
    caretrail = Caretrail(store_url, tmp_path)
    assert "complete through @65" in caretrail("upgrade").out
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    assert "1 older version of the read models" in caretrail("upgrade").out
    assert "Dropped the read models of version 1." in caretrail("upgrade", "--drop-old").out
    assert "There are no older ones." in caretrail("upgrade", "--drop-old").out
    assert caretrail("worklist", "--as-of", "2026-03-10").status == 0
