"""The episode aggregate: decide whether a fact can be taken (rule first, fact last), then evolve.

Decisions read the clock from an argument. Evolving never raises: what was recorded was possible when it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from caretrail.days import today_in
from caretrail.episode.amendments import Amendments, amendments, corrected_fact
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
    Fact,
    ProgramAttested,
    Signed,
    SignedFact,
    TargetedFact,
    Voided,
)

BEGIN_FIRST = "check the number, or record 'assessed' or 'admitted' first"
NOT_RECORDED = datetime.fromtimestamp(0, UTC)
"""The time of an entry that is not saved yet."""


@dataclass(frozen=True)
class FactRecorded:
    """The domain event: one fact in one stream, with what the store said of it once it is stored."""

    originator_id: UUID
    entry: Entry

    @property
    def originator_version(self) -> int:
        """The version of the fact in its stream."""
        return self.entry.version

    def mutate(self, aggregate: Episode | None) -> Episode:
        """Evolve: add this fact to its episode."""
        episode = Episode(self.originator_id) if aggregate is None else aggregate
        episode.evolve(self.entry)
        return episode


class Episode:
    """One treatment episode: its facts as recorded, and what may be added to them.

    `entries[version - 1]` is the fact of that version. A program's own facts live in the same kind of aggregate.
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
        """The effective history of the few facts that can move outline and stays, so that the others are not read."""
        return effective_history([entry for entry in self.entries if entry.kind.traits.moves_outline])

    def today(self, now: datetime) -> date:
        """The civil day in the program's zone at that instant."""
        return today_in(self.outline.zone, now)

    # --- deciding --------------------------------------------------------------------------------------------

    def record(
        self,
        fact: Fact,
        *,
        now: datetime,
        imported: bool = False,
        command_id: str = "",
        together: bool = False,
    ) -> FactRecorded:
        """Decide on a fact and, if it can be taken, take it: the event returned is not stored yet.

        With `together` the whole history is not judged yet: the caller takes all facts of one call, then asks
        `require_possible`. Raises Refused; the episode is then as it was.
        """
        if not together:
            self._require_known(fact)
        self._require_not_future(fact, now)
        self._require_target(fact)
        if isinstance(fact, Corrected):
            self._require_correction(fact, now)
        if not together:
            self._require_fits(fact)
        entry: Entry = Entry(self.version + 1, 0, fact, NOT_RECORDED, "", imported, fact.source, command_id)
        self.evolve(entry)
        return FactRecorded(self.id, entry)

    def require_possible(self) -> None:
        """Judge the whole effective history, as after facts taken together."""
        if not any(entry.kind.traits.begins for entry in self.entries):
            raise UnknownEpisode(hint=BEGIN_FIRST)
        require_possible(effective_history(self.entries))

    def _require_known(self, fact: Fact) -> None:
        if self.version == 0 and not fact.traits.begins:
            raise UnknownEpisode(hint=BEGIN_FIRST)

    def _require_not_future(self, fact: Fact, now: datetime) -> None:
        zone = fact.zone if isinstance(fact, Admitted) else self.outline.zone
        today = today_in(zone, now)
        if fact.occurred_on > today:
            raise _future("occurred_on")
        if isinstance(fact, Assessed):
            if fact.on is not None and fact.on > today:
                raise _future("on")
            if fact.referral is not None and fact.referral.on > today:
                raise _future("referral.on")
        if isinstance(fact, SignedFact):
            for signature in fact.signatures:
                if signature.signed_on is not None and signature.signed_on > today:
                    raise _future("signed_on")

    def _require_target(self, fact: Fact) -> None:
        """Amendments and signatures act on an earlier fact that still counts."""
        if not isinstance(fact, TargetedFact):
            return
        target = self.entries[fact.target - 1] if fact.target <= self.version else None
        if target is None:
            raise Impossible(
                f"target {fact.target} is not recorded: the episode is at version {self.version}",
                "see 'caretrail timeline' for the versions",
            )
        if fact.target in self.amendments.voided_by:
            by = self.amendments.voided_by[fact.target]
            raise Impossible(
                f"target {fact.target} is voided already, by fact {by}",
                "void the void to bring it back",
                [by],
            )
        if isinstance(fact, Signed) and not target.kind.traits.signable:
            raise Impossible(
                f"target {fact.target} is not a plan, a review or a determination",
                "sign one of those",
                [fact.target],
            )
        if isinstance(fact, Corrected | Addendum) and target.kind.traits.amends:
            raise Impossible(
                f"target {fact.target} is itself an amendment",
                "correct the original again, or void the amendment",
                [fact.target],
            )

    def _require_correction(self, fact: Corrected, now: datetime) -> None:
        """The new values make a valid fact: a wrong field is a wrong field, not a clash of facts."""
        earlier = [by.fact for by in self.amendments.corrections.get(fact.target, ())]
        self._require_not_future(corrected_fact(self.entries[fact.target - 1].fact, [*earlier, fact]), now)

    def _require_fits(self, fact: Fact) -> None:
        """The history with the fact in place must still be possible."""
        if fact.traits.plain:
            self._require_within(fact)
            return
        if isinstance(fact, Addendum | ProgramAttested):
            return
        try:
            require_possible(self._history_with(fact))
        except Impossible as problem:
            if isinstance(fact, Corrected | Voided):
                raise Impossible(
                    f"what remains would be impossible: {problem.message}", problem.hint, problem.versions
                ) from None
            raise

    def _history_with(self, fact: Fact) -> list[Effective]:
        """The history with the fact in place; without the plain facts where those cannot be in its way."""
        entry: Entry = Entry(self.version + 1, 0, fact, NOT_RECORDED, "")
        if isinstance(fact, Discharged) or fact.traits.amends:
            return effective_history([*self.entries, entry])
        return effective_history([*(entry for entry in self.entries if not entry.kind.traits.plain), entry])

    def _require_within(self, fact: Fact) -> None:
        """What `require_possible` would say of a plain fact, from the outline alone."""
        seen = self.outline
        if fact.traits.needs_admission and seen.admitted is None:
            raise Impossible(f"{fact.type} needs an admission, and there is none", "record the admission first")
        ended = seen.discharged
        if ended is not None and fact.occurred_on > ended.day and not fact.traits.after_discharge:
            raise Impossible(
                f"{fact.type} is dated after the discharge (fact {ended.version})",
                "correct the date that is wrong; a return after discharge is a new episode",
                [ended.version],
            )

    # --- evolving --------------------------------------------------------------------------------------------

    def evolve(self, entry: Entry) -> None:
        """Add a recorded fact; never raises."""
        self.entries.append(entry)
        self.version = entry.version
        self._history = None
        if entry.kind.traits.amends:
            self._amendments = None
        if entry.kind.traits.moves_outline:
            self._outline = None


def _future(name: str) -> Impossible:
    return Impossible(f"{name} is after today in the program's time zone", "record what has happened, once it has")
