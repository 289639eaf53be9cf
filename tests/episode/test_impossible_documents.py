"""Documents, signatures and consents that cannot have been: refused with the events in the way, and without values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from caretrail.episode.episode import Episode
from caretrail.errors import Impossible, Refused
from caretrail.events import Event
from tests.support.build import (
    admitted,
    assessed,
    corrected,
    discharged,
    event,
    plan,
    reviewed,
    session,
    signature,
    voided,
)

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
OPEN = (assessed(), admitted(), plan("2026-01-07"))
"""Assessed is event 1, admitted event 2, the plan event 3."""


def given(*events: Event) -> Episode:
    episode = Episode(UUID(int=1))
    for item in events:
        episode.record(item, now=NOW)
    return episode


def refusal(episode: Episode, item: Event) -> Impossible:
    with pytest.raises(Impossible) as caught:
        episode.record(item, now=NOW)
    assert caught.value.hint
    return caught.value


# --- dates beside their own -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "possible"), [("2026-01-05", True), ("2026-01-06", False)])
def test_a_prior_assessment_is_not_dated_after_its_acceptance(day: str, possible: bool) -> None:
    item = assessed("2026-01-05", kind="prior_accepted", on=day)
    if possible:
        assert given(item).version == 1
    else:
        assert refusal(given(), item).message.startswith("on of assessed (event 1): a prior assessment must not")


@pytest.mark.parametrize(("day", "possible"), [("2026-02-06", True), ("2026-02-05", False), ("2026-01-20", False)])
def test_the_next_review_is_due_after_the_day_of_this_one(day: str, possible: bool) -> None:
    item = reviewed("2026-02-05", next_review_by=day)
    if possible:
        assert given(*OPEN, item).version == 4
    else:
        problem = refusal(given(*OPEN), item)
        assert problem.message.startswith(
            "next_review_by of plan_reviewed (event 4): the next review must be due after"
        )
        assert problem.versions == (4,)
        assert day not in problem.message


@pytest.mark.parametrize(("day", "possible"), [("2026-02-05", True), ("2026-02-04", False), ("0001-01-01", False)])
def test_a_client_leaves_no_earlier_than_it_was_determined(day: str, possible: bool) -> None:
    item = event("continued_stay_determined", "2026-02-05", decision="leave", leave_by=day)
    if possible:
        assert given(*OPEN, item).version == 4
    else:
        assert refusal(given(*OPEN), item).message.startswith("leave_by of continued_stay_determined (event 4)")


def test_a_date_moved_by_a_correction_is_judged_with_the_dates_beside_it() -> None:
    episode = given(*OPEN, reviewed("2026-02-05", next_review_by="2026-02-20"))
    problem = refusal(episode, corrected("2026-03-01", 4, occurred_on="2026-02-20"))
    assert "the remaining events would be impossible: next_review_by of plan_reviewed (event 4)" in problem.message
    episode.record(corrected("2026-03-01", 4, occurred_on="2026-02-19"), now=NOW)
    assert episode.version == 5


# --- signatures -----------------------------------------------------------------------------------------------------


def signed(on: str, target: int, *signatures: dict[str, Any]) -> Event:
    return event("signed", on, target=target, signatures=list(signatures))


def test_an_assessment_and_a_discharge_are_signed_later_too() -> None:
    episode = given(*OPEN, discharged("2026-03-02"))
    for target in (1, 4):
        episode.record(signed("2026-03-09", target, signature("c-lee", "2026-03-09")), now=NOW)
    again = refusal(episode, signed("2026-03-10", 4, signature("c-lee", "2026-03-10")))
    assert "already signed event 4, in event 6" in again.message
    plain = refusal(episode, signed("2026-03-10", 2, signature("c-lee", "2026-03-10")))
    assert plain.message == "target 2 is not a plan, review, determination, assessment or discharge"


@pytest.mark.parametrize(
    ("reason", "who", "day", "possible"),
    [
        ("died", "cl-E-1", "2026-03-21", False),
        ("died", "cl-E-1", "2026-03-20", True),
        ("completed", "cl-E-1", "2026-03-21", True),
        ("died", "c-lee", "2026-03-21", True),
        ("died", "g-mother", "2026-03-21", True),
    ],
)
def test_nobody_signs_after_their_death(reason: str, who: str, day: str, possible: bool) -> None:
    deferred = {"signer": "cl-E-1", "role": "client", "deferred": "next week"}
    unsigned = plan("2026-01-07", signatures=[deferred, signature("c-ortiz", "2026-01-07")])
    item = signed("2026-04-15", 3, signature(who, day))
    episode = given(assessed(), admitted(), unsigned, discharged("2026-03-20", reason=reason))
    if possible:
        episode.record(item, now=NOW)
        return
    problem = refusal(episode, item)
    assert problem.versions == (5, 4)
    assert problem.message == (
        "the client's signature in signed (event 5) is dated after their death, discharged (event 4)"
    )
    early = given(assessed(), admitted(), unsigned, item)
    assert refusal(early, discharged("2026-03-20", reason="died")).versions == (4, 5)


# --- consents -------------------------------------------------------------------------------------------------------


def consented(on: str, recipient: str = "probation", purpose: str = "legal") -> Event:
    return event("consented", on, recipient=recipient, purpose=purpose, scope="attendance")


def revoked(on: str, recipient: str = "probation", **fields: Any) -> Event:
    return event("consent_revoked", on, recipient=recipient, **fields)


def test_a_consent_may_be_given_before_admission_and_revoked_on_its_day() -> None:
    assert given(assessed(), consented("2026-01-02"), revoked("2026-01-02"), consented("2026-01-03")).version == 4


def test_what_was_not_given_is_not_revoked() -> None:
    episode = given(*OPEN, consented("2026-02-01"))
    for item in (revoked("2026-02-03", "employer"), revoked("2026-02-03", purpose="payment")):
        assert "no consent to that recipient and purpose" in refusal(episode, item).message
    early = refusal(episode, revoked("2026-01-31"))
    assert (early.message, early.versions) == (
        "consent_revoked (event 5) is dated before the consent (event 4)", (5, 4),
    )  # fmt: skip
    episode.record(revoked("2026-02-03", purpose="legal"), now=NOW)
    assert "the remaining events would be impossible" in refusal(episode, voided("2026-02-04", 4)).message


def test_a_consent_recorded_late_is_still_a_consent() -> None:
    """Given no consent on record, when consent and revocation arrive together, then the order of arrival is nothing."""
    episode = given(*OPEN)
    for item in (revoked("2026-02-03"), consented("2026-02-01")):
        episode.record(item, now=NOW, together=True)
    episode.require_possible()


# --- explanations -------------------------------------------------------------------------------------------------


def test_a_service_explains_nothing_and_a_person_does() -> None:
    episode = given(*OPEN, session("2026-01-09"))
    explained = {"rule": "R1", "on": "2026-02-09", "code": "client_ill"}
    by_service = event("explained", "2026-02-10", **explained, actor={"id": "ehr", "role": "service"})
    for together in (False, True):
        with pytest.raises(Refused, match="a sender of role service explains no finding"):
            episode.record(by_service, now=NOW, together=together)
    assert given(*OPEN, event("explained", "2026-02-10", **explained)).version == 4
