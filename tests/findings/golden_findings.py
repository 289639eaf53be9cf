"""Golden findings: histories with every word the rules say of them, in files a clinician can read and correct.

A file of the folder `golden` holds cases. Each has a title, what is shown of it, its history, and what was said:

    ## A prior assessment that lacks a part
    show: A1 A3

      1  2026-01-02 assessed prior_accepted | {"relevant": false}
      2  2026-01-05 admitted

    NE21-A3 violation, 2026-01-05 on, addendum_required, owner c-ortiz, evidence 1
        prior assessment accepted 2026-01-02 lacks relevant: addendum needed
        = 3 of four parts

Before the history may stand:

    show: A1 eligibility              the rules (or answers) of interest; otherwise all findings
    pack: mn-245g-2018 mn-245g        packs that ship or are of the tests, as versions of one policy; or: none
    change: NE21-R1 {"holds": "pause"}     a rule of the pack read otherwise
    fields: {"closed_days": ["2026-02-16"]}     fields of the pack itself
    cut: 2026-02-01                   two versions of one pack that say the same, the second from that day on
    program: 2026-01-05               not an episode but what a program attested, judged from that day on
    charts: several                   not an episode but group sessions, each line of another chart

Change a case by its history, then have what is said written anew, and read the difference before it is committed:

    python -m tests.findings.golden_findings --write
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.events import event_from
from caretrail.findings import Eligibility, Finding
from caretrail.findings.judge import judge
from caretrail.findings.program import GroupChart, group_findings, program_findings
from caretrail.policy import Pack, Policy, policy_of, read_pack
from caretrail.policy.loader import SHIPPED
from tests.findings.text_history import PACK, history_of

FOLDER = Path(__file__).parent / "golden"
PACKS = Path(__file__).parent.parent / "policy" / "packs"
SETTINGS = ("show", "pack", "change", "fields", "cut", "program", "charts")
EVENT = re.compile(r"\s*(?:\d+\s+)?(\d{4}-\d\d-\d\d\s.*)")


@dataclass(frozen=True)
class Case:
    """One history, by which rules it is judged, and which of them are shown."""

    title: str
    settings: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    events: list[str] = field(default_factory=list[str])

    def of(self, name: str) -> list[str]:
        return [value for known, value in self.settings if known == name]

    @cached_property
    def policy(self) -> Policy | None:
        names = " ".join(self.of("pack")).split()
        if names == ["none"]:
            return None
        packs = [self._read(read_pack(_file(name))) for name in names] or [self._read(PACK)]
        for day in self.of("cut"):
            packs = list(_cut(packs[0], date.fromisoformat(day)))
        return policy_of(packs)

    def _read(self, pack: Pack) -> Pack:
        for change in self.of("change"):
            rule, _, fields = change.partition(" ")
            pack = pack.changed(rule, **json.loads(fields)) if rule in pack.rules else pack
        for fields in self.of("fields"):
            pack = Pack.model_validate({**pack.model_dump(exclude_unset=True), **_with_days(json.loads(fields))})
        return pack

    @cached_property
    def findings(self) -> list[Finding]:
        """What is said of the rules that are shown."""
        if since := self.of("program"):
            assert self.policy is not None
            found = program_findings(effective_history(list(_attested(self.events))), self.policy, _day(since[0]))
        elif self.of("charts"):
            assert self.policy is not None
            found = group_findings(_charts(self.events), self.policy)
        else:
            found = judge(history_of("\n".join(self.events)), self.policy).findings
        shown = " ".join(self.of("show")).split()
        return [item for item in found if not shown or {item.rule, item.rule.partition("-")[2]} & set(shown)]

    @cached_property
    def answers(self) -> list[Eligibility]:
        """What is answered of continued stay, if it is shown."""
        asked = "eligibility" in " ".join(self.of("show")).split()
        return judge(history_of("\n".join(self.events)), self.policy).eligibility if asked else []


def _file(name: str) -> Path:
    """The file of a pack that ships, or of the tests."""
    ships = SHIPPED / f"{name}.toml"
    return ships if ships.exists() else PACKS / f"{name}.toml"


def _charts(lines: Iterable[str]) -> Iterator[GroupChart]:
    """`2026-01-12 g-1 size 8`, or without a size; each line is of another chart."""
    for number, line in enumerate(lines):
        on, name, *size = line.split()
        yield GroupChart(UUID(int=number), _day(on), name, int(size[1]) if size else None)


def _with_days(fields: dict[str, Any]) -> dict[str, Any]:
    """A day is written as text in the files; a pack takes days only."""
    days: dict[str, Any] = {
        name: date.fromisoformat(value) for name, value in fields.items() if name in ("effective_from", "effective_to")
    }
    if "closed_days" in fields:
        days["closed_days"] = [date.fromisoformat(day) for day in fields["closed_days"]]
    return fields | days


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _cut(pack: Pack, day: date) -> Iterator[Pack]:
    yield pack.model_copy(update={"name": "before-the-change", "effective_from": date(2020, 1, 1)})
    changes = {"name": "since-the-change", "effective_from": day, "supersedes": "before-the-change"}
    yield pack.model_copy(update=changes)


def _attested(lines: Iterable[str]) -> Iterator[Entry]:
    """`2025-12-20 attested license 2025-12-15 to 2026-03-31`, or without an end."""
    for number, line in enumerate(lines, start=1):
        day, _, kind, first, *rest = line.split()
        stated = {
            "type": "program_attested", "program": "lincoln-iop", "kind": kind, "occurred_on": day,
            "actor": {"id": "a-webb", "role": "staff"}, "valid_from": first, "valid_to": rest[-1] if rest else None,
        }  # fmt: skip
        yield Entry(number, number, event_from(stated), datetime(2026, 1, 1, tzinfo=UTC), "tests")


# --- in words -----------------------------------------------------------------------------------------------------


def _span(start: date, until: date | None) -> str:
    return f"{start} on" if until is None else f"{start} to before {until}"


def _finding(item: Finding, versions: int) -> Iterator[str]:
    """A finding, whole: what is empty is left out, so that a None in its place shows."""
    parts = [f"{item.rule} {item.verdict}", _span(item.start, item.until)]
    parts += [f"due {item.due_on}"] if item.due_on is not None else []
    parts += [str(item.cause)] if item.cause != "" else []
    parts += [f"owner {item.owner}"] if item.owner is not None else []
    parts += [f"evidence {_numbers(item.evidence)}"] if item.evidence != () else []
    parts += [f"by {item.pack}"] if versions > 1 else []
    parts += ["explained"] if item.explained else []
    parts += ["quiet"] if item.quiet else []
    yield ", ".join(parts)
    if item.subject != "":
        yield f"    [{item.subject}]"
    yield f"    {item.message}"
    if item.arithmetic != "":
        yield f"    = {item.arithmetic}"


def _numbers(evidence: tuple[int, ...]) -> str:
    return " ".join(str(version) for version in evidence)


def _answer(item: Eligibility) -> Iterator[str]:
    parts = [item.verdict, _span(item.start, item.until), f"by {item.basis}"]
    parts += [f"through {item.holds_through}"] if item.holds_through is not None else []
    parts += [f"evidence {_numbers(item.evidence)}"] if item.evidence != () else []
    yield "eligibility " + ", ".join(parts)
    yield from (f"    {reason}" for reason in item.reasons)


def said(case: Case) -> list[str]:
    """What the rules say of a case, one line after another."""
    versions = len(case.policy.versions) if case.policy else 0
    lines = [line for item in case.findings for line in _finding(item, versions)]
    return lines + [line for item in case.answers for line in _answer(item)]


def written(case: Case, lines: Iterable[str]) -> str:
    """A case as it stands in its file."""
    settings = [f"{name}: {value}" for name, value in case.settings]
    history = [f"{number:3}  {event}" for number, event in enumerate(case.events, start=1)]
    return "\n".join([f"## {case.title}", *settings, "", *history, "", *lines]) + "\n"


# --- files --------------------------------------------------------------------------------------------------------


def read(path: Path) -> tuple[str, list[tuple[Case, str]]]:
    """What a file begins with, and its cases, each with the text that stands there."""
    begin, *blocks = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return begin, [(_case(block), block.rstrip("\n") + "\n") for block in blocks]


def _case(block: str) -> Case:
    lines = block.splitlines()
    case = Case(lines[0].removeprefix("## "))
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        if name in SETTINGS:
            case.settings.append((name, value))
        elif match := EVENT.fullmatch(line):
            case.events.append(match[1])
    return case


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.txt"))


def cases() -> list[tuple[Path, Case, str]]:
    """Every case of every file, with the text that stands there."""
    return [(path, case, text) for path in files() for case, text in read(path)[1]]


def main(words: list[str]) -> None:
    """Write what is said anew."""
    if words != ["--write"]:
        raise SystemExit("usage: python -m tests.findings.golden_findings --write")
    for path in files():
        begin, found = read(path)
        texts = [written(case, said(case)) for case, _ in found]
        path.write_text(begin + "\n".join(texts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
