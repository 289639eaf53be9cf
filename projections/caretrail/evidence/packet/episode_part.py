"""One episode in a packet: its events, findings and eligibility, and the page to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from caretrail.aliases import Json
from caretrail.days import today_in
from caretrail.episode.sealed import unread
from caretrail.errors import UnknownEpisode
from caretrail.evidence.packet.event_lines import event_lines, json_bytes
from caretrail.evidence.packet.page.event_table import table_lines
from caretrail.evidence.packet.page.page import timeline_page
from caretrail.evidence.packet.redaction import OtherClients, Shown, shown_events
from caretrail.evidence.packet.terms import STATEMENT_2, PacketContext, PacketRefused
from caretrail.findings import finding_values
from caretrail.log.leaf import leaf_hash
from caretrail.log.own_events import pack_content
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent
from caretrail.plain import as_json
from caretrail.reading.episode_view import EpisodeView, view_of
from caretrail.reading.picks import findings_of
from caretrail.reading.query import Filters, Query, Selection
from caretrail.reading.questions.eligibility import eligibility_row
from caretrail.reading.questions.findings import finding_row
from caretrail.reading.questions.reviews import reviews_of
from caretrail.reading.questions.sheet import sheet_of
from caretrail.reading.questions.timeline import timeline_of
from caretrail.reading.shown_then import ShownThen, shown_then
from caretrail.readmodel.packs import PolicyChange, changes_of, policies_known, recorded_packs
from caretrail.readmodel.schema import existing_state

NOT_LISTED = {"json": False}


@dataclass(frozen=True, slots=True)
class EpisodePart:
    """An episode in the manifest: client, folder of its files, and how many events are shown.

    `positions` are those of its events, `packs` the contents of the rules that judge it, and of
    those that judged it before, by the name of the file without its ending.
    """

    folder: str
    client: str | None
    episode: str
    stream: str
    events: int
    as_of: date
    shown_in_part: int
    withheld: int
    positions: tuple[int, ...] = field(metadata=NOT_LISTED)
    packs: Mapping[str, bytes] = field(metadata=NOT_LISTED)


def episode_part(
    recorder: EventRecorder, stream: UUID, name: str, context: PacketContext
) -> tuple[EpisodePart, dict[str, bytes]]:
    """Make the files of one episode, by their paths below its folder.

    Raises UnknownEpisode, StoreDamaged, or PacketRefused for what cannot be shown without showing somebody else.
    """
    recorded = recorder.select_streams({stream: 0})[stream]
    rows = [row for row in recorded if row.position <= context.checkpoint.size]
    if not rows:
        raise UnknownEpisode("no episode of that number is in the log of the checkpoint")
    stored = existing_state(recorder.database)
    today = view_of(recorder, name, rows=stored)
    client = today.rows.client
    others = OtherClients(today.entries, today.episode.amendments, client)
    _check(today, others, context.known_at)
    known = (
        today if recorded[-1].position <= context.known_at else view_of(recorder, name, context.known_at, rows=stored)
    )
    day = context.request.as_of or today_in(known.rows.zone, context.now)
    shown = shown_events(rows, today.entries, others, with_text=context.request.with_text)
    part = EpisodePart(
        folder=f"client-{client or 'not-stated'}/episode-{name}",
        client=client,
        episode=name,
        stream=stream.hex,
        events=len(rows),
        as_of=day,
        shown_in_part=sum(item.stated is not None for item in shown.values()),
        withheld=sum(item.withheld is not None for item in shown.values()),
        positions=tuple(row.position for row in rows),
        packs=_packs(recorder, known, context.known_at),
    )
    then = _shown_then(known, others, day, changes_of(recorder, known.rows.policy, context.known_at))
    html = _page(known, rows, shown, others, context, day, then)
    return part, {
        "events.jsonl": event_lines(rows, shown, client=client, episode=name),
        "findings.json": json_bytes(others.scrubbed(_findings(known, day, context.now))),
        "eligibility.json": json_bytes(others.scrubbed(_eligibility(known, day))),
        "shown-then.json": json_bytes(others.scrubbed(as_json({"notice": STATEMENT_2, "as_of": day, "shown": then}))),
        "timeline.html": others.scrubbed_page(html).encode(),
    }


def _check(today: EpisodeView, others: OtherClients, known_at: int) -> None:
    """Refuse what would show another client: a name that holds an id, a day on which their events still counted."""
    if others.named_in(today.name):
        raise PacketRefused("the case number of an episode holds an id that must not be shown")
    voided = today.episode.amendments.voided_by
    for version in others.versions:
        void = today.entries[voided.get(version, version) - 1]
        if today.entries[version - 1].position <= known_at < void.position:
            raise PacketRefused(
                f"what was known at position {known_at} rests on events of another client, voided later",
                f"ask for --known-at @{void.position} or later",
            )


def _findings(view: EpisodeView, day: date, now: datetime) -> Json:
    everything = Selection(now, Query(day), Filters(closed=True, all_verdicts=True))
    rows = [finding_row(one, day, view.citation(one.finding)) for one in findings_of(view.rows, everything)]
    rows.sort(key=lambda row: (row.rule, row.start, row.subject))
    over_time = [{**finding_values(finding), "citation": view.citation(finding)} for finding in view.findings]
    found: Json = as_json(
        {
            "notice": STATEMENT_2,
            "as_of": day,
            "on_the_day": rows,
            "reviews_due": reviews_of(view, day),
            "over_time": over_time,
        }
    )
    return found


def _packs(recorder: EventRecorder, known: EpisodeView, position: int) -> dict[str, bytes]:
    """The contents of the packs that judge an episode, and, by name and position, of those they took the place of."""
    policies = policies_known(recorder, position)
    names = [pack.name for pack in known.packs]
    found = {name: policies.source(name) for name in names}
    for content in recorded_packs(recorder):
        judging = policies.contents.get(content.name)
        if content.name in names and judging is not None and content.position < judging.position:
            found[f"{content.name}@{content.position}"] = pack_content(recorder, content)
    return found


def _shown_then(view: EpisodeView, others: OtherClients, day: date, changes: Sequence[PolicyChange]) -> list[ShownThen]:
    """What was shown at the time; nothing of one when an event of another client counted, or one could not be read."""
    voided = view.episode.amendments.voided_by

    sealed = unread(view.entries)

    def left_out(known: int) -> bool:
        if sealed and known >= sealed[0].version:  # from then on nothing was certain
            return True
        return any(version <= known < voided.get(version, known + 1) for version in others.versions)

    if view.policy is None:
        return []
    return shown_then(view.entries, view.rows.zone, view.policy, day, left_out, changes)


def _eligibility(view: EpisodeView, day: date) -> Json:
    on_the_day = eligibility_row(view.rows, day)
    found: Json = as_json({"notice": STATEMENT_2, "on_the_day": on_the_day, "over_time": view.eligibility})
    return found


def _page(
    view: EpisodeView,
    rows: Sequence[RecordedEvent],
    shown: Mapping[int, Shown],
    others: OtherClients,
    context: PacketContext,
    day: date,
    then: Sequence[ShownThen],
) -> str:
    sheet = sheet_of(view, day, context.now)
    own = tuple(session for session in sheet.sessions if session.version not in others.versions)
    content = {row.originator_version: shown[row.originator_version].content_of(row) for row in rows}
    left_out = {version: item.left_out for version, item in shown.items()}
    leaves = {row.originator_version: leaf_hash(row).hex() for row in rows}
    lines = table_lines(timeline_of(view, None, "recorded"), content, leaves, left_out)
    return timeline_page(view, replace(sheet, sessions=own), lines, context, [one for one in then if one.differs])
