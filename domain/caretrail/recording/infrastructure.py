"""What the library's `Application` asks for its recorder, given rather than looked up in the environment."""

from __future__ import annotations

from typing import NoReturn

from eventsourcing.persistence import AggregateRecorder, InfrastructureFactory, ProcessRecorder, TrackingRecorder
from eventsourcing.utils import Environment

from caretrail.recording.recorder import EventRecorder


class RecorderFactory(InfrastructureFactory[TrackingRecorder]):
    """Hands out one recorder; `env` is what the application chose, never the environment of the process."""

    def __init__(self, env: Environment, recorder: EventRecorder) -> None:
        super().__init__(env)
        self._recorder = recorder

    def application_recorder(self) -> EventRecorder:
        """Return the recorder of the log."""
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return the recorder of the log for events; there are no snapshots."""
        if purpose != "events":
            raise NotImplementedError(f"there is no recorder for {purpose}")
        return self._recorder

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> NoReturn:
        """Refuse: our projections keep their own position."""
        raise NotImplementedError("projections keep their own position")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: our projections keep their own position."""
        raise NotImplementedError("projections keep their own position")

    def close(self) -> None:
        """Close the recorder."""
        self._recorder.close()
