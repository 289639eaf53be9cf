"""The days a client was in each program, as the store keeps them so that no two episodes of a client overlap."""

from __future__ import annotations

import contextlib

from caretrail.episode.episode import Episode
from caretrail.errors import StoreDamaged, StoreNewer
from caretrail.events import Admitted, Event
from caretrail.log.records import ProgramStay


def program_stays(episode: Episode) -> list[ProgramStay]:
    """The days the client was in each program: what one other open episode would clash with."""
    stays: list[ProgramStay] = []
    client = episode.outline.client or ""
    for part in episode.stays:
        if stays and stays[-1].program == part.program:
            stays[-1] = stays[-1]._replace(last_day=part.last_day)
        else:
            stays.append(ProgramStay(client, part.program, part.first_day, part.last_day))
    return stays


def client_of(event: Event, episode: Episode | None) -> str | None:
    """Whose stays an event moves, if that can be known before it is decided on."""
    if isinstance(event, Admitted):
        return event.client
    with contextlib.suppress(StoreNewer, StoreDamaged):  # what cannot be read is refused when it is decided on
        return episode.outline.client if episode is not None else None
    return None
