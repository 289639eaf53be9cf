"""Episodes for tests of the read models: the example, copies of it elsewhere and later, and small ones by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.facts import Fact, fact_from, parse_fact
from caretrail.projection.tables import create_tables
from caretrail.reading.door import unrecorded
from caretrail.reading.reader import Reader
from caretrail.recording import EventRecorder

EXAMPLE = Path(__file__).parent.parent / "data" / "one-episode.jsonl"
NAME = "LNK-2026-0001"
NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
ORTIZ = {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}
LEE = {"id": "c-lee", "role": "clinician", "credential": "LIMHP"}


def day(text: str) -> date:
    """A day of the example's year, from month and day."""
    return date.fromisoformat(f"2026-{text}")


def example() -> list[Fact]:
    """The example as it stands."""
    return [parse_fact(line) for line in EXAMPLE.read_bytes().splitlines()]


def copy_of_example(name: str, days: int = 0, facts: int = 65) -> list[Fact]:
    """The first facts of the example under another case number and client, some days later."""
    found: list[Fact] = []
    for line in EXAMPLE.read_text().splitlines()[:facts]:
        data = _moved(json.loads(line), days) | {"episode": name}
        data["command_id"] = f"{name}/{data['command_id']}"
        found.append(fact_from(json.loads(json.dumps(data).replace("cl-7f3a", f"cl-{name}"))))
    return found


def _moved(value: Any, days: int) -> Any:
    if isinstance(value, dict):
        return {key: _moved(item, days) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_moved(item, days) for item in cast("list[object]", value)]
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return (date.fromisoformat(value) + timedelta(days=days)).isoformat()
    return value


def fact(type_: str, on: str, episode: str = "E-1", /, **fields: Any) -> Fact:
    """One fact by hand."""
    return fact_from({"type": type_, "episode": episode, "occurred_on": f"2026-{on}", "actor": ORTIZ} | fields)


def assessed(on: str, episode: str = "E-1", **fields: Any) -> Fact:
    """An assessment that meets every rule."""
    dimension = {"rating": "2", "problem": True, "meets_level": True}
    return fact(
        "assessed",
        on,
        episode,
        **{
            "kind": "initial", "client": f"cl-{episode}", "program": "iop", "edition": "asam-3",
            "dimensions": {str(number): dimension for number in range(1, 7)}, "diagnoses": ["F10.20"],
            "dsm": "DSM-5-TR", "mental_health_suspected": False, "co_occurring_screen": "negative",
        } | fields,
    )  # fmt: skip


def admitted(on: str, episode: str = "E-1", **fields: Any) -> Fact:
    """An admission that meets every rule."""
    return fact(
        "admitted",
        on,
        episode,
        **{
            "client": f"cl-{episode}", "program": "iop", "zone": "America/Chicago", "level": "2.1",
            "edition": "asam-3", "route": "direct", "population": "adult", "policy": "ne-medicaid-2.1-adult",
            "expects_progress": True, "team": [ORTIZ], "clinician": "c-ortiz",
        } | fields,
    )  # fmt: skip


def session(on: str, episode: str = "E-1", **fields: Any) -> Fact:
    """An attended group."""
    return fact(
        "session_attended",
        on,
        episode,
        **{"service": "group", "minutes": 180, "group_size": 8, "start": "09:00"} | fields,
    )


def signature(who: str, role: str, on: str) -> dict[str, Any]:
    """A signature given."""
    return {"signer": who, "role": role, "signed_on": f"2026-{on}", "method": "electronic", "meaning": "agreement"}


def plan(on: str, episode: str = "E-1", signers: Sequence[tuple[str, str]] = (), **fields: Any) -> Fact:
    """A plan, by default signed by client and clinician."""
    signing = signers or ((f"cl-{episode}", "client"), ("c-ortiz", "clinician"))
    return fact(
        "plan_signed",
        on,
        episode,
        **{
            "plan_version": 1, "effective_on": f"2026-{on}",
            "sections": {"discharge": True, "relapse_prevention": True, "supports": True},
            "signatures": [signature(who, role, on) for who, role in signing],
        } | fields,
    )  # fmt: skip


def attestation(kind: str, on: str = "01-01", program: str = "iop", **fields: Any) -> Fact:
    """A program states something of itself, by default without an end; `on` may name a year."""
    day_of_it = on if len(on) == 10 else f"2026-{on}"
    return fact_from(
        {
            "type": "program_attested", "program": program, "kind": kind, "occurred_on": day_of_it,
            "actor": {"id": "a-webb", "role": "staff"}, "valid_from": day_of_it,
        } | fields
    )  # fmt: skip


def attested(program: str = "iop") -> list[Fact]:
    """Everything a program must attest, so that only its episodes ask for something."""
    return [attestation(kind, program=program) for kind in ("access_24_7", "licence", "staff_training")]


class Care:
    """A store under test: record facts, then ask."""

    def __init__(self, recorder: EventRecorder, now: datetime = NOW) -> None:
        self.recorder = recorder
        self.now = now
        self.commands = Commands(recorder, lambda: self.now)
        create_tables(recorder.database)

    def record(self, facts: Sequence[Fact], *, imported: bool = True) -> list[Receipt]:
        """Record facts; a refusal fails the test."""
        outcomes = self.commands.append_each(facts, imported=imported)
        receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        assert len(receipts) == len(facts), [o for o in outcomes if not isinstance(o, Receipt)]
        return receipts

    @property
    def reader(self) -> Reader:
        """A reader at this instant."""
        return Reader(self.recorder, self.now, access=unrecorded)

    @property
    def onlooker(self) -> Reader:
        """A reader that writes nothing."""
        return Reader(self.recorder, self.now, access=unrecorded, write=False)
