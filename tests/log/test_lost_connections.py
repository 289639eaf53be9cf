"""Lost connections to PostgreSQL: what was asked for is done once, and the caller hears what became of it."""

from __future__ import annotations

import threading
import time
from uuid import UUID, uuid4

import psycopg
import pytest

from caretrail.errors import (
    InvalidEvent,
    StoreError,
    StoreForeign,
    StoreUnreachable,
)
from caretrail.log import open_recorder
from tests.support.proxy import proxy_to
from tests.support.stores import all_at_once, pending, run_sql


def sessions(url: str) -> list[int]:
    """The backends of our recorders in this database."""
    rows = run_sql(
        url,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'caretrail'",
    )
    return [int(str(pid)) for (pid,) in rows]


def kill_sessions(url: str) -> None:
    for pid in sessions(url):
        run_sql(url, f"SELECT pg_terminate_backend({pid})")


def test_an_answer_lost_after_the_commit_is_found_again(postgres_url: str) -> None:
    with proxy_to(postgres_url) as proxy, open_recorder(proxy.url) as recorder:
        a, b = uuid4(), uuid4()
        first = recorder.append([pending(a)])
        for cuts in (1, 3):
            proxy.cut_replies = cuts
            version = recorder.select_events(a)[-1].originator_version + 1
            call = [pending(a, version), pending(b, cuts), pending(b, cuts + 1)] if cuts == 1 else [pending(a, version)]
            recorded = recorder.append(call)
            assert proxy.cut_replies == 0
            assert [(e.originator_id, e.command_id) for e in recorded] == [
                (e.originator_id, e.command_id) for e in call
            ]
            first += recorded
        assert recorder.read_log() == first
        assert [event.position for event in first] == [1, 2, 3, 4, 5]


def test_a_request_lost_on_the_way_is_sent_again(postgres_url: str) -> None:
    with proxy_to(postgres_url) as proxy, open_recorder(proxy.url) as recorder:
        proxy.cut_requests = 3
        assert [event.position for event in recorder.append([pending(uuid4())])] == [1]
        assert proxy.cut_requests == 0


def test_a_server_that_restarts_is_waited_for_but_not_when_opening(postgres_url: str) -> None:
    with proxy_to(postgres_url) as proxy:
        with open_recorder(proxy.url) as recorder:
            proxy.refuse = 2
            kill_sessions(postgres_url)
            assert recorder.append([pending(uuid4())])[0].position == 1
            assert proxy.refuse == 0
            proxy.refuse = 1
            kill_sessions(postgres_url)
            assert recorder.max_position() == 1
        proxy.refuse = 1
        begun = time.monotonic()
        with pytest.raises(StoreUnreachable):
            open_recorder(proxy.url)
        assert time.monotonic() - begun < 1


def test_a_line_that_never_holds_is_given_up(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caretrail.log.postgresql.database.FIRST_WAIT", 0.001)
    with proxy_to(postgres_url) as proxy, open_recorder(proxy.url) as recorder:
        proxy.cut_requests = 1000
        with pytest.raises(StoreUnreachable):
            recorder.append([pending(uuid4())])
        assert 1000 - proxy.cut_requests == 5
        proxy.cut_requests = 0
        assert recorder.append([pending(uuid4())])[0].position == 1


def test_a_killed_session_at_rest_is_replaced_before_use(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder:
        for position in (1, 2, 3):
            begun = time.monotonic()
            assert recorder.append([pending(uuid4())])[0].position == position
            assert time.monotonic() - begun < 1, "no try was wasted"
            kill_sessions(postgres_url)
            assert recorder.max_position() == position
            kill_sessions(postgres_url)


def test_a_session_killed_while_it_waits_is_replaced(postgres_url: str) -> None:
    """And killed while it holds what it inserted: then nothing of it is kept but the retry's."""
    with open_recorder(postgres_url) as recorder, psycopg.connect(postgres_url) as holder:
        holder.execute("SELECT 1 FROM caretrail.store FOR UPDATE")
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.extend(e.position for e in recorder.append([pending(uuid4())])))
        thread.start()
        for _ in range(2):
            time.sleep(0.3)
            kill_sessions(postgres_url)
        holder.rollback()
        thread.join()
    assert found == [1]


def make_unlucky(url: str, state: str) -> None:
    """Let the first two appends fail, and then no more."""
    run_sql(
        url,
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('public.tries') < 3 THEN RAISE EXCEPTION 'unlucky' USING ERRCODE = '{state}'; END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER unlucky BEFORE INSERT ON caretrail.log FOR EACH ROW EXECUTE FUNCTION unlucky()",
    )


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_the_server_asks_to_try_again_is_tried_again(postgres_url: str, state: str) -> None:
    make_unlucky(postgres_url, state)
    with open_recorder(postgres_url) as recorder:
        assert recorder.append([pending(uuid4())])[0].position == 1


def take_for_usable(_: object) -> bool:
    return True


def test_without_trying_again_each_of_these_is_an_error(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: one attempt, and no check of a connection before its use."""
    monkeypatch.setattr("caretrail.log.postgresql.database.TRIES", 1)
    with proxy_to(postgres_url) as proxy, open_recorder(proxy.url) as recorder:
        proxy.cut_requests = 1
        with pytest.raises(StoreUnreachable):
            recorder.append([pending(uuid4())])
        kill_sessions(postgres_url)
        proxy.refuse = 1
        with pytest.raises(StoreUnreachable):
            recorder.append([pending(uuid4())])
        make_unlucky(postgres_url, "40001")
        with pytest.raises(StoreError):
            recorder.append([pending(uuid4())])
        run_sql(postgres_url, "DROP TRIGGER unlucky ON caretrail.log")
        assert recorder.append([pending(uuid4())])[0].position == 1
    monkeypatch.setattr("caretrail.log.postgresql.database._usable", take_for_usable)
    with open_recorder(postgres_url) as recorder:
        kill_sessions(postgres_url)
        with pytest.raises(StoreUnreachable):
            recorder.append([pending(uuid4())])


def test_another_store_behind_the_same_name_is_noticed(postgres_url: str) -> None:
    """A failover to the wrong server must not go on with the wrong log."""
    with open_recorder(postgres_url) as recorder:
        recorder.append([pending(uuid4())])
        run_sql(
            postgres_url,
            "ALTER TABLE caretrail.store DISABLE TRIGGER USER",
            f"UPDATE caretrail.store SET namespace = '{uuid4()}'",
        )
        kill_sessions(postgres_url)
        with pytest.raises(StoreForeign, match="another store"):
            recorder.append([pending(uuid4())])


def test_connections_are_few_and_all_come_back(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder:
        all_at_once(lambda _: [recorder.append([pending(uuid4())]) for _ in range(3)], 16)
        assert len(sessions(postgres_url)) <= 10
    deadline = time.monotonic() + 5
    while sessions(postgres_url) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sessions(postgres_url) == []


def test_an_unknown_error_is_ours_too_and_carries_no_value(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder:
        with pytest.raises(StoreError, match="22P02") as refused:
            recorder.database.query("SELECT CAST(:x AS integer)", {"x": "CANARY"})
        assert "CANARY" not in str(refused.value)
        with pytest.raises(StoreError, match="no_such_table"):
            recorder.database.query("SELECT * FROM no_such_table")


def test_a_malformed_call_is_an_invalid_event(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder, pytest.raises(InvalidEvent):
        recorder.append([pending(UUID(int=1), -1)])


def test_reads_at_once_that_meet_a_deadlock_are_made_again(postgres_url: str) -> None:
    """A build is dropped table after table while reads of one state take them in the other order."""
    run_sql(postgres_url, "CREATE TABLE one AS SELECT 1 AS n", "CREATE TABLE two AS SELECT 2 AS n")
    with open_recorder(postgres_url) as recorder, psycopg.connect(postgres_url) as dropping:
        database = recorder.database
        dropping.execute("SET deadlock_timeout = '30s'")  # so the reads are the ones the server ends
        dropping.execute("LOCK TABLE two IN ACCESS EXCLUSIVE MODE")
        tries: list[int] = []
        waits = threading.Event()

        def drop() -> None:
            waits.wait(10)
            dropping.execute("LOCK TABLE one IN ACCESS EXCLUSIVE MODE")
            dropping.rollback()

        other = threading.Thread(target=drop)
        other.start()

        def reads() -> list[object]:
            tries.append(len(tries))
            [(first,)] = database.query("SELECT n FROM public.one")
            waits.set()
            [(second,)] = database.query("SELECT n FROM public.two")
            return [first, second]

        assert database.at_once(reads) == [1, 2]
        other.join()
    assert len(tries) == 2
