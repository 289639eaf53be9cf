"""What an episode refuses because it cannot have happened, and what it takes although it should not have."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from caretrail.episode.amendments import amendments
from caretrail.episode.episode import Episode
from caretrail.episode.history import effective_history
from caretrail.episode.outline import outline
from caretrail.errors import Impossible, InvalidEvent, Refused, UnknownEpisode
from caretrail.events import Event, parse_event
from caretrail.events.catalog import EVENT_TYPES
from tests.support.build import (
    ORTIZ,
    admitted,
    assessed,
    corrected,
    discharged,
    event,
    plan,
    reviewed,
    session,
    signature,
    transferred,
    voided,
)
from tests.support.example import EXAMPLE

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


def given(*events: Event) -> Episode:
    episode = Episode(UUID(int=1))
    for item in events:
        episode.record(item, now=NOW)
    return episode


def refusal(episode: Episode, item: Event, now: datetime = NOW) -> Refused:
    before = episode.version, list(episode.entries)
    with pytest.raises(Refused) as caught:
        episode.record(item, now=now)
    assert (episode.version, episode.entries) == before, "a refused event leaves no trace"
    assert caught.value.hint
    return caught.value


OPEN = (assessed(), admitted(), plan("2026-01-07"))
"""Assessed is event 1, admitted event 2, the plan event 3."""


# --- opening ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item", [session("2026-01-05"), plan("2026-01-05"), discharged("2026-01-05"), voided("2026-01-05", 1)]
)
def test_an_episode_begins_with_an_assessment_or_an_admission(item: Event) -> None:
    assert isinstance(refusal(given(), item), UnknownEpisode)


def test_an_admission_may_be_recorded_before_its_assessment() -> None:
    assert given(admitted(), assessed()).version == 2


def test_a_client_is_admitted_once() -> None:
    problem = refusal(given(*OPEN), admitted("2026-02-01"))
    assert isinstance(problem, Impossible)
    assert problem.versions == (2, 4)
    assert "admitted twice" in problem.message


@pytest.mark.parametrize("wrong", [{"client": "cl-2"}, {"program": "other"}])
def test_client_and_program_are_the_episodes(wrong: dict[str, str]) -> None:
    assert "is not the episode's" in refusal(given(assessed()), admitted(**wrong)).message
    assert "is not the episode's" in refusal(given(admitted()), assessed(**wrong)).message


def test_a_reassessment_may_name_the_program_the_client_went_to() -> None:
    episode = given(*OPEN, transferred("2026-03-01", "2.1", "1", to_program="op"))
    episode.record(assessed("2026-03-05", kind="reassessment", program="op"), now=NOW)
    assert episode.version == 5


# --- before the admission -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [
        plan("2026-01-07"),
        reviewed("2026-02-05"),
        event("continued_stay_determined", "2026-02-05", decision="continue"),
        event("schedule_set", "2026-02-05", schedule={"minutes_per_week": 540, "days_per_week": 3}),
        event("team_changed", "2026-02-05"),
        event("held", "2026-02-05", reason="jail"),
        event(
            "authorized",
            "2026-02-05",
            **{
                "payer": "p",
                "number": "1",
                "units": 1,
                "unit": "day",
                "from": "2026-01-01",
                "to": "2026-01-31",
                "level": "2.1",
            },
        ),
        transferred("2026-02-05", "2.1", "1"),
        discharged("2026-02-05"),
    ],
    ids=lambda item: item.type,
)
def test_only_an_admitted_client_has(item: Event) -> None:
    assert "needs an admission" in refusal(given(assessed()), item).message


def test_a_review_dated_before_the_admission_is_impossible_and_a_session_is_not() -> None:
    episode = given(*OPEN, session("2026-01-03"))
    problem = refusal(episode, reviewed("2026-01-04"))
    assert isinstance(problem, Impossible)
    assert "dated before the admission (event 2)" in problem.message
    assert problem.versions == (5, 2)


def test_a_review_on_the_day_of_admission_is_possible() -> None:
    assert given(*OPEN, reviewed("2026-01-05")).version == 4


# --- after the discharge ------------------------------------------------------------------------------------------

CLOSED = (*OPEN, session("2026-02-02"), discharged("2026-03-02", last_contact_on="2026-03-01"))


@pytest.mark.parametrize(
    "item", [session("2026-03-03"), reviewed("2026-03-03"), assessed("2026-03-03")], ids=lambda i: i.type
)
def test_nothing_is_dated_after_the_discharge(item: Event) -> None:
    assert "after the discharge (event 5)" in refusal(given(*CLOSED), item).message


@pytest.mark.parametrize(
    "item",
    [
        session("2026-02-03"),
        session("2026-03-02"),
        event("signed", "2026-03-09", target=3, signatures=[signature("c-lee", "2026-03-09")]),
        event("explained", "2026-03-09", rule="NE21-I1", on="2026-02-09", code="weather"),
        event("addendum", "2026-03-09", target=3, text="letter", reason="came late"),
        corrected("2026-03-09", 4, minutes=170),
        voided("2026-03-09", 4),
        voided("2026-03-09", 5),
    ],
    ids=lambda item: f"{item.type}-{item.occurred_on}",
)
def test_late_entries_signatures_and_amendments_are_taken_after_the_discharge(item: Event) -> None:
    assert given(*CLOSED, item).version == 6


def test_a_discharge_before_what_is_recorded_already_names_the_events_in_the_way() -> None:
    problem = refusal(given(*OPEN, session("2026-02-02")), discharged("2026-02-01"))
    assert isinstance(problem, Impossible)
    assert problem.versions == (4, 5)


def test_a_client_is_discharged_once_and_not_before_the_last_contact_in_the_stay() -> None:
    assert "discharged twice" in refusal(given(*CLOSED), discharged("2026-03-02")).message
    assert "last_contact_on" in refusal(given(*OPEN), discharged("2026-03-02", last_contact_on="2026-01-04")).message


def test_voiding_the_discharge_lets_the_stay_go_on() -> None:
    assert given(*CLOSED, voided("2026-03-09", 5), session("2026-03-10")).version == 7


# --- levels and holds ---------------------------------------------------------------------------------------------


def test_a_transfer_starts_from_the_level_the_client_is_at() -> None:
    episode = given(*OPEN, transferred("2026-03-01", "2.1", "1"))
    assert "is not the level" in refusal(episode, transferred("2026-03-20", "2.1", "3.1")).message
    episode.record(transferred("2026-03-20", "1", "2.1"), now=NOW)
    assert [stay.level for stay in episode.stays] == ["2.1", "1", "2.1"]


def test_two_transfers_of_one_day_find_their_order_whatever_the_order_of_arrival() -> None:
    episode = Episode(UUID(int=1))
    for item in (*OPEN, transferred("2026-03-01", "1", "0.5"), transferred("2026-03-01", "2.1", "1")):
        episode.record(item, now=NOW, together=True)
    episode.require_possible()
    assert [stay.level for stay in episode.stays] == ["2.1", "1", "0.5"]


def test_holds_and_resumptions_take_turns() -> None:
    held, resumed = event("held", "2026-02-02", reason="jail"), event("resumed", "2026-02-09")
    assert "is not on hold" in refusal(given(*OPEN), resumed).message
    assert "is on hold already" in refusal(given(*OPEN, held), event("held", "2026-02-04", reason="jail")).message
    assert given(*OPEN, held, resumed).version == 5
    assert given(*OPEN, held, event("resumed", "2026-02-02")).version == 5, "one day says nothing about the hour"


# --- documents ----------------------------------------------------------------------------------------------------


def test_a_plan_version_is_there_once() -> None:
    assert "plan_version" in refusal(given(*OPEN), plan("2026-02-07")).message
    assert given(*OPEN, plan("2026-02-07", plan_version=2)).version == 4


def test_a_signer_signs_a_document_once_and_may_sign_what_was_deferred() -> None:
    deferred = event(
        "plan_reviewed",
        "2026-02-05",
        plan_version=1,
        signatures=[{"signer": "cl-E-1", "role": "client", "deferred": "later"}],
    )
    episode = given(
        *OPEN, deferred, event("signed", "2026-02-09", target=4, signatures=[signature("cl-E-1", "2026-02-09")])
    )
    again = event("signed", "2026-02-10", target=4, signatures=[signature("cl-E-1", "2026-02-10")])
    assert "already signed event 4, in event 5" in refusal(episode, again).message


@pytest.mark.parametrize(("target", "words"), [(2, "is not a plan"), (9, "is not recorded")])
def test_only_documents_are_signed(target: int, words: str) -> None:
    item = event("signed", "2026-02-09", target=target, signatures=[signature("c-lee", "2026-02-09")])
    assert words in refusal(given(*OPEN), item).message


# --- amendments ---------------------------------------------------------------------------------------------------


def test_a_correction_acts_on_an_original_that_counts() -> None:
    episode = given(*OPEN, session("2026-01-08"), corrected("2026-01-09", 4, minutes=170))
    assert "is itself an amendment" in refusal(episode, corrected("2026-01-09", 5, reason="x")).message
    episode.record(voided("2026-01-10", 4), now=NOW)
    assert "is already voided, by event 6" in refusal(episode, corrected("2026-01-11", 4, minutes=160)).message
    assert "is already voided" in refusal(episode, voided("2026-01-11", 4)).message


def test_the_latest_correction_wins_field_by_field_and_null_clears() -> None:
    episode = given(
        *OPEN,
        event("session_attended", "2026-01-08", service="group", minutes=180, group_size=13, place="room 1"),
        corrected("2026-01-09", 4, group_size=11, minutes=170),
        corrected("2026-01-10", 4, group_size=12, place=None),
    )
    effective = next(item for item in episode.history if item.version == 4)
    assert effective.event.model_dump(include={"group_size", "minutes", "place"}) == {
        "group_size": 12,
        "minutes": 170,
        "place": None,
    }
    assert effective.corrected_by == (5, 6)
    assert effective.entry.event.model_dump()["group_size"] == 13, "the original stays readable"


def test_voiding_a_correction_undoes_it_and_voiding_a_void_brings_the_event_back() -> None:
    episode = given(*OPEN, session("2026-01-08"), corrected("2026-01-09", 4, minutes=170), voided("2026-01-10", 5))
    assert next(i for i in episode.history if i.version == 4).event.model_dump()["minutes"] == 180
    episode = given(*OPEN, session("2026-01-08"), voided("2026-01-09", 4), voided("2026-01-10", 5))
    assert [i.version for i in episode.history] == [1, 2, 3, 4]


def test_voiding_a_document_takes_its_signatures_with_it() -> None:
    signed = event("signed", "2026-01-09", target=3, signatures=[signature("c-lee", "2026-01-09")])
    episode = given(*OPEN, signed, voided("2026-01-10", 3))
    assert [i.version for i in episode.history] == [1, 2]
    assert episode.amendments.voided_by == {3: 5, 4: 5}


@pytest.mark.parametrize("values", [{"type": "held"}, {"episode": "E-2"}, {"actor": ORTIZ}, {"late_reason": "x"}])
def test_a_correction_cannot_change_author_or_episode(values: dict[str, Any]) -> None:
    assert "cannot be corrected" in refusal(given(*OPEN), corrected("2026-01-09", 3, **values)).message


@pytest.mark.parametrize("values", [{"minutes": 0}, {"minutes": "ZZCANARY"}, {"mood": 1}, {"service": None}])
def test_a_corrected_event_must_be_a_valid_event(values: dict[str, Any]) -> None:
    problem = refusal(given(*OPEN, session("2026-01-08")), corrected("2026-01-09", 4, **values))
    assert isinstance(problem, InvalidEvent)
    assert "ZZCANARY" not in problem.message


def test_what_remains_after_a_void_must_be_possible() -> None:
    problem = refusal(given(*OPEN), voided("2026-01-09", 2))
    assert isinstance(problem, Impossible)
    assert problem.message.startswith("the remaining events would be impossible")
    assert 3 in problem.versions


def test_a_date_is_corrected_within_what_is_possible() -> None:
    episode = given(*CLOSED)
    assert "the remaining events" in refusal(episode, corrected("2026-03-05", 4, occurred_on="2026-03-03")).message
    episode.record(corrected("2026-03-05", 4, occurred_on="2026-02-03"), now=NOW)
    assert [i.version for i in episode.history if i.day.isoformat() == "2026-02-03"] == [4]


def test_a_client_entered_wrongly_in_two_events_is_corrected_in_both_together() -> None:
    episode = given(*OPEN)
    assert "the remaining events" in refusal(episode, corrected("2026-01-09", 1, client="cl-9")).message
    for version in (1, 2):
        episode.record(corrected("2026-01-09", version, client="cl-9"), now=NOW, together=True)
    episode.require_possible()
    assert episode.outline.client == "cl-9"


# --- time ---------------------------------------------------------------------------------------------------------


def test_nothing_is_dated_after_today_in_the_programs_zone() -> None:
    """At 04:30 UTC on 2 June it is still 1 June in Nebraska."""
    late_evening = datetime(2026, 6, 2, 4, 30, tzinfo=UTC)
    episode = given(*OPEN)
    assert "occurred_on is after today" in refusal(episode, session("2026-06-02"), late_evening).message
    episode.record(session("2026-06-01"), now=late_evening)


def test_before_an_admission_only_what_is_tomorrow_everywhere_is_refused() -> None:
    at = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
    assert "after today" in refusal(given(), assessed("2026-01-03"), at).message
    assert Episode(UUID(int=1)).record(assessed("2026-01-02"), now=at).originator_version == 1


def test_neither_a_signature_nor_a_correction_may_bring_a_future_date_in() -> None:
    episode = given(*OPEN, session("2026-01-08"))
    future = event("signed", "2026-06-01", target=3, signatures=[signature("c-lee", "2026-06-02")])
    assert "signed_on is after today" in refusal(episode, future).message
    assert "after today" in refusal(episode, corrected("2026-06-01", 4, occurred_on="2026-06-02")).message


def test_neither_a_prior_assessment_nor_a_referral_is_dated_after_today() -> None:
    accepted = assessed("2026-01-05", kind="prior_accepted", on="2026-06-03")
    assert "on is after today" in refusal(given(), accepted).message
    referred = assessed("2026-01-05", referral={"to": "dr-1", "on": "2026-06-03"})
    assert "referral.on is after today" in refusal(given(), referred).message


def test_the_history_kept_up_to_date_is_the_history_made_anew() -> None:
    example = EXAMPLE.read_bytes().splitlines()
    episode = Episode(UUID(int=1))
    for line in example:
        episode.record(parse_event(line), now=NOW)
        anew = effective_history(episode.entries)
        assert episode.history == anew
        assert episode.outline == outline(anew)
        assert episode.amendments == amendments(episode.entries)


def test_the_shortcuts_refuse_the_same_as_the_whole_history() -> None:
    """Most events are judged from an outline or without the plain events: taking that away must change nothing."""
    items = [
        session("2026-03-03"), session("2026-02-03"), event("team_changed", "2026-02-05"),
        plan("2026-02-05", plan_version=2),
        plan("2026-02-05"), reviewed("2026-01-04"), reviewed("2026-02-05"), reviewed("2026-03-05"), admitted(),
        assessed("2026-02-05", client="cl-2"), transferred("2026-02-05", "2.1", "1"), discharged("2026-02-01"),
        event("held", "2026-02-05", reason="jail"), event("resumed", "2026-02-05"), voided("2026-03-05", 2),
        event("explained", "2026-03-05", rule="x", on="2026-02-01", code="c"),
        event("signed", "2026-03-05", target=3, signatures=[signature("c-ortiz", "2026-03-05")]),
        event("referred", "2026-03-05", to="c-lee", kind="medical"),
        event("consent_revoked", "2026-02-05", recipient="x"),
    ]  # fmt: skip
    taken = 0
    for start in ((assessed(),), OPEN, (*OPEN, session("2026-02-02")), CLOSED):
        for item in items:
            fast = _verdict(start, item)
            with ExitStack() as stack:
                for cls in (cls for cls in EVENT_TYPES.values() if cls.traits.plain):
                    stack.enter_context(patch.object(cls, "traits", replace(cls.traits, plain=False)))
                slow = _verdict(start, item)
            assert fast == slow, item.type
            taken += fast == "taken"
    assert 10 < taken < len(items) * 4 - 10


def _verdict(start: tuple[Event, ...], item: Event) -> str:
    episode = given(*start)
    try:
        episode.record(item, now=NOW)
    except Refused as problem:
        return type(problem).__name__
    return "taken"
