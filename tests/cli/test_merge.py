"""`merge`: what is shown, asked and corrected."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.support.build import stated
from tests.support.program import Caretrail

from .terminal import Terminal

ACTOR = "c-ortiz,clinician,LADC"
PLAN = """\
Client cl-7f3b becomes cl-7f3a:
  A-1 in iop: 1 assessed, 2 admitted; 1 signature of the client
  A-2 in iop: 1 admitted
cl-7f3a has 1 other episode: B-1
"""


@pytest.fixture
def clinic(caretrail_both: Caretrail) -> Caretrail:
    """Two episodes of one number, one of another, and who sits at the keyboard."""
    old, new = {"client": "cl-7f3b"}, {"client": "cl-7f3a"}
    signed = {
        "signer": "cl-7f3b",
        "role": "client",
        "signed_on": "2026-01-07",
        "method": "paper",
        "meaning": "agreement",
    }
    events = [
        stated("assessed", "01-02", "A-1", **old),
        stated("admitted", "01-05", "A-1", **old),
        stated("plan_signed", "01-07", "A-1", signatures=[signed]),
        stated("discharged", "02-05", "A-1"),
        stated("admitted", "03-02", "A-2", **old),
        stated("admitted", "02-05", "B-1", **new),
        stated("discharged", "03-02", "B-1"),
    ]
    caretrail_both("init")
    loaded = caretrail_both("append", "--imported", input="\n".join(map(json.dumps, events)))
    assert loaded.status == 0
    caretrail_both.variables["CARETRAIL_ACTOR"] = ACTOR
    return caretrail_both


def corrections(clinic: Caretrail) -> list[dict[str, Any]]:
    """The corrections recorded in the second episode."""
    events = [row["event"] for row in clinic("timeline", "A-2", "--json").listed]
    return [event for event in events if event["type"] == "corrected"]


def test_it_shows_what_changes_and_changes_it(clinic: Caretrail) -> None:
    ended = clinic("merge", "cl-7f3b", "cl-7f3a", "--yes")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(f"{PLAN}Corrected 3 events of 2 episodes, @")
    [corrected] = corrections(clinic)
    assert (corrected["values"], corrected["actor"]["id"]) == ({"client": "cl-7f3a"}, "c-ortiz")
    assert corrected["reason"] == "two numbers of one client merged"
    assert "→ cl-7f3a" in " ".join(clinic("timeline", "A-2").out.split())
    found = {row["client"] for row in clinic("census", "--as-of", "2026-03-03", "--json").listed}
    assert found == {"cl-7f3a"}
    assert clinic("projection", "check").status == 0


def test_run_again_it_finds_nothing_to_do(clinic: Caretrail) -> None:
    clinic("merge", "cl-7f3b", "cl-7f3a", "--yes")
    again = clinic("merge", "cl-7f3b", "cl-7f3a", "--yes")
    assert (again.status, again.out) == (0, "Nothing to merge: no episode has the first number.\n")


def test_json_gives_the_plan_and_the_receipts(clinic: Caretrail) -> None:
    found = json.loads(clinic("merge", "cl-7f3b", "cl-7f3a", "--yes", "--json", "--reason", "twice at intake").out)
    assert [(one["episode"], one["events"], one["signatures"]) for one in found["episodes"]] == [
        ("A-1", [1, 2], 1), ("A-2", [1], 0),
    ]  # fmt: skip
    assert (found["old"], found["new"], found["others"]) == ("cl-7f3b", "cl-7f3a", ["B-1"])
    assert [(one["episode"], one["version"]) for one in found["receipts"]] == [("A-1", 5), ("A-1", 6), ("A-2", 2)]


def test_without_a_terminal_it_shows_the_plan_and_asks_for_yes(clinic: Caretrail) -> None:
    ended = clinic("merge", "cl-7f3b", "cl-7f3a")
    assert (ended.status, ended.out) == (2, PLAN)
    assert "nothing was changed: --yes merges without a question" in ended.err
    assert corrections(clinic) == []


def test_episodes_in_the_way_are_named_and_logged_as_viewed(clinic: Caretrail) -> None:
    clinic("append", input=json.dumps(stated("admitted", "03-02", "B-2", client="cl-7f3a")))
    ended = clinic("merge", "cl-7f3b", "cl-7f3a", "--yes")
    assert (ended.status, ended.out) == (1, "")
    assert "two stays in one program in the same days, in episodes A-2 and B-2" in ended.err
    assert "cl-7f3" not in ended.err
    [access, *_] = [row for row in clinic("audit", "access", "A-2", "--json").listed if row["command"] == "merge"]
    assert access["actor"] == "c-ortiz" or access["actor"]["id"] == "c-ortiz"


@pytest.mark.parametrize(("words", "status", "said"), [
    (("cl-1", "cl-1"), 1, "two different numbers"),
    (("cl 1", "cl-2"), 1, "two different numbers"),
    (("cl-nobody", "cl-7f3a"), 0, ""),
])  # fmt: skip
def test_numbers_that_cannot_be_merged(clinic: Caretrail, words: tuple[str, str], status: int, said: str) -> None:
    ended = clinic("merge", *words, "--yes")
    assert ended.status == status
    assert said in ended.err


def test_somebody_must_say_so(clinic: Caretrail) -> None:
    del clinic.variables["CARETRAIL_ACTOR"]
    ended = clinic("merge", "cl-7f3b", "cl-7f3a", "--yes")
    assert (ended.status, "missing: --actor" in ended.err) == (2, True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_it_asks_and_no_changes_nothing(clinic: Caretrail) -> None:
    for typed, status in (("", 130), ("y", 0)):
        command = [str(clinic.program), "merge", "cl-7f3b", "cl-7f3a"]
        with Terminal(command, clinic.environment()) as terminal:
            terminal.expect("A-2 in iop: 1 admitted")
            terminal.answer("Correct 3 events of 2 episodes? [y/N]: ", typed)
            terminal.rest()
            assert terminal.process.returncode == status
        assert len(corrections(clinic)) == (status == 0)
