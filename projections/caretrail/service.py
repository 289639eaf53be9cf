"""The Python API for services: open a store, append events, ask questions.

>>> import tempfile
>>> from datetime import date
>>> from caretrail.service import ContinuedStay, Query, create_store, open_store
>>> url = f"sqlite:///{tempfile.mkdtemp()}/care.db"
>>> create_store(url)
True
>>> intake = {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}
>>> with open_store(url) as store:
...     [receipt] = store.append({
...         "type": "admitted", "episode": "LNK-7", "occurred_on": "2026-01-05", "actor": intake, "client": "cl-1",
...         "program": "lincoln-iop", "zone": "America/Chicago", "level": "2.1", "edition": "asam-3", "route": "direct",
...         "population": "adult", "policy": "ne-medicaid-2.1-adult", "command_id": "intake-7",
...     })
...     answer = store.ask(ContinuedStay("LNK-7", Query(as_of=date(2026, 1, 6))))
>>> receipt.episode, receipt.version, receipt.position
('LNK-7', 1, 2)
>>> answer.value.verdict, answer.standing.position, answer.standing.stale
('unknown', 2, False)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from caretrail.aliases import Clock
from caretrail.commands.access import AccessContext, AccessLog, Actor, worded
from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt as Receipt
from caretrail.commands.merge import REASON, plan_merge
from caretrail.commands.packs import installed
from caretrail.errors import ClientInTwoPlaces, Refused
from caretrail.events import Event, EventBase, event_from
from caretrail.events import Person as Person
from caretrail.events.parsing import invalid_event
from caretrail.log import init_store, open_recorder
from caretrail.log.recorder import EventRecorder
from caretrail.log.stores import Primary
from caretrail.policy import load_pack as load_pack
from caretrail.policy import read_pack as read_pack
from caretrail.reading.answers import Answer as Answer
from caretrail.reading.answers import Standing as Standing
from caretrail.reading.query import Filters as Filters
from caretrail.reading.query import Query as Query
from caretrail.reading.question import Question as Question
from caretrail.reading.questions.amendments import AmendmentReport as AmendmentReport
from caretrail.reading.questions.census import Census as Census
from caretrail.reading.questions.census import OpenEpisodes as OpenEpisodes
from caretrail.reading.questions.diff import Diff as Diff
from caretrail.reading.questions.eligibility import ContinuedStay as ContinuedStay
from caretrail.reading.questions.episodes import CaseNumber as CaseNumber
from caretrail.reading.questions.episodes import EpisodesOfClient as EpisodesOfClient
from caretrail.reading.questions.episodes import EpisodesOfProgram as EpisodesOfProgram
from caretrail.reading.questions.episodes import WholeEpisode as WholeEpisode
from caretrail.reading.questions.findings import Findings as Findings
from caretrail.reading.questions.reviews import ReviewReport as ReviewReport
from caretrail.reading.questions.sheet import DateOfService as DateOfService
from caretrail.reading.questions.sheet import SheetsOfClient as SheetsOfClient
from caretrail.reading.questions.timeline import Timeline as Timeline
from caretrail.reading.questions.why import Why as Why
from caretrail.reading.questions.worklist import Worklist as Worklist
from caretrail.reading.reader import Reader
from caretrail.reading.readings import as_if_in_force as as_if_in_force
from caretrail.readmodel.schema import create_tables

T = TypeVar("T")

EventLike = Event | Mapping[str, Any]
"""An event as a model, or as the dict of its JSON (dates as `date` or ISO text)."""


def create_store(url: str, *, demo: bool = False, clock: Clock | None = None) -> bool:
    """Make a store with its read models, unless there is one; True if this call made it.

    `url` is a file path, `sqlite:///path` or `postgresql://…`. Of a `demo` store, `clock` says when it was made. Raises
    StoreError.
    """
    made = init_store(url, demo=demo, clock=clock)
    with open_recorder(url, clock=clock) as recorder:
        create_tables(recorder.database)
    return made


def open_store(
    url: str,
    *,
    actor: Person | Mapping[str, Any] | None = None,
    purpose: str = "treatment",
    access_url: str | None = None,
    clock: Clock | None = None,
) -> Store:
    """Open a store that `create_store` or `caretrail init` has made.

    Each access is logged before an answer is returned, with the account of the store, the `actor` as claimed and the
    `purpose` (see `Store.asked_by` for a service with many users). A store that takes no writes, such as a standby,
    needs `access_url`, its primary, unless `url` names several servers. Which day is today, the
    clock of the store decides: that of this machine, or of the server. Only a demo store takes `clock`, which returns
    an aware instant. Raises StoreError: missing, foreign or unreachable; InvalidEvent: the actor cannot be recorded.
    """
    context = AccessContext("service", _actor(actor), purpose)
    return Store(open_recorder(url, clock=clock), context, Primary(url, access_url))


class Store:
    """Events in, answers out. A context manager that threads may share. Days are civil days in the program's zone."""

    def __init__(
        self,
        recorder: EventRecorder,
        context: AccessContext,
        primary: Primary,
        commands: Commands | None = None,
    ) -> None:
        self._recorder = recorder
        self._commands = Commands(recorder, recorder.about_now, installed) if commands is None else commands
        self._context = context
        self._primary = primary

    def asked_by(
        self, actor: Person | Mapping[str, Any] | None, *, purpose: str | None = None, reason: str | None = None
    ) -> Store:
        """The same open store for another person; a `reason` marks an emergency access (break glass).

        It closes with the store it came from. Raises InvalidEvent for an actor that cannot be recorded.
        """
        context = AccessContext("service", _actor(actor), self._context.purpose if purpose is None else purpose, reason)
        return Store(self._recorder, context, self._primary, self._commands)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._commands.close()
        self._recorder.close()
        self._primary.close()

    # --- events in ----------------------------------------------------------------------------------------------

    def append(self, events: EventLike | Sequence[EventLike], *, imported: bool = False) -> list[Receipt]:
        """Record one event or several together: all of them, durable when this returns, or none.

        Sending an event again under its `command_id` returns the first receipt, so a call that failed on its way may
        simply be repeated. A receipt's `warning` says what is probably a typing error. `imported` marks a historical
        load, whose events are not late entries.
        Raises Refused (its `index` names the event) or StoreError. A refusal that names another episode is logged as an
        access to it first.
        """
        parsed = [_parsed(item) for item in _listed(events)]
        for index, event in enumerate(parsed):
            if isinstance(event, Refused):
                raise event.at(index)
        taken = [event for event in parsed if not isinstance(event, Refused)]
        try:
            return self._commands.append(taken, imported=imported)
        except Refused as refusal:
            raise worded(refusal, self._access("service append")) from None

    def append_each(self, events: Sequence[EventLike], *, imported: bool = False) -> list[Receipt | Refused]:
        """Record each event by itself: a receipt or a refusal for each, in their order. Raises StoreError."""
        parsed = [_parsed(item) for item in events]
        taken = [event for event in parsed if not isinstance(event, Refused)]
        decided = iter(self._commands.append_each(taken, imported=imported))
        outcomes = [event if isinstance(event, Refused) else next(decided) for event in parsed]
        access = self._access("service append")
        return [worded(outcome, access) if isinstance(outcome, Refused) else outcome for outcome in outcomes]

    def merge(self, old: str, new: str, *, actor: Person | Mapping[str, Any], reason: str = REASON) -> list[Receipt]:
        """Correct the client number `old` to `new` in every event of every episode, all or none; the receipts.

        The client's own signatures go along. The episodes are logged as viewed. Without an episode of `old` there is
        nothing to do, and no receipt. Raises ClientInTwoPlaces, which names the episodes in the way, other Refused or
        StoreError.
        """
        stated = dict(actor) if isinstance(actor, Mapping) else actor.model_dump(exclude_none=True)
        access = self._access("service merge")
        try:
            merge = plan_merge(self._recorder, old, new, self._recorder.now())
        except ClientInTwoPlaces as refusal:
            access(refusal.reveals)
            raise
        access([*(one.episode for one in merge.episodes), *merge.others])
        return self._commands.append(merge.corrections(stated, reason))

    # --- answers out ------------------------------------------------------------------------------------------

    def ask(self, question: Question[T]) -> Answer[T]:
        """Answer a question after its access is logged; the `standing` of the answer tells how current it is.

        Raises UnknownName; StaleReadModel for a list whose rows are too far behind, unless the query allows it;
        ClockBehind for an answer for today, if the log says that the clock is wrong;
        AccessNotRecorded: nothing may be shown; and other StoreErrors.
        """
        access = self._access(f"service {question.name}")
        return Reader(self._recorder, self._recorder.now(), access=access).ask(question)

    def _access(self, command: str) -> AccessLog:
        today = self._recorder.about_now().astimezone(UTC).date()
        return AccessLog(self._recorder, self._context.using(command), lambda: today, self._primary)


def _listed(events: EventLike | Sequence[EventLike]) -> Sequence[EventLike]:
    return [events] if isinstance(events, EventBase | Mapping) else events


def _actor(person: Person | Mapping[str, Any] | None) -> Actor | None:
    if person is None:
        return None
    try:
        stated = Person.model_validate(dict(person) if isinstance(person, Mapping) else person.model_dump())
    except ValidationError as error:
        raise invalid_event(error) from None
    return Actor(stated.id, stated.role, stated.credential)


def _parsed(item: EventLike) -> Event | Refused:
    try:
        return event_from(dict(item) if isinstance(item, Mapping) else item)
    except Refused as refusal:
        return refusal
