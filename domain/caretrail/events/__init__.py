"""What a fact is: the catalog of everything that may be recorded, and its JSON."""

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
from caretrail.events.catalog import Fact, json_schema
from caretrail.events.codec import payload_of, read_fact, stored_name
from caretrail.events.documents import ContinuedStayDetermined, PlanReviewed, PlanSigned, Signed
from caretrail.events.envelope import EpisodeFact, FactBase, ProgramFact, SignedFact, TargetedFact, Traits
from caretrail.events.parsing import fact_from, parse_fact
from caretrail.events.program import ProgramAttested
from caretrail.events.values import Dimension, Disclosure, Outcome, Performer, Person, Schedule, Sections, Signature

__all__ = [
    "Accessed", "Addendum", "Admitted", "Assessed", "Authorized", "CareCoordinated", "ContinuedStayDetermined",
    "Corrected", "Dimension", "Discharged", "Disclosure", "EpisodeFact", "Explained", "Fact", "FactBase", "Held",
    "Outcome", "Performer", "Person", "PlanReviewed", "PlanSigned", "ProgramAttested", "ProgramFact", "Resumed",
    "Schedule", "ScheduleSet", "Sections", "SessionAttended", "SessionMissed", "Signature", "Signed", "SignedFact",
    "TargetedFact", "TeamChanged", "Traits", "Transferred", "Voided", "fact_from", "json_schema", "parse_fact",
    "payload_of", "read_fact", "stored_name",
]  # fmt: skip  # in the order of the alphabet
