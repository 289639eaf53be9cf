"""No value of an event leaves by an error: canaries in every field, every command, every fault, and a search for them.

Answers on stdout show events, to those who asked for them. What is searched is everything else: stderr, the outcome of
refused lines, and the log of the database server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

import click
import pytest

from caretrail.cli.main import cli
from caretrail.errors import Refused
from caretrail.events import parse_event
from caretrail.log import new_salt, open_recorder
from caretrail.log.records import PendingAccess
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import lock_held, run_sql, taking_no_accesses

CANARY = "CaNaRy"
EPISODE = "LNK-2026-0001"
KEPT = {"type", "episode", "policy", "zone", "occurred_on"}
"""Fields whose canary would make another kind of event, or an episode nobody judges; bad input plants in them, too."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "append": ("append", "{file}"),
    "audit checkpoint": ("audit", "checkpoint", "--key", "{folder}/key", "--state", "{folder}/state", "--first"),
    "audit key": ("audit", "key", "--out", "{folder}/key"),
    "audit prove": ("audit", "prove", "{file}"),
    "audit timestamp": ("audit", "timestamp", "{file}", "--query", "{folder}/query"),
    "audit cosign": ("audit", "cosign", "{file}", "--key", "{folder}/witness", "--log", "{folder}/key.pub"),
    "audit packet": (
        "audit",
        "packet",
        EPISODE,
        "--out",
        "{folder}/packet.zip",
        "--key",
        "{folder}/key",
        "--state",
        "{folder}/packets",
        "--first",
        "--recipient",
        "State",
        "--purpose",
        "claims",
        "--basis",
        "audit",
    ),
    "audit inspect": ("audit", "inspect", "{folder}/packet.zip"),
    "audit verify": ("audit", "verify", "--receipts", "{file}"),
    "audit access": ("audit", "access", EPISODE),
    "audit archive": (
        "audit",
        "archive",
        "--before",
        "2026-01-01",
        "--to",
        "{folder}",
        "--checkpoints",
        "{folder}",
        "--key",
        "{folder}/key.pub",
        "--actor",
        "it-1,operator",
    ),
    "audit disclose": (
        "audit",
        "disclose",
        EPISODE,
        "--recipient",
        CANARY,
        "--purpose",
        CANARY,
        "--basis",
        "audit",
        "--what",
        CANARY,
    ),
    "audit amendments": ("audit", "amendments", "--list"),
    "audit diff": ("audit", "diff", "--from", "@3", "--as-of", "2026-03-24", "--all"),
    "audit replay": ("audit", "replay", EPISODE),
    "audit reviews": ("audit", "reviews", "--list"),
    "census": ("census",),
    "clock": ("clock",),
    "clock confirm": ("clock", "confirm", "--yes", "--actor", "it-1,operator"),
    "completion": ("completion", "bash"),
    "copy": ("copy", "--to", "{folder}/copied.db"),
    "demo": ("demo", "--help"),
    "doctor": ("doctor", "--full"),
    "eligibility": ("eligibility", EPISODE),
    "findings": ("findings", "--as-of", "2026-03-11"),
    "init": ("init",),
    "log": ("log",),
    "merge": ("merge", "cl-7f3a", "cl-9", "--yes", "--reason", CANARY, "--actor", "c-ortiz,clinician"),
    "projection catch-up": ("projection", "catch-up"),
    "projection check": ("projection", "check"),
    "projection quarantine": ("projection", "quarantine"),
    "projection quarantine retry": ("projection", "quarantine", "retry", EPISODE),
    "projection quarantine void": (
        "projection",
        "quarantine",
        "void",
        "@7",
        "--reason",
        "unreadable",
        "--actor",
        "it-1,operator",
    ),
    "projection rebuild": ("projection", "rebuild"),
    "projection status": ("projection", "status"),
    "projection tiles": ("projection", "tiles"),
    "projection run": ("projection", "run", "--help"),
    "upgrade": ("upgrade",),
    "record": ("record", "addendum", EPISODE, "--occurred-on", "2026-03-01", "--target", "1", "--text", CANARY),
    "rules": ("rules",),
    "schema": ("schema",),
    "simulate": ("simulate", "--episodes", "3"),
    "show": ("show", EPISODE, "--as-of", "2026-03-11", "--break-glass", CANARY, "--purpose", "audit"),
    "timeline": ("timeline", EPISODE),
    "why": ("why", EPISODE, "R1", "--as-of", "2026-03-11"),
    "worklist": ("worklist", "--as-of", "2026-03-11"),
}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command that does something, by its words."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            child = command.get_command(click.Context(command), name)
            assert child is not None
            yield from leaves(child, (*path, name))
        if command.invoke_without_command and path:
            yield " ".join(path)
    else:
        yield " ".join(path)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the texts of an event are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, part in cast("dict[str, Any]", value).items():
            yield from places(part, (*path, key))
    elif isinstance(value, list):
        for place, part in enumerate(cast("list[object]", value)):
            yield from places(part, (*path, place))


def planted(event: dict[str, Any], path: tuple[str | int, ...], text: str) -> dict[str, Any]:
    """The event with another text in one place."""
    copy: dict[str, Any] = json.loads(json.dumps(event))
    part: Any = copy
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = text
    return copy


def text_at(event: Any, path: tuple[str | int, ...]) -> str:
    for key in path:
        event = event[key]
    return str(event)


def events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in EXAMPLE.read_text().splitlines()]


def with_canaries() -> str:
    """The example with a canary in every text that takes one."""
    lines: list[str] = []
    for event in events():
        full = event | {"source": "ehr", "late_reason": "machine was down"}
        for path in places(full):
            changed = planted(full, path, text_at(full, path) + CANARY)
            if path[0] not in KEPT:
                with suppress(Refused):
                    parse_event(json.dumps(changed))
                    full = changed
        lines.append(json.dumps(full))
    return "\n".join(lines) + "\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def planted_store(request: pytest.FixtureRequest, tmp_path: Path) -> Caretrail:
    """A store whose events carry canaries."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    caretrail = Caretrail(request.getfixturevalue(fixture), tmp_path)
    ended = caretrail("append", input=with_canaries())
    assert ended.status == 0, ended.err
    assert CANARY not in ended.out + ended.err
    return caretrail


def damaged_accesses(url: str) -> AbstractContextManager[None]:
    """A fault: accesses whose payload is no access, as an account may write into its own stream."""
    with open_recorder(url) as recorder:
        for text in (b"{", b"\xff", b'{"type": "accessed"}', b"[]"):
            recorder.record_access([PendingAccess(text.replace(b"{", b'{"' + CANARY.encode()), text.hex(), new_salt())])
    return nullcontext()


def _payload(payload: bytes) -> Callable[[str], AbstractContextManager[None]]:
    """A fault: an event in the middle whose stored payload is another, written beside the guards."""

    def damage(url: str) -> AbstractContextManager[None]:
        value = payload.hex()
        if url.startswith("sqlite:"):
            names = [row[0] for row in run_sql(url, "SELECT name FROM sqlite_master WHERE type = 'trigger'")]
            drop = [f'DROP TRIGGER "{name}"' for name in names]
            run_sql(url, *drop, f"UPDATE log SET payload = x'{value}' WHERE position = 7")
        else:
            run_sql(
                url,
                "ALTER TABLE caretrail.log DISABLE TRIGGER ALL",
                f"UPDATE caretrail.log SET payload = '\\x{value}' WHERE position = 7",
            )
        return nullcontext()

    return damage


FAULTS: dict[str, Callable[[str], AbstractContextManager[None]]] = {
    "none": lambda _: nullcontext(),
    "no access can be recorded": taking_no_accesses,
    "accesses are damaged": damaged_accesses,
    "payload is no JSON": _payload(b'{"type": "' + CANARY.encode()),
    "payload is no UTF-8": _payload(b"\xff" + CANARY.encode()),
    "payload is another event": _payload(b'{"type": "plan_reviewed", "episode": "' + CANARY.encode() + b'"}'),
    "payload has a bad date": _payload(b'{"occurred_on": "' + CANARY.encode() + b'"}'),
}


def test_every_command_is_tried() -> None:
    assert set(COMMANDS) == {"record" if name.startswith("record ") else name for name in leaves(cli)}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_no_command_lets_a_value_out_by_an_error(planted_store: Caretrail, tmp_path: Path, fault: str) -> None:
    # events that are taken, some of a day to come that are refused, and lines that are no events
    file = tmp_path / "more.jsonl"
    file.write_text(with_canaries().replace("2026-0", "2027-0", 40) + f'{{"type": "{CANARY}"}}\n{CANARY}\n')
    with FAULTS[fault](planted_store.url):
        for name, words in COMMANDS.items():
            ended = planted_store(
                *(word.format(file=file, folder=tmp_path) for word in words), CARETRAIL_ACTOR="c-1,clinician,LADC"
            )
            assert CANARY not in ended.err, f"{name}: {ended.err}"
            assert ended.status in (0, 1, 2, 4), f"{name}: {ended.err}"
    if planted_store.url.startswith("postgresql:"):
        log = run_sql(planted_store.url, "SELECT pg_read_file('log')")[0][0]
        assert CANARY not in str(log)


@pytest.mark.slow
def test_a_held_lock_lets_nothing_out(sqlite_url: str, tmp_path: Path) -> None:
    caretrail = Caretrail(sqlite_url, tmp_path)
    with lock_held(sqlite_url):
        ended = caretrail("append", input=with_canaries())
    assert ended.status == 4
    assert CANARY not in ended.out + ended.err


@pytest.mark.parametrize("bad", [CANARY + "\x1b[31m\u202e\n", CANARY * 1000, CANARY + "\ud800", CANARY])
def test_bad_text_in_any_field_is_refused_without_repeating_it(caretrail: Caretrail, bad: str) -> None:
    """Given one event of each kind with bad text in one field, for every field, when all are sent in one call."""
    kinds = {event["type"]: event for event in events()}
    changed = [planted(event, path, bad) for event in kinds.values() for path in places(event)]
    if not bad.isidentifier():  # a plain word where a field's name belongs is named, so that a typo can be seen
        changed += [{**event, bad: 1} for event in kinds.values()]
    ended = caretrail("append", input="\n".join(json.dumps(event) for event in changed))
    assert CANARY not in ended.out + ended.err
    assert ended.status == 1
    assert len(ended.err.splitlines()) > len(changed)


def test_the_search_finds_what_an_answer_shows(planted_store: Caretrail) -> None:
    """The control: canaries are in the store, and an answer that shows events shows them."""
    assert CANARY in planted_store("timeline", EPISODE).out
