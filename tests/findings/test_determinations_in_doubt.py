"""Determinations in doubt: by who signed them, and by what the record says against them (K5, K6, K9)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.findings.test_eligibility import ON_TIME, STAY, TREATED, line_of, on
from tests.findings.text_history import LEE, ORTIZ, PACK, Told


def signed_by(credential: str | None, text: str = "2026-02-03 determined continue C1") -> str:
    """A determination signed by somebody who is not on the roster."""
    stated = "" if credential is None else f', "credential": "{credential}"'
    return TREATED + (
        f'{text} | {{"signatures": [{{"signer": "c-new", "role": "clinician", "signed_on": "2026-02-03", '
        f'"method": "electronic", "meaning": "review"{stated}}}]}}\n'
    )


# --- who signed ---------------------------------------------------------------------------------------------------


def test_guidance_goes_by_credential_whoever_is_on_the_roster() -> None:
    assert on(signed_by("LADC"), "2026-02-05") == ["eligible met"]
    assert on(signed_by("CPSS"), "2026-02-05") == ["unknown overdue"]


@pytest.mark.parametrize("credential", [None, "PhD", "M.D."])
def test_where_a_doubtful_determination_decides_it_is_unknown_and_both_outcomes_are_said(
    credential: str | None,
) -> None:
    """Given a determination signed by a bare degree, then before day 30 the client is eligible either way; after it
    eligible by the determination or overdue without it; after its term nothing depends on it.
    """
    text = signed_by(credential)
    version = line_of(text)
    assert on(text, "2026-02-02", "2026-02-03", "2026-02-05", "2026-03-06") == [
        "eligible due_soon", "eligible unknown", "unknown unknown", "unknown overdue",
    ]  # fmt: skip
    told = Told(text)
    either = told.eligible("2026-02-03")
    assert (either.basis, str(either.holds_through)) == ("admission", "2026-02-04")
    assert f"through 2026-03-05 if event {version} counts" in either.reasons[-1]
    open_ = told.eligible("2026-02-05")
    assert open_.reasons[0] == f"eligible if event {version} counts, unknown if not"
    assert open_.reasons[1].startswith(f"event {version}: ")
    assert open_.evidence == (1, 2, version)
    doubt = told.one("C1", "2026-02-05").ruling.doubt
    assert doubt is not None
    assert (doubt.documents, doubt.if_counts.verdict, doubt.if_not.verdict) == ((version,), "met", "overdue")
    assert str(doubt.if_not.due_on) == "2026-02-04"
    late = told.one("C1", "2026-03-06")
    assert (str(late.due_on), late.ruling.doubt) == ("2026-03-05", None)
    assert "2026-02-04" in late.message


def test_where_a_doubtful_determination_would_end_the_stay_sooner_the_answer_holds_through_its_day() -> None:
    """Given a sure determination through 03-05 and a doubtful one to leave by 02-20, then both days are said."""
    told = Told(ON_TIME + "2026-02-10 determined leave 2026-02-20 C1 signed by c-x")
    found = told.eligible("2026-02-11")
    assert (found.verdict, str(found.holds_through)) == ("eligible", "2026-02-20")
    assert f"through 2026-03-05 if event {line_of(ON_TIME) + 1} does not count" in found.reasons[-1]


def test_a_doubt_between_eligible_and_not_is_unknown() -> None:
    text = signed_by(None, "2026-02-03 determined continue")
    assert on(text, "2026-02-04") == ["unknown unknown"]
    assert "not eligible if event" in Told(text).eligible("2026-02-04").reasons[0]


def test_unknown_either_way_says_the_later_due_day_and_names_the_other() -> None:
    """Given an admission nobody assessed, and a doubtful determination that leaves out whether the level is needed."""
    text = STAY.partition("\n")[2] + "2026-01-12 determined leave 2026-01-20 C1 signed by md-hale"
    found = Told(text + ' | {"level_needed": null}').one("C1", "2026-01-13")
    assert (found.verdict, str(found.due_on), found.ruling.doubt) == ("unknown", "2026-02-04", None)
    assert "2026-01-20 if event 2 counts" in found.message


def test_a_sure_signature_ends_the_doubt_and_leaves_both_readings_of_the_days_before() -> None:
    text = signed_by(None)
    sure = text + f"2026-02-06 signed #{line_of(text)} by {ORTIZ}\n"
    assert on(sure, "2026-02-05", "2026-02-06", "2026-02-26") == [
        "unknown unknown", "eligible unknown", "eligible due_soon",
    ]  # fmt: skip
    told = Told(sure)
    # in time, or six days late and breached: nothing to do
    found = told.one("C1", "2026-02-07")
    assert found.quiet
    assert found.ruling.doubt is not None
    assert {found.ruling.doubt.if_counts.verdict, found.ruling.doubt.if_not.verdict} == {"met", "breached"}


def test_a_doubt_about_the_end_accuses_nobody() -> None:
    ended = signed_by(None) + "2026-02-05 discharged completed\n"
    assert on(ended, "2026-02-05", "2026-02-06") == ["unknown not_applicable", "not_applicable not_applicable"]


def test_on_the_last_day_a_doubt_between_late_and_never_names_both() -> None:
    """Given two determinations nobody knows to count, then the stay ended breached, or with nothing determined."""
    text = STAY + (
        f"2026-02-10 determined leave 2026-03-12 C1 signed by {LEE}\n"
        f"2026-03-15 determined continue C1 signed by {ORTIZ}\n2026-03-16 discharged completed\n"
    )
    [found] = Told(text).on("C1", "2026-03-16")
    assert found.ruling.doubt is not None
    assert (found.verdict, str(found.due_on)) == ("unknown", "2026-02-04")
    assert found.ruling.doubt.documents == (3, 4)
    assert (found.ruling.doubt.if_counts.verdict, str(found.ruling.doubt.if_counts.due_on)) == (
        "breached",
        "2026-03-12",
    )
    assert (found.ruling.doubt.if_not.verdict, str(found.ruling.doubt.if_not.due_on)) == ("not_met", "2026-02-04")
    assert [item.verdict for item in Told(text).on("C1", "2026-03-17")] == ["not_applicable"]


# --- what the record says against it ------------------------------------------------------------------------------

GOALS = '2026-01-05 plan 1 signed by c-ortiz | {"goals": [{"id": "g1"}, {"id": "g2"}]}\n'
REVIEWED = (
    "2026-02-02 review of 1 signed by c-ortiz"
    ' | {"goals": [{"id": "g1", "status": "%s"}, {"id": "g2", "status": "%s"}]}\n'
)
DETERMINED = f"2026-02-03 determined continue C1 signed by {ORTIZ}\n"


@pytest.mark.parametrize(
    ("states", "verdict", "eligible"),
    [
        (("met", "met"), "unknown", "unknown"),
        (("met", "dropped"), "unknown", "unknown"),
        (("met", "open"), "met", "eligible"),
        (("dropped", "dropped"), "met", "eligible"),
    ],
)
def test_goals_that_remain_though_all_were_met_leave_the_determination_in_doubt(
    states: tuple[str, str], verdict: str, eligible: str
) -> None:
    text = TREATED + GOALS + REVIEWED % states + DETERMINED
    told = Told(text)
    assert told.verdict("K5", "2026-02-03") == verdict
    assert told.verdict("K5", "2026-02-02") == "not_applicable"
    assert told.eligible("2026-02-05").verdict == eligible
    if verdict == "unknown":
        found = told.one("K5", "2026-02-05")
        assert (found.cause, found.evidence) == ("goals_all_met", (line_of(text) - 1, line_of(text)))
        assert "every goal on record was met" in told.eligible("2026-02-05").reasons[1]


def test_goals_met_by_a_later_review_contradict_nothing_and_none_remaining_agrees() -> None:
    later = TREATED + GOALS + DETERMINED + (REVIEWED % ("met", "met")).replace("2026-02-02", "2026-02-04")
    assert Told(later).verdict("K5", "2026-02-05") == "met"
    none = TREATED + GOALS + REVIEWED % ("met", "met") + f"2026-02-03 determined continue C2 signed by {ORTIZ}\n"
    assert Told(none).verdict("K5", "2026-02-05") == "met"


def test_a_contradiction_is_over_once_one_side_is_mended() -> None:
    text = TREATED + GOALS + REVIEWED % ("met", "met") + DETERMINED
    mended = text + f'2026-02-05 corrected #{line_of(text)} | {{"goals_remain": false}}\n'
    assert Told(mended).verdict("K5", "2026-02-05") == "met"
    assert on(mended, "2026-02-05") == ["not_eligible violation"]


def test_switched_off_a_contradiction_leaves_no_doubt() -> None:
    text = TREATED + GOALS + REVIEWED % ("met", "met") + DETERMINED
    assert Told(text, PACK.changed("NE21-K5", on=False)).eligible("2026-02-05").verdict == "eligible"


@pytest.mark.parametrize(
    ("last_session", "criteria", "verdict"),
    [
        ("2026-01-05", "C1", "met"),
        ("2026-01-04", "C1", "unknown"),
        ("2026-02-03", "C1", "met"),
        ("2026-02-04", "C1", "unknown"),
        ("2026-01-04", "C2", "unknown"),
        ("2026-01-04", "C3", "met"),
    ],
)
def test_progress_or_work_of_a_client_not_seen_in_thirty_days_is_in_doubt(
    last_session: str, criteria: str, verdict: str
) -> None:
    """Given a determination of 2026-02-03, whose 30 days begin on 2026-01-05, and one session."""
    text = (
        STAY + f"{last_session} session group 09:00 180\n2026-02-03 determined continue {criteria} signed by {ORTIZ}\n"
    )
    told = Told(text)
    assert told.verdict("K6", "2026-02-03") == verdict
    assert told.eligible("2026-02-05").verdict == ("eligible" if verdict == "met" else "unknown")


def test_a_session_that_was_not_on_record_ends_the_doubt() -> None:
    text = STAY + DETERMINED
    assert Told(text).one("K6", "2026-02-03").cause == "nothing_attended"
    assert Told(text + "2026-01-20 session individual 09:00 60\n").verdict("K6", "2026-02-03") == "met"


NEXT = (
    f'2026-02-27 session group 09:00 180\n2026-03-03 determined continue C1 signed by {ORTIZ} | {{"rationale": "%s"}}\n'
)
FIRST = ON_TIME.strip() + ' | {"rationale": "Cravings daily; no sober support at home."}\n'


@pytest.mark.parametrize(
    ("rationale", "verdict"),
    [
        ("Cravings daily; no sober support at home.", "unknown"),
        ("cravings daily;  no sober support at home.", "unknown"),
        ("Cravings weekly; no sober support at home.", "met"),
    ],
)
def test_a_rationale_copied_from_an_earlier_term_leaves_the_later_determination_in_doubt(
    rationale: str, verdict: str
) -> None:
    text = FIRST + NEXT % rationale
    told = Told(text)
    assert told.verdict("K9", "2026-03-03") == verdict
    assert told.verdict("K9", "2026-03-02") == "met"
    assert told.eligible("2026-03-06").verdict == ("eligible" if verdict == "met" else "unknown")
    if verdict == "unknown":
        assert told.one("K9", "2026-03-03").evidence == (line_of(FIRST), line_of(text))
        assert "rationale" not in PACK.rules["NE21-C1"].text
        assert "Cravings" not in str(told.all("K9"))


def test_a_copy_of_a_determination_that_nobody_signed_copies_no_term() -> None:
    unsigned = FIRST.replace(f"signed by {ORTIZ} ", "")
    assert Told(unsigned + NEXT % "Cravings daily; no sober support at home.").verdict("K9", "2026-03-03") == "met"


def test_two_determinations_of_one_day_with_one_rationale_are_one_term() -> None:
    again = FIRST + FIRST.strip().rsplit("\n", 1)[1] + "\n"
    assert Told(again).verdict("K9", "2026-02-03") == "met"


def test_what_contradicts_a_determination_says_so_until_it_is_mended_on_every_day() -> None:
    told = Told(STAY + DETERMINED + "2026-02-20 discharged completed\n")
    assert [str(item.until) for item in told.all("K6") if item.verdict == "unknown"] == ["None"]
    assert told.on("K6", str(date(2026, 2, 10)))[0].cause == "nothing_attended"


def test_a_determination_that_rests_on_a_session_attended_on_hold_is_in_doubt_with_it() -> None:
    """Given that the client was seen on hold alone, then whether the determination counts depends on that session."""
    told = Told(
        "2026-01-02 assessed screen negative\n2026-01-05 admitted\n2026-01-08 held\n"
        "2026-02-05 session group 09:00 180\n2026-02-19 determined continue C1 signed by c-ortiz, cl-7f3a"
    )
    found = told.one("C1", "2026-02-20")
    assert found.ruling.doubt is not None
    assert found.ruling.doubt.documents == (4,)
    assert (found.verdict, found.ruling.doubt.if_counts.verdict, found.ruling.doubt.if_not.verdict) == (
        "unknown", "breached", "overdue",
    )  # fmt: skip


def test_a_contact_that_is_no_treatment_hides_no_doubt_about_the_sessions_on_hold() -> None:
    """Given the same, when a crisis contact is added long before or after, then each day says what it said without."""
    begin = "2026-01-02 assessed screen negative\n2026-01-05 admitted\n"
    rest = "2026-01-08 held\n2026-02-05 session group 09:00 180\n2026-02-19 determined continue C1 signed by c-ortiz"
    told = Told(begin + rest)
    for contact in ("2026-01-06", "2026-02-25"):
        also = Told(f"{begin}{rest}\n{contact} session crisis 13:00 30\n")
        for day in ("2026-02-19", "2026-02-20", "2026-02-25"):
            doubt, same = told.one("C1", day).ruling.doubt, also.one("C1", day).ruling.doubt
            assert doubt is not None
            assert doubt == same


def test_a_determination_whose_only_session_is_after_the_last_contact_is_judged() -> None:
    """Given a determination that rests on a session the discharge contradicts, then every day has an answer."""
    told = Told(
        "2026-01-02 assessed\n2026-01-05 admitted\n2026-01-20 session group 09:00 120 size 3\n"
        "2026-02-04 determined continue C1 signed by c-ortiz\n"
        '2026-02-06 discharged completed | {"last_contact_on": "2026-01-10"}'
    )
    assert [told.eligible(day).verdict for day in ("2026-02-05", "2026-02-06")] == ["eligible", "eligible"]


def test_a_session_that_comes_into_doubt_later_is_not_named_before() -> None:
    """Given sessions on hold and two determinations in doubt, then each day names the sessions held by then."""
    told = Told(
        "2026-01-06 assessed\n2026-01-05 admitted\n2026-01-09 held\n"
        "2026-02-05 session group 09:00 120\n2026-02-07 determined continue C2 signed by c-ortiz\n"
        "2026-02-08 session group 09:00 120\n2026-02-09 determined continue C1 signed by c-noor"
    )
    doubts = [told.one("C1", day).ruling.doubt for day in ("2026-02-07", "2026-02-08")]
    assert [doubt.documents for doubt in doubts if doubt] == [(4,), (4, 6)]
