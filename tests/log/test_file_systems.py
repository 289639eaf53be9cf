"""A store on a network file system is refused where that can be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.errors import StoreUnreachable
from caretrail.log import init_store, open_recorder
from caretrail.log.sqlite import file_systems
from caretrail.log.sqlite.file_systems import mount_type, network_file_system

TABLE = r"""
21 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 21 0:44 / /srv/clinic rw - nfs4 files.example:/clinic rw,vers=4.2
31 30 8:2 / /srv/clinic/local rw - xfs /dev/sdb1 rw
32 21 0:45 / /mnt/with\040space rw shared:7 master:1 - cifs //files/share rw
33 21 0:46 / /mnt/twice rw - nfs files:/a rw
34 21 8:3 / /mnt/twice rw - ext4 /dev/sdc1 rw
a line nobody understands
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/care.db", "ext4"),
        ("/srv/clinic/care.db", "nfs4"),
        ("/srv/clinics/care.db", "ext4"),
        ("/srv/clinic/local/care.db", "xfs"),
        ("/mnt/with space/care.db", "cifs"),
        ("/mnt/twice/care.db", "ext4"),
    ],
)
def test_the_deepest_and_latest_mount_decides_the_type_of_a_path(path: str, kind: str) -> None:
    assert mount_type(TABLE, Path(path)) == kind


def test_without_a_table_of_mounts_nothing_is_known(tmp_path: Path) -> None:
    assert mount_type("", tmp_path) is None
    assert network_file_system(tmp_path, tmp_path / "none") is None


@pytest.mark.parametrize(("kind", "refused"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("9p", False)])
def test_a_store_on_a_network_file_system_is_neither_made_nor_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, refused: bool
) -> None:
    """Given a machine that says so of the folder; the control is the same folder on a disk of its own."""
    made = tmp_path / "made.db"
    init_store(str(made))
    table = tmp_path / "mountinfo"
    table.write_text(f"21 0 8:1 / / rw - ext4 /dev/sda1 rw\n30 21 0:44 / {tmp_path} rw - {kind} files:/a rw\n")
    monkeypatch.setattr(file_systems, "MOUNTS", table)
    if not refused:
        open_recorder(str(made)).close()
        assert init_store(str(tmp_path / "new.db"))
        return
    for attempt in (lambda: open_recorder(str(made)), lambda: init_store(str(tmp_path / "new.db"))):
        with pytest.raises(StoreUnreachable, match="network file system") as error:
            attempt()
        assert "PostgreSQL" in error.value.hint
    assert not (tmp_path / "new.db").exists()


def test_a_link_to_a_network_file_system_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (tmp_path / "near").symlink_to(far)
    table = tmp_path / "mountinfo"
    table.write_text(f"21 0 8:1 / / rw - ext4 /dev/sda1 rw\n30 21 0:44 / {far} rw - nfs files:/a rw\n")
    monkeypatch.setattr(file_systems, "MOUNTS", table)
    with pytest.raises(StoreUnreachable, match="network file system"):
        init_store(str(tmp_path / "near" / "care.db"))
