"""Events in, receipts out: on both stores, with retries, conflicts, refusals and all-or-nothing calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.attempts import ATTEMPTS
from caretrail.commands.command import Receipt
from caretrail.commands.decide import UnreadableEpisode
from caretrail.errors import (
    CommandReused,
    Impossible,
    InvalidEvent,
    Refused,
    StayOverlap,
    UnknownEpisode,
    VersionConflict,
)
from caretrail.events import Event, parse_event
from caretrail.log import open_recorder
from tests.support.build import admitted, attestation, discharged, event, session
from tests.support.example import EXAMPLE
from tests.support.stores import pending

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


@pytest.fixture
def commands(store_url: str) -> Iterator[Commands]:
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        yield app


def receipts(outcomes: list[Receipt | Refused]) -> list[Receipt]:
    assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


def test_the_example_is_taken_whole_and_again_with_the_same_receipts(commands: Commands) -> None:
    events = [parse_event(line) for line in EXAMPLE.read_bytes().splitlines()]
    first = receipts(commands.append_each(events))
    assert [r.version for r in first] == [r.position for r in first] == list(range(1, 66))
    assert commands.append_each(events) == first
    assert commands.append(events) == first
    assert commands.episode("LNK-2026-0001").version == 65


def test_an_event_without_a_command_id_is_a_new_event_each_time(commands: Commands) -> None:
    commands.append([admitted()])
    assert [r.version for r in commands.append([session("2026-01-06")]) + commands.append([session("2026-01-06")])] == [
        2,
        3,
    ]


def test_a_command_id_used_for_other_content_is_refused_and_names_the_position(commands: Commands) -> None:
    commands.append([admitted(command_id="a/1")])
    for other in (session("2026-01-06", command_id="a/1"), admitted("01-05", "E-2", command_id="a/1", client="cl-2")):
        with pytest.raises(CommandReused, match="position 1"):
            commands.append([other])
    assert commands.append([session("2026-01-06", command_id="a/1", source="ehr")])[0].version == 2, "unique per source"


def test_a_retry_is_recognized_whether_or_not_it_is_marked_as_imported(commands: Commands) -> None:
    first = commands.append([admitted(command_id="a/1")], imported=True)
    assert commands.append([admitted(command_id="a/1")]) == first
    assert commands.episode("E-1").entries[0].imported


def test_one_act_sent_twice_in_one_call_is_recorded_once(commands: Commands) -> None:
    twice = session("2026-01-06", command_id="a/2")
    other = session("2026-01-07", command_id="a/2")
    outcomes = commands.append_each([admitted(command_id="a/1"), twice, twice, other])
    assert outcomes[1] == outcomes[2]
    assert isinstance(outcomes[3], CommandReused)
    assert commands.episode("E-1").version == 2


def test_refusals_come_in_their_place_and_the_others_are_taken(commands: Commands) -> None:
    outcomes = commands.append_each(
        [session("2026-01-06", "E-9"), admitted(), discharged("2026-01-01"), session("2026-01-07")]
    )
    assert [type(o) for o in outcomes] == [UnknownEpisode, Receipt, Impossible, Receipt]
    assert [r.position for r in outcomes if isinstance(r, Receipt)] == [1, 2], "a refusal takes no position"


def test_all_or_nothing_takes_nothing_and_names_the_event_to_blame(commands: Commands) -> None:
    with pytest.raises(Impossible) as caught:
        commands.append([admitted(), session("2026-01-06"), session("2026-08-01")])
    assert caught.value.index == 2
    with pytest.raises(UnknownEpisode):
        commands.episode("E-1")
    assert commands.append([admitted()])[0].position == 1


def test_all_or_nothing_takes_nothing_when_one_command_id_has_two_events(commands: Commands) -> None:
    with pytest.raises(InvalidEvent, match="appears twice") as caught:
        commands.append([admitted(command_id="a/1"), session("2026-01-06", command_id="a/1")])
    assert caught.value.index == 1
    with pytest.raises(UnknownEpisode):
        commands.episode("E-1")


def test_the_episode_that_is_impossible_as_a_whole_is_the_one_that_is_named(commands: Commands) -> None:
    with pytest.raises(Impossible) as caught:
        commands.append([admitted(), event("resumed", "2026-01-06"), admitted("01-05", "E-2", client="cl-2")])
    assert caught.value.index == 1


@pytest.mark.parametrize(
    ("name", "payload"),
    [("praised/1", b"{}"), ("held/9", b"{}"), ("discharged/1", b'{"no": 1}'), ("voided/1", b"{}")],
)
def test_an_episode_that_cannot_be_read_does_not_stop_the_others(
    commands: Commands, store_url: str, name: str, payload: bytes
) -> None:
    commands.append([admitted("01-05", "bad", client="cl-9")])
    with open_recorder(store_url) as recorder:
        recorder.append([pending(commands.episode_stream("bad"), 2, name=name, payload=payload)])
    outcomes = commands.append_each([admitted(), session("2026-01-06", "bad"), discharged("2026-02-01", "bad")])
    assert [type(o) for o in outcomes] == [Receipt, UnreadableEpisode, UnreadableEpisode]
    assert [type(o) for o in commands.append_each([session("2026-01-06")])] == [Receipt], "nothing of it is remembered"
    with pytest.raises(UnreadableEpisode):
        commands.append([session("2026-01-07"), discharged("2026-02-01", "bad")])
    assert commands.episode("E-1").version == 2


def test_events_of_one_call_are_judged_together(commands: Commands) -> None:
    commands.append([admitted(), discharged("2026-03-02")])
    with pytest.raises(Impossible):
        commands.append(
            [
                event(
                    "corrected",
                    "2026-03-09",
                    target=1,
                    values={"occurred_on": "2026-03-03"},
                    reason="typing error",
                )
            ]
        )
    commands.append(
        [
            event(
                "corrected",
                "2026-03-09",
                target=1,
                values={"occurred_on": "2026-03-03"},
                reason="typing error",
            ),
            event(
                "corrected",
                "2026-03-09",
                target=2,
                values={"occurred_on": "2026-03-08"},
                reason="typing error",
            ),
        ]
    )
    assert commands.episode("E-1").stays[0].first_day.isoformat() == "2026-03-03"


def test_a_client_has_one_open_stay_in_a_program(commands: Commands) -> None:
    commands.append([admitted()])
    with pytest.raises(StayOverlap, match="in episode E-1"):
        commands.append([admitted("2026-02-01", "E-2", client="cl-E-1")])
    outcomes = commands.append_each(
        [admitted("2026-02-01", "E-2", client="cl-E-1"), session("2026-01-06"), admitted("01-05", "E-3", client="cl-3")]
    )
    assert [type(o) for o in outcomes] == [StayOverlap, Receipt, Receipt], (
        "one refusal does not take the others with it"
    )


def test_a_return_after_discharge_is_a_new_episode_and_an_old_one_may_be_entered_later(
    commands: Commands,
) -> None:
    commands.append([admitted(), discharged("2026-03-02")])
    commands.append([admitted("2026-03-02", "E-2", prior_episode="E-1", client="cl-E-1")])
    commands.append([admitted("2025-01-05", "E-0", client="cl-E-1"), discharged("2025-03-02", "E-0")])
    void_discharge = event("voided", "2026-03-09", target=2, reason="entered_in_error")
    with pytest.raises(StayOverlap, match="in episode E-2"):
        commands.append([void_discharge])
    moved = event(
        "corrected",
        "2026-03-09",
        "E-0",
        target=2,
        values={"occurred_on": "2026-01-15"},
        reason="typing error",
    )
    with pytest.raises(StayOverlap, match="in episode E-1"):
        commands.append([moved])


def test_a_transfer_to_another_program_moves_the_stay(commands: Commands) -> None:
    away = event("transferred", "2026-02-02", from_level="2.1", to_level="1", edition="asam-3", to_program="op")
    commands.append([admitted(), away])
    commands.append([admitted("2026-02-02", "E-2", client="cl-E-1")])
    back = event("transferred", "2026-02-09", from_level="1", to_level="2.1", edition="asam-3", to_program="iop")
    with pytest.raises(StayOverlap, match="in episode E-2"):
        commands.append([back])


def test_after_a_refused_call_the_next_decision_rests_on_what_is_stored(commands: Commands) -> None:
    commands.append([admitted()])
    with pytest.raises(StayOverlap):
        commands.append([admitted("01-05", "E-2", client="cl-E-1"), session("2026-01-06", "E-2")])
    with pytest.raises(UnknownEpisode):
        commands.append([session("2026-01-06", "E-2")])


def test_a_decision_on_an_old_version_is_made_again(store_url: str) -> None:
    """Given two services that remember one episode, when both append in turn, neither loses or repeats an event."""
    with (
        Commands(open_recorder(store_url), lambda: NOW) as one,
        Commands(open_recorder(store_url), lambda: NOW) as two,
    ):
        one.append([admitted()])
        for day in range(6, 16):
            (one if day % 2 else two).append([session(f"2026-01-{day:02}")])
        two.append([discharged("2026-02-02")])
        with pytest.raises(Impossible, match="after the discharge"):
            one.append([session("2026-02-03")])
        assert one.episode("E-1").version == 12


def test_an_event_that_another_records_before_the_append_gets_that_receipt(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided meanwhile was not stored, so the next decision must not rest on it."""
    act = session("2026-01-06", command_id="k-1")
    with (
        Commands(open_recorder(store_url), lambda: NOW) as one,
        Commands(open_recorder(store_url), lambda: NOW) as two,
    ):
        one.append([admitted()])
        recorder: Any = one.recorder
        append = recorder.append
        theirs: list[Receipt | Refused] = []

        def late(*args: Any, **more: Any) -> Any:
            if not theirs:
                theirs.extend(two.append([discharged("2026-02-02")]) + two.append([act]))
            return append(*args, **more)

        monkeypatch.setattr(recorder, "append", late)
        assert one.append([act]) == theirs[1:]
        with pytest.raises(Impossible, match="after the discharge"):
            one.append([session("2026-02-03")])


def test_an_event_of_one_call_that_another_records_meanwhile_gets_that_receipt(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command was looked up before the first event was recorded; the discharge waits for the round after."""
    events = [admitted(), event("discharged", "2026-02-02", reason="completed", command_id="k-2")]
    with (
        Commands(open_recorder(store_url), lambda: NOW) as one,
        Commands(open_recorder(store_url), lambda: NOW) as two,
    ):
        recorder: Any = one.recorder
        append = recorder.append
        theirs: list[Receipt | Refused] = []

        def then(*args: Any, **more: Any) -> Any:
            recorded = append(*args, **more)
            if not theirs:  # later it is sent again, for its receipt
                theirs.extend(two.append(events[1:]))
            return recorded

        monkeypatch.setattr(recorder, "append", then)
        assert one.append_each(events)[1:] == theirs
        assert one.episode("E-1").version == 2


def test_services_racing_for_one_episode_all_get_through(store_url: str) -> None:
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        app.append([admitted()])
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Commands(open_recorder(store_url), lambda: NOW) as app:
                for i in range(10):
                    app.append([session("2026-01-06", command_id=f"{number}/{i}")])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        assert app.episode("E-1").version == 41


@pytest.mark.slow
def test_a_conflict_that_never_ends_is_reported_with_both_versions(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.append([admitted()])

    tries: list[object] = []

    def always(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise VersionConflict("x", 1, 2)

    monkeypatch.setattr(commands.recorder, "append", always)
    with pytest.raises(VersionConflict, match="expected version 1 of the episode, but it is at version 2"):
        commands.append([session("2026-01-06")])
    assert len(tries) == ATTEMPTS


def test_variables_of_the_host_do_not_change_where_we_store(
    store_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    monkeypatch.setenv("SQLITE_DBNAME", str(tmp_path / "elsewhere.db"))
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        app.append([admitted()])
        assert "PATH" not in app.env
    assert not (tmp_path / "elsewhere.db").exists()
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        assert app.episode("E-1").version == 1


def test_a_programs_own_events_have_a_stream_of_their_own(commands: Commands) -> None:
    attested = attestation("license")
    first, second = commands.append([attested]), commands.append([attested])
    assert (first[0].episode, first[0].version, second[0].version) == (None, 1, 2)
    with pytest.raises(UnknownEpisode):
        commands.episode("program:iop")


def test_events_sent_together_fare_as_if_sent_alone_also_where_stays_move(commands: Commands) -> None:
    """Given one client in two programs, when A moves to B's program before B has left, then A is refused."""

    def admit(episode: str, program: str) -> Event:
        return admitted("01-05", episode, client="cl-1", program=program)

    def move(episode: str, day: str, program: str, start: str, end: str) -> Event:
        return event("transferred", day, episode, from_level=start, to_level=end, to_program=program)

    commands.append_each([admit("A", "q1"), admit("B", "q2")])
    outcomes = commands.append_each(
        [move("A", "2026-02-02", "q2", "2.1", "1"), move("B", "2026-02-02", "q3", "2.1", "1")]
    )
    assert [type(outcome) for outcome in outcomes] == [StayOverlap, Receipt]
    assert commands.append_each([move("A", "2026-02-02", "q2", "2.1", "1")])[0].__class__ is Receipt
    old = [admitted("2025-01-05", "OLD", client="cl-7"), discharged("2025-03-02", "OLD")]
    commands.append([admitted("01-05", "NEW", client="cl-7")])
    assert [type(outcome) for outcome in commands.append_each(old)] == [StayOverlap, UnknownEpisode]
    assert len(commands.append(old)) == 2, "together they are an old stay that is over"


def test_events_of_one_call_may_come_in_any_order(commands: Commands) -> None:
    assert [r.version for r in commands.append([session("2026-01-06"), admitted()])] == [1, 2]
    with pytest.raises(UnknownEpisode):
        commands.append([session("2026-01-06", "E-9"), session("2026-01-07", "E-9")])


def test_a_stay_in_the_way_within_one_call_is_named(commands: Commands) -> None:
    with pytest.raises(StayOverlap, match=r"in episode E-[12]"):
        commands.append([admitted(), admitted("01-05", "E-2", client="cl-E-1")])
