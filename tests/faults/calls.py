"""The calls of writers: the same number always means the same call, so that it can be sent again and known again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from random import Random
from typing import Any, Literal, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from caretrail.commands.access import AccessContext, AccessLog
from caretrail.commands.application import Commands
from caretrail.errors import CaretrailError, StoreUnreachable
from caretrail.log import EventRecorder, PendingEvent, leaf_hash, new_salt, open_recorder
from caretrail.log.postgresql import recorder as postgresql
from caretrail.log.records import Log, PendingAccess
from caretrail.reading.gate import unrecorded
from caretrail.reading.questions.timeline import Timeline
from caretrail.reading.reader import Reader
from tests.support.build import admitted, session
from tests.support.care import NOW

Receipts: TypeAlias = list[tuple[int, str]]
"""Position and leaf of each event; empty when a writer acknowledges without them."""

Said: TypeAlias = tuple[int, Receipts | str | None]
"""What a writer says of a call: its receipts, the name of an error, or None: the store could not be reached."""

Kind = Literal["rows", "events", "accesses", "views", "torn", "hasty", "unheard"]
PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Task:
    """What all writers of a run do."""

    url: str
    seed: int
    smallest: int = 1
    largest: int = 3
    receipts: bool = True
    thinking: float = 0.002
    """Seconds between two calls: on SQLite a writer without a pause starves those that wait."""

    def size(self, writer: int, number: int) -> int:
        """How many events a call has."""
        return Random(f"{self.seed}/{writer}/{number}").randint(self.smallest, self.largest)


def write(task: Task, kind: Kind, writer: int, first: int, pipe: Connection[Said, Said]) -> None:
    """Send call after call until killed, and acknowledge each over the pipe: the body of a writer's process."""
    while True:
        try:
            with open_recorder(task.url) as recorder:
                _write(task, _sender(task, kind, writer, recorder, pipe), first, pipe)
                return
        except StoreUnreachable:  # while it restarts
            pipe.send((first, None))
            time.sleep(PAUSE)


def _write(task: Task, send: Callable[[int], Receipts], number: int, pipe: Connection[Said, Said]) -> None:
    while True:
        try:
            pipe.send((number, send(number)))
        except StoreUnreachable:  # the outcome is not known: the same call is sent again
            pipe.send((number, None))
            time.sleep(PAUSE)
        except CaretrailError as error:
            pipe.send((number, type(error).__name__))
            return
        else:
            number += 1
            time.sleep(task.thinking)


def _sender(
    task: Task, kind: Kind, writer: int, recorder: EventRecorder, pipe: Connection[Said, Said]
) -> Callable[[int], Receipts]:
    if kind == "events":
        commands = Commands(recorder, lambda: NOW)
        return lambda number: send_events(task, writer, number, commands)
    if kind == "accesses":
        return lambda number: _send_accesses(task, writer, number, recorder)
    if kind == "views":
        return lambda number: _view(task, writer, number, recorder)
    if kind == "hasty":
        return lambda number: _view_hastily(task, writer, number, recorder, pipe)
    if kind == "unheard":  # the control: whatever the server says of a commit, it is acknowledged
        setattr(postgresql, "durability_of", _whatever)  # noqa: B010  # this process is the writer's own
    if kind == "torn":
        return lambda number: _send_torn(task, writer, number, recorder, pipe)
    return lambda number: send_rows(task, writer, number, recorder)


def _whatever(*_: object, **__: object) -> str:
    return "local"


def send_rows(task: Task, writer: int, number: int, recorder: EventRecorder) -> Receipts:
    """Append a call's events through the recorder."""
    recorded = recorder.append(events_of(task, writer, number))
    return [(event.position, leaf_hash(event).hex()) for event in recorded] if task.receipts else []


def _send_accesses(task: Task, writer: int, number: int, recorder: EventRecorder) -> Receipts:
    """Record a call's accesses: their source is always the same, so the command says whose they are."""
    recorded = recorder.record_access(accesses_of(task, writer, number))
    return [(access.position, leaf_hash(access, Log.ACCESSES).hex()) for access in recorded]


def accesses_of(task: Task, writer: int, number: int) -> list[PendingAccess]:
    """The accesses of a call."""
    places = range(task.size(writer, number))
    return [PendingAccess(f"{writer}/{number}/{at}".encode(), f"w{writer}/{number}.{at}", new_salt()) for at in places]


def send_viewed(task: Task) -> None:
    """Append the episode that viewers ask about."""
    with open_recorder(task.url) as recorder, Commands(recorder, lambda: NOW) as commands:
        commands.append([admitted("01-05", _viewed(task))])


def _viewed(task: Task) -> str:
    return f"V-{task.seed}"


def _view(task: Task, writer: int, number: int, recorder: EventRecorder) -> Receipts:
    """Ask a question as a service does: its access is recorded, and only then is there an answer to show."""
    access = AccessLog(recorder, AccessContext(f"w{writer}/{number}"), NOW.date)
    Reader(recorder, NOW, access=access).ask(Timeline(_viewed(task)))
    return []


def _view_hastily(
    task: Task, writer: int, number: int, recorder: EventRecorder, pipe: Connection[Said, Said]
) -> Receipts:
    """The control: show the answer, then record the access, as one more event of the log."""
    Reader(recorder, NOW, access=unrecorded).ask(Timeline(_viewed(task)))
    pipe.send((number, []))
    time.sleep(task.thinking)
    return send_rows(task, writer, number, recorder)


def events_of(task: Task, writer: int, number: int) -> list[PendingEvent]:
    """The events of a call: one stream, or two that take turns; only the salt is new each time."""
    size = task.size(writer, number)
    streams = [uuid5(NAMESPACE_OID, f"{task.seed}/{writer}/{number}/{turn}") for turn in range(1 + number % 2)]
    return [
        PendingEvent(
            streams[place % len(streams)], place // len(streams) + 1, "n/1",
            f'{{"n": "{writer}/{number}/{place}"}}'.encode(),
            f"w{writer}", f"{number}.{place}", new_salt(),
        )
        for place in range(size)
    ]  # fmt: skip


def send_events(task: Task, writer: int, number: int, commands: Commands) -> Receipts:
    """Append a call's events through the application: an admission, which also opens a stay, and sessions."""
    episode = f"K-{task.seed}-{writer}-{number}"
    events = [
        (session if place else admitted)("01-05", episode, **_command(writer, number, place))
        for place in range(task.size(writer, number))
    ]
    return [(receipt.position, receipt.leaf) for receipt in commands.append(events)]


def _command(writer: int, number: int, place: int) -> dict[str, Any]:
    start = {"start": f"{8 + place:02}:00"} if place else {}
    return {"source": f"w{writer}", "command_id": f"{number}.{place}"} | start


def _send_torn(task: Task, writer: int, number: int, recorder: EventRecorder, pipe: Connection[Said, Said]) -> Receipts:
    """The control: acknowledge before the commit, and take the events of a call apart."""
    pipe.send((number, []))
    for event in events_of(task, writer, number):
        time.sleep(task.thinking)
        stream = uuid5(NAMESPACE_OID, f"{task.seed}/{writer}/{event.command_id}")
        recorder.append([PendingEvent(stream, 1, event.topic, event.state, event.source, event.command_id, new_salt())])
    return []
