"""What is on record at the end of a day, read plainly: stays, the team, sessions, and documents with their signatures.

Literal and slow; shares nothing with what it is held against. Where it is doubtful whether something counts, how sure
it is goes with it: 2 it does, 0 it does not, 1 nobody can tell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache, cached_property, partial
from itertools import pairwise
from types import SimpleNamespace as Record
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

DAY, NOTICE, EARLY = timedelta(days=1), timedelta(days=7), timedelta(days=7)
NEVER = date.max
LEVEL = "2.1"
TREATMENT = ("individual", "group", "family", "education", "motivational")
CLIENT = ("client", "guardian")
FAMILY = ("client", "guardian", "family", "support")
CLINICAL = {"LADC": 2, "LIMHP": 2, "LMHP": 2, "PLADC": 2, "CPSS": 0, "RN": 0}
"""How sure a credential is one of clinical guidance; any other, a degree or none, is doubtful."""


class Signed(NamedTuple):
    """A signature as it acts: from which day, whose, and how sure it is one of clinical guidance (2, 1 or 0)."""

    since: date
    who: str
    role: str
    acts: int
    guides: int


class Known:
    """What is known at the end of a day: events in clinical order, each its fields, its day and its version."""

    def __init__(self, events: Sequence[Record], whole: Known | None = None) -> None:
        self.events, self.days = events, [one.day for one in events]
        self.by_kind: dict[tuple[str, ...], list[Any]] = {}
        self.charts: dict[bool, Any] = {}
        self.whole = whole or self
        self.read: dict[int, Known] = self.whole.read if whole else {}
        self.late_from: dict[tuple[bool, date], date] = {}

    def on(self, day: date) -> Known:
        """The same a day earlier, or many: what is dated later is thrown away."""
        number = bisect_right(self.days, day)
        return self.read.get(number) or self.read.setdefault(number, Known(self.events[:number], self.whole))

    def of(self, *kinds: str) -> list[Any]:
        if kinds not in self.by_kind:
            self.by_kind[kinds] = [one for one in self.events if one.type in kinds]
        return self.by_kind[kinds]

    @cached_property
    def stays(self) -> list[Record]:
        moves: list[Any] = [*self.of("admitted", "transferred", "discharged"), None]
        return [
            Record(first=one.day, last=left.day if left else NEVER)
            for one, left in pairwise(moves)
            if LEVEL in (getattr(one, "level", ""), getattr(one, "to_level", ""))
        ]

    def stay_on(self, day: date) -> Record | None:
        return next((stay for stay in reversed(self.stays) if stay.first <= day <= stay.last), None)

    def roster(self, day: date, *, at_its_end: bool) -> dict[str, Any]:
        """Everybody on the team at any time of a day, or at its end, each with role and credential."""
        here: dict[str, Any] = {}
        for one in [one for one in self.of("admitted", "team_changed") if one.day <= day]:
            if one.type == "team_changed" and (at_its_end or one.day < day):
                here = {who: what for who, what in here.items() if who not in one.leaves}
            for who in one.team if one.type == "admitted" else one.joins:
                known = here[who.id].credential if who.id in here else None  # one left out takes none away
                here[who.id] = Record(id=who.id, role=who.role, credential=who.credential or known)
            if one.clinician:
                here.setdefault(one.clinician, Record(id=one.clinician, role="clinician", credential=None))
        return here

    def signed(self, paper: Any) -> list[Signed]:
        """Signatures on a document: each exists from its own day, the document's, and the day it was brought."""
        found: list[Signed] = []
        for by in [paper, *(other for other in self.of("signed") if other.target == paper.version)]:
            for sign in [sign for sign in by.signatures if not sign.deferred]:
                sure = 1 if sign.signed_on and sign.signed_on < paper.day - EARLY else 2  # K3: before there was a text
                guides = min(sure, self.guides(sign)) if sign.signed_on else 0
                since = max(paper.day, by.day, sign.signed_on or by.day)
                found.append(Signed(since, sign.signer, sign.role, sure, guides))
        return found

    def guides(self, sign: Any) -> int:
        first = self.of("admitted")[0].day  # before there is a roster, the first one speaks
        on_roster = self.roster(max(first, sign.signed_on), at_its_end=False).get(sign.signer)
        credential: str = sign.credential or (on_roster.credential if on_roster else None) or ""
        if sign.role in FAMILY or (sign.role == "staff" and not credential):
            return 0
        return CLINICAL.get(credential, 1)

    @cached_property
    def plans(self) -> list[Any]:
        return [self.paper(one) for one in self.of("plan_signed")]

    @cached_property
    def reviews(self) -> list[Any]:
        return [self.paper(one) for one in self.of("plan_reviewed")]

    def paper(self, one: Any) -> Any:
        signed = tuple(self.signed(one))
        signed_by = cache(partial(signed_on_by, signed))
        return Record(**vars(one), signed=signed, signed_by=signed_by, required=self.required(one))

    def required(self, paper: Any) -> set[str]:
        """The client, the team of that day, and whom the sender adds."""
        team = self.roster(paper.day, at_its_end=True).values()
        more = getattr(paper, "required_signers", None) or ()
        return {"client", *({who.id for who in team if who.role not in FAMILY} or {"team"}), *more}

    def left(self, who: str, after: date) -> list[date]:
        """The days after some day on which someone left the team."""
        return [one.day for one in self.of("team_changed") if one.day > after and who in one.leaves]

    @cached_property
    def doubtful(self) -> bool:
        """Whether anything of all this may count, or may not."""
        signed = [one for paper in [*self.plans, *self.reviews] for one in paper.signed]
        parts = [sure for review in self.reviews for sure, _ in client_part(review)]
        away = any(self.away(one.day) for one in self.of("session_attended"))
        return away or 1 in parts or any(1 in (one.acts, one.guides) for one in signed)

    def away(self, day: date) -> bool:
        """Whether nobody is treated on a day: treatment is on hold."""
        return any(first <= day <= last for first, last in self.held)

    @cached_property
    def held(self) -> list[tuple[date, date]]:
        """Days on hold, first and last: the day of the hold is one, the day of the return is not."""
        turns, found = self.of("held", "resumed"), list[tuple[date, date]]()
        since, on = NEVER, 0
        for day in sorted({one.day for one in turns}):
            was, on = on, on + sum(1 if one.type == "held" else -1 for one in turns if one.day == day)
            if on and not was:
                since = day
            if was and not on:
                found.append((since, day - DAY))
        return [*found, (since, NEVER)] if on else found


def signed_on_by(signed: tuple[Signed, ...], who: str) -> list[tuple[int, date]]:
    """How sure somebody's signatures are, given or refused, and from which day each is there."""
    theirs = [one for one in signed if (one.role in CLIENT if who == "client" else one.who == who)]
    return [(one.acts, one.since) for one in theirs]


def client_part(review: Any) -> list[tuple[int, date]]:
    """How sure it is that the client took part, and from which day that is on record."""
    if {*CLIENT} & {*review.participants}:
        return [(2, review.day)]
    # of a guardian who is listed nowhere nobody knows whether they may stand for the client
    own = [(one.acts if one.role == "client" else 1, one.since) for one in review.signed if one.role in CLIENT]
    return [*own, *([] if review.participants else [(1, review.day)])]


def same_session(one: Any, other: Any) -> bool:
    """Whether two recorded sessions are one: they name the same group, or take place at the same time."""
    if one.group_session and one.group_session == other.group_session:
        return True
    if not one.start or not other.start:
        return False
    first, second = sorted((started(it), started(it) + it.minutes) for it in (one, other))
    overlap: bool = second[0] < first[1]
    return overlap


def started(session: Any) -> int:
    """The minute it began, counted from a day long ago."""
    hours, minutes = session.start.split(":")
    minute: int = session.day.toordinal() * 24 * 60 + int(hours) * 60 + int(minutes)
    return minute


def days(first: date, last: date) -> Iterable[date]:
    """Each of some days."""
    return (first + timedelta(number) for number in range((last - first).days + 1))


def notice_until(event: Any) -> date:
    """The first day on which what nothing can cure is not listed any more."""
    known = event.known_at.astimezone(ZoneInfo("America/Chicago")).date() if event.known_at else event.day
    until: date = max(event.day, known) + NOTICE
    return until
