"""Accesses in the log make no rows: they neither hold up a projection nor make an answer stale, slow or different."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from caretrail.commands.access import AccessContext, AccessLog
from caretrail.errors import InvalidEvent, StaleReadModel
from caretrail.log import EventRecorder, PendingEvent, new_salt, open_recorder
from caretrail.log.records import PendingAccess, access_stream
from caretrail.reading import gate
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import State, read_state
from caretrail.readmodel.status import status
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, assessed
from tests.support.care import NOW, Care
from tests.support.example import NAME, day, example
from tests.support.reading import ShortReader, short_reader
from tests.support.stores import pending


def accesses(recorder: EventRecorder, count: int) -> None:
    """Record accesses; what they say does not matter to rows."""
    for start in range(0, count, 500):
        recorder.record_access(
            [PendingAccess(b"{}", f"{start}-{number}", new_salt()) for number in range(min(500, count - start))]
        )


def recording(care: Care) -> ShortReader:
    return short_reader(care.recorder, NOW, AccessLog(care.recorder, AccessContext("worklist"), NOW.date))


def test_they_make_no_rows_and_are_never_quarantined(care: Care) -> None:
    care.record(example())
    catch_up(care.recorder)
    before = check(care.recorder)
    accesses(care.recorder, 50)
    care.record([assessed("01-02"), admitted("01-05")])
    found = catch_up(care.recorder)
    assert (found.position, found.behind, found.quarantined) == (117, 0, ())
    after = check(care.recorder)
    assert (after.ok, after.episodes) == (True, before.episodes + 1)
    rebuild(care.recorder)
    again = check(care.recorder)
    assert (again.ok, again.live) == (True, after.live)


def test_the_log_up_to_an_access_says_what_it_said_before(care: Care) -> None:
    care.record(example())
    accesses(care.recorder, 3)
    reader = care.reader
    assert reader.findings(day("03-01"), known_at=68) == reader.findings(day("03-01"), known_at=65)
    assert reader.census(day("03-01"), known_at=68) == reader.census(day("03-01"))


def test_behind_are_events_not_accesses(care: Care) -> None:
    care.record(example())
    Projector(care.recorder).catch_up(upto=60)
    accesses(care.recorder, 100)
    found = status(care.recorder)
    assert (found.position, found.log_position, found.behind) == (60, 165, 5)


def test_accesses_alone_make_no_answer_stale(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given far more accesses behind the rows than events would be recomputed of, then a list is current."""
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(gate, most, 1)
    care.record(example())
    Projector(care.recorder).catch_up()
    accesses(care.recorder, 50)
    care.record([assessed("01-02"), admitted("01-05")])
    reader = care.onlooker
    assert {row.episode for row in reader.census(day("03-01"))} == {NAME, "E-1"}
    assert (reader.standing.position, reader.standing.stale) == (117, False)


def test_so_many_positions_behind_that_nobody_reads_is_stale(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given more positions behind the rows than a read searches, then accesses alone still are nothing, an event is."""
    monkeypatch.setattr(gate, "FARTHEST", 40)
    care.record(example())
    Projector(care.recorder).catch_up()
    accesses(care.recorder, 50)
    care.now = datetime.now(UTC) + timedelta(minutes=1)
    reader = care.onlooker
    reader.census(day("03-01"))
    assert (reader.standing.position, reader.standing.stale) == (115, False)
    care.record([assessed("01-02")])
    with pytest.raises(StaleReadModel):
        reader.census(day("03-01"))
    reader.census(day("03-01"), allow_stale=True)
    assert (reader.standing.position, reader.standing.stale) == (65, True)


def test_an_access_is_not_what_its_own_answer_stands_on(care: Care) -> None:
    care.record(example())
    reader = recording(care)
    assert reader.timeline(NAME)
    assert (reader.standing.position, reader.standing.newest) == (65, 65)
    assert reader.timeline(NAME)
    assert reader.standing.position == 66


def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tell whenever rows or the position of a projection are written."""
    told: list[str] = []
    advance: Callable[..., None] = vars(Projector)["_advance"]

    def tell(self: Projector, state: State, upto: int) -> None:
        told.append(f"{state.position} to {upto}")
        advance(self, state, upto)

    monkeypatch.setattr(Projector, "_advance", tell)
    return told


def test_reading_again_and_again_writes_no_rows(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an embedded store, whose readers update the rows, then their own accesses are no reason to."""
    care.record(example())
    recording(care).worklist(day("03-09"))
    told = written(monkeypatch)
    for _ in range(5):
        recording(care).worklist(day("03-09"))
    assert told == []
    care.record([assessed("01-02"), admitted("01-05")])
    recording(care).worklist(day("03-09"))
    assert len(told) == (1 if care.recorder.database.dialect == "sqlite" else 0), "the control: an event is brought"


def test_many_accesses_are_walked_over_once(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    care.record(example())
    catch_up(care.recorder)
    accesses(care.recorder, gate.UNNOTED)
    care.reader.worklist(day("03-09"))
    state = read_state(care.recorder.database)
    moved = care.recorder.database.dialect == "sqlite"
    assert state is not None
    assert state.position == (65 + gate.UNNOTED if moved else 65)


def test_a_payload_of_an_access_is_never_fetched_for_rows(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks may have 256 KB each: what makes rows, or lays newer ones over them, asks for streams only."""

    def fetched(*_: Any, **__: Any) -> Any:
        raise AssertionError

    care.record(example())
    accesses(care.recorder, 20)
    care.record([assessed("01-02"), admitted("01-05")])
    monkeypatch.setattr(type(care.recorder), "read_log", fetched)
    assert care.onlooker.worklist(day("03-09")).rows
    catch_up(care.recorder)
    assert check(care.recorder).ok


def test_an_event_smuggled_into_the_stream_of_an_account_harms_nobody(postgres_url: str) -> None:
    """Given a writer at the server itself that appends another kind of event where an account's accesses go."""
    with open_recorder(postgres_url) as recorder:
        care = Care(recorder)
        care.record(example())
        event = json.dumps({"type": "held"}).encode()
        stream = access_stream(recorder.namespace, recorder.account)
        first, later = (PendingEvent(stream, at, "held/1", event, "x", f"in {at}", new_salt()) for at in (1, 4))
        recorder.append([first])
        catch_up(recorder)
        accesses(recorder, 2)
        for call in ([later], [later, pending(uuid4())]):
            with pytest.raises(InvalidEvent, match="by reading"):
                recorder.append(call)
        catch_up(recorder)
        assert check(recorder).ok
        assert [item.stream for item in status(recorder).quarantined] == [stream], "what was smuggled in is seen"
        rebuild(recorder)
        assert check(recorder).ok
        names = {row.episode for row in care.reader.census(day("03-01"))}
        assert NAME in names
