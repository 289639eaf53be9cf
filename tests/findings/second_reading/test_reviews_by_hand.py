"""What the text says of reviews and their clock, by example; the program and the second reading must say it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.findings.second_reading.charts import AWAY, BOTH, PLANNED, REVIEWED, TREATED, agreed, outcomes, said
from tests.findings.second_reading.comparison import read, readings
from tests.findings.text_history import history_of

# --- the review clock -----------------------------------------------------------------------------------------------


def test_day_30_is_on_time_and_day_31_overdue() -> None:
    days = ("01-29", "01-30", "02-05", "02-06", "02-07")
    expected = ["met", "due_soon", "due_soon", "due_today", "overdue"]
    assert [said(PLANNED, "R1", day) for day in days] == [f"{verdict} 2026-02-06" for verdict in expected]


def test_before_any_review_the_clock_runs_from_the_plan_or_the_second_session_else_the_admission() -> None:
    assert said("2026-01-05 admitted", "R1", "01-20") == "met 2026-02-04"
    assert said(TREATED, "R1", "01-20") == "met 2026-02-06"
    assert said(f"2026-01-05 admitted\n2026-01-06 plan 1 signed by {BOTH}", "R1", "01-20") == "met 2026-02-05"
    for day, due in (("02-04", "03-06"), ("02-05", "02-04")):  # admission + 30, and a day later
        assert said(f"2026-01-05 admitted\n2026-{day} plan 1 signed by {BOTH}", "R1", "02-05")[-5:] == due


def test_a_review_may_name_an_earlier_day_for_the_next_one() -> None:
    for day, due in (("02-25", "02-25"), ("03-20", "03-08")):
        text = f"{PLANNED}\n2026-02-06 review of 1 next 2026-{day} signed by {BOTH}"
        assert said(text, "R1", "02-07") == f"met 2026-{due}"


def test_a_review_on_day_30_is_met_and_one_on_day_31_breached_until_the_next_cycle_speaks() -> None:
    assert said(REVIEWED, "R1", "02-06") == "met 2026-03-08"
    late = f"{PLANNED}\n2026-02-07 review of 1 signed by {BOTH}\n"
    assert said(late, "R1", "02-07") == "breached 2026-02-06"
    assert said(late, "R1", "03-01") == "breached 2026-02-06"
    assert said(late, "R1", "03-02") == "due_soon 2026-03-09"
    assert said(f"{late}\n2026-03-09 review of 1 signed by {BOTH}", "R1", "03-09") == "breached 2026-02-06"


def test_a_review_counts_from_its_signature_of_guidance_and_the_clock_from_the_day_it_was_held() -> None:
    text = f"{PLANNED}\n2026-02-06 review of 1 signed by cl-7f3a\n2026-02-08 signed #5 by c-ortiz"
    assert said(text, "R1", "02-07") == "overdue 2026-02-06"
    assert said(text, "R1", "02-08") == "breached 2026-02-06"
    assert said(text, "R1", "03-05") == "due_soon 2026-03-08"


def test_a_review_counts_from_the_day_its_plan_does() -> None:
    text = f"{TREATED}\n2026-01-07 plan 1 signed by cl-7f3a\n2026-01-20 review of 1 signed by {BOTH}"
    text = f"{text}\n2026-02-10 signed #4 by c-lee"
    assert said(text, "R1", "02-07") == "overdue 2026-02-06"
    assert said(text, "R1", "02-10") == "breached 2026-02-06"


def test_a_review_of_a_version_that_was_superseded_the_day_before_does_not_count() -> None:
    for day, due in (("01-19", "02-06"), ("01-20", "02-19")):
        text = f"{PLANNED}\n2026-{day} plan 2 signed by {BOTH}\n2026-01-20 review of 1 signed by {BOTH}"
        assert said(text, "R1", "01-22") == f"met 2026-{due}"


@pytest.mark.parametrize(
    ("signed", "participants", "expected"),
    [
        (BOTH, '["client"]', "met"), ("c-lee", '["client"]', "met"), ("c-lee", '["guardian"]', "met"),
        ("c-lee", '["family"]', "overdue"), ("c-lee", "[]", "unknown"), ("c-lee, cl-7f3a", "[]", "met"),
        ("c-lee, cl-7f3a", '["clinician"]', "met"), ("c-lee; declined cl-7f3a before c-x", '["clinician"]', "met"),
        ("c-lee; deferred cl-7f3a", '["clinician"]', "overdue"), ("c-lee; deferred cl-7f3a", "[]", "unknown"),
        ("c-lee, cl-7f3a@2026-01-12", "[]", "unknown"), ("c-lee, cl-7f3a@2026-01-13", "[]", "met"),
    ],
)  # fmt: skip
def test_the_client_takes_part_if_listed_or_by_their_own_signature(
    signed: str, participants: str, expected: str
) -> None:
    text = f'{PLANNED}\n2026-01-20 review of 1 signed by {signed} | {{"participants": {participants}}}'
    assert said(text, "R1", "02-07").split()[0] == expected


def test_a_review_with_nothing_stated_is_read_both_ways_until_the_client_signs() -> None:
    text = (
        f'{PLANNED}\n2026-02-05 review of 1 signed by c-lee | {{"participants": []}}\n2026-02-09 signed #5 by cl-7f3a'
    )
    assert said(text, "R1", "02-07") == "unknown 2026-02-06"
    assert outcomes(text, "R1", "02-07") == ["met", "overdue"]
    assert outcomes(text, "R1", "02-09") == ["met", "breached"]


def test_readings_that_differ_only_in_the_day_are_said_with_the_later_one() -> None:
    text = f"{PLANNED}\n2026-01-12 review of 1 signed by c-lee:PhD, cl-7f3a"
    assert said(text, "R1", "01-20") == "met 2026-02-11"
    assert said(text, "R1", "02-12") == "overdue 2026-02-11"


def test_what_falls_due_while_away_or_on_the_last_day_before_is_due_on_return() -> None:
    for left, due in (("02-06", "03-02"), ("02-01", "03-02"), ("02-07", "02-06")):
        text = f"{PLANNED}\n2026-{left} transferred 2.1 to 1\n2026-03-02 transferred 1 to 2.1"
        verdict = "due_today" if due == "03-02" else "overdue"
        assert said(text, "R1", "03-02") == f"{verdict} 2026-{due}"
        assert said(text, "R1", "02-20") == "nothing"
        ended = "not_met 2026-02-06" if left == "02-07" else "nothing"
        assert said(text, "R1", "02-20", f"stay ended 2026-{left}") == ended


def test_a_review_at_another_level_counts_for_the_clock() -> None:
    text = f"{AWAY}\n2026-01-25 review of 1 signed by {BOTH}\n2026-02-02 transferred 1 to 2.1"
    assert said(text, "R1", "02-03") == "met 2026-02-24"


def test_holds_do_not_pause_the_clock() -> None:
    assert said(f"{PLANNED}\n2026-01-12 held\n2026-02-05 resumed", "R1", "02-07") == "overdue 2026-02-06"


# --- reviews one by one ---------------------------------------------------------------------------------------------

ABOUT = "review of 2026-01-20"


def test_a_review_not_under_guidance_is_unknown_until_it_is_signed_or_overdue() -> None:
    text = f"{PLANNED}\n2026-01-20 review of 1 signed by cl-7f3a, c-x:RN"
    assert said(text, "R2", "02-06", ABOUT) == "unknown not_under_clinical_guidance"
    assert said(text, "R2", "02-07", ABOUT) == "violation not_under_clinical_guidance"
    assert said(f"{text}\n2026-02-01 signed #5 by c-lee", "R2", "02-01", ABOUT) == "nothing"


def test_a_review_held_while_one_is_overdue_and_not_signed_is_a_violation_at_once() -> None:
    text = f"{PLANNED}\n2026-03-20 review of 1 signed by cl-7f3a"
    assert said(text, "R2", "03-20", "review of 2026-03-20") == "violation not_under_clinical_guidance"


def test_a_stay_that_begins_on_the_day_another_ended_may_be_overdue_that_day() -> None:
    text = f"{PLANNED}\n2026-02-06 review of 1 signed by cl-7f3a\n2026-02-07 transferred 2.1 to 1"
    assert said(text, "R2", "02-07", "review of 2026-02-06") == "unknown not_under_clinical_guidance"
    back = f"{text}\n2026-02-07 transferred 1 to 2.1"
    assert said(back, "R2", "02-07", "review of 2026-02-06") == "violation not_under_clinical_guidance"


def test_a_doubtful_signature_of_guidance_is_unknown_and_a_sure_one_ends_that() -> None:
    text = f"{PLANNED}\n2026-01-20 review of 1 signed by cl-7f3a, c-x:PhD"
    assert outcomes(text, "R2", "02-06") == ["met", "unknown"]
    assert outcomes(text, "R2", "02-07") == ["met", "violation"]
    assert said(f"{text}\n2026-02-01 signed #5 by c-lee", "R2", "02-01", ABOUT) == "nothing"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('{"participants": ["clinician"]}', "violation participation"),
        ('{"participants": []}', "unknown participation"),
        ('{"updated": false}', "violation no_update"), ('{"updated": null}', "unknown no_update"),
        ('{"updated": false, "no_change_reason": "stable"}', "nothing"),
        ('{"supports": null}', "unknown supports"), ('{"supports": "declined"}', "nothing"),
        ('{"supports": "attended"}', "nothing"), ('{"plan_version": 2}', "unknown plan_version"),
    ],
)  # fmt: skip
def test_what_a_review_lacks_is_said_and_what_nothing_can_cure_is_breached_after_its_notice(
    fields: str, expected: str
) -> None:
    text = f"{PLANNED}\n2026-01-20 review of 1 signed by c-lee, c-ortiz | {fields}"
    assert said(text, "R2", "01-20", ABOUT) == expected
    assert said(text, "R2", "01-26", ABOUT) == expected
    assert said(text, "R2", "01-27", ABOUT) == expected.replace("violation", "breached")


def test_a_client_who_signs_later_took_part_after_all() -> None:
    text = f'{PLANNED}\n2026-01-20 review of 1 signed by c-lee | {{"participants": ["clinician"]}}'
    assert said(f"{text}\n2026-02-03 signed #5 by cl-7f3a", "R2", "02-03", ABOUT) == "nothing"


def test_a_guardian_listed_nowhere_who_signs_later_leaves_it_open_whether_the_client_took_part() -> None:
    text = f'{PLANNED}\n2026-01-20 review of 1 signed by c-lee | {{"participants": ["clinician"]}}'
    text = f"{text}\n2026-01-24 signed #5 by g-ma"
    assert said(text, "R2", "01-23", ABOUT) == "violation participation"
    assert said(text, "R2", "01-24", ABOUT) == "unknown participation"


def test_an_unsigned_review_is_told_both_ways_when_it_is_in_doubt_whether_it_is_overdue() -> None:
    text = "2026-01-05 admitted\n2026-01-16 plan 1 signed by c-x:PhD, cl-7f3a"
    text = f"{text}\n2026-01-28 review of 1 signed by c-ortiz:RN, cl-7f3a"
    later = f"{text}\n2026-01-30 plan 2 signed by c-lee, cl-7f3a"
    for chart, day in ((text, "02-05"), (later, "02-16")):
        found = agreed(history_of(chart), "R2", date.fromisoformat(f"2026-{day}"))
        outcomes_said = {tuple(sorted(verdict for verdict, _ in one.doubt)) for _, one in found if one.doubt}
        assert ("unknown", "violation") in outcomes_said


def test_two_reviews_of_one_day_keep_their_causes_apart() -> None:
    text = f'{PLANNED}\n2026-01-20 review of 1 signed by cl-7f3a, c-x:PhD | {{"updated": null}}'
    text = f'{text}\n2026-01-20 review of 1 signed by c-x:PhD, cl-7f3a | {{"updated": false}}'
    assert said(text, "R2", "01-20", ABOUT) == "unknown - and unknown no_update and violation no_update"


def test_a_review_of_a_superseded_version_is_past_cure_and_a_doubtful_version_leaves_it_open() -> None:
    for by, expected in ((BOTH, "violation plan_version"), ("c-x:PhD, cl-7f3a", "unknown -")):
        text = f"{PLANNED}\n2026-01-15 plan 2 signed by {by}\n2026-01-20 review of 1 signed by {BOTH}"
        assert said(text, "R2", "01-20", ABOUT) == expected
    text = f"{TREATED}\n2026-01-07 plan 1 signed by c-x:PhD, cl-7f3a\n2026-01-20 review of 1 signed by {BOTH}"
    assert outcomes(text, "R2", "01-20") == ["met", "unknown"]
    text = f"{PLANNED}\n2026-01-15 plan 9 signed by {BOTH}\n2026-01-20 review of 5 signed by {BOTH}"
    assert said(text, "R2", "01-20", ABOUT) == "violation plan_version"


# --- the gaps between reviews ---------------------------------------------------------------------------------------


def test_a_gap_of_30_days_is_none_and_one_of_31_is_breached_from_the_day_it_closes() -> None:
    assert said(REVIEWED, "R3", "02-06", "2026-01-07 to 2026-02-06") == "nothing"
    late = f"{PLANNED}\n2026-02-07 review of 1 signed by {BOTH}\n2026-03-01 discharged completed"
    days = ("02-06", "02-07", "03-01", "03-02")
    expected = ["nothing", "breached -", "breached -", "nothing"]
    assert [said(late, "R3", day, "2026-01-07 to 2026-02-07") for day in days] == expected


def test_a_gap_closed_by_a_doubtful_review_is_unknown() -> None:
    text = f"{PLANNED}\n2026-02-07 review of 1 signed by c-x:PhD, cl-7f3a"
    assert outcomes(text, "R3", "02-07") == ["breached", "met"]


def test_the_end_of_a_stay_closes_a_gap_and_only_that_day_says_so() -> None:
    for back in ("2026-02-20", "2026-02-21"):
        text = f"{PLANNED}\n2026-02-20 transferred 2.1 to 3.5\n{back} transferred 3.5 to 2.1"
        assert said(text, "R3", "02-20", "2026-01-07 to 2026-02-20") == "breached -"
        assert said(text, "R3", "02-21", "2026-01-07 to 2026-02-20") == "nothing"


def test_a_gap_that_ended_on_the_day_of_return_is_none() -> None:
    text = f"{AWAY}\n2026-03-02 transferred 1 to 2.1\n2026-03-02 review of 1 signed by {BOTH}"
    assert said(text, "R3", "03-02", "2026-01-07 to 2026-03-02") == "nothing"
    late = text.replace("2026-03-02 review", "2026-03-03 review")
    assert said(late, "R3", "03-03", "2026-01-07 to 2026-03-03") == "breached -"


# --- notice and the law of causality --------------------------------------------------------------------------------


def test_the_notice_runs_from_the_day_it_was_recorded_unless_it_was_imported() -> None:
    for imported, expected in ((False, "violation participation"), (True, "breached participation")):
        line = f'{PLANNED}\n2026-01-20 review of 1 signed by c-lee | {{"participants": ["clinician"]}}'
        history = history_of(line)
        entry = history[-1].entry
        entry.imported = imported
        # in Chicago it is the evening of 01-31, so notice ends before 02-07
        entry.recorded_at = entry.recorded_at.replace(year=2026, month=2, day=1, hour=3)
        for day in (date(2026, 1, 27), date(2026, 2, 6), date(2026, 2, 7)):
            found = [f"{one.verdict} {one.cause}" for _, one in agreed(history, "R2", day)]
            assert found == [expected if day < date(2026, 2, 7) else "breached participation"]


def test_the_plain_reading_throws_away_what_is_dated_later() -> None:
    later = f"{REVIEWED}\n2026-03-20 plan 2 signed by {BOTH}\n2026-03-21 review of 2 signed by {BOTH}"
    for number in range(60):
        day = date(2026, 1, 5) + timedelta(number)
        assert readings(history_of(later), day)[1] == readings(history_of(REVIEWED), day)[1]


def test_a_reading_knows_the_documents_of_its_day() -> None:
    known = read(history_of(REVIEWED))
    assert len(known.reviews) == 1
    assert not known.on(date(2026, 2, 5)).reviews
