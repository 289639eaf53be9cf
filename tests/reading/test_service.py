"""The Python API: events in, answers out, in a service that may have a `domain` package of its own."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import caretrail.service
from caretrail.errors import (
    AccessNotRecorded,
    ClientInTwoPlaces,
    CommandReused,
    Impossible,
    InvalidEvent,
    StoreNotInitialized,
)
from caretrail.events import payload_of, read_event
from caretrail.log import open_recorder
from caretrail.reading.accesses import AccessRows
from caretrail.service import (
    Census,
    ContinuedStay,
    DateOfService,
    Filters,
    Findings,
    Person,
    Query,
    Receipt,
    Timeline,
    WholeEpisode,
    Worklist,
    create_store,
    open_store,
)
from tests.support.build import admitted, assessed, session
from tests.support.care import NOW
from tests.support.example import NAME, copy_of_example, example
from tests.support.stores import taking_no_writes


def test_the_example_of_the_documentation_runs() -> None:
    assert doctest.testmod(caretrail.service).failed == 0


def test_events_go_in_once_however_often_they_are_sent_and_answers_come_out(store_url: str) -> None:
    assert create_store(store_url) is False, "the fixture made the log; the read models are added"
    with open_store(store_url, clock=lambda: NOW) as store:
        first = store.append(example(), imported=True)
        assert store.append(example(), imported=True) == first
        assert [receipt.version for receipt in first] == list(range(1, 66))
        assert payload_of(store.ask(WholeEpisode(NAME)).value.entries[0].event) == payload_of(example()[0])
        assert store.ask(ContinuedStay(NAME, Query(date(2026, 2, 10)))).value.verdict == "eligible"
        assert [row.rule for row in store.ask(Findings(Query(date(2026, 3, 10)), Filters(episodes={NAME}))).value] == [
            "NE21-C1",
            "NE21-I5",
            "NE21-M1",
            "NE21-R1",
        ]
        work = store.ask(Worklist(Query(date(2026, 3, 10)))).value
        assert [(row.episode, row.rule) for row in work.rows if row.episode] == [(NAME, "NE21-C1"), (NAME, "NE21-R1")]
        assert [(row.program, row.count) for row in work.rows if not row.episode] == [("lincoln-iop", 3)]
        assert len(store.ask(Timeline(NAME)).value) == 65


def test_a_call_takes_all_events_or_none_and_says_which_is_to_blame(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        with pytest.raises(Impossible) as caught:
            store.append([assessed("01-02"), admitted("01-05"), admitted("01-06")])
        assert caught.value.index in (None, 2)
        with pytest.raises(InvalidEvent) as invalid:
            store.append([assessed("01-02"), {"type": "admitted"}])
        assert invalid.value.index == 1
        assert store.ask(Census(Query(date(2026, 1, 6)))).value == ()


def test_each_event_on_its_own_merits_gets_a_receipt_or_a_refusal_in_its_place(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        once = session("01-06", command_id="one")
        outcomes = store.append_each(
            [admitted("01-05"), {"type": "nothing"}, once, session("01-07", command_id="one"), admitted("01-05")]
        )
        assert [type(outcome) for outcome in outcomes] == [Receipt, InvalidEvent, Receipt, CommandReused, Impossible]


def test_a_dict_with_dates_is_an_event_too(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        data = admitted("01-05").model_dump(by_alias=True, exclude_none=True)
        assert isinstance(data["occurred_on"], date)
        [receipt] = store.append(data)
        assert (receipt.episode, receipt.version) == ("E-1", 1)


@pytest.mark.slow
def test_what_is_appended_is_in_the_next_answer(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: datetime(2026, 3, 10, 18, tzinfo=UTC)) as store:
        for events in range(1, 44):
            store.append(copy_of_example("E-9", events=43)[events - 1], imported=True)
            assert len(store.ask(Timeline("E-9")).value) == events
        assert {row.rule for row in store.ask(Worklist()).value.rows if row.episode} == {
            "NE21-R1",
            "NE21-C1",
            "NE21-I1",
        }


def test_every_answer_of_a_service_is_recorded_with_who_it_is_for(store_url: str) -> None:
    create_store(store_url)
    clerk = {"id": "ehr", "role": "service"}
    with open_store(store_url, actor=clerk, purpose="operations", clock=lambda: NOW) as store:
        store.append([assessed("01-02"), admitted("01-05")])
        store.ask(Worklist(Query(date(2026, 2, 20))))
        store.ask(Findings(filters=Filters(episodes={"E-1"})))
        other = store.asked_by(Person(id="c-ortiz", role="clinician"), reason="found unconscious")
        other.ask(Timeline("E-1"))
        other.ask(DateOfService("E-1"))
        store.ask(ContinuedStay("E-1"))
        store.asked_by(None, purpose="audit").ask(WholeEpisode("E-1"))
    with open_recorder(store_url) as recorder:
        told = [(row.command, row.actor and row.actor.id, row.purpose, row.reason) for row in AccessRows(recorder)]
        days = {
            event.occurred_on for row in recorder.read_accesses(0, 99) for event in [read_event(row.topic, row.state)]
        }
        account = recorder.account
    assert days == {NOW.date()}
    assert told == [
        ("service worklist", "ehr", "operations", None),
        ("service findings", "ehr", "operations", None),
        ("service timeline", "c-ortiz", "emergency", "found unconscious"),
        ("service sheet", "c-ortiz", "emergency", "found unconscious"),
        ("service eligibility", "ehr", "operations", None),
        ("service episode", account, "audit", None),
    ]


def test_a_service_is_given_nothing_that_cannot_be_recorded(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        store.append([assessed("01-02"), admitted("01-05")])
        with pytest.raises(InvalidEvent, match="purpose"):
            store.asked_by(None, purpose="curiosity")
        with pytest.raises(InvalidEvent, match="role"):
            store.asked_by({"id": "c-ortiz", "role": "boss"})
        with pytest.raises(InvalidEvent, match="by reading, never by append"):
            store.append({"type": "accessed"} | ACCESS)
    with taking_no_writes(store_url), open_store(store_url, clock=lambda: NOW) as store:
        with pytest.raises(AccessNotRecorded):
            store.ask(Timeline("E-1"))
        census = store.ask(Census(Query(date(2026, 1, 10))))
        assert ([row.episode for row in census.value], census.standing.recorded) == (["E-1"], False)


ACCESS = {
    "occurred_on": "2026-01-10", "actor": {"id": "c-ortiz", "role": "clinician"}, "command": "show",
    "purpose": "treatment", "episodes": ["E-1"], "found": 1, "stood_on": {"position": 2},
}  # fmt: skip


def test_a_store_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreNotInitialized):
        open_store(f"sqlite:///{tmp_path}/nothing.db")


@pytest.mark.slow
def test_a_service_with_a_domain_package_of_its_own_can_import_ours(tmp_path: Path) -> None:
    for name in ("domain", "projections", "cli"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OURS = 'the service'\n")
    program = "import domain, cli, projections; from caretrail.service import open_store; print(domain.OURS)"
    path = [str(tmp_path), *(entry for entry in sys.path if entry.endswith(("domain", "projections", "cli")))]
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(path)},
        cwd=tmp_path,
        check=False,
    )
    assert (run.stdout.strip(), run.returncode) == ("the service", 0), run.stderr


def test_a_service_merges_two_numbers_of_a_client(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        store.append([admitted("01-05", "A-1", client="cl-1"), admitted("01-05", "A-2", client="cl-1", program="eve")])
        store.append([admitted("01-05", "B-1", client="cl-3", program="op")])
        orders = {"id": "c-ortiz", "role": "clinician"}
        assert [one.episode for one in store.merge("cl-1", "cl-3", actor=orders)] == ["A-1", "A-2"]
        assert store.merge("cl-1", "cl-3", actor=Person(id="c-ortiz", role="clinician")) == []
        for actor, reason in (({"id": "c ortiz", "role": "clinician"}, "x"), (orders, "")):
            with pytest.raises(InvalidEvent):
                store.merge("cl-3", "cl-4", actor=actor, reason=reason)


def test_a_merge_that_is_refused_is_logged_as_viewed(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        store.append([admitted("01-05", "A-1", client="cl-1"), admitted("01-05", "B-1", client="cl-3")])
        with pytest.raises(ClientInTwoPlaces):
            store.merge("cl-1", "cl-3", actor={"id": "c-ortiz", "role": "clinician"})
    with open_recorder(store_url) as recorder:
        shown = [json.loads(row.state) for row in recorder.read_accesses(0, recorder.max_position())]
    assert [(one["command"], one["episodes"]) for one in shown] == [("service merge", ["A-1", "B-1"])]
