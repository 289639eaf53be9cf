"""The two jobs of a rebuild: split one stretch of the log into a spill file, and make the rows of one part.

A job is done in one process, alone, whatever became of the others. Each may be done again: a file replaces the one of
before, and a part that is written stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from caretrail.episode.episode import Episode
from caretrail.log.leaf import event_of
from caretrail.log.own_events import voids_in
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent
from caretrail.readmodel.compute import computed
from caretrail.readmodel.packs import policies_of
from caretrail.readmodel.rebuild.filling import add_part
from caretrail.readmodel.rebuild.folder import Manifest
from caretrail.readmodel.rebuild.spill import read_part, write_stretch
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import State

_IN_STREAMS = itemgetter(1, 2)
_STREAM = itemgetter(1)


class Site(NamedTuple):
    """Where jobs are done: a recorder of this process, the folder, what for, and a lock to be held while writing."""

    recorder: EventRecorder
    folder: Path
    manifest: Manifest
    writing: AbstractContextManager[object]


Job = Callable[[Site, int], int]
"""Does the job of a number, and returns how many events it was about."""


def split_stretch(site: Site, number: int) -> int:
    """Split a stretch of the log."""
    split = site.manifest.split
    after, upto = split.bounds(number)
    rows = [row for row in site.recorder.read_columns(after, upto - after) if row[0] <= upto]
    write_stretch(site.folder, split, number, rows)
    return upto - after


def make_part(site: Site, part: int) -> int:
    """Fold the episodes of a part, and write their rows."""
    rows = [row for found in read_part(site.folder, site.manifest.split, part) for row in found]
    rows.sort(key=_IN_STREAMS)
    by_stream = ((UUID(bytes=stream), list(map(event_of, found))) for stream, found in groupby(rows, key=_STREAM))
    episodes = _folded(site.recorder, site.manifest.state.position, by_stream)
    add_part(site.recorder, site.manifest.state, part, len(rows), episodes, site.writing)
    return len(rows)


def make_page(recorder: EventRecorder, state: State, page: int, streams: Sequence[UUID]) -> int:
    """Make a page of streams, read by themselves, as a part; returns how many events they have."""
    read = {
        stream: [one for one in found if one.position <= state.position]
        for stream, found in recorder.select_streams(dict.fromkeys(streams, 0)).items()
    }
    events = sum(map(len, read.values()))
    add_part(recorder, state, page, events, _folded(recorder, state.position, read.items()))
    return events


def _folded(
    recorder: EventRecorder, upto: int, streams: Iterable[tuple[UUID, Sequence[RecordedEvent]]]
) -> list[EpisodeRows]:
    """The rows of these streams; those of a program or of the store have none."""
    policies, voids, space = policies_of(recorder), voids_in(recorder, upto), recorder.namespace
    made = (computed(space, Episode(stream), events, policies, voids) for stream, events in streams if events)
    return [episode for episode in made if episode is not None]
