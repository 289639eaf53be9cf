"""Recording an archive of accesses: an event of the store, written once its file was verified, before anything goes."""

from __future__ import annotations

from datetime import UTC, datetime

from caretrail.commands.own_rows import PendingOwnEvent, append_own
from caretrail.events import AccessesArchived, Person
from caretrail.log.archived import KIND, Archived, ArchiveRefused, archives
from caretrail.log.recorder import EventRecorder


def record_archive(recorder: EventRecorder, archive: Archived, actor: Person, now: datetime) -> None:
    """Record an archive that goes on from the newest one; from here on its accesses may be dropped.

    Raises ArchiveRefused, also where another archive was recorded meanwhile, and StoreError.
    """
    if not recorder.may_import(actor.role):
        raise ArchiveRefused.of_no_operator()
    event = AccessesArchived(
        occurred_on=now.astimezone(UTC).date(),
        actor=actor,
        after=archive.after,
        upto=archive.upto,
        moment=archive.moment,
        frontier=tuple(part.hex() for part in archive.frontier),
        file=archive.file,
        sha256=archive.sha256,
        disclosures=archive.disclosures,
        disclosed=archive.disclosed.hex(),
    )

    def decide(_: object) -> list[PendingOwnEvent]:
        if [0, *(one.upto for one in archives(recorder))][-1] != archive.after:
            raise ArchiveRefused("somebody else archived accesses meanwhile", "run this again: it goes on from there")
        return [PendingOwnEvent(event, f"{KIND} {archive.upto}")]

    append_own(recorder, decide)
