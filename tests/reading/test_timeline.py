"""The timeline: where an event stands once its date was corrected, what makes a late entry, and what of it counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.build import admitted, assessed, event, session
from tests.support.care import Care
from tests.support.example import NAME, day, example
from tests.support.stores import Clock


@pytest.mark.parametrize("to", ["01-06", "01-12"])
def test_an_event_stands_in_clinical_order_where_its_corrected_date_puts_it(care: Care, to: str) -> None:
    """Given three sessions, when the date of the second is corrected, then it moves; struck, it stays where it moved;
    with the correction struck as well it is back. In recorded order nothing ever moves.
    """
    care.record(
        [
            admitted("01-05"), session("01-07"), session("01-08"), session("01-09"),
            event("corrected", "01-12", target=3, values={"occurred_on": f"2026-{to}"}, reason="misread"),
        ]
    )  # fmt: skip

    def clinical(as_of: str = "01-12") -> list[int]:
        return [row.version for row in care.reader.timeline("E-1", day(as_of), order="clinical") if row.version < 5]

    moved = [1, 3, 2, 4] if to == "01-06" else [1, 2, 4, 3]
    assert clinical() == moved
    assert (3 in clinical("01-06")) is (to == "01-06"), "as of a day goes by the corrected date, too"
    row = care.reader.timeline("E-1")[2]
    assert (row.occurred_on, row.happened_on) == (day("01-08"), day(to))
    care.record([event("voided", "01-12", target=3, reason="duplicate")])
    assert clinical() == moved
    care.record([event("voided", "01-12", target=6, reason="entered_in_error")])
    care.record([event("voided", "01-12", target=5, reason="entered_in_error")])
    assert clinical() == [1, 2, 3, 4]
    assert [row.version for row in care.reader.timeline("E-1")] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_an_amendment_stands_at_the_end_of_its_own_day(care: Care) -> None:
    care.record([admitted("01-05"), session("01-06"), session("01-07", start="17:00")])
    care.record([event("addendum", "01-06", target=2, text="x", reason="y"), session("01-06", start="20:00")])
    assert [row.version for row in care.reader.timeline("E-1", order="clinical")] == [1, 2, 5, 4, 3]


def test_who_dates_back_by_a_correction_has_recorded_late(care: Care, clock: Clock) -> None:
    """Given a session recorded on its day, when its date is corrected to one long before, then it is a late entry;
    a date that was only mistyped makes none once it is right.
    """
    clock.now = datetime(2026, 1, 20, 23, 0, tzinfo=UTC)
    care.record([admitted("01-05"), session("01-20"), session("01-02")], imported=False)
    late = [row.late for row in care.reader.timeline("E-1")]
    assert late == [True, False, True]
    for target, to in ((2, "01-06"), (3, "01-20")):
        care.record(
            [event("corrected", "01-20", target=target, values={"occurred_on": f"2026-{to}"}, reason="misread")],
            imported=False,
        )
    rows = care.reader.timeline("E-1")
    assert [(row.late, row.days_after) for row in rows[1:3]] == [(True, 14), (False, 0)]
    assert [row.late for row in care.reader.timeline("E-1", known_at=3)] == late, "then it was not known"


def test_the_timeline_hides_what_happened_later_and_what_was_not_known(care: Care) -> None:
    care.record(example())
    assert [row.version for row in care.reader.timeline(NAME, known_at=10)] == list(range(1, 11))
    shown = care.reader.timeline(NAME, day("03-02"))
    assert max(row.occurred_on for row in shown) == day("03-02")
    assert 53 in [row.version for row in shown]
    clinical = [row.occurred_on for row in care.reader.timeline(NAME, order="clinical")]
    assert clinical == sorted(clinical)


def test_two_corrections_of_one_field_show_each_value_that_once_counted(care: Care) -> None:
    care.record(
        [
            admitted("01-05"), session("01-06", group_size=8),
            event("corrected", "01-07", target=2, values={"group_size": 9}, reason="recount"),
            event("corrected", "01-08", target=2, values={"group_size": 10}, reason="recount again"),
            event("addendum", "01-08", target=2, text="held in room 2", reason="asked"),
        ]
    )  # fmt: skip
    row = care.reader.timeline("E-1")[1]
    assert [(item.version, item.old, item.new) for item in row.corrections] == [(3, 8, 9), (4, 9, 10)]
    assert [item.text for item in row.addenda] == ["held in room 2"]


def test_an_explanation_of_a_rule_that_had_nothing_up_on_that_day_is_marked(care: Care) -> None:
    """Given a review due soon from 29 January on and no session, when explanations name rules and days,
    then those that met nothing are marked; one that was corrected is judged as it counts, a void one not at all.
    """
    care.record([assessed("01-02"), admitted("01-05")])
    said = [
        ("R1", "2026-01-27", True), ("R1", "2026-01-28", False), ("NE21-R1", "2026-02-20", False),
        ("NE21-R1", "2026-01-20", True), ("I3", "2026-02-20", True), ("X2", "2026-02-20", True),
    ]  # fmt: skip
    care.record([event("explained", "03-01", rule=rule, on=on, code="weather") for rule, on, _ in said])
    assert [row.explains_nothing for row in care.reader.timeline("E-1")] == [False, False, *(mark for *_, mark in said)]
    care.record([event("corrected", "03-02", target=3, values={"on": "2026-01-28"}, reason="misread")])
    care.record([event("voided", "03-02", target=6, reason="entered_in_error")])
    rows = care.reader.timeline("E-1")
    assert [rows[2].explains_nothing, rows[5].explains_nothing] == [False, False]
    assert care.reader.timeline("E-1", known_at=8)[2].explains_nothing
