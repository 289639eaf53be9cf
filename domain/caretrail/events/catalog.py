"""Every event of a treatment episode: this list is the table of contents of the domain.

An event says what happened, in the past tense, with the civil date on which it happened in the clinic. It is frozen,
and its JSON is the same in the Python API, in a JSON Lines file and in the store. Stored names never change.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from caretrail.events import accessed, admission, amendments, care, documents, program, store
from caretrail.events.envelope import EventBase

Event = (
    admission.Assessed
    | admission.Admitted
    | documents.PlanSigned
    | documents.Signed
    | documents.PlanReviewed
    | documents.ContinuedStayDetermined
    | care.SessionAttended
    | care.SessionMissed
    | care.Referred
    | care.CareCoordinated
    | care.Consented
    | care.ConsentRevoked
    | care.ScheduleSet
    | care.TeamChanged
    | care.Held
    | care.Resumed
    | care.Authorized
    | admission.Transferred
    | admission.Discharged
    | amendments.Explained
    | amendments.Corrected
    | amendments.Voided
    | amendments.Addendum
    | program.ProgramAttested
    | store.PackRecorded
    | store.PositionVoided
    | store.ClockConfirmed
    | store.AccessesArchived
    | accessed.Accessed
)
"""Any event; the union is told apart by `type`."""

ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
EVENT_TYPES: dict[str, type[EventBase]] = {cls.model_fields["type"].default: cls for cls in get_args(Event)}
"""Every stored name and its model: the closed registry."""

OWN_TYPES: dict[str, type[EventBase]] = {
    kind: cls for kind, cls in EVENT_TYPES.items() if issubclass(cls, accessed.Accessed | store.StoreEvent)
}
"""The events that Caretrail records itself: accesses by reading, and those of the store."""

APPENDED: dict[str, type[EventBase]] = {kind: cls for kind, cls in EVENT_TYPES.items() if kind not in OWN_TYPES}
"""The events a sender may append."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every event, told apart by `type`."""
    return ADAPTER.json_schema(by_alias=True)
