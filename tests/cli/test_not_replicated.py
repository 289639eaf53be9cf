"""A server told to wait for a standby, and a session that would not be told that it did not: no receipt, no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.program import Caretrail

from .test_append import admitted

UNTOLD = "options=-c%20client_min_messages%3Derror"


@pytest.fixture
def untold(replicated_url: str, tmp_path: Path) -> Caretrail:
    return Caretrail(f"{replicated_url}&{UNTOLD}", tmp_path)


def test_append_prints_no_receipt_and_sent_again_it_does(
    replicated_url: str, untold: Caretrail, tmp_path: Path
) -> None:
    event = admitted("a", command_id="intake/a")
    ended = untold("append", "--json", input=event)
    assert (ended.status, ended.out) == (4, "")
    assert "stored on this server, but not known to be on a standby: client_min_messages is 'error'" in ended.err
    assert "set client_min_messages back for this login, database or server" in ended.err
    [receipt] = Caretrail(replicated_url, tmp_path)("append", "--json", input=event).rows
    assert (receipt["position"], receipt["durability"]) == (2, "replicated")


def test_record_tells_a_person_to_see_before_entering_it_again(
    replicated_url: str, untold: Caretrail, tmp_path: Path
) -> None:
    assert Caretrail(replicated_url, tmp_path)("append", input=admitted("a")).status == 0
    given = ("held", "a", "--occurred-on", "2026-01-06", "--reason", "jail", "--actor", "c-ortiz,clinician,LADC")
    ended = untold("record", *given)
    assert (ended.status, ended.out) == (4, "")
    assert ended.err.endswith("see with 'caretrail timeline' whether it is there before you enter it again\n")


def test_nothing_is_shown_whose_access_may_be_lost(replicated_url: str, untold: Caretrail, tmp_path: Path) -> None:
    caretrail = Caretrail(replicated_url, tmp_path)
    assert caretrail("append", input=admitted("a")).status == 0
    ended = untold("timeline", "a")
    assert (ended.status, ended.out) == (4, "")
    assert "nothing is shown, because this access cannot be recorded" in ended.err
    assert caretrail("timeline", "a").status == 0
