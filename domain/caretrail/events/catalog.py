"""Every event of a treatment episode: this list is the table of contents of the domain.

An event says what happened, in the past tense, with the civil date on which it happened in the clinic. It is frozen,
and its JSON is the same in the Python API, in a JSON Lines file and in the store. Stored names never change.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from caretrail.events.accessed import Accessed
from caretrail.events.admission import Admitted, Assessed, Discharged, Transferred
from caretrail.events.amendments import Addendum, Corrected, Explained, Voided
from caretrail.events.care import (
    Authorized,
    CareCoordinated,
    Held,
    Resumed,
    ScheduleSet,
    SessionAttended,
    SessionMissed,
    TeamChanged,
)
from caretrail.events.documents import ContinuedStayDetermined, PlanReviewed, PlanSigned, Signed
from caretrail.events.envelope import EventBase
from caretrail.events.program import ProgramAttested

Event = (
    Assessed
    | Admitted
    | PlanSigned
    | Signed
    | PlanReviewed
    | ContinuedStayDetermined
    | SessionAttended
    | SessionMissed
    | CareCoordinated
    | ScheduleSet
    | TeamChanged
    | Held
    | Resumed
    | Authorized
    | Transferred
    | Discharged
    | Explained
    | Corrected
    | Voided
    | Addendum
    | ProgramAttested
    | Accessed
)
"""Any event; the union is told apart by `type`."""

ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
EVENT_TYPES: dict[str, type[EventBase]] = {cls.model_fields["type"].default: cls for cls in get_args(Event)}
"""Every stored name and its model: the closed registry."""

APPENDED: dict[str, type[EventBase]] = {kind: cls for kind, cls in EVENT_TYPES.items() if cls is not Accessed}
"""Those that somebody may state: an access is recorded by reading, and by nothing else."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every event, told apart by `type`."""
    return ADAPTER.json_schema(by_alias=True)
