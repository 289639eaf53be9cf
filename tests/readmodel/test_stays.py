"""`projection check` names stays that are not those of the events, and `projection rebuild` makes them again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from caretrail.log.stores import init_roles
from caretrail.readmodel.schema import roles_sql
from tests.ledger.test_checks import STAYS
from tests.support.program import Caretrail
from tests.support.stores import as_login, run_sql


@pytest.fixture
def store_kind() -> str:
    """The example and its rows."""
    return "example"


@pytest.mark.parametrize("statement", STAYS.values(), ids=STAYS)
def test_a_check_of_the_projection_names_stays_and_a_rebuild_makes_them_again(
    store_url: str, statement: str, tmp_path: Path
) -> None:
    before = sorted(run_sql(store_url, "SELECT * FROM caretrail.stay"))
    caretrail = Caretrail(store_url, tmp_path)
    assert caretrail("projection", "check").status == 0
    new = "randomblob(16)" if store_url.startswith("sqlite") else "gen_random_uuid()"
    run_sql(store_url, statement.format(new=new))
    ended = caretrail("projection", "check")
    assert (ended.status, ended.out.count("  stays of ")) == (1, 1)
    assert ended.err == "Hint: to mend them, run 'caretrail projection rebuild'\n"
    ended = caretrail("projection", "rebuild")
    assert (ended.status, ended.err) == (0, "Made the stays of 1 episode again\n")
    assert sorted(run_sql(store_url, "SELECT * FROM caretrail.stay")) == before
    assert caretrail("projection", "check").status == 0
    assert caretrail("projection", "rebuild").err == ""


def test_a_projector_that_may_not_write_stays_says_so(
    postgres_url: str, login_names: Mapping[str, str], tmp_path: Path
) -> None:
    init_roles(postgres_url, roles_sql())
    caretrail = Caretrail(as_login(postgres_url, login_names["projector"]), tmp_path)
    assert caretrail("projection", "rebuild").status == 0
    run_sql(postgres_url, "DELETE FROM caretrail.stay")
    ended = caretrail("projection", "rebuild")
    assert ended.status == 1
    assert ended.err.startswith("Error: stays differ from their events")
    assert run_sql(postgres_url, "SELECT count(*) FROM caretrail.stay") == [(0,)]
