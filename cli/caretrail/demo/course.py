"""An ordinary course of treatment: mostly by the rules, with the slips that every clinic knows."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from caretrail.demo.clerk import DAY, EVENING, GOALS_MET, GOALS_OPEN, Clerk
from caretrail.demo.teds import CO_OCCURRING, DIAGNOSES
from caretrail.tokens import DischargeReason

REVIEW_DAYS = 30
STEP_DOWN_AFTER = 60
"""Only longer stays end with some weeks at level 1."""

MISSES = 0.07
CANCELED = 0.003
ODD_GROUP = 0.004
LATE_PAPER = 0.02
LATE_REVIEW = 0.05
NO_DETERMINATION = 0.03
CLIENT_SIGNS_LATER = 0.08
TEAM_SIGNS_LATER = 0.2
NO_COORDINATION = 0.06
NO_PLAN_YET = 0.03
STEPS_DOWN = 0.3
REASONS_MISSED = ("no_show", "no_show", "ill", "work", "no transport")


class Course:
    """Enters one episode week by week; `rng` decides what happens."""

    def __init__(self, clerk: Clerk, rng: Random, start: date, end: date | None, reason: DischargeReason) -> None:
        self._clerk = clerk
        self._rng = rng
        self._start = start
        self._end = end
        self._reason: DischargeReason = reason
        self._attended = 0
        self._last_contact = start
        self._plan_on: date | None = None
        self._plan_waits = 2 if rng.random() >= NO_PLAN_YET else 4
        self._review_on: date | None = None
        self._reviews = 0
        long = end is not None and (end - start).days > STEP_DOWN_AFTER and reason == "completed"
        self._moved = (
            clerk.program.session_on_or_before(end - 21 * DAY) if end and long and self._is(STEPS_DOWN) else None
        )

    def _is(self, share: float) -> bool:
        return self._rng.random() < share

    def begin(self) -> None:
        """The assessment one to five days before the admission, then the admission."""
        rng = self._rng
        (diagnosis,) = rng.choices(list(DIAGNOSES), list(DIAGNOSES.values()))
        day = self._start - rng.randint(1, 5) * DAY
        self._clerk.assessed(day - max(0, day.weekday() - 4) * DAY, diagnosis, suspected=self._is(CO_OCCURRING))
        self._clerk.admitted(self._start)

    def enter(self, first: date, last: date) -> None:
        """What happened from `first` to `last`, at most a week."""
        for day in self._clerk.program.session_days(first, last):
            if self._moved is not None and day > self._moved:
                self._at_level_1(day)
                continue
            present = self._group(day)
            if present:
                self._attended += self._clerk.beside_the_groups(self._start, day)
                self._last_contact = day
                self._documents(day)
            if day == self._moved:
                self._clerk.stepped_down(day, GOALS_MET)

    def finish(self) -> None:
        """The discharge, on its day."""
        outcome = GOALS_MET if self._reason == "completed" else GOALS_OPEN
        if self._end is not None:
            self._clerk.discharged(
                self._end, self._reason, self._last_contact, None if self._reason == "died" else outcome
            )

    # --- one day -------------------------------------------------------------------------------------------------

    def _group(self, day: date) -> bool:
        """A group, attended or not; some papers come late."""
        clerk, rng = self._clerk, self._rng
        if day != self._start and self._is(MISSES):
            clerk.missed(day, reason=rng.choice(REASONS_MISSED))
            return False
        if day != self._start and self._is(CANCELED):
            clerk.missed(day, "program", "clinician ill")
            return False
        size = rng.choice((2, 13)) if self._is(ODD_GROUP) else rng.randint(5, 11)
        if self._is(LATE_PAPER):
            heard = clerk.at(day + rng.randint(3, 9) * DAY, 15 * 60)
            clerk.group(day, size, heard=heard, late="attendance sheet handed in late")
        else:
            clerk.group(day, size)
        self._attended += 1
        return True

    def _at_level_1(self, day: date) -> None:
        """An hour a week, on the first session day."""
        if day.weekday() == self._clerk.program.weekdays[0]:
            self._clerk.single(day)
            self._last_contact = day

    # --- documents -----------------------------------------------------------------------------------------------

    def _documents(self, day: date) -> None:
        if self._plan_on is None:
            if self._attended >= self._plan_waits:
                self._plan(day)
        elif self._review_on is not None and day >= self._review_on:
            self._review(day)

    def _plan(self, day: date) -> None:
        clerk = self._clerk
        later = self._is(TEAM_SIGNS_LATER)
        clerk.plan(day, second_signs=not later)
        if later:
            signs = day + self._rng.randint(1, 5) * DAY
            clerk.signed("plan", clerk.by(clerk.second, signs), signs)
        self._plan_on = day
        self._review_on = self._next_review(day)
        self._coordinated(day)

    def _next_review(self, base: date) -> date:
        """The last session day in time, mostly; some slip by some days."""
        slip = self._rng.randint(2, 6) if self._is(LATE_REVIEW) else -self._rng.randint(0, 3)
        day = base + timedelta(days=REVIEW_DAYS + slip)
        program = self._clerk.program
        return program.session_on_or_after(day) if slip > 0 else program.session_on_or_before(day)

    def _review(self, day: date) -> None:
        clerk = self._clerk
        self._reviews += 1
        key = f"review {self._reviews}"
        heard = clerk.at(day + self._rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2, 5)) * DAY, EVENING + 15)
        later = self._is(CLIENT_SIGNS_LATER)
        clerk.review(day, client_signs=not later, heard=heard, key=key)
        if later:
            signs = day + self._rng.randint(5, 12) * DAY
            clerk.signed(key, clerk.by_client(signs), signs)
        if not self._is(NO_DETERMINATION):
            clerk.determination(day, heard=heard + timedelta(minutes=5))
        self._coordinated(day)
        self._review_on = self._next_review(day)

    def _coordinated(self, day: date) -> None:
        """Once for each time between two reviews, mostly."""
        if not self._is(NO_COORDINATION):
            self._clerk.coordinated(day, self._rng.choice(("medical", "mental_health", "psychiatric")))
