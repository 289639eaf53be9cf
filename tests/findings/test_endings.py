"""How a stay ended (D1, lines 114-122), discharge planned from the start (D2) and the sections of a plan (P2, lines
47-50).
"""

from __future__ import annotations

import pytest

from tests.findings.text_history import PACK, Told

BEGIN = "2026-01-02 assessed\n2026-01-05 admitted\n"
PLAN = '2026-01-07 plan 1 signed by cl-7f3a, c-ortiz, c-lee | {"goals": [{"id": "g1"}, {"id": "g2"}]}\n'
"""Event 3."""


def review(day: str, **goals: str) -> str:
    listed = ", ".join(f'{{"id": "{name}", "status": "{state}"}}' for name, state in goals.items())
    return f'{day} review of 1 signed by c-ortiz | {{"goals": [{listed}]}}\n'


# --- D1, line 118: goals and objectives are met -------------------------------------------------------------------


def test_completed_with_a_goal_open_in_the_last_review_is_in_doubt() -> None:
    told = Told(BEGIN + PLAN + review("2026-02-03", g1="met", g2="open") + "2026-02-10 discharged completed")
    found = told.one("D1", "2026-02-10")
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "goals_open", (4, 5))
    assert found.message.endswith("open when last reviewed: g2")


def test_completed_with_all_goals_met_in_the_last_review_is_met() -> None:
    reviews = review("2026-02-03", g1="met", g2="open") + review("2026-03-03", g2="met")
    assert Told(BEGIN + PLAN + reviews + "2026-03-10 discharged completed").verdict("D1", "2026-03-10") == "met"
    dropped = review("2026-02-03", g1="met", g2="dropped")
    assert Told(BEGIN + PLAN + dropped + "2026-03-10 discharged completed").verdict("D1", "2026-03-10") == "met"


def test_goals_met_in_the_reviews_need_not_be_stated_once_more() -> None:
    stabilized = '{"outcome": {"precipitating_condition_stabilized": true, "relapse_potential_stabilized": true}}'
    end = f"2026-02-10 discharged completed | {stabilized}"
    assert Told(BEGIN + PLAN + review("2026-02-03", g1="met", g2="met") + end).verdict("D1", "2026-02-10") == "met"
    assert Told(BEGIN + PLAN + review("2026-02-03", g1="met") + end).verdict("D1", "2026-02-10") == "unknown"
    assert Told(BEGIN + PLAN + end).verdict("D1", "2026-02-10") == "unknown"


def test_a_new_plan_without_an_old_goal_closes_it() -> None:
    renewed = '2026-02-05 plan 2 signed by cl-7f3a, c-ortiz, c-lee | {"goals": [{"id": "g1"}]}\n'
    told = Told(BEGIN + PLAN + review("2026-02-03", g2="open") + renewed + "2026-02-10 discharged completed")
    assert told.verdict("D1", "2026-02-10") == "met"


def test_a_goal_open_says_nothing_of_a_discharge_that_claims_nothing() -> None:
    end = '2026-02-10 discharged left_against_advice | {"outcome": {"goals_met": false}}'
    assert Told(BEGIN + PLAN + review("2026-02-03", g1="open") + end).verdict("D1", "2026-02-10") == "met"


def test_a_transfer_that_claims_goals_met_is_held_to_the_same_goals() -> None:
    told = Told(BEGIN + PLAN + review("2026-02-03", g1="open") + "2026-02-10 transferred 2.1 to 1")
    assert told.one("D1", "2026-02-10").cause == "goals_open"


def test_completed_with_goals_stated_not_met_is_a_violation_whatever_else_is_open() -> None:
    end = (
        '2026-02-10 discharged completed | {"last_contact_on": null, "outcome": {"goals_met": false, '
        '"precipitating_condition_stabilized": true, "relapse_potential_stabilized": true}}'
    )
    assert Told(BEGIN + PLAN + review("2026-02-03", g1="open") + end).verdict("D1", "2026-02-10") == "violation"


# --- D1: the last contact (ours) ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("contact", "verdict"), [("2026-02-09", "met"), ("2026-02-08", "info")])
def test_more_than_thirty_days_without_contact_before_the_discharge_are_mentioned(contact: str, verdict: str) -> None:
    end = f'2026-03-11 discharged left_against_advice | {{"last_contact_on": "{contact}", "outcome": null}}'
    told = Told(BEGIN + end)
    assert told.verdict("D1", "2026-03-11") == verdict
    if verdict == "info":
        assert told.one("D1", "2026-03-11").message == (
            "last contact 2026-02-08, 31 days before the discharge, more than 30 (ours)"
        )
        off = Told(BEGIN + end, PACK.changed("NE21-D1", contact_days=None))
        assert off.verdict("D1", "2026-03-11") == "met"


def test_a_remark_on_contact_does_not_hide_what_the_discharge_lacks() -> None:
    end = '2026-04-11 discharged completed | {"last_contact_on": "2026-02-08", "outcome": null}'
    assert Told(BEGIN + end).verdict("D1", "2026-04-11") == "info unknown"


def test_a_session_after_the_last_contact_leaves_the_discharge_in_doubt() -> None:
    attended = "2026-03-20 session group 09:00 180\n"
    end = '2026-03-25 discharged left_against_advice | {"last_contact_on": "2026-02-06", "outcome": null}'
    found = Told(BEGIN + attended + end).one("D1", "2026-03-25")
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "last_contact_contradicted", (3, 4))
    same_day = end.replace("2026-02-06", "2026-03-20")
    assert Told(BEGIN + attended + same_day).verdict("D1", "2026-03-25") == "met"


# --- D2 and P2, lines 47-50: the plan includes discharge and relapse prevention, and considers supports -------------


def plan(version: int, day: str, sections: str) -> str:
    return f'{day} plan {version} signed by cl-7f3a, c-ortiz, c-lee | {{"sections": {sections}}}\n'


NO_DISCHARGE = '{"discharge": false, "relapse_prevention": true, "supports": true}'
WHOLE = '{"discharge": true, "relapse_prevention": true, "supports": true}'


def test_a_first_plan_without_discharge_is_told_once_by_the_rule_on_the_latest_plan() -> None:
    told = Told(BEGIN + plan(1, "2026-01-07", NO_DISCHARGE) + plan(2, "2026-01-20", WHOLE))
    assert told.runs("P2")[1:] == ["violation 2026-01-07 2026-01-20", "met 2026-01-20 -"]
    assert told.runs("D2")[1:] == ["info 2026-01-07 -"]
    assert told.one("D2", "2026-01-07").message == "plan 1 lacks discharge: see NE21-P2"


def test_a_first_plan_without_discharge_is_breached_where_nothing_else_asks_for_it() -> None:
    alone = PACK.changed("NE21-P2", sections=["relapse_prevention", "supports"])
    told = Told(BEGIN + plan(1, "2026-01-07", NO_DISCHARGE) + plan(2, "2026-01-20", WHOLE), alone)
    assert told.runs("D2")[1:] == ["violation 2026-01-07 2026-01-14", "breached 2026-01-14 -"]


def test_supports_that_a_plan_did_not_consider_are_a_violation_and_not_stated_are_unknown() -> None:
    lacking = '{"discharge": true, "relapse_prevention": true, "supports": false}'
    assert Told(BEGIN + plan(1, "2026-01-07", lacking)).verdict("P2", "2026-01-07") == "violation"
    not_stated = '{"discharge": true, "relapse_prevention": true}'
    assert Told(BEGIN + plan(1, "2026-01-07", not_stated)).verdict("P2", "2026-01-07") == "unknown"
