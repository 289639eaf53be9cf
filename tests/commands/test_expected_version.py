"""A caller may name the version it decided on: then the event is recorded as the next one, or refused with both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import CommandReused, Impossible, InvalidEvent, Refused, VersionConflict
from caretrail.events import event_from, payload_of
from caretrail.log import open_recorder
from caretrail.service import WholeEpisode, create_store, open_store
from tests.support.build import admitted, attestation, event, session
from tests.support.care import NOW
from tests.support.program import Caretrail
from tests.support.proxy import proxy_to
from tests.support.stores import all_at_once


@pytest.fixture
def commands(store_url: str) -> Iterator[Commands]:
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        yield app


def test_an_event_is_recorded_as_the_version_after_the_one_it_was_decided_on(commands: Commands) -> None:
    [first] = commands.append([admitted("01-05", expected_version=0)])
    [second] = commands.append([session("01-06", expected_version=1)])
    assert (first.version, second.version) == (1, 2)


def test_one_decided_on_an_older_version_is_refused_with_both_and_keeps_nothing(commands: Commands) -> None:
    commands.append([admitted("01-05"), session("01-06")])
    for other in (0, 2, 4):
        with pytest.raises(VersionConflict) as caught:
            commands.append([session("01-07"), session("01-08", expected_version=other)])
        assert caught.value.message == f"expected version {other} of the episode, but it is at version 3"
        assert (caught.value.expected, caught.value.actual, caught.value.index) == (other, 3, 1)
    assert commands.episode("E-1").version == 2


def test_it_is_not_decided_again_after_the_decision_of_the_caller(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another service appends between our decision and our append: with no version named, it is decided again."""
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(Commands(open_recorder(store_url), lambda: NOW)) for _ in range(2))
        theirs.append([admitted("01-05")])

        for named in (None, 2):
            _just_before_the_append(ours, monkeypatch, lambda: theirs.append([session("01-06")]))
            if named is None:
                [receipt] = ours.append([session("01-07")])
                assert receipt.version == 3
            else:
                with pytest.raises(VersionConflict) as caught:
                    ours.append([session("01-08", expected_version=3)])
                assert (caught.value.expected, caught.value.actual) == (3, 4)
        assert ours.episode("E-1").version == 4


def test_what_was_refused_beside_an_event_that_was_not_stored_is_decided_again(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a discharge and a later session in one call, when others make the discharge impossible, it stands."""
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(Commands(open_recorder(store_url), lambda: NOW)) for _ in range(2))
        theirs.append([admitted("01-05")])
        _just_before_the_append(ours, monkeypatch, lambda: theirs.append([session("02-10")]))
        left = event("discharged", "02-02", reason="completed")
        outcomes = ours.append_each([left, session("02-03")])
    assert [type(outcome) for outcome in outcomes] == [Impossible, Receipt]


def _just_before_the_append(commands: Commands, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    recorder: Any = commands.recorder
    append = recorder.append
    acts = [act]

    def late(*args: object, **kwargs: object) -> object:
        while acts:
            acts.pop()()
        return append(*args, **kwargs)

    monkeypatch.setattr(recorder, "append", late)


def test_of_many_who_name_one_version_one_is_taken(store_url: str) -> None:
    taken, refused = _race(store_url, {"expected_version": 1})
    assert (taken, refused) == (1, 7)


def test_without_a_version_all_of_them_are_taken(store_url: str) -> None:
    """The control: the same race, and nobody says what it decided on."""
    assert _race(store_url, {}) == (8, 0)


def _race(url: str, said: dict[str, Any]) -> tuple[int, int]:
    with ExitStack() as stack:
        services = [stack.enter_context(Commands(open_recorder(url), lambda: NOW)) for _ in range(8)]
        services[0].append([admitted("01-05")])
        barrier = threading.Barrier(8)

        def send(number: int) -> Receipt | Refused:
            barrier.wait()
            return services[number].append_each([session("01-06", source=str(number), **said)])[0]

        outcomes = all_at_once(send)
    kinds = [type(outcome) for outcome in outcomes]
    assert set(kinds) <= {Receipt, VersionConflict}
    return kinds.count(Receipt), kinds.count(VersionConflict)


def test_a_retry_gets_its_first_receipt_although_the_version_moved_on(commands: Commands) -> None:
    commands.append([admitted("01-05")])
    sent = session("01-06", command_id="k", expected_version=1)
    first = commands.append([sent])
    commands.append([session("01-07"), session("01-08")])
    assert commands.append([sent]) == first
    assert commands.append_each([sent]) == first
    assert commands.append([sent.model_copy(update={"expected_version": 9})]) == first, (
        "it is of the act, not the event"
    )
    with pytest.raises(CommandReused):
        commands.append([session("01-09", command_id="k", expected_version=1)])


STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([None, -2, -1, 0, 0, 1]), st.one_of(st.none(), st.integers(0, 3))),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_two_services_do_as_a_count_and_a_book_of_commands_predict(
    store_url: str, steps: list[tuple[int, int | None, int | None]]
) -> None:
    """Each step: which service, how far the version it names is off (None: it names none), which command is used."""
    name, version, book = f"E-{uuid4().hex}", 1, dict[int, int]()
    with ExitStack() as stack:
        services = [stack.enter_context(Commands(open_recorder(store_url), lambda: NOW)) for _ in range(2)]
        services[0].append([admitted("01-05", name)])
        for service, off, command in steps:
            expected = None if off is None else max(0, version + off)
            key = f"{name}/{command}" if command is not None else None
            sent = session("01-06", name, place=str(command), command_id=key, expected_version=expected)
            [outcome] = services[service].append_each([sent])
            if command in book:
                assert isinstance(outcome, Receipt)
                assert outcome.version == book[command]
            elif expected not in (None, version):
                assert isinstance(outcome, VersionConflict)
                assert (outcome.expected, outcome.actual) == (expected, version)
            else:
                version += 1
                assert isinstance(outcome, Receipt)
                assert outcome.version == version
                if command is not None:
                    book[command] = version


def test_an_answer_lost_after_the_commit_is_no_conflict(postgres_url: str) -> None:
    with proxy_to(postgres_url) as proxy, Commands(open_recorder(proxy.url), lambda: NOW) as commands:
        commands.append([admitted("01-05")])
        proxy.cut_replies = 1
        [receipt] = commands.append([session("01-06", expected_version=1)])
        assert (receipt.version, proxy.committed) == (2, 1)
        assert commands.episode("E-1").version == 2


def test_events_of_one_call_count_on(commands: Commands) -> None:
    events = [admitted("01-05", expected_version=0), *(session("01-06", expected_version=n) for n in (1, 2))]
    assert [receipt.version for receipt in commands.append(events)] == [1, 2, 3]
    outcomes = commands.append_each([session("01-07", expected_version=n) for n in (3, 3, 4)])
    assert [type(outcome) for outcome in outcomes] == [Receipt, VersionConflict, Receipt]


def test_a_program_has_versions_too(commands: Commands) -> None:
    commands.append([attestation("license", expected_version=0)])
    with pytest.raises(VersionConflict):
        commands.append([attestation("license", expected_version=0)])


def test_it_is_not_part_of_what_is_kept(commands: Commands) -> None:
    sent = admitted("01-05", expected_version=0)
    assert b"expected_version" not in payload_of(sent)
    with pytest.raises(InvalidEvent, match="expected_version cannot be corrected"):
        commands.append([sent, event("corrected", "01-06", target=1, values={"expected_version": 3}, reason="r")])


def test_a_service_names_the_version_it_has_seen(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        store.append(admitted("01-05"))
        seen = store.ask(WholeEpisode("E-1")).value.version
        data = session("01-06").model_dump(mode="json", exclude_none=True) | {"expected_version": seen}
        assert store.append(data)[0].version == seen + 1
        with pytest.raises(VersionConflict):
            store.append(data)


def test_lines_name_it_and_learn_both_versions(store_url: str, tmp_path: Path) -> None:
    caretrail = Caretrail(store_url, tmp_path)
    lines = [
        one.model_dump_json(exclude_none=True)
        for one in (admitted("01-05", expected_version=0), session("01-06", expected_version=4))
    ]
    ended = caretrail("append", "--json", input="\n".join(lines))
    assert ended.status == 1
    assert ended.rows[0]["version"] == 1
    assert ended.rows[1] == {
        "line": 2, "error": "version_conflict",
        "message": "expected version 4 of the episode, but it is at version 1",
        "hint": "read the episode again, then decide again",
    }  # fmt: skip
    author = ("--actor", "c-ortiz,clinician,LADC", "--yes")
    held = ("record", "held", "E-1", "--occurred-on", "2026-01-07", "--reason", "jail", *author)
    assert caretrail(*held, "--expected-version", "0").status == 1
    assert caretrail(*held, "--expected-version", "1").status == 0


@pytest.mark.parametrize("value", [-1, 1.5, "1", True, 2**63])
def test_what_is_no_version_is_refused(value: object) -> None:
    with pytest.raises(Refused, match="expected_version"):
        event_from(session("01-06").model_dump(mode="json", exclude_none=True) | {"expected_version": value})
