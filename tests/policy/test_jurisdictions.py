"""Other states' rules are other data: the same program gives their days, to the day.

The packs are those of this folder: they show what the schema can say, and are not for use.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from caretrail.policy import Pack, Policy, policy_of, read_pack
from tests.findings.text_history import Told

PACKS = Path(__file__).parent / "packs"


def pack(name: str) -> Pack:
    return read_pack(PACKS / f"{name}.toml")


OLD, NEW = pack("mn-245g-2018"), pack("mn-245g")
MINNESOTA = policy_of([OLD, NEW])
ILLINOIS = pack("il-2060-former")
CALIFORNIA = pack("ca-ntp-10305").model_copy(update={"levels": ("2.1", "OTS")})
MISSOURI = pack("mo-groups")


def sessions(first: str, count: int, every: int = 1, minutes: int = 180) -> str:
    """Sessions every so many days, one a day."""
    begin = date.fromisoformat(first)
    days = (begin + timedelta(days=every * number) for number in range(count))
    return "\n".join(f"{day} session group 09:00 {minutes}" for day in days)


def said(told: Told, rule: str, *days: str) -> list[str]:
    return [told.verdict(rule, day) for day in days]


def due(told: Told, rule: str, day: str) -> str:
    return str(told.one(rule, day).due_on)


def covered(told: Told) -> None:
    """Answers on continued stay follow each other without a gap and without an overlap, from the admission on."""
    answers = told.stays()
    assert answers[-1].until is None
    for one, following in pairwise(answers):
        assert one.until == following.start


@pytest.mark.parametrize("name", ["mn-245g-2018", "mn-245g", "il-2060-former", "ca-ntp-10305", "mo-groups"])
def test_every_pack_of_the_tests_says_what_it_is_for(name: str) -> None:
    assert pack(name).for_tests
    assert "not for use" in (PACKS / f"{name}.toml").read_text(encoding="utf-8").split("name =")[0]
    assert all(rule.section for rule in pack(name).judged)


# --- Minnesota ----------------------------------------------------------------------------------------------------


def test_minnesota_owed_a_plan_by_the_third_session() -> None:
    told = Told("2020-03-02 admitted\n" + sessions("2020-03-03", 4), OLD)
    assert said(told, "MN-P1", "2020-03-03", "2020-03-04", "2020-03-05", "2020-03-06") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    assert due(told, "MN-P1", "2020-03-06") == "2020-03-05"


def test_minnesota_owes_a_plan_by_the_tenth_treatment_day_not_counting_the_first() -> None:
    text = "2023-03-01 admitted\n" + sessions("2023-03-01", 12) + "\n2023-03-02 session group 14:00 60"
    told = Told(text, NEW)
    assert said(told, "MN-P1", "2023-03-08", "2023-03-09", "2023-03-10", "2023-03-11", "2023-03-12") == [
        "not_applicable", "due_soon", "due_soon", "due_today", "overdue",
    ]  # fmt: skip  # two sessions of one day are one treatment day
    assert due(told, "MN-P1", "2023-03-12") == "2023-03-11"
    assert {item.pack for item in told.findings} == {"mn-245g"}


def test_minnesota_owes_a_plan_after_thirty_days_whatever_was_attended() -> None:
    told = Told("2023-03-01 admitted\n" + sessions("2023-03-08", 3, every=7), NEW)
    assert said(told, "MN-P1", "2023-03-25", "2023-03-26", "2023-03-31", "2023-04-01") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    assert due(told, "MN-P1", "2023-04-01") == "2023-03-31"


def test_minnesota_asks_for_the_client_and_a_counselor_and_takes_a_word_in_lieu() -> None:
    plan = "2023-03-06 plan 1 signed by "
    told = Told(f"2023-03-01 admitted\n{plan}c-lee, cl-7f3a", NEW)
    assert [item.subject for item in told.on("MN-P3", "2023-03-06")] == ["plan 1: credential:LADC"]
    told = Told(f"2023-03-01 admitted\n{plan}c-ortiz, cl-7f3a", NEW)
    assert said(told, "MN-P3", "2023-03-06") == ["met"], "the team's list has the credential"
    word = (
        f'{plan}c-ortiz | {{"signatures": ['
        '{"signer": "c-ortiz", "role": "clinician", "signed_on": "2023-03-06", "method": "electronic", '
        '"meaning": "authorship"}, '
        '{"signer": "cl-7f3a", "role": "client", "signed_on": "2023-03-06", "method": "verbal", "meaning": "agreement"}'
        "]}"
    )
    assert said(Told(f"2023-03-01 admitted\n{word}", NEW), "MN-P3", "2023-03-06") == ["met"]
    assert said(Told(f"2020-03-02 admitted\n{word.replace('2023', '2020')}", OLD), "MN-P3", "2020-03-06") == [
        "violation"
    ]
    declined = f"{plan}c-ortiz; declined cl-7f3a before c-x"
    assert said(Told(f"2023-03-01 admitted\n{declined}", NEW), "MN-P3", "2023-03-06") == ["violation"]


CROSSING = """
2022-07-18 admitted
2022-07-20 session group 09:00 180
2022-07-27 session group 09:00 180
2022-08-03 session group 09:00 180
2022-07-25 plan 1 effective 2022-08-10 signed by c-ortiz, cl-7f3a
2022-07-25 review of 1 signed by c-ortiz
2022-08-01 review of 1 signed by c-ortiz
"""


def test_a_stay_begun_under_the_old_rules_owes_its_plan_by_them() -> None:
    told = Told(CROSSING, MINNESOTA)
    assert said(told, "MN-P1", "2022-07-27", "2022-08-03", "2022-08-04") == ["due_soon", "due_today", "overdue"]
    assert told.one("MN-P1", "2022-08-04").pack == "mn-245g-2018"
    assert said(told, "MN-P1", "2022-08-10") == ["breached"]


def test_a_stay_begun_under_the_new_rules_owes_its_plan_by_them() -> None:
    told = Told("2022-08-01 admitted\n" + sessions("2022-08-03", 4, every=2), MINNESOTA)
    assert said(told, "MN-P1", "2022-08-09", "2022-08-26", "2022-08-31", "2022-09-01") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    assert {item.pack for item in told.findings} == {"mn-245g"}


def test_a_review_is_due_by_the_rules_of_the_review_before_it() -> None:
    told = Told(CROSSING, MINNESOTA)
    assert (due(told, "MN-R1", "2022-07-31"), told.one("MN-R1", "2022-07-31").pack) == ("2022-08-01", "mn-245g-2018")
    assert (due(told, "MN-R1", "2022-08-01"), told.one("MN-R1", "2022-08-01").pack) == ("2022-08-15", "mn-245g")
    late = Told(CROSSING.rsplit("2022-08-01", 1)[0], MINNESOTA)
    assert said(late, "MN-R1", "2022-08-01", "2022-08-02", "2022-09-30") == ["due_today", "overdue", "overdue"]
    assert late.one("MN-R1", "2022-09-30").pack == "mn-245g-2018", "it hangs on the review of July"


def test_eligibility_across_the_change_has_no_gap_and_one_voice() -> None:
    text = CROSSING + "2022-08-01 determined continue C1 signed by c-ortiz\n2022-09-05 discharged completed"
    for known in (text, CROSSING):
        told = Told(known, MINNESOTA)
        covered(told)
        for day in (date(2022, 7, 18) + timedelta(days=number) for number in range(120)):
            speaking = [item for item in told.findings if item.holds(day) and not item.subject]
            assert sorted({item.rule for item in speaking}) == sorted(item.rule for item in speaking), day


def test_what_the_old_rules_missed_when_the_stay_ended_stays_on_record() -> None:
    text = "2022-07-18 admitted\n" + sessions("2022-07-20", 4) + "\n2022-08-15 discharged left_against_advice"
    told = Told(text, MINNESOTA)
    [kept] = [item for item in told.all("MN-P1") if item.verdict == "not_met"]
    assert (kept.pack, str(kept.start), str(kept.due_on)) == ("mn-245g-2018", "2022-08-15", "2022-07-22")


def test_each_stay_has_the_rules_of_its_first_day() -> None:
    text = """
    2022-07-04 admitted
    2022-07-06 plan 1 signed by c-ortiz, cl-7f3a
    2022-07-18 transferred 2.1 to 2.5
    2022-08-08 transferred 2.5 to 2.1
    """
    told = Told(text, MINNESOTA)
    assert told.one("MN-P1", "2022-07-06").pack == "mn-245g-2018"
    assert (told.one("MN-P1", "2022-09-08").pack, due(told, "MN-P1", "2022-09-08")) == ("mn-245g", "2022-09-07")


# --- Illinois -----------------------------------------------------------------------------------------------------

BY_HOURS = '2026-01-05 plan 1 signed by c-ortiz | {"review_unit": "treatment_hour"}'
BY_DAYS = BY_HOURS.replace("treatment_hour", "calendar_day")
NOT_SAID = "2026-01-05 plan 1 signed by c-ortiz"


def illinois(*lines: str) -> Told:
    return Told("\n".join(["2026-01-05 admitted", *lines]), ILLINOIS)


def test_illinois_reviews_after_27_hours_if_the_plan_says_hours() -> None:
    told = illinois(BY_HOURS, sessions("2026-01-07", 10, every=2))
    assert said(told, "IL-R1", "2026-01-19", "2026-01-21", "2026-01-23", "2026-01-24") == [
        "met", "due_soon", "due_today", "overdue",
    ]  # fmt: skip  # 24 hours are reached on the 21st, 27 on the 23rd
    assert due(told, "IL-R1", "2026-01-24") == "2026-01-23"
    quiet = illinois(BY_HOURS)
    assert said(quiet, "IL-R1", "2026-03-30") == ["met"], "no hours, no review"
    assert quiet.one("IL-R1", "2026-03-30").message == "next review due by treatment hour 27, 0 so far"


def test_illinois_reviews_after_30_days_if_the_plan_says_days() -> None:
    told = illinois(BY_DAYS, sessions("2026-01-07", 20, every=2))
    assert said(told, "IL-R1", "2026-01-27", "2026-01-28", "2026-02-04", "2026-02-05") == [
        "met", "due_soon", "due_today", "overdue",
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "on"), [(20, "2026-01-23"), (3, "2026-02-04")])
def test_illinois_reviews_by_whichever_is_first_while_the_plan_does_not_say(count: int, on: str) -> None:
    told = illinois(NOT_SAID, sessions("2026-01-07", count, every=2))
    assert due(told, "IL-R1", "2026-02-28") == on
    assert said(told, "IL-P2", "2026-01-05") == ["violation"]
    assert told.one("IL-P2", "2026-01-05").message == "plan 1 lacks review_unit"


def test_a_unit_changed_within_a_period_has_no_effect_until_the_next_review() -> None:
    changed = BY_HOURS.replace("2026-01-05 plan 1", "2026-01-12 plan 2")
    told = illinois(BY_DAYS, changed, sessions("2026-01-07", 60), "2026-02-02 review of 2 signed by c-ortiz")
    assert due(told, "IL-R1", "2026-02-01") == "2026-02-04", "days, as the first plan says"
    assert due(told, "IL-R1", "2026-02-28") == "2026-02-11", "27 hours from the review: nine days of three hours"


def test_a_review_can_change_the_unit_for_the_period_after_it() -> None:
    review = '2026-02-02 review of 1 signed by c-ortiz | {"review_unit": "treatment_hour"}'
    told = illinois(BY_DAYS, sessions("2026-01-07", 60), review)
    assert (due(told, "IL-R1", "2026-02-01"), due(told, "IL-R1", "2026-02-28")) == ("2026-02-04", "2026-02-11")


def test_illinois_a_determination_holds_until_the_hours_are_reached() -> None:
    told = illinois(
        BY_HOURS, "2026-01-08 review of 1 signed by c-ortiz", "2026-01-08 determined continue C1 signed by c-ortiz",
        sessions("2026-01-09", 12),
    )  # fmt: skip
    assert told.eligible("2026-01-17").verdict == "eligible"
    assert told.eligible("2026-01-17").holds_through == date(2026, 1, 17)
    assert told.eligible("2026-01-18").verdict == "unknown"
    covered(told)


# --- California ---------------------------------------------------------------------------------------------------


def california(admitted: str, *lines: str) -> Told:
    plan = f"{admitted} plan 1 signed by c-ortiz, s-kim, md-may"
    return Told("\n".join([f"{admitted} admitted level OTS", plan, *lines]), CALIFORNIA)


def test_california_owes_a_plan_in_28_days() -> None:
    told = Told("2026-01-05 admitted level OTS", CALIFORNIA)
    assert said(told, "CA-P1", "2026-01-25", "2026-01-26", "2026-02-02", "2026-02-03") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip


def test_california_reviews_on_fixed_days_from_the_admission() -> None:
    told = california("2026-01-15", "2026-04-15 review of 1 signed by c-ortiz")
    assert said(told, "CA-R1", "2026-03-31", "2026-04-01", "2026-04-14", "2026-04-15") == [
        "met", "due_soon", "due_soon", "met",
    ]  # fmt: skip
    assert due(told, "CA-R1", "2026-04-15") == "2026-07-15"
    assert said(told, "CA-R1", "2026-07-15", "2026-07-16") == ["due_today", "overdue"]
    covered(told)


def test_california_an_early_review_keeps_the_days() -> None:
    told = california("2026-01-15", "2026-03-02 review of 1 signed by c-ortiz")
    assert due(told, "CA-R1", "2026-03-02") == "2026-07-15", "it meets the day its period ends with"


def test_california_a_late_review_keeps_the_days() -> None:
    told = california("2026-01-15", "2026-05-20 review of 1 signed by c-ortiz")
    assert said(told, "CA-R1", "2026-05-19", "2026-05-20") == ["overdue", "breached"]
    assert told.one("CA-R1", "2026-05-20").message.endswith("next review due 2026-07-15")


@pytest.mark.parametrize(
    ("admitted", "days"),
    [
        ("2026-01-31", ["2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31"]),
        ("2025-11-30", ["2026-02-28", "2026-05-30", "2026-08-30", "2026-11-30"]),
        ("2023-11-30", ["2024-02-29", "2024-05-30", "2024-08-30", "2024-11-30"]),
        ("2024-02-29", ["2024-05-29", "2024-08-29", "2024-11-29", "2025-02-28"]),
    ],
)
def test_months_end_on_the_same_day_or_the_last_and_do_not_drift(admitted: str, days: list[str]) -> None:
    told = california(admitted, *(f"{day} review of 1 signed by c-ortiz" for day in days[:-1]))
    asked = [admitted, *days[:-1]]
    assert [due(told, "CA-R1", day) for day in asked] == days
    assert [item.verdict for item in told.all("CA-R1") if item.verdict == "overdue" and item.until] == []


def test_california_asks_for_two_signatures_within_14_days_of_effect() -> None:
    text = "2026-01-05 admitted level OTS\n2026-01-06 plan 1 effective 2026-01-10 signed by c-ortiz, cl-7f3a"
    told = Told(text + "\n2026-01-22 signed #2 by md-may", CALIFORNIA)
    subjects = ["plan 1: credential:MD", "plan 1: role:supervisor"]
    assert told.on("CA-P3", "2026-01-19") == told.on("CA-P3", "2026-01-06"), "nothing yet"
    assert [item.subject for item in told.on("CA-P3", "2026-01-20") if item.subject] == subjects[::-1]
    for day, verdict in (("2026-01-20", "due_soon"), ("2026-01-21", "due_soon")):
        assert [told.verdict("CA-P3", day, subject) for subject in subjects] == [verdict] * 2
    late = [told.verdict("CA-P3", day, subjects[1]) for day in ("2026-01-23", "2026-01-24", "2026-01-25")]
    assert late == ["due_soon", "due_today", "overdue"]
    assert told.verdict("CA-P3", "2026-01-22", subjects[0]) == ""
    assert str(told.one("CA-P3", "2026-01-25", subjects[1]).due_on) == "2026-01-24"


# --- Missouri -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sizes", "verdict"), [((14, 10, 12), "met"), ((14, 12, 11), "violation")])
def test_missouri_takes_the_average_of_a_month(sizes: tuple[int, ...], verdict: str) -> None:
    groups = [f"2026-01-{7 + number:02} session group 09:00 90 size {size}" for number, size in enumerate(sizes)]
    told = Told("\n".join(["2026-01-05 admitted", *groups]), MISSOURI)
    assert said(told, "MO-I3", "2026-01-31", "2026-02-01") == ["not_applicable", verdict]


# --- terms and closed days ----------------------------------------------------------------------------------------


def test_working_days_skip_weekends_and_the_closed_days_of_the_pack() -> None:
    within = {"count": 5, "unit": "working_day", "soon": 1}
    closed = NEW.changed("MN-P1", within=within, cap=None, first_day=None)
    told = Told("2023-06-29 admitted", closed)
    assert due(told, "MN-P1", "2023-07-20") == "2023-07-06"
    closed = closed.model_copy(update={"closed_days": frozenset({date(2023, 7, 4)})})
    told = Told("2023-06-29 admitted", closed)
    assert due(told, "MN-P1", "2023-07-20") == "2023-07-07"
    assert said(told, "MN-P1", "2023-07-05", "2023-07-06", "2023-07-07", "2023-07-08") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip


def test_a_policy_of_one_pack_and_the_pack_say_the_same() -> None:
    text = "2023-03-01 admitted\n" + sessions("2023-03-01", 12)
    assert Told(text, NEW).findings == Told(text, Policy((NEW,))).findings
