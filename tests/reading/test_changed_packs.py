"""A process that stays judges by the packs on disk, also after their files have changed."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from caretrail.errors import StaleReadModel, StoreError
from caretrail.reading import gate, snapshot
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Filters, Query
from caretrail.reading.questions.diff import Diff
from caretrail.reading.questions.findings import Findings
from caretrail.reading.questions.why import Why
from caretrail.reading.reader import Reader
from caretrail.readmodel import pack_files
from caretrail.readmodel.pack_files import PackFiles, forget_packs, read_digest
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import create_store, open_store
from tests.support.build import admitted, plan, session
from tests.support.care import NOW, Care

DAY = date(2026, 2, 8)
R1 = Findings(Query(DAY), Filters(rules={"R1"}))


class Machine:
    """The clock of the machine, some seconds ahead."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def machine() -> Machine:
    return Machine()


def every(days: int, pack: Path) -> None:
    """Let the plan be reviewed every so many days."""
    text = pack.read_text()
    assert "every = [{ count = 30, " in text or "every = [{ count = 40, " in text
    for other in (30, 40):
        text = text.replace(f"every = [{{ count = {other}, ", f"every = [{{ count = {days}, ")
    pack.write_text(text)


def due(reader: Reader) -> list[date | None]:
    return [row.due_on for row in reader.ask(R1).value]


def under(pack: Path, episodes: int = 1) -> list[Any]:
    names = [f"E-{number}" for number in range(episodes)]
    return [made for name in names for made in (admitted("01-05", name, policy=pack.stem), plan("01-05", name))]


def test_a_reader_that_is_kept_follows_the_packs_on_disk(care: Care, own_pack: Path, machine: Machine) -> None:
    """Given a reader and rows of 30 days, when the pack says 40 and is left alone, then answers say 40: on a file the
    rows are judged again, elsewhere none is given from the old ones.
    """
    care.record(under(own_pack))
    catch_up(care.recorder)
    reader = Reader(care.recorder, NOW, access=unrecorded, packs=PackFiles(machine))
    assert due(reader) == [date(2026, 2, 4)]
    every(40, own_pack)
    assert due(reader) == [date(2026, 2, 4)], "nobody looks at each question"
    machine.ahead = 20
    assert due(reader) == [date(2026, 2, 14)]
    why = reader.ask(Why("E-0", "R1", Query(DAY))).value
    assert "40" in str(why)


def test_no_list_is_given_from_rows_that_other_packs_judged(
    care: Care, own_pack: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given more episodes than a reader recomputes, and nobody to judge them again, then the list is refused."""
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT", "SECONDS_BEHIND"):
        monkeypatch.setattr(gate, most, 1)
    care.record(under(own_pack, 3))
    catch_up(care.recorder)
    reader = Reader(care.recorder, NOW, access=unrecorded, packs=PackFiles(machine), write=False)
    assert len(due(reader)) == 3
    every(40, own_pack)
    machine.ahead = 20
    with pytest.raises(StaleReadModel, match="other packs than the installed ones"):
        due(reader)
    catch_up(care.recorder)
    assert set(due(reader)) == {date(2026, 2, 14)}


def test_a_service_that_nobody_restarts_follows_them_too(
    store_url: str, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in ("_check_seconds", "_settled_seconds"):
        monkeypatch.setattr(pack_files.INSTALLED, seconds, 0)
    create_store(store_url)
    with open_store(store_url, clock=lambda: datetime(2026, 2, 1, 18, tzinfo=UTC)) as store:
        store.append(under(own_pack), imported=True)
        assert [row.due_on for row in store.ask(R1).value] == [date(2026, 2, 4)]
        every(40, own_pack)
        assert [row.due_on for row in store.ask(R1).value] == [date(2026, 2, 4)], "no event was recorded under it"
        store.append([session("01-06", "E-0")], imported=True)
        assert [row.due_on for row in store.ask(R1).value] == [date(2026, 2, 14)]


def test_without_checking_it_would_judge_by_what_it_read_first(care: Care, own_pack: Path, machine: Machine) -> None:
    """The control."""
    care.record(under(own_pack))
    reader = Reader(care.recorder, NOW, access=unrecorded, packs=PackFiles(machine, check_seconds=1e6))
    assert due(reader) == [date(2026, 2, 4)]
    every(40, own_pack)
    machine.ahead = 3600
    assert due(reader) == [date(2026, 2, 4)]


def test_half_of_a_file_is_not_followed(own_pack: Path, machine: Machine) -> None:
    """Given a file that is being written, then it is read once it has rested; one that was only touched, never."""
    files = PackFiles(machine)
    files.follow()
    before = read_digest()
    whole = own_pack.read_text()
    machine.ahead = 11
    os.utime(own_pack)
    assert (files.follow(), read_digest()) == (False, before)
    machine.ahead = 0
    files = PackFiles(machine, check_seconds=0)
    files.follow()
    own_pack.write_text(whole[: len(whole) // 2])
    assert (files.follow(), read_digest()) == (False, before)
    own_pack.write_text(whole + "\n# more\n")
    assert (files.follow(), read_digest()) == (False, before)
    machine.ahead = 3
    assert files.follow()
    assert read_digest() != before
    assert not files.follow()
    own_pack.unlink()
    assert files.follow()


def test_no_answer_is_of_two_readings_of_the_packs(care: Care, own_pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given packs that are read again while a list, or a diff, is made, then the list is made anew; the diff ends."""
    care.record(under(own_pack))
    asked: list[int] = []
    answer = Findings.answer

    def slow(self: Findings, asked_of: snapshot.Snapshot) -> Any:
        found = list(answer(self, asked_of))
        if not asked:
            every(40, own_pack)
            forget_packs()
        asked.append(len(found))
        return found

    monkeypatch.setattr(Findings, "answer", slow)
    reader = Reader(care.recorder, NOW, access=unrecorded)
    assert due(reader) == [date(2026, 2, 14)]
    assert len(asked) == 2
    parts = Diff.parts

    def changing(self: Diff, asked_of: snapshot.Snapshot) -> Any:
        for part in parts(self, asked_of):
            forget_packs()
            yield part

    monkeypatch.setattr(Diff, "parts", changing)
    with pytest.raises(StoreError, match="packs have changed"):
        list(reader.parts(Diff(1, Query(DAY, known_at=2))))
