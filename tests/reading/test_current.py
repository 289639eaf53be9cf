"""Lists of a large store whose read models were never made: right or refused, never empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caretrail.errors import StaleReadModel
from caretrail.log import open_recorder
from caretrail.reading.query import Filters, Query
from caretrail.reading.question import Question
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import Census, Findings, Worklist, create_store, open_store
from tests.support.build import admitted
from tests.support.care import NOW
from tests.support.example import day
from tests.support.program import Caretrail

ADMISSIONS = 5600
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
    """Given 5,600 admissions, then a file is caught up, and a server refuses until somebody catches up, or marks."""
    caretrail = Caretrail(admissions, tmp_path)
    lists: list[Question[Any]] = [
        Findings(DAY, Filters(rules={"B1"})), Worklist(DAY, limit=10), Census(DAY, Filters(programs={"iop"})),
    ]  # fmt: skip  # one a line would be longer
    verbs = [("findings", "--rule", "B1"), ("worklist", "--limit", "10"), ("census", "--program", "iop")]
    with open_store(admissions) as store:
        if admissions.startswith("postgresql"):
            for question, verb in zip(lists, verbs, strict=True):  # however short ago they were recorded
                with pytest.raises(StaleReadModel, match="5,600 events"):
                    store.ask(question)
                ended = caretrail(*verb, "--as-of", "2026-01-10")
                assert (ended.status, ended.out) == (4, "")
                assert "5,600 events" in ended.err
                assert "caretrail projection catch-up" in ended.err
                assert "caretrail_projector" in ended.err
                marked = caretrail(*verb, "--as-of", "2026-01-10", "--allow-stale")
                assert marked.status == 0
                assert "STALE: current through @0 of @5600" in marked.out
            with open_recorder(admissions) as recorder:
                catch_up(recorder)
        found, work, census = (store.ask(question) for question in lists)
    assert len(census.value) == ADMISSIONS
    assert {row.verdict for row in found.value} == {"unknown"}
    assert len({row.episode for row in found.value}) == ADMISSIONS
    assert (len(work.value.rows), work.value.total > ADMISSIONS) == (10, True)
    assert not census.standing.stale
    assert caretrail("census", "--as-of", "2026-01-10").out.count("\nE-") == ADMISSIONS
