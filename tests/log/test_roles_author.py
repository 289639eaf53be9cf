"""Nobody chooses position, time or author, or what stands in for the log, as whichever role on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import StayOverlap, StoreForbidden
from caretrail.log import ProgramStay, open_recorder
from tests.log.test_roles import ACCESS, APPEND, JAN, ROW, author_of_an_append
from tests.support.stores import change_append, pending, run_sql

LOOKING = ("writer", "reader", "auditor", "projector", "operator", "owner", "superuser")
ENTERING = [
    *((kind, "append") for kind in ("writer", "operator", "superuser")),
    *((kind, "record_access") for kind in LOOKING),
]
"""Who may enter something by which function."""


def test_append_takes_no_position_time_or_author(postgres_url: str) -> None:
    """The time of the caller is only held against the server's, but in a demo store."""
    rows = run_sql(postgres_url, "SELECT unnest(proargnames) FROM pg_proc WHERE oid = 'caretrail.append'::regproc")
    assert [name for (name,) in rows] == [
        "streams", "versions", "names", "payloads", "sources", "commands", "salts",
        "stays_of", "stay_streams", "clients", "programs", "first_days", "last_days", "caller",
    ]  # fmt: skip


def test_record_access_takes_no_stream_version_or_name_either(postgres_url: str) -> None:
    rows = run_sql(
        postgres_url, "SELECT unnest(proargnames) FROM pg_proc WHERE oid = 'caretrail.record_access'::regproc"
    )
    assert [name for (name,) in rows] == ["payloads", "commands", "salts", "caller"]


def test_a_writer_appends_by_the_function(logins: dict[str, str]) -> None:
    stream, other, kind = uuid4(), uuid4(), "writer"
    with open_recorder(logins[kind]) as recorder:
        [event] = recorder.append([pending(stream)], {stream: [ProgramStay("cl-1", "iop", JAN, None)]})
        assert event.recorded_by == urlsplit(logins[kind]).username
        with pytest.raises(StayOverlap):
            recorder.append([pending(other)], {other: [ProgramStay("cl-1", "iop", JAN, None)]})
        assert recorder.read_log() == [event]


def test_a_writer_moves_no_stays_of_another_episode_by_sql(postgres_url: str, logins: dict[str, str]) -> None:
    stream = uuid4()
    statement = (
        f"SELECT FROM caretrail.append(ARRAY['{uuid4()}'::uuid], '{{1}}', '{{x/1}}', ARRAY['{{}}'::bytea], '{{a}}',"
        f" '{{b}}', ARRAY['0123456789abcdef'::bytea], stays_of => ARRAY['{stream}'::uuid])"
    )
    with open_recorder(logins["writer"]) as recorder:
        recorder.append([pending(stream)], {stream: [ProgramStay("cl-1", "iop", JAN, None)]})
    with pytest.raises(psycopg.Error, match="malformed arguments"):
        run_sql(logins["writer"], statement)
    assert run_sql(postgres_url, "SELECT count(*) FROM caretrail.stay") == [(1,)]
    change_append(postgres_url, "AND stays_of <@ streams", "")
    run_sql(logins["writer"], statement)
    assert run_sql(postgres_url, "SELECT count(*) FROM caretrail.stay") == [(0,)], "the control"


@pytest.mark.parametrize("kind", ["owner", "projector", "reader", "auditor", "stranger"])
def test_no_other_role_appends(logins: dict[str, str], kind: str) -> None:
    with psycopg.connect(logins[kind]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        author_of_an_append(connection)


def test_a_right_that_a_role_lacks_is_named_in_words(logins: dict[str, str]) -> None:
    with open_recorder(logins["writer"]) as recorder:
        with pytest.raises(StoreForbidden, match="may not do that") as refused:
            recorder.database.execute("DELETE FROM caretrail.log")
        assert "grant the login a role" in refused.value.hint


@pytest.mark.parametrize(("kind", "function"), [one for one in ENTERING if one[0] not in ("superuser", "owner")])
def test_an_author_cannot_be_chosen(postgres_url: str, logins: dict[str, str], kind: str, function: str) -> None:
    """The author is who logged in: SET ROLE, an option of the connection or a name in it change nothing."""
    login = urlsplit(logins[kind]).username
    other = urlsplit(logins["writer" if kind == "reader" else "reader"]).username
    granted = [f"{other} {{}} {login}"] + [f"caretrail_writer {{}} {other}"] * (function == "append")
    run_sql(postgres_url, *(f"GRANT {one.format('TO')}" for one in granted))
    try:
        with psycopg.connect(logins[kind], options=f"-c role={other}", application_name="somebody") as connection:
            assert connection.execute("SELECT current_user::text").fetchone() == (other,)
            assert author_of_an_append(connection, function) == login
        with psycopg.connect(postgres_url) as connection:
            connection.execute(f"SET ROLE {login}".encode())
            assert author_of_an_append(connection, function) == urlsplit(postgres_url).username
    finally:
        run_sql(postgres_url, *(f"REVOKE {one.format('FROM')}" for one in granted))


@pytest.mark.parametrize("pinned", [True, False])
@pytest.mark.parametrize(("kind", "function"), ENTERING)
def test_a_search_path_cannot_bring_in_another_clock(
    postgres_url: str, logins: dict[str, str], kind: str, function: str, pinned: bool
) -> None:
    """The control: were the path of the function not fixed, the caller's own clock would be asked."""
    url = logins.get(kind, postgres_url)
    database = urlsplit(postgres_url).path.lstrip("/")
    run_sql(postgres_url, f"GRANT CREATE ON DATABASE {database} TO {urlsplit(url).username}")
    if not pinned:
        run_sql(postgres_url, f"ALTER FUNCTION caretrail.{function} RESET search_path")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA evil")
        connection.execute("GRANT USAGE ON SCHEMA evil TO PUBLIC")
        connection.execute(
            "CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " RETURN '2099-01-01 00:00+00'::timestamptz"
        )
        connection.execute("SET search_path = evil, pg_catalog")
        row = connection.execute((APPEND if function == "append" else ACCESS).encode(), (b"0" * 16,)).fetchone()
    assert row is not None
    assert (row[1].year == datetime.now(UTC).year) == pinned


@pytest.mark.parametrize(("kind", "function"), ENTERING)
def test_a_temporary_table_does_not_stand_in_for_the_log(
    postgres_url: str, logins: dict[str, str], kind: str, function: str
) -> None:
    with psycopg.connect(logins.get(kind, postgres_url)) as connection:
        _shadow(connection)
        author_of_an_append(connection, function)
        assert _rows(connection) == (0, 1)


def test_a_function_that_names_its_table_carelessly_would_be_deceived(
    postgres_url: str, logins: dict[str, str]
) -> None:
    """The control: without schema and path, it writes where the caller says."""
    run_sql(
        postgres_url,
        "CREATE FUNCTION caretrail.careless() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS"
        f" $$ BEGIN INSERT INTO log VALUES (9, {ROW}); END $$",
        "GRANT EXECUTE ON FUNCTION caretrail.careless TO caretrail_writer",
    )
    with psycopg.connect(logins["writer"]) as connection:
        _shadow(connection)
        connection.execute("SELECT caretrail.careless()")
        assert _rows(connection) == (1, 0)


def _shadow(connection: psycopg.Connection) -> None:
    for table in ("log", "store", "stay", "access", "access_head"):
        connection.execute(f"CREATE TEMP TABLE {table} (LIKE caretrail.log)".encode())
        connection.execute(f"GRANT ALL ON {table} TO PUBLIC".encode())
    connection.execute("SET search_path = pg_temp, caretrail, pg_catalog")


def _rows(connection: psycopg.Connection) -> tuple[object, ...] | None:
    """How many rows the temporary tables caught, and how many the logs have."""
    caught, kept = (
        f"SELECT count(*) FROM (TABLE {schema}.log UNION ALL TABLE {schema}.access) AS r"
        for schema in ("pg_temp", "caretrail")
    )
    return connection.execute(f"SELECT ({caught}), ({kept})".encode()).fetchone()


def test_our_own_sessions_ask_the_system_first(postgres_url: str) -> None:
    """Whoever owns the database may set a path for everybody, with operators of his own in front."""
    database = urlsplit(postgres_url).path.lstrip("/")
    run_sql(postgres_url, "CREATE SCHEMA evil", f"ALTER DATABASE {database} SET search_path = evil, pg_catalog")
    with open_recorder(postgres_url) as recorder:
        assert recorder.database.query("SHOW search_path") == [("pg_catalog,pg_temp",)]
    assert run_sql(postgres_url, "SHOW search_path") == [("evil, pg_catalog",)]
