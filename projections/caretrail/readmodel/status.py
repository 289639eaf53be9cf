"""Status of the read models: how far behind the log, and which episodes cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caretrail.readmodel.rows import Quarantined
from caretrail.readmodel.schema import State, read_state, statements
from caretrail.readmodel.store import read_values

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder


@dataclass(frozen=True, slots=True)
class Status:
    """`position` is the log position the rows hold, `log_position` the newest there is.

    `behind` counts the events between that are not in the rows yet; accesses never are.
    """

    position: int
    log_position: int
    behind: int
    quarantined: tuple[Quarantined, ...] = ()


def status(recorder: EventRecorder) -> Status:
    """Read the status of the read models."""
    database = recorder.database
    state = read_state(database) or State(0, 0)
    rows = database.query(statements()["quarantined"], {"build": state.build})
    quarantined = tuple(map(Quarantined._make, read_values(Quarantined._fields, rows)))
    newest = recorder.max_position()
    return Status(state.position, newest, behind(recorder, state.position, newest), quarantined)


def behind(recorder: EventRecorder, position: int, newest: int) -> int:
    """Count the events between two positions from which rows are made: all but accesses."""
    if newest <= position:
        return 0
    return newest - position - recorder.count_accesses(position, newest)
