"""The sheet of a day tells how long the stay has lasted, and judges nothing by it."""

from __future__ import annotations

import pytest

from tests.support.build import admitted, event, plan, reviewed, session, signature
from tests.support.care import Care
from tests.support.example import NAME, day, example


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("01-04", None),
        ("01-05", (1, 1, (8, 24))),
        ("01-11", (7, 1, (8, 24))),
        ("01-12", (8, 2, (8, 24))),
        ("03-09", (64, 10, (8, 24))),
        ("04-05", (91, 13, (8, 24))),
        ("04-06", (1, 1, None)),
        ("05-04", (29, 5, None)),
        ("05-05", None),
    ],
)
def test_the_day_and_week_of_the_stay(
    care: Care, on: str, told: tuple[int, int, tuple[int, int] | None] | None
) -> None:
    """Given a stay from 5 January and a transfer on 6 April to a level the pack is not for, until 4 May."""
    care.record(example())
    stay = care.reader.sheet(NAME, day(on)).stay
    assert (stay and (stay.day, stay.week, stay.typical_weeks)) == told


def test_a_stay_far_longer_than_typical_is_no_finding(care: Care) -> None:
    care.record(example()[:10])
    sheet = care.reader.sheet(NAME, day("12-01"))
    assert sheet.stay is not None
    assert sheet.stay.week == 48
    assert [row.rule for row in sheet.findings if row.rule == "NE21-C2"] == []


def test_a_signature_of_a_later_day_is_still_missing_on_the_sheet(care: Care) -> None:
    """Given a plan of 7 January whose paper carries the client's signature of the 12th, then the sheet of the 9th does
    not show it and names the client as missing; that of the 12th shows it.
    """
    signatures = [signature("c-ortiz", "01-07"), signature("cl-E-1", "01-12")]
    care.record([admitted("01-05"), plan("01-07", signatures=signatures)])
    early, later = care.reader.sheet("E-1", day("01-09")), care.reader.sheet("E-1", day("01-12"))
    assert early.plan is not None
    assert later.plan is not None
    assert [line.signer for line in early.plan.signatures] == ["c-ortiz"]
    assert early.missing_signers == ("cl-E-1",)
    assert [line.signer for line in later.plan.signatures] == ["c-ortiz", "cl-E-1"]
    assert later.missing_signers == ()


def test_who_owes_a_signature_on_the_review_is_named(care: Care) -> None:
    care.record(example())
    early, later = care.reader.sheet(NAME, day("02-06")), care.reader.sheet(NAME, day("02-09"))
    assert (early.missing_on_review, later.missing_on_review) == (("cl-7f3a",), ())


def test_a_struck_session_stands_on_its_day_as_it_was_last_believed(care: Care) -> None:
    """Given a session whose date was corrected and which was then voided, then its last day shows it, struck."""
    care.record([admitted("01-05"), session("01-07"), session("01-08")])
    care.record([event("corrected", "01-09", target=2, values={"occurred_on": "2026-01-08"}, reason="misread")])
    care.record([event("voided", "01-09", target=2, reason="duplicate")])
    assert care.reader.sheet("E-1", day("01-07")).struck_sessions == ()
    sheet = care.reader.sheet("E-1", day("01-08"))
    assert [(line.version, line.marks.corrected_by, line.marks.voided_by) for line in sheet.struck_sessions] == [
        (2, (4,), 5)
    ]
    assert ([line.version for line in sheet.sessions], sheet.minutes_day) == ([3], 180)


def test_after_a_late_review_the_next_due_day_is_told_not_the_missed_one(care: Care) -> None:
    """Given a review due on 6 February and held on the 9th, then from that day the next is due on 11 March."""
    signatures = [signature("c-ortiz", "02-09"), signature("cl-E-1", "02-09")]
    care.record([admitted("01-05"), plan("01-07"), reviewed("02-09", signatures=signatures)])
    assert care.reader.sheet("E-1", day("02-08")).next_review_due == day("02-06")
    assert care.reader.sheet("E-1", day("02-10")).next_review_due == day("03-11")


def test_what_was_attended_while_not_eligible_is_counted_up_to_the_day(care: Care) -> None:
    """Given a determination to leave by 22 January and a client who came on, then sessions, days and minutes since."""
    leave = {"decision": "leave", "leave_by": "2026-01-22", "signatures": [signature("c-ortiz", "01-20")]}
    care.record([admitted("01-05"), event("continued_stay_determined", "01-20", **leave), session("01-21")])
    care.record([session("01-23"), session("01-26")])

    def past(on: str) -> list[tuple[str, int, int, int]]:
        treated = care.reader.sheet("E-1", day(on)).treated
        return [
            (f"{row.last:%m-%d}", row.sessions, row.days, row.minutes) for row in treated if row.first > day("01-22")
        ]

    assert past("01-22") == []
    assert past("01-23") == [("01-23", 1, 1, 180)]
    assert past("01-27") == [("01-27", 2, 2, 360)]
