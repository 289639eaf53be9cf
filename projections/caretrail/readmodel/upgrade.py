"""An upgrade of the read models: make and fill the builds of this release, then drop those of older ones."""

from __future__ import annotations

from caretrail.aliases import Progress
from caretrail.errors import StoreError
from caretrail.log.database import Database
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel import schema
from caretrail.readmodel.rebuild import Workers
from caretrail.readmodel.status import Status
from caretrail.readmodel.upkeep import catch_up


def make_builds(recorder: EventRecorder, progress: Progress | None = None, workers: Workers | None = None) -> Status:
    """Make the builds of this release, and fill them up to the end of the log. Raises StoreError."""
    return catch_up(recorder, progress=progress, workers=workers)


def old_versions(database: Database) -> list[int]:
    """The versions of builds older than those of this release; a newer release may be filling its own."""
    return sorted({build.version for build in schema.builds(database) if build.version < schema.VERSION})


def drop_old_builds(recorder: EventRecorder) -> list[int]:
    """Drop the builds of older releases; returns their versions.

    Raises StoreError if one of any release holds more of the log than those of this release: then nothing is dropped.
    """
    database = recorder.database
    ours = schema.read_state(database)
    versions = old_versions(database)
    ahead = max((build.position for build in schema.builds(database) if build.state == "live"), default=0)
    if ours is None or ours.position < ahead:
        raise StoreError(
            f"{recorder.store}: the read models of this release are not complete: nothing is dropped",
            "run 'caretrail projection catch-up', and then this again",
        )
    for version in versions:
        schema.drop_version(database, version)
    return versions
