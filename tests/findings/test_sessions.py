"""Whether each session on record is one of its own: then nothing has to ask which of them are one."""

from __future__ import annotations

import pytest

from caretrail.events import SessionAttended, SessionMissed
from caretrail.findings.chart.chart import from_until, is_on_hold
from caretrail.findings.chart.sessions import Session, each_once, orderly, session_of
from tests.findings.text_history import history_of
from tests.support.example import day


def sessions(text: str) -> list[Session]:
    lines = f"2026-01-05 admitted\n{text}"
    held = [item for item in history_of(lines) if isinstance(item.event, SessionAttended | SessionMissed)]
    return [session_of(item, item.event) for item in held]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-05 session group 09:00 180",
        "2026-01-05 session group 09:00 180\n2026-01-05 session individual 12:00 60",
        "2026-01-05 session group 09:00 180\n2026-01-06 session group 09:00 180",
        "2026-01-05 session group 09:00 1440\n2026-01-06 session group 09:00 180",
        '2026-01-05 session group 09:00 60 | {"group_session": "g"}\n'
        '2026-01-06 session group 09:00 60 | {"group_session": "g"}',
        '2026-01-05 session group 09:00 60 | {"start": null}\n2026-01-05 session group 09:00 60 | {"start": null}',
        "2026-01-05 session group 00:00 720\n2026-01-05 session individual 12:00 720",
    ],
)
def test_sessions_that_share_no_time_are_orderly_and_count_in_full(text: str) -> None:
    held = sessions(text)
    assert orderly(held)
    assert each_once(held) == held


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05 session group 09:00 180\n2026-01-05 session group 09:00 180",
        "2026-01-05 session group 09:00 180\n2026-01-05 missed group 09:00 180 cause client",
        "2026-01-05 session group 09:00 180\n2026-01-05 session individual 11:59 60",
        "2026-01-05 session group 23:00 180\n2026-01-06 session group 01:00 60",
        '2026-01-05 session group 09:00 60 | {"group_session": "g"}\n'
        '2026-01-05 session individual 13:00 60 | {"group_session": "g"}',
        '2026-01-05 session group 09:00 721 | {"start": null}\n2026-01-05 session group 09:00 720 | {"start": null}',
        "2026-01-05 session group 00:00 720\n2026-01-05 session individual 12:00 721",
    ],
)
def test_sessions_that_share_time_or_take_more_than_a_day_are_not_orderly(text: str) -> None:
    assert not orderly(sessions(text))
    # each of the two, alone, is
    assert all(orderly([session]) for session in sessions(text))


def test_from_a_day_until_another_the_last_is_left_out_and_no_end_is_none() -> None:
    days = ["01-05", "01-06", "01-06", "01-08"]
    held = sessions("\n".join(f"2026-{on} session group 09:00 60" for on in days))
    assert from_until(held, day("01-06"), day("01-08")) == held[1:3]
    assert from_until(held, day("01-05"), day("01-06")) == held[:1]
    assert from_until(held, day("01-06"), None) == held[1:]
    assert from_until(held, day("01-09"), None) == []


def test_a_hold_lasts_from_its_day_until_the_day_of_its_end() -> None:
    holds = [(day("01-05"), day("01-07")), (day("02-01"), None)]
    on_hold = [
        on for on in ("01-04", "01-05", "01-06", "01-07", "01-31", "02-01", "12-31") if is_on_hold(holds, day(on))
    ]
    assert on_hold == ["01-05", "01-06", "02-01", "12-31"]
