"""Every command explains itself, and starting it is quick."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from caretrail.cli import audit, main
from caretrail.cli.enter.event_command import example
from caretrail.cli.main import cli
from caretrail.cli.terminal.fields import missing
from caretrail.events.catalog import APPENDED, EVENT_TYPES
from tests.pages.cli_page import reference
from tests.pages.events_page import events_page
from tests.support.program import Caretrail

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def every_command(group: click.Group = cli, path: str = "caretrail") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{path} {name}")


ALL = dict(every_command())


@pytest.mark.parametrize("path", ALL)
def test_every_command_has_an_imperative_line_without_full_stop_and_an_example(path: str) -> None:
    first, *rest = (ALL[path].help or "").split("\n")
    assert first
    assert not first.endswith(".")
    assert any(line.strip().startswith("caretrail ") for line in rest)


@pytest.mark.parametrize("path", ALL)
def test_every_option_is_explained(path: str) -> None:
    options = [option for option in ALL[path].params if isinstance(option, click.Option)]
    # what the field of an event means is said by the schema, as far as its name does not
    unexplained = [option.name or "" for option in options if not option.help]
    assert [name for name in unexplained if not name.startswith("field_")] == []


def test_the_list_of_commands_says_what_each_command_says_itself() -> None:
    for path, sections in {"caretrail": main.SECTIONS, "caretrail audit": audit.SECTIONS}.items():
        listed = {name: line for section in sections.values() for name, (_, line) in section.items()}
        assert {name: (ALL[f"{path} {name}"].help or "").split("\n")[0] for name in listed} == listed


def examples(text: str) -> list[str]:
    """The lines of a help screen that are commands to be typed."""
    return [line for line in text.splitlines() if line.strip().startswith(("caretrail ", "export "))]


@pytest.mark.parametrize("path", ["caretrail", *ALL])
def test_an_example_stands_on_a_line_of_its_own(caretrail: Caretrail, path: str) -> None:
    shown = examples(caretrail(*path.split()[1:], "--help").out)
    assert shown
    assert [line for line in shown if not line.startswith("    ") or run_together(line)] == []


def run_together(line: str) -> bool:
    """Whether a second example follows on the line."""
    return " caretrail " in line.strip()


def test_examples_that_run_together_would_be_seen() -> None:
    assert run_together("  caretrail init caretrail append events.jsonl caretrail worklist")


@pytest.mark.parametrize("path", ALL)
def test_help_fits_80_columns(caretrail: Caretrail, path: str) -> None:
    ended = caretrail(*path.split()[1:], "--help")
    assert ended.status == 0
    assert [line for line in ended.out.splitlines() if len(line) > 80 and "caretrail completion" not in line] == []


@pytest.mark.parametrize("name", APPENDED)
def test_the_example_of_an_event_gives_all_that_it_requires(name: str) -> None:
    words = example(EVENT_TYPES[name])
    for field in missing(EVENT_TYPES[name], {}):
        assert field.option in words or field.kind in ("objects", "json", "object")


def test_the_page_of_the_events_is_what_their_schema_says() -> None:
    page = REFERENCE.with_name("events.md").read_text()
    assert page == events_page(), "run: make pages"
    assert all(f"## `{kind}`" in page for kind in EVENT_TYPES)


def test_the_reference_page_is_what_the_commands_say() -> None:
    assert REFERENCE.read_text() == reference(), "run: make pages"


def test_the_version(caretrail: Caretrail) -> None:
    ended = caretrail("--version", CARETRAIL_VERSION="1")
    assert (ended.status, ended.out) == (0, f"caretrail {version('caretrail')}\n")


HEAVY = {"pydantic", "psycopg", "rich", "eventsourcing", "sqlite3"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--help"], HEAVY),
        (["worklist", "--help"], HEAVY),
        (["append", "--help"], HEAVY),
        (["worklist", "--json"], {"psycopg", "rich"}),
        (["worklist"], {"psycopg"}),
    ],
)
def test_nothing_is_imported_that_is_not_needed(caretrail: Caretrail, arguments: list[str], spared: set[str]) -> None:
    caretrail("projection", "catch-up")
    program = (
        "import sys; from caretrail.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=caretrail.environment(),
    )
    assert spared.isdisjoint(done.stderr.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(caretrail: Caretrail, shell: str) -> None:
    ended = caretrail("completion", shell)
    assert ended.status == 0
    assert "_CARETRAIL_COMPLETE" in ended.out


@pytest.mark.slow
def test_a_case_number_is_completed(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example.splitlines()[1])
    words = {"_CARETRAIL_COMPLETE": "bash_complete", "COMP_WORDS": "caretrail show LN", "COMP_CWORD": "2"}
    done = subprocess.run(
        [caretrail.program], capture_output=True, text=True, check=True, env=caretrail.environment() | words
    )
    assert done.stdout == "plain,LNK-2026-0001\n"
