"""Lists of a large store whose read models were never made: right or refused, never empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from caretrail.commands.command import Receipt
from caretrail.errors import LogDiverged, StaleReadModel, UnknownName
from caretrail.log import leaf_hash, open_recorder
from caretrail.reading import gate
from caretrail.reading.gate import Gate
from caretrail.reading.query import Filters, Query
from caretrail.reading.question import Question
from caretrail.readmodel.packs import PolicyOf
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import Census, Findings, Worklist, create_store, open_store
from tests.support.build import LEE, ORTIZ, admitted, event, plan, session
from tests.support.care import NOW, Care
from tests.support.example import day
from tests.support.program import Caretrail

ADMISSIONS = 2800
DAY = Query(day("01-10"))


@pytest.fixture
def admissions(store_url: str) -> str:
    """A store with many admissions, recorded in bulk; nothing projects them."""
    create_store(store_url)
    events = [admitted("01-05", f"E-{number}") for number in range(ADMISSIONS)]
    with open_store(store_url, clock=lambda: NOW) as store:
        for start in range(0, ADMISSIONS, 700):
            store.append(events[start : start + 700], imported=True)
    return store_url


@pytest.mark.slow
def test_with_admissions_and_no_projector_a_list_is_right_or_refused(admissions: str, tmp_path: Path) -> None:
    """Given 2,800 admissions, then a file is caught up, and a server refuses until somebody catches up, or marks."""
    caretrail = Caretrail(admissions, tmp_path)
    lists: list[Question[Any]] = [
        Findings(DAY, Filters(rules={"B1"})), Worklist(DAY, limit=10), Census(DAY, Filters(programs={"iop"})),
    ]  # fmt: skip  # one a line would be longer
    verbs = [("findings", "--rule", "B1"), ("worklist", "--limit", "10"), ("census", "--program", "iop")]
    with open_store(admissions) as store:
        if admissions.startswith("postgresql"):
            for question, verb in zip(lists, verbs, strict=True):  # however short ago they were recorded
                with pytest.raises(StaleReadModel, match="2,801 events"):
                    store.ask(question)
                ended = caretrail(*verb, "--as-of", "2026-01-10")
                assert (ended.status, ended.out) == (4, "")
                assert "2,801 events" in ended.err
                assert "caretrail projection catch-up" in ended.err
                assert "caretrail_projector" in ended.err
                unfilled = caretrail(*verb, "--as-of", "2026-01-10", "--allow-stale")
                assert (unfilled.status, unfilled.out) == (4, ""), "rows that hold nothing must not look like no work"
            with open_recorder(admissions) as recorder:
                catch_up(recorder)
        found, work, census = (store.ask(question) for question in lists)
    assert len(census.value) == ADMISSIONS
    assert {row.verdict for row in found.value} == {"unknown"}
    assert len({row.episode for row in found.value}) == ADMISSIONS
    assert (len(work.value.rows), work.value.total > ADMISSIONS) == (10, True)
    assert not census.standing.stale
    assert caretrail("census", "--as-of", "2026-01-10").out.count("\nE-") == ADMISSIONS


@pytest.fixture
def behind(care: Care, monkeypatch: pytest.MonkeyPatch) -> Care:
    """Rows at @1 of @2, a minute behind, with more episodes touched than a list may recompute."""
    care.record([admitted("01-05", "E-1")])
    catch_up(care.recorder)
    care.record([admitted("01-05", "E-2")])
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(gate, most, 0)
    recorded = care.recorder.last_recorded_at()
    assert recorded is not None
    care.now = recorded + timedelta(minutes=1)
    return care


def test_stale_rows_are_refused_or_marked(behind: Care) -> None:
    with pytest.raises(StaleReadModel, match=r"1 event and 60 seconds behind") as refused:
        behind.onlooker.census(day("01-10"))
    assert "--allow-stale to see the rows as of @1" in refused.value.hint
    onlooker = behind.onlooker
    assert [row.episode for row in onlooker.census(day("01-10"), allow_stale=True)] == ["E-1"]
    standing = onlooker.standing
    assert (standing.position, standing.newest, standing.behind, standing.stale) == (1, 2, (1, 60), True)


def test_a_receipt_that_the_rows_do_not_hold_is_never_answered_without_it(
    behind: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where stale rows are allowed, or a server has not received the event at all."""
    monkeypatch.setattr(gate, "LONGEST_WAIT", 0.1)
    for at_least, lag in ((2, (1, 60)), (3, (1, 0))):
        with pytest.raises(StaleReadModel) as refused:
            behind.onlooker.census(day("01-10"), at_least=at_least, allow_stale=True)
        assert (refused.value.events, refused.value.seconds) == lag
    assert behind.onlooker.census(day("01-10"), at_least=1, allow_stale=True)


def test_a_receipt_of_an_event_that_a_failover_lost_is_refused(behind: Care) -> None:
    """Given a receipt of the first event, and one of another in its place; the control is the position alone."""
    [first] = behind.recorder.read_log(limit=1)
    receipt = Receipt(None, 1, 1, first.recorded_at, leaf_hash(first).hex(), "local")
    for at_least in (receipt, 1):
        assert behind.onlooker.census(day("01-10"), at_least=at_least, allow_stale=True)
    with pytest.raises(LogDiverged, match="position 1 holds another event"):
        behind.onlooker.census(day("01-10"), at_least=replace(receipt, leaf="4f" * 32), allow_stale=True)


def test_a_slow_clock_does_not_make_rows_seem_current(behind: Care) -> None:
    """The age of the first event left out is counted to the newest one, if the clock says less."""
    first = behind.recorder.last_recorded_at()
    assert first is not None
    behind.recorder.last_recorded_at = lambda: first + timedelta(hours=1)  # type: ignore[method-assign]
    behind.now = first - timedelta(hours=1)
    with pytest.raises(StaleReadModel, match="3,600 seconds"):
        behind.onlooker.census(day("01-10"))


def test_rows_judged_by_other_packs_are_not_shown_as_stale(behind: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(*_: object) -> tuple[str, ...]:
        return ("ne-medicaid-2.1-adult",)

    monkeypatch.setattr(gate, "stale_policies", stale)
    for allow_stale in (False, True):
        with pytest.raises(StaleReadModel, match=r"other packs .* ne-medicaid-2.1-adult") as refused:
            behind.onlooker.worklist(day("01-10"), allow_stale=allow_stale)
        assert "--allow-stale" not in refused.value.hint


def test_a_name_of_quotes_names_nothing(care: Care) -> None:
    care.record([admitted("01-05")])
    with pytest.raises(UnknownName, match="no such program"):
        care.onlooker.census(day("01-10"), program='iop","zone":"America/Chicago')


@pytest.fixture
def crowd(care: Care) -> Care:
    """Rows that hold 30 admissions under c-ortiz and c-lee, and a newer event of each episode; many are behind."""
    care.record([admitted("01-05", f"E-{number}", clinician=OWNERS[number % 2], team=[LEE]) for number in range(30)])
    catch_up(care.recorder)
    care.record([session("01-06", f"E-{number}") for number in range(30)])
    return care


OWNERS = ("c-ortiz", "c-lee")


def test_only_the_episodes_in_scope_are_brought_current(crowd: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given 30 episodes behind, when one client's list is asked for, then one is recomputed, and it is current."""
    recomputed: list[int] = []
    compute = Gate.recomputed

    def counted(
        self: Gate, touched: Sequence[UUID], upto: int, policies: PolicyOf
    ) -> Mapping[UUID, EpisodeRows | None]:
        recomputed.append(len(touched))
        return compute(self, touched, upto, policies)

    monkeypatch.setattr(Gate, "recomputed", counted)
    reader = crowd.onlooker
    assert [row.episode for row in reader.census(day("01-10"), client="cl-E-7")] == ["E-7"]
    assert (reader.standing.position, reader.standing.behind.events, recomputed) == (60, 0, [1])


def test_whoever_an_older_event_names_is_in_scope(crowd: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a clinician whom only the roster names, when a newer plan wants their signature, then their list has it."""
    for most in ("MOST_TOUCHED", "SECONDS_BEHIND"):
        monkeypatch.setattr(gate, most, 0)
    crowd.now = datetime.now(UTC) + timedelta(minutes=5)
    crowd.record([admitted("01-05", "F-1", team=[{"id": "c-rare", "role": "clinician", "credential": "LADC"}])])
    catch_up(crowd.recorder)
    assert crowd.onlooker.findings(day("01-10"), clinician="c-rare") == []
    crowd.record([plan("01-06", "F-1")])
    crowd.record([session("01-07", f"E-{number}") for number in range(30)])
    assert {row.episode for row in crowd.onlooker.findings(day("01-10"), clinician="c-rare")} == {"F-1"}


def test_what_was_known_then_shows_nobody_an_episode_they_had_only_later(crowd: Care) -> None:
    """Given rows by which E-0 is now c-rare's, when c-rare's list as known before is asked for, then it is empty."""
    known = crowd.recorder.max_position()
    assert crowd.onlooker.census(day("01-10"), clinician="c-ortiz")
    handed = event("team_changed", "01-07", "E-0", clinician="c-rare", joins=[ORTIZ | {"id": "c-rare"}])
    crowd.record([handed, *(session("01-08", f"E-{number}") for number in range(30))])
    catch_up(crowd.recorder)
    assert [row.episode for row in crowd.onlooker.census(day("01-10"), clinician="c-rare")] == ["E-0"]
    for kind in (crowd.onlooker.census, crowd.onlooker.findings):
        assert kind(day("01-10"), clinician="c-rare", known_at=known) == []


def test_an_answer_tells_today_also_of_the_zones_that_no_row_has_yet(care: Care) -> None:
    """Given a night in which it is the next day in New York already, then a newer event from there adds that day."""
    care.now = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)
    onlooker = care.onlooker
    care.record([admitted("01-05", "W", zone="America/Los_Angeles")])
    onlooker.census()
    assert list(onlooker.standing.as_of) == [date(2026, 6, 1)]
    catch_up(care.recorder)
    care.record([admitted("01-05", "E", zone="America/New_York")])
    onlooker.census()
    assert list(onlooker.standing.as_of) == [date(2026, 6, 1), date(2026, 6, 2)]
