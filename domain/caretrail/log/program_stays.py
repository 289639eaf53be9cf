"""The days a client was in each program, as the store keeps them so that no two episodes of a client overlap."""

from __future__ import annotations

import contextlib

from caretrail.episode.episode import Episode
from caretrail.errors import StoreDamaged, StoreNewer
from caretrail.events import Admitted, Event
from caretrail.events.catalog import EVENT_TYPES
from caretrail.log.records import ProgramStay

MOVES_STAYS = frozenset(kind for kind, cls in EVENT_TYPES.items() if cls.traits.moves_stays)
"""The kinds of events that may move the stays of their episode."""


def program_stays(episode: Episode) -> list[ProgramStay]:
    """The days the client was in each program, which no other episode of the client may overlap."""
    stays: list[ProgramStay] = []
    client = episode.outline.client or ""
    for part in episode.stays:
        if stays and stays[-1].program == part.program:
            stays[-1] = stays[-1]._replace(last_day=part.last_day)
        else:
            stays.append(ProgramStay(client, part.program, part.first_day, part.last_day))
    return stays


def client_of(event: Event, episode: Episode | None) -> str | None:
    """The client whose stays an event moves, if that is known before the decision."""
    if isinstance(event, Admitted):
        return event.client
    with contextlib.suppress(StoreNewer, StoreDamaged):  # an unreadable episode is refused by the decision
        return episode.outline.client if episode is not None else None
    return None
