"""The roles of a store on PostgreSQL: who reads what, who may make them, and what that changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import RolesRefused, StoreForbidden, StoreNotInitialized
from caretrail.log import init_store, open_recorder
from caretrail.log.postgresql.roles import GRANTED, OWNERS
from caretrail.log.stores import check_roles, init_roles
from caretrail.readmodel.schema import roles_sql
from caretrail.service import create_store
from tests.support.servers import Server, own_server
from tests.support.stores import EXTERNAL, all_at_once, as_login, pending, run_sql

JAN = date(2025, 1, 1)


# --- who reads what -------------------------------------------------------------------------------------------------


def test_a_stranger_may_do_nothing(logins: dict[str, str]) -> None:
    with pytest.raises(StoreForbidden, match="may not do that"):
        open_recorder(logins["stranger"])
    for statement in ("SELECT caretrail.append('{}', '{}', '{}', '{}', '{}', '{}', '{}')", "TABLE caretrail.log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_sql(logins["stranger"], statement)


def test_the_read_models_are_the_projectors_to_fill_and_the_readers_to_read(logins: dict[str, str]) -> None:
    read, write = "SELECT FROM caretrail.finding_v1a", "DELETE FROM caretrail.finding_v1a"
    may = {(kind, statement): _goes(logins[kind], statement) for kind in logins for statement in (read, write)}
    assert {kind for (kind, statement), goes in may.items() if goes and statement == read} == {
        "owner", "projector", "reader", "auditor",
    }  # fmt: skip
    assert {kind for (kind, statement), goes in may.items() if goes and statement == write} == {"owner", "projector"}


def _goes(url: str, statement: str) -> bool:
    try:
        run_sql(url, statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def test_a_projector_appends_nothing(logins: dict[str, str]) -> None:
    with open_recorder(logins["projector"]) as recorder:
        assert recorder.read_log() == []
        with pytest.raises(StoreForbidden, match="may not"):
            recorder.append([pending(uuid4())])


# --- making them ----------------------------------------------------------------------------------------------------


def owners(url: str) -> dict[str, str]:
    rows = run_sql(
        url,
        "SELECT relname, relowner::regrole::text FROM pg_class WHERE relnamespace = 'caretrail'::regnamespace"
        " AND relkind = 'r' UNION ALL SELECT proname, proowner::regrole::text FROM pg_proc"
        " WHERE pronamespace = 'caretrail'::regnamespace UNION ALL SELECT nspname, nspowner::regrole::text"
        " FROM pg_namespace WHERE nspname = 'caretrail' UNION ALL SELECT typname, typowner::regrole::text FROM pg_type"
        " WHERE typname = 'salt'",
    )
    return {str(name): str(owner) for name, owner in rows}


def test_no_login_owns_anything(postgres_url: str, logins: dict[str, str]) -> None:
    """So `append` runs with no more than its grants, not as whoever happened to make the store."""
    found = owners(postgres_url)
    functions = ("append", "record_access", "await_appends", "drop_archived")
    assert {found.pop(name) for name in functions} == {"caretrail_append"}
    assert {"log", "store", "stay", "finding_v1a", "refuse_change", "caretrail", "salt"} <= found.keys()
    assert set(found.values()) == {"caretrail_owner"}
    powers = (
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'caretrail\\_%' AND (rolsuper OR rolcanlogin OR rolcreaterole)"
    )
    assert run_sql(postgres_url, powers) == []


def test_a_function_made_later_is_not_for_everybody(postgres_url: str, logins: dict[str, str]) -> None:
    make = "CREATE FUNCTION {}.later() RETURNS int LANGUAGE sql RETURN 1"
    run_sql(postgres_url, "SET ROLE caretrail_owner", make.format("caretrail"))
    run_sql(postgres_url, make.format("public"))
    assert not _goes(logins["writer"], "SELECT caretrail.later()")
    assert _goes(logins["writer"], "SELECT public.later()"), "the control: PostgreSQL's own default"


@pytest.fixture(scope="module")
def server_without_roles(postgres_server: str) -> Iterator[Server]:
    """A server of this module's own: roles are of a whole server."""
    if EXTERNAL in os.environ:
        pytest.skip("needs a server of its own, not one named by a url")
    with own_server() as server:
        yield server


def test_roles_are_made_once_however_many_make_them(server_without_roles: Server) -> None:
    urls = [server_without_roles.new_database(name) for name in ("one", "two")]
    for url in urls:
        init_store(url)
    made = all_at_once(lambda number: init_roles((urls * 4)[number], ""))
    assert sorted(name for names in made for name in names) == sorted((*OWNERS, *GRANTED))
    assert [init_roles(url, "") for url in urls] == [[], []]
    run_sql(
        server_without_roles.url(), "DROP DATABASE one", "DROP DATABASE two",
        f"DROP ROLE {', '.join((*GRANTED, *OWNERS))}",
    )  # fmt: skip  # the server is as it was


def test_a_store_that_is_there_keeps_its_events_and_loses_old_grants(postgres_url: str, logins: dict[str, str]) -> None:
    """Before, a projector could make objects beside the log."""
    with open_recorder(postgres_url) as recorder:
        events = recorder.append([pending(uuid4())])
    run_sql(
        postgres_url,
        "GRANT CREATE ON SCHEMA caretrail TO caretrail_projector",
        "GRANT UPDATE ON caretrail.log TO caretrail_writer",
        "GRANT EXECUTE ON FUNCTION caretrail.append TO PUBLIC",
    )
    assert init_roles(postgres_url, roles_sql()) == []
    assert not _goes(logins["projector"], "CREATE TABLE caretrail.mine (n int)")
    assert not _goes(logins["writer"], "UPDATE caretrail.log SET payload = ''")
    assert not _goes(logins["projector"], "SELECT caretrail.append('{}', '{}', '{}', '{}', '{}', '{}', '{}')")
    with open_recorder(logins["reader"]) as recorder:
        assert recorder.read_log() == events


def test_an_administrator_need_not_be_a_superuser(server_without_roles: Server) -> None:
    """Who may make roles and owns the database hands all of it over, and keeps no way to act as the owner."""
    name, server = "admin", server_without_roles.url()
    run_sql(server, f"CREATE ROLE {name} LOGIN CREATEROLE", f"CREATE DATABASE care OWNER {name}")
    url = as_login(server_without_roles.url("care"), name)
    try:
        create_store(url)
        assert sorted(init_roles(url, roles_sql())) == sorted((*OWNERS, *GRANTED))
        assert init_roles(url, roles_sql()) == []
        assert set(owners(url).values()) == set(OWNERS)
        assert not _goes(url, "TABLE caretrail.log")
        assert not _goes(url, "SET ROLE caretrail_owner")
        run_sql(url, "GRANT caretrail_owner TO CURRENT_USER")  # as for an upgrade
        assert not create_store(url)
        run_sql(url, "REVOKE caretrail_owner FROM CURRENT_USER", f"GRANT caretrail_writer TO {name}")
        with open_recorder(url) as recorder:
            assert recorder.append([pending(uuid4())])[0].recorded_by == name
    finally:
        run_sql(server, "DROP DATABASE care", f"DROP ROLE {', '.join((*GRANTED, *OWNERS, name))}")


def test_a_login_that_may_not_make_roles_learns_which_may(postgres_url: str, logins: dict[str, str]) -> None:
    with pytest.raises(RolesRefused, match="may not make roles") as refused:
        check_roles(logins["owner"])
    assert "superuser" in refused.value.hint
    with pytest.raises(RolesRefused):
        init_roles(logins["owner"], "")


def test_there_are_no_roles_without_a_store(empty_postgres_url: str) -> None:
    check_roles(empty_postgres_url)
    with pytest.raises(StoreNotInitialized):
        init_roles(empty_postgres_url, "")


def test_a_file_has_no_roles(sqlite_url: str) -> None:
    with pytest.raises(RolesRefused) as refused:
        init_roles(sqlite_url, "")
    assert "permissions of the file" in refused.value.hint
