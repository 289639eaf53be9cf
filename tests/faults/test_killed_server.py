"""Killed server processes: nothing acknowledged is lost, and no writer gets an error that is not true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caretrail.recording import init_store
from faults import killed_server
from servers import Server, own_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.mark.parametrize(("victim", "cycles"), [("backend", 1), ("postmaster", 1)])
def test_a_killed_server_process_loses_nothing(server: Server, victim: killed_server.Victim, cycles: int) -> None:
    url = server.new_database(f"killed_{victim}")
    init_store(url)
    counts = killed_server.run(server, url, seed=1, cycles=cycles, victim=victim)
    assert counts.holds, counts
    assert counts.done["cycles"] == cycles


def test_a_server_that_does_not_sync_would_be_seen(server: Server) -> None:
    """The control: commits that are acknowledged before they are on the disk are lost with the postmaster."""
    url = server.new_database("killed_asynchronous")
    init_store(url)
    with killed_server.asynchronous(server, url):
        counts = killed_server.run(server, url, seed=1, cycles=1, victim="postmaster")
    assert counts.wrong["lost"] + counts.wrong["duplicates"] + counts.wrong["other receipts"], counts
