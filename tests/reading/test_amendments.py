"""Late entries, corrections, addenda and voids of a period: held against the timelines of all episodes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.events import Event
from caretrail.log import init_store, open_recorder
from caretrail.reading.questions.amendments import Amended, AmendedEvent, Times
from tests.support.build import LEE, admitted, assessed, attestation, event, session
from tests.support.care import NOW, Care
from tests.support.example import NAME, day, example
from tests.support.reading import short_reader
from tests.support.stores import Clock


def busy() -> list[tuple[str, Event]]:
    """Events of two episodes with the day each is recorded: some late, some amended, some of that withdrawn."""
    return [
        ("01-02", assessed("01-02")), ("01-05", admitted("01-05")), ("01-05", session("01-05")),
        ("01-20", session("01-06")), ("01-20", session("01-19", late_reason="no network")),
        ("01-21", event("corrected", "01-21", target=3, values={"group_size": 9}, reason="recount")),
        ("01-22", event("voided", "01-22", target=4, reason="duplicate", actor=LEE)),
        ("01-23", event("voided", "01-23", target=6, reason="entered_in_error")),
        ("02-03", event("addendum", "01-10", target=5, text="x", reason="asked by payer")),
        ("02-04", event("corrected", "02-04", target=5, values={"occurred_on": "2026-01-08"}, reason="misread")),
        ("02-05", admitted("01-12", "E-2", program="op")),
        ("02-05", event("session_attended", "01-13", "E-2", service="group", minutes=60, actor={"id": "ehr", "role":
            "service"}, performed_by=[{"id": "c-lee"}, {"id": "c-noor"}])),
        ("02-05", attestation("license", on="01-01")),
        ("02-06", event("transferred", "02-06", from_level="2.1", to_level="1", edition="asam-3", to_program="op")),
        ("02-08", session("02-08")),
    ]  # fmt: skip


def recorded(care: Care, clock: Clock) -> None:
    """Record each event at noon of its day, where the store takes the test's clock."""
    for on, one in busy():
        clock.now = datetime.combine(day(on), time(18), UTC)
        care.record([one], imported=False)


@pytest.fixture(scope="module")
def busy_care(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Care]:
    url = f"sqlite:///{tmp_path_factory.mktemp('amendments')}/care.db"
    init_store(url, demo=True)
    clock = Clock(NOW)
    with open_recorder(url, clock=clock) as recorder:
        care = Care(recorder)
        recorded(care, clock)
        yield care


def listed(found: Amended) -> list[AmendedEvent]:
    return sorted((event for row in found.rows for event in row.events), key=lambda event: event.position)


# --- a second implementation: read every timeline whole, then look ----------------------------------------------------


def looked_up(care: Care, start: date, end: date, by: Times, known_at: int) -> list[tuple[str, int, bool]]:
    found: list[tuple[str, int, bool]] = []
    for name in ("E-1", "E-2"):
        if care.reader.by_client(f"cl-{name}", known_at):
            rows = care.reader.timeline(name, known_at=known_at)
            for row in rows:
                about = row
                while about.type in ("corrected", "voided", "addendum"):
                    assert about.target is not None
                    about = rows[about.target - 1]
                on = about.happened_on if by == "clinical" else row.recorded_at.date()
                if start <= on <= end and (row.late or row is not about):
                    found.append((name, row.version, row.late))
    return found


DAYS = st.dates(day("01-01"), day("02-12"))


@given(one=DAYS, other=DAYS, by=st.sampled_from(["recorded", "clinical"]), known_at=st.integers(0, 15))
def test_it_finds_what_reading_every_timeline_finds(
    busy_care: Care, one: date, other: date, by: Times, known_at: int
) -> None:
    start, end = sorted((one, other))
    found = busy_care.reader.amendments(start=start, end=end, by=by, known_at=known_at)
    assert sorted((event.episode, event.version, event.late) for event in listed(found)) == sorted(
        looked_up(busy_care, start, end, by, known_at)
    )
    for row in found.rows:
        assert row.late == sum(event.late for event in row.events) == len(row.days_late)
        amendments = [event for event in row.events if event.target is not None]
        assert row.corrections + row.addenda + row.voids == len(amendments) <= row.entries


# --- by example -------------------------------------------------------------------------------------------------------


def test_counts_by_author_and_program(busy_care: Care) -> None:
    rows = busy_care.reader.amendments().rows
    assert [
        (r.author, r.performed_by, r.program, r.entries, r.late, r.days_late, r.corrections, r.addenda, r.voids)
        for r in rows
    ] == [
        ("c-lee", (), "iop", 1, 0, (), 0, 0, 1),
        ("c-ortiz", (), "iop", 10, 3, (12, 14, 24), 2, 1, 1),
        ("c-ortiz", (), "op", 2, 1, (24,), 0, 0, 0),
        ("ehr", ("c-lee", "c-noor"), "op", 1, 1, (23,), 0, 0, 0),
    ]


def test_a_period_bounds_the_days_of_recording_or_the_days_the_events_are_about(busy_care: Care) -> None:
    def versions(by: Times, start: str, end: str) -> list[str]:
        found = busy_care.reader.amendments(start=day(start), end=day(end), by=by)
        return [f"{event.episode}/{event.version}" for event in listed(found)]

    assert versions("recorded", "01-21", "01-23") == ["E-1/6", "E-1/7", "E-1/8"]
    assert versions("recorded", "02-01", "02-28") == ["E-1/9", "E-1/10", "E-2/1", "E-2/2"]
    assert versions("clinical", "01-05", "01-05") == ["E-1/6", "E-1/8"], "and the void of the correction of that day"
    assert versions("clinical", "01-08", "01-08") == ["E-1/5", "E-1/9", "E-1/10"], "as corrected"
    assert versions("clinical", "01-12", "01-13") == ["E-2/1", "E-2/2"]


def test_filters_by_who_states_or_did_it_and_by_program(busy_care: Care) -> None:
    def authors(**asked: Any) -> list[tuple[str, str | None]]:
        return [(row.author, row.program) for row in busy_care.reader.amendments(**asked).rows]

    assert authors(author="c-lee") == [("c-lee", "iop"), ("ehr", "op")]
    assert authors(program="op") == [("c-ortiz", "op"), ("ehr", "op")]
    assert authors(as_of=day("01-05")) == [("c-ortiz", "iop")]


def test_what_was_withdrawn_is_listed_and_says_so(busy_care: Care) -> None:
    found = {event.version: event for event in listed(busy_care.reader.amendments(program="iop"))}
    assert (found[6].voided_by, found[6].target, found[6].target_type) == (8, 3, "session_attended")
    assert (found[8].target_type, found[8].about) == ("corrected", day("01-05"))
    assert (found[4].late, found[4].voided_by) == (True, 7)


def test_what_was_imported_is_not_late(care: Care) -> None:
    """On both stores: the whole example as a load, where one paper sheet says itself that it comes late."""
    care.record(example())
    rows = care.reader.amendments().rows
    assert (sum(row.entries for row in rows), sum(row.imported for row in rows), sum(row.late for row in rows)) == (
        65, 65, 1,
    )  # fmt: skip
    assert [event.version for event in listed(care.reader.amendments())] == [53, 55, 58, 59]
    assert listed(care.reader.amendments(known_at=54))[0].version == 53


def test_what_cannot_be_judged_is_said(care: Care) -> None:
    care.record([assessed("01-02")], imported=False)
    assert care.reader.amendments().unjudged == 1


def test_an_answer_names_the_episodes_of_what_it_lists(care: Care) -> None:
    care.record([*example(), admitted("01-05")])
    seen: list[list[str]] = []
    short_reader(care.recorder, NOW, seen.append).amendments()
    assert seen == [[NAME]]


def test_days_are_those_of_the_programs_zone(care: Care, clock: Clock) -> None:
    """Given an event recorded at 05:00 UTC on the 22nd, then in Chicago it was still the 21st."""
    care.record([admitted("01-05"), session("01-06")])
    clock.now = datetime(2026, 1, 22, 5, 0, tzinfo=UTC)
    care.record([event("addendum", "01-21", target=2, text="x", reason="y")])
    assert [f.version for f in listed(care.reader.amendments(start=day("01-21"), end=day("01-21")))] == [3]
    assert listed(care.reader.amendments(start=day("01-22"), end=day("01-22"))) == []
