"""Errors, one class per cause: a message built from ids and rules, never from values, and a way out.

Every error a caller may meet derives from `CaretrailError`. Its text is safe to print and to log: it names fields,
rules, versions and opaque ids, and never the content of an event. One module for each kind of cause.
"""

from caretrail.errors.base import NO_EPISODE, SEE_CENSUS, CaretrailError
from caretrail.errors.damage import (
    FOREIGN_OBJECTS,
    NOT_AS_SENT,
    VERIFY,
    HiddenEvents,
    LogDiverged,
    NotStored,
    RowsDiffer,
    StoreDamaged,
)
from caretrail.errors.packs import PackInvalid, PackUnknown
from caretrail.errors.questions import AmbiguousEpisode, UnknownName
from caretrail.errors.refusals import (
    AccessAppended,
    ClientInTwoPlaces,
    CommandReused,
    ImportTooLate,
    Impossible,
    InvalidEvent,
    NotTold,
    Refused,
    StayOverlap,
    UnknownEpisode,
    VersionConflict,
    VoidRefused,
)
from caretrail.errors.store import (
    AccessNotRecorded,
    RolesRefused,
    StaleReadModel,
    StoreError,
    StoreForbidden,
    StoreForeign,
    StoreInsecure,
    StoreNewer,
    StoreNotInitialized,
    StoreOlder,
    StoreReadOnly,
    StoreUnreachable,
)

__all__ = [
    "FOREIGN_OBJECTS",
    "NOT_AS_SENT",
    "NO_EPISODE",
    "SEE_CENSUS",
    "VERIFY",
    "AccessAppended",
    "AccessNotRecorded",
    "AmbiguousEpisode",
    "CaretrailError",
    "ClientInTwoPlaces",
    "CommandReused",
    "HiddenEvents",
    "ImportTooLate",
    "Impossible",
    "InvalidEvent",
    "LogDiverged",
    "NotStored",
    "NotTold",
    "PackInvalid",
    "PackUnknown",
    "Refused",
    "RolesRefused",
    "RowsDiffer",
    "StaleReadModel",
    "StayOverlap",
    "StoreDamaged",
    "StoreError",
    "StoreForbidden",
    "StoreForeign",
    "StoreInsecure",
    "StoreNewer",
    "StoreNotInitialized",
    "StoreOlder",
    "StoreReadOnly",
    "StoreUnreachable",
    "UnknownEpisode",
    "UnknownName",
    "VersionConflict",
    "VoidRefused",
]
