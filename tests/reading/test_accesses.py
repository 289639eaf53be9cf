"""Accesses have a log of their own: they neither move events nor make an answer stale, slow or different."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caretrail.commands.access import AccessContext, AccessLog
from caretrail.errors import StaleReadModel, UnknownName
from caretrail.events import StoodOn
from caretrail.log import EventRecorder, new_salt, open_recorder
from caretrail.log.archived import ArchiveRefused
from caretrail.log.records import Log, PendingAccess, access_stream
from caretrail.reading import gate
from caretrail.reading.accesses import AccessRows
from caretrail.reading.query import Filters
from caretrail.reading.questions.worklist import Worklist
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import State, read_state
from caretrail.readmodel.status import status
from caretrail.readmodel.upkeep import catch_up
from tests.support.archived import Archive
from tests.support.build import admitted, assessed
from tests.support.care import NOW, Care
from tests.support.example import NAME, day, example
from tests.support.reading import ShortReader, short_reader
from tests.support.stores import log_of, run_sql


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
    assert (found.position, found.behind, found.quarantined) == (67, 0, ())
    after = check(care.recorder)
    assert (after.ok, after.episodes) == (True, before.episodes + 1)
    rebuild(care.recorder)
    again = check(care.recorder)
    assert (again.ok, again.live) == (True, after.live)


def test_behind_are_events_not_accesses(care: Care) -> None:
    care.record(example())
    Projector(care.recorder).catch_up(upto=60)
    accesses(care.recorder, 100)
    found = status(care.recorder)
    assert (found.position, found.log_position, found.behind) == (60, 65, 5)


def test_accesses_move_no_position_of_events(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given any number of accesses behind the rows, then a list is current, and stands on the same position."""
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT", "FARTHEST"):
        monkeypatch.setattr(gate, most, 0)
    care.record(example())
    Projector(care.recorder).catch_up()
    accesses(care.recorder, 50)
    care.now = datetime.now(UTC) + timedelta(minutes=1)
    reader = care.onlooker
    reader.census(day("03-01"))
    assert (reader.standing.position, reader.standing.newest, reader.standing.stale) == (65, 65, False)
    care.record([assessed("01-02")])
    with pytest.raises(StaleReadModel):
        reader.census(day("03-01"))
    reader.census(day("03-01"), allow_stale=True)
    assert (reader.standing.position, reader.standing.stale) == (65, True)


def test_an_answer_stands_on_no_access(care: Care) -> None:
    care.record(example())
    reader = recording(care)
    for _ in range(2):
        assert reader.timeline(NAME)
        assert (reader.standing.position, reader.standing.newest) == (65, 65)
    assert care.recorder.max_position(Log.ACCESSES) == 2


def test_an_access_says_what_its_answer_stood_on(care: Care) -> None:
    """Given lists and one episode, now, as of a day and as known at a position, then each access names all of that."""
    care.record(example())
    Projector(care.recorder).catch_up()
    reader = recording(care)
    reader.worklist(day("03-09"))
    reader.timeline(NAME)
    reader.findings(day("03-01"), known_at=53)
    care.record([assessed("01-02")])
    reader.timeline(NAME)
    state = read_state(care.recorder.database)
    assert state is not None
    found = [(row.stood_on.position, row.stood_on.known_at) for row in AccessRows(care.recorder) if row.stood_on]
    assert found == [(65, None), (65, None), (53, 53), (66, None)]
    stood = [row.stood_on for row in AccessRows(care.recorder) if row.stood_on]
    assert stood[0].as_of == (day("03-09"),)
    assert stood[0].build == state.filling
    assert stood[2].as_of == (day("03-01"),)
    assert stood[3].position == reader.standing.position


def test_what_is_no_answer_stands_on_the_newest_event(care: Care) -> None:
    care.record(example())
    AccessLog(care.recorder, AccessContext("log"), NOW.date).whole_log(0)
    [row] = AccessRows(care.recorder)
    assert row.stood_on == StoodOn(position=65)


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


def test_an_access_among_the_events_is_seen(postgres_url: str) -> None:
    """Given somebody who may write the tables, and an access where an event belongs: its stream is quarantined."""
    with open_recorder(postgres_url) as recorder:
        care = Care(recorder)
        care.record(example())
        stream = access_stream(recorder.namespace, recorder.account)
        accesses(recorder, 1)
        run_sql(
            postgres_url,
            "INSERT INTO caretrail.log SELECT 66, stream, version, name, payload, recorded_at, recorded_by, "
            "asserted_by, source, command_id, salt FROM caretrail.access",
        )
        catch_up(recorder)
        assert check(recorder).ok
        assert [item.stream for item in status(recorder).quarantined] == [stream]
        rebuild(recorder)
        assert check(recorder).ok
        assert NAME in {row.episode for row in care.reader.census(day("03-01"))}


def test_a_list_of_what_nothing_has_is_an_attempt(care: Care) -> None:
    """Given filters, of which one names nobody, when a list is asked for, then the record has all they name."""
    care.record(example())
    reader = recording(care)
    one_client, two_episodes = Filters(clients=frozenset({"cl-0"})), Filters(episodes=frozenset({"OMA-1", NAME}))
    for filters, numbers in ((one_client, ("cl-0",)), (two_episodes, (NAME, "OMA-1"))):
        with pytest.raises(UnknownName):
            reader.ask(Worklist(filters=filters))
        row = list(AccessRows(care.recorder))[-1]
        assert (row.episodes, row.attempted) == ((), numbers)


def test_what_is_no_number_is_no_attempt_on_one(care: Care) -> None:
    """A text of any length or kind may hold a name: it is not kept."""
    care.record(example())
    reader = recording(care)
    for text in ("Jane Roe", "x" * 65, "\x1b[2J"):
        with pytest.raises(UnknownName):
            reader.timeline(text)
    assert list(AccessRows(care.recorder)) == []


# --- archived -------------------------------------------------------------------------------------------------------


def test_archived_accesses_are_named_and_read_from_their_file(store_url: str, tmp_path: Path) -> None:
    """Given an archive, then a list of a time before it names the file, and with the file is what it was before."""
    made = Archive(store_url, tmp_path / "outside").filled()
    with open_recorder(store_url) as recorder:
        before, times = [*AccessRows(recorder)], [row.recorded_at for row in log_of(recorder, Log.ACCESSES)]
        made.archive()
        periods = [(None, None), (times[150], None), (times[150], times[400]), (None, times[400]), (times[790], None)]
        for start, end in periods:
            asked = [row for row in before if (start or times[0]) <= row.recorded_at <= (end or times[-1])]
            bare = AccessRows(recorder, start=start, end=end)
            assert [archive.file for archive in bare.not_read] == ([] if start == times[790] else [made.files[0].name])
            kept = {101, 300, 768, *range(769, 801)}
            assert [*bare] == [row for row in asked if row.position in kept]
            whole = AccessRows(recorder, start=start, end=end, files=made.files)
            assert whole.not_read == ()
            assert [*whole] == asked
        assert len([*AccessRows(recorder, disclosed=True)]) == 2
        assert len([*AccessRows(recorder, episodes=["LNK-1"], files=made.files)]) == 800
        made.files[0].write_bytes(made.files[0].read_bytes() + b"x")
        with pytest.raises(ArchiveRefused, match="it was changed"):
            AccessRows(recorder, files=made.files)
