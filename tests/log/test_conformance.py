"""What a recorder promises of appending, held against both databases by the same tests."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from uuid import uuid4, uuid5

import pytest

from caretrail.errors import CommandReused, InvalidEvent, StayOverlap, StoreError, StoreUnreachable, VersionConflict
from caretrail.log import EventRecorder, ProgramStay, RecordedEvent, open_recorder
from tests.support.stores import Clock, all_at_once, content, lock_held, log_of, pending, run_sql

# --- order and time ---------------------------------------------------------------------------------------------


def test_an_empty_store_answers_empty(recorder: EventRecorder) -> None:
    assert (recorder.max_position(), recorder.max_notification_id()) == (0, None)
    assert recorder.last_recorded_at() is None
    assert recorder.read_log() == []
    assert recorder.select_events(uuid4()) == []
    assert recorder.position_at(datetime.now(UTC)) == 0
    assert recorder.append([]) == []


def test_what_is_recorded_is_what_was_given_and_what_is_read(recorder: EventRecorder) -> None:
    stream = uuid5(recorder.namespace, "E-1")
    given = [pending(stream, 1, payload=b'{"a": "\xc3\xbc  one"}'), pending(stream, 2, payload=b"{}", source="")]
    recorded = recorder.append(given)
    assert content(recorded) == content(given)
    assert recorder.select_events(stream) == recorded
    assert log_of(recorder) == recorded
    assert all(type(event) is RecordedEvent for event in recorded)
    assert {event.recorded_by for event in recorded} != {""}


def test_positions_have_no_gap_and_calls_keep_their_order(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    recorder.append([pending(a, 1)])
    recorder.append([pending(b, 1), pending(a, 2), pending(b, 2)])
    with pytest.raises(VersionConflict):
        recorder.append([pending(a, 3), pending(b, 7)])
    recorder.append([pending(a, 3)])
    assert [(e.position, e.originator_id, e.originator_version) for e in log_of(recorder)] == [
        (1, a, 1),
        (2, b, 1),
        (3, a, 2),
        (4, b, 2),
        (5, a, 3),
    ]


def test_time_rises_strictly_within_a_call_and_between_calls(recorder: EventRecorder) -> None:
    for _ in range(5):
        recorder.append([pending(uuid4()) for _ in range(20)])
    times = [event.recorded_at for event in log_of(recorder)]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert {moment.utcoffset() for moment in times} == {timedelta(0)}
    assert recorder.last_recorded_at() == times[-1]


def test_a_database_that_shows_local_time_still_gives_utc(store_url: str, clock: Clock) -> None:
    if store_url.startswith("postgresql"):
        run_sql(store_url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''America/Chicago''',"
                           " current_database()); END $$")  # fmt: skip
    with open_recorder(store_url, clock=clock) as recorder:
        [event] = recorder.append([pending(uuid4())])
        assert event.recorded_at.tzinfo is UTC
        assert recorder.read_log() == [event]


def test_known_at_is_a_prefix_of_the_log(recorder: EventRecorder) -> None:
    for size in (1, 2, 3, 1, 10):
        recorder.append([pending(uuid4()) for _ in range(size)])
    tick = timedelta(microseconds=1)
    for event in log_of(recorder):
        assert recorder.position_at(event.recorded_at) == event.position
        assert recorder.position_at(event.recorded_at - tick) == event.position - 1
    elsewhere = recorder.read_log()[3].recorded_at.astimezone(timezone(timedelta(hours=-6)))
    assert recorder.position_at(elsewhere) == 4
    assert recorder.position_at(datetime(1999, 1, 1, tzinfo=UTC)) == 0
    assert recorder.position_at(datetime(2999, 1, 1, tzinfo=UTC)) == 17
    with pytest.raises(ValueError, match="time zone"):
        recorder.position_at(datetime(2025, 1, 1))  # noqa: DTZ001  # that is the point


# --- versions ---------------------------------------------------------------------------------------------------


def test_a_conflict_names_both_versions(recorder: EventRecorder) -> None:
    stream = uuid4()
    recorder.append([pending(stream, 1), pending(stream, 2)])
    for first in (1, 2, 4, 9):
        with pytest.raises(VersionConflict) as refused:
            recorder.append([pending(stream, first)])
        assert (refused.value.stream, refused.value.expected, refused.value.actual) == (str(stream), first - 1, 2)


def test_a_gap_inside_a_call_is_a_conflict_too(recorder: EventRecorder) -> None:
    stream = uuid4()
    with pytest.raises(VersionConflict) as refused:
        recorder.append([pending(stream, 1), pending(uuid4(), 1), pending(stream, 3)])
    assert (refused.value.stream, refused.value.expected, refused.value.actual) == (str(stream), 2, 1)
    assert recorder.max_position() == 0


def test_of_many_who_decided_on_the_same_version_one_wins(recorder: EventRecorder) -> None:
    stream = uuid4()

    def decide(_: int) -> bool:
        try:
            recorder.append([pending(stream, 1)])
        except VersionConflict as refused:
            return (refused.expected, refused.actual) != (0, 1)
        return True

    assert sorted(all_at_once(decide)) == [False] * 7 + [True]
    assert recorder.max_position() == 1


# --- retries ----------------------------------------------------------------------------------------------------


def test_a_repeated_call_returns_the_first_result(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    call = [pending(a, 1), pending(b, 1), pending(a, 2)]
    first = recorder.append(call)
    recorder.append([pending(a, 3)])
    assert recorder.append(call) == first
    assert recorder.append(call[1:]) == first[1:]
    assert recorder.max_position() == 4


def test_a_retry_that_decided_anew_still_gets_the_first_result(recorder: EventRecorder) -> None:
    """A client that lost its answer reads the stream, sees its own event, and sends it as the next version."""
    stream = uuid4()
    [first] = recorder.append([pending(stream, 1, command_id="k-1")])
    assert recorder.append([pending(stream, 2, command_id="k-1")]) == [first]


def test_a_command_with_other_content_is_refused(recorder: EventRecorder) -> None:
    stream = uuid4()
    recorder.append([pending(uuid4())])
    recorder.append([pending(stream, 1, command_id="k-1")])
    for other in (
        pending(uuid4(), 1, command_id="k-1"),
        pending(stream, 2, command_id="k-1", name="discharged/1"),
        pending(stream, 2, command_id="k-1", payload=b"{}"),
    ):
        with pytest.raises(CommandReused) as refused:
            recorder.append([other])
        assert refused.value.position == 2
    assert recorder.max_position() == 2


def test_a_call_recorded_in_part_is_refused(recorder: EventRecorder) -> None:
    stream = uuid4()
    known = pending(stream, 1)
    recorder.append([known])
    with pytest.raises(VersionConflict):  # decided before the other part was there: deciding again will find it
        recorder.append([known, pending(stream, 2)])
    with pytest.raises(CommandReused):  # decided after it, without looking
        recorder.append([pending(stream, 2, command_id=known.command_id), pending(stream, 3)])
    assert recorder.max_position() == 1


def test_the_same_command_of_another_source_is_another_command(recorder: EventRecorder) -> None:
    recorder.append([pending(uuid4(), source="ehr-7", command_id="k-1")])
    recorder.append([pending(uuid4(), source="ehr-8", command_id="k-1")])
    recorder.append([pending(uuid4(), source="", command_id="k-1")])
    found = recorder.find_commands([("ehr-8", "k-1"), ("", "k-1"), ("ehr-9", "k-1")])
    assert {command: event.position for command, event in found.items()} == {("ehr-8", "k-1"): 2, ("", "k-1"): 3}


def test_a_call_must_not_hold_a_command_twice(recorder: EventRecorder) -> None:
    with pytest.raises(InvalidEvent):
        recorder.append([pending(uuid4(), command_id="k"), pending(uuid4(), command_id="k")])
    assert recorder.max_position() == 0


def test_many_sending_the_same_call_get_the_same_receipts(recorder: EventRecorder) -> None:
    call = [pending(uuid4()) for _ in range(5)]
    results = all_at_once(lambda _: recorder.append(call))
    assert all(result == results[0] for result in results)
    assert recorder.max_position() == 5


# --- stays ------------------------------------------------------------------------------------------------------

JAN, FEB, MAR, APR = (date(2025, month, 1) for month in (1, 2, 3, 4))


OVERLAPS = [
    ((JAN, None), (FEB, None), True),
    ((JAN, None), (JAN, None), True),
    ((JAN, FEB), (FEB, None), False),  # discharged and admitted again on one day
    ((FEB, None), (JAN, FEB), False),
    ((FEB, None), (JAN, MAR), True),
    ((JAN, APR), (FEB, MAR), True),
    ((FEB, MAR), (JAN, APR), True),
    ((JAN, FEB), (MAR, APR), False),
    ((JAN, FEB), (FEB, MAR), False),
    ((FEB, FEB), (FEB, None), False),
    ((FEB, FEB), (JAN, MAR), True),
]


def test_stays_may_touch_but_not_overlap(recorder: EventRecorder) -> None:
    for number, (first, second, overlap) in enumerate(OVERLAPS):
        a, b, client = uuid4(), uuid4(), f"cl-{number}"
        recorder.append([pending(a)], {a: [ProgramStay(client, "iop", *first)]})
        position = recorder.max_position()
        refused: list[str] = []
        try:
            recorder.append([pending(b)], {b: [ProgramStay(client, "iop", *second)]})
        except StayOverlap as refusal:
            refused.append(refusal.stream)
        assert refused == ([str(a)] if overlap else []), (first, second)
        assert recorder.max_position() == position + (0 if overlap else 1)


def test_stays_of_other_clients_programs_and_of_the_same_stream_are_no_obstacle(recorder: EventRecorder) -> None:
    a, b, c = uuid4(), uuid4(), uuid4()
    recorder.append([pending(a)], {a: [ProgramStay("cl-1", "iop", JAN, MAR), ProgramStay("cl-1", "iop", FEB, None)]})
    recorder.append([pending(b)], {b: [ProgramStay("cl-1", "res", JAN, None)]})
    recorder.append([pending(c)], {c: [ProgramStay("cl-2", "iop", JAN, None)]})


def test_the_stays_of_a_stream_are_replaced_as_a_whole(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    recorder.append([pending(a)], {a: [ProgramStay("cl-1", "iop", JAN, None)]})
    recorder.append([pending(a, 2)], {a: [ProgramStay("cl-1", "iop", JAN, FEB)]})
    recorder.append([pending(b)], {b: [ProgramStay("cl-1", "iop", MAR, None)]})
    with pytest.raises(StayOverlap):  # reopening the first
        recorder.append([pending(a, 3)], {a: [ProgramStay("cl-1", "iop", JAN, None)]})
    recorder.append([pending(b, 2)], {b: []})  # the admission was void
    recorder.append([pending(a, 3)], {a: [ProgramStay("cl-1", "iop", JAN, None)]})


def test_two_streams_may_swap_their_stays_in_one_call_but_not_collide_in_it(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    one, two = [ProgramStay("cl-1", "iop", JAN, None)], [ProgramStay("cl-2", "iop", JAN, None)]
    recorder.append([pending(a), pending(b)], {a: one, b: two})
    recorder.append([pending(a, 2), pending(b, 2)], {a: two, b: one})
    with pytest.raises(StayOverlap):
        recorder.append([pending(a, 3), pending(b, 3)], {a: one, b: one})
    with pytest.raises(ValueError, match="event"):
        recorder.append([], {a: one})


def test_a_refused_stay_leaves_the_stays_as_they_were(recorder: EventRecorder) -> None:
    a, b, c = uuid4(), uuid4(), uuid4()
    recorder.append([pending(a)], {a: [ProgramStay("cl-1", "iop", JAN, None)]})
    recorder.append([pending(b)], {b: [ProgramStay("cl-2", "iop", JAN, None)]})
    with pytest.raises(StayOverlap):
        recorder.append([pending(b, 2)], {b: [ProgramStay("cl-1", "iop", JAN, None)]})
    with pytest.raises(StayOverlap):  # b still has the stay of cl-2
        recorder.append([pending(c)], {c: [ProgramStay("cl-2", "iop", FEB, None)]})


def test_stays_change_only_with_an_event_of_their_own_episode(recorder: EventRecorder) -> None:
    a, b = uuid4(), uuid4()
    recorder.append([pending(a)], {a: [ProgramStay("cl-1", "iop", JAN, None)]})
    with pytest.raises(InvalidEvent, match="of their own episode"):
        recorder.append([pending(b)], {a: []})
    with pytest.raises(StayOverlap):  # so it is still there
        recorder.append([pending(b)], {b: [ProgramStay("cl-1", "iop", FEB, None)]})


def test_of_many_who_admit_a_client_at_once_one_wins(store_url: str) -> None:
    """Each on connections of its own, as separate services are."""
    with ExitStack() as stack:
        services = [stack.enter_context(open_recorder(store_url)) for _ in range(8)]

        def admit(number: int) -> bool:
            stream = uuid4()
            try:
                services[number].append([pending(stream)], {stream: [ProgramStay("cl-1", "iop", JAN, None)]})
            except StayOverlap:
                return False
            return True

        assert sorted(all_at_once(admit)) == [False] * 7 + [True]
        assert services[0].max_position() == 1
        assert run_sql(store_url, "SELECT count(*) FROM caretrail.stay") == [(1,)]


# --- many at once -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_reader_that_follows_eight_writers_sees_every_position_in_turn(store_url: str) -> None:
    calls, size = 25, 3
    done = threading.Event()
    seen: list[RecordedEvent] = []

    def follow() -> None:
        with open_recorder(store_url) as reader:
            while True:
                last = done.is_set()
                seen.extend(found := reader.read_log(after=seen[-1].position if seen else 0))
                if last and not found:
                    return

    with ExitStack() as stack:
        writers = [stack.enter_context(open_recorder(store_url)) for _ in range(8)]

        def write(number: int) -> None:
            for _ in range(calls):
                stream = uuid4()
                writers[number].append([pending(stream, version + 1) for version in range(size)])

        follower = threading.Thread(target=follow)
        follower.start()
        try:
            all_at_once(write)
        finally:
            done.set()
            follower.join()
    assert [event.position for event in seen] == list(range(1, 8 * calls * size + 1))
    assert all(earlier.recorded_at < later.recorded_at for earlier, later in pairwise(seen))
    for call in zip(*[iter(seen)] * size, strict=True):  # the events of one call stand together
        assert len({event.originator_id for event in call}) == 1


def test_threads_share_one_recorder(recorder: EventRecorder) -> None:
    def work(_: int) -> int:
        stream = uuid4()
        for version in range(1, 6):
            recorder.append([pending(stream, version)])
        return len(recorder.select_events(stream))

    assert all_at_once(work, 12) == [5] * 12
    assert recorder.max_position() == 60


# --- nothing is kept of what is refused, nothing changes that is kept ---------------------------------------------


def test_what_is_recorded_cannot_be_changed(store_url: str, recorder: EventRecorder) -> None:
    recorded = recorder.append([pending(uuid4()), pending(uuid4())])
    for statement in (
        "UPDATE caretrail.log SET payload = payload",
        "UPDATE caretrail.log SET recorded_at = recorded_at WHERE position = 1",
        "DELETE FROM caretrail.log",
        "DELETE FROM caretrail.log WHERE position = 2",
        "UPDATE caretrail.store SET demo = demo",
        "DELETE FROM caretrail.store",
    ):
        with pytest.raises(StoreError):
            recorder.database.execute(statement)
        with pytest.raises(Exception, match=r"append-only|permanent"):  # past our own code too
            run_sql(store_url, statement)
    assert log_of(recorder) == recorded


def test_without_the_triggers_a_change_goes_through(store_url: str, recorder: EventRecorder) -> None:
    """The control for the test above: what refuses there is the trigger, nothing else."""
    recorder.append([pending(uuid4(), payload=b'{"as": "recorded"}')])
    if store_url.startswith("sqlite"):
        run_sql(store_url, "DROP TRIGGER log_refuses_update")
    else:
        run_sql(store_url, "ALTER TABLE caretrail.log DISABLE TRIGGER USER")
    recorder.database.execute("UPDATE caretrail.log SET payload = :other", {"other": b"altered"})
    assert recorder.read_log()[0].state == b"altered"


def test_an_append_inside_a_callers_transaction_is_a_mistake(recorder: EventRecorder) -> None:
    with recorder.database.transaction(), pytest.raises(RuntimeError, match="outside"):
        recorder.append([pending(uuid4())])
    assert recorder.append([pending(uuid4())])[0].position == 1


@pytest.mark.slow
def test_a_held_lock_gives_a_clear_error_in_time(store_url: str) -> None:
    with open_recorder(store_url) as recorder:
        recorder.append([pending(uuid4())])
        with lock_held(store_url):
            begun = time.monotonic()
            with pytest.raises(StoreUnreachable, match="locked"):
                recorder.append([pending(uuid4())])
            assert 2 < time.monotonic() - begun < 10
            assert recorder.max_position() == 1, "reading goes on"
        assert recorder.append([pending(uuid4())])[0].position == 2
