"""One word for one thing: no name in the program is one of those that were given up, and no text is spelled British."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeGuard, cast

import click
import pytest

from caretrail.cli.main import cli, main

ROOT = Path(__file__).parent.parent
SOURCE_ROOTS = ("domain", "projections", "cli", "tests")
MODULES = sorted(path for root in SOURCE_ROOTS for path in (ROOT / root).rglob("*.py"))

GIVEN_UP = re.compile(
    r"facts?|looks?|doors?|asking|flags?|pieces?|hits?|shelf|shelves|sealing|likeness(es)?|outbox(es)?|settles?|settling"
    r"|sheds?|carriers?|governed|generations?"
)
"""Words that were given up; `Say` too, but as a class only, and `settled` is a word of the standing."""


def _any(listed: str) -> str:
    return "|".join(listed.split())


ENDS_IN_ISE = """
    anonym apolog author canonic capital categor central character critic crystal custom digit econom emphas equal
    external familiar final formal general global hospital hypothes ideal individual initial internal item jeopard legal
    local material maxim memor minim mobil modern national natural neutral normal optim organ parameter parametr penal
    priorit random rational real recogn sanit sensit serial special stabil standard steril stigmat subsid summar symbol
    synchron synthes token traumat union util visual
"""
ENDS_IN_OUR = """
    armour behaviour candour clamour colour endeavour favour flavour glamour harbour honour humour labour neighbour
    odour parlour rigour rumour saviour savour splendour tumour vapour vigour
"""
DOUBLES_ITS_L = "cancell channell counsell initiall labell levell marvell modell signall totall travell tunnell"
OTHERS = r"""
    (?:anal|catal|paral)ys(?:e[sd]?|ing|er|ers) (?:calib|cent|fib|lit|met|theat|spect)re[sd]? (?:un)?licenc\w+
    (?:defence|offence|pretence|catalogue|analogue|grey|judgement|acknowledgement|fulfilment|enrolment|instalment)\w*
    practis(?:e[sd]?|ing) programmes? cheques? fulfils? enrols? (?:skilful|wilful|artefact|sceptic|mould|plough)\w*
    ageing aluminium amongst burnt cosy dreamt enquir\w+ gaol\w* kerb\w* leant learnt speciality spelt tyres? whilst
    an?aesthe\w+ diarrhoea encyclopaed\w+ foet(?:us|al)\w* haem\w+ manoeuvr\w+ oedema oestr\w+ orthopaed\w+ paediatr\w+
"""
BRITISH = re.compile(
    rf"(?:{_any(ENDS_IN_ISE)})is(?:e[sdr]?|ers?|ing|ations?|able)(?![a-z])|(?:{_any(ENDS_IN_OUR)})"
    rf"|(?<![a-z])(?:(?:{_any(DOUBLES_ITS_L)})(?:ed|ing|ers?)|{_any(OTHERS)})(?![a-z])"
)
LEFT_AS_IT_IS = ("LICENSE", "docs/reference/sources/", "docs/examples/ctn0094/data/", "tests/test_vocabulary.py")
"""Texts of others, which nobody may respell, and the list above."""
OF_LIBRARIES = ("record_trampoline_hit",)
"""Names that others gave to what we replace."""


def words(name: str) -> list[str]:
    """The words of a name, split at underscores, hyphens, dots and capitals; case is kept."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)


def given_up(names: Iterable[str]) -> list[str]:
    """The names that have a word of the old vocabulary in them."""
    return sorted(
        {
            name
            for name in names
            if name not in OF_LIBRARIES
            and any(word == "Say" or GIVEN_UP.fullmatch(word.lower()) for word in words(name))
        }
    )


def defined(tree: ast.AST) -> Iterator[str]:
    """Every name a module gives: definitions, arguments, targets, other names of imports, keys of dicts."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.alias(asname=str(name)):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.Dict():
                yield from filter(is_name, (key.value for key in node.keys if isinstance(key, ast.Constant)))
            case ast.Subscript(slice=ast.Constant(value=str(key))) if is_name(key):
                yield key
            case _:
                pass


def is_name(key: object) -> TypeGuard[str]:
    """Whether a key of a dict may be one of JSON, and not a text of people."""
    return isinstance(key, str) and key.isidentifier()


def sql_names(script: str) -> set[str]:
    """The words of a script of SQL that are neither in a comment nor in a text."""
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", " ", script, flags=re.DOTALL)))


def keys(schema: object) -> Iterator[str]:
    """Every key and every name of a definition in a JSON Schema."""
    if isinstance(schema, dict):
        for part, value in cast("dict[str, object]", schema).items():
            if part in ("properties", "$defs"):
                yield from cast("dict[str, object]", value)
            yield from keys(value)
    elif isinstance(schema, list):
        for value in cast("list[object]", schema):
            yield from keys(value)


def command_names(group: click.Command, context: click.Context) -> Iterator[str]:
    """The name of every command and option below a group."""
    for parameter in group.params:
        yield from (parameter.name or "", *parameter.opts)
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield name
            yield from command_names(command, click.Context(command, parent=context, info_name=name))


def tracked() -> list[Path]:
    """The files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if not listed.stdout:
        pytest.skip("not a git checkout: nothing to list")
    return [path for name in listed.stdout.split("\0")[:-1] if (path := ROOT / name).is_file()]


def test_no_name_of_the_code_was_given_up() -> None:
    assert len(MODULES) > 150
    modules = [path for path in MODULES if path != Path(__file__)]
    found = {str(path.relative_to(ROOT)): given_up(defined(ast.parse(path.read_text()))) for path in modules}
    assert not {path: names for path, names in found.items() if names}


def test_no_file_is_called_so() -> None:
    assert not given_up(str(path.relative_to(ROOT)) for path in tracked())


def test_no_table_column_or_function_of_the_stores_is_called_so() -> None:
    scripts = sorted(path for root in SOURCE_ROOTS for path in (ROOT / root).rglob("*.sql"))
    assert len(scripts) > 10
    found = {str(path.relative_to(ROOT)): given_up(sql_names(path.read_text())) for path in scripts}
    assert not {path: names for path, names in found.items() if names}


def test_no_key_of_an_event_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    names = set(keys(json.loads(capsys.readouterr().out)))
    assert "occurred_on" in names
    assert not given_up(names)


def test_no_command_and_no_option_is_called_so() -> None:
    names = set(command_names(cli, click.Context(cli)))
    assert {"worklist", "--json"} <= names
    assert not given_up(names)


def british(text: str) -> list[str]:
    """The words of a text that are spelled British, or what tells them; each once."""
    return sorted(set(BRITISH.findall(text.lower())))


def test_nothing_is_spelled_british() -> None:
    found: dict[str, list[str]] = {}
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if not name.startswith(LEFT_AS_IT_IS):
            found[name] = british(f"{name}\n{path.read_text(errors='replace')}")
    assert not {name: spelled for name, spelled in found.items() if spelled}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def read_fact(self, looks): ...", ["looks", "read_fact"]),
        ("class FactBase:\n    shed: int = 1", ["FactBase", "shed"]),
        ("class Say: ...\ndef say(): ...", ["Say"]),
        ("self.is_flagless = self.pieces = other.door", ["pieces"]),
        ("import x as outbox\nfor hit in found: ...", ["hit", "outbox"]),
        ('row = {"facts": 1}\nrow["carrier"]', ["carrier", "facts"]),
        ("@click.option('--all', is_flag=True)\ndef artifact(lookup, manufacturer): ...", []),
        ("try: ...\nexcept OSError as shelf: ...", ["shelf"]),
    ],
)
def test_a_name_given_up_is_seen(source: str, found: list[str]) -> None:
    assert given_up(defined(ast.parse(source))) == found


def test_names_in_sql_json_and_commands_are_seen() -> None:
    script = "CREATE TABLE looks (a text DEFAULT 'fact', b_flag int) -- a door"
    assert given_up(sql_names(script)) == ["b_flag", "looks"]
    schema = '{"$defs": {"Fact": {"properties": {"settle": {"anyOf": [{"properties": {"hit": {}, "why": {}}}]}}}}}'
    assert given_up(keys(json.loads(schema))) == ["Fact", "hit", "settle"]

    @click.group()
    @click.option("--pieces")
    def tool(pieces: str) -> None: ...

    @tool.command("look-at")
    def command() -> None: ...

    assert given_up(command_names(tool, click.Context(tool))) == ["--pieces", "look-at", "pieces"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The colour of precipitating_condition_stabilised", ["colour", "stabilised"]),
        ("LICENCES, a judgement; recognisable, catalogued", ["catalogued", "judgement", "licences", "recognisable"]),
        ("color license judgment promise otherwise revise exercise analysis practice size catalog", []),
        ("stabilized initialized recognizes canceled controlled four hour tour program parameter", []),
    ],
)
def test_british_words_are_seen_and_american_ones_are_not(text: str, found: list[str]) -> None:
    assert british(text) == found
