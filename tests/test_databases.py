"""The databases of the tests: one that is used again is as if just made, and one that was changed is not used again."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from caretrail.log import open_recorder
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import create_store
from tests.support.care import Care
from tests.support.databases import Databases, digest, rows_of
from tests.support.example import example
from tests.support.stores import database_url, run_sql


@pytest.fixture(scope="module")
def databases(postgres_server: str) -> Iterator[Databases]:
    with Databases(postgres_server, create_store) as made:
        yield made


def test_one_that_was_filled_is_used_again_under_another_name_and_has_what_a_new_one_has(databases: Databases) -> None:
    with databases.one() as filled:
        url = database_url(databases.server, filled)
        with open_recorder(url) as recorder:
            care = Care(recorder)
            care.record(example())
            catch_up(care.recorder)
        assert run_sql(url, "SELECT count(*) FROM caretrail.log") == [(65,)]
        left = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    assert len(databases.spare) == 1
    with databases.one() as again:
        assert databases.spare == []
        assert again != filled
        with psycopg.connect(database_url(databases.server, again)) as connection:
            assert digest(connection) == databases.digest
            assert rows_of(connection) == databases.rows
            assert ("caretrail", "log") not in databases.rows
        with open_recorder(database_url(databases.server, again)) as recorder:
            care = Care(recorder)
            care.record(example())
            assert care.recorder.max_position() == 65


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE caretrail.log ADD COLUMN more integer",
        "ALTER TABLE caretrail.log DISABLE TRIGGER refuse_change",
        "ALTER TABLE caretrail.log ENABLE REPLICA TRIGGER refuse_change",
        "GRANT SELECT ON caretrail.log TO PUBLIC",
        "GRANT SELECT (position) ON caretrail.log TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "DROP INDEX caretrail.stay_of_client",
        "CREATE TABLE caretrail.one_more ()",
        "CREATE SEQUENCE public.numbers",
        "CREATE SCHEMA elsewhere",
        "CREATE OR REPLACE FUNCTION caretrail.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
        "CREATE RULE nothing AS ON DELETE TO caretrail.stay DO INSTEAD NOTHING",
        "ANALYZE caretrail.store",
    ],
)
def test_one_that_was_changed_in_more_than_its_rows_is_not_used_again(databases: Databases, change: str) -> None:
    assert "refuse_change" in {str(name) for (name,) in of_template(databases)}
    with databases.one() as changed:
        run_sql(database_url(databases.server, changed), change)
    assert databases.spare == []
    gone = run_sql(databases.server, f"SELECT count(*) FROM pg_database WHERE datname = '{changed}'")
    assert gone == [(0,)]


def of_template(databases: Databases) -> list[tuple[object, ...]]:
    """The functions of ours, so that the change of one is a change."""
    url = database_url(databases.server, databases.template)
    return run_sql(url, "SELECT proname FROM pg_proc WHERE pronamespace = 'caretrail'::regnamespace")


def test_a_setting_of_a_database_is_not_used_again(databases: Databases) -> None:
    with databases.one() as changed:
        run_sql(databases.server, f"ALTER DATABASE {changed} SET default_transaction_read_only = on")
    assert databases.spare == []
