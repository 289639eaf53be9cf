"""Merging two client numbers: every event that names one is corrected to the other, in one call for all episodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from re import fullmatch

from caretrail.episode.episode import Episode
from caretrail.episode.history import of_kind
from caretrail.errors import ClientInTwoPlaces, InvalidEvent, StoreDamaged
from caretrail.events import Admitted, Assessed, EpisodeEvent, Event, SignedEvent, event_from
from caretrail.log.entries import fold
from caretrail.log.program_stays import program_stays
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import ProgramStay
from caretrail.tokens import ID_PATTERN

REASON = "two numbers of one client merged"


@dataclass(frozen=True, slots=True)
class Renumbered:
    """An episode whose client gets another number: the events that name it, and how many signatures go with it."""

    episode: str
    version: int
    programs: tuple[str, ...]
    events: tuple[tuple[int, str], ...]
    """Version and kind of each event to correct."""
    signatures: int
    today: date


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge will do: the episodes of the old number, and those the new one has already."""

    old: str
    new: str
    episodes: tuple[Renumbered, ...]
    others: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many events it corrects."""
        return sum(len(one.events) for one in self.episodes)

    def corrections(self, actor: Mapping[str, str], reason: str = REASON) -> list[Event]:
        """The corrections, to be appended in one call; each is refused if its episode has changed since.

        Raises InvalidEvent for an actor or a reason that cannot be recorded.
        """
        return [
            event_from(
                {
                    "type": "corrected", "episode": one.episode, "occurred_on": one.today, "actor": dict(actor),
                    "target": target, "values": {"client": self.new}, "reason": reason,
                    "expected_version": one.version + place,
                }
            )
            for one in self.episodes
            for place, (target, _) in enumerate(one.events)
        ]  # fmt: skip


def plan_merge(recorder: EventRecorder, old: str, new: str, now: datetime) -> Merge:
    """Plan to give every episode of the client `old` the number `new`; without episodes there is nothing to do.

    Raises InvalidEvent for a number that cannot be one; ClientInTwoPlaces if the client would have been twice in one
    program on one day, naming all such episodes.
    """
    if old == new or not all(fullmatch(ID_PATTERN, number) for number in (old, new)):
        raise InvalidEvent("client: give two different numbers, of A-Z a-z 0-9 . _ -", "see 'caretrail census'")
    moving, staying = _episodes_of(recorder, old), _episodes_of(recorder, new)
    if moving and (clashes := _clashes(moving, staying)):
        raise ClientInTwoPlaces(clashes)
    renumbered = (_renumbered(name, moving[name], old, now) for name in sorted(moving))
    return Merge(old, new, tuple(renumbered), tuple(sorted(staying)))


def _episodes_of(recorder: EventRecorder, client: str) -> dict[str, Episode]:
    """The episodes of a client by case number, found in the log itself: rows of lists may be behind it."""
    found: dict[str, Episode] = {}
    for stream in recorder.streams_mentioning(f'"client":"{client}"'.encode()):
        episode = fold(recorder.namespace, stream, recorder.select_events(stream))
        if episode.outline.client == client:
            found[_case_number(episode)] = episode
    return found


def _case_number(episode: Episode) -> str:
    event = episode.entries[0].event
    if not isinstance(event, EpisodeEvent):
        raise StoreDamaged("a program's own stream names a client", "run 'caretrail audit verify'")
    return event.episode


def _renumbered(name: str, episode: Episode, client: str, now: datetime) -> Renumbered:
    naming = sorted(of_kind(episode.history, Assessed, Admitted), key=lambda item: item.version)
    signatures = [one for item in of_kind(episode.history, SignedEvent) for one in item.event.signatures]
    return Renumbered(
        name,
        episode.version,
        tuple(sorted(episode.outline.programs)),
        tuple((item.version, "admitted" if isinstance(item.event, Admitted) else "assessed") for item in naming),
        sum(one.signer == client and one.role == "client" for one in signatures),
        episode.today(now),
    )


# --- who was where ----------------------------------------------------------------------------------------------


def _clashes(moving: Mapping[str, Episode], staying: Mapping[str, Episode]) -> list[tuple[str, str, str]]:
    """Pairs of episodes in one program that share more than a day on which one ends and the other begins."""
    stays = {name: program_stays(episode) for name, episode in (*moving.items(), *staying.items())}
    return [
        (one, other, program)
        for one, other in combinations(sorted(stays), 2)
        for program in _shared(stays[one], stays[other])
    ]


def _shared(ours: Iterable[ProgramStay], theirs: Iterable[ProgramStay]) -> list[str]:
    theirs = list(theirs)
    return [
        mine.program
        for mine in ours
        if any(
            mine.program == other.program
            and (other.last_day is None or mine.first_day < other.last_day)
            and (mine.last_day is None or other.first_day < mine.last_day)
            for other in theirs
        )
    ]
