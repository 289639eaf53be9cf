"""One episode in full: events as recorded, history as amended, and the rows computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import choice
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.episode.entry import Entry
from caretrail.episode.episode import Episode
from caretrail.episode.history import Effective
from caretrail.episode.sealed import unread
from caretrail.errors import HiddenEvents, StoreDamaged, StoreError, UnknownName
from caretrail.findings import Eligibility, Finding
from caretrail.ledger.tiles import is_as_kept
from caretrail.log.entries import entry_of, require_own
from caretrail.log.own_events import voids_in
from caretrail.log.records import episode_stream
from caretrail.policy import Pack, Policy
from caretrail.readmodel.compute import Unreadable, computed, evolve
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.packs import PolicyOf, policies_known, policies_of
from caretrail.readmodel.rows import EpisodeRows, Span
from caretrail.readmodel.schema import State, statements

if TYPE_CHECKING:
    from caretrail.log.database import Database
    from caretrail.log.recorder import EventRecorder
    from caretrail.log.records import RecordedEvent


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """An episode as known at some position of the log; `policy` is None where none judges it."""

    episode: Episode
    rows: EpisodeRows
    policy: Policy | None

    @property
    def name(self) -> str:
        """The case number."""
        return self.rows.episode

    @property
    def version(self) -> int:
        """How many events are recorded: what an event that rests on this view names as its `expected_version`."""
        return self.episode.version

    @property
    def entries(self) -> list[Entry]:
        """The events as recorded, by version."""
        return self.episode.entries

    @property
    def history(self) -> list[Effective]:
        """The events as they count, in clinical order."""
        return self.episode.history

    @property
    def findings(self) -> list[Finding]:
        """All findings over time, met and not_applicable included."""
        return sorted(self.rows.findings, key=lambda one: (one.start, one.rule, one.subject))

    def citation(self, finding: Finding) -> str:
        """The citation of a finding's rule in its source; empty for a rule of no pack."""
        found = [pack.rules.get(finding.rule) for pack in self.packs if pack.name == finding.pack]
        return next((rule.citation for rule in found if rule is not None), "")

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The versions of the policy, oldest first."""
        return self.policy.versions if self.policy else ()

    @property
    def eligibility(self) -> tuple[Eligibility, ...]:
        """Eligibility for continued stay, by spans of days."""
        return self.rows.eligibility

    @property
    def spans(self) -> tuple[Span, ...]:
        """Program, level, clinician and status, by spans of days."""
        return self.rows.spans


def view_of(
    recorder: EventRecorder,
    name: str,
    known_at: int | None = None,
    policies: PolicyOf | None = None,
    *,
    rows: State | None,
) -> EpisodeView:
    """Read an episode from the log, up to a position, judged by `policies`, by default those known then.

    The log must show all that the stored `rows` hold: the end of a stream has no gap to tell what is hidden behind it.
    Each read holds one event, drawn by chance, against the tiles of the ledger. Raises UnknownName; HiddenEvents;
    StoreDamaged if its events cannot be put together. One that cannot be read is sealed, and nothing is certain.
    """
    stream = episode_stream(recorder.namespace, name)
    recorded = recorder.select_streams({stream: 0}).get(stream, [])
    require_all(recorder.database, rows, stream, len(recorded))
    events = recorded if known_at is None else [event for event in recorded if event.position <= known_at]
    if events:  # one of them, another each time: all would cost more than the answer in a long log
        drawn = choice(events)  # noqa: S311  # nothing is secret about which
        if not is_as_kept(recorder, drawn):
            raise HiddenEvents.altered(drawn.originator_version)
    if recorded and not events:  # those of another episode may be all later
        _require_first(recorder.namespace, stream, recorded[0])
    if not events:
        raise UnknownName.of_episode()
    policies = policies or (policies_of(recorder) if known_at is None else policies_known(recorder, known_at))
    episode = Episode(stream)
    hint = "see 'caretrail projection quarantine' for the event in the way"
    try:
        upto = recorder.max_position() if known_at is None else known_at
        evolve(recorder.namespace, episode, events, voids_in(recorder, upto))
    except Unreadable as problem:
        if isinstance(problem.cause, HiddenEvents):
            raise problem.cause from None
        raise StoreDamaged(f"event {problem.event.originator_version} of the episode cannot be read", hint) from None
    try:
        made = computed(recorder.namespace, episode, [], policies)
    except Exception:  # whatever the events of a damaged episode do to the rules
        made = None
    if made is None or (made.quarantined is not None and not unread(episode.entries)):
        raise StoreDamaged("the events of the episode cannot be put together", hint) from None
    return EpisodeView(episode, made, policies(made.policy))


def require_all(database: Database, rows: State | None, stream: UUID, version: int) -> None:
    """Refuse an episode that ends at a version while its stored rows hold more. Raises HiddenEvents."""
    if rows is None:
        return
    for (held,) in database.query(
        statements(rows.build, "caretrail.reading", "queries.sql")["version_of"], {"stream": stream}
    ):
        if held > version:
            raise HiddenEvents.missing_after(version, held)


def _require_first(namespace: UUID, stream: UUID, row: RecordedEvent) -> None:
    try:
        event = entry_of(row).event
    except StoreError:
        return
    require_own(namespace, stream, event, row.originator_version)


def computed_row(
    recorder: EventRecorder, name: str, upto: int, policies: PolicyOf, *, held_by: State | None
) -> EpisodeRows | None:
    """Work out the rows of one episode, whose events must be as many as stored rows hold.

    None if the log has none of it up to the position. Raises HiddenEvents.
    """
    stream = episode_stream(recorder.namespace, name)
    newest = recorder.select_events(stream, desc=True, limit=1)
    require_all(recorder.database, held_by, stream, newest[0].originator_version if newest else 0)
    return computed_rows(recorder, [stream], upto, policies)[stream] if newest else None


def computed_rows(
    recorder: EventRecorder, streams: Sequence[UUID], upto: int, policies: PolicyOf
) -> Mapping[UUID, EpisodeRows | None]:
    """Fold episodes from the log up to a position and work out their rows; None for what is no episode, or not yet.

    `policies` give the policy by which an admission is judged.
    """
    found: dict[UUID, EpisodeRows | None] = dict.fromkeys(streams)
    for rows in FoldedEpisodes(recorder, cached_events=0, policies=policies).compute(streams, upto):
        found[rows.stream] = rows
    return found
