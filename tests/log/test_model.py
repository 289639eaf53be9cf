"""SQLite, PostgreSQL and a model of a few lines, answer the same calls alike."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from caretrail.errors import CommandReused, Refused, VersionConflict
from caretrail.log import EventRecorder, PendingEvent, ProgramStay, RecordedEvent, open_recorder
from caretrail.log.records import CommandKey, Log, PendingAccess, access_stream
from tests.log.model import SALT, Model, Outcome
from tests.support.stores import pending

RUNS = int(os.environ.get("CARETRAIL_MODEL_RUNS", "120"))
STEPS = 25
JAN = date(2026, 1, 1)
NO_STAYS: Mapping[UUID, Sequence[ProgramStay]] = {}

sent = st.lists(
    st.tuples(
        st.integers(0, 3),  # the stream
        st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1]),  # how far the version is off
        st.sampled_from([b'{"p":1}', b'{"q":1}']),
        st.sampled_from(["", "ehr"]),
        st.one_of(st.none(), st.integers(0, 5)),  # a command used before, perhaps; None makes a new one
    ),
    min_size=1,
    max_size=4,
)
stay = st.tuples(st.integers(0, 1), st.integers(0, 20), st.one_of(st.none(), st.integers(0, 10)))


class Stores(RuleBasedStateMachine):
    """The same calls for the model and for both stores, which hold what earlier runs left in them."""

    recorders: tuple[EventRecorder, ...]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.streams = [uuid4() for _ in range(4)]
        self.name = uuid4().hex
        self.base = {recorder: recorder.max_position() for recorder in self.recorders}
        self.base_of_accesses = {recorder: recorder.max_position(Log.ACCESSES) for recorder in self.recorders}
        self.calls: list[tuple[list[PendingEvent], Mapping[UUID, Sequence[ProgramStay]]]] = []

    @rule(events=sent, moved=st.one_of(st.none(), st.lists(stay, max_size=2)))
    def append(
        self,
        events: list[tuple[int, int, bytes, str, int | None]],
        moved: list[tuple[int, int, int | None]] | None,
    ) -> None:
        call: dict[tuple[str, str], PendingEvent] = {}
        latest = {event.originator_id: event.originator_version for event in self.model.log}
        for number, off, payload, source, command in events:
            stream = self.streams[number]
            command_id = f"{self.name}-{command}" if command is not None else uuid4().hex
            version = max(1, latest.get(stream, 0) + 1 + off)
            event = pending(stream, version, payload=payload, source=source, command_id=command_id)
            if call.setdefault((source, command_id), event) is event:  # no command twice in one call
                latest[stream] = latest.get(stream, 0) + 1
        first = next(iter(call.values())).originator_id
        self.send(list(call.values()), NO_STAYS if moved is None else {first: [self.stay_of(*one) for one in moved]})

    @rule(command=st.integers(0, 3), payload=st.sampled_from([b"p", b"q"]))
    def access(self, command: int, payload: bytes) -> None:
        command_id = f"{self.name}-{command}"
        expected = self.model.access(command_id, payload)
        for recorder, base in self.base_of_accesses.items():
            assert looked(recorder, PendingAccess(payload, command_id, SALT), base) == expected

    @rule(number=st.integers(0, 100))
    def send_again(self, number: int) -> None:
        if self.calls:
            self.send(*self.calls[number % len(self.calls)])

    @invariant()
    def the_logs_are_the_same(self) -> None:
        expected = [(place, event.originator_id, event.state) for place, event in enumerate(self.model.log, 1)]
        for recorder, base in self.base.items():
            log = recorder.read_log(base, limit=1000)
            assert [(one.position - base, one.originator_id, one.state) for one in log] == expected
            assert [one.salt for one in log] == [one.salt for one in self.model.log]

    @invariant()
    def the_accesses_are_the_same(self) -> None:
        expected = [(place, event.state) for place, event in enumerate(self.model.accesses, 1)]
        for recorder, base in self.base_of_accesses.items():
            log = recorder.read_log(base, limit=1000, log=Log.ACCESSES)
            assert [(one.position - base, one.state) for one in log] == expected
            assert [one.originator_version for one in log] == [one.position for one in log]
            assert {one.originator_id for one in log} <= {access_stream(recorder.namespace, recorder.account)}

    @rule(number=st.integers(0, 3), after=st.integers(0, 4), upto=st.integers(0, 6), desc=st.booleans())
    def read_a_stream(self, number: int, after: int, upto: int, desc: bool) -> None:
        stream = self.streams[number]
        mine = [event for event in self.model.log if event.originator_id == stream]
        expected = [event.salt for event in mine if after < event.originator_version <= upto]
        for recorder in self.recorders:
            found = recorder.select_events(stream, gt=after, lte=upto, desc=desc)
            assert [event.salt for event in found] == (expected[::-1] if desc else expected)

    def stay_of(self, client: int, first: int, length: int | None) -> ProgramStay:
        day = JAN + timedelta(days=first)
        return ProgramStay(
            f"{self.name}-{client}", "iop", day, None if length is None else day + timedelta(days=length)
        )

    def send(self, events: list[PendingEvent], stays: Mapping[UUID, Sequence[ProgramStay]]) -> None:
        self.calls.append((events, stays))
        expected = self.model.append(events, stays)
        for recorder in self.recorders:
            assert outcome(recorder, events, stays, self.base[recorder]) == expected, recorder.database.dialect


def outcome(
    recorder: EventRecorder, events: list[PendingEvent], stays: Mapping[UUID, Sequence[ProgramStay]], base: int
) -> Outcome:
    """What a store made of a call, in the words of the model; positions are counted from where the run began."""
    try:
        return Outcome(tuple(event.position - base for event in recorder.append(events, stays)))
    except CommandReused as refusal:
        return Outcome(refusal=refusal.code, numbers=(refusal.position - base,))
    except VersionConflict as refusal:
        return Outcome(refusal=refusal.code, numbers=(refusal.expected, refusal.actual))
    except Refused as refusal:
        return Outcome(refusal=refusal.code)


def looked(recorder: EventRecorder, access: PendingAccess, base: int) -> Outcome:
    """What a store made of an access, in the words of the model."""
    try:
        return Outcome(tuple(event.position - base for event in recorder.record_access([access])))
    except CommandReused as refusal:
        return Outcome(refusal=refusal.code, numbers=(refusal.position - base,))


def compare(recorders: tuple[EventRecorder, ...], runs: int) -> None:
    machine = type("Compared", (Stores,), {"recorders": recorders})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_both_stores_do_what_the_model_does(sqlite_url: str, postgres_url: str) -> None:
    with open_recorder(sqlite_url) as sqlite, open_recorder(postgres_url) as postgresql:
        compare((sqlite, postgresql), RUNS)


def forgetful(_: Sequence[CommandKey], __: Log = Log.EVENTS) -> dict[CommandKey, RecordedEvent]:
    return {}


def test_a_store_that_forgets_commands_is_found_out(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a store that finds no recorded command answers a retry as a conflict, and the model notices."""
    with open_recorder(sqlite_url) as recorder:
        machine = type("Compared", (Stores,), {"recorders": (recorder,)})()
        machine.append(events=[(0, 0, b"{}", "", None)], moved=None)
        machine.send_again(number=0)
        monkeypatch.setattr(recorder, "find_commands", forgetful)
        with pytest.raises(AssertionError, match="sqlite"):
            machine.send_again(number=0)
