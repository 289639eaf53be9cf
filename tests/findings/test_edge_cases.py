"""The edge cases a careless implementation gets wrong, by number: which test holds each, and those up to E25."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path

import pytest

from tests.findings.text_history import LEE, ORTIZ, PACK, Told

EDGE_CASES: dict[int, tuple[str, ...]] = {
    1: ("test_e1_day_thirty_is_on_time_and_day_thirty_one_is_overdue",),
    2: ("test_e2_a_day_is_a_day_when_the_clocks_change", "test_e2_days_of_23_and_25_hours_are_days"),
    3: ("test_e3_a_session_past_midnight_counts_on_the_day_it_began_also_across_the_border_of_a_week",),
    4: (
        "test_e4_thirty_days_are_thirty_days_in_a_leap_year",
        "test_e4_thirty_days_from_the_end_of_a_month_are_thirty_days",
        "test_e4_a_month_is_cut_to_the_month_it_ends_in",
    ),
    5: ("test_e5_an_early_review_rolls_the_clock",),
    6: ("test_e6_a_late_review_rolls_the_clock_and_does_not_wipe_the_past",),
    7: (
        "test_e7_without_a_plan_or_sessions_the_clock_runs_from_the_admission",
        "test_e7_a_plan_nobody_signed_does_not_silence_the_clock",
    ),
    8: (
        "test_e8_a_plan_is_due_on_the_day_of_the_second_attended_session",
        "test_e8_neither_a_missed_session_nor_the_assessment_nor_another_service_is_one_of_the_two",
    ),
    9: ("test_e9_two_sessions_on_one_day_are_two", "test_e9_two_sessions_on_one_day_are_one_day_of_treatment"),
    10: (
        "test_e10_a_review_nobody_signed_does_not_count",
        "test_e10_from_when_a_review_counts_is_what_the_pack_says",
    ),
    11: (
        "test_e11_who_joins_later_signs_the_next_one_only",
        "test_e11_a_plan_signed_by_all_stays_signed_when_the_team_grows",
    ),
    12: (
        "test_e12_a_refusal_before_a_witness_stands_in_lieu_and_is_shown_as_such",
        "test_e12_a_refusal_changes_nothing_where_the_pack_takes_none",
    ),
    13: (
        "test_e13_a_credential_is_that_of_the_day_of_the_session",
        "test_what_a_provisional_clinician_signed_is_due_for_a_supervisor_within_ten_days",
        "test_reviews_are_co_signed_like_plans_and_the_credential_is_that_of_the_day_of_the_signature",
    ),
    14: (
        "test_e14_a_mental_health_diagnosis_by_a_pladc_is_out_of_scope",
        "test_e14_the_diagnosis_is_out_of_scope_also_where_only_the_team_list_says_who_diagnosed",
    ),
    15: (
        "test_e15_a_prior_assessment_that_lacks_a_part_needs_an_addendum",
        "test_e15_an_addendum_before_treatment_leaves_nothing_behind",
    ),
    16: (
        "test_e16_a_late_entry_of_an_assessment_counts_by_its_clinical_day",
        "test_e16_an_assessment_dated_after_treatment_began_is_late_however_early_it_was_entered",
    ),
    17: ("test_e17_an_assessment_on_the_day_of_the_first_session_is_in_time_unless_the_hours_contradict",),
    18: (
        "test_e18_an_admission_moved_back_judges_the_past_anew",
        "test_e18_what_was_said_before_a_backdated_admission_is_still_said_of_what_was_known_then",
    ),
    19: (
        "test_e19_a_correction_of_the_day_moves_the_clock",
        "test_e19_what_leans_on_a_plan_is_judged_anew_when_the_plan_is_voided",
    ),
    20: (
        "test_e20_voiding_a_review_takes_it_back_and_voiding_the_void_restores_it",
        "test_e20_the_latest_correction_counts_and_without_it_the_one_before",
    ),
    21: (
        "test_e21_the_order_of_arrival_changes_nothing_of_what_is_said",
        "test_the_example_is_taken_whole_and_again_with_the_same_receipts",
        "test_one_act_sent_twice_in_one_call_is_recorded_once",
    ),
    22: (
        "test_e22_a_review_entered_after_the_discharge_counts_for_its_own_day",
        "test_e22_a_signature_after_the_discharge_still_closes_what_was_owed",
        "test_late_entries_signatures_and_amendments_are_taken_after_the_discharge",
    ),
    23: (
        "test_e23_a_review_overdue_when_the_stay_ends_is_not_met_and_grows_no_older",
        "test_e23_a_plan_overdue_when_the_stay_ends_is_not_met_for_good",
    ),
    24: ("test_e24_a_discharge_recorded_in_error_leaves_the_clock_as_if_it_never_was",),
    25: (
        "test_e25_after_a_stay_elsewhere_the_clock_goes_on",
        "test_e25_a_return_asks_for_a_plan_made_or_updated_since",
        "test_e25_no_rule_speaks_for_the_time_at_another_level",
    ),
    26: ("test_e26_a_client_who_goes_to_another_provider_is_discharged",),
    27: (
        "test_e27_a_return_after_the_discharge_owes_everything_anew_however_soon",
        "test_a_return_after_discharge_is_a_new_episode_and_an_old_one_may_be_entered_later",
    ),
    28: (
        "test_a_client_has_one_open_stay_in_a_program",
        "test_of_many_who_admit_a_client_at_once_one_wins",
    ),
    29: ("test_a_client_entered_wrongly_in_two_events_is_corrected_in_both_together",),
    30: ("test_e30_what_the_client_missed_was_offered_and_what_the_program_canceled_was_not",),
    31: ("test_e31_weeks_begin_on_sunday_unless_the_pack_says_otherwise",),
    32: (
        "test_e32_nine_hours_are_540_minutes_without_rounding",
        "test_e32_three_sessions_of_two_hours_fifty_are_not_nine_hours",
        "test_e32_hours_are_used_in_minutes_without_rounding",
    ),
    33: (
        "test_e33_e34_sessions_are_offered_on_three_to_five_days_a_week",
        "test_e33_fewer_days_are_no_decline_while_days_and_hours_suffice",
    ),
    34: (
        "test_e33_e34_sessions_are_offered_on_three_to_five_days_a_week",
        "test_e34_many_hours_are_met_and_told_only_where_the_pack_has_a_limit",
    ),
    35: (
        "test_e35_a_group_has_three_to_twelve_clients",
        "test_e35_each_group_is_counted_for_itself_unless_the_pack_averages",
        "test_e35_a_group_of_two_after_a_no_show_is_explained_not_hidden",
    ),
    36: ("test_e36_the_limit_is_for_groups", "test_e36_other_services_have_the_limit_the_pack_gives_them"),
    37: ("test_e37_where_and_how_a_session_took_place_is_kept_and_changes_no_verdict",),
    38: (
        "test_e38_a_guardian_signs_for_the_client",
        "test_e38_a_guardian_takes_part_for_the_client",
        "test_a_pack_for_another_population_judges_nothing_and_says_so",
    ),
    39: (),
    40: ("test_e40_a_pack_not_in_force_on_the_day_of_admission_judges_nothing_and_says_so",),
    41: (),
    42: (
        "test_e42_nothing_attended_for_thirty_days_is_flagged_from_the_day_after",
        "test_e42_a_discharge_without_the_last_contact_is_unknown",
    ),
    43: (
        "test_e43_death_stops_the_obligations_at_its_day",
        "test_e43_what_was_owed_stops_where_the_stay_does",
    ),
    44: ("test_e44_a_hold_does_not_pause_the_clock", "test_e44_a_hold_pauses_the_clock_where_the_pack_says_so"),
    45: (
        "test_nothing_is_dated_after_today_in_the_programs_zone",
        "test_neither_a_signature_nor_a_correction_may_bring_a_future_date_in",
        "test_time_rises_strictly_within_a_call_and_between_calls",
    ),
    46: (
        "test_e46_a_day_is_a_civil_date_and_never_an_instant",
        "test_e46_the_zone_of_a_clinic_shifts_no_day",
    ),
    47: (
        "test_what_was_known_at_a_position_is_what_a_store_with_only_those_events_says",
        "test_e47_what_the_board_showed_is_what_the_events_recorded_by_then_say",
    ),
    48: ("test_every_answer_is_reported_before_it_is_handed_out",),
    49: (
        "test_e49_dimensions_of_the_fourth_edition_are_not_mapped_silently",
        "test_e49_ratings_of_the_fourth_edition_are_kept_token_by_token",
        "test_e49_an_assessment_by_the_fourth_edition_is_not_read_as_one_by_the_third",
        "test_e49_an_addendum_by_another_edition_completes_nothing",
    ),
    50: (
        "test_e50_a_field_left_out_of_the_assessment_is_never_met",
        "test_e50_a_part_not_stated_is_unknown_and_named",
        "test_e50_of_a_chart_that_says_nothing_only_what_needs_no_data_is_met",
    ),
}

NO_RULE: dict[int, str] = {
    28: "the store refuses a second open stay; a rule sees one episode",
    29: "there is no event that merges clients: ids are the sender's, a wrong one is corrected",
    39: "consent is no event of treatment and is not recorded here",
    41: "versions of a policy are judged in tests/policy",
    45: "the episode and the store refuse it before a rule sees it",
    48: "reading is reported by the reader, not by a rule",
}
"""Why a case is not, or not only, a matter of rules."""

TESTS = Path(__file__).parent.parent


def test_each_edge_case_has_a_test_or_a_reason() -> None:
    assert set(EDGE_CASES) == set(range(1, 51))
    for number, tests in EDGE_CASES.items():
        assert tests or number in NO_RULE, number
        assert number in NO_RULE or any(re.search(rf"_e{number}_", name) for name in tests), number


def test_each_test_named_for_an_edge_case_is_there() -> None:
    found = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = {name for tests in EDGE_CASES.values() for name in tests}
    assert named - found == set()


# --- E1 to E25 ----------------------------------------------------------------------------------------------------

BEGIN = "2026-01-02 assessed\n2026-01-04 admitted\n"
"""Events 1 and 2: admitted on a Sunday, so that its week is a full one."""

BY = f"signed by {ORTIZ}, {LEE}, cl-7f3a"
TWO = BEGIN + "2026-01-05 session group 09:00 180\n2026-01-07 session group 09:00 180\n"
PLAN = TWO + f"2026-01-07 plan 1 {BY}\n"
"""Events 3, 4 and 5: the first review is due 2026-02-06."""


def due(told: Told, day: str) -> str:
    return str(told.one("R1", day).due_on)


@pytest.mark.parametrize(
    ("base", "thirtieth", "after"),
    [("2026-02-20", "2026-03-22", "2026-03-23"), ("2026-10-15", "2026-11-14", "2026-11-15")],
)
def test_e2_days_of_23_and_25_hours_are_days(base: str, thirtieth: str, after: str) -> None:
    """Given a plan before the clocks change on 8 March and 1 November 2026, day 30 is on time and day 31 is not."""
    told = Told(f"{base} admitted\n{base} plan 1 {BY}")
    assert (told.verdict("R1", thirtieth), told.verdict("R1", after)) == ("due_today", "overdue")


@pytest.mark.parametrize("sunday", ["2026-03-08", "2026-11-01"])
def test_e2_a_week_of_the_change_has_seven_days(sunday: str) -> None:
    week = {"2026-03-08": ("03-08", "03-10", "03-14", "03-15"), "2026-11-01": ("11-01", "11-03", "11-07", "11-08")}
    *days, judged = (f"2026-{day}" for day in week[sunday])
    told = Told(f"{sunday} admitted\n" + "".join(f"{day} session group 01:30 180\n" for day in days))
    assert (told.verdict("I1", days[-1]), told.verdict("I1", judged)) == ("not_applicable", "met")


def test_e3_a_session_past_midnight_counts_on_the_day_it_began_also_across_the_border_of_a_week() -> None:
    """Given a group on Saturday from 22:00 to 00:30, then all its minutes are Saturday's, in the week that ends."""
    told = Told(TWO + "2026-01-10 session group 22:00 180\n")
    assert (told.verdict("I1", "2026-01-11"), told.verdict("I2", "2026-01-11")) == ("met", "met")
    assert "offered 0, attended 0 minutes" in told.one("I1", "2026-01-18").message
    night = Told(BEGIN + "2026-01-05 session group 22:00 150\n2026-01-06 session group 22:00 150\n")
    assert (night.verdict("P1", "2026-01-06"), night.verdict("P1", "2026-01-07")) == ("due_today", "overdue")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("2026-01-31", "2026-03-02"),
        ("2028-01-31", "2028-03-01"),
        ("2028-02-29", "2028-03-30"),
        ("2026-12-31", "2027-01-30"),
        ("2026-02-28", "2026-03-30"),
    ],
)
def test_e4_thirty_days_from_the_end_of_a_month_are_thirty_days(base: str, expected: str) -> None:
    assert due(Told(f"{base} admitted\n{base} plan 1 {BY}"), base) == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [("2026-01-31", "2026-02-28"), ("2028-01-31", "2028-02-29"), ("2028-02-29", "2028-03-29")],
)
def test_e4_a_month_is_cut_to_the_month_it_ends_in(base: str, expected: str) -> None:
    monthly = PACK.changed("NE21-R1", every=[{"count": 1, "unit": "calendar_month", "soon": 7}])
    assert due(Told(f"{base} admitted\n{base} plan 1 {BY}", monthly), base) == expected


def test_e7_a_plan_nobody_signed_does_not_silence_the_clock() -> None:
    """Given a plan that only the client signed, then a plan is overdue and the review clock runs all the same."""
    told = Told(TWO + "2026-01-07 plan 1 signed by cl-7f3a")
    assert (told.verdict("P1", "2026-01-08"), told.verdict("R1", "2026-02-07")) == ("overdue", "overdue")


def test_e8_neither_a_missed_session_nor_the_assessment_nor_another_service_is_one_of_the_two() -> None:
    told = Told(
        "2026-01-04 admitted\n2026-01-04 assessed\n2026-01-05 missed group 09:00 180\n"
        "2026-01-06 session other 09:00 60\n2026-01-07 session individual 13:00 60\n"
    )
    assert told.runs("P1") == ["not_applicable 2026-01-04 2026-01-07", "due_soon 2026-01-07 -"]


def test_e9_two_sessions_on_one_day_are_one_day_of_treatment() -> None:
    """Given two groups on each of two days, then four sessions were held, on two days."""
    twice = "".join(f"2026-01-{day} session group {hour}:00 180\n" for day in ("05", "07") for hour in ("09", "13"))
    told = Told(BEGIN + twice)
    assert told.verdict("P1", "2026-01-05") == "due_today"
    assert told.verdict("I1", "2026-01-11") == "met"
    assert told.one("I2", "2026-01-11").message.startswith("week of 2026-01-04: sessions offered on 2 days, 3 to 5")


@pytest.mark.parametrize(
    ("counts_when", "expected"),
    [("held", "2026-03-07"), ("clinician_signed", "2026-02-06"), ("all_signed", "2026-02-06")],
)
def test_e10_from_when_a_review_counts_is_what_the_pack_says(counts_when: str, expected: str) -> None:
    pack = PACK.changed("NE21-R1", counts_when=counts_when)
    assert due(Told(PLAN + "2026-02-05 review of 1 signed by cl-7f3a", pack), "2026-02-05") == expected
    clinician = Told(PLAN + f"2026-02-05 review of 1 signed by {ORTIZ}", pack)
    assert due(clinician, "2026-02-05") == ("2026-02-06" if counts_when == "all_signed" else "2026-03-07")
    assert due(Told(PLAN + f"2026-02-05 review of 1 {BY}", pack), "2026-02-05") == "2026-03-07"


def test_e11_a_plan_signed_by_all_stays_signed_when_the_team_grows() -> None:
    told = Told(PLAN + "2026-01-08 team + c-noor\n2026-01-09 team carries c-diaz")
    assert told.runs("P3") == ["not_applicable 2026-01-04 2026-01-07", "met 2026-01-07 -"]


def test_e12_a_refusal_changes_nothing_where_the_pack_takes_none() -> None:
    text = BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}; declined cl-7f3a before c-diaz"
    strict = Told(text, PACK.changed("NE21-P3", in_lieu=()))
    assert (Told(text).verdict("P3", "2026-01-07"), strict.verdict("P3", "2026-01-07")) == ("met", "violation")
    unable = BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}; deferred cl-7f3a"
    assert Told(unable).verdict("P3", "2026-03-07") == "violation"


def test_e14_the_diagnosis_is_out_of_scope_also_where_only_the_team_list_says_who_diagnosed() -> None:
    """Given c-ortiz, a LADC by the list of the team, when a suspicion and a diagnosis of hers state no credential."""
    told = Told("2026-01-04 admitted\n2026-01-05 assessed by c-ortiz ? F10.20 F32.1 suspected")
    assert told.one("A5", "2026-01-05").cause == "referral_missing"
    assert told.verdict("A2", "2026-01-05") == "met"
    unsaid = Told(
        '2026-01-04 admitted\n2026-01-05 assessed by c-ortiz ? F10.20 F32.1 | {"mental_health_suspected": null}'
    )
    assert unsaid.one("A5", "2026-01-05").cause == "scope"


def test_e15_an_addendum_before_treatment_leaves_nothing_behind() -> None:
    told = Told(
        '2026-01-02 assessed prior_accepted | {"relevant": false}\n2026-01-04 admitted\n'
        '2026-01-05 assessed addendum | {"relevant": true}\n2026-01-06 session group 09:00 180'
    )
    assert told.runs("A3") == ["violation 2026-01-04 2026-01-05", "met 2026-01-05 -"]
    assert told.verdict("A1", "2026-01-06") == "met"


def test_e16_an_assessment_dated_after_treatment_began_is_late_however_early_it_was_entered() -> None:
    """Given an assessment entered before everything else but made on the 9th, then it came after treatment began."""
    told = Told("2026-01-09 assessed\n2026-01-04 admitted\n2026-01-05 session group 09:00 180")
    assert told.verdict("A1", "2026-01-08") == "overdue"
    assert told.one("A1", "2026-01-09").cause == "assessment_after_treatment"


def test_e18_what_was_said_before_a_backdated_admission_is_still_said_of_what_was_known_then() -> None:
    """Given an admission of 4 January that is moved to 10 December, then the review was overdue all along by what is
    known now, and not yet due by what was known before the correction.
    """
    before = "2026-01-04 admitted\n"
    after = before + '2026-01-20 corrected #1 | {"occurred_on": "2025-12-10"}'
    assert (Told(before).verdict("R1", "2026-01-12"), due(Told(before), "2026-01-12")) == ("met", "2026-02-03")
    assert (Told(after).verdict("R1", "2026-01-12"), due(Told(after), "2026-01-12")) == ("overdue", "2026-01-09")
    assert Told(after).one("R1", "2026-01-12").evidence == (1,)


def test_e19_what_leans_on_a_plan_is_judged_anew_when_the_plan_is_voided() -> None:
    """Given a plan and a review of it, when the plan is voided, then the review no longer counts."""
    text = PLAN + f"2026-02-05 review of 1 {BY}\n"
    told, voided = Told(text), Told(text + "2026-02-10 voided #5")
    assert (due(told, "2026-02-09"), due(voided, "2026-02-09")) == ("2026-03-07", "2026-02-06")
    assert voided.verdict("P1", "2026-02-09") == "overdue"
    assert voided.one("R2", "2026-02-05").cause == "plan_version"


def test_e20_the_latest_correction_counts_and_without_it_the_one_before() -> None:
    text = PLAN + f'2026-02-05 review of 1 {BY}\n2026-02-06 corrected #6 | {{"occurred_on": "2026-02-03"}}\n'
    again = text + '2026-02-07 corrected #6 | {"occurred_on": "2026-02-04"}\n'
    without = again + "2026-02-08 voided #8\n"
    assert [due(Told(known), "2026-02-10") for known in (text, again, without)] == [
        "2026-03-05", "2026-03-06", "2026-03-05",
    ]  # fmt: skip
    assert due(Told(without + "2026-02-09 voided #9"), "2026-02-10") == "2026-03-06"


def test_e21_the_order_of_arrival_changes_nothing_of_what_is_said() -> None:
    """Given four events that came in any order, then what is said is the same but for the numbers of the events."""
    lines = [
        "2026-01-06 session group 09:00 180", "2026-01-08 session group 09:00 180",
        f"2026-01-07 plan 1 {BY}", f"2026-02-05 review of 1 {BY}",
    ]  # fmt: skip

    def said(told: Told) -> list[tuple[str, ...]]:
        return sorted(
            (item.rule, item.subject, item.verdict, str(item.start), str(item.until), str(item.due_on), item.message)
            for item in told.findings
        )

    orders = ["\n".join(order) for order in permutations(lines)]
    first = said(Told(BEGIN + orders[0]))
    assert all(said(Told(BEGIN + order)) == first for order in orders)


def test_e25_no_rule_speaks_for_the_time_at_another_level() -> None:
    told = Told(PLAN + "2026-01-20 transferred 2.1 to 1\n2026-01-25 session group 09:00 30 size 20\n")
    for rule in ("A2", "B2", "P2", "R1", "R3", "I1", "I2", "I3", "I5", "M1", "C1", "C2", "S1"):
        assert told.verdict(rule, "2026-01-28") == "not_applicable", rule
