"""A commit of the projector is short: in a file, appends and accesses wait for it."""

from __future__ import annotations

from typing import Any

import pytest

from caretrail.readmodel import group_sessions, store
from caretrail.readmodel.check import check
from caretrail.readmodel.projector import Projector
from tests.support.build import admitted, plan, session
from tests.support.care import Care

GROUP: dict[str, Any] = {"group_session": "g-1", "group_size": 2, "start": "09:00"}


def test_rows_are_made_before_the_transaction_that_writes_them(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    care.record([admitted("01-05"), plan("01-05"), session("01-06")])
    made: list[str] = []
    episode_row, rows_by_table = store.episode_row, store.rows_by_table

    def own(*args: Any) -> Any:
        assert not care.recorder.database.in_transaction
        made.append("own")
        return episode_row(*args)

    def beside(*args: Any) -> Any:
        assert not care.recorder.database.in_transaction
        made.append("beside")
        return rows_by_table(*args)

    monkeypatch.setattr(store, "episode_row", own)
    monkeypatch.setattr(store, "rows_by_table", beside)
    projector = Projector(care.recorder)
    state = projector.catch_up()
    [stream] = care.recorder.touched(0, state.position)
    projector.retry(stream)
    projector.make_anew(state, [stream])
    assert made == ["own", "beside"] * 3
    assert check(care.recorder).ok


def test_only_group_sessions_that_changed_are_counted_anew(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given two charts of one group session, then a plan of one moves nothing of it, and a chart more does."""
    counted: list[object] = []
    placed_of_group = group_sessions.placed_of_group

    def counting(*args: Any) -> Any:
        counted.append(args[2])
        return placed_of_group(*args)

    monkeypatch.setattr(group_sessions, "placed_of_group", counting)
    projector = Projector(care.recorder)
    names = ("E-1", "E-2", "E-3")
    care.record([admitted("01-05", name) for name in names])
    care.record([session("01-06", name, **GROUP) for name in names[:2]])
    projector.catch_up()
    assert len(counted) == 1
    care.record([plan("01-07", "E-1"), session("01-08", "E-2")])
    projector.catch_up()
    assert len(counted) == 1
    care.record([session("01-06", "E-3", **GROUP)])
    projector.catch_up()
    assert len(counted) == 2
    assert check(care.recorder).ok
