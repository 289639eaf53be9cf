"""The ends of the calendar and huge numbers are answers or wrong usage, in every command that takes one."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from caretrail.cli.params import Count, Day, Moment, Position
from tests.support.program import Caretrail

from .test_help import ALL

pytestmark = pytest.mark.slow  # seconds in all: left to make test

DAYS = ("0001-01-01", "9999-12-31", "1900-01-01", "2199-12-31")
TIMES = (*DAYS, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2199-12-31T23:59:59.999999-14:00")
POSITIONS = ("@0", "@999999999999999999", "@9999999999999999999", f"@{'9' * 5000}", "@²")
NUMBERS = ("0", "1", "1000000000", str(10**12), "99999999999999999999", "9" * 5000, "-1")

GIVEN = {
    "caretrail show": ("LNK",),
    "caretrail timeline": ("LNK",),
    "caretrail eligibility": ("LNK",),
    "caretrail why": ("LNK", "R1"),
    "caretrail audit diff": ("--from", "@1"),
    "caretrail audit replay": ("LNK",),
    "caretrail audit disclose": ("LNK", "--recipient", "x", "--purpose", "y", "--basis", "audit", "--what", "z"),
    "caretrail simulate": ("--episodes", "2"),
}
"""What else a command must be given."""

FILES = {"caretrail audit archive", "caretrail audit packet", "caretrail demo"}
"""They write files: tested apart."""


def extremes(option: click.Parameter) -> tuple[str, ...]:
    """The values at the ends of what an option takes; nothing for other options."""
    if isinstance(option.type, Moment):
        return (*TIMES, *POSITIONS)
    if isinstance(option.type, Position):
        return POSITIONS
    if isinstance(option.type, Day):
        return DAYS
    return NUMBERS if isinstance(option.type, Count) else ()


def cases() -> Iterator[tuple[str, str]]:
    for path, command in ALL.items():
        for option in command.params:
            if isinstance(option, click.Option) and extremes(option) and path not in FILES:
                yield path, option.opts[0]


def test_there_are_such_options() -> None:
    assert {path for path, _ in cases()} >= {
        "caretrail worklist", "caretrail findings", "caretrail census", "caretrail show", "caretrail timeline",
        "caretrail eligibility", "caretrail why", "caretrail log", "caretrail audit access", "caretrail audit reviews",
        "caretrail audit amendments", "caretrail audit diff",
    }  # fmt: skip  # in the order they are learned
    assert sum(1 for _ in cases()) > 25


@pytest.mark.parametrize(("path", "name"), list(cases()), ids=lambda word: str(word).removeprefix("caretrail "))
def test_extremes_are_answers_or_wrong_usage(caretrail: Caretrail, example: str, path: str, name: str) -> None:
    caretrail("append", input=example)
    ended_by: set[int] = set()
    [option] = [param for param in ALL[path].params if name in param.opts]
    for value in extremes(option):
        given = () if name in GIVEN.get(path, ()) else GIVEN.get(path, ())
        ended = caretrail(*path.split()[1:], *given, name, value)
        unknown_then = ended.status == 1 and "no episode with that number" in ended.err  # nothing was recorded then
        assert ended.status in (0, 2) or unknown_then, (value, ended.err)
        assert "internal error" not in ended.err
        ended_by.add(ended.status)
    assert 2 in ended_by, "the ends are really tried"
    assert ended_by & {0, 1}, "and so is what lies within"


@pytest.mark.parametrize("name", ["--today", "--count", "--seed"])
def test_the_demo_at_the_ends(caretrail: Caretrail, name: str) -> None:
    for value in {"--today": DAYS[:2], "--count": ("0", str(10**12)), "--seed": ("-1", "9" * 5000)}[name]:
        assert caretrail("demo", name, value).status == 2


@pytest.mark.parametrize("event", ["session_attended", "plan_signed"])
@pytest.mark.parametrize("option", ["--occurred-on=0001-01-01", "--occurred-on=9999-12-31", f"--minutes={'9' * 30}"])
def test_extremes_in_an_event_are_refused(caretrail: Caretrail, example: str, event: str, option: str) -> None:
    caretrail("append", input=example)
    if event == "plan_signed" and "minutes" in option:
        option = f"--plan-version={'9' * 30}"
    ended = caretrail("record", event, "LNK-2026-0001", option, CARETRAIL_ACTOR="c-ortiz,clinician,LADC")
    assert ended.status in (1, 2)
