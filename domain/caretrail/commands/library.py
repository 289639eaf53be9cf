"""Our recorder and mapper, as the library's `Application` requires them; the environment names neither."""

from __future__ import annotations

from typing import Any, NoReturn
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.utils import Environment

from caretrail.episode.episode import Decided
from caretrail.events.codec import payload_of, stored_name
from caretrail.log.entries import entry_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import PendingEvent, RecordedEvent, new_salt


class EventMapper(persistence.Mapper[UUID]):
    """Between events and rows: a closed registry of stored names, so that reading a row imports nothing."""

    def to_stored_event(self, domain_event: Any) -> PendingEvent:
        """Make the row of a decided event, with a fresh salt."""
        decided: Decided = domain_event
        entry = decided.entry
        return PendingEvent(
            originator_id=decided.originator_id,
            originator_version=entry.version,
            topic=stored_name(entry.event, imported=entry.imported),
            state=payload_of(entry.event),
            source=entry.source,
            command_id=entry.command_id,
            salt=new_salt(),
        )

    def to_domain_event(self, stored_event: persistence.StoredEvent) -> Decided:
        """Read a stored row; its event is decoded on demand.

        Raises StoreNewer for a stored name this program does not know.
        """
        assert isinstance(stored_event, RecordedEvent)  # noqa: S101  # our recorder returns nothing else
        return Decided(stored_event.originator_id, entry_of(stored_event))


class RecorderFactory(persistence.InfrastructureFactory[persistence.TrackingRecorder]):
    """Hands out one recorder; `env` comes from the application, never from the process."""

    def __init__(self, env: Environment, recorder: EventRecorder) -> None:
        super().__init__(env)
        self._recorder = recorder

    def application_recorder(self) -> EventRecorder:
        """Return the recorder of the log."""
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> persistence.AggregateRecorder:
        """Return the recorder of the log for events; there are no snapshots."""
        if purpose != "events":
            raise NotImplementedError(f"there is no recorder for {purpose}")
        return self._recorder

    def tracking_recorder(self, tracking_recorder_class: type[persistence.TrackingRecorder] | None = None) -> NoReturn:
        """Refuse: our projections keep their own position."""
        raise NotImplementedError("projections keep their own position")

    def process_recorder(self) -> persistence.ProcessRecorder:
        """Refuse: our projections keep their own position."""
        raise NotImplementedError("projections keep their own position")

    def close(self) -> None:
        """Close the recorder."""
        self._recorder.close()
