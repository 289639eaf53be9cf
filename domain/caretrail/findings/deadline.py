"""A duty with a term, in the verdicts of each of its days: not due yet, due soon, due today, overdue, done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from caretrail.days import iso, later
from caretrail.findings.chart.chart import Session
from caretrail.findings.chart.terms import counted_days, ends_on, in_words, last_of
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import Change
from caretrail.policy import Term
from caretrail.text import plural


class Done(NamedTuple):
    """The day on which a duty was done, in words, with its evidence."""

    day: date
    words: str
    evidence: tuple[int, ...]


class Deadline(NamedTuple):
    """A duty that runs from `begin`; `due` and `soon` are None while a term of sessions is not reached.

    `what` is owed, `cause` its short word: `summary` becomes `summary_due`, `summary_overdue` and `summary_late`.
    `ahead`: whether the due day is known from the beginning, as that of a term of sessions is not.
    """

    what: str
    cause: str
    begin: date
    due: date | None
    soon: date | None
    pending: str
    arithmetic: str
    evidence: tuple[int, ...]
    ahead: bool = True

    def changes(self, done: Done | None) -> list[Change]:
        """The rulings by day, in order, each of which uses only what acts by its day."""
        if done is not None and done.day <= self.begin:
            return [(self.begin, self._done(done))]
        owed = [change for change in self._owed() if done is None or change[0] < done.day]
        return owed if done is None else [*owed, (done.day, self._done(done))]

    def _owed(self) -> list[Change]:
        due_on = self.due if self.ahead else None
        pending = Ruling("not_applicable", self.pending, self.arithmetic, self.evidence, due_on, anchor=self.begin)
        found: list[Change] = [(self.begin, pending)]
        if self.soon is not None and self.soon < (self.due or date.max):
            soon = pending._replace(verdict="due_soon", cause=f"{self.cause}_due")
            found.append((max(self.soon, self.begin), soon))
        if self.due is not None:
            today = pending._replace(due_on=self.due, message=f"{self.what} due {iso(self.due)}")
            found.append((self.due, today._replace(verdict="due_today", cause=f"{self.cause}_due")))
            words, cause = f"{self.what} overdue, due {iso(self.due)}", f"{self.cause}_overdue"
            found.append((later(self.due, 1), today._replace(verdict="overdue", message=words, cause=cause)))
        return found

    def _done(self, done: Done) -> Ruling:
        """Met, or breached with the days it was late."""
        late = (done.day - self.due).days if self.due is not None else 0
        evidence = tuple(sorted({*self.evidence, *done.evidence}))
        if late <= 0:
            return Ruling("met", done.words, self.arithmetic, evidence, anchor=self.begin)
        words = f"{done.words}, {plural(late, 'day')} after it was due"
        cause = f"{self.cause}_late"
        return Ruling("breached", words, self.arithmetic, evidence, self.due, cause, anchor=self.begin)


def in_days(
    what: str, cause: str, term: Term, begin: date, closed: frozenset[date], evidence: tuple[int, ...]
) -> Deadline:
    """A duty with a term of the calendar."""
    due = ends_on(term, begin, closed)
    soon = due - timedelta(days=term.soon) if term.soon else None
    arithmetic = f"{iso(begin)} + {in_words(term)} = {iso(due)}"
    return Deadline(what, cause, begin, due, soon, f"{what} due {iso(due)}", arithmetic, evidence)


def in_sessions(
    what: str, cause: str, term: Term, begin: date, sessions: Sequence[Session], evidence: tuple[int, ...]
) -> Deadline:
    """A duty with a term counted in what the client attended, given in order of the days."""
    reached = counted_days(term, sessions)
    due = reached[term.count - 1] if len(reached) >= term.count else None
    soon = reached[term.count - term.soon - 1] if term.soon and len(reached) >= term.count - term.soon else None
    pending = f"{what} due by {last_of(term)}"
    arithmetic = f"{in_words(term)} from {iso(begin)}"
    return Deadline(what, cause, begin, due, soon, pending, arithmetic, evidence, ahead=False)
