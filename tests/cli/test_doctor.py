"""`doctor` as an administrator runs it: a line for each check, what to do, and a status that is not calm by mistake."""

from __future__ import annotations

import pytest

from tests.support.builds import live_table
from tests.support.program import Caretrail
from tests.support.stores import run_sql

NAMES = ["schema", "rights", "indexes", "mark", "stays", "read models", "clock"]


@pytest.fixture
def clinic(caretrail_both: Caretrail, example: str) -> Caretrail:
    assert caretrail_both("append", "--imported", input=example).status == 0
    assert caretrail_both("projection", "catch-up").status == 0
    return caretrail_both


def names_of(out: str, state: str) -> list[str]:
    return [line[:12].strip() for line in out.splitlines() if line[13:25].strip() == state and line[0] != " "]


@pytest.mark.parametrize("options", [(), ("--full",)])
def test_of_a_store_in_order_every_line_says_ok(clinic: Caretrail, options: tuple[str, ...]) -> None:
    ended = clinic("doctor", *options)
    assert (ended.status, ended.err) == (0, "")
    assert names_of(ended.out, "ok") == NAMES
    assert "Hint" not in ended.out
    report = clinic("doctor", "--json", *options).json
    assert (report["ok"], [check["name"] for check in report["checks"]]) == (True, NAMES)


def test_what_is_wrong_is_named_with_what_to_do(clinic: Caretrail) -> None:
    run_sql(clinic.url, "DELETE FROM caretrail.stay", f"DELETE FROM {live_table(clinic.url, 'finding')}")
    ended = clinic("doctor")
    assert (ended.status, ended.err) == (1, "")
    assert names_of(ended.out, "WRONG") == ["stays", "read models"]
    assert names_of(ended.out, "ok") == ["schema", "rights", "indexes", "mark", "clock"]
    assert ended.out.count("  Hint: ") == 2
    report = clinic("doctor", "--json")
    assert (report.status, report.json["ok"]) == (1, False)


def test_what_cannot_be_checked_is_not_called_ok(clinic: Caretrail) -> None:
    """Given a store without read models, then it is neither right nor wrong, and the status says so."""
    run_sql(clinic.url, "DELETE FROM caretrail.build")
    ended = clinic("doctor")
    assert (ended.status, names_of(ended.out, "not checked")) == (4, ["read models"])
    report = clinic("doctor", "--json")
    assert (report.status, report.json["ok"]) == (4, False)


def test_no_value_of_an_event_is_printed(clinic: Caretrail) -> None:
    run_sql(clinic.url, "DELETE FROM caretrail.stay", f"DELETE FROM {live_table(clinic.url, 'finding')}")
    for words in (["doctor", "--full"], ["doctor", "--json"], ["audit", "verify"], ["audit", "verify", "--json"]):
        ended = clinic(*words)
        assert ended.status == 1
        for value in ("LNK-2026-0001", "cl-7f3a", "lincoln"):
            assert value not in ended.out + ended.err
