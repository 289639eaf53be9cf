"""The rule reference, written from the packs that ship, the rules' code and the tests: a page for each pack.

`make pages` writes `docs/reference/rules.md` for Nebraska and `docs/reference/rules-PACK.md` for the others; a test
compares. From the code they take the first words of each rule's function and the causes it can give; from the tests the
names of those that ask for the rule.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import caretrail.findings.rules as _  # noqa: F401  # registers the function of each rule
from caretrail.findings import program
from caretrail.findings.case import JUDGES
from caretrail.findings.finding import unknown, violation
from caretrail.policy import Pack, Rule, load_pack
from caretrail.policy.loader import SHIPPED
from caretrail.policy.rules import KINDS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs" / "reference" / "sources" / "ne-iop-2.1-adult.txt"
NAME = "ne-medicaid-2.1-adult"
FIXED = frozenset(Rule.model_fields)
TOKEN = re.compile(r"[a-z]+(_[a-z0-9]+)*")

PAGES = ROOT / "docs" / "reference"
PREFIX = "NE21"

HEADING = """# The rules, from the sentence to the finding

Generated from the policy pack, the rules' code and the tests by `make pages`; a test compares. Line numbers are those
of the [text of the regulation](sources/ne-iop-2.1-adult.txt). `caretrail rules ne-medicaid-2.1-adult` prints the pack,
`caretrail why EPISODE RULE` shows how a rule was applied.

## From the text to the rule

Each line of the service definition, and the rules that rest on it. The [map of the sentences](source-map.md) says the
same in our words, with the fields of events and what needs no check.

| line | text | rules |
|---:|---|---|
"""


def rules_page() -> str:
    """The whole page as Markdown."""
    pack = load_pack(NAME)
    parts = [HEADING, *_text_table(pack), "\n## Rule by rule\n"]
    for rule in pack.rules.values():
        parts += ["\n", *_rule(pack, rule)]
    return "".join(parts)


PACK_HEADING = """# {title}

Generated from the policy pack `{name}`, the rules' code and the tests by `make pages`; a test compares. How the pages
are read stands in the [rules of Nebraska](rules.md). `caretrail rules {name}` prints the pack.

- For: {payer}, {jurisdiction}; level {levels} of {edition}
- Source: {document} ({url}){copied}
- In force from {effective_from}

The words are ours. No legal advice: compare each rule with the text in force before you use the pack.
"""


def pack_page(name: str) -> str:
    """The whole page of a pack whose text does not stand in the repository."""
    pack = load_pack(name)
    said = {**pack.model_dump(), "levels": ", ".join(pack.levels)}
    copied = f", copy of {pack.copied_on}" if pack.copied_on else ""
    parts = [PACK_HEADING.format(**said, copied=copied), "\n## Left out\n\n"]
    parts += [f"- {left}\n" for left in pack.leaves_out]
    parts += ["\n## From the section to the rule\n\n| section | rules |\n|---|---|\n"]
    by_section: dict[str, list[str]] = {}
    for rule in pack.rules.values():
        by_section.setdefault(rule.section or "ours", []).append(f"[{rule.id}](#{rule.id.lower()})")
    parts += [f"| {section} | {', '.join(rules)} |\n" for section, rules in sorted(by_section.items())]
    parts += ["\n## Rule by rule\n"]
    for rule in pack.rules.values():
        parts += ["\n", *_rule(pack, rule)]
    return "".join(parts)


def pages() -> dict[Path, str]:
    """Every page by its file."""
    others = {PAGES / f"rules-{name}.md": pack_page(name) for name in shipped() if name != NAME}
    return {PAGES / "rules.md": rules_page(), **others}


def shipped() -> list[str]:
    """Names of the packs that ship, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def _text_table(pack: Pack) -> Iterator[str]:
    by_line: dict[int, list[str]] = {}
    for rule in pack.rules.values():
        for line in lines_of(rule):
            by_line.setdefault(line, []).append(rule.id)
    for number, text in enumerate(SOURCE.read_text(encoding="utf-8").splitlines(), start=1):
        words = text.replace("\uf0b7", "•").strip()
        if words:
            links = ", ".join(f"[{rule}](#{rule.lower()})" for rule in by_line.get(number, ()))
            yield f"| {number} | {words.replace('|', '/')} | {links} |\n"


def lines_of(rule: Rule) -> list[int]:
    """The lines of the document a rule cites."""
    found: list[int] = []
    for part in (rule.lines or "").split(", "):
        if part:
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    return found


def _rule(pack: Pack, rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n\n"
    off = "" if rule.on else f" **Switched off**: {rule.off_because or rule.unsourced}."
    yield f"**{rule.title}** ({rule.strength}).{off}\n\n{rule.text}\n\n"
    address = f" ({rule.url})" if rule.url else ""
    copied = f", copy of {rule.copied_on}" if rule.copied_on else ""
    yield f"- Source: {rule.citation}{address}{copied}\n"
    stated = _fields(rule)
    if stated:
        yield f"- In the pack: {'; '.join(stated)}\n"
    function = function_of(rule.check)
    doc = " ".join((function.__doc__ or "").split("\n\n")[0].split())
    path = Path(inspect.getsourcefile(function) or "").relative_to(ROOT)
    yield f"- Judged by `{rule.check}` ([{path.name}](../../{path.as_posix()})): {doc}\n"
    causes = causes_of(function)
    if causes:
        yield f"- Findings by cause: {', '.join(f'`{cause}`' for cause in causes)}\n"
    for reading in pack.readings_of(rule.id).values():
        others = ", or ".join(f"`{other}`" for other in reading.alternatives)
        yield f"- Reading: {reading.question} `{reading.value}`" + (f"; it could be {others}" if others else "") + "\n"
    tests = asked_for_by(rule.id)
    yield f"- Tests ({len(tests)}):\n" if tests else "- Tests: none\n"
    for name, file in tests:
        yield f"  - [{name.removeprefix('test_').replace('_', ' ')}](../../{file})\n"


def _fields(rule: Rule) -> list[str]:
    found: list[str] = []
    for name, value in rule:
        if name not in FIXED and value is not None:
            found.append(f"{name.replace('_', ' ')} {_words(value)}")
    return found


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_words(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    if hasattr(value, "unit"):
        soon = f", announced {value.soon} before" if value.soon else ""
        return f"{value.count} × {value.unit.replace('_', ' ')}{soon}"
    return f"`{value}`"


def function_of(check: str) -> Any:
    """The function that judges a check."""
    others = {"program_attested": program.program_findings, "group_counted": program.group_findings}
    return others.get(check) or inspect.unwrap(JUDGES[KINDS[check]])


# --- causes, from the code ----------------------------------------------------------------------------------------


def causes_of(function: Any) -> list[str]:
    """The causes a rule can give: read from its function and what it calls in its module."""
    module = _module(Path(inspect.getsourcefile(function) or ""))
    places = _cause_places(function, module)
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    seen: set[str] = set()
    todo = [function.__name__]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Name):
                todo.append(node.id)
            found.update(_causes(node, places))
    return sorted(found)


@cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _cause_places(function: Any, module: ast.Module) -> dict[str, int]:
    """Which argument is the cause, for each name a module calls that takes one: its functions and named tuples."""
    takes = {
        node.name: tuple(arg.arg for arg in node.args.args)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
    }
    takes |= {name: kind._fields for name, kind in function.__globals__.items() if hasattr(kind, "_fields")}
    takes |= {shape.__name__: tuple(inspect.signature(shape).parameters) for shape in (unknown, violation)}
    return {name: names.index("cause") for name, names in takes.items() if "cause" in names}


def _causes(node: ast.AST, places: dict[str, int]) -> Iterator[str]:
    """Strings that stand where a cause stands: in a call that takes one, or assigned to a name that says so."""
    if isinstance(node, ast.Call):
        values: list[ast.expr] = [key.value for key in node.keywords if key.arg == "cause"]
        place = places.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if place is not None:
            values += node.args[place : place + 1]
        for value in values:
            yield from _strings(value)
    if isinstance(node, ast.Assign):
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and name.id == "cause":
                    yield from _strings(value)


def _strings(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TOKEN.fullmatch(node.value):
            yield node.value


# --- tests, from their names --------------------------------------------------------------------------------------


def asked_for_by(rule: str) -> list[tuple[str, str]]:
    """The tests that ask for a rule: those whose text names it, or its number alone if it is one of Nebraska's."""
    return sorted(_tests_by_rule().get(rule.removeprefix(f"{PREFIX}-"), ()))


@cache
def _tests_by_rule() -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for folder in ("findings", "policy"):
        for path in sorted((ROOT / "tests" / folder).glob("test_*.py")):
            body = _module(path).body
            helpers = {name: node for node in body for name in _defines(node)}
            for node in body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    for rule in _named(node, helpers, {node.name}):
                        found.setdefault(rule, set()).add((node.name, path.relative_to(ROOT).as_posix()))
    return found


def _defines(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("test_"):
        yield node.name
    if isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _named(test: ast.stmt, helpers: dict[str, ast.stmt], seen: set[str]) -> set[str]:
    """The rules a test names, itself or in a helper or a constant of its module that it uses."""
    named: set[str] = set()
    for node in ast.walk(test):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = re.findall(r"(?<![A-Za-z0-9-])((?:[A-Z]{2}[0-9]{2}-)?[A-Z][0-9]{1,2})(?![A-Za-z0-9.])", node.value)
            named.update(rule.removeprefix(f"{PREFIX}-") for rule in found)
        if isinstance(node, ast.Name) and node.id in helpers and node.id not in seen:
            seen.add(node.id)
            named |= _named(helpers[node.id], helpers, seen)
    return named


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: python -m tests.pages.rules_page --write")
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
