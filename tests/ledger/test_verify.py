"""Verifying: what it says of rows that cannot be, of witnesses that cannot be trusted, and beside those who write."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import pytest

from caretrail.errors import StoreError, StoreUnreachable
from caretrail.ledger.checkpoint import Checkpoint, origin_of, sign_checkpoint
from caretrail.ledger.note import new_key
from caretrail.ledger.tree import root_of
from caretrail.recording import leaf_hash, open_recorder
from caretrail.recording.leaf import LogColumns, leaf_of
from caretrail.sealing.folding import RowFold
from caretrail.sealing.memory import Memory
from caretrail.sealing.reading import BATCH
from caretrail.sealing.seal import seal
from caretrail.sealing.verdict import Kind, Verdict
from caretrail.sealing.verify import verify
from caretrail.sealing.witnesses import (
    Kept,
    Witnesses,
    WitnessUnreadable,
    checkpoint_files,
    joined,
    read_checkpoints,
    read_receipts,
)
from ledger.superuser import fitted, project, rewrite, rows_of
from ledger.test_attacks import changed
from servers import Server, wait_until
from stores import all_at_once, pending, run_sql

STREAM = uuid5(UUID(int=2), "stream")


def append(url: str, count: int, stream: UUID = STREAM) -> list[LogColumns]:
    with open_recorder(url) as recorder:
        version = len(recorder.select_events(stream))
        recorder.append([pending(stream, version + n) for n in range(1, count + 1)])
    return rows_of(url)


def verdict_of(url: str, *kept: Witnesses) -> Verdict:
    with open_recorder(url) as recorder:
        return verify(recorder, joined(kept))


def signed(url: str, rows: Sequence[LogColumns]) -> Witnesses:
    """A checkpoint over these rows, kept elsewhere."""
    with open_recorder(url) as recorder:
        origin = origin_of(recorder.namespace)
    return Witnesses((Kept("kept.checkpoint", Checkpoint(origin, len(rows), root_of(map(leaf_of, rows))), ()),))


def found(verdict: Verdict) -> list[tuple[Kind, int | None]]:
    return [(problem.kind, problem.first) for problem in verdict.problems]


# --- a log that is as it was ----------------------------------------------------------------------------------------


def test_an_empty_log(store_url: str) -> None:
    verdict = verdict_of(store_url)
    assert (verdict.ok, verdict.facts, verdict.root) == (True, 0, root_of([]))


def test_what_it_cannot_know_without_checkpoints_it_says(store_url: str) -> None:
    append(store_url, 3)
    [note] = verdict_of(store_url).notes
    assert "no checkpoint was given" in note
    assert "would not show here" in note


def test_it_tells_how_far_it_is(store_url: str) -> None:
    append(store_url, 10)
    told: list[tuple[int, int]] = []
    with open_recorder(store_url) as recorder:
        verify(recorder, progress=lambda done, all_: told.append((done, all_)))
    assert told[-1] == (10, 10)


def test_it_verifies_up_to_where_the_log_ended_when_it_began(store_url: str) -> None:
    """Given writers that go on all the time, and a projector."""
    append(store_url, 600)
    enough = threading.Event()

    def write(number: int) -> None:
        stream = uuid4()
        with open_recorder(store_url) as recorder:
            version = 0
            while not enough.is_set() and version < 2000:
                with suppress(StoreUnreachable):  # its turn did not come in time, on a busy machine
                    recorder.append([pending(stream, version + 1)])
                    version += 1

    verdicts: list[Verdict] = []

    def check() -> None:
        try:
            while len(verdicts) < 3 or verdicts[-1].facts == 600:  # until the writer had its turn
                with suppress(StoreUnreachable):
                    project(store_url)
                verdicts.append(verdict_of(store_url))
        finally:
            enough.set()

    def work(number: int) -> None:
        check() if number == 0 else write(number)

    all_at_once(work, workers=2)
    assert {verdict.problems for verdict in verdicts} == {()}
    assert verdicts[-1].facts > 600


def test_a_hot_standby_can_be_verified(server_pair: tuple[Server, Server]) -> None:
    primary, standby = server_pair
    append(primary.url(), 300)
    project(primary.url())
    wait_until(lambda: verdict_of(standby.url()).tiles == 1, "the standby has followed")
    verdict = verdict_of(standby.url())
    assert (verdict.ok, verdict.facts, verdict.tiles) == (True, 300, 1)


def test_a_standby_is_waited_for_until_it_has_what_was_signed(
    server_pair: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a standby that lags: a checkpoint of its primary is not taken for a log that lost its end."""
    primary, standby = server_pair
    append(primary.url(), 20)
    url = standby.url()
    wait_until(lambda: len(rows_of(url)) == 20, "the standby has followed")
    run_sql(url, "SELECT pg_wal_replay_pause()")
    kept = signed(primary.url(), append(primary.url(), 5))
    later = threading.Timer(1.0, lambda: run_sql(url, "SELECT pg_wal_replay_resume()"))
    later.start()
    assert verdict_of(url, kept).problems == ()
    later.join()
    # the control: with no patience it would be
    run_sql(url, "SELECT pg_wal_replay_pause()")
    kept = signed(primary.url(), append(primary.url(), 5))
    monkeypatch.setattr("caretrail.sealing.verify.PATIENCE", 0)
    assert found(verdict_of(url, kept)) == [(Kind.RESTORED, 26)]


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_who_may_only_read_can_verify_and_sign(
    postgres_url: str, logins: dict[str, str], role: str, tmp_path: Path
) -> None:
    append(postgres_url, 300)
    project(postgres_url)
    with open_recorder(logins[role]) as recorder:
        origin = origin_of(recorder.namespace)
        assert seal(recorder, [new_key(origin)], Memory(tmp_path / "last", origin), first=True).checkpoint.size == 300
        verdict = verify(recorder)
    assert (verdict.ok, verdict.tiles) == (True, 1)


# --- a log that is not ----------------------------------------------------------------------------------------------


def gap(rows: list[LogColumns]) -> list[LogColumns]:
    return [row for row in rows if not 5 <= row[0] <= 7]


def below(rows: list[LogColumns]) -> list[LogColumns]:
    return [*rows, changed(rows[0], position=0, stream=bytes(16), command_id="more")]


def same_time(rows: list[LogColumns]) -> list[LogColumns]:
    return [changed(row, at=rows[6][5]) if row[0] == 8 else row for row in rows]


def version_left_out(rows: list[LogColumns]) -> list[LogColumns]:
    return [changed(row, position=row[0] - 1) if row[0] > 6 else row for row in rows if row[0] != 6]


def end_gone(rows: list[LogColumns]) -> list[LogColumns]:
    return rows[:15]


@pytest.mark.parametrize(
    ("change", "kind", "first"),
    [
        (gap, Kind.DELETED, 5),
        (same_time, Kind.BACK_DATED, 8),
        (version_left_out, Kind.DELETED, 6),
        (end_gone, Kind.TRUNCATED, 16),
    ],
)
def test_what_is_wrong_by_itself_needs_no_checkpoint(
    store_url: str, change: Callable[[list[LogColumns]], list[LogColumns]], kind: Kind, first: int
) -> None:
    """Given read models that stand on the last fact there was."""
    rows = append(store_url, 20)
    project(store_url)
    rewrite(store_url, change(rows))
    assert found(verdict_of(store_url))[0] == (kind, first)


@pytest.mark.parametrize("value", ["NULL", "'text'", "7", "1.5", "x'00'", "x'" + "ff" * 16 + "'"])
@pytest.mark.parametrize("column", ["stream", "version", "name", "payload", "recorded_at", "recorded_by", "salt"])
def test_columns_of_any_type_get_a_verdict(sqlite_url: str, column: str, value: str) -> None:
    """Given a log that somebody made again without its types, and a column with something else in it."""
    rows = append(sqlite_url, 9)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        f"UPDATE log SET {column} = {value} WHERE position = 4",
    )
    verdict = verdict_of(sqlite_url, signed(sqlite_url, rows))
    assert not verdict.ok
    assert verdict.first_bad in (4, 5, 1)  # 1: what any fact might hold, so that only the checkpoint tells


@pytest.mark.parametrize("value", ["NULL", "'text'", "7"])
def test_an_edit_beside_rows_of_any_type_is_still_an_edit(sqlite_url: str, value: str) -> None:
    """Given tiles of the true rows, one row edited, and the next ones with something in them that is no payload."""
    append(sqlite_url, 300)
    project(sqlite_url)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        "UPDATE log SET payload = x'00' WHERE position = 4",
        f"UPDATE log SET payload = {value} WHERE position IN (5, 7)",
    )
    assert found(verdict_of(sqlite_url))[0] == (Kind.EDITED, 4)


@pytest.mark.parametrize("value", ["NULL", "'text'", "1.5", "x'00'", "-3", "4"])
def test_a_position_of_any_type_gets_a_verdict(sqlite_url: str, value: str) -> None:
    append(sqlite_url, 9)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        f"UPDATE log SET position = {value} WHERE position = 9",
    )
    verdict = verdict_of(sqlite_url, signed(sqlite_url, []))
    assert not verdict.ok


def test_half_a_character_in_a_text_gets_a_verdict(sqlite_url: str) -> None:
    append(sqlite_url, 9)
    run_sql(
        sqlite_url,
        "DROP TRIGGER log_refuses_update",
        "UPDATE log SET name = CAST(x'c3' AS TEXT) WHERE position = 4",
    )
    verdict = verdict_of(sqlite_url)
    assert found(verdict)[0] == (Kind.UNREADABLE, 4)
    assert verdict.unreadable


def test_a_time_without_end_gets_a_verdict(postgres_url: str) -> None:
    append(postgres_url, 9)
    run_sql(
        postgres_url,
        "ALTER TABLE caretrail.log DISABLE TRIGGER ALL",
        "UPDATE caretrail.log SET recorded_at = 'infinity' WHERE position = 4",
    )
    assert (Kind.UNREADABLE, 4) in found(verdict_of(postgres_url))


@pytest.mark.parametrize("kind", ["text", "NULL"])
def test_columns_of_another_type_on_postgresql_get_a_verdict(postgres_url: str, kind: str) -> None:
    append(postgres_url, 9)
    run_sql(postgres_url, "ALTER TABLE caretrail.log DISABLE TRIGGER ALL")
    if kind == "text":
        run_sql(postgres_url, "ALTER TABLE caretrail.log ALTER COLUMN payload TYPE text USING 'x'")
        assert found(verdict_of(postgres_url))[0] == (Kind.EDITED, 1)
    else:
        run_sql(
            postgres_url,
            "ALTER TABLE caretrail.log ALTER COLUMN payload DROP NOT NULL",
            "UPDATE caretrail.log SET payload = NULL WHERE position = 3",
        )
        assert found(verdict_of(postgres_url))[0] == (Kind.EDITED, 3)


@pytest.mark.parametrize("page", range(2, 25, 4))
def test_damaged_pages_get_a_verdict_or_a_word(sqlite_url: str, page: int) -> None:
    """Given one page of the file overwritten: a verdict, or an error that says so; never a traceback, never green."""
    rows = append(sqlite_url, 300)
    kept = signed(sqlite_url, rows)
    file = Path(sqlite_url.removeprefix("sqlite://"))
    with closing(sqlite3.connect(file)) as shell:
        shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = shell.execute("PRAGMA page_size").fetchone()[0]
        assert page < shell.execute("PRAGMA page_count").fetchone()[0]
    with file.open("r+b") as raw:
        raw.seek(page * size)
        raw.write(b"\xa5" * size)
    try:
        with open_recorder(sqlite_url) as recorder:
            verdict = verify(recorder, kept)
    except StoreError:
        return
    if verdict.ok:  # a page of an index, which the log is not read by
        assert [leaf_of(row) for row in rows_of(sqlite_url)] == [leaf_of(row) for row in rows]


def test_a_command_that_is_there_twice(store_url: str) -> None:
    rows = append(store_url, 5)
    if store_url.startswith("sqlite"):
        run_sql(
            store_url, "CREATE TABLE other AS SELECT * FROM log", "DROP TABLE log", "ALTER TABLE other RENAME TO log"
        )
        run_sql(store_url, f"UPDATE log SET command_id = '{rows[0][8]}' WHERE position = 3")
    else:
        [(name,)] = run_sql(
            store_url,
            "SELECT conname FROM pg_constraint WHERE conrelid = 'caretrail.log'::regclass AND contype = 'u'"
            " AND pg_get_constraintdef(oid) LIKE '%command_id%'",
        )
        run_sql(
            store_url,
            f'ALTER TABLE caretrail.log DROP CONSTRAINT "{name}"',
            "ALTER TABLE caretrail.log DISABLE TRIGGER ALL",
            f"UPDATE caretrail.log SET command_id = '{rows[0][8]}' WHERE position = 3",
        )
    assert Kind.INSERTED in [problem.kind for problem in verdict_of(store_url).problems]


def test_a_position_below_the_first(sqlite_url: str) -> None:
    append(sqlite_url, 5)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        "INSERT INTO log SELECT -7, stream, 9, name, payload, 1, recorded_by, source, 'more', salt FROM log LIMIT 1",
    )
    assert (Kind.INSERTED, -7) in found(verdict_of(sqlite_url))


# --- more than one fact ---------------------------------------------------------------------------------------------


def test_several_facts_deleted_and_all_made_to_fit(store_url: str) -> None:
    """Given receipts: what was deleted shows, though every number fits again."""
    streams = [uuid5(UUID(int=3), str(number)) for number in range(40)]
    with open_recorder(store_url) as recorder:
        events = recorder.append([pending(stream) for stream in streams])
    receipts = Witnesses(receipts={event.position: leaf_hash(event) for event in events})
    rewrite(store_url, fitted([row for row in rows_of(store_url) if not 11 <= row[0] <= 13]))
    assert found(verdict_of(store_url, receipts))[0] == (Kind.DELETED, 11)


def test_several_facts_inserted_and_all_made_to_fit(store_url: str) -> None:
    streams = [uuid5(UUID(int=3), str(number)) for number in range(40)]
    with open_recorder(store_url) as recorder:
        events = recorder.append([pending(stream) for stream in streams])
    receipts = Witnesses(receipts={event.position: leaf_hash(event) for event in events})
    rows = rows_of(store_url)
    more = [changed(rows[9], stream=uuid4().bytes, command_id=f"more-{n}") for n in range(3)]
    rewrite(store_url, fitted([*rows[:10], *more, *rows[10:]]))
    assert found(verdict_of(store_url, receipts))[0] == (Kind.INSERTED, 11)


def test_tiles_altered_while_the_rows_hold_are_not_an_edit(store_url: str) -> None:
    rows = append(store_url, 300)
    project(store_url)
    blank = "zeroblob(8192)" if store_url.startswith("sqlite") else "decode(repeat('00', 8192), 'hex')"
    run_sql(store_url, f"UPDATE caretrail.tile SET hashes = {blank}")
    assert found(verdict_of(store_url, signed(store_url, rows))) == [(Kind.TILES, None)]
    # without a checkpoint nobody can say which of the two was altered
    assert verdict_of(store_url).problems[0].first == 1


def test_tiles_that_are_gone_are_no_tampering(store_url: str) -> None:
    append(store_url, 300)
    project(store_url)
    run_sql(store_url, "DELETE FROM caretrail.tile")
    verdict = verdict_of(store_url)
    assert verdict.ok
    assert any("1 tiles are not there" in note for note in verdict.notes)


def test_tiles_of_every_level_are_compared(sqlite_url: str) -> None:
    """Given more than 65,536 facts, so that a tile of tiles stands, when its hash is another."""
    with open_recorder(sqlite_url) as recorder:
        for start in range(0, 66_000, 2000):
            recorder.append([pending(uuid5(STREAM, str(n))) for n in range(start, start + 2000)])
        from caretrail.projection.tables import create_tables, read_state
        from caretrail.projection.tiles import write_tiles

        create_tables(recorder.database)
        state = read_state(recorder.database)
        assert state is not None
        with recorder.database.transaction():
            write_tiles(recorder, state.generation, 0, 66_000)
        run_sql(sqlite_url, "UPDATE projection SET position = 66000")
        verdict = verify(recorder)
        assert (verdict.ok, verdict.tiles, verdict.notes[1:]) == (True, 66_000 // 256 + 1, ())
        run_sql(sqlite_url, "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 1")
        assert [problem.evidence for problem in verify(recorder).problems] == [
            "tile 0 of level 1 is not what the log gives"
        ]
        assert BATCH % 256 == 0


# --- witnesses ------------------------------------------------------------------------------------------------------


def test_receipts_are_read_as_they_were_printed(store_url: str, tmp_path: Path) -> None:
    rows = append(store_url, 3)
    file = tmp_path / "receipts.jsonl"
    lines = [{"line": n, "position": n, "leaf": leaf_of(row).hex()} for n, row in enumerate(rows, start=1)]
    refused = {"line": 4, "error": "impossible", "message": "…", "hint": ""}
    file.write_text("\n".join(map(json.dumps, [*lines, refused])) + "\n\n")
    verdict = verdict_of(store_url, read_receipts(file))
    assert (verdict.ok, verdict.receipts) == (True, 3)
    file.write_text(json.dumps(lines[0] | {"leaf": "00" * 32}))
    assert found(verdict_of(store_url, read_receipts(file)))[0] == (Kind.EDITED, 1)
    # a checkpoint that holds says that the log had this fact all along: the receipt is of a branch that was lost
    assert found(verdict_of(store_url, read_receipts(file), signed(store_url, rows))) == [(Kind.RECEIPT, 1)]


@pytest.mark.parametrize(
    "line",
    ["rubbish", "[]", "{}", '{"position": 0, "leaf": "00"}', '{"position": "1"}', "[" * 5000, "\x00", "1" * 9999],
)
def test_lines_that_are_no_receipts_are_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(WitnessUnreadable, match="line 2"):
        read_receipts(file)


def test_two_receipts_of_one_position_contradict_each_other(store_url: str, tmp_path: Path) -> None:
    append(store_url, 1)
    file = tmp_path / "receipts.jsonl"
    file.write_text("".join(json.dumps({"position": 9, "leaf": digit * 64}) + "\n" for digit in "ab"))
    assert (Kind.FORKED, 9) in found(verdict_of(store_url, read_receipts(file)))


def test_what_is_wrong_with_checkpoints_is_said(store_url: str, tmp_path: Path) -> None:
    append(store_url, 3)
    with open_recorder(store_url) as recorder:
        origin = origin_of(recorder.namespace)
    key, other = new_key(origin), new_key("another.example")
    (tmp_path / "a.checkpoint").write_text("rubbish")
    (tmp_path / "b.checkpoint").write_bytes(b"\xff")
    (tmp_path / "c.checkpoint").write_text(sign_checkpoint(Checkpoint(origin, 3, bytes(32)), [new_key(origin)]))
    (tmp_path / "d.checkpoint").write_text(sign_checkpoint(Checkpoint(other.name, 3, bytes(32)), [other]))
    (tmp_path / "README").write_text("not looked at")
    kept = read_checkpoints(checkpoint_files([tmp_path]), [key.verifying, other.verifying], origin)
    assert [(p.kind, p.evidence.split(":")[0]) for p in kept.problems] == [
        (Kind.CHECKPOINT, "a.checkpoint"),
        (Kind.CHECKPOINT, "b.checkpoint"),
        (Kind.CHECKPOINT, "c.checkpoint"),
        (Kind.OTHER_LOG, "d.checkpoint"),
    ]
    assert not verdict_of(store_url, kept).ok


def test_two_checkpoints_of_one_size_are_two_histories(tmp_path: Path) -> None:
    key = new_key("log")
    for name, root in (("a", bytes(32)), ("b", bytes([1]) * 32)):
        (tmp_path / f"{name}.checkpoint").write_text(sign_checkpoint(Checkpoint("log", 3, root), [key]))
    kept = read_checkpoints(checkpoint_files([tmp_path]), [key.verifying], "log")
    assert [(p.kind, p.first, p.last) for p in kept.problems] == [(Kind.FORKED, 1, 3)]


def test_a_folder_that_somebody_emptied_is_no_folder_without_findings(tmp_path: Path) -> None:
    with pytest.raises(WitnessUnreadable, match="no checkpoint in that folder"):
        checkpoint_files([tmp_path])
    with pytest.raises(WitnessUnreadable, match="cannot be read"):
        read_checkpoints(checkpoint_files([tmp_path / "missing"]), [], "log")


# --- the fold by itself ---------------------------------------------------------------------------------------------


def row(position: int, version: int = 1, moment: int | None = None, stream: bytes = bytes(16)) -> LogColumns:
    at = position if moment is None else moment
    return (position, stream, version, "admitted/1", b"{}", at, "u", "", f"c{position}", bytes(16))


def test_the_fold_needs_no_store() -> None:
    """As a packet is judged: rows of one stream after another, from a list."""
    fold = RowFold()
    [first, second] = fold.add([row(1), row(2, 2), row(5, 3)])
    fold.end(6)
    assert (first.first, len(first.leaves), second.first) == (1, 2, 5)
    assert [(a.kind, a.position) for a in fold.anomalies] == [(Kind.DELETED, 3), (Kind.DELETED, 6)]


def test_the_fold_counts_what_it_does_not_keep() -> None:
    fold = RowFold()
    fold.add([row(n, n + 1, stream=n.to_bytes(16, "big")) for n in range(1, 300)])
    assert (fold.count, len(fold.anomalies)) == (299, 100)


def test_a_fold_may_begin_in_the_middle() -> None:
    fold = RowFold(start=10, moment=10)
    fold.add([row(11, 7), row(12, 8, moment=11)])
    assert [(a.kind, a.position) for a in fold.anomalies] == [(Kind.BACK_DATED, 12)]
