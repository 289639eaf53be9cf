"""The clock that stamps is held against the log: on both databases, in stores of a clinic.

A file asks the clock of the machine, which a test replaces. That of a server cannot be set here: its real functions are
given one that the test moves to read (`tests.support.clocks`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from caretrail.commands.confirming import confirm_clock
from caretrail.events import ClockConfirmed, Person, read_event
from caretrail.log import EventRecorder, new_salt, open_recorder
from caretrail.log.clock import (
    ClockAhead,
    ClockBehind,
    ClocksDiffer,
    ConfirmationRefused,
)
from caretrail.log.records import PendingAccess
from caretrail.log.stores import init_store
from tests.support.clocks import Shifted, shifted
from tests.support.stores import Clock, believed, log_of, pending, run_sql

OPERATOR = Person(id="it-1", role="operator")
SECOND = timedelta(seconds=1)


@pytest.fixture
def store_kind() -> str:
    return "clinic"


@pytest.fixture
def clocks(store_url: str) -> Iterator[Shifted]:
    """A clock of the store that a test moves; that of the caller goes with it."""
    with shifted(store_url) as found:
        yield found


@pytest.fixture
def recorder(store_url: str, clocks: Shifted) -> Iterator[EventRecorder]:
    with open_recorder(store_url, clock=clocks.caller) as opened:
        yield opened


def write(recorder: EventRecorder) -> datetime:
    [row] = recorder.append([pending(uuid4())])
    return row.recorded_at


def view(recorder: EventRecorder) -> datetime:
    [row] = recorder.record_access([PendingAccess(b"{}", str(uuid4()), new_salt())])
    return row.recorded_at


# --- a clinic whose clock is right ------------------------------------------------------------------------------


def test_a_clock_that_goes_on_is_ok_and_stamps(recorder: EventRecorder, clocks: Shifted) -> None:
    first = write(recorder)
    clocks.forward(days=30)
    assert recorder.clock_state()[0] == "ok"
    assert timedelta(days=29) < write(recorder) - first < timedelta(days=31)
    assert recorder.clock_state()[0] == "ok"


def test_ten_minutes_back_stamps_go_on_rising(recorder: EventRecorder, clocks: Shifted) -> None:
    """Given a server that took over with a clock nine minutes slow, then nothing is refused, and time still rises."""
    first = write(recorder)
    clocks.forward(minutes=-9)
    assert recorder.clock_state()[0] == "ok"
    assert write(recorder) - first == timedelta(microseconds=1)


def test_nothing_is_stamped_before_the_store_was_made_or_what_was_viewed(
    recorder: EventRecorder, clocks: Shifted
) -> None:
    """Given a clock set back within the tolerance, then what was known when somebody looked stays what was known."""
    clocks.forward(minutes=-9)
    assert write(recorder) > recorder.created_at()
    clocks.forward(minutes=20)
    seen = view(recorder)
    clocks.forward(minutes=-9)
    assert write(recorder) > seen


# --- behind -----------------------------------------------------------------------------------------------------


def test_a_clock_behind_the_log_stamps_nothing_until_time_has_caught_up(
    recorder: EventRecorder, clocks: Shifted
) -> None:
    """Given a failover to a server three hours slow, then appends are refused, and go on after three hours."""
    first = write(recorder)
    clocks.forward(hours=-3)
    assert recorder.clock_state()[0] == "behind"
    with pytest.raises(ClockBehind, match="hours behind the newest record") as refused:
        write(recorder)
    assert "clock confirm --behind" in refused.value.hint
    assert recorder.max_position() == 1
    clocks.forward(hours=3)
    assert recorder.clock_state()[0] == "ok"
    assert write(recorder) > first


def test_a_later_access_shows_that_the_clock_is_behind_too(recorder: EventRecorder, clocks: Shifted) -> None:
    write(recorder)
    clocks.forward(days=5)
    view(recorder)
    clocks.forward(days=-5)
    assert recorder.clock_state()[0] == "behind"
    with pytest.raises(ClockBehind):
        write(recorder)
    assert view(recorder), "reading for a stated day goes on, and is recorded"


def test_a_repeated_call_gets_its_receipt_whatever_the_clock_says(recorder: EventRecorder, clocks: Shifted) -> None:
    call = [pending(uuid4())]
    first = recorder.append(call)
    clocks.forward(days=-5)
    assert recorder.append(call) == first
    clocks.forward(days=500)
    assert recorder.append(call) == first


def test_an_operator_confirms_a_clock_that_is_behind_and_stamps_go_on_from_the_newest(
    recorder: EventRecorder, clocks: Shifted
) -> None:
    """Given one stamp of 2031, when the clock is right again, then no later event is stamped 2031 without a word."""
    write(recorder)
    clocks.forward(days=1600)
    confirm_clock(recorder, OPERATOR, behind=False)  # by somebody who did not look
    bad = write(recorder)
    clocks.forward(days=-1600)
    with pytest.raises(ClockBehind):
        write(recorder)
    row = confirm_clock(recorder, OPERATOR, behind=True)
    event = read_event(row.topic, row.state)
    assert isinstance(event, ClockConfirmed)
    assert (event.state, event.actor.id, event.newest) == ("behind", "it-1", bad)
    assert row.recorded_at - bad == timedelta(microseconds=1)
    assert recorder.clock_state()[0] == "confirmed_behind"
    assert write(recorder) - bad == timedelta(microseconds=2)


def test_a_confirmation_ends_where_the_clock_goes_further_back_or_jumps_ahead_again(
    recorder: EventRecorder, clocks: Shifted
) -> None:
    write(recorder)
    clocks.forward(hours=-3)
    confirm_clock(recorder, OPERATOR, behind=True)
    write(recorder)
    clocks.forward(hours=-1)
    with pytest.raises(ClockBehind):
        write(recorder)
    clocks.forward(hours=1 + 30)
    write(recorder)
    clocks.forward(hours=-30)
    with pytest.raises(ClockBehind):
        write(recorder)


def test_who_is_no_operator_confirms_nothing(store_url: str, recorder: EventRecorder, clocks: Shifted) -> None:
    if store_url.startswith("sqlite"):
        write(recorder)
        clocks.forward(days=40)
        with pytest.raises(ConfirmationRefused, match="only an operator"):
            confirm_clock(recorder, Person(id="c-1", role="clinician"), behind=False)
        assert recorder.max_position() == 1


# --- ahead ------------------------------------------------------------------------------------------------------


def test_a_dormant_clinic_confirms_its_clock_before_the_first_event(recorder: EventRecorder, clocks: Shifted) -> None:
    """Given a store silent for 40 days, then reading goes on, and an operator's word lets appends go on."""
    write(recorder)
    clocks.forward(days=40)
    assert recorder.clock_state()[0] == "ahead"
    assert view(recorder)
    with pytest.raises(ClockAhead, match="40 days ahead of the newest event") as refused:
        write(recorder)
    assert "caretrail clock confirm" in refused.value.hint
    assert recorder.clock_state()[0] == "ahead", "having been read confirms no clock"
    confirm_clock(recorder, OPERATOR, behind=False)
    assert recorder.clock_state()[0] == "ok"
    write(recorder)


def test_an_empty_store_is_held_against_the_day_it_was_made(recorder: EventRecorder, clocks: Shifted) -> None:
    clocks.forward(days=30)
    assert recorder.clock_state()[0] == "ok"
    clocks.forward(days=2)
    assert recorder.clock_state()[0] == "ahead"
    with pytest.raises(ClockAhead, match="ahead of the making of the store"):
        write(recorder)
    confirm_clock(recorder, OPERATOR, behind=False)
    write(recorder)


def test_a_clock_before_the_store_was_made_is_behind(recorder: EventRecorder, clocks: Shifted) -> None:
    clocks.forward(days=-1)
    with pytest.raises(ClockBehind):
        write(recorder)


def test_a_confirmation_does_not_bring_other_events_in(recorder: EventRecorder, clocks: Shifted) -> None:
    write(recorder)
    clocks.forward(days=40)
    with pytest.raises(ClockAhead):
        recorder.append([pending(uuid4(), name="clock_confirmed/1"), pending(uuid4())])


def test_there_is_nothing_to_confirm_where_the_log_says_nothing(recorder: EventRecorder, clocks: Shifted) -> None:
    write(recorder)
    for behind in (True, False):
        with pytest.raises(ConfirmationRefused, match="needs no confirmation"):
            confirm_clock(recorder, OPERATOR, behind=behind)
    clocks.forward(days=40)
    with pytest.raises(ConfirmationRefused, match="the clock is ahead"):
        confirm_clock(recorder, OPERATOR, behind=True)
    clocks.forward(days=-42)
    with pytest.raises(ConfirmationRefused, match="the clock is behind"):
        confirm_clock(recorder, OPERATOR, behind=False)
    assert recorder.max_position() == 1


# --- two clocks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-30, -1, 1, 40_000])
def test_an_append_is_refused_where_the_clocks_of_store_and_caller_differ(
    recorder: EventRecorder, clocks: Shifted, hours: int
) -> None:
    write(recorder)
    clocks.caller_apart = timedelta(hours=hours)
    with pytest.raises(ClocksDiffer, match="ahead of" if hours > 0 else "behind the store's"):
        write(recorder)
    clocks.forward(days=40)
    with pytest.raises(ClocksDiffer):
        confirm_clock(recorder, OPERATOR, behind=False)
    clocks.caller_apart = timedelta(minutes=9)
    confirm_clock(recorder, OPERATOR, behind=False)
    write(recorder)
    assert recorder.max_position() == 3


def test_today_is_the_day_of_the_clock_that_stamps(recorder: EventRecorder, clocks: Shifted) -> None:
    clocks.caller_apart = timedelta(days=1500)
    there = clocks.store()
    assert abs(recorder.now() - there) < 10 * SECOND
    assert abs(recorder.about_now() - there) < 10 * SECOND
    assert abs(recorder.read_clock().now - there) < 10 * SECOND


# --- demo stores ------------------------------------------------------------------------------------------------


def test_a_demo_store_takes_any_clock(demo_url: str) -> None:
    clock = Clock(datetime(2025, 3, 3, 9, tzinfo=UTC))
    with open_recorder(demo_url, clock=clock) as recorder:
        for days in (0, 400, 0):
            clock.advance(days=days)
            assert write(recorder) == clock.now
            clock.advance(seconds=1)
            assert view(recorder) == clock.now
            assert recorder.clock_state()[0] == "unchecked"
        clock.advance(days=-4000)
        newest = log_of(recorder)[-1].recorded_at
        assert write(recorder) == newest + timedelta(microseconds=1)
        with pytest.raises(ConfirmationRefused, match="demo store"):
            confirm_clock(recorder, OPERATOR, behind=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A demo store, made in 2025 by its clock."""
    url = (
        f"sqlite://{tmp_path_factory.mktemp('demo')}/demo.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("empty_postgres_url"))
    )
    made = datetime(2025, 3, 1, tzinfo=UTC)
    init_store(url, demo=True, clock=lambda: made)
    with open_recorder(url) as recorder:
        assert recorder.created_at() == made
    return url


def test_no_other_store_is_made_or_stamped_by_the_callers_clock(recorder: EventRecorder, store_url: str) -> None:
    assert abs(recorder.created_at() - datetime.now(UTC)) < timedelta(days=1)
    with open_recorder(store_url, clock=lambda: datetime(2031, 1, 1, tzinfo=UTC)) as other:
        with pytest.raises(ClocksDiffer):
            write(other)
        assert abs(view(other) - datetime.now(UTC)) < timedelta(days=1)


# --- other stores: restored, imported ---------------------------------------------------------------------------


def test_an_import_of_old_events_is_recorded_now_and_moves_no_clock(recorder: EventRecorder, clocks: Shifted) -> None:
    rows = recorder.append(
        [pending(uuid4(), name="session_attended/1;imported", payload=b'{"occurred_on":"2019-01-02"}')]
    )
    assert abs(rows[0].recorded_at - clocks.store()) < 10 * SECOND
    assert recorder.clock_state()[0] == "ok"


def test_a_restored_backup_goes_on_if_its_newest_event_is_not_old(recorder: EventRecorder, clocks: Shifted) -> None:
    """A backup that is some days old is a log that ends some days ago: checkpoints find it, not clocks."""
    write(recorder)
    clocks.forward(days=3)
    assert recorder.clock_state()[0] == "ok"
    write(recorder)


def test_a_restored_file_goes_on_from_its_own_end(sqlite_url: str, tmp_path: Path) -> None:
    """Given a backup of a day ago put back in place, then its clock is right, and stamps go on."""
    kept = tmp_path / "backup.db"
    with shifted(sqlite_url) as clocks:
        with open_recorder(sqlite_url, clock=clocks.caller) as before:
            write(before)
        shutil.copy(sqlite_url.removeprefix("sqlite://"), kept)
        clocks.forward(days=1)
        with open_recorder(f"sqlite://{kept}", clock=clocks.caller) as restored:
            assert restored.clock_state()[0] == "ok"
            assert abs(write(restored) - clocks.store()) < 10 * SECOND
        clocks.forward(days=60)
        with open_recorder(f"sqlite://{kept}", clock=clocks.caller) as restored, pytest.raises(ClockAhead):
            write(restored)


def test_a_confirmation_spelled_by_a_sender_confirms_nothing(
    store_url: str, recorder: EventRecorder, clocks: Shifted
) -> None:
    """Given events whose command_id looks like a confirmation, then the clock is still behind."""
    if store_url.startswith("postgresql"):
        for about in ("clock behind 1 9999999999999999", "clock behind x y"):
            run_sql(
                store_url,
                "SELECT caretrail.append(ARRAY[gen_random_uuid()], '{1}', '{held/1}', ARRAY['{}'::bytea],"
                f" '{{caretrail.store}}', ARRAY['{about}'], ARRAY['0123456789abcdef'::bytea])",
            )
    else:
        recorder.append([pending(uuid4(), source="caretrail.store", command_id="clock behind 1 9999999999999999")])
    clocks.forward(hours=-3)
    with pytest.raises(ClockBehind):
        write(recorder)


# --- the control: without the rules ----------------------------------------------------------------------------


def test_without_the_rules_one_bad_clock_would_stamp_the_rest(
    store_url: str, recorder: EventRecorder, clocks: Shifted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the rules prevent, once they are taken away."""
    monkeypatch.setattr("caretrail.log.sqlite.recorder.require_stamping", believed)
    if store_url.startswith("postgresql"):
        clocks.change_append("IF total > 1 OR NOT starts_with(names[1], 'clock_confirmed/') THEN", "IF false THEN")
    write(recorder)
    clocks.forward(days=1600)
    bad = write(recorder)
    clocks.forward(days=-1600)
    assert write(recorder) - bad == timedelta(microseconds=1)
