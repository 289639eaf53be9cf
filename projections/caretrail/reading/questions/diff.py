"""The diff: which verdicts changed between two moments of knowledge, and which events changed each.

Every episode with an event between the two is folded as known at both. Where the verdicts differ, the events between
are replayed one by one: an event is named exactly if the verdicts before and after it differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import ClassVar, NamedTuple
from uuid import UUID

from caretrail.days import ONE_DAY, merge_spans, next_day
from caretrail.episode.episode import Episode
from caretrail.errors import CaretrailError, UnknownName
from caretrail.findings import QUIET_VERDICTS, Finding
from caretrail.log.entries import entry_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent, episode_stream
from caretrail.reading.query import NO_FILTERS, Filters, Query
from caretrail.reading.question import Question
from caretrail.reading.snapshot import Snapshot, position_of
from caretrail.readmodel.compute import computed
from caretrail.readmodel.rows import EpisodeRows

ELIGIBILITY = "eligibility"
"""The rule name of changes in eligibility for continued stay."""


class Matter(NamedTuple):
    """A rule and its subject, or eligibility."""

    rule: str
    subject: str


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
    episodes: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Diff(Question[Compared]):
    """Which verdicts of the days up to one changed between two moments of knowledge, and which events changed each.

    The later moment is the query's `known_at`; both are a position or an aware instant. `filters` may name programs in
    which an episode is, or was thought to be. Raises UnknownName if the episode named is not known at the later.
    """

    name: ClassVar[str] = "diff"
    before: int | datetime
    query: Query
    filters: Filters = NO_FILTERS
    episode: str | None = None

    def answer(self, snapshot: Snapshot) -> Compared:
        """Compare the verdicts up to the day of the query (default: today), without findings of programs."""
        recorder, after = snapshot.recorder, snapshot.position
        before = position_of(recorder, self.before)
        streams = _streams(recorder, before, after, self.episode)
        changes: list[Change] = []
        compared = 0
        for stream, events in snapshot.recorded(streams):
            replay = Replay(stream, events, before)
            if replay.last is not None and _within(replay, self.filters.programs):
                compared += 1
                changes += changes_of(replay, snapshot.day(self.query, replay.last.zone))
        changes.sort(key=lambda change: (change.episode, change.start, change.rule, change.subject))
        return Compared(before, after, compared, tuple(changes))

    def shows(self, value: Compared) -> Iterable[str]:
        """The episode named, and every one with a change."""
        return (*self.about(), *(change.episode for change in value.changes))

    def about(self) -> Iterable[str]:
        """The episode named."""
        return () if self.episode is None else (self.episode,)


def _streams(recorder: EventRecorder, before: int, after: int, episode: str | None) -> list[UUID]:
    touched = list(recorder.touched(before, after))
    if episode is None:
        return touched
    named = episode_stream(recorder.namespace, episode)
    if not any(event.position <= after for event in recorder.select_events(named, limit=1)):
        raise UnknownName.of_episode()
    return [stream for stream in touched if stream == named]


def _within(replay: Replay, programs: AbstractSet[str]) -> bool:
    """Whether the episode is, or was thought to be, in one of the programs at any time."""
    known = [rows for rows in (replay.first, replay.last) if rows is not None]
    return not programs or any(span.program in programs for rows in known for span in rows.spans)


class Replay:
    """One episode as it was known at a position and after each event that was recorded later."""

    def __init__(self, stream: UUID, events: Sequence[RecordedEvent], before: int) -> None:
        self._stream = stream
        self._known = [event for event in events if event.position <= before]
        self.events = [event for event in events if event.position > before]
        self.first = self._rows(self._known)
        self.last = self._rows(events) if self.events else self.first

    def states(self) -> Iterator[EpisodeRows | None]:
        """The rows at first and after each of the later events, in their order."""
        yield self.first
        episode = Episode(self._stream)
        if self._known:
            computed(episode, self._known)
        for place, event in enumerate(self.events):
            if episode.version == event.originator_version - 1 and place < len(self.events) - 1:
                yield computed(episode, [event])
            else:  # an event before it cannot be read, or it is the last one
                yield self._rows([*self._known, *self.events[: place + 1]])

    def _rows(self, events: Sequence[RecordedEvent]) -> EpisodeRows | None:
        return computed(Episode(self._stream), events) if events else None


def changes_of(replay: Replay, day: date) -> list[Change]:
    """The changes in one episode up to a day, with the events that made them."""
    first, last = states_of(replay.first, day), states_of(replay.last, day)
    matters = [matter for matter in dict.fromkeys((*first, *last)) if first.get(matter) != last.get(matter)]
    if not matters or replay.last is None:
        return []
    states = [states_of(rows, day) for rows in replay.states()]
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


def states_of(rows: EpisodeRows | None, day: date) -> dict[Matter, tuple[Spell, ...]]:
    """All verdicts on an episode up to a day."""
    found: dict[Matter, list[Spell]] = {}
    if rows is None:
        return {}
    end = next_day(day)
    for finding in rows.findings:
        if finding.start < end:
            spell = (finding.start, min(finding.end, end), _state(finding))
            found.setdefault(Matter(finding.rule, finding.subject), []).append(spell)
    for span in rows.eligibility:
        if span.start < end:
            words = "" if span.verdict in QUIET_VERDICTS else "; ".join(span.reasons)
            said = VerdictState(span.verdict, span.holds_through, False, words)
            found.setdefault(Matter(ELIGIBILITY, ""), []).append((span.start, min(span.end, end), said))
    return {matter: tuple(_joined(spells)) for matter, spells in found.items()}


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
