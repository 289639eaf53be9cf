"""The rule reference says what the pack, the code and the tests say, and every rule has its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.policy import load_pack
from tests.pages.rules_page import (
    NAME,
    PAGES,
    ROOT,
    SOURCE,
    asked_for_by,
    causes_of,
    function_of,
    lines_of,
    pages,
    shipped,
)

PACK = load_pack(NAME)


@pytest.mark.parametrize(("page", "text"), pages().items(), ids=lambda value: getattr(value, "name", ""))
def test_the_page_of_each_pack_is_up_to_date(page: Path, text: str) -> None:
    assert page.read_text(encoding="utf-8") == text, "run: make pages"


def test_no_page_is_of_a_pack_that_does_not_ship() -> None:
    assert set(PAGES.glob("rules*.md")) == set(pages())


@pytest.mark.parametrize("rule", [rule for name in shipped() if name != NAME for rule in load_pack(name).rules])
def test_every_rule_of_another_pack_has_a_test_that_names_it(rule: str) -> None:
    assert asked_for_by(rule)


@pytest.mark.parametrize("rule", PACK.rules)
def test_every_rule_has_tests_of_its_own(rule: str) -> None:
    assert len(asked_for_by(rule)) >= 3


@pytest.mark.parametrize("rule", [rule.id for rule in PACK.rules.values() if rule.check != "length_of_stay"])
def test_every_rule_can_give_a_cause_that_is_named(rule: str) -> None:
    assert causes_of(function_of(PACK.rules[rule].check))


def test_every_line_that_is_cited_says_something() -> None:
    text = SOURCE.read_text(encoding="utf-8").splitlines()
    for rule in PACK.rules.values():
        cited = lines_of(rule)
        assert cited or rule.ours or rule.unsourced or rule.off_because, rule.id
        assert all(text[line - 1].strip() for line in (cited[:1] + cited[-1:])), rule.id


def test_every_sentence_of_the_service_definition_from_expectations_on_has_a_rule_or_a_reason() -> None:
    cited = {line for rule in PACK.rules.values() for line in lines_of(rule)}
    headings = {"Length of", "Service", "Staffing", "Desired", "Individual", "Outcome", "Admission", "guidelines"}
    optional = {62, 63}  # "other services could include": nothing is asked
    missing = [
        number
        for number, line in enumerate(SOURCE.read_text(encoding="utf-8").splitlines(), start=1)
        if number >= 28 and line.strip() and line.strip() not in headings and number not in cited | optional
    ]
    assert missing == []


def test_the_page_leads_to_files_that_exist() -> None:
    for rule in PACK.rules:
        for _, file in asked_for_by(rule):
            assert Path(ROOT / file).is_file()
