"""A primary dies under load, its standby takes over: what was acknowledged is there, once and in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from caretrail.errors import StoreUnreachable
from caretrail.log import RecordedEvent, open_recorder
from tests.support.servers import Pair, Server, url_of, wait_until
from tests.support.stores import pending

WRITERS = 4
BEFORE, AFTER = 40, 40
"""Events each writer has acknowledged before the primary is killed, and after the standby was promoted."""


@dataclass
class Load:
    """Writers that send one event after another, each again and again until it has a receipt."""

    url: str
    acknowledged: list[RecordedEvent] = field(default_factory=list[RecordedEvent])
    errors: list[BaseException] = field(default_factory=list[BaseException])
    unreachable: int = 0
    _enough: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._write, args=(uuid4(),)) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _write(self, stream: UUID) -> None:
        try:
            with open_recorder(self.url) as recorder:
                version = 1
                while not self._enough.is_set():
                    event = pending(stream, version)
                    while True:  # blindly, as a service does: the same event under the same command
                        try:
                            self.acknowledged += recorder.append([event])
                            break
                        except StoreUnreachable:
                            self.unreachable += 1
                    version += 1
        except BaseException as error:  # the test checks it
            self.errors.append(error)


def survive(primary: Server, standby: Server, load: Load) -> list[RecordedEvent]:
    """Kill the primary under the load, promote the standby, and read what the log holds then."""
    wait_until(lambda: len(load.acknowledged) >= WRITERS * BEFORE or load.errors, "enough was written")
    primary.kill()
    standby.promote()
    before = len(load.acknowledged)
    wait_until(lambda: len(load.acknowledged) >= before + WRITERS * AFTER or load.errors, "writing goes on")
    load.stop()
    with open_recorder(standby.url()) as recorder:
        return recorder.read_log(limit=1_000_000)


def missing(load: Load, log: list[RecordedEvent]) -> list[RecordedEvent]:
    """What was acknowledged and is not there as it was."""
    kept = {event.position: event for event in log}
    return [event for event in load.acknowledged if kept.get(event.position) != event]


def test_a_failover_loses_repeats_and_reorders_nothing(server_pair: tuple[Server, Server]) -> None:
    """Given a synchronous standby, when the primary is killed under a writing load and the standby is promoted."""
    primary, standby = server_pair
    Pair(primary, standby).synchronize()
    load = Load(url_of(primary, standby))
    load.start()
    log = survive(primary, standby, load)
    assert load.errors == []
    assert missing(load, log) == []
    assert [event.position for event in log] == list(range(1, len(log) + 1))
    assert all(one.recorded_at < two.recorded_at for one, two in pairwise(log))
    assert len({event.command_id for event in log}) == len(log) == len(load.acknowledged)


def test_the_harness_sees_what_an_asynchronous_standby_loses(server_pair: tuple[Server, Server]) -> None:
    """The control: a standby that was cut off some time before the primary died does not have what came after."""
    primary, standby = server_pair
    standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
    standby.ask("SELECT pg_reload_conf()")
    wait_until(lambda: not primary.ask("SELECT 1 FROM pg_stat_replication"), "it is cut off")
    with open_recorder(primary.url()) as recorder:
        load = Load(primary.url())
        load.acknowledged += recorder.append([pending(uuid4())])
    primary.kill()
    standby.promote()
    with open_recorder(standby.url()) as recorder:
        assert missing(load, recorder.read_log()) == load.acknowledged


def test_a_store_on_a_standby_can_be_read_and_names_why_it_takes_nothing(server_pair: tuple[Server, Server]) -> None:
    primary, standby = server_pair
    with open_recorder(primary.url()) as recorder:
        recorded = recorder.append([pending(uuid4())])
    with open_recorder(standby.url()) as recorder:
        wait_until(lambda: recorder.max_position() == 1, "it has followed")
        assert recorder.read_log() == recorded
        with pytest.raises(StoreUnreachable, match="read-only"):
            recorder.append([pending(uuid4())])
