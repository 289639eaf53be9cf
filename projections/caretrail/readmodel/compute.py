"""From an episode to its rows: pure, so live, rebuilt, known-at and in-memory answers cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import TYPE_CHECKING

from caretrail.days import FOREVER, merge_spans, next_day
from caretrail.episode.episode import Episode
from caretrail.episode.sealed import Sealed, unread
from caretrail.errors import CaretrailError, StoreDamaged
from caretrail.events import Admitted, EpisodeEvent, EventBase, ProgramEvent, SessionAttended, StoreEvent
from caretrail.findings import QUIET_VERDICTS, Eligibility, Finding, Ruling
from caretrail.findings.judge import judge
from caretrail.findings.program import stays_under_policy
from caretrail.log.entries import day_in, readable_entry, require_next, require_own
from caretrail.log.own_events import NO_VOIDS
from caretrail.log.records import case_number_in
from caretrail.named import maker
from caretrail.policy.own_rules import QUARANTINE_RULE
from caretrail.policy.rules.record import GroupCounted
from caretrail.readmodel.in_doubt import in_doubt
from caretrail.readmodel.pack_files import usable_policy
from caretrail.readmodel.packs import PolicyOf, digest_of
from caretrail.readmodel.placed import Group
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, Quarantined, Span, UnderPolicy
from caretrail.readmodel.spans import episode_spans
from caretrail.readmodel.worklist_groups import groups_of

if TYPE_CHECKING:
    from uuid import UUID

    from caretrail.episode.entry import Entry
    from caretrail.episode.history import Effective
    from caretrail.episode.stays import LevelStay
    from caretrail.log.own_events import VoidedPosition
    from caretrail.log.records import RecordedEvent
    from caretrail.policy import Policy


class Unreadable(Exception):  # a state, not an error of the caller
    """An event is of another episode, or others before it are missing: see `cause`."""

    def __init__(self, event: RecordedEvent, cause: Exception) -> None:
        self.code = _code(cause)
        super().__init__(self.code)
        self.event = event
        self.cause = cause


def evolve(
    namespace: UUID, episode: Episode, events: Iterable[RecordedEvent], voids: Mapping[int, VoidedPosition] = NO_VOIDS
) -> Episode:
    """Add recorded events to an episode of a store, each the next of its stream; raises Unreadable.

    What cannot be read is sealed: it keeps its place and its hash. `voids` are those by position.
    """
    for event in events:
        try:
            require_next(episode, event)
            entry = readable_entry(event, voids)  # what cannot be read must be known before anything is judged
            if entry.kind is not Sealed:
                require_own(namespace, episode.id, entry.event, entry.version)
        except Exception as error:
            raise Unreadable(event, error) from None
        episode.evolve(entry)
    return episode


def _code(error: Exception) -> str:
    return error.code if isinstance(error, CaretrailError) else type(error).__name__


def rows_of(episode: Episode, policies: PolicyOf = usable_policy) -> EpisodeRows | None:
    """Work out the rows of an episode; None for the own events of a program or of the store.

    `policies` give the policy by which an admission is judged. May raise what judging raises.
    """
    first = _first_readable(episode)
    if isinstance(first, ProgramEvent | StoreEvent):
        return None
    if not isinstance(first, EpisodeEvent):
        raise StoreDamaged("an access stands among the events", "run 'caretrail audit verify'")
    history = episode.history
    seen = episode.outline
    admission = seen.admitted.event if seen.admitted is not None else None
    policy = admission.policy if isinstance(admission, Admitted) else None
    judging = policies(policy)
    judged = judge(history, judging)
    problems: list[Finding] = []
    quiet: list[Finding] = []
    for finding in judged.findings:
        (quiet if finding.ruling.verdict in QUIET_VERDICTS else problems).append(finding)
    stays = stays_under_policy(history, judging) if judging is not None else []
    return EpisodeRows(
        stream=episode.id,
        episode=first.episode,
        client=seen.client,
        zone=seen.zone,
        policy=policy,
        first_day=history[0].day if history else first.occurred_on,
        admitted_on=seen.admitted.day if seen.admitted else None,
        ended_on=seen.discharged.day if seen.discharged else None,
        version=episode.version,
        position=episode.entries[-1].position,
        packs=digest_of(judging),
        findings=(*problems, *quiet),
        groups=groups_of(problems, judging),
        spans=episode_spans(history),
        eligibility=tuple(judged.eligibility),
        under_policy=_under_policy(stays, judging.versions[0].name, seen.zone) if judging else (),
        group_records=_group_records(history, stays, judging, seen.zone) if judging else (),
    )


def _under_policy(stays: Iterable[LevelStay], policy: str, zone: str | None) -> tuple[UnderPolicy, ...]:
    """Days of the stays that a policy judges; the day of a transfer belongs to the stay it ends, too."""
    found: dict[str, list[tuple[date, date]]] = {}
    for stay in stays:
        end = FOREVER if stay.last_day is None else next_day(stay.last_day)
        found.setdefault(stay.program, []).append((stay.first_day, end))
    return tuple(
        UnderPolicy(start, end, program, policy, zone)
        for program, days in sorted(found.items())
        for start, end in merge_spans(days)
    )


_group_record = maker(GroupRecord)


def _group_records(
    history: Iterable[Effective], stays: Sequence[LevelStay], policy: Policy, zone: str | None
) -> tuple[GroupRecord, ...]:
    """The group sessions attended in the stays that the policy judges, if it counts their charts."""
    if not stays or all(pack.rule(GroupCounted) is None for pack in policy.versions):
        return ()
    name = policy.versions[0].name
    found: list[GroupRecord] = []
    for item in history:
        event = item.event
        if not isinstance(event, SessionAttended) or event.group_session is None:
            continue
        day = event.occurred_on
        # a day shared by two stays belongs to the later
        programs = [one.program for one in stays if one.first_day <= day <= (one.last_day or FOREVER)]
        if programs and policy.on(day).rule(GroupCounted) is not None:
            record = (day, programs[-1], name, event.group_session, event.group_size, item.version, zone)
            found.append(_group_record(record))
    return tuple(found)


# --- an episode that cannot be read -------------------------------------------------------------------------------


def computed(
    namespace: UUID,
    episode: Episode,
    events: Sequence[RecordedEvent],
    policies: PolicyOf = usable_policy,
    voids: Mapping[int, VoidedPosition] = NO_VOIDS,
) -> EpisodeRows | None:
    """Fold the newer events into an episode and work out its rows; what cannot be read is quarantined, visibly.

    `policies` give the policy by which an admission is judged, `voids` what an operator has voided, by position.
    """
    try:
        rows = rows_of(evolve(namespace, episode, events, voids), policies)
        sealed = unread(episode.entries)
        if rows is not None and sealed:
            return in_doubt(rows, sealed)
        # of a program or the store: what cannot be read is shown by itself
        return _quarantined(episode, _row_of(sealed[0], events), sealed[0].event.code, events[-1]) if sealed else rows
    except Unreadable as problem:
        return _quarantined(episode, problem.event, problem.code, events[-1])
    except Exception as error:  # whatever one episode does to the rules must not stop the others
        if not events:
            raise
        sealed = unread(episode.entries)
        culprit = _row_of(sealed[0], events) if sealed else events[-1]
        return _quarantined(episode, culprit, sealed[0].event.code if sealed else _code(error), events[-1])


def _row_of(entry: Entry[Sealed], events: Sequence[RecordedEvent]) -> RecordedEvent:
    """The row of a sealed event, or the newest where only newer ones are at hand."""
    return next((event for event in events if event.originator_version == entry.version), events[-1])


def _first_readable(episode: Episode) -> EventBase:
    """The first event that can be read; raises StoreDamaged if none can."""
    for entry in episode.entries:
        if entry.kind is not Sealed:
            return entry.event
    raise StoreDamaged("no event of the episode can be read", "see 'caretrail projection quarantine'")


def _quarantined(episode: Episode, event: RecordedEvent, code: str, newest: RecordedEvent) -> EpisodeRows | None:
    name = _name(episode, event)
    stream = event.originator_id
    since = event.recorded_at.astimezone(UTC).isoformat()
    problem = Quarantined(stream, name, event.position, event.originator_version, code, since)
    first = min((entry.event.occurred_on for entry in episode.entries), default=day_in(event))
    client, zone, spans = _readable(episode, first)
    message = f"event {event.originator_version} cannot be read: nothing is judged"
    evidence = (event.originator_version,)
    arithmetic = f"the event at position {event.position} is in the way"
    ruling = Ruling("unknown", message, arithmetic, evidence, cause="quarantined")
    return EpisodeRows(
        stream=stream,
        episode=name or str(stream),
        client=client,
        zone=zone,
        first_day=first,
        version=newest.originator_version,
        position=newest.position,
        findings=(Finding(QUARANTINE_RULE, "", "record", first, None, False, False, ruling),),
        groups=(Group.DOCUMENTATION,),
        spans=spans,
        eligibility=(Eligibility(first, None, "unknown", reasons=(message,), evidence=evidence),),
        quarantined=problem,
    )


def _readable(episode: Episode, first: date) -> tuple[str | None, str | None, tuple[Span, ...]]:
    """Client, zone and last span, from the events before the unreadable one."""
    nobody = Span(first, None, None, None, None, "quarantined")
    try:
        spans = episode_spans(episode.history)
        last = (spans[-1] if spans else nobody)._replace(start=first, status="quarantined", until=None)
        return episode.outline.client, episode.outline.zone, (last,)
    except Exception:  # the history itself is what cannot be folded
        return None, None, (nobody,)


def _name(episode: Episode, event: RecordedEvent) -> str | None:
    for entry in episode.entries:
        if isinstance(entry.event, EpisodeEvent):
            return entry.event.episode
    return case_number_in(event.state)
