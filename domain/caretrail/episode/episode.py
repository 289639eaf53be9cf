"""The episode aggregate: decide whether an event can be taken (rule first, event last), then evolve.

Decisions read the clock from an argument. Evolving never raises: what was recorded was possible when it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from caretrail.days import today_in
from caretrail.episode.amendments import Amendments, amendments, corrected_event
from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, effective_history
from caretrail.episode.outline import Outline, outline
from caretrail.episode.possible import require_possible
from caretrail.episode.stays import LevelStay, level_stays
from caretrail.errors import Impossible, UnknownEpisode
from caretrail.events import (
    Addendum,
    Admitted,
    Assessed,
    Corrected,
    Discharged,
    Event,
    ProgramAttested,
    Signed,
    SignedEvent,
    TargetedEvent,
    Voided,
)

BEGIN_FIRST = "check the number, or record 'assessed' or 'admitted' first"
NOT_RECORDED = datetime.fromtimestamp(0, UTC)
"""The time of an entry that is not saved yet."""


@dataclass(frozen=True)
class Decided:
    """The domain event: one event in one stream, with what the store said of it once it is stored."""

    originator_id: UUID
    entry: Entry

    @property
    def originator_version(self) -> int:
        """The version of the event in its stream."""
        return self.entry.version

    def mutate(self, aggregate: Episode | None) -> Episode:
        """Evolve: add this event to its episode."""
        episode = Episode(self.originator_id) if aggregate is None else aggregate
        episode.evolve(self.entry)
        return episode


class Episode:
    """One treatment episode: its events as recorded, and what may be added to them.

    `entries[version - 1]` is the event of that version. A program's own events live in the same kind of aggregate.
    """

    def __init__(self, stream: UUID) -> None:
        self.id = stream
        self.version = 0
        self.entries: list[Entry] = []
        self._history: list[Effective] | None = None
        self._amendments: Amendments | None = None
        self._outline: Outline | None = None

    # --- reading ---------------------------------------------------------------------------------------------

    @property
    def history(self) -> list[Effective]:
        """The effective history, in clinical order."""
        if self._history is None:
            self._history = effective_history(self.entries)
        return self._history

    @property
    def amendments(self) -> Amendments:
        """What is struck, corrected or added to."""
        if self._amendments is None:
            self._amendments = amendments(self.entries)
        return self._amendments

    @property
    def outline(self) -> Outline:
        """Client, programs, zone, admission and discharge."""
        if self._outline is None:
            self._outline = outline(self._moving_history())
        return self._outline

    @property
    def stays(self) -> list[LevelStay]:
        """The stretches at one level in one program."""
        return level_stays(self.history if self._history is not None else self._moving_history())

    def _moving_history(self) -> list[Effective]:
        """The effective history of the few events that can move outline and stays, so that the others are not read."""
        return effective_history([entry for entry in self.entries if entry.kind.traits.moves_outline])

    def today(self, now: datetime) -> date:
        """The civil day in the program's zone at that instant."""
        return today_in(self.outline.zone, now)

    # --- deciding --------------------------------------------------------------------------------------------

    def record(
        self,
        event: Event,
        *,
        now: datetime,
        imported: bool = False,
        command_id: str = "",
        together: bool = False,
    ) -> Decided:
        """Decide on an event and, if it can be taken, take it: the event returned is not stored yet.

        With `together` the whole history is not judged yet: the caller takes all events of one call, then asks
        `require_possible`. Raises Refused; the episode is then as it was.
        """
        if not together:
            self._require_known(event)
        self._require_not_future(event, now)
        self._require_target(event)
        if isinstance(event, Corrected):
            self._require_correction(event, now)
        if not together:
            self._require_fits(event)
        entry: Entry = Entry(self.version + 1, 0, event, NOT_RECORDED, "", imported, event.source, command_id)
        self.evolve(entry)
        return Decided(self.id, entry)

    def require_possible(self) -> None:
        """Judge the whole effective history, as after events taken together."""
        if not any(entry.kind.traits.begins for entry in self.entries):
            raise UnknownEpisode(hint=BEGIN_FIRST)
        require_possible(effective_history(self.entries))

    def _require_known(self, event: Event) -> None:
        if self.version == 0 and not event.traits.begins:
            raise UnknownEpisode(hint=BEGIN_FIRST)

    def _require_not_future(self, event: Event, now: datetime) -> None:
        zone = event.zone if isinstance(event, Admitted) else self.outline.zone
        today = today_in(zone, now)
        if event.occurred_on > today:
            raise _future("occurred_on")
        if isinstance(event, Assessed):
            if event.on is not None and event.on > today:
                raise _future("on")
            if event.referral is not None and event.referral.on > today:
                raise _future("referral.on")
        if isinstance(event, SignedEvent):
            for signature in event.signatures:
                if signature.signed_on is not None and signature.signed_on > today:
                    raise _future("signed_on")

    def _require_target(self, event: Event) -> None:
        """Amendments and signatures act on an earlier event that still counts."""
        if not isinstance(event, TargetedEvent):
            return
        target = self.entries[event.target - 1] if event.target <= self.version else None
        if target is None:
            raise Impossible(
                f"target {event.target} is not recorded: the episode is at version {self.version}",
                "see 'caretrail timeline' for the versions",
            )
        if event.target in self.amendments.voided_by:
            by = self.amendments.voided_by[event.target]
            raise Impossible(
                f"target {event.target} is voided already, by event {by}",
                "void the void to bring it back",
                [by],
            )
        if isinstance(event, Signed) and not target.kind.traits.signable:
            raise Impossible(
                f"target {event.target} is not a plan, a review or a determination",
                "sign one of those",
                [event.target],
            )
        if isinstance(event, Corrected | Addendum) and target.kind.traits.amends:
            raise Impossible(
                f"target {event.target} is itself an amendment",
                "correct the original again, or void the amendment",
                [event.target],
            )

    def _require_correction(self, event: Corrected, now: datetime) -> None:
        """The new values make a valid event: a wrong field is a wrong field, not a clash of events."""
        earlier = [by.event for by in self.amendments.corrections.get(event.target, ())]
        self._require_not_future(corrected_event(self.entries[event.target - 1].event, [*earlier, event]), now)

    def _require_fits(self, event: Event) -> None:
        """The history with the event in place must still be possible."""
        if event.traits.plain:
            self._require_within(event)
            return
        if isinstance(event, Addendum | ProgramAttested):
            return
        try:
            require_possible(self._history_with(event))
        except Impossible as problem:
            if isinstance(event, Corrected | Voided):
                raise Impossible(
                    f"what remains would be impossible: {problem.message}", problem.hint, problem.versions
                ) from None
            raise

    def _history_with(self, event: Event) -> list[Effective]:
        """The history with the event in place; without the plain events where those cannot be in its way."""
        entry: Entry = Entry(self.version + 1, 0, event, NOT_RECORDED, "")
        if isinstance(event, Discharged) or event.traits.amends:
            return effective_history([*self.entries, entry])
        return effective_history([*(entry for entry in self.entries if not entry.kind.traits.plain), entry])

    def _require_within(self, event: Event) -> None:
        """What `require_possible` would say of a plain event, from the outline alone."""
        seen = self.outline
        if event.traits.needs_admission and seen.admitted is None:
            raise Impossible(f"{event.type} needs an admission, and there is none", "record the admission first")
        ended = seen.discharged
        if ended is not None and event.occurred_on > ended.day and not event.traits.after_discharge:
            raise Impossible(
                f"{event.type} is dated after the discharge (event {ended.version})",
                "correct the date that is wrong; a return after discharge is a new episode",
                [ended.version],
            )

    # --- evolving --------------------------------------------------------------------------------------------

    def evolve(self, entry: Entry) -> None:
        """Add a recorded event; never raises."""
        self.entries.append(entry)
        self.version = entry.version
        self._history = None
        if entry.kind.traits.amends:
            self._amendments = None
        if entry.kind.traits.moves_outline:
            self._outline = None


def _future(name: str) -> Impossible:
    return Impossible(f"{name} is after today in the program's time zone", "record what has happened, once it has")
