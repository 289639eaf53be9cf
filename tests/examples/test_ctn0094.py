"""Real input: every row of the CTN-0094 tables becomes an event or is reported, and the store takes the events."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import Refused
from caretrail.events import Event
from caretrail.events.parsing import parse_event
from caretrail.log import init_store, open_recorder
from tests.support.documentation import matches, run, steps

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "ctn0094"
TABLES = ("subjects", "screening", "randomization", "detox", "visits")
BATCH = 500


def convert(folder: Path, *more: str) -> str:
    """Run the example as its README says; what it printed."""
    command = [sys.executable, str(EXAMPLE / "convert.py"), str(EXAMPLE / "data")]
    files = ["--events", str(folder / "events.jsonl"), "--report", str(folder / "report.csv")]
    done = subprocess.run([*command, *files, *more], check=True, capture_output=True, text=True, encoding="utf-8")
    return done.stdout


def reported(folder: Path) -> list[dict[str, str]]:
    with (folder / "report.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ctn0094")
    convert(folder)
    return folder


@pytest.fixture(scope="module")
def events(converted: Path) -> list[Event]:
    lines = (converted / "events.jsonl").read_bytes().splitlines()
    return [parse_event(line) for line in lines]


def append(events: Sequence[Event], store: Path) -> list[Receipt | Refused]:
    """Append in batches, as the command line does."""
    commands = Commands(open_recorder(str(store)), lambda: datetime.now(UTC))
    outcomes: list[Receipt | Refused] = []
    try:
        for first in range(0, len(events), BATCH):
            outcomes += commands.append_each(events[first : first + BATCH], imported=True)
    finally:
        commands.close()
    return outcomes


def test_every_row_is_an_event_or_is_reported_and_none_is_both(converted: Path, events: list[Event]) -> None:
    rows = Counter(
        (table, str(number))
        for table in TABLES
        for number in range(2, len((EXAMPLE / "data" / f"{table}.csv").read_text("utf-8").splitlines()) + 1)
    )
    ends = Counter((row["file"], row["row"]) for row in reported(converted))
    ends.update((table, number) for table, _, number in ((event.command_id or "").partition("/") for event in events))
    assert ends == rows
    assert all(row["reason"] and row["words"] for row in reported(converted))


def test_the_readme_shows_what_is_printed(tmp_path: Path) -> None:
    folder = tmp_path / "ctn0094"
    shutil.copytree(EXAMPLE, folder)
    page = folder / "README.md"
    page.write_text(page.read_text(encoding="utf-8").replace("```shell-session", "```console"), encoding="utf-8")
    commands = steps(page)
    assert len(commands) == 4
    for step in commands:
        printed = run(step, folder)
        assert matches(step.expected, printed), f"$ {step.command}\n{printed}"


def test_converting_twice_gives_the_same_bytes(converted: Path, tmp_path: Path) -> None:
    convert(tmp_path)
    for name in ("events.jsonl", "report.csv"):
        assert (tmp_path / name).read_bytes() == (converted / name).read_bytes()


def test_nothing_is_claimed_that_the_tables_do_not_say(events: list[Event]) -> None:
    assert {event.type for event in events} == {"assessed", "admitted", "care_coordinated", "discharged"}
    for event in events:
        if event.type == "assessed":
            assert (event.dimensions, event.diagnoses, event.recommended_level) == ({}, (), None)
        if event.type == "admitted":
            assert (event.level, event.policy, event.team, event.schedule) == ("OTS", "none", (), None)


def test_the_store_takes_or_refuses_each_event_and_the_refusals_join_the_report(
    converted: Path, events: list[Event], tmp_path: Path
) -> None:
    store = tmp_path / "ctn0094.sqlite"
    init_store(str(store))
    outcomes = append(events, store)
    refusals = {number: outcome for number, outcome in enumerate(outcomes, start=1) if isinstance(outcome, Refused)}
    assert Counter(outcome.code for outcome in refusals.values()) == {"unknown_episode": 118}
    assert len(outcomes) == len(events)

    answers = [{"line": line, "error": refusal.code, "message": refusal.message} for line, refusal in refusals.items()]
    (tmp_path / "receipts.jsonl").write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")
    screen = convert(tmp_path, "--receipts", str(tmp_path / "receipts.jsonl"))
    assert screen.splitlines()[-1] == f"{len(events)} events = {len(events) - 118} recorded + 118 refused"
    joined = reported(tmp_path)[len(reported(converted)) :]
    assert [f"{row['file']}/{row['row']}" for row in joined] == [events[number - 1].command_id for number in refusals]
    assert {row["reason"] for row in joined} == {"refused_unknown_episode"}

    again = append(events, store)
    assert [o for o in again if isinstance(o, Receipt)] == [o for o in outcomes if isinstance(o, Receipt)]
    assert sum(isinstance(outcome, Refused) for outcome in again) == 118
