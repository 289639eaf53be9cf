"""A reader that goes on behind a failover: the log must be the one it has read, or it is refused."""

from __future__ import annotations

from uuid import uuid4

import pytest

from caretrail.errors import LogDiverged, StoreUnreachable
from caretrail.log import EventRecorder, leaf_hash, open_recorder
from caretrail.log.resume import START, ResumeToken
from caretrail.reading.log_stream import LogStream
from tests.support.servers import Pair, Server, wait_until
from tests.support.stores import Clock, pending, run_sql


def test_a_token_says_position_and_leaf() -> None:
    assert (str(START), str(ResumeToken(7)), str(ResumeToken(7, b"\x4f" * 32))) == ("@0", "@7", f"@7:{'4f' * 32}")


def test_a_log_goes_on_from_its_own_events(recorder: EventRecorder) -> None:
    events = recorder.append([pending(uuid4()) for _ in range(3)])
    for place, event in enumerate(events, start=1):
        stream = LogStream(recorder, ResumeToken(place, leaf_hash(event)))
        assert [row.position for rows in stream.upto(3) for row in rows] == list(range(place + 1, 4))


def cut_off(primary: Server, standby: Server) -> None:
    """Let the standby receive nothing more."""
    standby.set("primary_conninfo", "")
    wait_until(lambda: not primary.ask("SELECT 1 FROM pg_stat_replication"), "it is cut off")


@pytest.mark.parametrize("later", [1, 2, 3])
def test_after_a_failover_that_lost_events_a_reader_is_refused(server_pair: tuple[Server, Server], later: int) -> None:
    """Given a standby that lacked the last two events and took over; when nothing, one or more came after."""
    primary, standby = server_pair
    with open_recorder(primary.url()) as recorder:
        [kept] = recorder.append([pending(uuid4())])
        wait_until(lambda: standby.ask("SELECT 1 FROM caretrail.log"), "it has the first")
        cut_off(primary, standby)
        recorder.append([pending(uuid4()) for _ in range(2)])
        stream = LogStream(recorder)
        list(stream.upto(3))
    with open_recorder(standby.url()) as recorder, pytest.raises(StoreUnreachable, match="not reached position 3 yet"):
        LogStream(recorder, stream.token).confirm()  # as of a standby that is merely behind
    Pair(primary, standby).fail_over()
    with open_recorder(standby.url()) as recorder:
        for _ in range(later - 1):
            recorder.append([pending(uuid4())])
        told = "is not in the log" if later < 3 else "holds another event"
        with pytest.raises(LogDiverged, match=f"position 3.* {told}"):
            next(LogStream(recorder, stream.token).upto(3))
        with pytest.raises(LogDiverged):
            next(LogStream(recorder, stream.token).follow(lambda _: pytest.fail("it waits"), lambda _: None))
        again = LogStream(recorder, ResumeToken(1, leaf_hash(kept))).upto(later)
        assert [row.position for rows in again for row in rows] == list(range(2, later + 1))
        # the control: by position alone nothing is noticed
        assert list(LogStream(recorder, ResumeToken(3)).upto(3)) == []


def test_a_subscription_is_refused_alike(sqlite_url: str, clock: Clock) -> None:
    with open_recorder(sqlite_url, clock=clock) as recorder:
        recorder.append([pending(uuid4()) for _ in range(3)])
        with recorder.subscribe(gt=1) as everything:
            assert [next(everything).id for _ in range(2)] == [2, 3]
            run_sql(sqlite_url, "DROP TRIGGER log_refuses_delete", "DELETE FROM log WHERE position > 2")
            recorder.append([pending(uuid4()) for _ in range(2)])
            with pytest.raises(LogDiverged, match="position 3"):
                next(everything)
