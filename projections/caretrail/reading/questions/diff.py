"""The diff: which verdicts changed between two moments of knowledge, and which events changed each.

Every episode with an event between the two is folded once, and judged as known at both. Where the verdicts differ, the
events between are replayed one by one: an event is named exactly if the verdicts before and after it differ. Nothing
but the log is read, a few hundred episodes at a time, so the memory does not grow with the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import ClassVar, NamedTuple
from uuid import UUID

from caretrail.days import ONE_DAY, merge_spans, next_day
from caretrail.episode.episode import Episode
from caretrail.errors import CaretrailError, UnknownName
from caretrail.findings import QUIET_VERDICTS, Eligibility, Finding
from caretrail.log.entries import entry_of
from caretrail.log.own_events import NO_VOIDS, VoidedPosition, voids_in
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent, episode_stream
from caretrail.reading.query import NO_FILTERS, Filters, Query
from caretrail.reading.question import PartedQuestion
from caretrail.reading.scope import case_numbers, in_scope
from caretrail.reading.snapshot import Snapshot, position_of
from caretrail.readmodel.compute import computed
from caretrail.readmodel.packs import PolicyOf
from caretrail.readmodel.rows import EpisodeRows

ELIGIBILITY = "eligibility"
"""The rule name of changes in eligibility for continued stay."""


SHOWN_TOGETHER = 500
"""Episodes with changes in one part of an answer: their access is recorded at once, and bounds the memory."""


class Matter(NamedTuple):
    """A rule and its subject, or eligibility."""

    rule: str
    subject: str


_ELIGIBLE = Matter(ELIGIBILITY, "")


@dataclass(frozen=True, slots=True)
class VerdictState:
    """A verdict; `due_on` is the due day, or the last day of eligibility.

    Met and not_applicable verdicts have no message: their wording changes with every event.
    """

    verdict: str
    due_on: date | None
    quiet: bool
    message: str


@dataclass(frozen=True, slots=True)
class ChangedBy:
    """An event that changed a verdict; `said` are the verdicts since then.

    The author, the day and the target of an unreadable event are None.
    """

    position: int
    version: int
    type: str
    recorded_at: datetime
    target: int | None
    occurred_on: date | None
    author: str | None
    role: str | None
    credential: str | None
    said: tuple[VerdictState, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Different verdicts for the days from `start` to before `until`.

    `before` and `after` are empty where there was no verdict. `on_day`: the day of the query is one of the days.
    `events` are those that changed the verdict between the two moments, oldest first. `program` and `clinician` are
    those of the last of the days, as known after.
    """

    episode: str
    client: str | None
    program: str | None
    clinician: str | None
    rule: str
    subject: str
    start: date
    until: date
    on_day: bool
    before: tuple[VerdictState, ...]
    after: tuple[VerdictState, ...]
    events: tuple[ChangedBy, ...]

    @property
    def loud(self) -> bool:
        """Whether it is more than a met or not_applicable verdict that came, went or moved."""
        return self.rule == ELIGIBILITY or any(s.verdict not in QUIET_VERDICTS for s in (*self.before, *self.after))


@dataclass(frozen=True, slots=True)
class Compared:
    """The changes between two positions of the log; `episodes` counts those compared."""

    before: int
    after: int
    changes: tuple[Change, ...]
    episodes: int


@dataclass(frozen=True, slots=True)
class Diff(PartedQuestion[Compared]):
    """Which verdicts of the days up to one changed between two moments of knowledge, and which events changed each.

    The later moment is the query's `known_at`; both are a position or an aware instant. `filters` may name programs in
    which an episode is, or was thought to be, and its case owners likewise. Raises UnknownName if the episode named is
    not known at the later.
    """

    name: ClassVar[str] = "diff"
    before: int | datetime
    query: Query
    filters: Filters = NO_FILTERS
    episode: str | None = None

    def moments(self) -> Iterable[datetime]:
        """The earlier one, too."""
        return [moment for moment in (self.before, self.query.known_at) if isinstance(moment, datetime)]

    def parts(self, snapshot: Snapshot) -> Iterator[Compared]:
        """Compare the verdicts up to the day of the query (default: today), without findings of programs.

        The parts follow the case numbers; each holds the changes of so many episodes as are shown together, the last
        one of fewer, or none.
        """
        recorder, after = snapshot.recorder, snapshot.position
        before = position_of(recorder, self.before)
        voids = voids_in(recorder, after)
        changes: list[Change] = []
        compared = changed = 0
        for stream, events in snapshot.recorded(_streams(recorder, before, after, self)):
            replay = Replay(recorder.namespace, stream, events, before, snapshot.policies, voids)
            if replay.last is None or not _within(replay, self.filters):
                continue
            compared += 1
            found = changes_of(replay, snapshot.day(self.query, replay.last.zone))
            changed += bool(found)
            changes += sorted(found, key=lambda change: (change.start, change.rule, change.subject))
            if changed == SHOWN_TOGETHER:
                yield Compared(before, after, tuple(changes), compared)
                changes.clear()
                compared = changed = 0
        yield Compared(before, after, tuple(changes), compared)

    def joined(self, parts: Iterable[Compared]) -> Compared:
        """The parts as one value."""
        found = list(parts)
        changes = tuple(change for part in found for change in part.changes)
        return Compared(found[0].before, found[0].after, changes, sum(part.episodes for part in found))

    def shows(self, value: Compared) -> Iterable[str]:
        """The episode named, and every one with a change."""
        return (*self.about(), *(change.episode for change in value.changes))

    def about(self) -> Iterable[str]:
        """The episode named."""
        return () if self.episode is None else (self.episode,)


def _streams(recorder: EventRecorder, before: int, after: int, asked: Diff) -> list[UUID]:
    """The streams to compare, by case number."""
    if asked.episode is not None:
        named = episode_stream(recorder.namespace, asked.episode)
        if not any(event.position <= after for event in recorder.select_events(named, limit=1)):
            raise UnknownName.of_episode()
        return [stream for stream in recorder.touched(before, after) if stream == named]
    touched = in_scope(recorder, list(recorder.touched(before, after)), after, asked.filters)
    names = case_numbers(recorder, touched)
    return sorted(touched, key=lambda stream: (names.get(stream, ""), stream))


def _within(replay: Replay, filters: Filters) -> bool:
    """Whether the episode is, or was thought to be, in one of the programs and with one of the case owners."""
    spans = [span for rows in (replay.first, replay.last) if rows is not None for span in rows.spans]
    return (not filters.programs or any(span.program in filters.programs for span in spans)) and (
        not filters.clinicians or any(span.clinician in filters.clinicians for span in spans)
    )


class Replay:
    """One episode as it was known at a position and after each event that was recorded later.

    `policies` judge all of it: a change is then one that events made, not one of the rules.
    """

    def __init__(
        self,
        namespace: UUID,
        stream: UUID,
        events: Sequence[RecordedEvent],
        before: int,
        policies: PolicyOf,
        voids: Mapping[int, VoidedPosition] = NO_VOIDS,
    ) -> None:
        self._policies, self._voids = policies, voids
        self._namespace, self._stream = namespace, stream
        self._known = [event for event in events if event.position <= before]
        self.events = [event for event in events if event.position > before]
        self._episode = Episode(stream)
        self.first = computed(namespace, self._episode, self._known, policies, voids) if self._known else None
        self.last = self._next(self._episode, len(self._known), self.events) if self.events else self.first

    def states(self) -> Iterator[EpisodeRows | None]:
        """The rows at first and after each of the later events, in their order."""
        yield self.first
        episode = Episode(self._stream)
        for entry in self._episode.entries[: len(self._known)]:  # decoded before
            episode.evolve(entry)
        for place, event in enumerate(self.events[:-1], len(self._known)):
            yield self._next(episode, place, [event])
        if self.events:
            yield self.last

    def _next(self, episode: Episode, place: int, events: Sequence[RecordedEvent]) -> EpisodeRows | None:
        """The rows after some events more; all are read again if one before them could not be."""
        if episode.version == place:
            return computed(self._namespace, episode, events, self._policies, self._voids)
        read = [*self._known, *self.events][: place + len(events)]
        return computed(self._namespace, Episode(self._stream), read, self._policies, self._voids)


def changes_of(replay: Replay, day: date) -> list[Change]:
    """The changes in one episode up to a day, with the events that made them."""
    found, later = _matters_of(replay.first), _matters_of(replay.last)
    # what was found alike, word for word, is most of it, and takes no days to compare
    unlike = {matter for matter in dict.fromkeys((*found, *later)) if found.get(matter) != later.get(matter)}
    first, last = states_of(replay.first, day, unlike), states_of(replay.last, day, unlike)
    matters = [matter for matter in dict.fromkeys((*first, *last)) if first.get(matter) != last.get(matter)]
    if not matters or replay.last is None:
        return []
    among = set(matters)
    states = [states_of(rows, day, among) for rows in replay.states()]
    return [
        _change(replay, replay.last, matter, stretch, day)
        for matter in matters
        for stretch in _stretches([state.get(matter, ()) for state in states])
    ]


def _change(replay: Replay, rows: EpisodeRows, matter: Matter, stretch: Stretch, day: date) -> Change:
    start, until, values = stretch
    span = rows.span_on(until - ONE_DAY)
    steps = zip(replay.events, pairwise(values), strict=True)
    events = tuple(_changed_by(event, after) for event, (before, after) in steps if before != after)
    return Change(
        rows.episode, rows.client, span.program if span else None, span.clinician if span else None, matter.rule,
        matter.subject, start, until, start <= day < until, values[0], values[-1], events,
    )  # fmt: skip  # in the order of the fields


Stretch = tuple[date, date, list[tuple[VerdictState, ...]]]
"""Days from the first to before the second, and their verdicts in each state of the replay."""

Spell = tuple[date, date, VerdictState]
"""A verdict for the days from the first to before the second."""


def _matters_of(rows: EpisodeRows | None) -> dict[Matter, list[Finding | Eligibility]]:
    """All that was found of an episode, by what it is about."""
    found: dict[Matter, list[Finding | Eligibility]] = {}
    if rows is not None:
        for finding in rows.findings:
            found.setdefault(Matter(finding.rule, finding.subject), []).append(finding)
        found[_ELIGIBLE] = list(rows.eligibility)
    return found


def states_of(rows: EpisodeRows | None, day: date, among: AbstractSet[Matter]) -> dict[Matter, tuple[Spell, ...]]:
    """The verdicts on some matters of an episode up to a day."""
    end = next_day(day)
    said = {
        matter: [_spell(item, end) for item in found if item.start < end]
        for matter, found in _matters_of(rows).items()
        if matter in among
    }
    return {matter: tuple(_joined(spells)) for matter, spells in said.items() if spells}


def said_on(rows: EpisodeRows | None, day: date) -> dict[Matter, tuple[VerdictState, ...]]:
    """The verdicts on one day, by rule and subject, and the answer on eligibility."""
    found = {
        matter: tuple(sorted((_spell(one, day)[2] for one in items if one.start <= day < one.end), key=_order))
        for matter, items in _matters_of(rows).items()
    }
    return {matter: states for matter, states in found.items() if states}


def _spell(found: Finding | Eligibility, end: date) -> Spell:
    said = _state(found) if isinstance(found, Finding) else _eligible(found)
    return found.start, min(found.end, end), said


def _eligible(span: Eligibility) -> VerdictState:
    words = "" if span.verdict in QUIET_VERDICTS else "; ".join(span.reasons)
    return VerdictState(span.verdict, span.holds_through, False, words)


def _state(finding: Finding) -> VerdictState:
    # what is met or does not apply is said in other words from time to time; what is breached names the breach
    message = "" if finding.verdict in ("met", "not_applicable") else finding.message
    return VerdictState(finding.verdict, finding.due_on, finding.quiet, message)


def _order(said: VerdictState) -> tuple[str, str, bool, str]:
    return said.verdict, str(said.due_on), said.quiet, said.message


def _joined(spells: list[Spell]) -> Iterator[Spell]:
    """Spells in order, joined where they touch: a change of case owner cuts a finding."""
    spells.sort(key=lambda spell: (_order(spell[2]), spell[0]))
    for said, group in groupby(spells, key=lambda spell: spell[2]):
        for start, until in merge_spans((first, end) for first, end, _ in group):
            yield start, until, said


def _stretches(states: Sequence[Sequence[Spell]]) -> Iterator[Stretch]:
    """Stretches of days on which the first and the last state differ, with the verdicts of each state."""
    cuts = sorted({day for spells in states for start, until, _ in spells for day in (start, until)})
    stretches = [(start, until, [_on(spells, start) for spells in states]) for start, until in pairwise(cuts)]
    for values, group in groupby(stretches, key=lambda stretch: stretch[2]):
        if values[0] != values[-1]:
            days = list(group)
            yield days[0][0], days[-1][1], values


def _on(spells: Sequence[Spell], day: date) -> tuple[VerdictState, ...]:
    return tuple(sorted((said for start, until, said in spells if start <= day < until), key=_order))


def _changed_by(row: RecordedEvent, said: tuple[VerdictState, ...]) -> ChangedBy:
    stored = row.position, row.originator_version, row.topic.partition("/")[0], row.recorded_at
    try:
        event = entry_of(row).event
    except CaretrailError:
        return ChangedBy(*stored, None, None, None, None, None, said)
    actor, target = event.actor, getattr(event, "target", None)
    return ChangedBy(*stored, target, event.occurred_on, actor.id, actor.role, actor.credential, said)
