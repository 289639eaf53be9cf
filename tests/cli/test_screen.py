"""Nothing that comes from an event can move the cursor, hide a line or pass for our own words."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.cli.terminal.columns import Cell
from caretrail.cli.terminal.screen import json_text
from caretrail.cli.terminal.tables import lines, print_sheet, print_table
from caretrail.text import visible
from tests.support.program import Caretrail

HOSTILE = "a\x1b[2J\x07\r\n\u202eb\u2066\u200b\x9b\x7f\ufeff\u2028c"


def prints_nothing_hidden(text: str) -> bool:
    return all(char.isprintable() or char == "\n" or unicodedata.category(char) == "Zs" for char in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zoë, 日本", "Zoë, 日本"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2028\ufeff\x9b", "\\u2028\\ufeff\\x9b"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("a\xa0b", "a\xa0b"),
    ],
)
def test_what_does_not_print_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_any_text_becomes_printable(text: str) -> None:
    assert prints_nothing_hidden(visible(text).replace("\n", "\x00"))


@given(st.text())
def test_json_is_printable_ascii_and_loses_nothing(text: str) -> None:
    line = json_text({"text": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"text": text}


def test_tables_and_sheets_show_hostile_text(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(HOSTILE, Cell(HOSTILE, "red"), lines(HOSTILE, "[bold]markup[/bold] :smile:"))]
    print_table(("A", "B", "C"), rows, wraps=2)
    print_sheet([("Label", HOSTILE), ("Other", lines(HOSTILE))])
    out = capsys.readouterr().out
    assert prints_nothing_hidden(out)
    assert "[bold]markup[/bold] :smile:" in " ".join(out.split())


def test_ids_are_folded_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    long = "z" * 64
    rows = [(long, "text " * 30)]
    print_table(("Episode", "What"), rows, wraps=1)
    assert capsys.readouterr().out.count("z") == 64


FREE_TEXT = "seen\x1b[2J\x1b]0;owned\x07\u202e end"


def hostile_events(example: str) -> str:
    """The example with something nasty in every free text."""
    events = [json.loads(line) for line in example.splitlines()]
    for event in events:
        for name in ("progress", "rationale", "late_reason", "aftercare", "outcome", "reason", "text", "place"):
            if isinstance(event.get(name), str) and event["type"] not in (
                "held",
                "voided",
                "discharged",
                "transferred",
            ):
                event[name] = FREE_TEXT
        event["actor"]["credential"] = "LADC\x85\u202e"
    return "\n".join(map(json.dumps, events))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "timeline LNK",
        "show LNK --as-of 2026-03-09",
        "why LNK R1 --as-of 2026-03-09",
        "why LNK I1 --as-of 2026-03-29",
        "findings --from 2026-01-01 --to 2026-05-05 --closed --all",
        "worklist --as-of 2026-03-09 --all",
        "eligibility LNK --as-of 2026-03-09",
        "census --as-of 2026-03-09",
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_command_lets_control_characters_through(
    caretrail: Caretrail, example: str, command: str, form: list[str]
) -> None:
    assert caretrail("append", input=hostile_events(example)).status == 0
    ended = caretrail(*command.split(), *form)
    assert ended.status == 0
    assert prints_nothing_hidden(ended.out)
    assert prints_nothing_hidden(ended.err)


@pytest.mark.slow
def test_an_encoding_that_lacks_a_character_is_no_reason_to_fail(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    caretrail.variables["PYTHONIOENCODING"] = "latin-1"
    with caretrail.process("timeline", "LNK") as process:
        out, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, "")
    assert "\\u2192" in out


def test_no_color_unless_on_a_terminal(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    assert "\x1b" not in caretrail("worklist", "--as-of", "2026-03-09").out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize(("variables", "colored"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_color_on_a_terminal_unless_told_not_to(
    caretrail: Caretrail, example: str, variables: dict[str, str], colored: bool
) -> None:
    from .terminal import Terminal

    caretrail("append", input=example)
    environment = caretrail.environment() | {"TERM": "xterm-256color"} | variables
    with Terminal([str(caretrail.program), "worklist", "--as-of", "2026-03-09"], environment) as terminal:
        text = terminal.rest()
    assert ("\x1b[1;31m" in text) is colored
