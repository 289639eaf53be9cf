"""The team of an episode on each day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from caretrail.events import Admitted, Person, TeamChanged

CLINICAL = frozenset({"clinician", "supervisor"})
"""Roles that deliver or supervise treatment; their signatures are those of the team."""


class _Span(NamedTuple):
    """Days on the roster; `end` is the day of leaving. Only those who treat are the team that signs."""

    start: date
    end: date | None
    treats: bool


class Team:
    """The roster of an episode, from the admission and each change of the team; clinicians and supervisors treat.

    The case owner is on the team, even if the sender did not list them.
    """

    __slots__ = ("_credentials", "_guardians", "_spans", "case_owners", "first_day")

    def __init__(self) -> None:
        self.first_day: date | None = None
        self._spans: dict[str, list[_Span]] = {}
        self._credentials: dict[str, list[tuple[date, str]]] = {}
        self._guardians: dict[str, date] = {}
        self.case_owners: list[tuple[date, str]] = []

    def admit(self, event: Admitted) -> None:
        """Add the team of the admission."""
        self.first_day = event.occurred_on
        self._join(event.team, event.occurred_on)
        self._own(event.clinician, event.occurred_on)

    def change(self, event: TeamChanged) -> None:
        """Apply a change of the team from its day."""
        day = event.occurred_on
        for person in event.leaves:
            spans = self._spans.get(person)
            if spans and spans[-1].end is None:
                spans[-1] = spans[-1]._replace(end=day)
        self._join(event.joins, day)
        self._own(event.clinician, day)

    def _join(self, people: Iterable[Person], day: date) -> None:
        for person in people:
            if person.credential is not None:
                self._credentials.setdefault(person.id, []).append((day, person.credential))
            if person.role == "guardian":
                self._guardians.setdefault(person.id, day)
            self._enter(person.id, day, treats=person.role in CLINICAL)

    def _enter(self, person: str, day: date, *, treats: bool) -> None:
        spans = self._spans.setdefault(person, [])
        if not spans or spans[-1].end is not None:
            spans.append(_Span(day, None, treats))
        elif treats and not spans[-1].treats:
            spans[-1] = spans[-1]._replace(end=day)
            spans.append(_Span(day, None, treats))

    def _own(self, clinician: str | None, day: date) -> None:
        if clinician is not None:
            self._enter(clinician, day, treats=True)
            if not self.case_owners or self.case_owners[-1][1] != clinician:
                self.case_owners.append((day, clinician))

    @property
    def recorded(self) -> bool:
        """Whether any roster is recorded."""
        return bool(self._spans)

    def has(self, person: str, day: date) -> bool:
        """Whether the person is on the roster at some time of that day."""
        for start, end, _ in self._spans.get(person, ()):  # noqa: SIM110  # a loop is faster, and every signature asks
            if start <= day and (end is None or day <= end):
                return True
        return False

    def throughout(self, first: date, last: date) -> set[str]:
        """The people on the roster without a break from one day through another."""
        spans = [(person, span) for person, spans in self._spans.items() for span in spans]
        return {who for who, (start, end, _) in spans if start <= first and (end is None or last <= end)}

    def is_guardian(self, person: str, day: date) -> bool:
        """Whether the roster lists the person as a guardian by that day."""
        return person in self._guardians and self._guardians[person] <= day

    def left(self, person: str, day: date) -> date | None:
        """The day on which a person on the team that day left it; None if they did not, or were not on it."""
        for start, end, treats in self._spans.get(person, ()):
            if treats and start <= day and (end is None or day < end):
                return end
        return None

    def credential(self, person: str, day: date) -> str | None:
        """The credential of a person on the roster of that day, as listed there."""
        if not self.has(person, day):
            return None
        stated = self._credentials.get(person, ())
        return next((credential for since, credential in reversed(stated) if since <= day), None)

    def roster(self, day: date) -> list[str]:
        """The ids of the team at the end of that day, in the order of joining."""
        spans = [(person, span) for person, spans in self._spans.items() for span in spans if span.treats]
        on_it = [who for who, (start, end, _) in spans if start <= day and (end is None or day < end)]
        return list(dict.fromkeys(on_it))

    def case_owner(self, day: date) -> str | None:
        """The id of the case owner at the end of that day."""
        for since, who in reversed(self.case_owners):  # a loop is faster, and every problem asks
            if since <= day:
                return who
        return None
