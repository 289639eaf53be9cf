"""Episodes to project."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.readmodel.rebuild.folder import FOLDER_VARIABLE
from caretrail.readmodel.upkeep import catch_up
from tests.support.care import Care
from tests.support.example import copy_of_example, example


@pytest.fixture
def practice(care: Care) -> Care:
    """Three episodes, recorded in turns, so that every batch touches several."""
    episodes = [example(), copy_of_example("B-2", 5, 40), copy_of_example("C-3", 11, 24)]
    turns = [episode[place] for place in range(65) for episode in episodes if place < len(episode)]
    care.record(turns)
    return care


@pytest.fixture
def projected(practice: Care, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Care:
    """The same, caught up; spill files of a rebuild go into a folder of the test's own."""
    catch_up(practice.recorder)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return practice
