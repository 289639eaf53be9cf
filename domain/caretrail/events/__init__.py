"""What an event is: the catalog of everything that may be recorded, and its JSON."""

from caretrail.events.accessed import Accessed, StoodOn
from caretrail.events.admission import Admitted, Assessed, Discharged, Transferred
from caretrail.events.amendments import Addendum, Corrected, Explained, Voided
from caretrail.events.care import (
    Authorized,
    CareCoordinated,
    Consented,
    ConsentRevoked,
    Held,
    Referred,
    Resumed,
    ScheduleSet,
    SessionAttended,
    SessionMissed,
    TeamChanged,
)
from caretrail.events.catalog import Event, json_schema
from caretrail.events.codec import payload_of, read_event, stored_name
from caretrail.events.documents import ContinuedStayDetermined, PlanReviewed, PlanSigned, Signed
from caretrail.events.envelope import EpisodeEvent, EventBase, ProgramEvent, SignedEvent, TargetedEvent
from caretrail.events.parsing import event_from, parse_event
from caretrail.events.program import ProgramAttested
from caretrail.events.store import (
    STORE_SOURCE,
    AccessesArchived,
    ClockConfirmed,
    PackRecorded,
    PositionVoided,
    StoreEvent,
)
from caretrail.events.values import Dimension, Disclosure, Goal, GoalStatus, Outcome, Person, Schedule, Signature

__all__ = [
    "STORE_SOURCE",
    "Accessed",
    "AccessesArchived",
    "Addendum",
    "Admitted",
    "Assessed",
    "Authorized",
    "CareCoordinated",
    "ClockConfirmed",
    "ConsentRevoked",
    "Consented",
    "ContinuedStayDetermined",
    "Corrected",
    "Dimension",
    "Discharged",
    "Disclosure",
    "EpisodeEvent",
    "Event",
    "EventBase",
    "Explained",
    "Goal",
    "GoalStatus",
    "Held",
    "Outcome",
    "PackRecorded",
    "Person",
    "PlanReviewed",
    "PlanSigned",
    "PositionVoided",
    "ProgramAttested",
    "ProgramEvent",
    "Referred",
    "Resumed",
    "Schedule",
    "ScheduleSet",
    "SessionAttended",
    "SessionMissed",
    "Signature",
    "Signed",
    "SignedEvent",
    "StoodOn",
    "StoreEvent",
    "TargetedEvent",
    "TeamChanged",
    "Transferred",
    "Voided",
    "event_from",
    "json_schema",
    "parse_event",
    "payload_of",
    "read_event",
    "stored_name",
]  # fmt: skip  # in the order of the alphabet
