"""What a recorder gives back, held against both databases by the same tests."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from caretrail.errors import CommandReused, InvalidEvent, StayOverlap, VersionConflict
from caretrail.log import EventRecorder, PendingEvent, ProgramStay, RecordedEvent, leaf_hash, open_recorder
from caretrail.log.leaf import event_of
from caretrail.log.records import Log
from tests.support.stores import Clock, content, log_of, pending, run_sql

JAN, FEB = date(2025, 1, 1), date(2025, 2, 1)


# --- texts ------------------------------------------------------------------------------------------------------


TEXTS = ["Ünïcode", "e\u0301 is not \u00e9", "😀", "\u202e right to left", "a\tb\n'\"\\%:x", "z" * 900]


def json_of(text: str) -> bytes:
    """A payload that holds a text as it is."""
    return json.dumps({"text": text}, ensure_ascii=False).encode()


def test_the_columns_of_a_leaf_make_the_event_again(recorder: EventRecorder) -> None:
    recorder.append([pending(uuid4(), name=text, payload=json_of(text), command_id=text) for text in TEXTS])
    assert [event_of(columns) for columns in recorder.read_columns(0, 100)] == log_of(recorder)


def test_texts_and_bytes_come_back_as_they_were(recorder: EventRecorder) -> None:
    for text in TEXTS:
        stream = uuid4()
        given = pending(stream, name=text, payload=json_of(text), source=text, command_id=text)
        [recorded] = recorder.append([given], {stream: [ProgramStay(text, text, JAN, None)]})
        assert content([recorded]) == content([given])
        assert log_of(recorder)[-1] == recorded
        assert recorder.find_commands([(text, text)]) == {(text, text): recorded}
        with pytest.raises(StayOverlap):
            recorder.append([pending(other := uuid4())], {other: [ProgramStay(text, text, FEB, None)]})


IMPOSSIBLE = [
    pending(uuid4(), command_id="nul\0"),
    pending(uuid4(), source="\ud800"),
    pending(uuid4(), name="n\0"),
    pending(uuid4(), name=""),
    pending(uuid4(), command_id="x" * 1001),
    pending(uuid4(), source="ü" * 501),
    pending(uuid4(), 0),
    pending(uuid4(), 2**63),
    PendingEvent(uuid4(), 1, "n/1", b"{}", "", "", b"s" * 16),
    PendingEvent(uuid4(), 1, "n/1", b"{}", "", "k", b"s" * 15),
]


def test_what_one_store_could_not_keep_both_refuse(recorder: EventRecorder) -> None:
    for event in IMPOSSIBLE:
        with pytest.raises(InvalidEvent) as refused:
            recorder.append([event])
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None
    assert recorder.max_position() == 0


def test_errors_hold_nothing_of_an_event(recorder: EventRecorder) -> None:
    stream = uuid4()
    canary = "CANARY"
    event = pending(stream, payload=json_of(canary), source=canary, command_id=canary)
    stay = {stream: [ProgramStay(canary, canary, JAN, None)]}
    recorder.append([event], stay)
    other = uuid4()
    for call, stays in [
        ([pending(stream, 5, payload=json_of(canary))], {}),
        ([pending(stream, 2, source=canary, command_id=canary, payload=b"{}")], {}),
        ([pending(other, payload=json_of(canary))], {other: [ProgramStay(canary, canary, JAN, None)]}),
    ]:
        with pytest.raises((VersionConflict, CommandReused, StayOverlap)) as refused:
            recorder.append(call, stays)
        assert canary not in f"{refused.value.message} {refused.value.hint} {vars(refused.value)}"


def test_a_leaf_is_the_published_layout(recorder: EventRecorder) -> None:
    """Written out by hand from the design, byte by byte, not from the code."""
    event = RecordedEvent(
        UUID("00112233-4455-6677-8899-aabbccddeeff"), 3, "plan_reviewed/1", b'{"a":1}', "ehr", "c-é", bytes(range(16)),
        258, datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC), "rö", "gw",
    )  # fmt: skip
    layout = bytes.fromhex(
        "00" "01" "01" "0000000000000102" "00112233445566778899aabbccddeeff" "0000000000000003" "00000000000f4245"
        "0000000f" "706c616e5f72657669657765642f31" "00000003" "72c3b6" "00000002" "6777"
        "00000003" "656872" "00000004" "632dc3a9"
    )  # fmt: skip
    layout += hashlib.sha256(bytes(range(16)) + b'{"a":1}').digest()
    assert leaf_hash(event) == hashlib.sha256(layout).digest()
    assert leaf_hash(event, Log.ACCESSES) == hashlib.sha256(b"\0\1\2" + layout[3:]).digest()


def test_a_leaf_is_the_same_when_the_event_is_read_back(recorder: EventRecorder) -> None:
    recorded = recorder.append([pending(uuid4(), source="ü", command_id="😀"), pending(uuid4(), source="")])
    assert [leaf_hash(event) for event in recorder.read_log()] == [leaf_hash(event) for event in recorded]
    assert [leaf_hash(e) for e in recorder.append(recorded)] == [leaf_hash(e) for e in recorded]


def test_any_column_changes_the_leaf() -> None:
    event = RecordedEvent(uuid4(), 1, "n/1", b"p", "s", "c", b"0" * 16, 1, datetime(2025, 1, 1, tzinfo=UTC), "who")
    other: dict[str, Any] = {
        "originator_id": uuid4(), "originator_version": 2, "topic": "n/2", "state": b"q", "source": "t",
        "command_id": "d", "salt": b"1" * 16, "position": 2, "recorded_by": "me", "asserted_by": "gw",
        "recorded_at": datetime(2025, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    }  # fmt: skip
    assert set(other) == set(vars(event))
    leaves = {leaf_hash(replace(event, **{name: value})) for name, value in other.items()}
    assert len(leaves | {leaf_hash(event)}) == len(other) + 1


# --- reading ----------------------------------------------------------------------------------------------------


def test_a_stream_is_read_from_to_and_backward(recorder: EventRecorder) -> None:
    stream = uuid4()
    recorder.append([event for v in range(1, 7) for event in (pending(stream, v), pending(uuid4()))])

    def versions(**wanted: int | bool) -> list[int]:
        return [event.originator_version for event in recorder.select_events(stream, **wanted)]  # type: ignore[arg-type]

    assert versions() == [1, 2, 3, 4, 5, 6]
    assert versions(gt=2) == [3, 4, 5, 6]
    assert versions(gt=2, lte=4) == [3, 4]
    assert versions(desc=True, limit=2) == [6, 5]
    assert versions(lte=5, desc=True, limit=1) == [5]
    assert versions(limit=0) == []


def test_many_streams_are_read_in_one_call(recorder: EventRecorder) -> None:
    a, b, c = uuid4(), uuid4(), uuid4()
    recorder.append([event for v in range(1, 4) for event in (pending(a, v), pending(b, v), pending(uuid4()))])
    found = recorder.select_streams({b: 1, a: 0, c: 0})
    assert {stream: [e.originator_version for e in events] for stream, events in found.items()} == {
        a: [1, 2, 3],
        b: [2, 3],
        c: [],
    }
    assert recorder.select_streams({}) == {}
    assert recorder.find_commands([]) == {}


def test_a_decision_reads_commands_and_streams_once(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    recorder.append([pending(a, 1, command_id="k-1"), pending(a, 2, command_id="k-2"), pending(b, 1, command_id="k-3")])
    first, second, third = recorder.read_log()
    of = {event.command_id: (event.source, event.command_id) for event in (first, second, third)}

    assert recorder.read_for_decision([of["k-1"]], {a: 1}) == ({of["k-1"]: first}, {a: [second]})
    assert recorder.read_for_decision([of["k-2"]], {a: 1}) == ({of["k-2"]: second}, {a: [second]})
    assert recorder.read_for_decision([of["k-3"]], {a: 2}) == ({of["k-3"]: third}, {a: []})
    assert recorder.read_for_decision([("", "k-4")], {a: 0}) == ({}, {a: [first, second]})
    assert recorder.read_for_decision([], {b: 0}) == ({}, {b: [third]})
    assert recorder.read_for_decision(list(of.values()), {a: 1, b: 1})[1] == {a: [second], b: []}


def test_the_log_is_read_in_parts(recorder: EventRecorder) -> None:
    recorder.append([pending(uuid4()) for _ in range(10)])
    assert [e.position for e in recorder.read_log(after=3, upto=8, limit=3)] == [4, 5, 6]
    assert [e.position for e in recorder.read_log(after=6, upto=8)] == [7, 8]
    assert recorder.read_log(after=10) == []


def test_a_batch_of_five_hundred_is_one_call(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    batch = [event for v in range(1, 251) for event in (pending(a, v), pending(b, v))]
    recorded = recorder.append(batch)
    assert [event.position for event in recorded] == list(range(1, 501))
    assert content(log_of(recorder)) == content(batch)
    assert recorder.append(batch) == recorded


# --- the library ------------------------------------------------------------------------------------------------


def test_the_library_reads_and_writes_through_its_own_interface(recorder: EventRecorder) -> None:
    a = uuid4()
    positions = recorder.insert_events([pending(a, 1), pending(a, 2, name="held/1")])
    assert list(positions) == [1, 2] == [event.position for event in log_of(recorder)]
    recorder.append([pending(uuid4())])

    def ids(
        start: int | None, limit: int = 10, stop: int | None = None, topics: Sequence[str] = (), **how: bool
    ) -> list[int]:
        return [n.id for n in recorder.select_notifications(start, limit, stop, topics, **how)]

    assert ids(None) == ids(1) == [1, 2, 3]
    assert ids(2) == [2, 3]
    assert ids(1, inclusive_of_start=False) == [2, 3]
    assert ids(None, stop=2) == [1, 2]
    assert ids(1, limit=1) == [1]
    assert ids(1, topics=["held/1"]) == [2]
    assert recorder.max_notification_id() == 3
    [notification] = recorder.select_notifications(2, 1)
    assert (notification.originator_id, notification.originator_version, notification.topic) == (a, 2, "held/1")
    with pytest.raises(TypeError, match="PendingEvent"):
        recorder.insert_events([StoredEvent(uuid4(), 1, "t", b"")])


def test_a_subscription_yields_what_is_there_and_what_comes(recorder: EventRecorder) -> None:
    recorder.append([pending(uuid4()), pending(uuid4(), name="held/1")])
    with recorder.subscribe(gt=1) as everything, recorder.subscribe(topics=["resumed/1"]) as some:
        assert next(everything).id == 2
        later = threading.Timer(0.1, lambda: recorder.append([pending(uuid4(), name="resumed/1")]))
        later.start()
        assert next(everything).id == 3
        assert next(some).id == 3
        later.join()
        threading.Timer(0.05, everything.stop).start()
        assert list(everything) == []


def test_variables_of_the_environment_do_not_change_where_we_store(
    store_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POSTGRES_DBNAME", "SQLITE_DBNAME", "PGDATABASE", "PERSISTENCE_MODULE", "POSTGRES_HOST"):
        monkeypatch.setenv(name, "elsewhere")
    with open_recorder(store_url, clock=clock) as recorder:
        recorder.append([pending(uuid4())])
    assert run_sql(store_url, "SELECT count(*) FROM caretrail.log") == [(1,)]
