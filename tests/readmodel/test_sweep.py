"""The sweep: rows that somebody altered are found by the log alone, and made anew."""

from __future__ import annotations

from uuid import UUID

import pytest

from caretrail.days import FOREVER
from caretrail.log.database import Database
from caretrail.reading.answers import Checked
from caretrail.readmodel import sweep as sweep_module
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.schema import read_state
from caretrail.readmodel.sweep import Sweep
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, attested
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day, example


def damages(database: Database) -> dict[str, str]:
    """Statements that forge the rows of an example in every way a list could be misled by."""
    finding, episode, span = (live_table(database, table) for table in ("finding", "episode", "span"))
    return {
        "deleted": f"DELETE FROM {finding} WHERE verdict = 'overdue'",
        "edited": f"UPDATE {finding} SET verdict = 'met', message = 'all is well' WHERE verdict = 'overdue'",
        "invented": f"UPDATE {finding} SET end_on = '2030-01-01' WHERE verdict = 'info'",
        "gone": f"DELETE FROM {episode}",
        "moved": f"UPDATE {span} SET clinician = 'c-nobody'",
    }


@pytest.mark.parametrize("damage", ["deleted", "edited", "invented", "gone", "moved"])
def test_rows_that_somebody_altered_are_found_and_made_anew(care: Care, damage: str) -> None:
    """Given rows whose numbers still fit, when a sweep comes by, then they are again what the log says."""
    care.record([*example(), admitted("01-05", "E-2"), *attested()])
    catch_up(care.recorder)
    before = check(care.recorder).live
    database = care.recorder.database
    assert database.execute(damages(database)[damage]) > 0
    assert not check(care.recorder).ok
    sweep = Sweep(care.recorder, Projector(care.recorder))
    assert sweep.next_page(care.now) == 2
    report = check(care.recorder)
    assert (report.ok, report.live) == (True, before)
    assert sweep.next_page(care.now) == 0
    reader = care.onlooker
    assert reader.worklist(day("03-10")).rows
    assert reader.standing.checked == Checked("2026-06-01T18:00:00+00:00")


def test_a_round_covers_every_episode_and_what_is_of_none(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given 7 episodes and pages of 3, then three pages are a round; a row of an episode that never was is removed."""
    monkeypatch.setattr(sweep_module, "EPISODES", 3)
    care.record([admitted("01-05", f"E-{number}") for number in range(7)])
    catch_up(care.recorder)
    database = care.recorder.database
    table = live_table(database, "span")
    params = {"stream": UUID(int=2**128 - 2), "day": day("01-05"), "end": FOREVER}
    database.execute(
        f"INSERT INTO {table} (stream, start_on, until_on, program, status, episode) "
        "VALUES (:stream, :day, :end, 'iop', 'open', 'GHOST')",
        params,
    )
    assert "GHOST" in {row.episode for row in care.onlooker.census(day("01-10"))}
    sweep = Sweep(care.recorder, Projector(care.recorder))
    assert [sweep.next_page(care.now) for _ in range(3)] == [0, 0, 1]
    assert len(care.onlooker.census(day("01-10"))) == 7
    state = read_state(database)
    assert state is not None
    assert state.swept_at
