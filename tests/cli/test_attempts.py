"""Asking for what nothing has is on the record, and so is a refusal that shows another episode."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_audit_access import EPISODE, accesses
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import taking_no_accesses


@pytest.fixture
def store_kind() -> str:
    return "example"


ATTEMPTS = {
    "an episode": (("timeline", "OMA-1"), "OMA-1"),
    "the beginning of a number": (("show", "OMA"), "OMA"),
    "a client": (("show", "--client", "cl-0000"), "cl-0000"),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_who_asks_for_a_number_that_nothing_has_leaves_a_trace(caretrail_both: Caretrail, name: str) -> None:
    words, number = ATTEMPTS[name]
    assert caretrail_both(*words, CARETRAIL_ACTOR="c-ortiz,clinician,LADC").status == 2
    [access] = accesses(caretrail_both)
    assert (access["episodes"], access["attempted"], access["actor"]["id"]) == ([], [number], "c-ortiz")
    assert f"asked for {number}: unknown" in caretrail_both("audit", "access").out


def test_without_a_trace_nobody_is_told_that_a_number_is_unknown(caretrail: Caretrail) -> None:
    with taking_no_accesses(caretrail.url):
        ended = caretrail("timeline", "OMA-1")
    assert (ended.status, ended.out) == (4, "")
    assert "no episode" not in ended.err


OVERLAPPING = json.dumps(
    json.loads(EXAMPLE.read_text().splitlines()[1])
    | {"episode": "LNK-2026-0009", "occurred_on": "2026-02-02", "command_id": "ehr/other"}
)


def test_a_refusal_that_shows_another_episode_is_an_access_to_it(caretrail_both: Caretrail) -> None:
    """The sender learns that a client of theirs is treated, and in which episode."""
    ended = caretrail_both("append", "--imported", input=OVERLAPPING)
    assert ended.status == 1
    assert f"in episode {EPISODE}" in ended.err
    [access] = accesses(caretrail_both)
    assert (access["command"], access["episodes"]) == ("append", [EPISODE])


def test_a_refusal_that_cannot_be_recorded_shows_no_other_episode(caretrail: Caretrail) -> None:
    with taking_no_accesses(caretrail.url):
        ended = caretrail("append", "--imported", "--json", input=OVERLAPPING)
    assert ended.status == 1
    assert EPISODE not in ended.out + ended.err
    assert ended.rows[0]["error"] == "not_told"
