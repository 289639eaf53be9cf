"""What leans on the review clock: valid reviews (R2), gaps between them (R3) and continued stay (C1)."""

from __future__ import annotations

import pytest

from tests.findings.test_review_rules import BY, PLAN
from tests.findings.text_history import ALL_CRITERIA, ORTIZ, PACK, Told, line_to_event

# --- R2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "verdict", "cause"),
    [
        ('{"updated": false}', "violation", "no_update"),
        ('{"updated": false, "no_change_reason": "on course"}', "met", ""),
        ('{"participants": ["family"]}', "violation", "participation"),
    ],
)
def test_a_review_is_with_the_client_and_updates_the_plan_or_says_why_not(
    override: str, verdict: str, cause: str
) -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 signed by {ORTIZ} | {override}")
    found = told.one("R2", "2026-02-05")
    assert (found.verdict, found.cause) == (verdict, cause)
    assert told.verdict("R2", "2026-02-11") == verdict
    assert told.verdict("R2", "2026-02-12") == ("met" if verdict == "met" else "breached")


@pytest.mark.parametrize(
    ("left_out", "stated", "bad", "cause"),
    [
        ('{"updated": null}', '{"updated": true}', '{"updated": false}', "no_update"),
    ],
)
def test_what_a_review_leaves_out_is_unknown_until_it_is_stated_or_the_stay_ends(
    left_out: str, stated: str, bad: str, cause: str
) -> None:
    """Given a review that leaves something out, when nobody states it, then it is unknown until the stay ends;
    when a correction states it, then the review is judged by that.
    """
    text = PLAN + f"2026-02-05 review of 1 {BY} | {left_out}\n"
    told = Told(text)
    assert told.verdict("R2", "2026-02-04") == "not_applicable"
    assert told.runs("R2")[-1] == "unknown 2026-02-05 -"
    assert (told.one("R2", "2026-06-05").cause, told.one("R2", "2026-06-05").evidence) == (cause, (6,))
    assert Told(text + "2026-03-01 discharged completed").runs("R2")[-2:] == [
        "unknown 2026-02-05 2026-03-02",
        "not_applicable 2026-03-02 -",
    ]
    assert Told(text + f"2026-02-20 corrected #6 | {stated}").runs("R2")[-1] == "met 2026-02-05 -"
    assert Told(text + f"2026-02-20 corrected #6 | {bad}").runs("R2")[-2:] == [
        "violation 2026-02-05 2026-02-12",
        "breached 2026-02-12 -",
    ]


def test_two_reviews_that_leave_something_out_are_two_findings() -> None:
    reviews = "".join(f'2026-{day} review of 1 {BY} | {{"updated": null}}\n' for day in ("02-05", "03-05"))
    told = Told(PLAN + reviews)
    assert [item.subject for item in told.on("R2", "2026-04-01")] == ["review of 2026-02-05", "review of 2026-03-05"]


def test_participants_not_stated_are_read_from_the_client_s_own_signature_or_are_in_doubt() -> None:
    nobody = '{"participants": []}'
    assert Told(PLAN + f"2026-02-05 review of 1 {BY} | {nobody}").verdict("R2", "2026-02-05") == "met"
    told = Told(PLAN + f"2026-02-05 review of 1 signed by {ORTIZ} | {nobody}")
    assert [(item.verdict, item.cause) for item in told.on("R2", "2026-03-05")] == [("unknown", "participation")]
    doubt = told.one("R1", "2026-02-10").ruling.doubt
    assert doubt is not None
    assert (doubt.documents, doubt.if_counts.verdict, doubt.if_not.verdict) == ((6,), "met", "overdue")
    declined = f"2026-02-05 review of 1 signed by {ORTIZ}; declined cl-7f3a before c-lee | {nobody}"
    assert Told(PLAN + declined).verdict("R1", "2026-02-10") == "met"


def test_a_client_who_signs_later_took_part_from_then_on() -> None:
    listed = '{"participants": ["clinician"]}'
    told = Told(PLAN + f"2026-02-05 review of 1 signed by {ORTIZ} | {listed}\n2026-02-09 signed #6 by cl-7f3a")
    assert [told.verdict("R1", day) for day in ("2026-02-08", "2026-02-09")] == ["overdue", "breached"]


def test_whether_supports_took_part_is_asked() -> None:
    """Line 53, "other approved family and or supportive individuals"."""
    told = Told(PLAN + f'2026-02-05 review of 1 {BY} | {{"supports": null}}')
    assert [(item.verdict, item.cause) for item in told.on("R2", "2026-02-05")] == [("unknown", "supports")]


def test_a_review_of_a_superseded_plan_does_not_count() -> None:
    text = PLAN + f"2026-02-02 plan 2 {BY}\n2026-02-05 review of 1 {BY}"
    told = Told(text)
    assert told.verdict("R1", "2026-02-07") == "overdue"
    assert "plan_version" in [item.cause for item in told.on("R2", "2026-02-05")]
    assert Told(text.replace("02-02", "02-05")).verdict("R1", "2026-02-07") == "met"


def test_a_reason_for_no_change_is_an_update_unless_the_pack_says_never() -> None:
    kept = PLAN + f'2026-02-05 review of 1 {BY} | {{"updated": false, "no_change_reason": "on course"}}'
    assert Told(kept).verdict("R2", "2026-02-05") == "met"
    assert Told(kept, PACK.changed("NE21-R2", no_change="never")).verdict("R2", "2026-02-05") == "violation"


def test_a_missing_signature_is_unknown_until_it_comes_and_a_violation_once_the_review_is_overdue() -> None:
    text = PLAN + "2026-02-05 review of 1 signed by cl-7f3a\n"
    cured = Told(text + f"2026-03-01 signed #6 by {ORTIZ}")
    assert cured.runs("R2")[1:] == [
        "unknown 2026-02-05 2026-02-07",
        "violation 2026-02-07 2026-03-01",
        "met 2026-03-01 -",
    ]
    ended = Told(text + "2026-03-01 discharged completed")
    assert "violation 2026-02-07 2026-03-02" in ended.runs("R2")
    overdue_already = Told(PLAN + "2026-02-10 review of 1 signed by cl-7f3a\n")
    assert overdue_already.runs("R2")[1:] == ["violation 2026-02-10 -"]


# --- R3 -----------------------------------------------------------------------------------------------------------


def gaps(told: Told) -> list[str]:
    return [f"{item.start} {item.until} {item.message}" for item in told.all("R3") if item.verdict == "breached"]


def test_thirty_days_are_no_gap_and_thirty_one_are_one() -> None:
    on_time = PLAN + f"2026-02-06 review of 1 {BY}\n"
    assert gaps(Told(on_time + f"2026-03-08 review of 1 {BY}")) == []
    assert gaps(Told(on_time + f"2026-03-09 review of 1 {BY}")) == [
        "2026-03-09 None 31 days between the reviews of 2026-02-06 and 2026-03-09, 1 more than 30"
    ]


def test_the_first_review_and_the_end_of_the_stay_close_gaps_too() -> None:
    told = Told(PLAN + f"2026-02-09 review of 1 {BY}\n2026-03-20 discharged completed")
    assert gaps(told) == [
        "2026-02-09 2026-03-21 33 days from 2026-01-07 to the first review 2026-02-09, 3 more than 30",
        "2026-03-20 2026-03-21 39 days from 2026-02-09 to the end of the stay 2026-03-20, 9 more than 30",
    ]


def test_a_stay_without_any_review_is_one_gap() -> None:
    told = Told(PLAN + "2026-02-20 discharged completed")
    assert gaps(told) == [
        "2026-02-20 2026-02-21 44 days from 2026-01-07 to the end of the stay 2026-02-20, 14 more than 30"
    ]


def test_a_review_signed_late_splits_the_gap_it_lies_in() -> None:
    told = Told(
        PLAN
        + f"2026-02-05 review of 1 {BY}\n2026-02-20 review of 1 signed by cl-7f3a\n"
        + f"2026-03-12 review of 1 {BY}\n2026-03-14 signed #7 by {ORTIZ}"
    )
    assert gaps(told) == [
        "2026-03-12 2026-03-14 35 days between the reviews of 2026-02-05 and 2026-03-12, 5 more than 30"
    ]


# --- C1 -----------------------------------------------------------------------------------------------------------

REVIEWED = PLAN + f"2026-02-05 review of 1 {BY}\n"
CALLED = f"{REVIEWED}2026-02-05 determined continue C1 signed by {ORTIZ}\n"


def test_the_admission_stands_through_the_first_due_date() -> None:
    told = Told(PLAN)
    assert [told.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]
    assert told.eligible("2026-02-06").basis == "admission"
    assert str(told.eligible("2026-02-06").holds_through) == "2026-02-06"


def test_the_admission_stands_no_longer_once_a_review_counts() -> None:
    told = Told(PLAN + f"2026-01-20 review of 1 {BY}")
    assert [told.eligible(day).verdict for day in ("2026-01-19", "2026-01-20")] == ["eligible", "unknown"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assessed", 'assessed | {"diagnoses": []}'),
        ("assessed", 'assessed | {"dsm": null}'),
        ("assessed", 'assessed | {"dimensions": {}}'),
        ("2026-01-02 assessed\n", ""),
        ("admitted", 'admitted | {"expects_progress": null}'),
    ],
)
def test_an_admission_that_is_not_supported_is_unknown(old: str, new: str) -> None:
    assert Told(PLAN).eligible("2026-01-20").verdict == "eligible"
    assert Told(PLAN.replace(old, new)).eligible("2026-01-20").verdict == "unknown"


def test_a_prior_assessment_can_carry_the_admission() -> None:
    assert Told(PLAN.replace("assessed", "assessed prior_accepted")).eligible("2026-01-20").verdict == "eligible"


def test_a_determination_holds_through_the_review_due_date_of_that_day() -> None:
    told = Told(CALLED)
    assert [told.eligible(day).verdict for day in ("2026-03-07", "2026-03-08")] == ["eligible", "unknown"]
    early = Told(PLAN + f"2026-01-20 determined continue C1 signed by {ORTIZ}\n2026-02-05 review of 1 {BY}")
    assert [early.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]


def test_a_determination_counts_from_the_signature_of_a_clinician_of_the_team() -> None:
    told = Told(REVIEWED + f"2026-02-05 determined continue C1\n2026-02-10 signed #7 by {ORTIZ}")
    assert [told.eligible(day).verdict for day in ("2026-02-09", "2026-02-10")] == ["unknown", "eligible"]
    peer = '{"signatures": [{"signer": "c-diaz", "role": "clinician", "signed_on": "2026-02-05", "credential": "CPSS"'
    peer += ', "method": "electronic", "meaning": "determination"}]}'
    other = Told(REVIEWED + f"2026-02-05 determined continue C1 | {peer}")
    assert other.eligible("2026-02-10").verdict == "unknown"


def values(**given: object) -> str:
    stated = dict.fromkeys(ALL_CRITERIA, "false") | {name: str(value).lower() for name, value in given.items()}
    text = ", ".join(f'"{name}": {"null" if value == "none" else value}' for name, value in stated.items())
    return f"2026-02-05 determined continue signed by {ORTIZ} | {{{text}}}"


C1 = {"progressing": True, "goals_remain": True, "level_needed": True}
C2 = {"has_capacity": True, "actively_working": True}
C3 = {"new_problems": True, "treatable_here": True, "least_intensive": True}


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (C1, "eligible"),
        (C2, "eligible"),
        (C3, "eligible"),
        ({}, "not_eligible"),
        ({"least_intensive": True}, "not_eligible"),
        (C1 | {"level_needed": None}, "unknown"),
        (C2 | {"has_capacity": None}, "unknown"),
        (C3 | {"new_problems": None}, "unknown"),
        (C1 | {"goals_remain": False, "level_needed": None}, "not_eligible"),
        (C1 | {"has_capacity": None, "new_problems": None}, "eligible"),
    ],
)
def test_a_null_that_could_change_the_result_is_unknown(given: dict[str, object], verdict: str) -> None:
    told = Told(REVIEWED + values(**given))
    assert told.eligible("2026-02-10").verdict == verdict
    expected = {"eligible": "met", "not_eligible": "violation", "unknown": "unknown"}[verdict]
    assert told.verdict("C1", "2026-02-10") == expected
    if verdict == "unknown":
        null = next(name for name, value in given.items() if value is None)
        assert null in told.eligible("2026-02-10").reasons[0]


def test_a_decision_to_leave_is_not_eligible_after_its_day() -> None:
    told = Told(REVIEWED + f"2026-02-05 determined leave 2026-02-20 C1 signed by {ORTIZ}")
    days = ("2026-02-20", "2026-02-21", "2026-03-08")
    assert [told.eligible(day).verdict for day in days] == ["eligible", "not_eligible", "unknown"]


def test_the_latest_determination_answers() -> None:
    told = Told(CALLED + f"2026-02-20 determined continue signed by {ORTIZ}")
    assert [told.eligible(day).verdict for day in ("2026-02-19", "2026-02-20")] == ["eligible", "not_eligible"]


def test_eligibility_answers_for_the_last_day_and_not_the_next() -> None:
    told = Told(CALLED + "2026-02-20 discharged completed")
    assert [told.eligible(day).verdict for day in ("2026-02-20", "2026-02-21")] == ["eligible", "not_applicable"]


def test_reasons_are_our_words_never_the_rationale() -> None:
    text = CALLED.replace(
        f"C1 signed by {ORTIZ}", f'C1 signed by {ORTIZ} | {{"rationale": "coping skills not stable"}}'
    )
    assert line_to_event(text.strip().splitlines()[-1])["rationale"]
    answer = Told(text).eligible("2026-02-10")
    assert answer.reasons == ("making progress, goals remain, this level needed",)
    assert 7 in answer.evidence


def test_a_determination_made_on_the_due_day_without_a_review_holds_for_that_day_only() -> None:
    told = Told(PLAN + f"2026-02-06 determined continue C1 signed by {ORTIZ}")
    assert [told.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]
    assert told.eligible("2026-02-06").basis == "determination"
