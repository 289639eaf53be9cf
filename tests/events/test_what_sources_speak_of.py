"""Events and fields that the sources speak of: goals, referrals, consents, authorizations, sub-dimensions."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from caretrail.describe import describe, summary
from caretrail.errors import InvalidEvent
from caretrail.events import Event, event_from, payload_of, read_event
from caretrail.policy import load_pack
from caretrail.tokens import PersonRole, Service
from tests.support import build

ADMITTED: dict[str, Any] = build.stated("admitted", "01-05")
ASSESSED: dict[str, Any] = build.stated("assessed", "01-02")
PLAN: dict[str, Any] = build.stated("plan_signed", "01-06", signatures=[build.signature("c-ortiz", "01-06")])
AUTHORIZED: dict[str, Any] = build.stated(
    "authorized", "01-06", payer="ne-medicaid", number="A-17", units=24, unit="day",
    level="2.1", **{"from": "2026-01-06", "to": "2026-03-31"},
)  # fmt: skip


def stored(event: Event) -> dict[str, Any]:
    return dict(json.loads(payload_of(event)))


def told(line: dict[str, Any]) -> str:
    return summary(stored(event_from(line)))


# --- who and what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_auditors_and_operators_may_state_events(role: str) -> None:
    assert role in get_args(PersonRole)
    assert event_from(ADMITTED | {"actor": {"id": "x", "role": role}}).actor.role == role


@pytest.mark.parametrize("service", ["crisis", "peer_support", "self_help", "case_management"])
def test_other_services_of_the_program_are_sessions_but_no_treatment(service: str) -> None:
    line = build.stated("session_attended", "01-06", service=service, topic="relapse prevention")
    assert service in get_args(Service)
    assert service not in load_pack("ne-medicaid-2.1-adult").treatment_services
    assert told(line).startswith(f"{service.replace('_', ' ')} session, 180 min")
    assert told(line).endswith(", on relapse prevention")


def test_residence_and_employment_are_tokens_of_teds() -> None:
    line = ADMITTED | {"residence": "dependent_living", "employment": "not_in_labor_force"}
    details = dict(describe(stored(event_from(line))).details)
    assert (details["residence"], details["employment"]) == ("dependent living", "not in labor force")
    with pytest.raises(InvalidEvent, match="residence: must be one of 'homeless'"):
        event_from(ADMITTED | {"residence": "castle"})


# --- dimensions by edition --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["1", "1.1", "3.1", "5.3", "6"])
def test_the_4th_edition_has_sub_dimensions(key: str) -> None:
    line = ASSESSED | {"edition": "asam-4", "dimensions": {key: {"meets_level": True}}}
    assert list(stored(event_from(line))["dimensions"]) == [key]


@pytest.mark.parametrize(("edition", "key"), [("asam-3", "1.1"), ("asam-4", "7"), ("asam-4", "1a"), ("asam-4", "3.9")])
def test_a_dimension_of_another_edition_is_refused(edition: str, key: str) -> None:
    with pytest.raises(InvalidEvent, match="dimension"):
        event_from(ASSESSED | {"edition": edition, "dimensions": {key: {"meets_level": True}}})


def test_a_rating_of_a_sub_dimension_is_one_of_its_edition() -> None:
    line = ASSESSED | {"edition": "asam-4", "dimensions": {"1.2": {"rating": "ANY"}}}
    assert stored(event_from(line))["dimensions"] == {"1.2": {"rating": "ANY"}}
    with pytest.raises(InvalidEvent, match="not one of its edition's ratings"):
        event_from(line | {"dimensions": {"1.2": {"rating": "SEVERE"}}})


# --- documents ---------------------------------------------------------------------------------------------------


def test_goals_of_a_plan_have_a_target_and_those_of_a_review_a_status() -> None:
    planned = event_from(PLAN | {"goals": [{"id": "g-1", "target_on": "2026-04-01"}, {"id": "g-2"}]})
    assert told(PLAN | {"goals": [{"id": "g-1"}, {"id": "g-2"}]}).endswith(", 2 goals, signed by c-ortiz")
    assert stored(planned)["goals"] == [{"id": "g-1", "target_on": "2026-04-01"}, {"id": "g-2"}]
    line = build.stated(
        "plan_reviewed", "02-05", goals=[{"id": "g-1", "status": "met"}, {"id": "g-2", "status": "open"}]
    )
    assert told(line) == "review of plan 1, with client, updated, 1 of 2 goals met, not signed"
    assert dict(describe(stored(event_from(line))).details)["goals"] == "id g-1, status met; id g-2, status open"
    with pytest.raises(InvalidEvent, match=r"goals\.0\.status: must be one of 'open', 'met' or 'dropped'"):
        event_from(line | {"goals": [{"id": "g-1", "status": "half"}]})


def test_a_goal_is_listed_once() -> None:
    reviewed = build.stated("plan_reviewed", "02-05", goals=[{"id": "g", "status": "met"}] * 2)
    for line in (PLAN | {"goals": [{"id": "g"}] * 2}, reviewed):
        with pytest.raises(InvalidEvent, match="must not list one id twice"):
            event_from(line)


@pytest.mark.parametrize("line", [ASSESSED, build.stated("discharged", "04-01")])
def test_an_assessment_and_a_discharge_may_be_signed(line: dict[str, Any]) -> None:
    """An unsigned one is stored as it always was: without a word of signatures."""
    assert "signatures" not in stored(event_from(line))
    signed = event_from(line | {"signatures": [build.signature("c-ortiz", line["occurred_on"])]})
    assert stored(signed)["signatures"][0]["signer"] == "c-ortiz"
    assert told(line) + ", signed by c-ortiz" == summary(stored(signed))
    assert read_event(f"{signed.type}/1", payload_of(signed)) == signed


def test_an_addendum_gives_the_items_it_supplies() -> None:
    line = {name: value for name, value in ASSESSED.items() if name not in ("diagnoses", "dimensions", "dsm")}
    given = stored(event_from(line | {"kind": "addendum", "discharge_plan": True, "current_diagnosis": True}))
    assert (given["discharge_plan"], given["current_diagnosis"]) == (True, True)
    assert "level_recommendation" not in given


def test_a_transfer_into_a_level_says_what_was_met_at_the_one_before() -> None:
    line = build.stated(
        "transferred", "03-01", from_level="3.5", to_level="2.1", transfer_in={"objectives_met": True, "dimension": "5"}
    )
    assert stored(event_from(line))["transfer_in"] == {"objectives_met": True, "dimension": "5"}


# --- referrals, consents, authorizations, explanations ------------------------------------------------------------


def test_a_referral_names_to_whom_and_for_what() -> None:
    line = build.stated("referred", "01-06", to="c-hill", credential="MD", kind="psychiatric", outcome="seen 01-20")
    assert told(line) == "referred to c-hill, MD for psychiatric: seen 01-20"
    with pytest.raises(InvalidEvent, match="to: is required"):
        event_from({name: value for name, value in line.items() if name != "to"})


def test_coordination_may_name_with_whom() -> None:
    assert (
        told(build.stated("care_coordinated", "01-06", to="c-hill", kind="other"))
        == "care coordinated: other with c-hill"
    )


def test_a_consent_says_to_whom_for_what_and_how_long() -> None:
    line = build.stated("consented", "01-06", recipient="probation-3", purpose="legal", scope="attendance")
    assert told(line | {"expires_on": "9999-12-31"}) == (
        "consent to disclose to probation-3 for legal: attendance, until 9999-12-31"
    )
    revoked = build.stated("consent_revoked", "02-01", recipient="probation-3")
    assert told(revoked) == "consent to disclose to probation-3 revoked"


@pytest.mark.parametrize("status", ["requested", "approved", "partial", "denied", "ended"])
def test_an_authorization_goes_from_request_to_end(status: str) -> None:
    line = AUTHORIZED | {"status": status, "service_code": "H0015:HF"}
    assert told(line) == (
        f"authorization A-17 by ne-medicaid: {status}, H0015:HF, 24 days at level 2.1, 2026-01-06 to 2026-03-31"
    )


def test_an_authorization_without_a_status_is_approved() -> None:
    """As one stored before there was a status is."""
    assert stored(event_from(AUTHORIZED))["status"] == "approved"
    payload = json.dumps({name: value for name, value in AUTHORIZED.items() if name != "status"}).encode()
    assert read_event("authorized/1", payload) == event_from(AUTHORIZED)


def test_an_explanation_of_a_lasting_cause_ends_no_earlier_than_it_begins() -> None:
    line = build.stated("explained", "02-10", rule="R1", on="2026-02-08", code="client_ill", until="2026-02-20")
    assert told(line) == "explains R1 of 2026-02-08: client ill, until 2026-02-20"
    with pytest.raises(InvalidEvent, match="until must not be before on"):
        event_from(line | {"until": "2026-02-07"})


# --- ends of the calendar ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_nothing_happened_outside_three_centuries(day: str) -> None:
    for line in (ADMITTED | {"occurred_on": day}, ASSESSED | {"on": day}):
        with pytest.raises(InvalidEvent, match="must be a date from 1900-01-01 to 2199-12-31"):
            event_from(line)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_what_has_no_end_may_be_written_with_the_ends_of_the_calendar(day: str) -> None:
    assert stored(event_from(PLAN | {"effective_on": day}))["effective_on"] == day
    authorized = stored(event_from(AUTHORIZED | {"from": "0001-01-01", "to": day}))
    assert (authorized["from"], authorized["to"]) == ("0001-01-01", day)
