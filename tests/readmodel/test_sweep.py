"""The sweep: rows that somebody altered are found by the log alone, and made anew."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from caretrail.days import FOREVER
from caretrail.log.database import Database
from caretrail.reading.answers import Checked
from caretrail.readmodel import sweep as sweep_module
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.schema import read_state
from caretrail.readmodel.sweep import Pace, Sweep, Swept
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, attested
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day, example
from tests.support.forging import forge_when_written


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
    assert sweep.next_page(care.now) == Swept(mended=2, ends_round=True)
    report = check(care.recorder)
    assert (report.ok, report.live) == (True, before)
    assert sweep.next_page(care.now) == Swept(ends_round=True)
    reader = care.onlooker
    assert reader.worklist(day("03-10")).rows
    assert reader.standing.checked == Checked(2, "2026-06-01T18:00:00Z")


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
    found = [sweep.next_page(care.now) for _ in range(3)]
    assert found == [Swept(), Swept(), Swept(mended=1, ends_round=True)]
    assert len(care.onlooker.census(day("01-10"))) == 7
    state = read_state(database)
    assert state is not None
    assert state.swept_at


def test_rows_that_are_forged_again_are_no_end_of_a_sweep(care: Care, store_url: str) -> None:
    """Given a trigger that forges what is written, then the sweep says so, and does not say that all was compared."""
    care.record(example())
    catch_up(care.recorder)
    sweep = Sweep(care.recorder, Projector(care.recorder))
    assert sweep.next_page(care.now) == Swept(ends_round=True), "the control"
    forge_when_written(store_url, live_table(care.recorder.database, "finding"))
    database = care.recorder.database
    database.execute(f"DELETE FROM {live_table(database, 'finding')} WHERE verdict = 'overdue'")
    for _ in range(2):
        assert sweep.next_page(care.now + timedelta(days=1)) == Swept(mended=1, unmended=1, ends_round=True)
    state = read_state(database)
    assert state is not None
    assert state.swept_at == "2026-06-01T18:00:00Z", "the sweep of before"


def test_findings_of_programs_are_swept(care: Care, store_url: str) -> None:
    """Given findings of a program deleted, changed, or of a program that never was, then they are as they must be."""
    care.record([*example(), *attested("lincoln-iop")])
    catch_up(care.recorder)
    database = care.recorder.database
    table = live_table(database, "program_finding")
    right = sorted(map(repr, database.query(f"SELECT * FROM {table}")))
    assert right
    sweep = Sweep(care.recorder, Projector(care.recorder))
    for damage in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET verdict = 'overdue'",
        f"UPDATE {table} SET stream = :stream, program = 'ghost'",
    ):
        params = {"stream": UUID(int=7)} if ":stream" in damage else {}
        assert database.execute(damage, params) > 0
        assert sweep.next_page(care.now).mended > 0, damage
        assert sorted(map(repr, database.query(f"SELECT * FROM {table}"))) == right
        assert sweep.next_page(care.now) == Swept(ends_round=True)
    forge_when_written(store_url, table, old="met", new="info")
    database.execute(f"DELETE FROM {table}")
    late = care.now + timedelta(days=1)
    assert sweep.next_page(late) == Swept(mended=1, unmended=1, ends_round=True)
    state = read_state(database)
    assert state is not None
    assert state.swept_at == "2026-06-01T18:00:00Z", "the sweep of before"


def test_a_round_ends_within_a_day_however_many_events_come() -> None:
    """Given 100,000 open of 400,000 episodes and a daemon that is always busy, then each is compared within a day."""
    episodes, seconds, compared, pages = 400_000, 0.0, 0, 0
    pace = Pace(seconds)
    while compared < episodes and seconds < 86_400:
        seconds += 0.05  # a batch of events
        if pace.is_due(compared / episodes, seconds, busy=True):
            compared += sweep_module.EPISODES
            pages += 1
            seconds += 0.03
            pace.done(seconds, ends_round=False)
    assert compared >= episodes
    assert 70_000 < seconds < 80_000
    assert pages * 0.03 / seconds < 0.05, "events wait for a twentieth of the time at most"


def test_an_idle_daemon_compares_ten_episodes_a_second_and_rests_between_rounds() -> None:
    pace = Pace(0.0)
    assert not pace.is_due(0.0, 0.4, busy=False)
    assert pace.is_due(0.0, 0.5, busy=False)
    assert not pace.is_due(0.0, 0.5, busy=True)
    assert sweep_module.EPISODES / sweep_module.PAGE_SECONDS == 10
    pace.done(1.0, ends_round=True)
    assert not pace.is_due(0.0, 60.0, busy=False)
    assert pace.is_due(0.0, 61.0, busy=False)
