"""The reader: always current, never a mixture, and known-at is what a store with only those events would say."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caretrail.errors import RowsDiffer, StaleReadModel, StoreError, UnknownName
from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.reading import gate, stored
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Query, Selection
from caretrail.reading.question import Question
from caretrail.reading.questions.census import Census, OpenEpisodes
from caretrail.reading.questions.episodes import CaseNumber, EpisodesOfClient
from caretrail.reading.questions.findings import Findings
from caretrail.reading.questions.worklist import Worklist
from caretrail.reading.stored import StoredSnapshot
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.status import status
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted
from tests.support.builds import live_table, rebuilt_by_another
from tests.support.care import NOW, Care
from tests.support.example import NAME, copy_of_example, day, example
from tests.support.reading import ShortReader, short_reader

DAYS = ("01-05", "01-14", "02-06", "03-05", "03-10", "03-24", "04-06", "04-20", "06-01")


def answers(reader: ShortReader, known_at: int | None = None) -> list[object]:
    """What every question says on several days."""
    found: list[object] = []
    for text in DAYS:
        on = day(text)
        found += [
            reader.findings(on, known_at=known_at),
            reader.findings(on, all_verdicts=True, closed=True, known_at=known_at),
            reader.worklist(on, all_quiet=True, known_at=known_at),
            reader.census(on, known_at=known_at),
        ]
    with suppress(UnknownName):  # as long as nothing is known of the client
        for name in reader.by_client("cl-7f3a", known_at):
            found += [reader.eligibility(name, day(text), known_at) for text in DAYS]
    found.append(reader.findings(start=day("01-01"), end=day("03-31"), closed=True, known_at=known_at))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 1, 2, 6, 25, 53, 55, 58, 70, 89])
def test_what_was_known_at_a_position_is_what_a_store_with_only_those_events_says(
    care: Care, tmp_path: Path, position: int
) -> None:
    events = [*example(), *copy_of_example("B-2", 9, 24)]
    care.record(events)
    url = f"sqlite:///{tmp_path}/prefix/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        prefix = Care(recorder)
        prefix.record(events[:position])
        assert answers(care.reader, position) == answers(prefix.reader)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [0, 24, 66, 89])
def test_what_was_known_then_is_the_same_from_rows_of_any_position(
    care: Care, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given rows that hold less or more of the log than was known, then lists are those of the log folded whole."""
    care.record([*example(), *copy_of_example("B-2", 9, 24)])
    Projector(care.recorder).catch_up(batch=7, upto=rows)
    for known in (0, 25, 66):
        found = answers(care.onlooker, known)
        for module, limit in ((stored, "MOST_IN_MEMORY"), (gate, "FARTHEST_KNOWN")):  # one by one; without the rows
            with monkeypatch.context() as patch:
                patch.setattr(module, limit, -1)
                assert answers(care.onlooker, known) == found, (known, limit)


@pytest.mark.slow
def test_what_is_newer_than_the_rows_is_laid_over_them(care: Care) -> None:
    """A projection that stands still, at any position, changes no answer."""
    care.record([*example(), *copy_of_example("B-2", 9, 24)])
    expected = answers(care.reader, care.recorder.max_position())
    for position in (0, 5, 30, 64, 66, 89):
        Projector(care.recorder).catch_up(batch=7, upto=position)
        reader = care.onlooker
        assert answers(reader) == expected
        assert (reader.standing.position, reader.standing.stale) == (89, False)
        assert reader.resolve("B") == "B-2"


def test_too_far_behind_lists_are_refused_or_say_so_if_that_is_allowed(
    care: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given rows that hold 24 of 65 events, and too many episodes touched since, when lists are asked for later."""
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(gate, most, 0)
    care.record(example())
    care.now = datetime.now(UTC) + timedelta(minutes=2)
    Projector(care.recorder).catch_up(upto=24)
    query = Query(day("03-01"))
    lists: list[Question[Any]] = [Findings(query), Worklist(query), Census(query)]
    for question in lists:
        with pytest.raises(StaleReadModel, match=r"41 events and [\d,]+ seconds behind") as caught:
            care.onlooker.ask(question)
        assert caught.value.events == 41
        assert caught.value.seconds >= 119
        assert "caretrail projection catch-up" in caught.value.hint
    reader = care.onlooker
    shown = reader.findings(day("03-01"), allow_stale=True)
    assert shown == care.reader.findings(day("03-01"), known_at=24)
    standing = reader.standing
    assert (standing.position, standing.newest, standing.behind.events, standing.stale) == (24, 65, 41, True)
    assert reader.eligibility(NAME, day("03-11")).verdict == "eligible", "one episode is read from the log itself"
    assert not reader.standing.stale


def test_rows_a_few_seconds_behind_answer_and_say_so(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given events just recorded, too many to recompute, then a list answers at the position before them; unless the
    question names a receipt that the answer must hold.
    """
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(gate, most, 0)
    care.record(example())
    first = care.recorder.read_log(24, limit=1)[0].recorded_at
    Projector(care.recorder).catch_up(upto=24)
    care.now = first + timedelta(seconds=4.5)
    reader = care.onlooker
    assert reader.findings(day("03-01")) == care.reader.findings(day("03-01"), known_at=24)
    assert (reader.standing.position, reader.standing.behind, reader.standing.stale) == (24, (41, 4), False)
    monkeypatch.setattr(gate, "LONGEST_WAIT", 0.1)
    with pytest.raises(StaleReadModel):
        reader.findings(day("03-01"), at_least=25)
    care.now = first + timedelta(seconds=6)
    with pytest.raises(StaleReadModel):
        care.onlooker.findings(day("03-01"))


def test_rows_that_were_never_made_are_refused_or_answered_never_empty(
    care: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given admissions and no projector, when lists are asked for, then they are right or refused."""
    care.record([admitted("01-05", f"E-{number}") for number in range(8)])
    assert len(care.onlooker.census(day("01-10"))) == 8
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(gate, most, 7)
    lists: list[Question[Any]] = [
        Findings(), Worklist(), Census(), OpenEpisodes(), EpisodesOfClient("cl-E-1"), CaseNumber("E"),
    ]  # fmt: skip  # two lines
    for question in lists:
        with pytest.raises(StaleReadModel, match="8 events"):
            care.onlooker.ask(question)
    assert care.onlooker.resolve("E-3") == "E-3", "an episode named in full is read from the log"
    if care.recorder.database.dialect == "sqlite":
        assert len(care.reader.census(day("01-10"))) == 8, "a file is brought up to date by who may write it"


def test_an_answer_never_mixes_two_states_of_the_rows(
    care: Care, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a question looks at the rows, a rebuild replaces them and empties the old ones: nothing is missing."""
    care.record(example())
    catch_up(care.recorder)
    findings = StoredSnapshot.findings
    asked: list[int] = []

    def slow(self: StoredSnapshot, selection: Selection) -> Iterable[Any]:
        asked.append(0)
        if len(asked) == 1:
            rebuilt_by_another(store_url)
        return findings(self, selection)

    monkeypatch.setattr(StoredSnapshot, "findings", slow)
    found = [row.rule for row in care.onlooker.findings(day("03-10")) if row.episode is not None]
    assert found == ["NE21-C1", "NE21-I5", "NE21-M1", "NE21-R1"]
    again = 2 if care.recorder.database.dialect == "postgresql" else 1
    assert len(asked) == again, "in a file what is read stays; elsewhere emptied tables are empty for everybody"


def test_where_rows_are_emptied_again_and_again_no_list_is_given(
    care: Care, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the mark that a reader looks for at the end, and what it compares, it would be empty."""
    if care.recorder.database.dialect == "sqlite":
        pytest.skip("in a file what is read stays")
    care.record(example())
    catch_up(care.recorder)
    findings = StoredSnapshot.findings

    def slow(self: StoredSnapshot, selection: Selection) -> Iterable[Any]:
        rebuilt_by_another(store_url)
        return findings(self, selection)

    monkeypatch.setattr(StoredSnapshot, "findings", slow)
    with pytest.raises(StoreError, match="replaced again and again"):
        care.onlooker.findings(day("03-10"))

    def blind(_: StoredSnapshot) -> bool:
        return True

    monkeypatch.setattr(StoredSnapshot, "intact", blind)
    with pytest.raises(RowsDiffer):
        care.onlooker.findings(day("03-10"))
    monkeypatch.setattr(Findings, "is_sampled", False)
    assert care.onlooker.findings(day("03-10")) == []


@pytest.mark.slow
def test_a_question_waits_for_the_receipt_it_names(care: Care, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given rows at @24 and a projector that needs half a second, when the receipt of @65 is named, then it is in."""
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(gate, most, 0)
    care.record(example())
    Projector(care.recorder).catch_up(upto=24)

    def project() -> None:
        time.sleep(0.5)
        with open_recorder(store_url) as other:
            Projector(other).catch_up()

    projecting = threading.Thread(target=project)
    projecting.start()
    reader = care.onlooker
    assert reader.findings(day("03-10"), at_least=65) != []
    projecting.join()
    assert (reader.standing.position, reader.standing.behind.events) == (65, 0)


def test_an_embedded_store_catches_up_when_it_is_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        care = Care(recorder)
        care.record(example())
        care.reader.worklist(day("03-10"))
        assert status(recorder).position == 65


def test_an_empty_store_answers_with_nothing(care: Care) -> None:
    reader = care.reader
    assert reader.findings() == []
    assert (reader.worklist().rows, reader.worklist().quiet_count) == ((), 0)
    assert reader.census() == []
    with pytest.raises(UnknownName):
        reader.by_client("cl-1")
    with pytest.raises(UnknownName):
        reader.resolve("LNK")
    for ask in (reader.eligibility, reader.timeline, reader.episode, reader.sheet):
        with pytest.raises(UnknownName):
            ask("LNK-1")


def test_a_store_whose_read_models_were_never_made_is_read_all_the_same(recorder: EventRecorder) -> None:
    assert short_reader(recorder, NOW, unrecorded).worklist().rows == ()


def test_rows_written_by_an_older_program_are_not_believed(care: Care) -> None:
    care.record(example())
    catch_up(care.recorder)
    said = care.onlooker.findings(day("03-09"))
    database = care.recorder.database
    database.execute(f"UPDATE {live_table(database, 'finding')} SET message = 'of an older program'")
    database.execute("UPDATE caretrail.build SET version = 0")
    assert said
    for reader in (care.onlooker, care.reader):
        assert reader.findings(day("03-09")) == said


def test_reading_up_to_date_rows_loads_neither_models_nor_drivers(tmp_path: Path) -> None:
    """Only the episodes that are made anew to compare need the models, and what is asked of one episode."""
    url = f"sqlite:///{tmp_path}/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        care = Care(recorder)
        care.record(example())
        care.reader.worklist(day("03-10"))
    program = f"""
import sys
from datetime import date, datetime, UTC
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Filters, Query
from caretrail.reading.questions.census import Census
from caretrail.reading.questions.findings import Findings
from caretrail.reading.questions.worklist import Worklist
from caretrail.reading.reader import Reader
from caretrail.log import open_recorder
Worklist.is_sampled = Findings.is_sampled = Census.is_sampled = False
with open_recorder({url!r}) as recorder:
    ask = Reader(recorder, datetime.now(UTC), access=unrecorded).ask
    query = Query(date(2026, 3, 10))
    assert ask(Worklist(query, Filters(programs={{"lincoln-iop"}}, rules={{"R1"}}))).value.rows
    assert ask(Findings(query)).value and ask(Census(query)).value
print(*(name for name in ("pydantic", "psycopg", "caretrail.events") if name in sys.modules))
"""
    path = [entry for entry in sys.path if entry.endswith(("domain", "projections", "cli"))]
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": ":".join(path)}, check=False
    )
    assert (run.stdout.strip(), run.returncode) == ("", 0), run.stderr
