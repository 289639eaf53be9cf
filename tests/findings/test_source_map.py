"""The page that leads from each sentence of the text to a rule, an event field or the words "nothing to check"."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from caretrail.events.catalog import EVENT_TYPES
from caretrail.policy import load_pack
from tests.pages.rules_page import NAME, PAGES, SOURCE, lines_of

PACK = load_pack(NAME)
TEXT = SOURCE.read_text(encoding="utf-8").splitlines()
ROW = re.compile(r"\| (\d+)(?:-(\d+))? \| ([^|]+) \| ([^|]+) \|")


class Sentence(NamedTuple):
    """One row of the page: the lines of a sentence, and where it leads."""

    first: int
    last: int
    words: str
    leads_to: str

    @property
    def lines(self) -> set[int]:
        """Its lines that hold text."""
        return {number for number in range(self.first, self.last + 1) if TEXT[number - 1].strip()}

    @property
    def rules(self) -> list[str]:
        return re.findall(r"\[(NE21-\w+)\]", self.leads_to)

    @property
    def fields(self) -> list[str]:
        return re.findall(r"`([a-z_]+\.[a-z_]+)`", self.leads_to)


def sentences() -> list[Sentence]:
    page = (PAGES / "source-map.md").read_text(encoding="utf-8")
    return [
        Sentence(int(first), int(last or first), words, leads_to) for first, last, words, leads_to in ROW.findall(page)
    ]


def test_every_line_that_holds_text_is_covered_and_no_other_is_named() -> None:
    covered = {number for sentence in sentences() for number in sentence.lines}
    assert covered == {number for number, line in enumerate(TEXT, start=1) if line.strip()}
    for sentence in sentences():
        assert {sentence.first, sentence.last} <= sentence.lines, sentence.words


def test_sentences_stand_in_their_order_and_share_at_most_the_line_in_which_one_begins() -> None:
    for before, after in zip(sentences(), sentences()[1:], strict=False):
        assert before.first <= after.first, after.words
        assert before.last <= after.first, after.words


@pytest.mark.parametrize("sentence", sentences(), ids=lambda sentence: f"{sentence.first}-{sentence.last}")
def test_every_sentence_leads_to_rules_and_fields_that_exist_or_to_nothing_to_check(sentence: Sentence) -> None:
    assert sentence.rules or sentence.fields or "nothing to check" in sentence.leads_to
    for rule in sentence.rules:
        assert f"[{rule}](rules.md#{rule.lower()})" in sentence.leads_to
        assert sentence.lines <= set(lines_of(PACK.rules[rule])), f"{rule} does not cite these lines"
    for field in sentence.fields:
        kind, _, name = field.partition(".")
        assert name in EVENT_TYPES[kind].model_fields, field


def test_every_rule_that_cites_lines_is_led_to_from_each_of_its_sentences_that_no_other_rule_takes() -> None:
    led_to = {rule for sentence in sentences() for rule in sentence.rules}
    assert led_to == {rule.id for rule in PACK.rules.values() if rule.lines}
    for rule in PACK.rules.values():
        for sentence in sentences():
            if sentence.lines <= set(lines_of(rule)) and not sentence.rules:
                assert "nothing to check" in sentence.leads_to, (rule.id, sentence.words)


def test_the_words_are_ours_and_quote_no_more_than_a_few_of_the_text() -> None:
    text = " ".join(" ".join(TEXT).split()).lower()
    for sentence in sentences():
        words = sentence.words.lower().split()
        for start in range(len(words) - 7):
            assert " ".join(words[start : start + 8]) not in text, sentence.words
