"""The ledger's tiles: the complete subtrees of 256 hashes, kept so that a proof need not read the whole log.

Tile `number` of level 0 holds the 256 leaves from number · 256 on; a tile of a higher level holds the roots of 256
tiles of the level below. Only complete tiles are kept, so no row ever changes. They are no evidence: what is missing
is worked out from the log, and `audit verify` works out everything.

They belong to the log, not to a build of the read models: they have their own position, and anyone may move it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeGuard

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged
from caretrail.ledger.tree import Frontier, Subtrees, node, root_of
from caretrail.log.archive_file import read_rows, recorded_file
from caretrail.log.archived import archives, newest_archive
from caretrail.log.leaf import leaf_hash, leaf_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import LARGEST_NUMBER, Log, RecordedEvent
from caretrail.log.sql import load_sql

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
HASH_BYTES: Final = 32
CACHED_TILES: Final = 64
TILE_COLUMNS: Final = ("log", "level", "number", "hashes", "root")
TILES_AT_ONCE: Final = 16
"""Tiles of level 0 made in one transaction."""

_Tile = tuple[int, int, bytes, bytes]
"""Level, number, hashes and root."""


def read_leaves(recorder: EventRecorder, log: Log, start: int, end: int) -> list[bytes]:
    """The leaf hashes of positions `start + 1` up to `end`. Raises StoreDamaged if one of them is missing."""
    leaves = _leaves(recorder, log, start, end)
    if len(leaves) != end - start:
        missing = start + len(leaves) + 1
        raise StoreDamaged(f"{recorder.store}: position {missing} is missing", "run 'caretrail audit verify'")
    return leaves


def _leaves(recorder: EventRecorder, log: Log, start: int, end: int) -> list[bytes]:
    """The same, up to the first that is missing."""
    rows = recorder.read_columns(start, end - start, log)
    if not rows or rows[-1][0] - start != len(rows):  # they rise, so nothing is missing if the last is where it belongs
        rows = [row for place, row in enumerate(rows, start=start + 1) if row[0] == place]
    return [leaf_of(row, log) for row in rows]


# --- writing --------------------------------------------------------------------------------------------------------


def write_tiles(recorder: EventRecorder, log: Log = Log.EVENTS, progress: Progress | None = None) -> None:
    """Add the tiles that have become complete, in short transactions; safe beside other writers, and when killed.

    `progress` counts positions.
    """
    end = recorder.max_position(log) >> HEIGHT
    while (done := tiled_position(recorder, log) >> HEIGHT) < end:
        until = min(done + TILES_AT_ONCE, end)
        tiles = [*_complete_tiles(recorder, log, done, until)]
        with recorder.database.transaction() as database:
            moved = {"log": int(log), "after": done << HEIGHT, "upto": until << HEIGHT}
            if database.execute(_sql("advance"), moved) != 1:
                continue  # another writer made them
            for level, number, *_ in tiles:  # what an altered table holds in their place
                database.execute(_sql("forget_tile"), {"log": int(log), "level": level, "number": number})
            database.copy("caretrail.tile", TILE_COLUMNS, [(int(log), *tile) for tile in tiles])
        if progress is not None:
            progress(until << HEIGHT, end << HEIGHT)


def write_all_tiles(recorder: EventRecorder) -> None:
    """Add the tiles of both logs that have become complete."""
    for log in Log:
        write_tiles(recorder, log)


def make_tiles_again(recorder: EventRecorder, log: Log = Log.EVENTS, progress: Progress | None = None) -> None:
    """Delete all tiles, and make them from the log; those of archived accesses stay, for nothing here can make them."""
    kept = archived_upto(recorder, log)
    with recorder.database.transaction() as database:
        database.execute(_sql("forget_position"), {"log": int(log)})
        database.execute(_sql("forget_tiles"), {"log": int(log), "kept": kept})
        if kept:
            database.execute(_sql("advance"), {"log": int(log), "after": 0, "upto": kept})
    write_tiles(recorder, log, progress)


def archived_upto(recorder: EventRecorder, log: Log) -> int:
    """Up to which position the rows of a log are archived, so that only its tiles hold their leaves: whole tiles."""
    return recorder.archived_upto() >> HEIGHT << HEIGHT if log is Log.ACCESSES else 0


def archived_leaves(recorder: EventRecorder, upto: int) -> Iterator[tuple[int, list[bytes]]]:
    """The leaves of archived accesses by their tiles: the number of each and its leaves, up to the first not whole."""
    for start in range(0, upto >> HEIGHT, WIDTH):
        end = min(upto >> HEIGHT, start + WIDTH)
        tiles = {number: hashes for number, hashes, _ in read_tiles(recorder, Log.ACCESSES, 0, start, end)}
        for number in range(start, end):
            hashes = tiles.get(number)
            if not _whole(hashes, WIDTH):
                return
            yield number, _split(hashes)


def restore_archived_tiles(recorder: EventRecorder, files: Sequence[Path]) -> None:
    """Make the tiles of archived accesses again from their files. Raises ArchiveRefused for any other file."""
    known = archives(recorder)
    for archive, path in sorted(((recorded_file(path, known), path) for path in files), key=lambda it: it[0].after):
        leaves = [leaf_of(row, Log.ACCESSES) for rows in read_rows(path) for row in rows]
        first = archive.after >> HEIGHT
        parts = [leaves[start : start + WIDTH] for start in range(0, len(leaves), WIDTH)]
        _replace(recorder, [(0, first + place, b"".join(part), root_of(part)) for place, part in enumerate(parts)])
    upto = archived_upto(recorder, Log.ACCESSES) if files else 0
    level, count = 1, upto >> 2 * HEIGHT
    while count:
        below = ((number, _roots(recorder, Log.ACCESSES, level - 1, number << HEIGHT, (number + 1) << HEIGHT))
                 for number in range(count))  # fmt: skip  # one thought
        _replace(
            recorder, [(level, n, b"".join(hashes), root_of(hashes)) for n, hashes in below if len(hashes) == WIDTH]
        )
        level, count = level + 1, count >> HEIGHT


def _replace(recorder: EventRecorder, tiles: Sequence[_Tile]) -> None:
    log = int(Log.ACCESSES)
    with recorder.database.transaction() as database:
        for level, number, *_ in tiles:
            database.execute(_sql("forget_tile"), {"log": log, "level": level, "number": number})
        database.copy("caretrail.tile", TILE_COLUMNS, [(log, *tile) for tile in tiles])


def tiled_position(recorder: EventRecorder, log: Log = Log.EVENTS) -> int:
    """Up to which position of the log the tiles are made: a multiple of 256."""
    rows = recorder.database.query(_sql("tiled_position"), {"log": int(log)})
    return int(rows[0][0]) if rows else 0


def _complete_tiles(recorder: EventRecorder, log: Log, done: int, until: int) -> Iterator[_Tile]:
    """The tiles of all levels that are complete with `until` tiles of level 0, and were not with `done`."""
    roots: dict[int, bytes] = {}
    level, old, new = 0, done, until
    while old < new:
        below, roots = roots, {}
        for number in range(old, new):
            start, end = number << HEIGHT, (number + 1) << HEIGHT
            if level == 0:
                hashes = _leaves(recorder, log, start, end)
            else:
                kept = range(start, max(start, min(end, done >> (level - 1) * HEIGHT)))
                hashes = _roots(recorder, log, level - 1, kept.start, kept.stop)
                hashes += [below[n] for n in range(kept.stop, end) if n in below]
            if len(hashes) == WIDTH:  # else the log has a gap: `audit verify` reports it, and we go on
                roots[number] = root_of(hashes)
                yield level, number, b"".join(hashes), roots[number]
        level, old, new = level + 1, old >> HEIGHT, new >> HEIGHT


# --- reading --------------------------------------------------------------------------------------------------------


def _roots(recorder: EventRecorder, log: Log, level: int, start: int, end: int) -> list[bytes]:
    """The roots of these tiles, as far as they are kept; in their order, up to the first that is not."""
    if start >= end:
        return []
    params = {"log": int(log), "level": level, "start": start, "end": end}
    found: list[bytes] = []
    for number, root in recorder.database.query(_sql("tile_roots"), params):
        if number != start + len(found) or not _whole(root, 1):
            break
        found.append(root)
    return found


def is_as_kept(recorder: EventRecorder, event: RecordedEvent) -> bool:
    """Whether an event has the leaf that its stored tile holds; true where no whole tile is kept of its position."""
    number, place = divmod(event.position - 1, WIDTH)
    for _, hashes, _ in read_tiles(recorder, Log.EVENTS, 0, number, number + 1):
        if _whole(hashes, WIDTH):
            return leaf_hash(event) == hashes[place * HASH_BYTES :][:HASH_BYTES]
    return True


def read_tiles(recorder: EventRecorder, log: Log, level: int, start: int, end: int) -> list[tuple[Any, ...]]:
    """Number, hashes and root of each stored tile from one number until another (exclusive), whatever they hold."""
    params = {"log": int(log), "level": level, "start": start, "end": end}
    return recorder.database.query(_sql("tiles"), params)


def _sql(name: str) -> str:
    return load_sql(__package__ or "", "tiles.sql")[name]


def differing_tiles(recorder: EventRecorder, log: Log = Log.EVENTS) -> Iterator[tuple[int, int]]:
    """The level and number of each stored tile that is not what the log gives, or is not there.

    Those of archived accesses must give the frontier that was recorded; if they do not, the last of them is named.
    """
    below: list[bytes | None] = []
    level, count = 0, tiled_position(recorder, log) >> HEIGHT
    archived = archived_upto(recorder, log) >> HEIGHT
    while True:
        roots: list[bytes | None] = []
        for start in range(0, count, WIDTH):
            end = min(count, start + WIDTH)
            kept = {number: tuple(tile) for number, *tile in read_tiles(recorder, log, level, start, end)}
            for number in range(start, end):
                low, high = number << HEIGHT, (number + 1) << HEIGHT
                if level:
                    hashes = list(filter(None, below[low:high]))
                elif number < archived:  # its rows are not here
                    given = kept.get(number, (b"",))[0]
                    hashes = _split(given) if _whole(given, WIDTH) else []
                else:
                    hashes = _leaves(recorder, log, low, high)
                # where the log has a gap, no tile is kept
                tile = (b"".join(hashes), root_of(hashes)) if len(hashes) == WIDTH else None
                roots.append(tile[1] if tile else None)
                if kept.get(number) != tile or (tile is None and number < archived and not level):
                    yield level, number
        if not level and archived and not _is_frontier(recorder, roots[:archived]):
            yield level, archived - 1
        beyond = [number for number, *_ in read_tiles(recorder, log, level, count, LARGEST_NUMBER)]
        if beyond:  # made by another writer meanwhile, or by nobody
            made = tiled_position(recorder, log) >> (level + 1) * HEIGHT
            yield from ((level, number) for number in beyond if number >= made)
        if not count:
            return
        below, level, count = roots, level + 1, count >> HEIGHT


def _is_frontier(recorder: EventRecorder, roots: list[bytes | None]) -> bool:
    """Whether these roots of tiles are those under the frontier of the newest archive; true if one is missing."""
    archive = newest_archive(recorder)
    known = [root for root in roots if root is not None]
    if archive is None or len(known) < archive.upto >> HEIGHT:
        return len(known) < len(roots)  # a missing tile is told by itself
    tree = Frontier()
    tree.extend(known)
    return tuple(tree.hashes) == archive.frontier


def stored_subtrees(recorder: EventRecorder, log: Log = Log.EVENTS) -> Subtrees:
    """Look up the subtrees of the log by its tiles, and by the log where a tile is not kept.

    Those at the end of the archived accesses are the ones that were recorded.
    """
    archive = newest_archive(recorder) if log is Log.ACCESSES else None
    upto = archive.upto if archive else 0
    recorded = dict(zip(_heads(upto), archive.frontier if archive else (), strict=True))

    @lru_cache(maxsize=CACHED_TILES)
    def tile(level: int, number: int) -> list[bytes] | None:
        rows = read_tiles(recorder, log, level, number, number + 1)
        joined = rows[0][1] if rows else None
        return _split(joined) if _whole(joined, WIDTH) else None

    def hashes(level: int, start: int, end: int) -> list[bytes]:
        """Hashes of a level, all within one tile."""
        whole = tile(level, start >> HEIGHT)
        if whole is not None:
            first = start >> HEIGHT << HEIGHT
            return whole[start - first : end - first]
        if level == 0:
            return read_leaves(recorder, log, start, end)
        found = _roots(recorder, log, level - 1, start, end)
        below = range(start + len(found), end)
        return found + [root_of(hashes(level - 1, number << HEIGHT, (number + 1) << HEIGHT)) for number in below]

    def subtree(height: int, number: int) -> bytes:
        if (height, number) in recorded:
            return recorded[height, number]
        if number << height < upto < (number + 1) << height:
            return node(subtree(height - 1, 2 * number), subtree(height - 1, 2 * number + 1))
        level, rest = divmod(height, HEIGHT)
        return root_of(hashes(level, number << rest, (number + 1) << rest))

    return subtree


def _heads(size: int) -> Iterator[tuple[int, int]]:
    """Height and number of the subtrees that a frontier of this size has, highest first."""
    start = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            yield height, start >> height
            start += 1 << height


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _whole(value: object, hashes: int) -> TypeGuard[bytes]:
    """Whether a column holds this many hashes: an altered table may hold anything."""
    return isinstance(value, bytes) and len(value) == hashes * HASH_BYTES
