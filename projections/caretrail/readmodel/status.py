"""Status of the read models: how far behind the log, and which episodes cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from caretrail.readmodel import whole
from caretrail.readmodel.lease import lease_held
from caretrail.readmodel.rows import Quarantined
from caretrail.readmodel.schema import read_state, statements

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder


@dataclass(frozen=True, slots=True)
class Status:
    """`position` is the log position the rows hold, `log_position` the newest there is.

    `behind` counts the events between that are not in the rows yet, `seconds` is the age of the first of them by the
    newest time of recording. `led`: a daemon keeps the rows up to date.
    """

    position: int
    log_position: int
    behind: int
    seconds: int = 0
    led: bool = False
    quarantined: tuple[Quarantined, ...] = ()


def status(recorder: EventRecorder, now: datetime | None = None) -> Status:
    """Read the status of the read models; without `now` the newest time of recording is taken for it."""
    database = recorder.database
    newest = recorder.max_position()
    state = read_state(database)
    position = state.position if state is not None else 0
    missing = max(0, newest - position)
    seconds = age_of(recorder, position + 1, now) if missing else 0
    if state is None:
        return Status(0, newest, missing, seconds)
    found = (whole.from_bytes(row[1]).quarantined for row in database.query(statements(state.build)["quarantined"]))
    quarantined = tuple(sorted(filter(None, found), key=lambda one: one.position))
    led = lease_held(database) is not None
    return Status(position, newest, missing, seconds, led, quarantined)


def age_of(recorder: EventRecorder, position: int, now: datetime | None = None) -> int:
    """The age in seconds of the event at a position, or of the next one if it is missing.

    Counted to the later of now and the newest time of recording: the clock of this machine may be slow.
    """
    recorded_at = recorder.read_log(position - 1, limit=1)[0].recorded_at
    latest = max(now or recorded_at, recorder.last_recorded_at() or recorded_at, recorded_at)
    return int((latest - recorded_at).total_seconds())
