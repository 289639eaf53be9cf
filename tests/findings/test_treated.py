"""Days treated while not eligible: sessions, days and minutes beside the answers on eligibility."""

from __future__ import annotations

from caretrail.findings.chart.chart import chart_of
from caretrail.findings.treated import Treated, treated
from caretrail.policy import Policy
from tests.findings.text_history import ORTIZ, PACK, Told

TREATED_ON = f"""2026-01-02 assessed
2026-01-05 admitted
2026-01-07 session group 09:00 180
2026-01-09 session group 09:00 180
2026-01-20 determined leave 2026-01-22 C1 signed by {ORTIZ}
2026-01-21 session group 09:00 180
2026-01-22 session group 09:00 180
2026-01-23 session group 09:00 120
2026-01-23 session individual 13:00 60
2026-01-26 session group 09:00 180
2026-01-26 missed group 13:00 60 cause client
2026-01-28 determined continue C1 signed by {ORTIZ}
2026-01-28 session group 09:00 180
2026-01-30 discharged completed
"""


def rows(text: str) -> list[Treated]:
    told = Told(text)
    return treated(told.stays(), chart_of(told.history, Policy((PACK,))).attended)


def in_short(row: Treated) -> str:
    return f"{row.verdict} {row.first} {row.until or '-'}: {row.sessions} {row.days} {row.minutes}"


def test_what_was_attended_past_the_day_to_leave_is_counted_apart() -> None:
    assert [in_short(row) for row in rows(TREATED_ON)] == [
        "eligible 2026-01-05 2026-01-23: 4 4 720",
        "not_eligible 2026-01-23 2026-01-28: 3 2 360",
        "eligible 2026-01-28 2026-01-31: 1 1 180",
        "not_applicable 2026-01-31 -: 0 0 0",
    ]
    assert "2026-01-22" in rows(TREATED_ON)[1].reasons[0]


def test_answers_of_one_verdict_are_one_row_and_every_session_is_in_one() -> None:
    assert len(Told(TREATED_ON).stays()) == 5
    assert sum(row.sessions for row in rows(TREATED_ON)) == 8


def test_an_open_stay_has_an_open_row() -> None:
    text = (
        TREATED_ON.rsplit("2026-01-30", 1)[0]
        + "2026-02-27 session group 09:00 180\n2026-03-02 session family 09:00 60\n"
    )
    assert in_short(rows(text)[-1]) == "unknown 2026-02-28 -: 1 1 60"
