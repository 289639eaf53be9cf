"""A historical load is never late: so nobody imports into an episode that already has events of its own time.

An operator may: on PostgreSQL by the login, in a file by the role of the actor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import ImportTooLate
from caretrail.events import Event
from caretrail.log import open_recorder
from caretrail.log.records import episode_stream
from tests.support.build import admitted, reviewed, session
from tests.support.care import NOW
from tests.support.program import Caretrail
from tests.support.stores import pending

OPERATOR = {"id": "it-1", "role": "operator"}


class Desk:
    """The application as an ordinary sender and as an operator sees it."""

    def __init__(self, sender: Commands, operator: Commands, stated: dict[str, object]) -> None:
        self.sender = sender
        self._operator = operator
        self._stated = stated

    def by_operator(self, event: Event) -> Receipt:
        [receipt] = self._operator.append([event.model_copy(update=self._stated)], imported=True)
        return receipt


@pytest.fixture
def store_kind() -> str:
    return "roles"


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            both = Commands(stack.enter_context(open_recorder(request.getfixturevalue("sqlite_url"))), lambda: NOW)
            person = type(session("01-06").actor)(**OPERATOR)  # type: ignore[arg-type]
            yield Desk(both, both, {"actor": person})
            return
        logins: dict[str, str] = request.getfixturevalue("logins")
        sender, operator = (
            Commands(stack.enter_context(open_recorder(logins[kind])), lambda: NOW) for kind in ("writer", "operator")
        )
        yield Desk(sender, operator, {})


def test_what_came_before_the_first_live_event_is_imported(desk: Desk) -> None:
    sender = desk.sender
    sender.append([admitted("01-05")], imported=True)
    sender.append_each([session("01-06"), session("01-07")], imported=True)
    assert sender.append([session("01-08")])[0].version == 4
    assert sender.append([admitted("01-05", "E-2"), session("01-06", "E-2")], imported=True)[1].version == 2


@pytest.mark.parametrize("atomic", [True, False])
def test_nothing_is_imported_after_it(desk: Desk, atomic: bool) -> None:
    sender = desk.sender
    sender.append([admitted("01-05")], imported=True)
    sender.append([session("01-06")])
    late = [session("01-04"), reviewed("01-05")] if atomic else [reviewed("01-05")]
    with pytest.raises(ImportTooLate) as caught:
        sender.append(late, imported=True)
    assert "operator" in caught.value.hint
    [outcome] = sender.append_each([session("01-05")], imported=True)
    assert isinstance(outcome, ImportTooLate)
    assert sender.append([reviewed("01-05")])[0].version == 3  # as it is: entered late


def test_an_episode_that_is_not_remembered_is_read_for_it(desk: Desk) -> None:
    sender = desk.sender
    sender.append([admitted("01-05")], imported=True)
    sender.append([session("01-06")])
    desk.by_operator(session("01-05"))  # the newest is imported, and a live one is before it
    sender.cache.take({sender.episode_stream("E-1"): False})
    with pytest.raises(ImportTooLate):
        sender.append([session("01-05")], imported=True)


def test_an_operator_may(desk: Desk) -> None:
    desk.sender.append([admitted("01-05"), session("01-06")])
    assert desk.by_operator(session("01-05")).version == 3


def test_a_retry_of_an_import_gets_its_first_receipt(desk: Desk) -> None:
    sender = desk.sender
    sent = admitted("01-05", command_id="k-1")
    first = sender.append([sent], imported=True)
    sender.append([session("01-06")])
    assert sender.append([sent], imported=True) == first


def test_the_database_refuses_it_whoever_asks(logins: dict[str, str]) -> None:
    """By SQL, past every decision of this program; the control is the operator."""
    with open_recorder(logins["writer"]) as writer, open_recorder(logins["operator"]) as operator:
        stream, other = (episode_stream(writer.namespace, name) for name in ("E-1", "E-2"))
        writer.append([pending(stream, 1, name="admitted/1;imported"), pending(stream, 2)])
        for call in (
            [pending(stream, 3, name="plan_reviewed/1;imported")],
            [pending(other, 1), pending(other, 2, name="plan_reviewed/1;imported")],
        ):
            with pytest.raises(ImportTooLate):
                writer.append(call)
            assert len(operator.append(call)) == len(call)


def test_the_command_line_says_so_for_each_line(sqlite_url: str, tmp_path: Path) -> None:
    caretrail = Caretrail(sqlite_url, tmp_path)
    line = admitted("01-05").model_dump_json(exclude_none=True) + "\n"
    assert caretrail("append", input=line).status == 0
    ended = caretrail("append", "--imported", input=session("01-06").model_dump_json(exclude_none=True) + "\n")
    assert ended.status == 1
    assert "nothing more is imported into it" in ended.err
    assert "let an operator import it" in ended.err
