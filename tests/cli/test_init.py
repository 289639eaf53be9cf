"""`init`, and the roles it makes: what each login can then do with the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.readmodel import schema
from tests.support.program import Caretrail
from tests.support.stores import run_sql


@pytest.fixture
def as_role(logins: dict[str, str], tmp_path: Path) -> dict[str, Caretrail]:
    """The program, used by a login of each role."""
    return {kind: Caretrail(url, tmp_path / kind) for kind, url in logins.items()}


def test_a_file_has_no_roles_and_none_is_made(tmp_path: Path) -> None:
    place = tmp_path / "store.db"
    ended = Caretrail(str(place), tmp_path)("init", "--roles")
    assert ended.status == 1
    assert ended.err == (
        "Error: a store in a SQLite file has no roles: a user who may open the file may do everything\n"
        "Hint: leave out --roles and use the permissions of the file (chmod, chown), or keep the store on PostgreSQL\n"
    )
    assert not place.exists()


def test_init_says_which_roles_it_made_and_what_to_grant(empty_postgres_url: str, tmp_path: Path) -> None:
    caretrail = Caretrail(empty_postgres_url, tmp_path)
    made = caretrail("init", "--roles")
    assert made.status == 0, made.err
    assert made.out.startswith("Created a new store: postgresql://")
    assert "GRANT caretrail_writer TO " in made.out
    again = caretrail("init", "--roles")
    assert again.out.startswith("The store exists, nothing was changed: postgresql://")
    assert "The roles exist.\n" in again.out
    assert "GRANT caretrail_projector TO " in again.out


def test_a_login_that_may_not_make_roles_makes_no_store_either(
    empty_postgres_url: str, as_role: dict[str, Caretrail], logins: dict[str, str], tmp_path: Path
) -> None:
    name = logins["stranger"].split("//")[1].split("@")[0]
    ended = Caretrail(empty_postgres_url.replace("postgres@", f"{name}@"), tmp_path)("init", "--roles")
    assert ended.status == 1
    assert "may not make roles" in ended.err
    assert "\nHint: let a superuser" in ended.err
    assert run_sql(empty_postgres_url, "SELECT to_regnamespace('caretrail') IS NULL") == [(True,)]


def test_each_role_does_its_work(as_role: dict[str, Caretrail], example: str) -> None:
    appended = as_role["writer"]("append", "--imported", input=example)
    assert (appended.status, appended.err) == (0, ""), appended.err
    caught_up = as_role["projector"]("projection", "catch-up")
    assert caught_up.status == 0, caught_up.err
    for kind in ("reader", "auditor"):
        for command in ("worklist", "census", "timeline LNK", "show LNK", "why LNK R1", "projection status"):
            ended = as_role[kind](*command.split())
            assert ended.status == 0, (kind, command, ended.err)
    assert as_role["projector"]("projection", "rebuild").status == 0
    assert as_role["projector"]("projection", "tiles").status == 0
    assert as_role["projector"]("projection", "check").status == 0


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("projector", "append"),
        ("reader", "projection rebuild"),
        ("writer", "projection tiles"),
        ("writer", "projection rebuild"),
        ("writer", "projection run"),
        ("stranger", "worklist"),
        ("stranger", "append"),
    ],
)
def test_no_role_does_anothers(as_role: dict[str, Caretrail], example: str, kind: str, command: str) -> None:
    ended = as_role[kind](*command.split(), input=example)
    assert ended.status == 4
    assert (
        "this role may not do that\nHint: grant the login a role: caretrail_writer appends, caretrail_projector keeps "
        "the read models, caretrail_owner upgrades\n" in ended.err
    )


def test_another_version_of_the_rows_needs_the_owner(
    as_role: dict[str, Caretrail], logins: dict[str, str], example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other tables are the owner's to make, and are asked for in words."""
    as_role["writer"]("append", "--imported", input=example)
    as_role["projector"]("projection", "catch-up")
    monkeypatch.setattr(schema, "VERSION", 7)
    refused = as_role["projector"]("projection", "rebuild")
    assert refused.status == 4
    assert "cannot create them" in refused.err
    assert "run 'caretrail upgrade'" in refused.err
    assert as_role["owner"]("upgrade").status == 0
    assert run_sql(logins["owner"], "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'caretrail'") == [
        ("caretrail_owner",)
    ]
    assert as_role["projector"]("projection", "rebuild").status == 0
    assert as_role["reader"]("worklist").status == 0
