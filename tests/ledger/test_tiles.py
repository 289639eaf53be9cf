"""Tiles are the tree: the same on both stores, however they came to be, and where they are not all there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid5

import pytest

from caretrail.errors import StoreDamaged
from caretrail.ledger import tiles
from caretrail.ledger.tiles import (
    differing_tiles,
    make_tiles_again,
    stored_subtrees,
    tiled_position,
    write_tiles,
)
from caretrail.ledger.tree import consistency_path, inclusion_path, root_at
from caretrail.log import EventRecorder, open_recorder
from caretrail.log.leaf import leaf_of
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import create_tables
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


def kept(recorder: EventRecorder) -> list[tuple[Any, ...]]:
    sql = "SELECT level, number, hashes, root FROM caretrail.tile WHERE log = 1 ORDER BY level, number"
    return recorder.database.query(sql)


def expected(leaves: list[bytes]) -> list[tuple[Any, ...]]:
    """The tiles of a log of fewer than 65,536 events."""
    whole = [leaves[at : at + 256] for at in range(0, len(leaves) // 256 * 256, 256)]
    return [(0, number, b"".join(part), naive.root(part)) for number, part in enumerate(whole)]


def same_tree(recorder: EventRecorder, leaves: list[bytes]) -> None:
    """Roots and proofs by the tiles are those of the leaves, also at sizes of the past."""
    subtrees = stored_subtrees(recorder)
    for size in {1, 255, 256, 257, 511, 512, 513, len(leaves) - 1, len(leaves)}:
        if size > len(leaves):
            continue
        assert root_at(subtrees, size) == naive.root(leaves[:size])
        for index in {0, size // 2, size - 1}:
            assert inclusion_path(subtrees, index, size) == naive.path(index, leaves[:size])
        for old in {1, size // 2 or 1, size}:
            assert consistency_path(subtrees, old, size) == naive.proof(old, leaves[:size])


@pytest.mark.slow
def test_tiles_as_the_log_grows(recorder: EventRecorder) -> None:
    for count in (100, 155, 1, 1, 600, 3):
        append(recorder, count)
        catch_up(recorder)
        leaves = leaves_of(recorder)
        assert kept(recorder) == expected(leaves)
    same_tree(recorder, leaves)


@pytest.mark.parametrize("tiles_at_once", [1, 2, 300])
def test_whatever_is_taken_at_once(
    recorder: EventRecorder, tiles_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "TILES_AT_ONCE", tiles_at_once)
    append(recorder, 1300)
    write_tiles(recorder)
    assert kept(recorder) == expected(leaves_of(recorder))
    assert tiled_position(recorder) == 1280


@pytest.mark.slow
def test_a_rebuild_of_the_read_models_leaves_them_alone(recorder: EventRecorder) -> None:
    append(recorder, 600)
    catch_up(recorder)
    before = kept(recorder)
    append(recorder, 600)
    rebuild(recorder)
    assert kept(recorder) == before
    catch_up(recorder)
    assert kept(recorder) == expected(leaves_of(recorder))


@pytest.mark.slow
def test_they_are_made_again_where_they_were_lost(recorder: EventRecorder) -> None:
    append(recorder, 600)
    catch_up(recorder)
    before = kept(recorder)
    recorder.database.execute("DELETE FROM caretrail.tile WHERE number = 0")
    assert not check(recorder).ok
    make_tiles_again(recorder)
    assert check(recorder).ok
    assert kept(recorder) == before


def test_a_lost_position_is_made_again_over_tiles_of_any_content(recorder: EventRecorder) -> None:
    append(recorder, 600)
    catch_up(recorder)
    before = kept(recorder)
    recorder.database.execute("DELETE FROM caretrail.tiled")
    recorder.database.execute("UPDATE caretrail.tile SET hashes = root")
    write_tiles(recorder)
    assert kept(recorder) == before


def test_writers_that_meet_make_each_tile_once(store_url: str) -> None:
    """Given several writers, each with a connection of its own, while events go on arriving."""
    with open_recorder(store_url) as recorder, ThreadPoolExecutor() as pool:

        def write(_: int) -> None:
            with open_recorder(store_url) as own:
                for _ in range(20):
                    write_tiles(own)

        append(recorder, 300)
        work = [pool.submit(write, number) for number in range(4)]
        for _ in range(10):
            append(recorder, 200)
        for one in work:
            one.result()
        write_tiles(recorder)
        assert kept(recorder) == expected(leaves_of(recorder))


def test_tiles_of_tiles(recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given tiles of four hashes, so that a few events make three levels."""
    for name, value in (("HEIGHT", 2), ("WIDTH", 4)):
        monkeypatch.setattr(tiles, name, value)
    for count in (3, 30, 1, 62, 0, 40):
        append(recorder, count)
        write_tiles(recorder)
    leaves = leaves_of(recorder)
    level: list[bytes] = leaves
    made: list[tuple[Any, ...]] = []
    for number in range(3):
        parts = [level[at : at + 4] for at in range(0, len(level) // 4 * 4, 4)]
        level = [naive.root(part) for part in parts]
        made += [(number, place, b"".join(part), level[place]) for place, part in enumerate(parts)]
    assert kept(recorder) == made
    assert root_at(stored_subtrees(recorder), len(leaves)) == naive.root(leaves)
    assert [*differing_tiles(recorder)] == []
    recorder.database.execute("DELETE FROM caretrail.tile WHERE level = 1 AND number = 2")
    assert [*differing_tiles(recorder)] == [(1, 2)]


def test_a_tree_without_its_tiles_is_worked_out_from_the_log(recorder: EventRecorder) -> None:
    append(recorder, 600)
    catch_up(recorder)
    leaves = leaves_of(recorder)
    recorder.database.execute("DELETE FROM caretrail.tile WHERE number = 1")
    same_tree(recorder, leaves)
    recorder.database.execute("DELETE FROM caretrail.tile")
    same_tree(recorder, leaves)
    assert root_at(stored_subtrees(recorder), 600) == naive.root(leaves)


def test_a_writer_killed_between_position_and_tiles_leaves_neither(
    recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(recorder, 300)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder.database, "copy", killed)
    with pytest.raises(KeyboardInterrupt):
        write_tiles(recorder)
    assert (kept(recorder), tiled_position(recorder)) == ([], 0)
    monkeypatch.undo()
    write_tiles(recorder)
    assert kept(recorder) == expected(leaves_of(recorder))


@pytest.mark.slow
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
            root_at(stored_subtrees(recorder), 800)


@pytest.mark.slow
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
        assert "tile 1 of level 0 of the events" in report.differ
