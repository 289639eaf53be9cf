"""When it became known that a review was done in time: one dated within its time may have been entered after it.

A review is on time only if the log said so by the end of its due day. Otherwise it was entered late: until then the
worklist showed it as overdue, whatever its own date. What was imported before anything else counts as known when it
happened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from caretrail.days import next_day, today_in
from caretrail.episode.amendments import amendments, happened_on
from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.events import Signed
from caretrail.findings.finding import RANK, Finding, Outcome
from caretrail.findings.judge import judge
from caretrail.policy import Policy

IN_TIME = frozenset({"met", "due_soon", "due_today"})
"""Verdicts of the review clock, on the day after a due day, that say the review of that day was done."""


class Entered(NamedTuple):
    """When a review became known as done (UTC), and how many days after it was due; 0 by the end of that day."""

    recorded_at: datetime
    days_after: int


class Recording:
    """The events of an episode in the order of their recording, judged as known at any place of it.

    `entries` are all of them, `zone` is the program's.
    """

    def __init__(self, entries: Sequence[Entry], zone: str | None, policy: Policy) -> None:
        self._entries = entries
        self._acting = amendments(entries)
        self._zone = zone
        self._policy = policy
        self._judged: dict[int, list[Finding]] = {}

    def done(self, versions: Collection[int], rule: str, due_on: date, done_on: date) -> Entered:
        """When reviews, by version, that count from a day, by the due day of a rule, became known as that."""
        known = self._known_on(due_on)
        if self._may_have_differed(known, due_on):
            day = next_day(due_on)
            if self._said(len(self._entries), rule, day) is None:  # the stay ended on the due day
                day = due_on
            missed = [
                place for place in range(known, len(self._entries)) if not self._in_time(place, rule, day)
            ]  # fmt: skip  # one thought
            if missed:
                entry = self._entries[missed[-1]]
                return Entered(entry.recorded_at, (self._day_of(entry) - due_on).days)
        return Entered(self.recorded_at(versions, rule, done_on), 0)

    def recorded_at(self, versions: Collection[int], rule: str, done_on: date) -> datetime:
        """When the event was recorded from which on reviews of these versions counted, by a rule, from a day."""
        newest = max(versions)
        acting = [entry for entry in self._entries if entry.kind is Signed and _target(entry) in versions]
        acting += [by for version in versions for by in self._acting.corrections.get(version, ())]
        places = sorted({newest, *(entry.version for entry in acting if entry.version > newest)})
        counted = (place for place in places[:-1] if self._counts(place, versions, rule, done_on))
        return self._entries[next(counted, places[-1]) - 1].recorded_at

    def held_on(self, versions: Collection[int]) -> date:
        """The day on which the first of these reviews was held, as corrected."""
        return min(happened_on(self._entries[version - 1], self._acting) for version in versions)

    def is_imported(self, versions: Collection[int]) -> bool:
        """Whether one of these events is of a historical load."""
        return any(self._entries[version - 1].imported for version in versions)

    # --- as known ---------------------------------------------------------------------------------------------------

    def _known_on(self, day: date) -> int:
        """How many of the events were known by the end of a day."""
        known, live = 0, False
        for entry in self._entries:
            live = live or not entry.imported
            if live and self._day_of(entry) > day:
                break
            known = entry.version
        return known

    def _may_have_differed(self, known: int, due_on: date) -> bool:
        """Whether something recorded later speaks of the days up to the due day, or of what was recorded before.

        Nothing else can change what the rules say of those days.
        """
        return any(
            entry.kind.traits.amends or entry.kind is Signed or happened_on(entry, self._acting) <= due_on
            for entry in self._entries[known:]
        )

    def _in_time(self, known: int, rule: str, day: date) -> bool:
        """Whether the rule did not say of that day, as known after so many events, that something was missed.

        It may have been missed all the same, if it says the same now: another review was due as well.
        """
        said = self._said(known, rule, day)
        return said is not None and (said.verdict in IN_TIME or said == self._said(len(self._entries), rule, day))

    def _said(self, known: int, rule: str, day: date) -> Outcome | None:
        """The worst verdict of a rule on a day with its due day, as known after so many events."""
        told = [one for one in self._findings(known) if one.rule == rule and one.holds(day)]
        worst = max(told, key=lambda one: RANK[one.verdict], default=None)
        return None if worst is None else Outcome(worst.ruling.verdict, worst.due_on)

    def _counts(self, known: int, versions: Collection[int], rule: str, day: date) -> bool:
        """Whether reviews counted for a rule on a day, as known after so many events."""
        return any(
            one.rule == rule and one.holds(day) and set(versions) <= set(one.evidence) for one in self._findings(known)
        )

    def _findings(self, known: int) -> list[Finding]:
        if known not in self._judged:
            history = effective_history(self._entries[:known])
            self._judged[known] = judge(history, self._policy).findings if known else []
        return self._judged[known]

    def _day_of(self, entry: Entry) -> date:
        return today_in(self._zone, entry.recorded_at)


def _target(entry: Entry) -> int | None:
    event = entry.event
    return event.target if isinstance(event, Signed) else None
