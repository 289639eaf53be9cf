"""The episode aggregate: decide whether an event can be taken (rule first, event last), then evolve.

Decisions read the clock from an argument. Evolving never raises: what was recorded was possible when it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from uuid import UUID

from caretrail import events
from caretrail.days import today_in
from caretrail.episode.amendments import Amendments, amendments, corrected_event
from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, effective_history
from caretrail.episode.outline import Outline, outline
from caretrail.episode.possible import WRONG_DATE, require_possible
from caretrail.episode.stays import LevelStay, level_stays
from caretrail.errors import ImportTooLate, Impossible, UnknownEpisode

BEGIN_FIRST = "check the number, or record 'assessed' or 'admitted' first"
NOT_RECORDED = datetime.fromtimestamp(0, UTC)
"""The time of an entry that is not saved yet."""


@dataclass(frozen=True)
class Decided:
    """The library's domain event: one entry in one stream; place, time and author follow from the store on saving."""

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
    """One treatment episode: its events as recorded, and the decision on further ones.

    `entries[version - 1]` is the event of that version, unless only the outline was read: such an episode is not
    `whole`, and decides on plain events alone. A program's own events live in the same kind of aggregate.
    """

    def __init__(self, stream: UUID) -> None:
        self.id = stream
        self.version = 0
        self.entries: list[Entry] = []

    # --- reading ---------------------------------------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """Whether every event is here, and not only the outline and the newest."""
        return len(self.entries) == self.version

    @cached_property
    def history(self) -> list[Effective]:
        """The effective history, in clinical order."""
        return effective_history(self.entries)

    @cached_property
    def amendments(self) -> Amendments:
        """Which events are voided, corrected or added to, and by which others."""
        return amendments(self.entries)

    @cached_property
    def outline(self) -> Outline:
        """Client, programs, zone, admission and discharge."""
        return outline(self._moving_history())

    @property
    def stays(self) -> list[LevelStay]:
        """The stretches at one level in one program, oldest first."""
        return level_stays(self.history if "history" in self.__dict__ else self._moving_history())

    def _moving_history(self) -> list[Effective]:
        """The effective history of the few events that can move outline and stays, so that the others are not read."""
        return effective_history([entry for entry in self.entries if entry.traits.moves_outline])

    def today(self, now: datetime) -> date:
        """The civil day in the program's zone at that instant."""
        return today_in(self.outline.zone, now)

    # --- deciding --------------------------------------------------------------------------------------------

    def record(
        self,
        event: events.Event,
        *,
        now: datetime,
        imported: bool = False,
        may_import: bool = False,
        command_id: str = "",
        together: bool = False,
    ) -> Decided:
        """Decide on an event and, if it can be taken, take it: the event returned is not stored yet.

        With `together` the whole history is not judged yet: the caller takes all events of one call, then asks
        `require_possible`. Once an event was recorded as it happened, only who `may_import` imports more. Raises
        Refused; the episode is then as it was.
        """
        if not self.whole and (together or imported or not event.traits.plain):
            raise RuntimeError("an outline decides on single plain events only")
        if imported and not may_import and any(not entry.imported for entry in self.entries):
            raise ImportTooLate
        if not together and self.version == 0 and not event.traits.begins:
            raise UnknownEpisode(hint=BEGIN_FIRST)
        self._require_not_future(event, now)
        self._require_target(event)
        if isinstance(event, events.Explained) and event.actor.role == "service":
            raise Impossible("explained: a sender of role service explains no finding", "let a person explain it")
        if isinstance(event, events.Corrected):
            self._require_correction(event, now)
        if not together:
            self._require_fits(event)
        entry: Entry = Entry(self.version + 1, 0, event, NOT_RECORDED, "", imported, event.source, command_id)
        self.evolve(entry)
        return Decided(self.id, entry)

    def require_possible(self) -> None:
        """Judge the whole effective history, as after events taken together."""
        if not any(entry.traits.begins for entry in self.entries):
            raise UnknownEpisode(hint=BEGIN_FIRST)
        require_possible(effective_history(self.entries))

    def _require_not_future(self, event: events.Event, now: datetime) -> None:
        zone = event.zone if isinstance(event, events.Admitted) else self.outline.zone
        today = today_in(zone, now)
        for name, day in _claimed_days(event):
            if day is not None and day > today:
                raise Impossible(f"{name} is after today in the program's time zone", "record it once it has happened")

    def _require_target(self, event: events.Event) -> None:
        """Require of an amendment or signature an earlier event that it can act on."""
        if not isinstance(event, events.TargetedEvent):
            return
        number = event.target
        if number > self.version:
            message = f"target {number} is not recorded: the episode is at version {self.version}"
            raise Impossible(message, "see 'caretrail timeline' for the versions")
        if by := self.amendments.voided_by.get(number):
            raise Impossible(
                f"target {number} is already voided, by event {by}", "void the void to bring it back", [by]
            )
        traits = self.entries[number - 1].traits
        if isinstance(event, events.Signed) and not traits.signable:
            raise Impossible(
                f"target {number} is not a plan, review, determination, assessment or discharge",
                "sign one of those",
                [number],
            )
        if isinstance(event, events.Corrected | events.Addendum) and traits.amends:
            hint = "correct the original again, or void the amendment"
            raise Impossible(f"target {number} is itself an amendment", hint, [number])

    def _require_correction(self, event: events.Corrected, now: datetime) -> None:
        """Require new values that make a valid event: a wrong field is reported as one, not as a clash of events."""
        earlier = [by.event for by in self.amendments.corrections.get(event.target, ())]
        self._require_not_future(corrected_event(self.entries[event.target - 1].event, [*earlier, event]), now)

    def _require_fits(self, event: events.Event) -> None:
        """Require that the history with the event in place is still possible."""
        if event.traits.plain:
            self._require_within(event)
            return
        if isinstance(event, events.Addendum | events.ProgramAttested):
            return
        try:
            require_possible(self._history_with(event))
        except Impossible as problem:
            if isinstance(event, events.Corrected | events.Voided):
                message = f"the remaining events would be impossible: {problem.message}"
                raise Impossible(message, problem.hint, problem.versions) from None
            raise

    def _history_with(self, event: events.Event) -> list[Effective]:
        """The history with the event in place; without the plain events where those cannot be in its way."""
        entry: Entry = Entry(self.version + 1, 0, event, NOT_RECORDED, "")
        if isinstance(event, events.Discharged) or event.traits.amends:
            return effective_history([*self.entries, entry])
        return effective_history([*(entry for entry in self.entries if not entry.traits.plain), entry])

    def _require_within(self, event: events.Event) -> None:
        """Refuse a plain event as `require_possible` would, from the outline alone."""
        seen = self.outline
        if event.traits.needs_admission and seen.admitted is None:
            raise Impossible(f"{event.type} needs an admission, and there is none", "record the admission first")
        ended = seen.discharged
        if ended is not None and event.occurred_on > ended.day and not event.traits.after_discharge:
            message = f"{event.type} is dated after the discharge (event {ended.version})"
            raise Impossible(message, f"{WRONG_DATE}; a return after discharge is a new episode", [ended.version])

    # --- evolving --------------------------------------------------------------------------------------------

    def evolve(self, entry: Entry) -> None:
        """Add a recorded event; never raises."""
        self.entries.append(entry)
        self.version = entry.version
        cached = self.__dict__
        cached.pop("history", None)
        if entry.traits.amends:
            cached.pop("amendments", None)
        if entry.traits.moves_outline:
            cached.pop("outline", None)


def _claimed_days(event: events.Event) -> Iterator[tuple[str, date | None]]:
    """The days of an event that must not be in the future, by field."""
    yield "occurred_on", event.occurred_on
    if isinstance(event, events.Assessed):
        yield "on", event.on
        yield "referral.on", event.referral.on if event.referral else None
    if isinstance(event, events.SignedEvent):
        yield from (("signed_on", signature.signed_on) for signature in event.signatures)
