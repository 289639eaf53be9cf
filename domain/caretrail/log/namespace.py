"""The namespace of a store: beside what is random it holds when the store was made, and whether it is a demo.

Every stream is named by it, so it cannot be changed without moving every event: it pins the other marks of the store.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from caretrail.log.leaf import microseconds

CLINIC: Final = 7
"""The version of the UUID of a store whose clock stamps: time-ordered, as RFC 9562 has it."""
DEMO: Final = 8
"""That of a demo: the same layout under the version for forms of one's own."""

_RANDOM: Final = 74
_MILLISECONDS: Final = (1 << 48) - 1


class Pinned(NamedTuple):
    """What a namespace says of its store: whether it is a demo, and the millisecond since 1970 UTC of its making."""

    demo: bool
    milliseconds: int


def new_namespace(created_at: datetime, *, demo: bool) -> UUID:
    """Choose a namespace for a store made at a moment."""
    high, low = divmod(secrets.randbits(_RANDOM), 1 << 62)
    milliseconds = milliseconds_of(created_at)
    return UUID(int=milliseconds << 80 | (DEMO if demo else CLINIC) << 76 | high << 64 | 0b10 << 62 | low)


def pinned_by(namespace: UUID) -> Pinned | None:
    """What a namespace says of its store; None for one that is random alone."""
    if namespace.version not in (CLINIC, DEMO):
        return None
    return Pinned(namespace.version == DEMO, namespace.int >> 80)


def milliseconds_of(moment: datetime) -> int:
    """A moment as a namespace holds it."""
    return microseconds(moment) // 1000 & _MILLISECONDS
