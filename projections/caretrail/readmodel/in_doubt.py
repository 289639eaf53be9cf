"""Episodes with events that cannot be read: what the others say is told, and nothing of it is certain.

Such an event may be of any kind and day: an admission, a correction, a void. So every verdict could change, and none is
given; but each finding keeps its place in the worklist, and its words say what it would be without the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from caretrail.findings import Eligibility, Finding, Ruling
from caretrail.policy.own_rules import QUARANTINE_RULE
from caretrail.readmodel.placed import Group
from caretrail.readmodel.rows import EpisodeRows, Quarantined, Span

if TYPE_CHECKING:
    from caretrail.episode.entry import Entry
    from caretrail.episode.sealed import Sealed

CAUSE = "unreadable_event"


def in_doubt(rows: EpisodeRows, sealed: Sequence[Entry[Sealed]]) -> EpisodeRows:
    """The rows of an episode, worked out without the sealed events, as far as they can be told with them."""
    first, day = sealed[0], rows.first_day
    versions = tuple(entry.version for entry in sealed)
    noun = "event" if len(versions) == 1 else "events"
    message = f"{noun} {', '.join(map(str, versions))} cannot be read"
    without = "without it" if len(versions) == 1 else "without them"
    way = f"the event at position {first.position} is in the way"
    ruling = Ruling("unknown", f"{message}: nothing is certain", way, versions, cause="quarantined")
    own = Finding(QUARANTINE_RULE, "", "record", day, None, False, False, ruling)
    quiet = len(rows.findings) - len(rows.groups)
    since = first.recorded_at.astimezone(UTC).isoformat()
    return replace(
        rows,
        findings=(own, *(_doubted(finding, f"{message}; {without}", versions) for finding in rows.findings)),
        groups=(Group.DOCUMENTATION, *map(_loud, rows.groups), *[Group.DOCUMENTATION] * quiet),
        spans=(_open(rows),),
        ended_on=None,  # it may have been the void of the discharge
        eligibility=(Eligibility(day, None, "unknown", reasons=(message,), evidence=versions),),
        quarantined=Quarantined(rows.stream, rows.episode, first.position, first.version, first.event.code, since),
    )


def _open(rows: EpisodeRows) -> Span:
    """One span without an end, in the hands of whoever had the episode last."""
    last = rows.spans[-1] if rows.spans else Span(rows.first_day, None, None, None, None, "quarantined")
    return last._replace(start=rows.first_day, status="quarantined", until=None)


def _doubted(finding: Finding, words: str, versions: tuple[int, ...]) -> Finding:
    said = finding.ruling
    words += f": {finding.verdict.replace('_', ' ')}{f', {said.message}' if said.message else ''}"
    evidence = tuple(sorted({*said.evidence, *versions}))
    ruling = said._replace(verdict="unknown", message=words, evidence=evidence, cause=CAUSE, doubt=None)
    return finding._replace(quiet=False, ruling=ruling)


def _loud(group: Group | None) -> Group:
    if group is Group.NOW or group is Group.THIS_WEEK:
        return group
    return Group.DOCUMENTATION
