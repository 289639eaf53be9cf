"""A packet on the basis consent rests on a consent on record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from caretrail.events import Event
from caretrail.evidence.packet.terms import PacketRefused, Terms
from caretrail.log import init_store, open_recorder
from tests.packet.packets import Desk, unpacked
from tests.support.build import admitted, event


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    url = f"sqlite://{tmp_path}/store/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        yield Desk(recorder, tmp_path)


ON_CONSENT = Terms("court-2", "legal", "consent")


def consent(on: str = "01-06", episode: str = "E-1", **fields: object) -> Event:
    stated = {"recipient": "court-2", "purpose": "legal", "scope": "all of the\nrecord"} | fields
    return event("consented", on, episode, **stated)


def test_it_states_the_event_and_its_scope(desk: Desk) -> None:
    desk.record(admitted("01-05", "E-1"), consent())
    manifest = json.loads(unpacked(desk.make("E-1", terms=ON_CONSENT))["manifest.json"])
    assert (manifest["consent"], manifest["scope"]) == ("event 2 of E-1", "all of the record")


@pytest.mark.parametrize(
    "terms",
    [Terms("court-1", "legal", "consent"), Terms("court-2", "payment", "consent")],
    ids=["another recipient", "another purpose"],
)
def test_what_no_consent_covers_is_refused(desk: Desk, terms: Terms) -> None:
    desk.record(admitted("01-05", "E-1"), consent())
    with pytest.raises(PacketRefused, match="no consent in force on 2026-06-01 covers this recipient and purpose"):
        desk.make("E-1", terms=terms)
    assert desk.disclosed == []


def test_it_is_in_force_on_the_day_the_packet_is_made(desk: Desk) -> None:
    """Given a consent that has expired by then, though not on the day the packet is about."""
    desk.record(admitted("01-05", "E-1"), consent(expires_on="2026-05-31"))
    with pytest.raises(PacketRefused, match="no consent in force"):
        desk.make("E-1", terms=ON_CONSENT, as_of=date(2026, 2, 1))


def test_it_is_of_one_client(desk: Desk) -> None:
    desk.record(admitted("01-05", "E-1"), consent(), admitted("01-05", "E-2", client="cl-2"), consent(episode="E-2"))
    with pytest.raises(PacketRefused, match="a consent covers one client"):
        desk.make("E-1", "E-2", terms=ON_CONSENT)


def test_it_covers_all_episodes_of_its_client(desk: Desk) -> None:
    first = admitted("01-05", "E-1", client="cl-1")
    desk.record(first, consent(), admitted("05-21", "E-2", client="cl-1", program="other", prior_episode="E-1"))
    assert desk.make("E-1", "E-2", terms=ON_CONSENT).exists()


def test_a_purpose_no_consent_can_name_is_refused_at_once() -> None:
    with pytest.raises(PacketRefused, match="one that a consent names"):
        Terms("court-2", "a hearing", "consent")
