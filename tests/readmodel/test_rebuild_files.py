"""What a rebuild leaves on disk: files that are private, whole or refused, and gone once it has ended."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from caretrail.errors import StoreError
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import jobs, rebuild, run, spill
from caretrail.readmodel.rebuild.folder import private_folder
from caretrail.readmodel.rebuild.spill import Split
from tests.support.care import Care

from .rebuilds import SMALL, counted, folders, left_behind


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The modes of the folder and of each spill file, once written."""
    seen: list[tuple[int, int]] = []
    write = spill.write_stretch

    def spy(folder: Path, split: Split, number: int, rows: object) -> None:
        write(folder, split, number, rows)  # type: ignore[arg-type]
        file = folder / f"{number}.events"
        seen.append((stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(file.stat().st_mode)))

    monkeypatch.setattr(jobs, "write_stretch", spy)
    return seen


def test_nobody_else_can_read_a_spill_file(projected: Care, spied: list[tuple[int, int]]) -> None:
    before = os.umask(0)
    try:
        rebuild(projected.recorder, sizes=SMALL)
    finally:
        os.umask(before)
    assert spied == [(0o700, 0o600)] * 5


@pytest.mark.slow
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_rebuild_leaves_no_event_on_disk_and_goes_on(
    projected: Care, tmp_path: Path, error: type[BaseException]
) -> None:
    told: list[int] = []

    def interrupt(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 5 + 2:  # five stretches, two parts
            raise error

    before = check(projected.recorder)
    with pytest.raises(error):
        rebuild(projected.recorder, interrupt, sizes=SMALL)
    [folder] = folders(tmp_path)
    assert not left_behind(folder)
    assert check(projected.recorder) == before
    with counted(run, "begin") as begun, counted(jobs, "add_part") as parts:
        rebuild(projected.recorder, sizes=SMALL)
    assert not begun
    assert len(parts) == 4
    assert check(projected.recorder) == before
    assert not folders(tmp_path)


@pytest.mark.parametrize("made", ["readable", "link", "file"])
def test_a_folder_that_is_not_private_is_refused(projected: Care, tmp_path: Path, made: str) -> None:
    """In a folder for everybody another user may take the name first."""
    with private_folder(projected.recorder) as folder:
        pass
    assert not folder.exists()
    if made == "readable":
        folder.mkdir(mode=0o755)
    elif made == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.write_text("")
    with pytest.raises(StoreError):
        rebuild(projected.recorder, sizes=SMALL)
    assert check(projected.recorder).ok


def test_a_damaged_spill_file_stops_the_rebuild_and_the_next_one_splits_anew(
    projected: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = spill.write_stretch

    def torn(folder: Path, split: Split, number: int, rows: object) -> None:
        write(folder, split, number, rows)  # type: ignore[arg-type]
        file = folder / f"{number}.events"
        file.write_bytes(b"\xff" + file.read_bytes()[1:])

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "write_stretch", torn)
        with pytest.raises(StoreError, match="a spill file of the rebuild is damaged"):
            rebuild(projected.recorder, sizes=SMALL)
    rebuild(projected.recorder, sizes=SMALL)
    assert check(projected.recorder).ok
