"""`audit replay`: step through what was known, on paper and at a terminal."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import click
import pytest

from caretrail.cli.audit.replay import moved, place_of
from tests.cli.terminal import Terminal
from tests.support.program import Caretrail
from tests.support.screens import screen

EPISODE = "LNK-2026-0001"


def test_a_rule_is_followed_through_the_steps_that_changed_it(seen: Caretrail) -> None:
    ended = seen("audit", "replay", "LNK", "--rule", "R1", "--changes", "--from", "2026-03-09")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == screen("""
Replay of LNK-2026-0001

Step 46 of 65 · event 46 · recorded Wed 2026-03-11 23:00 UTC, c-ortiz, LADC
+ review of plan 1, with client, updated, signed by c-ortiz and c-lee and c-noor and cl-7f3a, Wed 2026-03-11
R1 was overdue: review overdue, due 2026-03-07
R1 is  breached: a review due 2026-03-07 came 4 days late, 2026-03-11; next review due 2026-04-10
Listed on 2026-03-11: nothing of that rule

Step 64 of 65 · event 64 · recorded Mon 2026-04-06 23:00 UTC, c-ortiz, LADC
+ transferred from level 2.1 to 1 in lincoln-op, step down, Mon 2026-04-06
R1 was due soon: review due 2026-04-10
R1 is  breached: a review due 2026-03-07 came 4 days late, 2026-03-11; stay ended 2026-04-06, no review overdue
Listed on 2026-04-06: nothing of that rule

Current through @65 (latest)
""")


def test_a_late_entry_is_told_for_the_day_it_came(seen: Caretrail) -> None:
    """Given a session of 4 March recorded on 20 March, then the step is about what that day's lists said."""
    ended = seen("audit", "replay", EPISODE, "--json", "--from", "53")
    row = ended.listed[0]
    assert (row["recorded"]["version"], row["recorded"]["late"], row["day"]) == (53, True, "2026-03-20")
    assert row["recorded"]["occurred_on"] < row["day"]
    assert {change["rule"] for change in row["changes"]} >= {"NE21-I1", "NE21-I2"}


@pytest.mark.slow
def test_an_import_is_told_for_its_own_days(caretrail: Caretrail, example: str) -> None:
    assert caretrail("append", "--imported", input=example).status == 0
    rows = caretrail("audit", "replay", EPISODE, "--json").listed
    assert [row["day"] for row in rows] == [row["recorded"]["occurred_on"] for row in rows]
    assert "imported" in caretrail("audit", "replay", EPISODE, "--from", "64").out


@pytest.mark.slow
def test_at_a_terminal_one_goes_forward_and_back(seen: Caretrail) -> None:
    command = [str(seen.program), "audit", "replay", EPISODE, "--rule", "R1"]
    with Terminal(command, seen.environment()) as terminal:
        terminal.expect("Step 1 of 65")
        for typed, words in (
            ("", "Step 2 of 65"),
            ("n", "Step 3 of 65"),
            ("b", "Step 2 of 65"),
            ("c", "Step 25 of 65"),
            ("g 2026-03-11", "Step 44 of 65"),
            ("g yesterday", "yesterday"),
            ("back", "Enter next"),
            ("g 64", "Step 64 of 65"),
            ("", "The last step"),
        ):
            terminal.answer("> ", typed)
            terminal.expect(words)
        terminal.answer("> ", "q")
        assert "Current through @65 (latest)" in terminal.rest()
    assert terminal.process.returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--rule", "Z9"), "there is no rule Z9"),
        (("--from", "soon"), "Invalid value for '--from'"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(seen: Caretrail, words: tuple[str, ...], says: str) -> None:
    ended = seen("audit", "replay", EPISODE, *words)
    assert (ended.status, ended.out) == (2, "")
    assert says in ended.err


def test_that_a_rule_never_changed_is_said(seen: Caretrail) -> None:
    ended = seen("audit", "replay", EPISODE, "--rule", "A4", "--changes")
    assert ended.status == 0
    assert "No event changed a verdict of that rule for its day." in ended.out


# --- moving about ---------------------------------------------------------------------------------------------------


def steps() -> list[Any]:
    """Events 2, 5 and 7 on three days; the last one changed a verdict that shows."""
    made = ((2, 1, False), (5, 3, False), (7, 6, True))
    return [
        SimpleNamespace(recorded=SimpleNamespace(version=version), day=date(2026, 1, day), loud=loud)
        for version, day, loud in made
    ]


@pytest.mark.parametrize(
    ("to", "index"),
    [(1, 0), (2, 0), (3, 1), (7, 2), (99, 2), (date(2026, 1, 1), 0), (date(2026, 1, 4), 2), (date(2027, 1, 1), 2)],
)
def test_a_place_is_the_first_step_at_or_after_it_or_the_last(to: int | date, index: int) -> None:
    assert place_of(steps(), to) == index


@pytest.mark.parametrize(
    ("at", "typed", "index"),
    [
        (0, "", 1), (2, "", 2), (0, "n", 1), (1, "b", 0), (0, "b", 0), (0, "c", 2), (2, "c", 2), (1, "q", None),
        (0, "g 5", 1), (2, " g 2026-01-02 ", 1),
    ],
)  # fmt: skip
def test_commands_stay_within_the_steps(at: int, typed: str, index: int | None) -> None:
    assert moved(steps(), at, typed) == index


@pytest.mark.parametrize("typed", ["x", "g", "g soon", "quit now"])
def test_what_is_no_command_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(click.UsageError):
        moved(steps(), 1, typed)
