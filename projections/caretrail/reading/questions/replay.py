"""The replay: one episode step by step, as each event was recorded, with what it changed and what was shown then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from caretrail.days import today_in
from caretrail.episode.amendments import Amendments
from caretrail.episode.episode import Episode
from caretrail.findings import QUIET_VERDICTS
from caretrail.log.own_events import VoidedPosition, voids_in
from caretrail.log.records import episode_stream
from caretrail.reading.event_rows import Recorded, event_json, recorded_fields
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, is_rule
from caretrail.reading.question import OneEpisode
from caretrail.reading.questions.diff import ELIGIBILITY, VerdictState, said_on
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.compute import computed, evolve
from caretrail.readmodel.packs import PolicyChange, PolicyOf, as_if, changes_of
from caretrail.readmodel.rows import EpisodeRows


@dataclass(frozen=True, slots=True)
class Said:
    """The verdicts of a rule on a subject, or the answer on eligibility, on one day."""

    rule: str
    subject: str
    verdicts: tuple[VerdictState, ...]


@dataclass(frozen=True, slots=True)
class StepChange:
    """Other verdicts on the day of a step after its event than before; empty where there was none."""

    rule: str
    subject: str
    before: tuple[VerdictState, ...]
    after: tuple[VerdictState, ...]

    @property
    def loud(self) -> bool:
        """Whether it is more than a met or not_applicable verdict that came, went or moved."""
        return self.rule == ELIGIBILITY or any(s.verdict not in QUIET_VERDICTS for s in (*self.before, *self.after))


@dataclass(frozen=True, slots=True)
class Step:
    """One event at the moment it was recorded: `day` is that civil day in the program's zone.

    Of an import, which counts as known when it happened, it is the event's own day. `event` is its JSON as sent,
    `changes` compares the verdicts on `day` just before and just after, and `shown` is all that lists told of `day`
    after it. What later events corrected is not told here.
    """

    step: int
    recorded: Recorded
    day: date
    event: dict[str, Any]
    changes: tuple[StepChange, ...]
    shown: tuple[Said, ...]

    @property
    def loud(self) -> bool:
        """Whether it changed a verdict that shows."""
        return any(change.loud for change in self.changes)


@dataclass(frozen=True, slots=True)
class ReplayOf(OneEpisode[tuple[Step, ...]]):
    """The steps of an episode in the order of recording; of `filters`, the rules count for changes and what was shown.

    Raises UnknownName, or StoreDamaged if an event cannot be read.
    """

    name: ClassVar[str] = "replay"
    episode: str
    query: Query = TODAY
    filters: Filters = NO_FILTERS

    def answer(self, snapshot: Snapshot) -> tuple[Step, ...]:
        """Judge the episode after each of its events."""
        return tuple(self._steps(snapshot))

    def _steps(self, snapshot: Snapshot) -> Iterator[Step]:
        view, recorder = snapshot.view(self.episode), snapshot.recorder
        zone = view.rows.zone
        stream = episode_stream(recorder.namespace, self.episode)
        [(_, events)] = snapshot.recorded([stream])
        judging = _Judging(changes_of(recorder, view.rows.policy, snapshot.position), snapshot.policies)
        episode, voids = Episode(stream), voids_in(recorder, snapshot.position)
        known: Mapping[int, VoidedPosition] = {}
        before: EpisodeRows | None = None
        for number, (entry, event) in enumerate(zip(view.entries, events, strict=True), 1):
            then = {place: void for place, void in voids.items() if void.position <= event.position}
            is_other = judging.is_changed_by(event.position) or then != known
            if then != known:
                known, episode = then, evolve(recorder.namespace, Episode(stream), events[: number - 1], then)
            if is_other and before is not None:
                before = computed(recorder.namespace, episode, [], judging.policies)  # that is not the event's doing
            after = computed(recorder.namespace, episode, [event], judging.policies, known)
            day = entry.event.occurred_on if entry.imported else today_in(zone, entry.recorded_at)
            recorded = Recorded(**recorded_fields(entry, Amendments(), zone, view.policy))
            was, now = self._said(before, day), self._said(after, day)
            yield Step(number, recorded, day, event_json(entry), tuple(_changes(was, now)), tuple(_shown(now)))
            before = after
            if snapshot.progress is not None:
                snapshot.progress(number, len(events))

    def _said(self, rows: EpisodeRows | None, day: date) -> dict[tuple[str, str], tuple[VerdictState, ...]]:
        wanted = self.filters.rules
        return {
            (rule, subject): states
            for (rule, subject), states in said_on(rows, day).items()
            if not wanted or any(is_rule(name, rule) for name in wanted)
        }


class _Judging:
    """The packs known at each step: the policy as it judged then, or as it judged first before it was recorded."""

    def __init__(self, changes: Sequence[PolicyChange], policies: PolicyOf) -> None:
        self._changes = list(changes)
        self.policies = as_if(changes[0].policy) if changes and changes[0].policy is not None else policies

    def is_changed_by(self, position: int) -> bool:
        """Go on to a position; whether other packs judge from there on."""
        changed = False
        while self._changes and self._changes[0].position <= position:
            policy = self._changes.pop(0).policy
            if policy is not None:
                self.policies, changed = as_if(policy), True
        return changed


_Verdicts = dict[tuple[str, str], tuple[VerdictState, ...]]


def _changes(was: _Verdicts, now: _Verdicts) -> Iterator[StepChange]:
    for matter in dict.fromkeys((*was, *now)):
        before, after = was.get(matter, ()), now.get(matter, ())
        if before != after:
            yield StepChange(*matter, before, after)


def _shown(now: _Verdicts) -> Iterator[Said]:
    for (rule, subject), states in now.items():
        told: Sequence[VerdictState] = [one for one in states if rule == ELIGIBILITY or not _is_quiet(one)]
        if told:
            yield Said(rule, subject, tuple(told))


def _is_quiet(state: VerdictState) -> bool:
    return state.verdict in QUIET_VERDICTS
