"""The rule reference says what the pack, the code and the tests say, and every rule has its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.policy import load_pack
from tests.pages.rules_page import NAME, ROOT, SOURCE, asked_for_by, causes_of, function_of, lines_of, rules_page

PACK = load_pack(NAME)


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    assert page == rules_page(), "run: make pages"


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
