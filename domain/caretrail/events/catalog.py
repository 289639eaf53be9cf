"""Every fact of a treatment episode: this list is the table of contents of the domain.

A fact says what happened, in the past tense, with the civil date on which it happened in the clinic. It is frozen,
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
from caretrail.events.envelope import FactBase
from caretrail.events.program import ProgramAttested

Fact = (
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
"""Any fact; the union is told apart by `type`."""

ADAPTER: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="type")])
FACT_TYPES: dict[str, type[FactBase]] = {cls.model_fields["type"].default: cls for cls in get_args(Fact)}
"""Every stored name and its model: the closed registry."""

APPENDED: dict[str, type[FactBase]] = {kind: cls for kind, cls in FACT_TYPES.items() if cls is not Accessed}
"""Those that somebody may state: an access is recorded by reading, and by nothing else."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every fact, told apart by `type`."""
    return ADAPTER.json_schema(by_alias=True)
