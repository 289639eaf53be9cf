"""The Python API for services: open a store, append facts, read back what they mean.

>>> import tempfile
>>> from datetime import date
>>> from caretrail.service import create_store, open_store
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
...     again = store.append(store.episode("LNK-7").entries[0].fact.model_copy(update={"command_id": "intake-7"}))
...     verdict = store.eligibility("LNK-7", as_of=date(2026, 1, 6)).verdict
>>> receipt.episode, receipt.version, receipt.position, again == [receipt], verdict
('LNK-7', 1, 1, True, 'unknown')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from caretrail.aliases import Clock
from caretrail.commands.access import AccessContext, AccessLog, Actor
from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import (
    AccessNotRecorded,
    CaretrailError,
    CommandReused,
    Impossible,
    InvalidFact,
    Refused,
    StayOverlap,
    StoreDamaged,
    StoreError,
    StoreForeign,
    StoreInsecure,
    StoreNewer,
    StoreNotInitialised,
    StoreOlder,
    StoreReadOnly,
    StoreUnreachable,
    UnknownEpisode,
    VersionConflict,
)
from caretrail.facts import (
    Addendum,
    Admitted,
    Assessed,
    Authorized,
    CareCoordinated,
    ContinuedStayDetermined,
    Corrected,
    Dimension,
    Discharged,
    Explained,
    Fact,
    FactBase,
    Held,
    Outcome,
    Performer,
    Person,
    PlanReviewed,
    PlanSigned,
    ProgramAttested,
    Resumed,
    Schedule,
    ScheduleSet,
    Sections,
    SessionAttended,
    SessionMissed,
    Signature,
    Signed,
    TeamChanged,
    Transferred,
    Voided,
    fact_from,
)
from caretrail.facts.parsing import invalid_fact
from caretrail.policy import Pack, Policy, load_pack, read_pack
from caretrail.projection.schema import create_tables
from caretrail.reading.answers import CensusRow, EligibilityRow, FindingRow, Worklist, WorkRow
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.questions.timeline import TimelineRow
from caretrail.reading.reader import Reader
from caretrail.reading.what_if import as_if_in_force
from caretrail.recording import init_store, open_recorder
from caretrail.recording.opening import Primary
from caretrail.recording.recorder import EventRecorder

FactLike = Fact | Mapping[str, Any]
"""A fact as a model, or as the dict of its JSON (dates as `date` or ISO text)."""


def utc_now() -> datetime:
    """The machine's clock, aware, in UTC."""
    return datetime.now(UTC)


def create_store(url: str, *, demo: bool = False, clock: Clock | None = None) -> bool:
    """Make a store with its read models, unless there is one; True if this call made it.

    `url` is a file path, `sqlite:///path` or `postgresql://…`. Raises StoreError.
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
    clock: Clock = utc_now,
) -> Store:
    """Open a store that `create_store` or `caretrail init` has made.

    Whoever reads is recorded before an answer is handed out: the account of the store, beside it `actor` as claimed
    and the `purpose` (see `Store.asked_by` for a service that asks for many). A store that takes no writes, such as a
    standby, needs `access_url`, the same store where it does, unless `url` names several servers. `clock` returns the
    aware instant by which "today" is judged. Raises StoreError: not there, not ours, unreachable; InvalidFact: who asks
    cannot be recorded so.
    """
    context = AccessContext("service", _actor(actor), purpose)
    return Store(open_recorder(url, clock=clock), clock, context, Primary(url, access_url))


class Store:
    """Facts in, answers out. A context manager; may be shared by threads. Days are civil days in the program's zone."""

    def __init__(
        self,
        recorder: EventRecorder,
        clock: Clock,
        context: AccessContext,
        primary: Primary,
        commands: Commands | None = None,
    ) -> None:
        self._recorder = recorder
        self._commands = Commands(recorder, clock) if commands is None else commands
        self._clock = clock
        self._context = context
        self._primary = primary

    def asked_by(
        self, actor: Person | Mapping[str, Any] | None, *, purpose: str | None = None, reason: str | None = None
    ) -> Store:
        """The same open store, asked by or for somebody else; with a `reason`, glass is broken: it is an emergency.

        It is closed with the one it came from. Raises InvalidFact for what could not be recorded.
        """
        context = AccessContext("service", _actor(actor), self._context.purpose if purpose is None else purpose, reason)
        return Store(self._recorder, self._clock, context, self._primary, self._commands)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._commands.close()
        self._recorder.close()
        self._primary.close()

    # --- facts in ----------------------------------------------------------------------------------------------

    def append(self, facts: FactLike | Sequence[FactLike], *, imported: bool = False) -> list[Receipt]:
        """Record one fact or several together: all of them, durable when this returns, or none.

        Sending a fact again under its `command_id` returns the first receipt, so a call that failed on its way may
        simply be repeated. `imported` marks a historical load, whose facts are not late entries.
        Raises Refused (its `index` names the fact) or StoreError.
        """
        parsed = [_parsed(item) for item in _listed(facts)]
        for index, fact in enumerate(parsed):
            if isinstance(fact, Refused):
                raise fact.at(index)
        return self._commands.append([fact for fact in parsed if not isinstance(fact, Refused)], imported=imported)

    def append_each(self, facts: Sequence[FactLike], *, imported: bool = False) -> list[Receipt | Refused]:
        """Record each fact on its own merits: a receipt or the refusal for each, in their order. Raises StoreError."""
        parsed = [_parsed(item) for item in facts]
        taken = [fact for fact in parsed if not isinstance(fact, Refused)]
        decided = iter(self._commands.append_each(taken, imported=imported))
        return [fact if isinstance(fact, Refused) else next(decided) for fact in parsed]

    # --- answers out; each may also raise AccessNotRecorded -----------------------------------------------------

    def reader(self) -> Reader:
        """A reader at this instant, for every other question (census, why, sheet, known-at …)."""
        return self._reader("reader")

    def _reader(self, question: str) -> Reader:
        context = self._context.using(f"service {question}")
        access = AccessLog(self._recorder, context, lambda: self._clock().astimezone(UTC).date(), self._primary)
        return Reader(self._recorder, self._clock(), access=access)

    def episode(self, name: str) -> EpisodeView:
        """One episode whole: `entries` as recorded, `history` as it counts, `findings`, `eligibility`, `spans`.

        Raises UnknownEpisode.
        """
        return self._reader("episode").episode(name)

    def findings(
        self,
        *,
        episode: str | None = None,
        as_of: date | None = None,
        rule: str | None = None,
        closed: bool = False,
        all_verdicts: bool = False,
        policy: Policy | None = None,
    ) -> list[FindingRow]:
        """Findings in force on a day (default today), of one episode or of all that are open then and their programs.

        `rule` may leave out the pack's prefix; `closed` adds episodes that ended before; `all_verdicts` adds `met` and
        `not_applicable`. With `policy`, for example `as_if_in_force(read_pack(path))`, every episode is judged by that
        one, and nothing is stored.
        """
        return self._reader("findings").findings(
            as_of, episode=episode, rule=rule, closed=closed, all_verdicts=all_verdicts, policy=policy
        )

    def worklist(
        self,
        as_of: date | None = None,
        *,
        program: str | None = None,
        clinician: str | None = None,
        all_quiet: bool = False,
        policy: Policy | None = None,
    ) -> Worklist:
        """What is to be done on a day, most pressing first; with `policy` as if that one had judged all along.

        A row whose `episode` is None is of `program` itself: what it must attest, told once. A clinician has none.
        """
        return self._reader("worklist").worklist(
            as_of, program=program, clinician=clinician, all_quiet=all_quiet, policy=policy
        )

    def eligibility(self, name: str, as_of: date | None = None) -> EligibilityRow:
        """Whether continued stay is supported on a day: eligible, not_eligible, unknown or not_applicable.

        Raises UnknownEpisode.
        """
        return self._reader("eligibility").eligibility(name, as_of)

    def timeline(self, name: str, as_of: date | None = None) -> list[TimelineRow]:
        """Every fact in the order of recording, with what was corrected, added or struck. Raises UnknownEpisode."""
        return self._reader("timeline").timeline(name, as_of)


def _listed(facts: FactLike | Sequence[FactLike]) -> Sequence[FactLike]:
    return [facts] if isinstance(facts, FactBase | Mapping) else facts


def _actor(person: Person | Mapping[str, Any] | None) -> Actor | None:
    if person is None:
        return None
    try:
        stated = Person.model_validate(dict(person) if isinstance(person, Mapping) else person.model_dump())
    except ValidationError as error:
        raise invalid_fact(error) from None
    return Actor(stated.id, stated.role, stated.credential)


def _parsed(item: FactLike) -> Fact | Refused:
    try:
        return fact_from(dict(item) if isinstance(item, Mapping) else item)
    except Refused as refusal:
        return refusal


__all__ = [
    "AccessNotRecorded",
    "Addendum",
    "Admitted",
    "Assessed",
    "Authorized",
    "CareCoordinated",
    "CaretrailError",
    "CensusRow",
    "CommandReused",
    "ContinuedStayDetermined",
    "Corrected",
    "Dimension",
    "Discharged",
    "EligibilityRow",
    "EpisodeView",
    "Explained",
    "Fact",
    "FactLike",
    "FindingRow",
    "Held",
    "Impossible",
    "InvalidFact",
    "Outcome",
    "Pack",
    "Performer",
    "Person",
    "PlanReviewed",
    "PlanSigned",
    "Policy",
    "ProgramAttested",
    "Reader",
    "Receipt",
    "Refused",
    "Resumed",
    "Schedule",
    "ScheduleSet",
    "Sections",
    "SessionAttended",
    "SessionMissed",
    "Signature",
    "Signed",
    "StayOverlap",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoreForeign",
    "StoreInsecure",
    "StoreNewer",
    "StoreNotInitialised",
    "StoreOlder",
    "StoreReadOnly",
    "StoreUnreachable",
    "TeamChanged",
    "TimelineRow",
    "Transferred",
    "UnknownEpisode",
    "VersionConflict",
    "Voided",
    "WorkRow",
    "Worklist",
    "as_if_in_force",
    "create_store",
    "load_pack",
    "open_store",
    "read_pack",
]
