"""The projector: any batch size gives the same rows, a crash leaves neither rows nor position, two do no harm."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.log import open_recorder
from caretrail.readmodel import projector
from caretrail.readmodel.check import check
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import create_tables
from caretrail.readmodel.status import status
from caretrail.readmodel.store import change_episodes
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import session
from tests.support.builds import drop_read_models, live_table
from tests.support.care import Care
from tests.support.example import NAME, day
from tests.support.stores import all_at_once, pending, run_sql


def start_over(care: Care) -> None:
    drop_read_models(care.recorder.database)
    create_tables(care.recorder.database)


@pytest.mark.slow
def test_live_equals_rebuilt_equals_recomputed(practice: Care) -> None:
    catch_up(practice.recorder, batch=10)
    live = check(practice.recorder)
    assert (live.ok, live.episodes, live.position) == (True, 3, 129)
    rebuild(practice.recorder)
    again = check(practice.recorder)
    assert (again.ok, again.live) == (True, live.live)


def test_check_names_the_episode_whose_rows_were_changed(practice: Care, store_url: str) -> None:
    catch_up(practice.recorder)
    run_sql(store_url, f"UPDATE {live_table(store_url, 'finding')} SET verdict = 'met' WHERE start_on = '2026-03-07'")
    report = check(practice.recorder)
    assert (report.ok, report.differ) == (False, (NAME,))


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.integers(1, 140))
def test_any_batch_size_gives_the_same_rows(practice: Care, batch: int) -> None:
    start_over(practice)
    assert catch_up(practice.recorder, batch=batch).behind == 0
    report = check(practice.recorder)
    assert report.ok
    assert report.episodes == 3


@pytest.mark.slow
def test_catching_up_to_a_position_gives_the_rows_of_that_position(practice: Care) -> None:
    for upto in (1, 7, 60, 100):
        assert catch_up(practice.recorder, batch=9, upto=upto).position == upto
        assert check(practice.recorder).ok


def test_a_crash_between_rows_and_position_leaves_neither(practice: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    write = change_episodes

    def crash(*args: object) -> None:
        write(*args)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(projector, "change_episodes", crash)
    with pytest.raises(RuntimeError, match="power cut"):
        catch_up(practice.recorder, batch=10)
    database = practice.recorder.database
    assert status(practice.recorder).position == 0
    for table in ("finding", "episode"):
        assert database.query(f"SELECT count(*) FROM {live_table(database, table)}")[0][0] == 0
    monkeypatch.undo()
    catch_up(practice.recorder)
    assert check(practice.recorder).ok


def test_a_projector_that_was_overtaken_starts_over(practice: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the log and writing its rows, another projector does all the work, and more is recorded."""
    compute = FoldedEpisodes.compute
    overtaken = threading.Event()

    def slow(self: FoldedEpisodes, streams: dict[object, int], upto: int) -> list[EpisodeRows]:
        rows = compute(self, streams, upto)  # type: ignore[arg-type]
        if not overtaken.is_set():
            overtaken.set()
            Projector(practice.recorder).catch_up()
        return rows

    monkeypatch.setattr(FoldedEpisodes, "compute", slow)
    assert catch_up(practice.recorder, batch=20).behind == 0
    assert check(practice.recorder).ok


@pytest.mark.slow
def test_projectors_at_once_do_no_harm(practice: Care, store_url: str) -> None:
    def work(_: int) -> int:
        with open_recorder(store_url) as recorder:
            return catch_up(recorder, batch=7).behind

    assert all_at_once(work, 4) == [0, 0, 0, 0]
    assert check(practice.recorder).ok


def test_an_event_nobody_can_read_quarantines_its_own_episode_and_nothing_else(practice: Care) -> None:
    stream = uuid5(practice.recorder.namespace, "B-2")
    practice.recorder.append([pending(stream, 41, name="teleported/1", payload=b"{}")])
    [problem] = catch_up(practice.recorder).quarantined
    assert (problem.episode, problem.version, problem.position, problem.reason_code) == ("B-2", 41, 130, "store_newer")
    rows = practice.reader.findings(day("04-01"))
    told = {(row.rule, row.cause): row.verdict for row in rows if row.episode == "B-2"}
    assert told.pop(("QUARANTINE", "quarantined")) == "unknown"
    assert {cause for _, cause in told} == {"unreadable_event"}
    assert set(told.values()) == {"unknown"}
    assert practice.reader.eligibility("B-2", day("02-01")).verdict == "unknown"
    assert [row.status for row in practice.reader.census(day("02-01")) if row.episode == "B-2"] == ["quarantined"]
    rows = [row for row in practice.reader.worklist(day("03-10")).rows if row.episode == "B-2"]
    assert {row.verdict for row in rows} == {"unknown"}
    assert practice.reader.eligibility(NAME, day("02-10")).verdict == "eligible"
    assert check(practice.recorder).ok
    assert practice.reader.timeline("B-2")[40].type == "sealed"


def test_retry_brings_an_episode_back_once_it_can_be_read(practice: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = uuid5(practice.recorder.namespace, "B-2")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("caretrail.readmodel.compute.episode_spans", broken)
        quarantined = catch_up(practice.recorder).quarantined
        assert {(item.episode, item.reason_code) for item in quarantined} == {
            (name, "ZeroDivisionError") for name in (NAME, "B-2", "C-3")
        }
        assert not Projector(practice.recorder).retry(stream)
    assert Projector(practice.recorder).retry(stream)
    assert {item.episode for item in status(practice.recorder).quarantined} == {NAME, "C-3"}
    assert practice.reader.eligibility("B-2", day("02-01")).verdict == "eligible"


def test_a_retry_that_another_projector_overtakes_starts_over(practice: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    catch_up(practice.recorder)
    practice.record([session("01-13", "B-2")])
    compute = FoldedEpisodes.compute

    def slow(self: FoldedEpisodes, streams: dict[object, int], upto: int) -> list[EpisodeRows]:
        monkeypatch.setattr(FoldedEpisodes, "compute", compute)
        catch_up(practice.recorder)
        return compute(self, streams, upto)  # type: ignore[arg-type]

    monkeypatch.setattr(FoldedEpisodes, "compute", slow)
    assert Projector(practice.recorder).retry(uuid5(practice.recorder.namespace, "B-2"))
    assert check(practice.recorder).ok


def test_an_empty_log_is_caught_up_rebuilt_and_checked(care: Care) -> None:
    assert catch_up(care.recorder).behind == 0
    assert rebuild(care.recorder).position == 0
    assert check(care.recorder).ok


def test_progress_counts_up_to_the_events_to_do(practice: Care) -> None:
    seen: list[tuple[int, int]] = []
    catch_up(practice.recorder, batch=50, progress=lambda done, todo: seen.append((done, todo)))
    assert seen == [(50, 129), (100, 129), (129, 129)]


@pytest.fixture(autouse=True)
def no_transaction_left_open(care: Care) -> Iterator[None]:
    yield
    assert not care.recorder.database.in_transaction
