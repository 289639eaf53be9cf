"""How commands end: one status for each kind of ending, and words that never hold a value of an event."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from caretrail.cli.exits import Stopped
from caretrail.cli.interrupt import ended_by_sigterm
from caretrail.cli.session import Session
from tests.support.builds import live_table
from tests.support.program import Caretrail
from tests.support.stores import lock_held, run_sql

CANARY = "kanarienvogel"
READS = [
    "worklist",
    "findings",
    "census",
    "show LNK",
    "timeline LNK",
    "eligibility LNK",
    "why LNK R1",
    "projection status",
]


@pytest.mark.parametrize("command", [*READS, "append", "projection check", "projection rebuild", "record held x"])
def test_a_store_that_is_not_there_is_status_4_with_a_way_out(tmp_path: Path, command: str) -> None:
    place = tmp_path / "no.db"
    caretrail = Caretrail(str(place), tmp_path)
    ended = caretrail(*command.split(), *(["--actor", "c,clinician"] if command.startswith("record") else []))
    assert ended.status == 4
    assert ended.err.startswith("Error: ")
    assert "\nHint: " in ended.err
    assert "caretrail init" in ended.err
    assert not place.exists()


def test_something_else_at_that_place_is_status_4(tmp_path: Path) -> None:
    place = tmp_path / "letter.txt"
    place.write_text("Dear Sir or Madam, " * 100)
    ended = Caretrail(str(place), tmp_path)("append", input="{}")
    assert (ended.status, place.read_text()[:8]) == (4, "Dear Sir")
    assert "is not a Caretrail store" in ended.err


def test_a_database_of_somebody_else_is_status_4(tmp_path: Path) -> None:
    place = tmp_path / "other.db"
    with sqlite3.connect(place) as other:
        other.execute("CREATE TABLE t (a)")
    other.close()
    assert Caretrail(str(place), tmp_path)("worklist").status == 4


def test_a_store_of_a_newer_caretrail_is_status_4(caretrail: Caretrail) -> None:
    run_sql(caretrail.url, "PRAGMA user_version = 99")
    ended = caretrail("worklist")
    assert ended.status == 4
    assert "newer" in ended.err


def test_a_damaged_store_is_status_4(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    path = Path(caretrail.url.removeprefix("sqlite://"))
    data = path.read_bytes()
    path.write_bytes(data[:8192] + b"\x55" * (len(data) - 8192))
    ended = caretrail("timeline", "LNK-2026-0001")
    assert ended.status == 4, ended.err


@pytest.mark.slow
def test_a_store_that_stays_locked_is_status_4(caretrail: Caretrail, example: str) -> None:
    with lock_held(caretrail.url):
        ended = caretrail("append", input=example)
    assert ended.status == 4
    assert "locked" in ended.err
    assert "Up to line 0: 0 events recorded" in ended.err


def test_a_password_is_never_printed(tmp_path: Path) -> None:
    url = f"postgresql://someone:{CANARY}@127.0.0.1:1/care?connect_timeout=2"
    ended = Caretrail(url, tmp_path)("worklist")
    assert ended.status == 4
    assert CANARY not in ended.err + ended.out


@pytest.mark.parametrize("command", ["show", "timeline", "eligibility", "why X", "why"])
def test_an_episode_that_is_not_there_is_status_2(caretrail: Caretrail, example: str, command: str) -> None:
    caretrail("append", input=example)
    words = ["why", "NOPE", "R1"] if command.startswith("why") else [command, "NOPE"]
    ended = caretrail(*words)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err == ("Error: no episode with that number\nHint: 'caretrail census' lists open episodes\n")


def test_a_beginning_that_fits_two_episodes_is_status_1(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    admitted = example.splitlines()[1].replace("LNK-2026-0001", "LNK-2026-0002").replace("cl-7f3a", "cl-8")
    caretrail("append", input=admitted.replace("ehr/0002", "ehr/x"))
    ended = caretrail("show", "LNK")
    assert ended.status == 1
    assert ended.err.startswith("Error: 2 episodes begin like that: LNK-2026-0001, LNK-2026-0002\nHint: ")


@pytest.mark.parametrize(
    "command",
    [
        "nonsense",
        "worklist --nonsense",
        "worklist --as-of 2026-13-01",
        "worklist --as-of 20260309",
        "worklist --known-at yesterday",
        "worklist --known-at 2026-03-09T12:00:00",
        "worklist --known-at @x",
        "worklist --mine",
        "worklist --due-within -1",
        "worklist --verdict red",
        "findings --from 2026-02-01 --to 2026-01-01",
        "show",
        "show A --client B",
        "why LNK",
        "record nonsense",
        "completion tcsh",
        "",
    ],
)
def test_wrong_usage_is_status_2(caretrail: Caretrail, command: str) -> None:
    ended = caretrail(*command.split())
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err


def test_wrong_usage_says_where_to_read_on(caretrail: Caretrail) -> None:
    ended = caretrail("worklist", "--known-at", "2026-03-09T12:00:00")
    assert ended.err == (
        "Error: Invalid value for '--known-at': a time needs its zone: end it with Z for UTC, "
        "or with an offset such as -06:00\nHint: see 'caretrail worklist --help'\n"
    )


def test_an_unknown_rule_is_status_2_and_an_unknown_pack_status_1(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    assert caretrail("why", "LNK", "Z9").status == 2
    assert caretrail("rules", "no-such-pack").status == 1
    assert caretrail("schema", "no_such_event").status == 2


def test_a_check_that_finds_differences_is_status_1(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    caretrail("projection", "catch-up")
    assert caretrail("projection", "check").status == 0
    run_sql(caretrail.url, f"UPDATE {live_table(caretrail.url, 'finding')} SET verdict = 'met' WHERE verdict = 'info'")
    ended = caretrail("projection", "check")
    assert ended.status == 1
    assert "LNK-2026-0001" in ended.out
    assert caretrail("projection", "rebuild").status == 0
    assert caretrail("projection", "check", "--json").json["ok"] is True


def test_a_bug_of_ours_is_one_line_without_values(caretrail: Caretrail, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError(CANARY)

    monkeypatch.setattr(Session, "ask", fail)
    ended = caretrail("worklist")
    assert ended.status == 255
    assert ended.err.startswith("Error: internal error in Caretrail (KeyError)\n")
    assert len(ended.err.splitlines()) == 2
    debugged = caretrail("worklist", CARETRAIL_DEBUG="1")
    assert "worklist.py" in debugged.err
    assert CANARY not in ended.err + debugged.err


def test_ctrl_c_is_status_130(caretrail: Caretrail, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "ask", interrupt)
    ended = caretrail("worklist")
    assert ended.status == 130
    assert ended.err == "Interrupted. Completed writes were kept; there are no partial writes.\n"


@pytest.mark.slow
def test_a_broken_pipe_is_status_3_and_silent(caretrail: Caretrail) -> None:
    with caretrail.process("schema") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(20) == 3
        assert process.stderr.read() == ""


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_bug(caretrail: Caretrail, closed: str) -> None:
    command = f"{caretrail.program} append --json {closed}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command], env=caretrail.environment(), input=b"", capture_output=True, check=False
    )
    assert ended.returncode == 0
    assert b"Error" not in ended.stderr


def test_a_full_disk_below_the_output_is_said(caretrail: Caretrail) -> None:
    if not Path("/dev/full").exists():
        pytest.fail("this test needs /dev/full")
    with Path("/dev/full").open("w") as full, caretrail.process("schema", stdout=full) as process:
        assert process.stderr is not None
        assert process.wait(20) == 1
        assert process.stderr.read().startswith("Error: cannot write the output: No space left")


# --- bad input ---------------------------------------------------------------------------------------------------

ADMITTED = {
    "type": "admitted",
    "episode": "a",
    "occurred_on": "2026-01-05",
    "actor": {"id": "ehr", "role": "service"},
    "client": "cl-1",
    "program": "p",
    "zone": "America/Chicago",
    "level": "2.1",
    "edition": "asam-3",
    "route": "direct",
    "population": "adult",
    "policy": "ne-medicaid-2.1-adult",
    "command_id": "first",
}
HELD = {k: ADMITTED[k] for k in ("episode", "occurred_on", "actor")} | {"type": "held", "reason": "jail"}
DEEP = '{"a":' * 30 + "1" + "}" * 30

BAD: dict[str, tuple[str | bytes, str, str]] = {
    "malformed JSON": (f'{{"type": "{CANARY}', "invalid", "line is not valid JSON"),
    "not an object": ("[1, 2]", "invalid", ""),
    "unknown type": (json.dumps(HELD | {"type": CANARY}), "invalid", "type: must be one of"),
    "unknown field": (json.dumps(HELD | {"mood": CANARY}), "invalid", "mood: is not a known field"),
    "wrong token": (json.dumps(HELD | {"reason": CANARY}), "invalid", "reason: must be one of 'hospital', 'jail'"),
    "missing field": (json.dumps({"type": "held", "episode": "a"}), "invalid", "occurred_on: is required"),
    "future date": (json.dumps(HELD | {"occurred_on": "2199-01-01"}), "impossible", "occurred_on is after today"),
    "impossible event": (json.dumps(HELD | {"occurred_on": "2026-01-01"}), "impossible", "dated before the admission"),
    "unknown episode": (json.dumps(HELD | {"episode": CANARY}), "unknown_episode", "no episode with that number"),
    "command reused": (json.dumps(ADMITTED | {"client": CANARY}), "command_reused", "at position 2"),
    "too large": (json.dumps(HELD | {"late_reason": CANARY * 30_000}), "invalid", "larger than 256 KB"),
    "too deep": (DEEP.replace("1", f'"{CANARY}"'), "invalid", "nested deeper than 20"),
    "NUL": (json.dumps(HELD | {"late_reason": f"{CANARY}\0"}), "invalid", "late_reason: "),
    "lone surrogate": (json.dumps(HELD | {"late_reason": f"{CANARY}\ud800"}), "invalid", ""),
    "invalid UTF-8": (json.dumps(HELD | {"late_reason": CANARY}).encode() + b"\xff", "invalid", "not valid JSON"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_clear_error_and_loses_nothing(caretrail_both: Caretrail, case: str) -> None:
    bad, error, words = BAD[case]
    line = bad if isinstance(bad, bytes) else bad.encode()
    before = json.dumps(ADMITTED).encode()
    after = json.dumps(HELD | {"command_id": "after"}).encode()
    ended = caretrail_both("append", "--json", input=b"\n".join([before, line, after]))
    assert ended.status == 1
    assert [row["line"] for row in ended.rows] == [1, 2, 3]
    assert ended.rows[1]["error"] == error
    assert words in ended.rows[1]["message"]
    assert list(ended.rows[1]) == ["line", "error", "message", "hint"]
    assert [row.get("version") for row in ended.rows] == [1, None, 2]
    told = caretrail_both("append", input=line)
    assert told.status == 1
    assert "line 1: " in told.err
    assert CANARY not in ended.out + ended.err + told.out + told.err


def test_a_rule_that_no_pack_has_is_wrong_usage_and_not_a_clean_board(caretrail: Caretrail) -> None:
    for command in ("findings", "worklist"):
        ended = caretrail(command, "--rule", "ZZ")
        assert ended.status == 2
        assert "there is no rule ZZ\nHint: rules: NE21-A1," in ended.err
    assert caretrail("findings", "--rule", "r1").status == 0


def test_sigterm_ends_long_work_as_ctrl_c_does_with_a_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    put_away: list[bool] = []

    def work() -> None:
        with ended_by_sigterm():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                put_away.append(True)

    with pytest.raises(Stopped) as stopped:
        work()
    assert stopped.value.exit_code == 143
    assert capsys.readouterr() == ("", "Terminated. Completed writes were kept; there are no partial writes.\n")
    assert put_away
    assert signal.getsignal(signal.SIGTERM) == before
