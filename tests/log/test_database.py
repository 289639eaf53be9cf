"""The common face of both databases: placeholders, transactions, chunks, and SQL in files."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import Environment, EnvType

from caretrail.commands.library import RecorderFactory
from caretrail.errors import StoreError, StoreUnreachable
from caretrail.log import EventRecorder
from caretrail.log.database import Database, Params
from caretrail.log.location import parse_url
from caretrail.log.pool import Pool
from caretrail.log.sql import for_psycopg, for_sqlite, load_sql

# --- texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "psycopg", "sqlite"),
    [
        ("a = :a AND b=:b_2", "a = %(a)s AND b=%(b_2)s", "a = :a AND b=:b_2"),
        ("x LIKE '50%' OR y % 2", "x LIKE '50%%' OR y %% 2", "x LIKE '50%' OR y % 2"),
        ("':a' \":b\" 'it''s :c'", "':a' \":b\" 'it''s :c'", "':a' \":b\" 'it''s :c'"),
        (":a::uuid[]", "%(a)s::uuid[]", ":a::uuid[]"),
        ("v[1:2]", "v[1:2]", "v[1:2]"),
        ("/* :a % */ 1 -- :b\n, :c", "/* :a %% */ 1 -- :b\n, %(c)s", "/* :a % */ 1 -- :b\n, :c"),
        ("$$ :a $$ $t$ :b $$ $t$", "$$ :a $$ $t$ :b $$ $t$", "$$ :a $$ $t$ :b $$ $t$"),
        (
            "caretrail.log 'caretrail.log' my_caretrail.x",
            "caretrail.log 'caretrail.log' my_caretrail.x",
            "log 'caretrail.log' my_caretrail.x",
        ),
    ],
)
def test_sql_is_written_once(written: str, psycopg: str, sqlite: str) -> None:
    assert for_psycopg(written) == psycopg
    assert for_sqlite(written) == sqlite


def test_sql_files_are_read_by_name() -> None:
    statements = load_sql("caretrail.log", "queries.sql")
    assert statements["max_position"] == "SELECT coalesce(max(position), 0) FROM caretrail.log"
    assert all(not line.startswith("--") for text in statements.values() for line in text.splitlines())


@pytest.mark.parametrize(
    ("url", "dialect", "printable"),
    [
        ("sqlite:///srv/c.db", "sqlite", "/srv/c.db"),
        ("/srv/c.db", "sqlite", "/srv/c.db"),
        ("/srv/postgres/c.db", "sqlite", "/srv/postgres/c.db"),
        ("/srv/a@b/c:1.db", "sqlite", "/srv/a@b/c:1.db"),
        ("postgresql://ann:pw@db.example:5433/care?sslmode=require", "postgresql", "postgresql://db.example:5433/care"),
        ("postgres://ann:p%40w@h1:1,h2:2/care", "postgresql", "postgresql://h1:1,h2:2/care"),
        ("postgresql://[::1]:5432/care", "postgresql", "postgresql://[::1]:5432/care"),
        ("postgresql://ann:p/w@host/care", "postgresql", "postgresql://?"),
        ("postgresql://ann:p#w@host/care", "postgresql", "postgresql://?"),
        ("postgresql:///care?user=ann&password=pw", "postgresql", "postgresql:///care"),
    ],
)
def test_a_url_is_named_without_user_and_password(url: str, dialect: str, printable: str) -> None:
    location = parse_url(url)
    assert (location.dialect, location.printable) == (dialect, printable)
    assert "pw" not in repr(location)


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "", "sqlite:", ":memory:", "sqlite::memory:", "file:x?mode=ro", "host=h password=pw"]
)
def test_a_url_of_nothing_we_know_is_refused(url: str) -> None:
    with pytest.raises(StoreUnreachable):
        parse_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgres//u:pw@h/care", "postgresql//u:pw@h/care", "postgresql:/u:pw@h/care", "postgresql:u:pw@h",
        "Postgresql//u:pw@h", "//u:pw@h/care", "u:pw@h/care", " postgresql//h", "postgressql:h/care", "ann:p:w@h",
        "connect_timeout=5 password=pw host=h", "posgres//u:p/pw@h/care", "application_name=care\tPASSWORD = pw",
    ],
)  # fmt: skip  # short texts
def test_a_mistyped_url_is_no_name_of_a_file_and_is_not_repeated(url: str) -> None:
    with pytest.raises(StoreUnreachable) as refused:
        parse_url(url)
    assert "pw" not in f"{refused.value}{refused.value.message}{refused.value.hint}"
    assert "postgresql://…" in refused.value.hint


@pytest.mark.parametrize("module", ["caretrail.log", "caretrail.log.records"])
def test_looking_at_the_store_imports_no_driver(module: str) -> None:
    script = f"import sys, {module}; print([m for m in ('psycopg', 'sqlite3') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_sqlite_does_without_the_driver_of_postgresql(sqlite_url: str) -> None:
    script = (
        "import sys; from caretrail.log import open_recorder\n"
        "with open_recorder(sys.argv[1]) as r: r.read_log()\n"
        "print('psycopg' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", script, sqlite_url], text=True).strip() == "False"


# --- statements -------------------------------------------------------------------------------------------------


@pytest.fixture
def database(recorder: EventRecorder) -> Database:
    recorder.database.script(
        "CREATE TABLE caretrail.board (n integer PRIMARY KEY, words text);"
        " CREATE INDEX words ON caretrail.board (words);"
    )
    return recorder.database


def numbers(database: Database) -> list[int]:
    return [n for (n,) in database.query("SELECT n FROM caretrail.board ORDER BY n")]


def test_rows_go_in_and_out(database: Database) -> None:
    assert database.execute("INSERT INTO caretrail.board VALUES (:n, :words)", {"n": 1, "words": "50% :x ''"}) == 1
    database.executemany("INSERT INTO caretrail.board VALUES (:n, :words)", [{"n": n, "words": None} for n in (2, 3)])
    assert database.copy("caretrail.board", ["n", "words"], ((n, "é\t\n\\") for n in range(4, 7))) == 3
    assert database.query("SELECT * FROM caretrail.board WHERE n IN (1, 2, 4) ORDER BY n") == [
        (1, "50% :x ''"), (2, None), (4, "é\t\n\\"),
    ]  # fmt: skip
    assert database.execute("DELETE FROM caretrail.board WHERE n > :n", {"n": 2}) == 4
    assert numbers(database) == [1, 2]


def test_an_upsert_is_written_once(database: Database) -> None:
    sql = (
        "INSERT INTO caretrail.board VALUES (:n, :words)"
        " ON CONFLICT (n) DO UPDATE SET words = excluded.words RETURNING words"
    )
    with database.transaction():
        assert database.query(sql, {"n": 1, "words": "a"}) == [("a",)]
        assert database.query(sql, {"n": 1, "words": "b"}) == [("b",)]
    assert database.query("SELECT words FROM caretrail.board") == [("b",)]


def test_values_python_knows_are_taken(recorder: EventRecorder) -> None:
    stream, day, moment = UUID(int=7), date(2025, 3, 3), datetime(2025, 3, 3, 9, 0, 0, 5, tzinfo=UTC)
    params = {"u": stream, "d": day, "t": moment, "b": b"\x00", "o": True, "f": 0.5, "none": None}
    database = recorder.database
    if database.dialect == "sqlite":
        [row] = database.query("SELECT :u, :d, :t, :b, :o, :f, :none", params)
        assert row == (stream.bytes, "2025-03-03", 1740992400000005, b"\x00", 1, 0.5, None)
        assert database.query("SELECT value FROM json_each(:list)", {"list": ["a", "b"]}) == [("a",), ("b",)]
    else:
        [row] = database.query("SELECT :u::uuid, :d::date, :t::timestamptz, :b::bytea, :o, :f::float8, :none", params)
        assert row == (stream, day, moment, b"\x00", True, 0.5, None)
        assert database.query("SELECT unnest(:list::text[])", {"list": ["a", "b"]}) == [("a",), ("b",)]


def test_a_transaction_keeps_all_or_nothing(database: Database) -> None:
    insert = "INSERT INTO caretrail.board (n) VALUES (:n)"
    with database.transaction() as transaction:
        transaction.execute(insert, {"n": 1})
        database.execute(insert, {"n": 2})
        database.copy("caretrail.board", ["n"], [(3,)])
        assert numbers(database) == [1, 2, 3]
        assert database.in_transaction
    assert not database.in_transaction
    with pytest.raises(KeyError):
        interrupted(database, insert, {"n": 4})
    with pytest.raises(StoreError):
        database.executemany(insert, [{"n": 6}, {"n": 1}])
    with pytest.raises(StoreError):
        database.script("INSERT INTO caretrail.board (n) VALUES (7); INSERT INTO caretrail.board (n) VALUES (1);")
    assert numbers(database) == [1, 2, 3]


def interrupted(database: Database, sql: str, params: Params | None = None) -> None:
    with database.transaction():
        if params is None:
            database.script(sql)
        else:
            database.execute(sql, params)
        raise KeyError


def test_an_error_swallowed_inside_a_transaction_still_keeps_nothing_of_it(database: Database) -> None:
    """PostgreSQL would answer the COMMIT of a failed transaction with a silent ROLLBACK."""
    insert = "INSERT INTO caretrail.board (n) VALUES (:n)"

    def swallow() -> None:
        with database.transaction():
            database.execute(insert, {"n": 1})
            with suppress(StoreError):
                database.execute(insert, {"n": 1})

    with pytest.raises(StoreError, match="nothing of the transaction"):
        swallow()
    assert numbers(database) == []
    with database.transaction():
        database.execute(insert, {"n": 1})
    assert numbers(database) == [1]


def test_a_transaction_inside_another_is_a_mistake(database: Database) -> None:
    with database.transaction(), pytest.raises(RuntimeError, match="already"), database.transaction():
        pass


def test_a_transaction_is_of_its_thread(database: Database) -> None:
    with database.transaction():
        database.execute("INSERT INTO caretrail.board (n) VALUES (1)")
        seen: list[list[int]] = []
        thread = threading.Thread(target=lambda: seen.append(numbers(database)))
        thread.start()
        thread.join()
    assert seen == [[]]


def test_tables_are_made_and_dropped_in_a_transaction(database: Database) -> None:
    with pytest.raises(KeyError):
        interrupted(database, "CREATE TABLE caretrail.shadow (n integer); DROP TABLE caretrail.board;")
    assert numbers(database) == []
    with pytest.raises(StoreError, match="shadow"):
        database.query("SELECT * FROM caretrail.shadow")


def test_a_stream_is_one_snapshot_and_may_be_left_early(database: Database) -> None:
    database.copy("caretrail.board", ["n"], ((n,) for n in range(2500)))
    sql = "SELECT n FROM caretrail.board WHERE n >= :least ORDER BY n"
    rows = database.stream(sql, {"least": 10}, size=100)
    assert next(rows) == (10,)
    database.execute("DELETE FROM caretrail.board WHERE n > 2000")
    assert [n for (n,) in rows] == list(range(11, 2500))
    early: Iterator[tuple[object, ...]] = database.stream(sql, {"least": 0})
    assert next(early) == (0,)
    early.close()  # type: ignore[attr-defined]
    with database.transaction():
        database.execute("DELETE FROM caretrail.board WHERE n > 1")
        assert list(database.stream(sql, {"least": 0}, size=1)) == [(0,), (1,)]


# --- the pool ---------------------------------------------------------------------------------------------------


def test_a_pool_lends_again_what_came_back_and_no_more_than_it_has() -> None:
    made: list[object] = []
    closed: list[object] = []
    good = True

    def make() -> object:
        made.append(object())
        return made[-1]

    pool = Pool(make, closed.append, lambda _: good, size=2, patience=0.01)
    with pool.connection() as one, pool.connection() as two:
        assert one is not two
        with pytest.raises(StoreUnreachable, match="in use"), pool.connection():
            pass
    with pool.connection() as again:
        assert again in made
        assert len(made) == 2
        good = False
    assert closed == [again], "what came back broken is closed"
    with pool.connection():
        assert len(closed) == 2, "what broke while at rest is closed and replaced"
    good = True
    with pool.connection():
        pool.close()
    assert sorted(map(id, closed)) == sorted(map(id, made))
    with pytest.raises(StoreUnreachable, match="closed"), pool.connection():
        pass


# --- the library ------------------------------------------------------------------------------------------------


def test_an_application_of_the_library_runs_on_our_recorder(
    recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "no.such.module")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")

    class Ours(Application[UUID]):
        def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
            return Environment(name, env)

        def construct_factory(self, env: Environment) -> InfrastructureFactory:
            return RecorderFactory(env, recorder)

    application = Ours()
    assert application.recorder is recorder
    assert application.events.recorder is recorder
    assert application.snapshots is None
    factory = application.factory
    assert factory.aggregate_recorder() is recorder
    for refuse in (
        factory.tracking_recorder,
        factory.process_recorder,
        lambda: factory.aggregate_recorder("snapshots"),
    ):
        with pytest.raises(NotImplementedError):
            refuse()
    assert list(application.events.get(uuid4())) == []
    application.close()
