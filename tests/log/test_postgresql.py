"""What the production store promises of its server: order, and a place among other people's settings."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, suppress
from datetime import date
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import (
    InvalidEvent,
    StayOverlap,
    StoreDamaged,
    StoreForeign,
    StoreNewer,
    StoreNotInitialized,
    StoreUnreachable,
    VersionConflict,
)
from caretrail.log import ProgramStay, init_store, open_recorder
from caretrail.log.postgresql import setup as postgresql_setup
from caretrail.log.sql import load_sql
from tests.support.stores import UNORDERED, all_at_once, as_login, database_url, pending, run_sql

JAN = date(2025, 1, 1)


# --- making and opening -----------------------------------------------------------------------------------------


def test_init_makes_a_store_once(empty_postgres_url: str) -> None:
    made = all_at_once(lambda _: init_store(empty_postgres_url, demo=True))
    assert sorted(made) == [False] * 7 + [True]
    with open_recorder(empty_postgres_url) as first, open_recorder(empty_postgres_url) as second:
        assert (first.namespace, first.is_demo) == (second.namespace, True)


def test_two_stores_have_two_namespaces(postgres_url: str, empty_postgres_url: str) -> None:
    init_store(empty_postgres_url)
    with open_recorder(postgres_url) as one, open_recorder(empty_postgres_url) as other:
        assert one.namespace != other.namespace
        assert (one.is_demo, other.is_demo) == (True, False), "the fixture's is a demo"


def test_there_is_no_store_until_init_made_one(empty_postgres_url: str) -> None:
    with pytest.raises(StoreNotInitialized) as missing:
        open_recorder(empty_postgres_url)
    assert missing.value.hint == "run 'caretrail init'"
    run_sql(empty_postgres_url, "CREATE SCHEMA caretrail")  # as an administrator may prepare it
    with pytest.raises(StoreNotInitialized):
        open_recorder(empty_postgres_url)
    assert init_store(empty_postgres_url)


@pytest.mark.parametrize("table", ["caretrail.other (x int)", "caretrail.store (x int)"])
def test_what_is_not_ours_is_left_as_it_is(empty_postgres_url: str, table: str) -> None:
    run_sql(empty_postgres_url, "CREATE SCHEMA caretrail", f"CREATE TABLE {table}")
    for attempt in (open_recorder, init_store):
        with pytest.raises(StoreForeign):
            attempt(empty_postgres_url)
    assert run_sql(empty_postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'caretrail'") == [(1,)]


def test_a_newer_store_is_not_opened(postgres_url: str) -> None:
    run_sql(
        postgres_url,
        "ALTER TABLE caretrail.store DISABLE TRIGGER USER",
        "UPDATE caretrail.store SET schema_version = 99",
    )
    for attempt in (open_recorder, init_store):
        with pytest.raises(StoreNewer, match="schema 99"):
            attempt(postgres_url)


def test_a_store_without_its_mark_is_damaged(postgres_url: str) -> None:
    run_sql(postgres_url, "ALTER TABLE caretrail.store DISABLE TRIGGER USER", "DELETE FROM caretrail.store")
    with pytest.raises(StoreDamaged):
        open_recorder(postgres_url)


def test_a_database_of_another_encoding_is_refused(postgres_server: str) -> None:
    name = f"caretrail_ascii_{uuid4().hex[:8]}"
    run_sql(postgres_server, f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreUnreachable, match="UTF8"):
            init_store(database_url(postgres_server, name))
    finally:
        run_sql(postgres_server, f"DROP DATABASE {name}")


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("postgresql://ann:s3cret@127.0.0.1:1/d", "no server listens"),
        ("postgresql://ann:s3cret@no-such-host.invalid/d?sslmode=verify-full", "host name is unknown"),
        ("postgresql://ann:s3cret@/d?host=/no/such/folder", "no server listens"),
        ("postgresql://ann:s3cret@127.0.0.1/d?no_such_option=s3cret", "not understood"),
        ("postgresql://ann:s3cret@127.0.0.1:s3cret/d", "not understood"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_without_secrets(url: str, cause: str) -> None:
    with pytest.raises(StoreUnreachable, match=cause) as refused:
        open_recorder(url)
    text = f"{refused.value.message} {refused.value.hint}"
    assert "s3cret" not in text
    assert "ann" not in text


def test_a_missing_database_or_role_is_named_in_words(postgres_server: str) -> None:
    for url in (database_url(postgres_server, "no_such_database"), as_login(postgres_server, "nobody")):
        with pytest.raises(StoreUnreachable, match="no such database"):
            open_recorder(url)


def test_something_else_that_listens_is_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for _ in range(2):
                with suppress(OSError):
                    connection, _ = listener.accept()
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        with pytest.raises(StoreUnreachable):
            open_recorder(f"postgresql://127.0.0.1:{listener.getsockname()[1]}/d?sslmode=disable")


# --- order and time are the server's ------------------------------------------------------------------------------


def test_the_head_row_is_locked_but_never_updated(postgres_url: str) -> None:
    """Each update would leave a dead version, and an old snapshot anywhere would make every append walk past it."""
    where = "SELECT ctid::text, xmin::text FROM caretrail.store"
    before = run_sql(postgres_url, where)
    with open_recorder(postgres_url) as recorder:
        for _ in range(20):
            recorder.append([pending(uuid4())])
    assert run_sql(postgres_url, where) == before


def test_time_does_not_go_back_when_the_newest_event_is_from_the_future(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder:
        recorder.append([pending(uuid4())])
        run_sql(
            postgres_url,
            "ALTER TABLE caretrail.log DISABLE TRIGGER USER",
            "UPDATE caretrail.log SET recorded_at = '2999-01-01 00:00+00'",
        )
        later = recorder.append([pending(uuid4()), pending(uuid4())])
        assert [event.recorded_at.isoformat() for event in later] == [
            "2999-01-01T00:00:00.000001+00:00",
            "2999-01-01T00:00:00.000002+00:00",
        ]


def test_without_the_head_row_nothing_is_appended(postgres_url: str) -> None:
    """Without it there would be no lock."""
    with open_recorder(postgres_url) as recorder:
        run_sql(postgres_url, "ALTER TABLE caretrail.store DISABLE TRIGGER USER", "DELETE FROM caretrail.store")
        with pytest.raises(StoreDamaged):
            recorder.append([pending(uuid4())])


def test_an_append_notifies_listeners(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as listener, open_recorder(postgres_url) as recorder:
        listener.execute("LISTEN caretrail_log")
        recorder.append([pending(uuid4()), pending(uuid4())])
        assert [n.payload for n in listener.notifies(timeout=2, stop_after=1)] == ["2"]


def test_a_long_transaction_elsewhere_does_not_hold_up_appends(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as reader, open_recorder(postgres_url) as recorder:
        reader.execute("SELECT * FROM caretrail.log")
        begun = time.monotonic()
        recorder.append([pending(uuid4())])
        assert time.monotonic() - begun < 2


def test_reading_uses_the_indexes_before_there_are_statistics(postgres_url: str) -> None:
    """Right after an import nothing is analyzed yet, and that is when everything is read."""
    run_sql(
        postgres_url,
        "ALTER TABLE caretrail.log SET (autovacuum_enabled = off)",
        "INSERT INTO caretrail.log SELECT n, gen_random_uuid(), 1, 'n/1', '', clock_timestamp(), 'me', '', '', n::text,"
        " '0123456789abcdef' FROM generate_series(1, 20000) AS n",
    )
    with open_recorder(postgres_url) as recorder:
        queries = load_sql("caretrail.log", "queries.sql")
        explain = f"EXPLAIN {queries['read_log']}"
        plan = recorder.database.query(explain, {"after": 10, "limit": 1000})
        assert "Index Scan using log_pkey" in str(plan)
        assert "Sort" not in str(plan)


@pytest.mark.parametrize("broken", [False, True])
def test_a_reader_that_follows_misses_nothing_because_of_the_lock(postgres_url: str, broken: bool) -> None:
    """The control: with positions from a sequence and no lock, the very same reader misses some."""
    if broken:
        run_sql(postgres_url, UNORDERED)
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        with open_recorder(postgres_url) as reader:
            while not done.is_set():
                seen.extend(event.position for event in reader.read_log(after=seen[-1] if seen else 0))
            seen.extend(event.position for event in reader.read_log(after=seen[-1]))

    with ExitStack() as stack:
        writers = [stack.enter_context(open_recorder(postgres_url)) for _ in range(8)]

        def write(number: int) -> None:
            for _ in range(20):
                writers[number].append([pending(uuid4())])

        follower = threading.Thread(target=follow)
        follower.start()
        all_at_once(write)
        done.set()
        follower.join()
        missed = writers[0].max_position() - len(seen)
    assert (missed > 0) == broken


# --- what the function refuses -----------------------------------------------------------------------------------


MALFORMED = [
    "'{}', '{}', '{}', '{}', '{}', '{}', '{}'",
    "NULL, '{1}', '{n}', '{x}', '{s}', '{k}', ARRAY['0123456789abcdef'::bytea]",
    "ARRAY[NULL::uuid], '{1}', '{n}', '{x}', '{s}', '{k}', ARRAY['0123456789abcdef'::bytea]",
    "ARRAY[gen_random_uuid()], '{1,2}', '{n}', '{x}', '{s}', '{k}', ARRAY['0123456789abcdef'::bytea]",
    "ARRAY[gen_random_uuid()], '{1}', '{n}', '{NULL}', '{s}', '{k}', ARRAY['0123456789abcdef'::bytea]",
    "ARRAY[gen_random_uuid()], '{1}', '{n}', '{x}', '{s}', '{\"\"}', ARRAY['0123456789abcdef'::bytea]",
    "ARRAY[gen_random_uuid()], '{1}', '{n}', '{x}', '{s}', '{k}', ARRAY['short'::bytea]",
    "ARRAY[gen_random_uuid()], '{2}', '{n}', '{x}', '{s}', '{k}', ARRAY['0123456789abcdef'::bytea]",
    "ARRAY[gen_random_uuid(),gen_random_uuid()], '{1,1}', '{n,n}', '{x,x}', '{s,s}', '{k,k}',"
    " ARRAY['0123456789abcdef'::bytea,'0123456789abcdef'::bytea]",
]


def test_the_function_trusts_no_caller(postgres_url: str) -> None:
    for arguments in MALFORMED:
        with pytest.raises(psycopg.Error):
            run_sql(postgres_url, f"SELECT caretrail.append({arguments})")
    assert run_sql(postgres_url, "SELECT count(*) FROM caretrail.log") == [(0,)]


def test_the_server_log_holds_nothing_of_a_refused_event(postgres_url: str) -> None:
    directory = run_sql(postgres_url, "SELECT current_setting('data_directory')")[0][0]
    if run_sql(postgres_url, f"SELECT pg_stat_file('{directory}/log', true) IS NULL") == [(True,)]:
        pytest.skip("the log of this server is elsewhere")
    canary = "CANARY-7f3a"
    canary_json = b'{"x":"CANARY-7f3a"}'
    stream, other = uuid4(), uuid4()
    with open_recorder(postgres_url) as recorder:
        recorder.append([pending(stream)], {stream: [ProgramStay(canary, canary, JAN, None)]})
        with pytest.raises(VersionConflict):
            recorder.append([pending(stream, 9, payload=canary_json, source=canary, command_id=canary)])
        with pytest.raises(StayOverlap):
            recorder.append([pending(other)], {other: [ProgramStay(canary, canary, JAN, None)]})
        with pytest.raises(InvalidEvent, match="JSON object"):
            recorder.append([pending(stream, 9, payload=b'{"x": ' + canary.encode())])
    for bad in ("short", "0123456789abcdef"):
        with pytest.raises(psycopg.Error):
            run_sql_with(
                postgres_url,
                "SELECT caretrail.append(ARRAY[%s::uuid], '{7}', ARRAY[%s], ARRAY[%s::bytea], ARRAY[%s], ARRAY[%s],"
                " ARRAY[%s::bytea])",
                (uuid4(), canary, canary.encode(), canary, canary, bad.encode()),
            )
    log = run_sql(postgres_url, "SELECT pg_read_file('log')")[0][0]
    assert str(stream) in str(log), "the refusals are there"
    assert canary not in str(log)


def run_sql_with(url: str, statement: str, parameters: tuple[object, ...]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode(), parameters)


# --- other people's settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_another_isolation_by_default_does_no_harm(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """Behind a pooler that takes no options, the server's default holds; the function notices and we say BEGIN."""
    name = urlsplit(postgres_url).path[1:]
    run_sql(postgres_url, f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
    monkeypatch.setattr(postgresql_setup, "_OPTIONS", "")
    with ExitStack() as stack:
        services = [stack.enter_context(open_recorder(postgres_url)) for _ in range(4)]
        all_at_once(lambda n: [services[n].append([pending(uuid4())]) for _ in range(10)], 4)
        assert services[0].max_position() == 40


def test_a_pooler_that_refuses_options_gets_none(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connect = postgresql_setup.__dict__["_connect"]

    def pooler(conninfo: str, options: str) -> object:
        asked.append(options)
        if options:
            raise psycopg.OperationalError("connection failed: FATAL:  unsupported startup parameter: options")
        return connect(conninfo, options)

    monkeypatch.setattr(postgresql_setup, "_connect", pooler)
    with open_recorder(postgres_url) as recorder:
        assert recorder.append([pending(uuid4())])[0].position == 1
    assert asked[0]
    assert not asked[1]


def test_a_read_only_server_is_named_as_such(postgres_url: str) -> None:
    name = urlsplit(postgres_url).path[1:]
    run_sql(postgres_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with open_recorder(postgres_url) as recorder:
        assert recorder.read_log() == []
        with pytest.raises(StoreUnreachable, match="read-only"):
            recorder.append([pending(uuid4())])
