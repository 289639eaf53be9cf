"""Reading from a hot standby: it works where the primary can record the access, and says where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caretrail.log import init_store, open_recorder
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.servers import Server, wait_until

LISTS = (
    ("worklist", "--as-of", "2026-03-09", "--json"),
    ("findings", "--as-of", "2026-03-09", "--json"),
    ("timeline", "LNK-2026-0001", "--json"),
)


@pytest.fixture
def pair(server_pair: tuple[Server, Server], tmp_path: Path) -> tuple[Caretrail, Caretrail]:
    """A primary with an episode, rows made from half of it, and a standby that has followed."""
    primary, standby = (Caretrail(server.url(), tmp_path) for server in server_pair)
    lines = EXAMPLE.read_text().splitlines(keepends=True)
    assert primary("append", input="".join(lines[:30])).status == 0
    assert primary("projection", "catch-up").status == 0
    assert primary("append", input="".join(lines[30:])).status == 0
    followed(primary, standby)
    return primary, standby


def followed(primary: Caretrail, standby: Caretrail) -> int:
    """Wait until the standby has everything, and return the position."""
    with open_recorder(primary.url) as recorder:
        last = recorder.max_position()
    with open_recorder(standby.url) as recorder:
        wait_until(lambda: recorder.max_position() == last, "it has followed")
    return last


def test_a_worklist_is_read_from_a_standby_and_says_where_it_stands(pair: tuple[Caretrail, Caretrail]) -> None:
    primary, standby = pair
    for command in LISTS:
        there = primary(*command)
        last = followed(primary, standby)
        here = standby(*command, CARETRAIL_ACCESS_DB=primary.url)
        told, expected = here.json, there.json
        standing = told.pop("standing")
        assert (here.status, standing["position"], standing["stale"]) == (0, last, False)
        assert told == {name: value for name, value in expected.items() if name != "standing"}
    accesses = primary("audit", "access", "--json").listed
    assert [access["command"] for access in accesses] == [command[0] for command in LISTS for _ in ("there", "here")]
    assert {access["account"] for access in accesses} == {"postgres"}
    assert json.loads(standby(*LISTS[0], CARETRAIL_ACCESS_DB=primary.url).out)


def test_a_url_of_all_servers_finds_the_primary_by_itself(
    pair: tuple[Caretrail, Caretrail], server_pair: tuple[Server, Server]
) -> None:
    primary, standby = pair
    hosts = ",".join(str(server.folder) for server in reversed(server_pair))
    standby.variables["CARETRAIL_DB"] = f"postgresql://postgres@/postgres?host={hosts}&target_session_attrs=standby"
    ended = standby(*LISTS[0])
    assert (ended.status, bool(ended.json)) == (0, True), ended.err
    assert [access["command"] for access in primary("audit", "access", "--json").listed] == ["worklist"]


def test_without_a_primary_only_census_and_status_answer(
    pair: tuple[Caretrail, Caretrail], server_pair: tuple[Server, Server], tmp_path: Path
) -> None:
    """Given none is named, it is a standby itself, another store, or gone."""
    primary, standby = pair
    other = server_pair[0].new_database("other")
    init_store(other)
    for place in ("", standby.url, other, "postgresql://nobody@127.0.0.1:1/none"):
        variables = {"CARETRAIL_ACCESS_DB": place} if place else {}
        for command in LISTS:
            ended = standby(*command, **variables)
            assert (ended.status, ended.out) == (4, ""), place
            assert "nothing is shown, because this access cannot be recorded" in ended.err
        ended = standby("census", "--as-of", "2026-03-09", "--json", **variables)
        assert [row["episode"] for row in ended.listed] == ["LNK-2026-0001"]
        assert "This access is not logged" in ended.err
        assert standby("projection", "status", **variables).status == 0
    assert primary("audit", "access", "--json").listed == []


def test_a_standby_takes_no_events(pair: tuple[Caretrail, Caretrail]) -> None:
    first = json.loads(EXAMPLE.read_text().splitlines()[0])
    new = json.dumps(first | {"episode": "LNK-2026-0002", "command_id": "another"})
    refused = pair[1]("append", input=new)
    assert refused.status == 4
    assert "read-only" in refused.err
