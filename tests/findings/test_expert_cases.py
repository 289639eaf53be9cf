"""Hand-made episodes, and what a reviewer wrote down of each on a day before anything was run.

`experts-expected.tsv` names a rule without the prefix of its pack (`ELIG` is eligibility), and the verdicts that are
all right, for the loudest of the day; `none` means nothing but met, not applicable, breached or information.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args
from uuid import UUID

import pytest

from caretrail.episode.episode import Episode
from caretrail.episode.history import Effective, effective_history
from caretrail.errors import Refused
from caretrail.events import EpisodeEvent
from caretrail.events.parsing import parse_event
from caretrail.findings import Verdict
from caretrail.findings.judge import judge
from caretrail.policy import load_pack

DATA = Path(__file__).parent.parent / "data"
PACK = load_pack("ne-medicaid-2.1-adult")
NOW = datetime(2026, 11, 30, tzinfo=UTC)
LOUDNESS: tuple[Verdict, ...] = get_args(Verdict)
MEANT = {"none": {"met", "not_applicable", "breached", "info"}}
REFUSED = {"N03": 7, "N08": 1, "N11": 6, "N13": 6}
"""Events that could not have happened, by episode: refused, and everything else is taken."""


class Expected(NamedTuple):
    """One line of the table."""

    episode: str
    as_of: date
    rule: str
    verdicts: frozenset[str]
    reason: str

    @property
    def name(self) -> str:
        return f"{self.episode}-{self.as_of}-{self.rule}"


class Loaded(NamedTuple):
    """The effective history of an episode, and the numbers of the lines that were refused."""

    history: Sequence[Effective]
    refused: list[int]


def expected() -> list[Expected]:
    with (DATA / "experts-expected.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Expected(
            row["episode"],
            date.fromisoformat(row["as_of"]),
            row["rule"],
            frozenset().union(*(MEANT.get(word, {word}) for word in row["verdicts"].split("|"))),
            row["reason"],
        )
        for row in rows
    ]


@cache
def lines() -> dict[str, list[str]]:
    """The lines of each episode, in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in (DATA / "experts.jsonl").read_text(encoding="utf-8").splitlines():
        found.setdefault(_episode_in(line), []).append(line)
    return found


def _episode_in(line: str) -> str:
    return line.split('"episode": "', 1)[1].split('"', 1)[0]


@cache
def loaded(name: str) -> Loaded:
    """Record the lines of one episode as a historical load would."""
    episode, refused = Episode(UUID(int=1)), list[int]()
    for number, line in enumerate(lines()[name], start=1):
        try:
            event = parse_event(line)
            assert isinstance(event, EpisodeEvent)
            episode.record(event, now=NOW, imported=True)
        except Refused:
            refused.append(number)
    return Loaded(effective_history(episode.entries), refused)


def said(line: Expected) -> str:
    """The loudest verdict of the rule on the day."""
    judgment = judge(loaded(line.episode).history, PACK)
    if line.rule == "ELIG":
        held = [answer for answer in judgment.eligibility if answer.start <= line.as_of < answer.end]
        return held[0].verdict if held else "not_applicable"
    rule = f"NE21-{line.rule}"
    verdicts = {item.verdict for item in judgment.findings if item.rule == rule and item.holds(line.as_of)}
    return min(verdicts, key=LOUDNESS.index, default="not_applicable")


@pytest.mark.parametrize("line", expected(), ids=lambda line: str(line.name))
def test_a_reviewer_would_say_the_same(line: Expected) -> None:
    assert f"NE21-{line.rule}" in PACK.rules or line.rule == "ELIG"
    assert said(line) in line.verdicts, line.reason


@pytest.mark.parametrize("episode", lines())
def test_only_what_could_not_have_happened_is_refused(episode: str) -> None:
    assert loaded(episode).refused == ([REFUSED[episode]] if episode in REFUSED else [])


def test_the_whole_table_is_read() -> None:
    assert (len(expected()), len(lines())) == (71, 60)
    assert all(line.verdicts <= {*LOUDNESS, "eligible", "not_eligible"} for line in expected())
    assert {line.episode for line in expected()} <= lines().keys()
