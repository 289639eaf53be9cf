"""What a pack may say has bounds: beyond any rule there is, and within what the calendar and a day's work can hold."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from caretrail.errors import PackInvalid
from caretrail.policy import Pack, pack_of
from caretrail.policy.loader import SHIPPED
from caretrail.policy.values import CLOSED_DAYS, MOST_DAYS, MOST_ENTRIES
from tests.support.packs import small_pack

WHOLE: dict[str, Any] = tomllib.loads((SHIPPED / "ne-medicaid-2.1-adult.toml").read_text(encoding="utf-8"))
WHOLE["closed_days"] = []


def made(place: str, value: object) -> Pack:
    """The pack that ships with another value at a place: `rules.NE21-R1.every.0.count`."""
    data = deepcopy(WHOLE)
    *way, last = place.split(".")
    at: Any = data
    for key in way:
        at = at[int(key) if key.isdigit() else key]
    at[last] = value
    return pack_of(data, "odd.toml")


def refused(place: str, value: object) -> str:
    with pytest.raises(PackInvalid) as caught:
        made(place, value)
    assert "caretrail rules --check" in caught.value.hint
    assert caught.value.message.startswith("odd.toml: ")
    return caught.value.message.removeprefix("odd.toml: ")


NUMBERS = [
    "late_after_days", "notice_days", "rules.NE21-R1.every.0.count", "rules.NE21-R1.every.0.soon",
    "rules.NE21-P1.within.count", "rules.NE21-P1.within.soon", "rules.NE21-X2.after.count",
    "rules.NE21-X1.within.count", "rules.NE21-I1.least", "rules.NE21-I1.most",
    "rules.NE21-I2.least", "rules.NE21-I2.most",
    "rules.NE21-I3.least", "rules.NE21-I3.most", "rules.NE21-I5.after_weeks", "rules.NE21-S2.soon_days",
    "rules.NE21-U1.soon_days",
]  # fmt: skip
WRONG: list[object] = [
    10**9, 10**400, 16**6000, -1, -(10**400), True, 1.0, float("inf"), float("nan"), "7", [], {}, date(2026, 1, 1),
]  # fmt: skip
NO_WORDS: list[object] = [
    "a\x00b", "a\x1b[2Jb", "a\x08b", "a\rb", "a\x7fb", "a\x9bb", "", " ", "a" * 4001, 5, {}, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_out_of_bounds_or_none_at_all_is_refused_by_its_field(place: str) -> None:
    for value in WRONG:
        assert refused(place, value).startswith(f"{place}: ")


@pytest.mark.parametrize(
    "place", [name for name in NUMBERS if not name.endswith("soon") and not name.endswith("soon_days")]
)
def test_nothing_is_counted_from_none(place: str) -> None:
    assert refused(place, 0).startswith(f"{place}: ")


TERM: dict[str, Any] = {"count": 9, "unit": "calendar_day", "soon": 2}
ELSEWHERE: list[tuple[dict[str, Any], str]] = [
    ({"check": "assessment_due", "within": TERM}, "within.count"),
    ({"check": "assessment_due", "within": TERM}, "within.soon"),
    ({"check": "assessment_signed", "within": TERM}, "within.count"),
    ({"check": "review_after", "within": TERM}, "within.count"),
    ({"check": "review_before_discharge", "within": {"count": 9, "unit": "calendar_day"}}, "within.count"),
    ({"check": "summary_due", "within": TERM}, "within.soon"),
    ({"check": "service_day", "least": 180}, "least"),
    ({"check": "service_day", "most": 180}, "most"),
]
"""Numbers of rules that Nebraska's pack does not have."""


@pytest.mark.parametrize(("rule", "place"), ELSEWHERE, ids=[f"{rule['check']}.{place}" for rule, place in ELSEWHERE])
def test_a_number_of_another_rule_is_bounded_too(rule: dict[str, Any], place: str) -> None:
    assert small_pack(rule)
    for value in WRONG if place.endswith("soon") else [0, *WRONG]:
        wrong = deepcopy(rule)
        *way, last = place.split(".")
        (wrong[way[0]] if way else wrong)[last] = value
        with pytest.raises(PackInvalid) as caught:
            small_pack(wrong)
        assert caught.value.message.startswith(f"small.toml: rules.XX-1.{place.partition('.')[0]}")


LISTED: list[tuple[dict[str, Any], str, object]] = [
    ({"check": "assessment_signed", "within": TERM}, "made_by", [str(number) for number in range(MOST_ENTRIES + 1)]),
    ({"check": "review_before_discharge", "within": {"count": 9, "unit": "calendar_day"}}, "reasons", []),
    ({"check": "review_before_discharge", "within": {"count": 9, "unit": "calendar_day"}}, "reasons", ["tired"]),
    ({"check": "summary_due", "within": TERM}, "ends", []),
    ({"check": "summary_due", "within": TERM}, "ends", ["death"]),
    ({"check": "service_every", "services": ["group"], "each": "week"}, "each", "year"),
    ({"check": "service_every", "services": ["group"], "each": "week"}, "services", []),
    ({"check": "service_every", "services": ["group"], "each": "week"}, "excused_by", ["weather"]),
    ({"check": "admission_dimensions", "fits": ["2"]}, "fits", ["7"]),
    ({"check": "admission_dimensions", "one_of": ["2"]}, "one_of", ["2"] * 7),
]


@pytest.mark.parametrize(("rule", "name", "value"), LISTED, ids=[f"{rule['check']}.{name}" for rule, name, _ in LISTED])
def test_a_list_or_a_word_of_another_rule_is_one_of_those_there_are(
    rule: dict[str, Any], name: str, value: object
) -> None:
    assert small_pack(rule)
    with pytest.raises(PackInvalid, match=rf"^small\.toml: rules\.XX-1\.{name}"):
        small_pack({**rule, name: value})


@pytest.mark.parametrize("rule", [
    {"check": "assessment_due"}, {"check": "assessment_due", "within": TERM, "before_plan": True},
    {"check": "service_day"}, {"check": "service_day", "least": 181, "most": 180},
    {"check": "admission_dimensions"},
], ids=lambda rule: "-".join(map(str, rule)))  # fmt: skip
def test_a_rule_that_says_nothing_or_contradicts_itself_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(PackInvalid, match=r"^small\.toml: rules\.XX-1: "):
        small_pack(rule)


def test_a_pack_names_no_more_that_it_leaves_out_than_people_could_read() -> None:
    assert made("leaves_out", ["x"] * MOST_ENTRIES).leaves_out
    assert refused("leaves_out", ["x"] * (MOST_ENTRIES + 1)).startswith("leaves_out: ")
    assert refused("leaves_out", ["a\x1b[2Jb"]).startswith("leaves_out.0: ")
    for value in ("2026-01-01", 20260101, date.max):
        assert refused("copied_on", value).startswith("copied_on: ")


def test_ten_years_are_the_longest_term() -> None:
    for unit in ("calendar_day", "calendar_month"):
        made("rules.NE21-R1.every", [{"count": MOST_DAYS, "unit": unit}])
    for unit in ("calendar_day", "calendar_month", "session"):
        said = refused("rules.NE21-R1.every", [{"count": MOST_DAYS + 1, "unit": unit}])
        assert said == "rules.NE21-R1.every.0.count: Input should be less than or equal to 3650"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("rules.NE21-R1.every", [{"count": 7, "unit": "calendar_day", "soon": 7}], "soon must be less than count"),
        ("rules.NE21-R1.every", [{"count": 7, "unit": "working_day", "soon": 7}], "soon must be less than count"),
        ("rules.NE21-R1.every", [{"count": 1, "unit": "calendar_month", "soon": 28}], "soon must be less than count"),
        ("rules.NE21-P1.within", {"count": 2, "unit": "session", "soon": 2}, "soon must be less than count"),
        ("rules.NE21-I1.most", 539, "most must not be less than least"),
        ("rules.NE21-I2.most", 2, "most must not be less than least"),
        ("rules.NE21-I2.most", 8, "Input should be less than or equal to 7"),
        ("rules.NE21-I3.most", 2, "most must not be less than least"),
        ("rules.NE21-U1.soon_days", MOST_DAYS + 1, "Input should be less than or equal to 3650"),
    ],
)
def test_thresholds_that_contradict_each_other_are_refused_by_rule(place: str, value: object, said: str) -> None:
    rule = ".".join(place.split(".")[:2])
    assert refused(place, value).startswith(rule)
    assert said in refused(place, value)


def test_a_typical_stay_is_not_longest_at_its_shortest() -> None:
    name = next(name for name, rule in WHOLE["rules"].items() if rule["check"] == "length_of_stay")
    assert "typical_weeks: the second must not be less" in refused(f"rules.{name}.typical_weeks", [12, 6])


# --- days ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["effective_from", "effective_to", "published_on"])
def test_a_day_beyond_the_calendar_of_people_or_no_day_at_all_is_refused(place: str) -> None:
    wrong = (date.min, date.max, 0, 20260101, 10**400, 1.5, True, "2026-01-01", datetime(2026, 1, 1))  # noqa: DTZ001
    for value in wrong:
        assert refused(place, value).startswith(f"{place}: "), value
        assert refused("closed_days", [value]).startswith("closed_days.0: "), value
    assert made(place, date(2026, 1, 1))


def test_a_century_of_holidays_may_be_closed_and_no_more() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(CLOSED_DAYS + 1)]
    assert len(made("closed_days", days[1:]).closed_days) == CLOSED_DAYS
    assert refused("closed_days", days).startswith("closed_days: ")


# --- words and names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["title", "document", "rules.NE21-R1.text", "rules.NE21-R1.section", "payer"])
def test_words_hold_no_character_that_moves_a_cursor_or_that_a_database_refuses(place: str) -> None:
    for value in NO_WORDS:
        assert refused(place, value).startswith(f"{place}: "), value
    assert made(place, "a\tb\nc, naïve, 日本語")


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "../a", "a\x00", "a\n", "a" * 65, "ä"])
def test_rules_and_readings_are_named_as_events_can_name_them(name: str) -> None:
    data = deepcopy(WHOLE)
    for table in ("rules", "readings"):
        entries = deepcopy(WHOLE[table])
        entries[name] = next(iter(entries.values()))
        with pytest.raises(PackInvalid, match=rf"^odd\.toml: {table}\."):
            pack_of({**data, table: entries}, "odd.toml")
    assert refused("name", name).startswith("name: ")


@pytest.mark.parametrize("name", ["PACK", "QUARANTINE"])
def test_a_rule_cannot_take_the_name_under_which_the_program_speaks(name: str) -> None:
    assert refused(f"rules.{name}", WHOLE["rules"]["NE21-S2"]).startswith(f"rules.{name}: the name is taken")


def test_a_pack_has_no_more_entries_than_people_could_read() -> None:
    many = {f"M-{number}": WHOLE["rules"]["NE21-S2"] for number in range(MOST_ENTRIES)}
    assert refused("rules", {**WHOLE["rules"], **many}).startswith("rules: ")
    assert refused("rules.NE21-S1.credentials", [str(number) for number in range(501)]).startswith("rules.NE21-S1")


def test_a_level_that_the_edition_does_not_have_is_refused() -> None:
    assert refused("levels", ["2.1", "9.9"]) == "levels: asam-3 has no level 9.9"


def test_a_signer_of_a_role_that_nobody_can_have_is_refused() -> None:
    assert refused("rules.NE21-P3.signers", ["role:wizard"]).startswith("rules.NE21-P3.signers.0.one: ")
    several = refused("rules.NE21-P3.signers", ["client", ["team", "wizard"]])
    assert several.startswith("rules.NE21-P3.signers.1.several")
    assert "list inside the list" in refused("rules.NE21-P3.signers", ["credential:LADC or LPC"])
    nobody: list[list[str]] = [[]]
    assert refused("rules.NE21-P3.signers", nobody).startswith("rules.NE21-P3.signers.0.several: ")
    assert made("rules.NE21-P3.signers", ["client", ["case_owner", "credential:LADC"], "participants"])
    assert made("rules.NE21-P3.signers", ["role:supervisor", "credential:LADC"])
