"""The part of a packet that is of one episode: its facts, what the rules say of it, and the page to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from caretrail.days import today_in
from caretrail.errors import UnknownEpisode
from caretrail.evidence.packet import page
from caretrail.evidence.packet.event_lines import fact_lines, json_bytes
from caretrail.evidence.packet.notice import STATEMENT_1, STATEMENT_2
from caretrail.evidence.packet.others import Others
from caretrail.evidence.packet.redaction import Shown, shown_facts
from caretrail.evidence.packet.terms import PacketRefused, Terms
from caretrail.findings import Finding, finding_values
from caretrail.ledger.checkpoint import Checkpoint
from caretrail.reading.answers import plain
from caretrail.reading.episode_view import EpisodeView, view_of
from caretrail.reading.questions.sheet import sheet_of
from caretrail.reading.questions.timeline import timeline_of
from caretrail.reading.reader import eligibility_row
from caretrail.reading.scope import Scope, finding_row, findings_of
from caretrail.recording.events import RecordedEvent
from caretrail.recording.leaf import leaf_hash
from caretrail.recording.recorder import EventRecorder

File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class EpisodePart:
    """What the manifest says of an episode: whose it is, where it lies, how much of it is proven."""

    folder: str
    client: str | None
    episode: str
    stream: str
    facts: int
    as_of: date
    positions: tuple[int, ...]
    packs: tuple[str, ...]
    in_part: int
    withheld: int

    def elsewhere(self, folder: str) -> EpisodePart:
        """The same in another folder."""
        return replace(self, folder=folder)

    def as_json(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {
            "folder": self.folder,
            "client": self.client,
            "episode": self.episode,
            "stream": self.stream,
            "facts": self.facts,
            "as_of": self.as_of.isoformat(),
            "shown_in_part": self.in_part,
            "withheld": self.withheld,
        }


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a packet is made for and what it stands on: terms, checkpoint and its note, the instant, what is asked for.

    `as_of` None is today where the program is; `known_at` None is the checkpoint; `mark` is a word on what it is not.
    """

    terms: Terms
    stand: Checkpoint
    note: str
    now: datetime
    as_of: date | None = None
    known_at: int | None = None
    with_text: bool = False
    mark: str = ""

    @property
    def position(self) -> int:
        """The position up to which anything was known."""
        return self.stand.size if self.known_at is None else self.known_at


def episode_part(
    recorder: EventRecorder, stream: UUID, name: str, occasion: Occasion
) -> tuple[EpisodePart, list[File]]:
    """Make the files of one episode, with paths below its folder.

    Raises UnknownEpisode, StoreDamaged, or PacketRefused for what cannot be shown without showing somebody else.
    """
    recorded = recorder.select_streams({stream: 0})[stream]
    events = [event for event in recorded if event.position <= occasion.stand.size]
    if not events:
        raise UnknownEpisode("no episode of that number is in the log of the checkpoint")
    today = view_of(recorder, name)
    others = Others(today.entries, today.episode.amendments, today.rows.client)
    _check(today, others, occasion.position)
    known = today if recorded[-1].position <= occasion.position else view_of(recorder, name, occasion.position)
    day = occasion.as_of or today_in(known.rows.zone, occasion.now)
    shown = shown_facts(events, today.entries, others, with_text=occasion.with_text)
    client = today.rows.client
    part = EpisodePart(
        folder=f"client-{client or 'not-stated'}/episode-{name}",
        client=client,
        episode=name,
        stream=stream.hex,
        facts=len(events),
        as_of=day,
        positions=tuple(event.position for event in events),
        packs=_packs(known),
        in_part=sum(item.stated is not None for item in shown.values()),
        withheld=sum(item.withheld is not None for item in shown.values()),
    )
    html = _page(known, events, shown, others, occasion, day)
    files = [
        ("facts.jsonl", fact_lines(events, shown, client=client, episode=name)),
        ("findings.json", json_bytes(others.scrubbed(_findings(known, day, occasion.now)))),
        ("eligibility.json", json_bytes(others.scrubbed(_eligibility(known, day)))),
        ("timeline.html", others.scrubbed_page(html).encode()),
    ]
    return part, files


def _check(today: EpisodeView, others: Others, known_at: int) -> None:
    """Refuse what would show another client: a name that holds an id, a day on which their facts still counted."""
    if others.named_in(today.name):
        raise PacketRefused("the case number of an episode holds an id that must not be shown")
    voided = today.episode.amendments.voided_by
    for version in others.facts:
        void = today.entries[voided.get(version, version) - 1]
        if today.entries[version - 1].position <= known_at < void.position:
            raise PacketRefused(
                f"what was known at position {known_at} rests on facts of another client, voided later",
                f"ask for --known-at @{void.position} or later",
            )


def _packs(view: EpisodeView) -> tuple[str, ...]:
    """The versions of the rules that judge the episode."""
    return tuple(pack.name for pack in view.policy.versions) if view.policy is not None else ()


def _findings(view: EpisodeView, day: date, now: datetime) -> dict[str, Any]:
    scope = Scope(now, day, closed=True, all_verdicts=True)
    placed = findings_of(view.rows, scope)
    told = (finding_row(one, day, view.citation(one.finding)) for one in placed)
    rows = sorted(told, key=lambda row: (row.rule, row.start, row.subject))
    return {
        "notice": STATEMENT_2,
        "as_of": day.isoformat(),
        "on_the_day": [row.as_json() for row in rows],
        "over_time": [_over_time(finding, view.citation(finding)) for finding in view.findings],
    }


def _over_time(finding: Finding, citation: str) -> dict[str, Any]:
    values = {**finding_values(finding), "citation": citation}
    return {"from" if name == "start" else name: plain(value) for name, value in values.items()}


def _eligibility(view: EpisodeView, day: date) -> dict[str, Any]:
    return {
        "notice": STATEMENT_2,
        "on_the_day": eligibility_row(view.rows, day).as_json(),
        "over_time": [
            {"from" if name == "start" else name: plain(value) for name, value in span._asdict().items()}
            for span in view.eligibility
        ],
    }


def _page(
    view: EpisodeView,
    events: Sequence[RecordedEvent],
    shown: Mapping[int, Shown],
    others: Others,
    occasion: Occasion,
    day: date,
) -> str:
    facts = {event.originator_version: _fact(event, shown[event.originator_version]) for event in events}
    left_out = {version: item.left_out for version, item in shown.items()}
    leaves = {event.originator_version: leaf_hash(event).hex() for event in events}
    sheet = sheet_of(view, day, occasion.now)
    own = tuple(session for session in sheet.sessions if session.version not in others.facts)
    terms, stand = occasion.terms, occasion.stand
    return page.timeline_page(
        view,
        replace(sheet, sessions=own),
        page.fact_lines(timeline_of(view, None, "recorded"), facts, leaves, left_out),
        page.Disclosure(terms.recipient, terms.purpose, terms.basis, terms.ground, STATEMENT_1, STATEMENT_2),
        page.Known(occasion.position, view.entries[-1].recorded_at),
        page.Checkpoint(stand.origin, stand.size, stand.root.hex(), occasion.now, occasion.note),
        with_text=occasion.with_text,
        mark=occasion.mark,
    )


def _fact(event: RecordedEvent, shown: Shown) -> dict[str, Any] | None:
    """As much of a fact as may be shown; None where it is withheld."""
    return json.loads(event.state) if shown.whole else shown.stated
