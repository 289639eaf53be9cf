"""What leans on the review clock: valid reviews (R2) and gaps between them (R3)."""

from __future__ import annotations

import pytest

from tests.findings.test_review_rules import BY, PLAN
from tests.findings.text_history import ORTIZ, PACK, Told

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


@pytest.mark.parametrize(("lacking", "cause"), [('"updated": false', "no_update"), ('"supports": null', "supports")])
def test_two_reviews_of_one_day_keep_their_own_problems_where_one_is_in_doubt(lacking: str, cause: str) -> None:
    told = Told(
        PLAN
        + f"2026-02-02 review of 1 {BY} | {{{lacking}}}\n"
        + f'2026-02-02 review of 3 signed by {ORTIZ} | {{"participants": [], {lacking}}}'
    )
    causes = {(item.evidence, item.cause) for item in told.on("R2", "2026-02-03")}
    assert causes == {((6,), cause), ((7,), cause), ((7,), "participation"), ((7,), "plan_version")}
    assert len(told.on("R2", "2026-02-03")) == len(causes)


def test_what_a_review_leaves_out_is_explained_matter_by_matter() -> None:
    """Given a review that leaves out two matters, when both are explained and one is stated, then the other is marked
    for as long as it stands.
    """
    told = Told(
        PLAN
        + f'2026-02-05 review of 1 signed by {ORTIZ} | {{"participants": [], "supports": null}}\n'
        + "2026-02-07 explained R2 on 2026-02-07\n2026-02-10 signed #6 by cl-7f3a"
    )
    marked = {(item.cause, str(item.start), str(item.until)) for item in told.all("R2") if item.explained}
    assert marked == {("participation", "2026-02-07", "2026-02-10"), ("supports", "2026-02-07", "None")}


def test_a_guardian_whom_nobody_listed_leaves_the_client_s_part_in_doubt_from_their_signature_on() -> None:
    alone = PLAN + f'2026-01-20 review of 1 signed by {ORTIZ} | {{"participants": ["clinician"]}}\n'
    told = Told(alone + "2026-01-24 signed #6 by g-ma")
    causes = [[(item.verdict, item.cause) for item in told.on("R2", day)] for day in ("2026-01-23", "2026-01-24")]
    assert causes == [[("violation", "participation")], [("unknown", "participation")]]


def test_a_guardian_on_the_roster_takes_the_client_s_part_from_their_signature_on() -> None:
    listed = '2026-01-12 team + g-ma | {"joins": [{"id": "g-ma", "role": "guardian"}]}\n'
    alone = PLAN + listed + f'2026-01-20 review of 1 signed by {ORTIZ} | {{"participants": ["clinician"]}}\n'
    told = Told(alone + "2026-01-24 signed #7 by g-ma")
    causes = [[(item.verdict, item.cause) for item in told.on("R2", day)] for day in ("2026-01-23", "2026-01-24")]
    assert causes == [[("violation", "participation")], [("met", "")]]


def test_gaps_run_from_a_review_held_before_the_clock_once_it_counts() -> None:
    """Given a gap from the plan of 01-08, when reviews of 01-05 and 02-05 count late, then 31 days lie between them."""
    told = Told(
        "2026-01-05 admitted\n2026-01-08 plan 1 signed by c-ortiz, cl-7f3a\n"
        "2026-01-05 review of 2 signed by c-ortiz, cl-7f3a\n2026-02-05 review of 2 signed by c-ortiz, cl-7f3a\n"
        "2026-02-28 review of 1 signed by c-ortiz, cl-7f3a\n2026-03-01 plan 2 signed by c-ortiz, cl-7f3a"
    )
    assert [item.subject for item in told.on("R3", "2026-02-28")] == ["2026-01-08 to 2026-02-28"]
    assert [item.subject for item in told.on("R3", "2026-03-01")] == ["2026-01-05 to 2026-02-05"]


# --- R4 -----------------------------------------------------------------------------------------------------------

KEPT = '{"updated": false, "no_change_reason": "on course"}'


def kept(*days: str) -> str:
    return PLAN + "".join(f"2026-{day} review of 1 {BY} | {KEPT}\n" for day in days)


def test_a_plan_that_three_reviews_in_a_row_left_as_it_was_is_mentioned() -> None:
    told = Told(kept("02-05", "03-05", "04-04"))
    assert [told.verdict("R4", day) for day in ("2026-01-07", "2026-03-05", "2026-04-04")] == ["met", "met", "info"]
    assert told.one("R4", "2026-04-04").evidence == (6, 7, 8)


@pytest.mark.parametrize("update", [f"review of 1 {BY}", f"plan 2 {BY}"])
def test_an_update_or_a_new_version_ends_the_count_of_reviews_without_one(update: str) -> None:
    told = Told(kept("02-05", "03-05") + f"2026-03-20 {update}\n2026-04-15 review of 2 {BY} | {KEPT}")
    assert told.verdict("R4", "2026-04-20") == "met"


def test_a_review_that_does_not_say_whether_it_updates_neither_counts_nor_ends_the_count() -> None:
    silent = f'2026-03-20 review of 1 {BY} | {{"updated": null}}\n'
    assert Told(kept("02-05", "03-05") + silent).verdict("R4", "2026-04-20") == "met"
    told = Told(kept("02-05", "03-05") + silent + f"2026-04-04 review of 1 {BY} | {KEPT}")
    assert told.verdict("R4", "2026-04-20") == "info"


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


def test_the_gap_that_ended_with_a_stay_is_not_one_of_the_stay_that_begins_that_day() -> None:
    told = Told(PLAN + "2026-02-20 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1")
    assert [gap[:21] for gap in gaps(told)] == ["2026-02-20 2026-02-21"]
