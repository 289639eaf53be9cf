"""The golden findings leave nothing out: every rule, every cause and every word the rules can say stands in them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TypeGuard

import pytest

from caretrail.findings import Finding, by_pack, deadline, doubt, eligibility, judge, program, versions
from caretrail.findings.chart import review_clock, weeks
from caretrail.policy import Rule
from tests.findings.golden_findings import Case, cases, said
from tests.findings.text_history import PACK
from tests.pages.rules_page import causes_of, function_of

RULES = (
    "admission", "assessment", "authorization", "care", "duties", "groups", "intensity", "plan", "record",
    "referral", "reviews", "services", "signatures", "staff", "stay",
)  # fmt: skip
RULE_MODULES = [import_module(f"caretrail.findings.rules.{name}") for name in RULES]
MODULES = [by_pack, deadline, doubt, eligibility, judge, program, review_clock, versions, weeks, *RULE_MODULES]


@cache
def golden() -> list[Case]:
    """Every case, judged when the first test asks."""
    return [case for _, case, _ in cases()]


@cache
def found() -> list[Finding]:
    return [item for case in golden() for item in case.findings]


@cache
def all_said() -> str:
    return "\n".join(line for case in golden() for line in said(case))


@cache
def rules_of(check: str) -> set[str]:
    """The rules of a check, of every pack: another than Nebraska's may give a cause."""
    packs = [pack for case in golden() if case.policy is not None for pack in case.policy.versions]
    return {rule.id for pack in packs for rule in pack.rules.values() if rule.check == check}


SILENT = {"NE21-C2": "no length of stay is ever flagged: the rule is there to say so"}
"""Rules that have nothing but quiet words to say, and why."""

NEVER_SAID = {
    "not admitted": "it is answered of a day before the admission, and is in no interval",
    "the review of ": "of a review entered late, and a golden history is recorded as it happens",
    " was entered ": "likewise",
    " after it was due": "likewise",
    "if what is in doubt ": "whatever is in doubt is named; the words keep a judgment from stopping if it were not",
    "weeks before were judged": "the finding of those weeks speaks until the next week is judged",
}
"""Words that stand in the code and are in no finding, and why."""


@pytest.mark.parametrize("rule", PACK.judged, ids=lambda rule: str(rule.id))
def test_every_rule_that_is_on_says_something_that_is_not_quiet(rule: Rule) -> None:
    verdicts = {item.verdict for case in golden() for item in case.findings if item.rule == rule.id} - {
        "met",
        "not_applicable",
    }
    assert bool(verdicts) != (rule.id in SILENT)


@pytest.mark.parametrize("rule", PACK.rules.values(), ids=lambda rule: str(rule.id))
def test_every_cause_a_rule_can_give_is_given(rule: Rule) -> None:
    given = {item.cause for item in found() if item.rule in rules_of(rule.check)}
    assert set(causes_of(function_of(rule.check))) - given == set()


def words_of(module: ModuleType) -> Iterator[str]:
    """The pieces of text in the functions of a module that are more than one word."""
    for node in ast.parse(inspect.getsource(module)).body:
        for function in ast.walk(node):
            if isinstance(function, ast.FunctionDef):
                # a text that is a statement by itself documents a function or an attribute: nothing says it
                documents = {part.value for part in ast.walk(function) if isinstance(part, ast.Expr)}
                for part in ast.walk(function):
                    if isinstance(part, ast.Constant) and part not in documents and _are_words(part.value):
                        yield part.value


def _are_words(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and re.search(r"[a-z]{2,}", value) is not None and " " in value.strip()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__).rpartition(".")[2])
def test_every_part_of_text_is_said_somewhere(module: ModuleType) -> None:
    unsaid = {text for text in words_of(module) if text.strip() not in all_said()}
    assert unsaid - set(NEVER_SAID) == set()
