"""Two numbers of one client become one: all events and episodes together, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.merge import Merge, plan_merge
from caretrail.errors import ClientInTwoPlaces, InvalidEvent, StayOverlap, VersionConflict
from caretrail.events import PlanSigned
from caretrail.log import open_recorder
from caretrail.log.recorder import EventRecorder
from tests.support.build import (
    admitted,
    assessed,
    attestation,
    corrected,
    discharged,
    event,
    plan,
    session,
    signature,
    transferred,
)

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
ORTIZ = {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}
OLD, NEW = "cl-old", "cl-new"


@pytest.fixture
def recorder(store_url: str) -> Iterator[EventRecorder]:
    with open_recorder(store_url) as opened:
        yield opened


@pytest.fixture
def commands(recorder: EventRecorder) -> Commands:
    return Commands(recorder, lambda: NOW)


def planned(recorder: EventRecorder, old: str = OLD, new: str = NEW) -> Merge:
    return plan_merge(recorder, old, new, NOW)


def merged(commands: Commands, recorder: EventRecorder, old: str = OLD, new: str = NEW) -> int:
    return len(commands.append(planned(recorder, old, new).corrections(ORTIZ)))


def stays(recorder: EventRecorder) -> list[tuple[object, ...]]:
    return sorted(
        map(tuple, recorder.database.query("SELECT client, program, first_day, last_day FROM caretrail.stay"))
    )


def two_episodes(commands: Commands) -> None:
    """A closed and an open episode of the old number, an assessment alone, and a closed one of the new number."""
    signed = [signature(OLD, "01-07", "client"), signature("c-ortiz", "01-07")]
    commands.append([assessed("01-02", "A-1", client=OLD), admitted("01-05", "A-1", client=OLD)])
    commands.append([plan("01-07", "A-1", signatures=signed, required_signers=[OLD])])
    commands.append([discharged("02-05", "A-1")])
    commands.append([admitted("03-02", "A-2", client=OLD), session("03-03", "A-2")])
    commands.append([assessed("04-02", "A-3", client=OLD)])
    commands.append([admitted("02-05", "B-1", client=NEW), discharged("03-02", "B-1")])
    commands.append([admitted("01-05", "C-1", client="cl-3"), attestation("license")])


def test_every_event_of_every_episode_gets_the_new_number(commands: Commands, recorder: EventRecorder) -> None:
    two_episodes(commands)
    merge = planned(recorder)
    assert [(one.episode, one.events, one.signatures) for one in merge.episodes] == [
        ("A-1", ((1, "assessed"), (2, "admitted")), 1), ("A-2", ((1, "admitted"),), 0), ("A-3", ((1, "assessed"),), 0),
    ]  # fmt: skip
    assert (merge.others, merge.size) == (("B-1",), 4)
    assert merged(commands, recorder) == 4
    assert [commands.episode(name).outline.client for name in ("A-1", "A-2", "A-3", "B-1", "C-1")] == [
        NEW, NEW, NEW, NEW, "cl-3",
    ]  # fmt: skip
    [signed] = [item.event for item in commands.episode("A-1").history if isinstance(item.event, PlanSigned)]
    assert ([one.signer for one in signed.signatures], signed.required_signers) == ([NEW, "c-ortiz"], (NEW,))
    assert {row[0] for row in stays(recorder)} == {NEW, "cl-3"}
    assert len(stays(recorder)) == 4


def test_a_merge_run_again_finds_nothing_to_do(commands: Commands, recorder: EventRecorder) -> None:
    two_episodes(commands)
    merged(commands, recorder)
    newest = recorder.max_position()
    assert planned(recorder).episodes == ()
    assert merged(commands, recorder) == 0
    assert recorder.max_position() == newest


def test_a_number_without_an_episode_is_a_new_number(commands: Commands, recorder: EventRecorder) -> None:
    commands.append([admitted("01-05", "A-1", client=OLD)])
    assert planned(recorder).others == ()
    assert merged(commands, recorder) == 1
    assert commands.episode("A-1").outline.client == NEW


def test_two_open_episodes_in_one_program_are_in_the_way_and_all_are_named(
    commands: Commands, recorder: EventRecorder
) -> None:
    for episode, client, program in (
        ("A-1", OLD, "iop"), ("B-1", NEW, "iop"), ("A-2", OLD, "eve"), ("B-2", NEW, "eve"), ("A-3", OLD, "op"),
    ):  # fmt: skip
        commands.append([admitted("01-05", episode, client=client, program=program)])
    with pytest.raises(ClientInTwoPlaces, match="in episodes A-1 and B-1; A-2 and B-2") as caught:
        planned(recorder)
    assert caught.value.clashes == (("A-1", "B-1", "iop"), ("A-2", "B-2", "eve"))
    assert caught.value.reveals == ("A-1", "B-1", "A-2", "B-2")
    assert OLD not in caught.value.message + caught.value.hint
    with pytest.raises(StayOverlap):  # the store says the same of the corrections
        commands.append([event("corrected", "06-01", "A-1", target=1, values={"client": NEW}, reason="merged")])


def test_a_transfer_into_the_program_of_the_other_number_is_in_the_way(
    commands: Commands, recorder: EventRecorder
) -> None:
    commands.append([admitted("01-05", "B-1", client=NEW, program="op"), discharged("02-05", "B-1")])
    commands.append([admitted("01-05", "A-1", client=OLD)])
    moved = transferred("02-04", "2.1", "1", to_program="op", episode="A-1")
    commands.append([moved])
    with pytest.raises(ClientInTwoPlaces, match="A-1 and B-1"):
        planned(recorder)
    commands.append([event("corrected", "06-01", "A-1", target=2, values={"occurred_on": "2026-02-05"}, reason="slip")])
    assert merged(commands, recorder) == 1


def test_an_episode_that_changed_since_the_plan_stops_the_whole_merge(
    commands: Commands, recorder: EventRecorder
) -> None:
    two_episodes(commands)
    corrections = planned(recorder).corrections(ORTIZ)
    commands.append([session("03-04", "A-2")])
    newest = recorder.max_position()
    with pytest.raises(VersionConflict):
        commands.append(corrections)
    assert recorder.max_position() == newest


def test_a_number_that_was_corrected_before_is_found_by_what_counts_now(
    commands: Commands, recorder: EventRecorder
) -> None:
    """Given an episode corrected away from the old number and one corrected to it, then only the latter is merged."""
    commands.append([admitted("01-05", "A-1", client=OLD), admitted("01-05", "A-2", client="cl-3")])
    commands.append([event("corrected", "03-01", "A-1", target=1, values={"client": "cl-4"}, reason="slip")])
    commands.append([event("corrected", "03-01", "A-2", target=1, values={"client": OLD}, reason="slip")])
    assert [one.episode for one in planned(recorder).episodes] == ["A-2"]
    merged(commands, recorder)
    assert commands.episode("A-1").outline.client == "cl-4"
    assert commands.episode("A-2").outline.client == NEW


@pytest.mark.parametrize(("old", "new"), [("x", "x"), ("a b", "c"), ("a", 'b"'), ("", "b")])
def test_a_merge_is_of_two_different_numbers(recorder: EventRecorder, old: str, new: str) -> None:
    with pytest.raises(InvalidEvent, match="two different numbers"):
        planned(recorder, old, new)


def test_a_merge_merged_back_is_as_before(commands: Commands, recorder: EventRecorder) -> None:
    commands.append([admitted("01-05", "A-1", client=OLD), plan("01-07", "A-1", signers=[OLD])])
    merged(commands, recorder)
    merged(commands, recorder, NEW, OLD)
    assert commands.episode("A-1").outline.client == OLD
    assert stays(recorder)[0][0] == OLD


def test_other_events_of_the_episode_go_on_after_a_merge(commands: Commands, recorder: EventRecorder) -> None:
    two_episodes(commands)
    merged(commands, recorder)
    commands.append([session("03-05", "A-2"), corrected("03-06", 2, minutes=60).model_copy(update={"episode": "A-2"})])
    with pytest.raises(StayOverlap):
        commands.append([admitted("04-02", "D-1", client=NEW)])
