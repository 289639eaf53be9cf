"""Events that threads of one process send alone at the same time are appended together, each as if alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from caretrail.commands import combining
from caretrail.commands.application import Commands
from caretrail.commands.combining import Combiner
from caretrail.commands.command import Command, Receipt
from caretrail.commands.decide import UnreadableEpisode
from caretrail.errors import CommandReused, Impossible, Refused, StoreUnreachable, UnknownEpisode, VersionConflict
from caretrail.events import Event
from caretrail.log import open_recorder
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent
from tests.support.build import admitted, discharged, event, session, voided
from tests.support.care import NOW
from tests.support.stores import pending

NAMES = [f"E-{number}" for number in range(6)]
LONG = 10.0
"""Seconds after which a test gives up waiting for a thread."""


@pytest.fixture
def recorder(store_url: str) -> Iterator[EventRecorder]:
    with open_recorder(store_url) as recorder:
        yield recorder


@pytest.fixture
def commands(recorder: EventRecorder) -> Commands:
    app = Commands(recorder, lambda: NOW)
    app.append([admitted("01-05", name) for name in NAMES])
    return app


class Gate:
    """Stands before the appends of a recorder: notes their sizes, and holds the first until it is opened."""

    def __init__(self, recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.reached, self.opened = threading.Event(), threading.Event()
        self.fail: Callable[[Sequence[Any]], BaseException | None] = lambda _: None
        self.really = recorder.append
        monkeypatch.setattr(recorder, "append", self.append)

    def append(self, events: Sequence[Any], *more: Any) -> list[RecordedEvent]:
        self.sizes.append(len(events))
        if not self.reached.is_set():
            self.reached.set()
            assert self.opened.wait(LONG)
        if (failure := self.fail(events)) is not None:
            raise failure
        return self.really(events, *more)


@pytest.fixture
def gate(commands: Commands, recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(recorder, monkeypatch)  # once the episodes are there


def wait_until(true: Callable[[], bool]) -> None:
    paused = threading.Event()
    for _ in range(int(LONG / 0.005)):
        if true():
            return
        paused.wait(0.005)
    raise AssertionError("it did not come to that")


@contextmanager
def held_up(commands: Commands, gate: Gate, first: Event, then: Sequence[Event]) -> Generator[list[Future[Receipt]]]:
    """One thread appends `first` and is held at the gate, while others wait with theirs; then the gate opens."""
    with ThreadPoolExecutor(1 + len(then)) as pool:
        sent = [pool.submit(one, commands, first)]
        assert gate.reached.wait(LONG)
        for place, waits in enumerate(then, 1):
            sent.append(pool.submit(one, commands, waits))
            wait_until(lambda: len(commands.combiner) == place)  # noqa: B023  # called before it changes
        yield sent
        gate.opened.set()


def one(commands: Commands, event: Event) -> Receipt:
    [receipt] = commands.append([event])
    return receipt


def test_what_waits_is_appended_together_and_each_gets_its_own_receipt(commands: Commands, gate: Gate) -> None:
    events = [session("01-06", name) for name in NAMES]
    with held_up(commands, gate, events[0], events[1:]) as sent:
        pass
    receipts = [future.result() for future in sent]
    assert gate.sizes == [1, 5]
    assert [receipt.episode for receipt in receipts] == NAMES
    assert {receipt.version for receipt in receipts} == {2}
    assert sorted(receipt.position for receipt in receipts) == list(range(7, 13))
    assert [one(commands, session("01-07", name)).version for name in NAMES] == [3] * 6


def test_each_is_decided_as_if_sent_alone_in_the_order_they_came(commands: Commands, gate: Gate) -> None:
    """On one episode: a discharge, then a session after it, which is refused without harm to the others."""
    events = [discharged("01-08", "E-1"), session("01-09", "E-1"), session("01-07", "E-1"), session("01-09", "E-2")]
    with held_up(commands, gate, session("01-06", "E-0"), events) as sent:
        pass
    assert isinstance(sent[2].exception(), Impossible)
    assert [sent[place].result().version for place in (1, 3, 4)] == [2, 3, 2]


def test_the_same_event_sent_twice_at_once_is_recorded_once(
    commands: Commands, recorder: EventRecorder, gate: Gate
) -> None:
    twice = [session("01-07", "E-1", command_id="k-1")] * 2
    other = session("01-08", "E-2", command_id="k-1")
    with held_up(commands, gate, session("01-06", "E-0"), [*twice, other]) as sent:
        pass
    outcomes = [future.exception() or future.result() for future in sent[1:]]
    recorded = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert (len(recorded), len(set(recorded))) == (2, 1)
    assert isinstance(outcomes[2], CommandReused)
    assert recorder.max_position() == 8


def test_one_that_cannot_be_appended_harms_no_other(
    commands: Commands, recorder: EventRecorder, gate: Gate, store_url: str
) -> None:
    """Another process moved one of the episodes: that one is decided again, the others are appended alone."""
    with Commands(open_recorder(store_url), lambda: NOW) as theirs:
        theirs.append([discharged("01-06", "E-3")])
    with held_up(commands, gate, session("01-06", "E-0"), [session("01-07", name) for name in NAMES[1:]]) as sent:
        pass
    assert [type(future.exception()) for future in sent] == [*[type(None)] * 3, Impossible, *[type(None)] * 2]
    assert gate.sizes[:2] == [1, 5]
    assert all(size == 1 for size in gate.sizes[2:])
    assert recorder.max_position() == 12


def test_a_leader_that_is_interrupted_hands_on_what_waits(
    commands: Commands, recorder: EventRecorder, gate: Gate
) -> None:
    """It may have appended: each of the others looks its command up, and is recorded once."""
    interrupted: list[int] = []

    def fail(events: Sequence[Any]) -> BaseException | None:
        if len(events) == 1 or interrupted:
            return None
        interrupted.append(len(gate.really(events)))  # kept, and then the signal comes
        return KeyboardInterrupt()

    gate.fail = fail
    with held_up(commands, gate, session("01-06", "E-0"), [session("01-07", name) for name in NAMES[1:]]) as sent:
        pass
    ended = [future.exception() for future in sent[1:]]
    assert sorted(type(error).__name__ for error in ended if error) == ["KeyboardInterrupt"]
    assert [future.result().version for future in sent[1:] if not future.exception()] == [2] * 4
    assert (interrupted, recorder.max_position()) == ([5], 12)


def test_a_store_that_is_away_is_told_to_all_and_the_next_go_on(commands: Commands, gate: Gate) -> None:
    gate.fail = lambda events: StoreUnreachable("gone") if len(events) > 1 else None
    with held_up(commands, gate, session("01-06", "E-0"), [session("01-07", name) for name in NAMES[1:]]) as sent:
        pass
    assert [type(future.exception()) for future in sent[1:]] == [StoreUnreachable] * 5
    assert gate.sizes == [1, 5]
    assert one(commands, session("01-07", "E-1")).version == 2


@pytest.mark.parametrize("sent", [False, True])
def test_a_caller_that_waited_in_vain_leaves_and_may_send_again(
    commands: Commands, recorder: EventRecorder, gate: Gate, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    commands.combiner.patience = 0.2
    events = [session("01-06", "E-0", command_id="k-0"), session("01-06", "E-1", command_id="k-1")]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one, commands, events[0])
        assert gate.reached.wait(LONG)
        error = pool.submit(one, commands, events[1]).exception()
        assert isinstance(error, StoreUnreachable)
        assert "is not recorded" in error.message
        assert not len(commands.combiner)
        gate.opened.set()
        assert first.result().version == 2
    assert recorder.max_position() == 7
    assert one(commands, events[1]).position == 8


def test_a_caller_that_leaves_while_its_event_is_appended_is_told_so(
    commands: Commands, recorder: EventRecorder, gate: Gate
) -> None:
    commands.combiner.patience = 0.3
    both = [session("01-06", "E-1", command_id="k-1"), session("01-06", "E-2", command_id="k-2")]
    leads, goes = threading.Event(), threading.Event()

    def fail(events: Sequence[Any]) -> None:
        if len(events) > 1:
            leads.set()
            assert goes.wait(LONG)

    gate.fail = fail
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(one, commands, session("01-06", "E-0"))
        assert gate.reached.wait(LONG)
        sent = [pool.submit(one, commands, event) for event in both]
        wait_until(lambda: len(commands.combiner) == 2)
        gate.opened.set()
        assert leads.wait(LONG)
        wait_until(lambda: any(future.done() for future in sent))  # the one that does not lead gives up
        goes.set()
        errors = [future.exception() for future in sent]
        first.result()
    [error] = [error for error in errors if error]
    assert isinstance(error, StoreUnreachable)
    assert "may be recorded" in error.message
    again = [one(commands, event) for event in both]
    assert sorted(receipt.position for receipt in again) == [8, 9]
    assert recorder.max_position() == 9


def test_nobody_waits_for_an_append_who_reads_or_sends_several(commands: Commands, gate: Gate) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(one, commands, session("01-06", "E-0"))
        assert gate.reached.wait(LONG)
        commands.cache.take(dict.fromkeys(map(commands.episode_stream, NAMES), False))
        several = commands.append([session("01-06", "E-1"), session("01-07", "E-1")])
        assert not first.done()
        gate.opened.set()
        assert (first.result().version, [receipt.version for receipt in several]) == (2, [2, 3])


def test_no_more_than_so_many_are_appended_together(
    commands: Commands, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combining, "MOST", 2)
    with held_up(commands, gate, session("01-06", "E-0"), [session("01-07", name) for name in NAMES[1:]]) as sent:
        pass
    assert [future.result().version for future in sent] == [2] * 6
    assert gate.sizes == [1, 2, 2, 1]


def test_an_error_of_the_program_reaches_the_caller_it_is_of() -> None:
    def append(commands: Sequence[Any]) -> None:
        raise ZeroDivisionError

    combiner = Combiner(append)
    for _ in range(2):  # and the next caller leads
        with pytest.raises(ZeroDivisionError):
            combiner.add(Command(0, session("01-06"), UUID(int=1), ("", "k-1"), searched=True))


# --- an episode that is remembered, or not ----------------------------------------------------------------------------


def test_a_refusal_on_a_remembered_episode_is_decided_again_on_what_is_recorded(
    commands: Commands, store_url: str
) -> None:
    """Never refused by what another process has undone, never by what is recorded already."""
    one(commands, discharged("01-08"))
    with Commands(open_recorder(store_url), lambda: NOW) as theirs:
        theirs.append([voided("01-09", 2)])
        assert one(commands, session("01-10", command_id="k-1")).version == 4
        theirs.append([discharged("01-10")])
        kept = one(commands, session("01-10", command_id="k-1"))
        assert kept.version == 4
    with pytest.raises(Impossible):
        commands.append([session("01-11")])
    assert one(commands, session("01-10", command_id="k-1")) == kept


def test_a_version_that_is_named_is_held_against_what_is_recorded(commands: Commands, store_url: str) -> None:
    one(commands, session("01-06"))
    with Commands(open_recorder(store_url), lambda: NOW) as theirs:
        theirs.append([session("01-07")])
    with pytest.raises(VersionConflict) as caught:
        commands.append([session("01-08", expected_version=2)])
    assert (caught.value.actual, caught.value.index) == (3, 0)
    assert one(commands, session("01-08", expected_version=3)).version == 4


def test_an_episode_that_another_process_begins_is_seen(commands: Commands, store_url: str) -> None:
    with pytest.raises(UnknownEpisode):
        commands.append([session("01-06", "E-9")])
    with Commands(open_recorder(store_url), lambda: NOW) as theirs:
        theirs.append([admitted("01-05", "E-9")])
    assert one(commands, session("01-06", "E-9")).version == 2


def test_of_a_long_episode_a_plain_event_reads_the_outline_only(
    commands: Commands, recorder: EventRecorder, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.append_each([session("01-06", command_id=f"s-{number}") for number in range(60)])
    with open_recorder(store_url) as theirs:
        fresh = Commands(theirs, lambda: NOW)
        read: list[int] = []
        reading = theirs.read_for_decision

        def counted(*asked: Any) -> Any:
            found, newer = reading(*asked)
            read.append(sum(map(len, newer.values())))
            return found, newer

        monkeypatch.setattr(theirs, "read_for_decision", counted)
        assert one(fresh, session("01-07", command_id="k-1")).version == 62
        assert max(read) == 2  # the admission, and the newest
        assert one(fresh, session("01-06", command_id="s-5")).version == 7  # recorded already, and left out
        assert one(fresh, session("01-08")).version == 63
        assert max(read) <= 3
        assert one(fresh, discharged("01-09")).version == 64  # asks for the whole
        assert max(read) == 63
        with pytest.raises(Impossible):
            fresh.append([session("01-10")])


def test_an_outline_with_an_event_of_a_newer_release_decides_nothing(
    commands: Commands, recorder: EventRecorder, store_url: str
) -> None:
    stream = commands.episode_stream("E-1")
    recorder.append([pending(stream, 2, name="readmitted/1"), pending(stream, 3)])
    with Commands(open_recorder(store_url), lambda: NOW) as fresh:
        with pytest.raises(UnreadableEpisode):
            fresh.append([session("01-06", "E-1")])
        assert one(fresh, session("01-06", "E-2")).version == 2


def test_an_outline_is_enough_for_several_events_and_read_in_one_statement(commands: Commands, store_url: str) -> None:
    commands.append_each([session("01-06", name) for name in NAMES for _ in range(5)])
    sent = [
        *(session("01-07", name) for name in NAMES),
        event("care_coordinated", "01-07", "E-1", kind="medical"),
        discharged("01-08", "E-2"),
        session("01-09", "E-2"),
    ]
    with Commands(open_recorder(store_url), lambda: NOW) as fresh:
        outcomes = fresh.append_each(sent)
        whole = fresh.cache.take(dict.fromkeys(map(fresh.episode_stream, NAMES), False))
    assert [isinstance(outcome, Refused) for outcome in outcomes] == [*[False] * 8, True]
    assert [whole[fresh.episode_stream(name)].whole for name in NAMES] == [name == "E-2" for name in NAMES]


@pytest.mark.parametrize("remembered", [True, False])
def test_round_trips_to_postgresql(postgres_url: str, monkeypatch: pytest.MonkeyPatch, remembered: bool) -> None:
    """One for an episode that is remembered, two for another; a retry is settled by one."""
    with Commands(open_recorder(postgres_url), lambda: NOW) as app:
        app.append([admitted()])
    with Commands(open_recorder(postgres_url), lambda: NOW) as app:
        if remembered:
            app.append([session("2026-01-06", command_id="k-1")])
        asked: list[object] = []
        execute = psycopg.Connection.execute

        def counted(connection: Any, query: Any, *args: Any, **more: Any) -> Any:
            asked.append(query)
            return execute(connection, query, *args, **more)

        monkeypatch.setattr(psycopg.Connection, "execute", counted)
        receipt = one(app, session("2026-01-07", command_id="k-2"))
        assert (receipt.version, len(asked)) == (2 + remembered, 1 if remembered else 2)
        assert one(app, session("2026-01-07", command_id="k-2")) == receipt
        assert len(asked) == (2 if remembered else 3)
