"""Every screen keeps every row at every width, and a width nobody can read counts as 80."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.support.program import Caretrail

pytestmark = pytest.mark.slow  # seconds in all: left to make test

ON = ("--as-of", "2026-03-09")
SCREENS: dict[str, tuple[str, ...]] = {
    "worklist": ("worklist", *ON, "--all"),
    "findings": ("findings", "--from", "2026-01-01", "--to", "2026-05-05", "--closed", "--all"),
    "show": ("show", "LNK", *ON),
    "timeline": ("timeline", "LNK"),
    "eligibility": ("eligibility", "LNK", *ON),
    "why": ("why", "LNK", "R1", *ON),
    "census": ("census", *ON),
    "rules": ("rules", "ne-medicaid-2.1-adult"),
    "packs": ("rules",),
    "reviews": ("audit", "reviews", "--list"),
    "amendments": ("audit", "amendments", "--list"),
    "diff": ("audit", "diff", "--from", "@54", "--as-of", "2026-03-24"),
}
WIDTHS = (0, 1, 20, 40, 60, 80, 120, 200)
TITLES = re.compile(r" *[A-Z]\w+(  +[A-Z][\w, ]*){2,}$|(Rule|Reading)  +(Says|Question)")
OF_THE_LOG = re.compile("Current|Standing|As known|and then")
NONE_OF_OURS = ["", "wide", "²", "-7", "8.5"]


@pytest.fixture
def seen(caretrail: Caretrail, example: str) -> Caretrail:
    caretrail("append", input=example)
    caretrail("worklist", *ON)
    return caretrail


@pytest.mark.parametrize("name", SCREENS)
def test_no_width_loses_anything(seen: Caretrail, name: str) -> None:
    """Compared letter by letter: words may be broken over lines, and columns become blocks."""
    widest = letters(seen(*SCREENS[name], COLUMNS="200").out)
    assert widest.total() > 60
    for width in WIDTHS:
        ended = seen(*SCREENS[name], COLUMNS=str(width))
        assert ended.status == 0
        assert widest - letters(ended.out) == Counter(), width


def letters(screen: str) -> Counter[str]:
    """How often each letter is on a screen, but for its titles, and for the last lines, which tell of the log."""
    body = [line for line in screen.splitlines() if not (TITLES.match(line) or OF_THE_LOG.match(line))]
    return Counter("".join(body).replace(" ", ""))


def test_a_row_that_is_lost_would_be_seen(seen: Caretrail) -> None:
    out = seen(*SCREENS["timeline"]).out
    assert letters(out) - letters(out.replace("LNK-2026-0001", "", 1)) == letters("LNK-2026-0001")


@pytest.mark.parametrize("name", SCREENS)
def test_no_line_is_longer_than_the_screen(seen: Caretrail, name: str) -> None:
    for width in (80, 120):
        lines = seen(*SCREENS[name], COLUMNS=str(width)).out.splitlines()
        assert [line for line in lines if len(line) > width] == []


@pytest.mark.parametrize("columns", ["0", "1", "20", *NONE_OF_OURS])
def test_a_width_that_is_none_is_80(seen: Caretrail, columns: str) -> None:
    for name in ("worklist", "timeline"):
        theirs, usual = (seen(*SCREENS[name], COLUMNS=width).out.splitlines() for width in (columns, "80"))
        assert theirs[:-2] == usual[:-2], "all but what tells of the log"


def test_rows_become_blocks_where_columns_do_not_fit(seen: Caretrail) -> None:
    out = seen("worklist", *ON, COLUMNS="40").out
    assert "Episode  LNK-2026-0001\nRule     NE21-R1\n" in out
    assert max(map(len, out.splitlines()[3:8])) <= 40
