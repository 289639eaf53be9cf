"""Status of the read models: how far behind the log, and which episodes cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caretrail.readmodel import whole
from caretrail.readmodel.rows import Quarantined
from caretrail.readmodel.schema import read_state, statements

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder


@dataclass(frozen=True, slots=True)
class Status:
    """`position` is the log position the rows hold, `log_position` the newest there is.

    `behind` counts the events between, which are not in the rows yet.
    """

    position: int
    log_position: int
    behind: int
    quarantined: tuple[Quarantined, ...] = ()


def status(recorder: EventRecorder) -> Status:
    """Read the status of the read models."""
    database = recorder.database
    newest = recorder.max_position()
    state = read_state(database)
    if state is None:
        return Status(0, newest, newest)
    found = (whole.from_bytes(row[1]).quarantined for row in database.query(statements(state.build)["quarantined"]))
    quarantined = tuple(sorted(filter(None, found), key=lambda one: one.position))
    return Status(state.position, newest, max(0, newest - state.position), quarantined)
