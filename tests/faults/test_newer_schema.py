"""Events of a newer Caretrail in the same store: refused loudly, not lost, other episodes go on, and they come back."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.decide import UnreadableEpisode
from caretrail.commands.voiding import void_position
from caretrail.errors import StoreDamaged, VoidRefused
from caretrail.events import EventBase, Person, codec, payload_of, read_event
from caretrail.events.catalog import EVENT_TYPES
from caretrail.log import leaf_hash, open_recorder
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import create_store
from tests.support.build import admitted, session
from tests.support.care import NOW
from tests.support.program import Caretrail


@contextmanager
def newer_program(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """A Caretrail whose sessions are of schema 2, in which minutes are hours: read as schema 1 they would be wrong."""
    with monkeypatch.context() as patch:
        patch.setattr(EVENT_TYPES["session_attended"], "schema_number", 2)
        patch.setitem(codec.UPCASTS, ("session_attended", 1), lambda data: {**data, "minutes": data["minutes"] // 60})
        codec.kind_of.cache_clear()
        yield
    codec.kind_of.cache_clear()


def test_what_a_newer_program_wrote_waits_for_a_program_that_can_read_it(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_store(store_url)
    caretrail = Caretrail(store_url, tmp_path)
    with open_recorder(store_url) as recorder:
        newer, older, again = (Commands(recorder, lambda: NOW) for _ in range(3))
        with newer_program(monkeypatch):
            newer.append([admitted("01-05", "new"), session("01-06", "new", minutes=3)])
        leaves = [leaf_hash(event) for event in recorder.read_log()]
        stream = newer.episode_stream("new")

        with pytest.raises(UnreadableEpisode):
            older.append([session("01-07", "new")])
        older.append([admitted("01-05", "old"), session("01-06", "old")])
        assert [problem.reason_code for problem in catch_up(recorder).quarantined] == ["store_newer"]
        told = caretrail("log")
        assert [row.get("error") for row in told.rows] == [None, "store_newer", None, None]
        assert "1 event unreadable: " in told.err
        for command in (("show", "new"), ("timeline", "new")):
            ended = caretrail(*command)
            assert (ended.status, "cannot be read" in " ".join(ended.out.split())) == (0, True), ended.err
        with pytest.raises(VoidRefused, match="newer Caretrail"):
            void_position(recorder, 2, Person(id="it-1", role="operator"), "in the way", NOW)
        assert caretrail("show", "old", "--as-of", "2026-01-07").status == 0
        assert "new" in caretrail("projection", "quarantine").out
        assert [leaf_hash(event) for event in recorder.read_log()][:2] == leaves, "nothing of it is lost or changed"

        with newer_program(monkeypatch):
            assert Projector(recorder).retry(stream)
            again.append([session("01-07", "new", minutes=3)])
            found = [json.loads(payload_of(entry.event))["minutes"] for entry in again.episode("old").entries[1:]]
            assert found == [3], "and what the older one wrote is brought up to date"


def test_without_reading_the_schema_it_would_be_misread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: three hours would count as three minutes."""
    with newer_program(monkeypatch):
        sent = session("01-06", minutes=3)
        stored = codec.stored_name(sent), payload_of(sent)
    with pytest.raises(Exception, match="newer Caretrail"):
        read_event(*stored)

    def whatever_it_is(_name: str) -> type[EventBase]:
        return EVENT_TYPES["session_attended"]

    monkeypatch.setattr(codec, "kind_of", whatever_it_is)
    assert json.loads(payload_of(read_event(*stored)))["minutes"] == 3


def test_an_event_whose_upcast_fails_is_damage_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = session("01-06")
    with newer_program(monkeypatch), pytest.raises(StoreDamaged):
        read_event("session_attended/1", payload_of(sent).replace(b"minutes", b"moments"))
