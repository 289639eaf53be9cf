"""`audit disclose` logs what was handed out by fax or phone; `audit access` lists it for one client."""

from __future__ import annotations

import json

import pytest

from tests.support.example import EXAMPLE
from tests.support.program import Caretrail

EPISODE = "LNK-2026-0001"
ME = {"CARETRAIL_ACTOR": "c-ortiz,clinician,LADC"}
TERMS = ("--recipient", "court-2", "--purpose", "legal")
CONSENT = {
    "type": "consented", "episode": EPISODE, "occurred_on": "2026-03-02", "command_id": "consent-1",
    "actor": {"id": "c-ortiz", "role": "clinician"}, "recipient": "court-2", "purpose": "legal", "scope": "attendance",
}  # fmt: skip


@pytest.fixture
def store_kind() -> str:
    return "example"


def test_one_made_by_fax_is_logged_with_its_day_and_listed(caretrail_both: Caretrail) -> None:
    caretrail = caretrail_both
    ended = caretrail(
        "audit", "disclose", EPISODE, *TERMS, "--basis", "court_order", "--scope", "order 26-114",
        "--what", "attendance, by fax", "--on", "2026-03-09", **ME,
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "Logged: 1 episode disclosed to court-2\nSee 'caretrail audit access --disclosures'\n"
    assert caretrail("show", EPISODE).status == 0
    [row] = caretrail("audit", "access", "--client", "cl-7f3a", "--disclosures", "--json").listed
    assert (row["episodes"], row["actor"]["id"], row["purpose"]) == ([EPISODE], "c-ortiz", "legal")
    assert row["disclosure"] == {
        "recipient": "court-2", "basis": "court_order", "scope": "order 26-114",
        "description": "attendance, by fax, for: legal", "disclosed_on": "2026-03-09",
    }  # fmt: skip
    screen = " ".join(caretrail("audit", "access", "--disclosures").out.split())
    assert "DISCLOSED to court-2 on 2026-03-09" in screen
    assert "1 access, 1 disclosed; this access is logged too" in screen


def test_on_consent_one_must_have_been_in_force_that_day(caretrail: Caretrail) -> None:
    assert caretrail("append", input=json.dumps(CONSENT)).status == 0
    words = ("audit", "disclose", EPISODE, *TERMS, "--basis", "consent", "--what", "attendance, by phone", "--on")
    refused = caretrail(*words, "2026-03-01")
    assert (refused.status, refused.out) == (1, "")
    assert "no consent in force on 2026-03-01 covers this recipient and purpose" in refused.err
    given = caretrail(*words, "2026-03-02", "--json")
    assert given.status == 0, given.err
    stated = given.json["disclosure"]
    assert (stated["consent"].endswith(f" of {EPISODE}"), stated["scope"]) == (True, "attendance")
    rows = caretrail("audit", "access", EPISODE, "--json").listed
    assert [bool(row["disclosure"]) for row in rows] == [False, True], "a refusal tells of the episode, too"


def test_the_accesses_of_one_client_are_those_of_all_their_episodes(caretrail: Caretrail) -> None:
    other = [json.loads(line) | {"episode": "LNK-2026-0002"} for line in EXAMPLE.read_text().splitlines()[:1]]
    for line in other:
        line |= {"client": "cl-other", "command_id": f"other/{line['command_id']}"}
    assert caretrail("append", "--imported", input="\n".join(map(json.dumps, other))).status == 0
    for name in (EPISODE, "LNK-2026-0002"):
        assert caretrail("show", name).status == 0
    rows = caretrail("audit", "access", "--client", "cl-7f3a", "--json").listed
    assert {name for row in rows for name in row["episodes"]} == {EPISODE}
    assert [row["command"] for row in rows] == ["show", "audit access"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit", "disclose", EPISODE), "Missing option"),
        (("audit", "access", EPISODE, "--client", "cl-7f3a"), "name an episode or a client, not both"),
        (
            ("audit", "disclose", EPISODE, *TERMS, "--basis", "consent", "--scope", "x", "--what", "y"),
            "leave out --scope",
        ),
        (
            ("audit", "disclose", EPISODE, *TERMS, "--basis", "audit", "--what", "y", "--on", "2199-01-01"),
            "--on is in the future",
        ),
        (("audit", "disclose", "OMA-1", *TERMS, "--basis", "audit", "--what", "y"), "no episode"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(caretrail: Caretrail, words: tuple[str, ...], says: str) -> None:
    ended = caretrail(*words)
    assert (ended.status, ended.out) == (2, "")
    assert says in ended.err
