"""A service that goes on behind a failover decides on what the new primary has, not on what it remembers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.commands.packs import installed
from caretrail.errors import Impossible, StoreUnreachable
from caretrail.events import Event
from caretrail.log import open_recorder
from caretrail.log.postgresql.database import PostgresDatabase
from tests.support.build import admitted, discharged, session
from tests.support.care import NOW
from tests.support.servers import Pair, Server, url_of, wait_until


@pytest.fixture
def service(server_pair: tuple[Server, Server]) -> Iterator[Commands]:
    """A service that remembers a discharge, which was lost with the primary: the standby that took over has none."""
    pair = Pair(*server_pair)
    with Commands(open_recorder(url_of(*server_pair)), lambda: NOW, installed) as commands:
        commands.append([admitted("01-05")])
        wait_until(lambda: len(pair.standby.ask("SELECT 1 FROM caretrail.log")) == 2, "the standby has followed")
        pair.standby.set("primary_conninfo", "")
        wait_until(lambda: not pair.primary.ask("SELECT 1 FROM pg_stat_replication"), "it is cut off")
        commands.append([discharged("01-06")])
        pair.fail_over()
        with Commands(open_recorder(pair.standby.url()), lambda: NOW, installed) as other:
            other.append([session("01-06")])
        yield commands


def sent(service: Commands, event: Event) -> Receipt:
    """The receipt of an event that is sent until the server answers."""
    while True:
        with suppress(StoreUnreachable):
            return service.append([event])[0]


@pytest.mark.slow
def test_what_was_lost_with_the_primary_is_no_reason_to_refuse(service: Commands) -> None:
    """Given a session after the discharge that is no more: it is recorded behind what the new primary has."""
    receipt = sent(service, session("01-08", command_id="after"))
    assert (receipt.version, receipt.position) == (3, 4)


@pytest.mark.slow
def test_a_service_that_remembers_would_refuse(service: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(PostgresDatabase, "replaced", 0)
    with pytest.raises(Impossible):
        sent(service, session("01-08", command_id="after"))
