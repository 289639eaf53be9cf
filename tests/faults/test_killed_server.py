"""Killed server processes: nothing acknowledged is lost, and no writer gets an error that is not true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caretrail.log import init_store
from tests.faults import killed_server
from tests.support.servers import Server, own_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.mark.parametrize("victim", ["backend", "postmaster"])
def test_a_killed_server_process_loses_nothing(server: Server, victim: killed_server.Victim) -> None:
    url = server.new_database(f"killed_{victim}")
    init_store(url)
    counts = killed_server.run(server, url, seed=1, cycles=1, victim=victim)
    assert counts.holds, counts
    assert counts.done["cycles"] == 1


@pytest.mark.skipif(
    not killed_server.can_fail_syncs(), reason="strace, by which a sync is made to fail, is not here or not allowed"
)
def test_a_server_whose_sync_fails_acknowledges_nothing_it_could_not_keep(server: Server) -> None:
    url = server.new_database("failing_sync")
    init_store(url)
    counts = killed_server.run(server, url, seed=1, cycles=1, victim="sync")
    assert counts.holds, counts
    assert counts.done["syncs that failed"] >= 1
    assert "PANIC" in (server.folder / "server.log").read_text(), "it did not go on as if nothing were"


def test_a_database_set_to_commit_before_it_is_on_the_disk_loses_nothing(server: Server) -> None:
    url = server.new_database("killed_guarded")
    init_store(url)
    with killed_server.asynchronous(server, url):
        assert killed_server.run(server, url, seed=1, cycles=1, victim="postmaster").holds


def test_a_server_that_does_not_sync_would_be_seen(server: Server) -> None:
    """The control: commits that are acknowledged before they are on the disk are lost with the postmaster."""
    url = server.new_database("killed_asynchronous")
    init_store(url)
    killed_server.take_guard_away(url)
    with killed_server.asynchronous(server, url):
        counts = killed_server.run(server, url, seed=1, cycles=1, victim="postmaster")
    assert counts.wrong["lost"] + counts.wrong["duplicates"] + counts.wrong["other receipts"], counts
