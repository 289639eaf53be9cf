"""A copy is the same store in another place: every leaf, the mark, the stays; and anything less leaves no trace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest

from caretrail.aliases import Progress
from caretrail.commands.application import Commands
from caretrail.errors import StoreDamaged, StoreForeign, StoreNewer
from caretrail.events.parsing import parse_event
from caretrail.ledger.tiles import differing_tiles
from caretrail.log import EventRecorder, RecordedEvent, copying, init_store, new_salt, open_recorder
from caretrail.log.copying import Copied, CopyRefused, copy_store
from caretrail.log.records import Log, PendingAccess
from tests.ledger.superuser import rewrite, rows_of
from tests.support.archived import Archive
from tests.support.example import EXAMPLE
from tests.support.stores import Clock, log_of, pending, run_sql

STAYS = "SELECT stream, client, program, first_day, last_day FROM caretrail.stay ORDER BY 1, 4"


def unseen(_done: int, _total: int) -> None:
    """Watch nothing."""


@pytest.fixture
def source(store_url: str, clock: Clock) -> Iterator[EventRecorder]:
    """A store with an episode, a load of history, an event that cannot be read, and three accesses."""
    clock.advance(days=500)
    with open_recorder(store_url, clock=clock) as recorder:
        commands = Commands(recorder, clock)
        events = [parse_event(line) for line in EXAMPLE.read_text().splitlines()]
        commands.append(events[:40], imported=True)
        commands.append_each(events[40:])
        recorder.append([pending(uuid4(), payload=b'{"not": "an event"}')])
        recorder.record_access([PendingAccess(b"{}", str(number), new_salt()) for number in range(3)])
        yield recorder


@pytest.fixture(params=["nothing", "empty"])
def place(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
def target_url(request: pytest.FixtureRequest, place: str, tmp_path: Path) -> str:
    """Where to: on each database, with nothing there or an empty store made by init."""
    if request.param == "sqlite":
        url = f"sqlite://{tmp_path}/copy/caretrail.db"
    else:
        url = cast(str, request.getfixturevalue("empty_postgres_url"))
    if place == "empty":
        init_store(url)
    return url


def copy(source: EventRecorder, url: str, progress: Progress = unseen) -> Copied:
    init_store(url)
    with open_recorder(url) as target:
        return copy_store(source, target, progress)


def stays(recorder: EventRecorder) -> list[list[str]]:
    """The stays, alike on both databases."""
    return [[UUID(bytes=row[0]).hex if isinstance(row[0], bytes) else row[0].hex, *map(str, row[1:])]
            for row in recorder.database.query(STAYS)]  # fmt: skip


def is_empty(url: str) -> bool:
    with open_recorder(url) as recorder:
        return not any(map(recorder.max_position, Log)) and not recorder.database.query(STAYS)


def test_a_copy_is_the_same_store(source: EventRecorder, target_url: str, clock: Clock) -> None:
    copied = copy(source, target_url)
    assert (copied.position, copied.accesses, copied.stays) == (66, 3, 2)
    assert (copied.unreadable, copied.later) == (0, 0)
    with open_recorder(target_url, clock=clock) as target:
        for log, count in ((Log.EVENTS, 66), (Log.ACCESSES, 3)):
            assert log_of(target, log) == log_of(source, log)  # every column, salts and times too
            assert target.read_columns(0, 100, log) == source.read_columns(0, 100, log)
            assert target.max_position(log) == count
        assert target.namespace == source.namespace
        assert target.created_at() == source.created_at()
        assert stays(target) == stays(source)


def test_a_copy_goes_on_where_the_store_was(source: EventRecorder, target_url: str, clock: Clock) -> None:
    copy(source, target_url)
    line = EXAMPLE.read_text().splitlines()[1]
    with open_recorder(target_url, clock=clock) as target:
        first = Commands(source, clock).append([parse_event(line)])
        commands = Commands(target, clock)
        assert commands.append([parse_event(line)]) == first  # sent again, it gets its first receipt
        changed = {'"LNK-2026-0001"': '"LNK-2"', '"ehr/0002"': '"new"', '"cl-7f3a"': '"cl-2"'}
        for old, new in changed.items():
            line = line.replace(old, new)
        [receipt] = commands.append([parse_event(line)])
        assert receipt.position == 67
        assert target.record_access([PendingAccess(b"{}", "x", new_salt())])[0].position == 4


def test_the_guards_of_a_copy_are_those_of_any_store(source: EventRecorder, target_url: str, tmp_path: Path) -> None:
    copy(source, target_url)
    guarded = (
        "UPDATE caretrail.log SET source = ''",
        "DELETE FROM caretrail.log",
        "UPDATE caretrail.access SET source = ''",
        "DELETE FROM caretrail.access",
        "UPDATE caretrail.store SET one = one",
    )
    for statement in guarded:
        with pytest.raises(Exception, match=r"append-only|permanent"):
            run_sql(target_url, statement)
    if target_url.startswith("sqlite"):
        init_store(f"sqlite://{tmp_path}/fresh.db")
        schema = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        assert run_sql(target_url, schema) == run_sql(f"sqlite://{tmp_path}/fresh.db", schema)


def test_a_demo_stays_one(tmp_path: Path, target_url: str) -> None:
    url = f"sqlite://{tmp_path}/demo.db"
    init_store(url, demo=True)
    with open_recorder(url) as source:
        source.append([pending(uuid4())])
        copy(source, target_url)
    with open_recorder(target_url) as target:
        assert target.is_demo


@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_what_cannot_be_read_is_copied_with_its_stays(
    source: EventRecorder, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise StoreNewer("a stored event was written by a newer Caretrail")

    monkeypatch.setattr(copying, "fold", unreadable)
    assert copy(source, target_url).unreadable == 1
    with open_recorder(target_url) as target:
        assert stays(target) == stays(source)


@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_writers_of_the_source_go_on(source: EventRecorder, target_url: str) -> None:
    def write(done: int, total: int) -> None:
        source.append([pending(uuid4())])
        source.record_access([PendingAccess(b"{}", uuid4().hex, new_salt())])
        assert done <= total

    copied = copy(source, target_url, write)
    assert (copied.position, copied.accesses, copied.later) == (66, 3, 5)
    with open_recorder(target_url) as target:
        assert (target.max_position(), target.max_position(Log.ACCESSES)) == (66, 3)


# --- anything less leaves no trace ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_a_part_is_never_seen_and_an_interrupted_copy_leaves_none(source: EventRecorder, target_url: str) -> None:
    def ask_and_stop(done: int, _total: int) -> None:
        if done > 66:  # sent, and being compared
            seen.append(run_sql(target_url, "SELECT count(*) FROM caretrail.log")[0][0])
            raise KeyboardInterrupt

    seen: list[object] = []
    with open_recorder(target_url) as before:
        namespace = before.namespace
    with pytest.raises(KeyboardInterrupt):
        copy(source, target_url, ask_and_stop)
    assert seen == [0]
    with open_recorder(target_url) as after:
        assert after.namespace == namespace
    assert is_empty(target_url)
    assert copy(source, target_url).position == 66


@pytest.mark.parametrize("place", ["nothing"], indirect=True)
def test_killed_it_can_be_run_again(source: EventRecorder, target_url: str) -> None:
    child = os.fork()
    if child == 0:  # its own recorder: connections do not survive a fork
        with open_recorder(_url_of(source)) as mine:
            copy(mine, target_url, lambda done, _: os._exit(9) if done > 66 else None)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert is_empty(target_url)
    assert copy(source, target_url).position == 66


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault on the way: one row arrives with another author."""
    right = copying._columns  # pyright: ignore[reportPrivateUsage]  # the fault must sit inside

    def wrong(event: RecordedEvent) -> list[object]:
        row = list(right(event))
        return [*row[:6], "somebody", *row[7:]] if event.position == 40 else row

    monkeypatch.setattr(copying, "_columns", wrong)


@pytest.mark.usefixtures("changing")
@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_a_copy_with_another_leaf_is_none(source: EventRecorder, target_url: str) -> None:
    with pytest.raises(StoreDamaged, match="the copy differs from the source"):
        copy(source, target_url)
    assert is_empty(target_url)


def test_a_source_with_a_hole_is_not_copied(sqlite_url: str, tmp_path: Path) -> None:
    with open_recorder(sqlite_url) as source:
        source.append([pending(uuid4()) for _ in range(9)])
        run_sql(sqlite_url, "DROP TRIGGER log_refuses_delete", "DELETE FROM log WHERE position = 5")
        with pytest.raises(StoreDamaged, match="position 5 is missing"):
            copy(source, f"sqlite://{tmp_path}/copy.db")
    assert is_empty(f"sqlite://{tmp_path}/copy.db")


@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_a_place_that_holds_events_is_left_alone(source: EventRecorder, target_url: str) -> None:
    with open_recorder(target_url) as other:
        other.append([pending(uuid4())])
        before, namespace = other.read_log(), other.namespace
    with pytest.raises(CopyRefused, match="is not empty"):
        copy(source, target_url)
    with open_recorder(target_url) as other:
        assert (other.read_log(), other.namespace) == (before, namespace)


def test_a_store_is_not_copied_onto_itself(source: EventRecorder) -> None:
    with pytest.raises(CopyRefused, match="is the store itself, or a copy of it"):
        copy(source, _url_of(source))


@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_a_client_of_the_empty_store_cannot_write_into_the_copy(source: EventRecorder, target_url: str) -> None:
    with open_recorder(target_url) as early:
        if target_url.startswith("sqlite"):
            copy(source, target_url)
            with pytest.raises(StoreForeign, match="is another store than before"):
                early.append([pending(uuid4())])
        else:
            with pytest.raises(CopyRefused, match="is in use by another Caretrail"):
                copy(source, target_url)


def test_only_the_owner_of_the_target_can_copy(sqlite_url: str, postgres_url: str) -> None:
    role = f"stranger_{uuid4().hex[:8]}"
    run_sql(
        postgres_url,
        f"CREATE ROLE {role} LOGIN",
        f"GRANT USAGE ON SCHEMA caretrail TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA caretrail TO {role}",
    )
    try:
        with open_recorder(sqlite_url) as source, pytest.raises(CopyRefused, match="belongs to another role"):
            copy(source, postgres_url.replace("postgres@", f"{role}@", 1))
    finally:
        run_sql(postgres_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def _url_of(recorder: EventRecorder) -> str:
    """The url a recorder was opened by: on PostgreSQL its printable name lacks the user."""
    store = recorder.store
    if not store.startswith("postgresql"):
        return f"sqlite://{store}"
    [(socket, name, user)] = recorder.database.query(
        "SELECT current_setting('unix_socket_directories'), current_database(), current_user"
    )
    return f"postgresql://{user}@/{name}?host={socket}"


@pytest.mark.slow
@pytest.mark.parametrize("place", ["empty"], indirect=True)
def test_a_copy_after_an_archive_is_the_same_store(store_url: str, target_url: str, tmp_path: Path) -> None:
    made = Archive(store_url, tmp_path / "outside").filled()
    made.archive()
    with open_recorder(store_url) as source:
        copied = copy(source, target_url)
        assert (copied.accesses, copied.archived) == (800, 768)
        with open_recorder(target_url) as target:
            assert log_of(target, Log.ACCESSES) == log_of(source, Log.ACCESSES)
            assert [*differing_tiles(target, Log.ACCESSES)] == []
    assert made.verified(url=target_url).ok
    assert made.verified(*made.files, url=target_url).ok
    for position in (101, 768, 769):  # its guards are those of any store
        with pytest.raises(Exception, match="append-only"):
            run_sql(target_url, f"DELETE FROM caretrail.access WHERE position = {position}")
    if target_url.startswith("sqlite"):
        init_store(f"sqlite://{tmp_path}/fresh.db")
        schema = "SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        assert run_sql(target_url, schema) == run_sql(f"sqlite://{tmp_path}/fresh.db", schema)
    with open_recorder(target_url) as target:
        assert target.record_access([PendingAccess(b"{}", "x", new_salt())])[0].position == 801


@pytest.mark.slow
def test_an_access_that_is_missing_after_the_archive_stops_a_copy(sqlite_url: str, tmp_path: Path) -> None:
    made = Archive(sqlite_url, tmp_path / "outside").filled()
    made.archive()
    rewrite(sqlite_url, [row for row in rows_of(sqlite_url, Log.ACCESSES) if row[0] != 790], Log.ACCESSES)
    with open_recorder(sqlite_url) as source, pytest.raises(StoreDamaged, match="position 790 is missing"):
        copy(source, f"sqlite://{tmp_path}/copy.db")
