"""A policy pack is data with citations; one that cannot be honored is refused, naming the file, the rule and field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.policy import Pack, installed_packs, load_pack, pack_of, read_pack
from caretrail.policy.loader import SHIPPED
from caretrail.policy.rules.plan import PlanDue, ReviewDue
from caretrail.policy.rules.treatment import GroupSize, WeeklyDays, WeeklyHours

NAME = "ne-medicaid-2.1-adult"
TEXT = (SHIPPED / f"{NAME}.toml").read_text(encoding="utf-8")
MANY = {"A": 6, "B": 4, "P": 3, "R": 4, "I": 6, "M": 1, "C": 2, "D": 2, "S": 4}
OURS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
RULES = [
    *(f"NE21-{letter}{number}" for letter, count in MANY.items() for number in range(1, count + 1)),
    *(f"NE21-K{number}" for number in OURS),
    *("NE21-U1", "NE21-X1", "NE21-X2"),
]
PACK = load_pack(NAME)


def test_the_nebraska_pack_is_installed_with_all_its_rules() -> None:
    assert NAME in installed_packs()
    assert list(PACK.rules) == RULES
    assert [name for name, rule in PACK.rules.items() if not rule.on] == ["NE21-X1", "NE21-X2"]


def test_every_rule_that_is_on_cites_lines_that_exist_in_the_document() -> None:
    for rule in (rule for rule in PACK.judged if rule.ours is None):
        text = rule.citation
        assert text.startswith("Nebraska DHHS, Intensive Outpatient")
        numbers = [int(number) for number in re.findall(r"[0-9]+", text.rpartition("lines ")[2])]
        assert numbers
        assert max(numbers) <= 186, rule.id
    assert PACK.rules["NE21-R1"].citation.endswith("Service expectations, lines 52-55")


def test_a_rule_without_a_source_says_so_where_others_cite() -> None:
    assert PACK.rules["NE21-X1"].citation.startswith("no source: the practice is common")


def test_a_rule_of_ours_may_be_on_and_says_that_it_is_ours() -> None:
    """Given a rule that no text asks for, when a pack calls it ours, then it is judged, and cited as ours."""
    others, heading, contact = TEXT.partition("[rules.NE21-X2]")
    ours = contact.replace('unsourced = "states', 'ours = "states').replace("on = false", "")
    pack = pack_of(tomllib.loads(others + heading + ours), "changed.toml")
    rule = pack.rules["NE21-X2"]
    assert rule in pack.judged
    assert rule.citation.startswith("ours, in no text: states have such rules")


def test_the_numbers_are_those_of_the_text() -> None:
    review, plan = PACK.rule(ReviewDue), PACK.rule(PlanDue)
    hours, days, group = PACK.rule(WeeklyHours), PACK.rule(WeeklyDays), PACK.rule(GroupSize)
    assert review
    assert plan
    assert hours
    assert days
    assert group
    assert (review.term.count, review.term.unit, review.term.soon) == (30, "calendar_day", 7)
    assert (plan.within.count, plan.within.unit, hours.least, hours.most) == (2, "session", 540, None)
    assert (days.least, days.most, group.least, group.most) == (3, 5, 3, 12)
    assert (PACK.notice_days, PACK.late_after_days, PACK.week_start) == (7, 2, "sunday")


def test_the_plan_is_advice_and_the_review_a_duty() -> None:
    assert PACK.rules["NE21-P1"].strength == "should"
    assert PACK.rules["NE21-R1"].strength == "must"


def test_every_open_question_keeps_its_answer_and_its_alternatives() -> None:
    assert len(PACK.readings) >= 23
    for name, reading in PACK.readings.items():
        assert reading.question.endswith("?"), name
        assert reading.value not in reading.alternatives, name
        assert reading.rules, name
    assert PACK.readings["hold"].value == "run", "what the rule says is what the reading is"
    assert set(PACK.readings_of("NE21-P1")) == {
        "session_with_provider", "plan_deadline", "plan_developed", "return_to_level", "pack_version",
        "clinical_guidance", "sessions_that_overlap",
    }  # fmt: skip


def test_a_pack_that_is_not_installed_is_unknown_and_the_hint_lists_those_that_are() -> None:
    with pytest.raises(PackUnknown, match=r"policy pack no-such-pack is not installed") as caught:
        load_pack("no-such-pack")
    assert NAME in caught.value.hint


def test_a_name_cannot_lead_out_of_the_folder_of_packs() -> None:
    with pytest.raises(PackUnknown):
        load_pack("../packs/ne-medicaid-2.1-adult")


# --- what is refused ----------------------------------------------------------------------------------------------

R1 = 'every = [{ count = 30, unit = "calendar_day", soon = 7 }]'
REFUSED = [
    # a word that is none, in a field of a rule, of the pack, of a term, of a reading
    ('same_day = "unless', 'sameday = "unless', r"A1\.sameday: there is no such field; did you mean same_day\?"),
    ('week_start = "sunday"', 'week_starts = "sunday"', r"week_starts: .*; did you mean week_start\?"),
    ("soon = 7 }]", "son = 7 }]", r"rules\.NE21-R1\.every\.0\.son: .*did you mean soon\?"),
    ("[readings.hold]\n", '[readings.hold]\nwhy = "x"\n', r"readings\.hold\.why: .*there are alternatives, concerns"),
    ('strength = "should"', 'strength = "may"', r"rules\.NE21-A6\.strength"),
    ('lines = "52-55"', 'lines = "somewhere"', r"rules\.NE21-R1\.lines"),
    ('check = "review_due"', 'check = "phase_of_the_moon"', r"NE21-R1: .*phase_of_the_moon; there are admission_dim"),
    ('check = "review_due"', 'check = "review_du"', r"R1: there is no check review_du; did you mean review_due\?"),
    ('check = "review_due"\n', "", r"rules\.NE21-R1: check: Field required"),
    ('population = "adult"', 'population = "everybody"', r"^changed\.toml: population"),
    # sources
    ('section = "Service expectations"\nlines = "28-29"\n', "", r"rules\.NE21-A1: cites nothing: give section"),
    ('within = { count = 10, unit = "calendar_day" }\non = false', 'within = { count = 10, unit = "calendar_day" }',
     r"rules\.NE21-X1: on: a rule without a source must be off"),
    ('unsourced = "states have', 'section = "1"\nours = "states have', r"NE21-X2: ours: a rule of ours cites no text"),
    ('unsourced = "the practice', 'ours = "the practice', r"rules\.NE21-X1: strength: what no text asks is no must"),
    # numbers
    ("count = 30, unit", "count = 0, unit", r"rules\.NE21-R1\.every\.0\.count"),
    ("count = 30, unit", 'count = "30", unit', r"rules\.NE21-R1\.every\.0\.count"),
    ("count = 30, unit", "count = 1_000_000_000, unit", r"rules\.NE21-R1\.every\.0\.count"),
    ("count = 2, unit", "count = 1, unit", r"rules\.NE21-P1\.within: soon must be less than count"),
    ("notice_days = 7", "notice_days = 6", r"notice_days"),
    ("most = 12", "most = 2", r"rules\.NE21-I3: most must not be less than least"),
    ("most = 5", "most = 1", r"rules\.NE21-I2: most must not be less than least"),
    ('levels = ["2.1"]', "levels = []", r"levels"),
    # what cannot be judged
    ('check = "review_due"', 'check = "review_gaps"', r"rules\.NE21-R1\.every"),
    ('check = "prior_assessment"', 'check = "assessment_before_treatment"', r"two rules name the check assessment_b"),
    (R1, R1 + "\non = false", r"rules\.NE21-R3\.check: review_gaps needs a rule review_due that is on"),
    ('series = "rolling"', 'series = "fixed"', r"rules\.NE21-R1: a fixed series must start at admission"),
    (R1, R1.replace("calendar_day", "session") + '\nchoose = "declared"', r"NE21-R1: choose: a plan can declare"),
    (R1, f"{R1[:-1]}, {{ count = 9, unit = 'calendar_day' }}]", r"rules\.NE21-R1: every: two terms of the same unit"),
    ('read_as = "as_printed"', 'read_as = "as_prined"', r"NE21-C1: read_as: .*did you mean as_printed\?"),
    ('["not progressing", "has_capacity", "actively_working"]', '["never progressing"]',
     r"NE21-C1\.criteria\.as_printed\.1\.0"),
    ('["NE21-C1.read_as"]\nalternatives = ["level', '["NE21-C1.read_as"]\nalternatives = ["levels',
     r"not_yet_progressing\.alternatives: NE21-C1\.read_as cannot be levels"),
    ('holds = "term"', 'holds = "review_due"',
     r"NE21-C1\.term: has no effect: a determination holds as"),
    ('term = { count = 30, unit = "calendar_day" }', "", r"NE21-C1: term: Field required"),
    ('term = { count = 30, unit = "calendar_day" }', 'term = { count = 30, unit = "calendar_day", soon = 7 }',
     r"NE21-C1: term\.soon: say soon_days"),
    ('sessions = "any_attended"', 'sessions = "any_attended"\ncap = { count = 9, unit = "session" }',
     r"rules\.NE21-P1\.cap\.unit"),
    # dates
    ("late_after_days", "effective_from = 2026-02-01\neffective_to = 2026-01-31\nlate_after_days",
     r"effective_to: must not be before effective_from"),
    ("late_after_days", 'supersedes = "older"\nlate_after_days', r"effective_from: a pack that supersedes"),
    ("late_after_days", f'effective_from = 2026-01-01\nsupersedes = "{NAME}"\nlate_after_days', r"supersedes: a cycle"),
    ("late_after_days", "effective_to = 9999-12-31\nlate_after_days", r"effective_to"),
    # readings
    ('["NE21-R1.holds"]', '["NE21-R9.holds"]', r"readings\.hold: names rule NE21-R9, which the pack does not have"),
    ('concerns = ["NE21-I3"]', 'concerns = ["NE21-I9"]', r"readings\.group_of_two: names rule NE21-I9"),
    ('["NE21-R1.holds"]', '["NE21-R1.hold"]', r"readings\.hold\.decides: NE21-R1\.hold is no field"),
    ('["NE21-R1.holds"]', '["NE21-R1.every"]', r"readings\.hold\.decides: NE21-R1\.every is more than one word"),
    ('["NE21-R1.holds"]', '["NE21-R1.holds", "NE21-R1.series"]', r"hold: NE21-R1\.series says otherwise than NE21-R1"),
    ('alternatives = ["pause"]', 'alternatives = ["stop"]', r"hold\.alternatives: NE21-R1\.holds cannot be stop"),
    ('alternatives = ["pause"]', 'alternatives = ["run"]', r"readings\.hold\.alternatives: must not repeat the value"),
    ('value = "flagged"', 'value = "flagged"\nalternatives = ["not"]', r"group_of_two\.alternatives: say with decides"),
    # no TOML
    ('name = "ne-medicaid-2.1-adult"', "name = ", r"not valid TOML"),
]  # fmt: skip  # what stands there, what is written instead, what is said of it


@pytest.mark.parametrize(("old", "new", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_pack_that_cannot_be_honored_is_refused_naming_file_and_field(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    path = tmp_path / "changed.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackInvalid) as caught:
        read_pack(path)
    assert caught.value.message.startswith("changed.toml: ")
    assert re.search(message, caught.value.message), caught.value.message
    assert "caretrail rules --check" in caught.value.hint


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid, match=r"gone\.toml: cannot be read"):
        read_pack(tmp_path / "gone.toml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = " + b"[" * 100_000, "is nested too deeply"),
        (b"name = '\xff'", "not valid TOML"),
        (b"", "name: Field required"),
    ],
)
def test_a_file_of_any_bytes_is_refused_in_words(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(content)
    with pytest.raises(PackInvalid, match=message):
        read_pack(path)


def test_a_folder_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid, match="cannot be read"):
        read_pack(tmp_path)


def test_a_pack_for_another_payer_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "region.toml"
    text = TEXT.replace(f'name = "{NAME}"', 'name = "ne-region-2.1-adult"').replace("NE21-", "NER21-")
    path.write_text(text.replace("count = 30, unit", "count = 14, unit"), encoding="utf-8")
    pack = read_pack(path)
    review = pack.rule(ReviewDue)
    assert review
    assert (review.id, review.term.count) == ("NER21-R1", 14)


# --- a rule read otherwise ----------------------------------------------------------------------------------------


def test_a_rule_can_be_read_otherwise_and_the_pack_stays_as_it_was() -> None:
    other = PACK.changed("NE21-R1", holds="pause")
    assert (other.rule(ReviewDue), PACK.rule(ReviewDue)) == (other.rules["NE21-R1"], PACK.rules["NE21-R1"])
    assert other.rules["NE21-R1"] != PACK.rules["NE21-R1"]


def test_what_a_rule_cannot_say_is_refused_naming_pack_and_rule() -> None:
    with pytest.raises(PackInvalid, match=r"ne-medicaid-2\.1-adult: rules\.NE21-R1: a fixed series"):
        PACK.changed("NE21-R1", series="fixed")


# --- whatever a hand may do to the file ---------------------------------------------------------------------------

WHOLE: dict[str, Any] = tomllib.loads(TEXT)


def places(table: dict[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of the file, as the way to it."""
    for key, value in table.items():
        yield (*at, key)
        if isinstance(value, dict):
            yield from places(cast("dict[str, Any]", value), (*at, key))


PLACES = list(places(WHOLE))
GONE = object()
ODD: list[object] = [
    GONE,
    "",
    "x",
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    True,
    [],
    {},
    ["x"],
    [[]],
    {"x": 1},
    [{"count": 1}],
    "\x00",
]


def made_with(place: tuple[str, ...], value: object) -> Pack | None:
    """The pack with another value at a place, None if it is refused; any other error fails the test."""
    data = deepcopy(WHOLE)
    table = data
    for key in place[:-1]:
        table = table[key]
    if value is GONE:
        del table[place[-1]]
    else:
        table[place[-1]] = value
    try:
        return pack_of(data, "odd.toml")
    except PackInvalid:
        return None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_another_value_anywhere_makes_a_pack_or_is_refused(place: tuple[str, ...], value: object) -> None:
    made_with(place, value)


@pytest.mark.slow
def test_a_key_left_out_anywhere_is_refused_or_has_a_default() -> None:
    optional = {place[-1] for place in PLACES if len(place) == 3 and made_with(place, GONE) is not None}
    assert {"text", "title", "check", "strength", "question", "every"}.isdisjoint(optional)
    assert {"series", "soon_days", "alternatives"} <= optional
