"""A rebuild from its beginning, or from where one was killed, to the moment at which readers see its rows.

1. Take over the build that nobody reads. A rebuild that was killed left a manifest: with the same build, packs and
   program, it goes on; else it starts over.
2. Split the log, stretch by stretch, into spill files; make the rows of each part. Each is done alone, over all cores.
3. Compare what was written with the log, catch up with what was recorded meanwhile, and move the readers over.

A small log is folded page by page in this process, and starts over.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from caretrail.aliases import Progress
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.folded import log_streams
from caretrail.readmodel.group_sessions import refresh_groups
from caretrail.readmodel.programs import refresh
from caretrail.readmodel.rebuild.complete import Incomplete, require_complete
from caretrail.readmodel.rebuild.filling import begin, fenced, go_live, parts_done
from caretrail.readmodel.rebuild.folder import (
    Manifest,
    forget,
    manifest_of,
    private_folder,
    resumable,
    write_manifest,
)
from caretrail.readmodel.rebuild.jobs import make_page, make_part, split_stretch
from caretrail.readmodel.rebuild.spill import Split, stretches_written
from caretrail.readmodel.rebuild.workers import Workers, crew
from caretrail.readmodel.schema import State, create_tables
from caretrail.readmodel.status import Status, status


class Sizes(NamedTuple):
    """Sizes in events: of a small log, of a stretch of the log, of a part; the latter two bound a worker's memory."""

    small: int = 20_000
    stretch: int = 32_768
    part: int = 8_192


SIZES = Sizes()

SPLITTING = 0.05
"""The share of splitting in the work."""


def rebuild(
    recorder: EventRecorder,
    progress: Progress | None = None,
    *,
    workers: Workers | None = None,
    sizes: Sizes = SIZES,
) -> Status:
    """Make all rows again while reads and appends go on; progress counts events.

    Raises StoreError if another rebuild takes over or is under way, or if a worker fails; run again, it goes on.
    """
    create_tables(recorder.database)
    if recorder.max_position() < sizes.small:
        state = begin(recorder)
        _fill_by_pages(recorder, state, progress)
        _finish(recorder, state)
        return status(recorder)
    with private_folder(recorder) as folder:
        manifest = resumable(recorder, folder) or _begin(recorder, folder, sizes)
        _fill_by_parts(recorder, folder, manifest, workers, progress)
        try:
            _finish(recorder, manifest.state)
        except Incomplete:
            forget(folder)
            raise
        forget(folder)
    return status(recorder)


def _begin(recorder: EventRecorder, folder: Path, sizes: Sizes) -> Manifest:
    forget(folder)
    state = begin(recorder)
    parts = max(1, state.position // sizes.part)
    manifest = manifest_of(recorder, state, Split(state.position, sizes.stretch, parts))
    write_manifest(folder, manifest)
    return manifest


def _fill_by_pages(recorder: EventRecorder, state: State, progress: Progress | None) -> None:
    done = 0
    for page, streams in enumerate(log_streams(recorder)):
        done += make_page(recorder, state, page, streams)
        if progress is not None:
            progress(min(done, state.position), state.position)


def _fill_by_parts(
    recorder: EventRecorder, folder: Path, manifest: Manifest, workers: Workers | None, progress: Progress | None
) -> None:
    """Split the log and make the parts, but for what is done already."""
    split = manifest.split
    parts = sorted(set(range(split.parts)) - parts_done(recorder.database, manifest.state))
    if not parts:
        return
    stretches = sorted({*split.stretches} - stretches_written(folder))
    done = split.position * (SPLITTING * (1 - len(stretches) / len(split.stretches)))
    done += split.position * ((1 - SPLITTING) * (1 - len(parts) / split.parts))
    with crew(recorder, folder, manifest, workers) as does:
        for job, numbers, share in ((split_stretch, stretches, SPLITTING), (make_part, parts, 1 - SPLITTING)):
            for events in does(job, numbers):
                done += events * share
                if progress is not None:
                    progress(min(int(done), split.position), split.position)


def _finish(recorder: EventRecorder, state: State) -> None:
    """Compare the rows with the log, add what several episodes make together, and move the readers over."""
    require_complete(recorder, state)
    with fenced(recorder.database, state):
        refresh(recorder, state.build, state.position)
        refresh_groups(recorder, state.build)
    go_live(recorder, state)
