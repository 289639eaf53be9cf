"""A policy pack is data with citations; one that cannot be honoured is refused, naming the file and the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.policy import citation, installed_packs, load_pack, read_pack
from caretrail.policy.shelf import SHIPPED

NAME = "ne-medicaid-2.1-adult"
TEXT = (SHIPPED / f"{NAME}.toml").read_text(encoding="utf-8")
RULES = "A1 A2 A3 A4 A5 A6 B1 B2 B3 B4 P1 P2 P3 R1 R2 R3 I1 I2 I3 I4 I5 M1 C1 C2 D1 D2 S1 S2 S3 S4 U1 X1 X2".split()


def test_the_nebraska_pack_is_installed_with_all_its_rules() -> None:
    assert NAME in installed_packs()
    assert list(load_pack(NAME).rules) == [f"NE21-{rule}" for rule in RULES]
    assert [name for name, rule in load_pack(NAME).rules.items() if not rule.on] == ["NE21-U1", "NE21-X1", "NE21-X2"]


def test_every_rule_cites_the_document_and_lines_that_exist_in_it() -> None:
    pack = load_pack(NAME)
    for rule in pack.rules.values():
        text = citation(pack, rule.id)
        assert text.startswith("Nebraska DHHS, Intensive Outpatient")
        numbers = [int(number) for number in re.findall(r"[0-9]+", text.rpartition("lines ")[2])]
        assert numbers
        assert max(numbers) <= 186, rule.id
    assert citation(pack, "NE21-R1").endswith("Service expectations, lines 52-55")


def test_the_numbers_are_those_of_the_text() -> None:
    numbers = load_pack(NAME).numbers
    assert (numbers.review_days, numbers.min_minutes_per_week) == (30, 540)
    assert (numbers.min_days_per_week, numbers.max_days_per_week, numbers.group_min, numbers.group_max) == (3, 5, 3, 12)
    assert (numbers.notice_days, numbers.due_soon_days, numbers.week_start) == (7, 7, "sunday")


def test_the_plan_is_advice_and_the_review_a_duty() -> None:
    rules = load_pack(NAME).rules
    assert rules["NE21-P1"].strength == "should"
    assert rules["NE21-R1"].strength == "must"


def test_every_open_question_keeps_its_answer_and_its_alternatives() -> None:
    readings = load_pack(NAME).readings
    assert len(readings) == 20
    for name, reading in readings.items():
        assert reading.question.endswith("?"), name
        assert reading.value not in reading.alternatives, name


def test_a_pack_that_is_not_installed_is_unknown_and_the_hint_lists_those_that_are() -> None:
    with pytest.raises(PackUnknown, match=r"policy pack no-such-pack is not installed") as caught:
        load_pack("no-such-pack")
    assert NAME in caught.value.hint


def test_a_name_cannot_lead_out_of_the_folder_of_packs() -> None:
    with pytest.raises(PackUnknown):
        load_pack("../packs/ne-medicaid-2.1-adult")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('strength = "should"', 'strength = "may"', r"rules\.NE21-B2\.strength"),
        ('lines = "52-55"', 'lines = "somewhere"', r"rules\.NE21-R1\.lines"),
        ('lines = "28-29"\n', "", r"rules\.NE21-A1\.lines: Field required"),
        ('section = "Service expectations"\nlines = "28-29"', 'lines = "28-29"', r"rules\.NE21-A1\.section"),
        ('check = "review_due"', 'check = "phase_of_the_moon"', r"rules\.NE21-R1\.check"),
        ('check = "review_due"', 'check = "review_gaps"', r"two rules name the check review_gaps"),
        ("review_days = 30", "review_days = 0", r"numbers\.review_days"),
        ("review_days = 30", 'review_days = "30"', r"numbers\.review_days"),
        ("notice_days = 7", "notice_days = 6", r"numbers\.notice_days"),
        ("group_max = 12", "group_max = 2", r"group_max must not be less than group_min"),
        ("max_days_per_week = 5", "max_days_per_week = 1", r"max_days_per_week must not be less"),
        ("review_days = 30", "review_days = 30\nreview_weeks = 4", r"numbers\.review_weeks"),
        ('value = "runs"', 'value = "pauses"', r"readings\.hold\.value: must be one of runs"),
        ("[readings.hold]", "[readings.hold_on]", r"readings\.hold: is required"),
        ('levels = ["2.1"]', "levels = []", r"levels"),
        ('population = "adult"', 'population = "everybody"', r"population"),
        ('name = "ne-medicaid-2.1-adult"', "name = ", r"is not TOML"),
    ],
)
def test_a_pack_that_cannot_be_honoured_is_refused_naming_file_and_field(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    path = tmp_path / "changed.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackInvalid, match=message) as caught:
        read_pack(path)
    assert caught.value.message.startswith("changed.toml: ")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid, match=r"gone\.toml: cannot be read"):
        read_pack(tmp_path / "gone.toml")


def test_a_pack_for_another_payer_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "region.toml"
    text = TEXT.replace(f'name = "{NAME}"', 'name = "ne-region-2.1-adult"').replace("NE21-", "NER21-")
    path.write_text(text.replace("review_days = 30", "review_days = 14"), encoding="utf-8")
    pack = read_pack(path)
    assert pack.numbers.review_days == 14
    assert "NER21-R1" in pack.rules
