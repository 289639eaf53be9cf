"""Progress is shown for long work only, and never near an answer: seen on a real pseudo-terminal."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from caretrail.cli.terminal import progress
from tests.support.program import Caretrail

from .terminal import Terminal, screen_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")

AT_ONCE = """
import sys
from caretrail.cli.terminal import progress
progress.PATIENCE = progress.PACE = 0
{more}
from caretrail.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
NEVER_ERASED = "progress.ERASE = ''"


def on_a_terminal(caretrail: Caretrail, *arguments: str, program: str | None = None) -> str:
    """Everything a terminal is sent while a command runs; `program` is Python to run instead of the command line."""
    command = [str(caretrail.program)] if program is None else [sys.executable, "-c", program]
    environment = caretrail.environment() | {"TERM": "xterm-256color", "NO_COLOR": "1"}
    with Terminal([*command, *arguments], environment) as terminal:
        return terminal.rest()


LONG = {
    "worklist": ("Reading the log", ["worklist", "--as-of", "2026-03-09", "--known-at", "@60"]),
    "findings": ("Reading the log", ["findings", "--as-of", "2026-03-09", "--known-at", "@60", "--json"]),
    "reviews": ("Reading the log", ["audit", "reviews", "--as-of", "2026-03-09", "--known-at", "@60"]),
    "diff": ("Reading the log", ["audit", "diff", "--from", "@54", "--as-of", "2026-03-24"]),
    "verify": ("Verifying", ["audit", "verify"]),
    "check": ("Checking", ["projection", "check"]),
    "rebuild": ("Rebuilding", ["projection", "rebuild"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_progress_is_gone_before_the_first_line_of_an_answer(caretrail: Caretrail, example: str, name: str) -> None:
    caretrail("append", input=example)
    caretrail("projection", "catch-up")
    label, arguments = LONG[name]
    plain = caretrail(*arguments)
    stream = on_a_terminal(caretrail, *arguments, program=AT_ONCE.format(more=""))
    assert f"{label}: " in stream, "something was shown while it lasted"
    assert lines_of("\n".join(screen_of(stream))) == lines_of(plain.err + plain.out)


def lines_of(screen: str) -> list[str]:
    """What is printed, but for the newest position, which each access moves, and for blanks nobody sees."""
    newest = re.sub(r'"newest": \d+|@\d+ \(latest\)|of @\d+', "NEWEST", screen.strip())
    return [line.rstrip() for line in newest.splitlines()]


@pytest.mark.slow
def test_copying_shows_how_far_it_is(caretrail: Caretrail, example: str, tmp_path: Path) -> None:
    caretrail("append", input=example)
    stream = on_a_terminal(caretrail, "copy", "--to", str(tmp_path / "copy.db"), program=AT_ONCE.format(more=""))
    assert "Copying: " in stream
    assert screen_of(stream)[0].startswith("Copied 66 events, @1 to @66, and 1 access")


@pytest.mark.slow
def test_progress_that_stays_would_be_seen(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    stream = on_a_terminal(caretrail, "audit", "verify", program=AT_ONCE.format(more=NEVER_ERASED))
    assert "Verifying: " in "\n".join(screen_of(stream))


@pytest.mark.slow
def test_refused_lines_share_no_line_with_progress(caretrail: Caretrail, example: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(["no event", *example.splitlines() * 10, "no event"]))
    stream = on_a_terminal(caretrail, "append", str(file), program=AT_ONCE.format(more=""))
    assert "Recording: " in stream
    first, _, *_, last = screen_of(stream.rstrip())
    assert first.startswith("line 1: ")
    assert last == "65 events recorded, @2 to @66; 585 already recorded, skipped; 2 lines refused"


def test_the_rate_and_the_time_left_are_of_the_work_since_it_began(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given work of which 400 of 1,000 were done before, as in a rebuild that goes on: 200 in 10 s, 400 left."""
    now = 50.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    line = progress.ProgressLine("Rebuilding", wait=0.5)
    line(400, 1_000)
    now += 0.6
    line(410, 1_000)
    assert shown(capsys) == "Rebuilding: 41 % of 1,000", "too early to tell"
    now += 9.4
    line(600, 1_000)
    assert shown(capsys) == "Rebuilding: 60 % of 1,000, 20/s, 0:00:20 left"
    now += 10
    line(1_000, 1_000)
    assert shown(capsys) == "Rebuilding: 100 % of 1,000, 30/s"


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.removeprefix(progress.ERASE)


@pytest.mark.slow
def test_short_work_shows_none(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    for name, (label, arguments) in LONG.items():
        stream = on_a_terminal(caretrail, *arguments, program=AT_ONCE.format(more="progress.PATIENCE = 60"))
        assert label not in stream, name


@pytest.mark.slow
def test_a_terminal_that_cannot_erase_gets_none(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    command = [sys.executable, "-c", AT_ONCE.format(more=""), "audit", "verify"]
    with Terminal(command, caretrail.environment()) as terminal:
        assert "Verifying" not in terminal.rest()
