"""Tiles are the tree: the same on both stores, however they came to be, and where they are not all there."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

import pytest

from caretrail.errors import StoreDamaged
from caretrail.ledger import tiles
from caretrail.ledger.tiles import stored_subtrees
from caretrail.ledger.tree import consistency_path, inclusion_path, root_at
from caretrail.log import EventRecorder, open_recorder
from caretrail.log.leaf import leaf_of
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import create_tables, read_state
from caretrail.readmodel.upkeep import catch_up
from tests.ledger import naive
from tests.ledger.superuser import rewrite, rows_of
from tests.ledger.verifying import STREAM
from tests.support.stores import pending, run_sql


def append(recorder: EventRecorder, count: int) -> None:
    start = recorder.max_position()
    recorder.append([pending(uuid5(STREAM, str(start + n))) for n in range(count)])


def leaves_of(recorder: EventRecorder) -> list[bytes]:
    return [leaf_of(row) for row in recorder.read_columns(0, 10_000)]


def build_of(recorder: EventRecorder) -> int:
    state = read_state(recorder.database)
    assert state is not None
    return state.build


def kept(recorder: EventRecorder) -> list[tuple[Any, ...]]:
    """The tiles of the live rows."""
    sql = "SELECT level, number, hashes, root FROM caretrail.tile WHERE build = :g ORDER BY level, number"
    return recorder.database.query(sql, {"g": build_of(recorder)})


def expected(leaves: list[bytes]) -> list[tuple[Any, ...]]:
    """The tiles of a log of fewer than 65,536 events."""
    whole = [leaves[at : at + 256] for at in range(0, len(leaves) // 256 * 256, 256)]
    return [(0, number, b"".join(part), naive.root(part)) for number, part in enumerate(whole)]


def same_tree(recorder: EventRecorder, leaves: list[bytes]) -> None:
    """Roots and proofs by the tiles are those of the leaves, also at sizes of the past."""
    subtrees = stored_subtrees(recorder, build_of(recorder))
    for size in {1, 255, 256, 257, 511, 512, 513, len(leaves) - 1, len(leaves)}:
        if size > len(leaves):
            continue
        assert root_at(subtrees, size) == naive.root(leaves[:size])
        for index in {0, size // 2, size - 1}:
            assert inclusion_path(subtrees, index, size) == naive.path(index, leaves[:size])
        for old in {1, size // 2 or 1, size}:
            assert consistency_path(subtrees, old, size) == naive.proof(old, leaves[:size])


def test_tiles_as_the_log_grows(recorder: EventRecorder) -> None:
    for count in (100, 155, 1, 1, 600, 3):
        append(recorder, count)
        catch_up(recorder)
        leaves = leaves_of(recorder)
        assert kept(recorder) == expected(leaves)
    same_tree(recorder, leaves)


@pytest.mark.parametrize("batch", [7, 256, 1000])
def test_whatever_is_taken_at_once(recorder: EventRecorder, batch: int) -> None:
    append(recorder, 700)
    create_tables(recorder.database)
    Projector(recorder).catch_up(batch=batch)
    assert kept(recorder) == expected(leaves_of(recorder))


def test_a_rebuild_makes_them_again(recorder: EventRecorder) -> None:
    append(recorder, 600)
    catch_up(recorder)
    before = kept(recorder)
    recorder.database.execute("DELETE FROM caretrail.tile")
    assert not check(recorder).ok
    rebuild(recorder)
    assert check(recorder).ok
    assert kept(recorder) == before


def test_a_tree_without_its_tiles_is_worked_out_from_the_log(recorder: EventRecorder) -> None:
    append(recorder, 600)
    catch_up(recorder)
    leaves = leaves_of(recorder)
    recorder.database.execute("DELETE FROM caretrail.tile WHERE number = 1")
    same_tree(recorder, leaves)
    recorder.database.execute("DELETE FROM caretrail.tile")
    same_tree(recorder, leaves)
    assert root_at(stored_subtrees(recorder, None), 600) == naive.root(leaves)


def test_a_projector_killed_between_rows_and_tiles_leaves_neither(
    recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(recorder, 300)
    create_tables(recorder.database)
    real = tiles.write_tiles

    def killed(*args: Any) -> None:
        real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr("caretrail.readmodel.projector.write_tiles", killed)
    with pytest.raises(KeyboardInterrupt):
        Projector(recorder).catch_up()
    assert kept(recorder) == []
    monkeypatch.undo()
    Projector(recorder).catch_up()
    assert kept(recorder) == expected(leaves_of(recorder))


def test_a_log_with_a_gap_has_tiles_up_to_there_and_the_board_goes_on(store_url: str) -> None:
    with open_recorder(store_url) as recorder:
        append(recorder, 800)
    rewrite(store_url, [row for row in rows_of(store_url) if row[0] != 400])
    with open_recorder(store_url) as recorder:
        create_tables(recorder.database)
        Projector(recorder).catch_up()
        assert [row[:2] for row in kept(recorder)] == [(0, 0), (0, 2)]
        assert check(recorder).ok  # the rows are what such a log gives; that it has a gap is for `audit verify` to say
        with pytest.raises(StoreDamaged, match="position 400 is missing"):
            root_at(stored_subtrees(recorder, build_of(recorder)), 800)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE caretrail.tile SET root = hashes WHERE number = 1",
        "DELETE FROM caretrail.tile WHERE number = 1",
        "UPDATE caretrail.tile SET number = 7 WHERE number = 1",
        "UPDATE caretrail.tile SET level = 1 WHERE number = 1",
    ],
)
def test_check_finds_a_tile_that_is_not_of_the_log(store_url: str, damage: str) -> None:
    with open_recorder(store_url) as recorder:
        append(recorder, 600)
        catch_up(recorder)
        assert check(recorder).ok
        run_sql(store_url, damage)
        report = check(recorder)
        assert not report.ok
        assert "tile 1 of level 0" in report.differ
