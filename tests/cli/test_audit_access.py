"""Accesses are recorded before anything is shown, by every command that shows an episode; `audit access` lists them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rich.table  # noqa: F401  # pyright: ignore[reportUnusedImport]  # loaded late, it cannot be read as nobody

from caretrail.commands.access import AccessLog
from caretrail.errors import StoreError
from caretrail.log.recorder import EventRecorder
from caretrail.log.sqlite import setup as sqlite_setup
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import lock_held, run_sql, taking_no_accesses, taking_no_writes

EPISODE = "LNK-2026-0001"
ON = ("--as-of", "2026-03-09")

#: Every command that shows something of an episode, and what its access is recorded to be.
READING: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "worklist": (("worklist", *ON), {"command": "worklist"}),
    "worklist --json": (("worklist", *ON, "--json"), {"command": "worklist"}),
    "what if": (("worklist", *ON, "--pack", "ne-medicaid-2.1-adult", "--json"), {"command": "worklist"}),
    "findings": (("findings", *ON), {"command": "findings"}),
    "findings --json": (("findings", *ON, "--json"), {"command": "findings"}),
    "known then": (("findings", *ON, "--known-at", "@40", "--json"), {"command": "findings"}),
    "show": (("show", "LNK", *ON), {"command": "show"}),
    "show --client": (("show", "--client", "cl-7f3a", *ON), {"command": "show"}),
    "timeline": (("timeline", EPISODE), {"command": "timeline"}),
    "timeline --json": (("timeline", EPISODE, "--json"), {"command": "timeline"}),
    "eligibility": (("eligibility", EPISODE, *ON), {"command": "eligibility"}),
    "why": (("why", EPISODE, "R1", *ON), {"command": "why"}),
    "census": (("census", *ON), {"command": "census"}),
    "log": (("log",), {"command": "log", "whole_log": True, "after": 0}),
    "log --after": (("log", "--after", "@60"), {"command": "log", "whole_log": True, "after": 60}),
    "log --follow": (("log", "--follow", "--limit", "2"), {"command": "log", "whole_log": True, "after": 0}),
    "audit access": (("audit", "access", EPISODE), {"command": "audit access", "purpose": "audit"}),
    "audit amendments": (("audit", "amendments", *ON), {"command": "audit amendments", "purpose": "audit"}),
    "audit reviews": (("audit", "reviews", *ON), {"command": "audit reviews", "purpose": "audit"}),
    "audit diff": (
        ("audit", "diff", "--from", "@52", "--to", "@65", *ON),
        {"command": "audit diff", "purpose": "audit"},
    ),
}


@pytest.fixture
def store_kind() -> str:
    return "example"


@pytest.fixture
def seen(caretrail_both: Caretrail) -> Caretrail:
    """The example on each database."""
    return caretrail_both


@pytest.fixture
def seen_file(caretrail: Caretrail) -> Caretrail:
    return caretrail


def accesses(caretrail: Caretrail) -> list[dict[str, Any]]:
    """Every access recorded so far, as an auditor reads it."""
    found: list[dict[str, Any]] = caretrail("audit", "access", "--json").listed
    return found


# --- every command --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READING)
def test_every_command_that_shows_an_episode_is_recorded_once(seen: Caretrail, name: str) -> None:
    words, expected = READING[name]
    ended = seen(*words, CARETRAIL_ACTOR="c-ortiz,clinician,LADC")
    assert (ended.status, bool(ended.out)) == (0, True), ended.err
    [access] = accesses(seen)
    wanted = {"purpose": "treatment", "whole_log": False, "reason": None, "error": None} | expected
    assert {field: access[field] for field in wanted} == wanted
    assert access["actor"] == {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}
    assert access["account"]
    assert (access["episodes"], access["found"]) == (([], 0) if access["whole_log"] else ([EPISODE], 1))


NOTHING = {
    "a rule there is not": (("why", EPISODE, "Z9"), 2),
    "an empty list": (("worklist", *ON, "--clinician", "c-noor"), 0),
    "rules": (("rules",), 0),
    "the shape of events": (("schema",), 0),
    "where the rows stand": (("projection", "status", "--json"), 0),
    "whether they are right": (("projection", "check"), 0),
    "rows made again": (("projection", "rebuild", "--json"), 0),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_names_no_episode_is_taking_no_accesses(seen_file: Caretrail, name: str) -> None:
    words, status = NOTHING[name]
    assert seen_file(*words).status == status
    told = [access["command"] for access in accesses(seen_file)]
    assert told == (["why"] if name == "a rule there is not" else []), (
        "the rules that judge an episode say something of it"
    )


def test_case_numbers_an_error_shows_are_an_access_too(seen_file: Caretrail) -> None:
    more = (
        EXAMPLE.read_text()
        .splitlines()[0]
        .replace(EPISODE, "LNK-2026-0002")
        .replace('"command_id": "', '"command_id": "2')
    )
    assert seen_file("append", "--imported", input=more).status == 0
    ended = seen_file("timeline", "LNK")
    assert (ended.status, ended.out) == (1, "")
    assert "2 episodes begin like that" in ended.err
    assert [access["episodes"] for access in accesses(seen_file)] == [[EPISODE, "LNK-2026-0002"]]


def test_quarantined_episodes_are_named_on_the_record(seen_file: Caretrail) -> None:
    run_sql(
        seen_file.url,
        "DROP TRIGGER log_refuses_update",
        "UPDATE log SET payload = x'7b7d' WHERE position = 7",
    )
    assert seen_file("projection", "rebuild").status == 0
    for command in (("projection", "quarantine"), ("projection", "quarantine", "retry", EPISODE)):
        ended = seen_file(*command)
        assert EPISODE in ended.out + ended.err
    assert [(access["command"], access["purpose"], access["episodes"]) for access in accesses(seen_file)] == [
        ("projection quarantine", "operations", [EPISODE]),
        ("projection quarantine retry", "operations", [EPISODE]),
    ]


# --- when it cannot be recorded, nothing is shown ---------------------------------------------------------------------


FAULTS = {"the store refuses": taking_no_accesses, "the store takes no writes": taking_no_writes}


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("fault", FAULTS)
def test_an_access_that_cannot_be_recorded_shows_nothing(seen: Caretrail, name: str, fault: str) -> None:
    words, _ = READING[name]
    with FAULTS[fault](seen.url):
        ended = seen(*words)
    if name == "census" and fault == "the store takes no writes":
        assert (ended.status, EPISODE in ended.out) == (0, True), (
            "who is in care must be known while the primary is away"
        )
        assert "This access is not logged" in ended.err
        return
    assert (ended.status, ended.out) == (4, ""), ended.err
    assert "Error: nothing is shown, because this access cannot be recorded: " in ended.err
    assert ("CARETRAIL_ACCESS_DB" in ended.err) == (fault == "the store takes no writes")
    assert EPISODE not in ended.err


@pytest.mark.parametrize("name", READING)
def test_without_the_record_it_would_be_shown(seen_file: Caretrail, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The control: where an access that cannot be recorded is let pass, the same commands show what they have."""

    def careless(self: AccessLog, *shown: object, stood_on: object = None) -> None:
        pass

    monkeypatch.setattr(AccessLog, "_record", careless)
    with taking_no_accesses(seen_file.url):
        ended = seen_file(*(word for word in READING[name][0] if word not in ("--follow",)))
    assert (ended.status, bool(ended.out)) == (0, True)


@pytest.mark.slow
def test_a_store_that_is_locked_shows_nothing(seen: Caretrail) -> None:
    with lock_held(seen.url):
        ended = seen("timeline", EPISODE)
    assert (ended.status, ended.out) == (4, "")
    assert "cannot be recorded" in ended.err
    assert "locked" in ended.err


def test_a_disk_that_is_full_shows_nothing(seen_file: Caretrail, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = int(str(run_sql(seen_file.url, "PRAGMA page_count")[0][0]))
    full = {"max_page_count": pages}
    monkeypatch.setattr(sqlite_setup, "_SETTINGS", vars(sqlite_setup)["_SETTINGS"] | full)
    reason = "x" * 4000  # more than fits into what is left of the last page
    ended = seen_file("timeline", EPISODE, "--break-glass", reason)
    assert (ended.status, ended.out) == (4, "")
    assert "cannot be recorded" in ended.err
    assert "the disk is full" in ended.err


def test_on_a_store_that_takes_no_writes_the_status_answers(seen: Caretrail) -> None:
    with taking_no_writes(seen.url):
        ended = seen("projection", "status")
    assert (ended.status, ended.out) == (0, "Current through @65 of @65 (latest)\n")


# --- killed between the record and the screen -----------------------------------------------------------------------

KILLED = """
import os, sys, click
from caretrail.cli.main import main
from caretrail.commands.access import AccessLog
order, moment = sys.argv[1], int(sys.argv[2])
if order == "shown first":
    kept = []
    write = AccessLog._record
    AccessLog._record = lambda self, *shown, stood_on=None: kept.append((self, shown, stood_on))
echo, count = click.echo, [0]
def dies(*words, **more):
    count[0] += 1
    if count[0] > moment:
        sys.stdout.flush()
        os.kill(os.getpid(), 9)
    echo(*words, **more)
click.echo = dies
import caretrail.cli.read.timeline
main(["timeline", "LNK-2026-0001"])
if order == "shown first":
    for self, shown, stood_on in kept:
        write(self, *shown, stood_on=stood_on)
"""


def killed(caretrail: Caretrail, order: str, moment: int) -> tuple[bool, int]:
    """Whether anything was shown before the process was killed, and how many accesses are recorded."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, order, str(moment)],
        capture_output=True, text=True, check=False, env=caretrail.environment(),
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return bool(done.stdout), len(accesses(caretrail))


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0, 1, 3])
def test_whatever_was_shown_is_on_the_record(seen: Caretrail, moment: int) -> None:
    """Killed before the first line, or after some: there is at least one access for what was shown."""
    shown, recorded = killed(seen, "recorded first", moment)
    assert shown == (moment > 0)
    assert recorded == 1


@pytest.mark.slow
def test_recording_after_showing_would_lose_accesses(seen_file: Caretrail) -> None:
    """The control: in the other order, a process that is killed has shown what nobody knows it showed."""
    assert killed(seen_file, "shown first", 1) == (True, 0)


# --- who, and what for ----------------------------------------------------------------------------------------------


def test_who_sits_there_is_recorded_as_claimed_beside_the_account(seen: Caretrail) -> None:
    seen("timeline", EPISODE, CARETRAIL_ACTOR="c-ortiz,clinician,LADC", CARETRAIL_PURPOSE="payment")
    seen(
        "timeline", EPISODE, "--actor", "c-quill,supervisor", "--purpose", "legal", CARETRAIL_ACTOR="c-ortiz,clinician"
    )
    seen("timeline", EPISODE)
    told = [(access["actor"]["id"], access["actor"]["role"], access["purpose"]) for access in accesses(seen)]
    [account] = {access["account"] for access in accesses(seen)}
    assert told == [
        ("c-ortiz", "clinician", "payment"), ("c-quill", "supervisor", "legal"), (account, "other", "treatment"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--purpose", "curiosity"), "purpose: must be one of treatment, payment"),
        (("--purpose", "emergency"), "an emergency needs its reason"),
        (("--break-glass", ""), "--break-glass needs a reason"),
        (("--break-glass", "  "), "--break-glass needs a reason"),
        (("--actor", "c ortiz,clinician"), "actor.id: not in the required format"),
        (("--actor", "c-ortiz,boss"), "actor.role: must be one of client"),
    ],
)
def test_who_says_it_wrongly_is_shown_nothing(seen_file: Caretrail, words: tuple[str, str], message: str) -> None:
    ended = seen_file("timeline", EPISODE, *words)
    assert (ended.status, ended.out) == (1, "")
    assert message in ended.err
    assert "curiosity" not in ended.err
    assert accesses(seen_file) == []


def test_breaking_glass_is_said_recorded_and_shown(seen: Caretrail) -> None:
    ended = seen("show", EPISODE, "--break-glass", "found unconscious", *ON)
    assert ended.status == 0
    assert ended.err == "BREAK GLASS: this access is logged as an emergency, with your reason.\n"
    [access] = accesses(seen)
    assert (access["purpose"], access["reason"]) == ("emergency", "found unconscious")


# --- what an auditor reads ------------------------------------------------------------------------------------------


def test_the_screen_of_an_auditor(seen_file: Caretrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caretrail.log.sqlite.recorder._operating_system_user", lambda: "ortiz")
    seen_file("worklist", *ON, CARETRAIL_ACTOR="c-ortiz,clinician,LADC")
    seen_file("show", EPISODE, *ON, "--break-glass", "found unconscious", CARETRAIL_ACTOR="c-quill,supervisor")
    seen_file("log", "--after", "@60")
    ended = seen_file("audit", "access", EPISODE)
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-03-09 12:00", ended.out) == (
        "Accesses to LNK-2026-0001\n"
        "\n"
        "When, UTC         Who            Command   Purpose      Viewed\n"
        "2026-03-09 12:00  c-ortiz, LADC  worklist  treatment    LNK-2026-0001\n"
        "                  (ortiz)\n"
        "2026-03-09 12:00  c-quill        show      BREAK GLASS  LNK-2026-0001\n"
        "                  (ortiz)                               reason: found\n"
        "                                                        unconscious\n"
        "2026-03-09 12:00  ortiz          log       treatment    the whole log after @60\n"
        "                  (ortiz)\n"
        "\n"
        "3 accesses, 1 by breaking glass; this access is logged too\n"
    )
    assert seen_file("audit", "access", "--account", "ortiz").out.count("audit access") == 1


def test_an_auditor_asks_by_person_account_and_day(seen: Caretrail) -> None:
    seen("timeline", EPISODE, CARETRAIL_ACTOR="c-ortiz,clinician")
    seen("timeline", EPISODE, CARETRAIL_ACTOR="c-quill,clinician")
    account = accesses(seen)[0]["account"]
    for words, count in (
        (("--actor", "c-ortiz"), 1),
        (("--actor", "c-nobody"), 0),
        (("--account", account, "--actor", "c-quill"), 1),
        (("--account", "nobody"), 0),
        (("--to", "2020-01-01"), 0),
        (("--from", "2020-01-01", "--to", "2199-12-31", "--actor", "c-quill"), 1),
        (("--from", "2199-12-31"), 0),
        ((EPISODE, "--actor", "c-quill"), 1),
    ):
        ended = seen("audit", "access", *words, "--json")
        assert len(ended.listed) == count, words
    assert seen("audit", "access", "OMA-1").status == 2
    assert seen("audit", "access", "--from", "2026-02-02", "--to", "2026-02-01").status == 2


def test_the_question_is_itself_recorded_before_it_is_answered(seen: Caretrail) -> None:
    seen("timeline", EPISODE)
    for _ in range(2):
        seen("audit", "access", EPISODE)
    told = [(access["command"], access["purpose"]) for access in accesses(seen)]
    assert told == [("timeline", "treatment"), ("audit access", "audit"), ("audit access", "audit")]


# --- on a store that takes no writes --------------------------------------------------------------------------------


def test_what_takes_no_writes_is_read_with_the_record_elsewhere(seen: Caretrail, tmp_path: Path) -> None:
    from tests.commands.test_access import elsewhere

    primary = elsewhere(seen.url, tmp_path)
    with taking_no_writes(seen.url):
        ended = seen("timeline", EPISODE, CARETRAIL_ACCESS_DB=primary)
        assert (ended.status, ended.err) == (0, "")
        assert seen("--access-db", primary, "timeline", EPISODE).status == 0
        assert seen("census", *ON, CARETRAIL_ACCESS_DB=primary).err == ""
    there = Caretrail(primary, tmp_path)
    assert [access["command"] for access in accesses(there)] == ["timeline", "timeline", "census"]


def test_a_recorder_that_fails_in_passing_is_not_taken_for_a_standby(
    seen_file: Caretrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreError("no")

    monkeypatch.setattr(EventRecorder, "record_access", broken)
    ended = seen_file("census", *ON)
    assert (ended.status, ended.out) == (4, "")
