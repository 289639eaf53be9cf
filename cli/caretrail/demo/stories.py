"""Hand-written episodes: each shows one thing that a worklist must show, on any day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from caretrail.demo.clerk import EVENING, Clerk
from caretrail.demo.clinic import LINCOLN, OMAHA, SCOTTSBLUFF
from caretrail.simulation import Arrival, Program, forms
from caretrail.simulation.desk import Desk
from caretrail.simulation.forms import GOALS_OPEN
from caretrail.simulation.programs import DAY

WEEK = timedelta(days=7)
REVIEW_DAYS = timedelta(days=30)
REVIEW_HABIT = timedelta(days=28)
"""These clinicians review every fourth week, on the same weekday."""
COVERING = forms.clinician("c-hale", "PhD")
"""Not on any roster; the degree alone is no license."""


@dataclass(frozen=True)
class Story:
    """An episode to show; `expects` lists its `(rule, verdict)` of today, none or quiet ones if nothing is due."""

    case: str
    client: str
    program: Program
    tell: Callable[[Clerk, date], None]
    expects: tuple[tuple[str, str], ...] = ()

    def clerk(self, desk: Desk) -> Clerk:
        """Who enters the story at a desk."""
        return Clerk(desk, self.case, self.client, self.program)

    def arrivals(self, today: date) -> Iterator[Arrival]:
        """The story alone, as it is before the first hour of `today`."""
        desk = Desk(today - DAY)
        self.tell(self.clerk(desk), today)
        return desk.close_all()


@dataclass(frozen=True)
class Steady:
    """An ordinary course: `start` the admission, `plan` the second session, `reviews` the days of the reviews."""

    start: date
    plan: date
    reviews: tuple[date, ...]
    next_by: date | None

    @classmethod
    def due(cls, program: Program, due: date, reviews: int = 1) -> Steady:
        """The course after which the next review is due on a given day."""
        last = program.session_on_or_after(due - REVIEW_DAYS)
        days = tuple(last - REVIEW_HABIT * n for n in reversed(range(reviews)))
        plan = last - REVIEW_HABIT * reviews
        start = program.session_on_or_before(plan - DAY)
        return cls(start, plan, days, due if last + REVIEW_DAYS != due else None)


def begin(clerk: Clerk, start: date, diagnosis: str = "F10.20", *, suspected: bool = False) -> None:
    """Assessment a few days before, then the admission."""
    day = start - 3 * DAY
    clerk.assessed(day - max(0, day.weekday() - 4) * DAY, diagnosis, suspected=suspected)
    clerk.admitted(start)


def attend(clerk: Clerk, first: date, last: date, *, but: Iterable[date] = (), start: date | None = None) -> None:
    """Groups on every session day, with the other sessions; `start` is the admission, by default `first`."""
    missed = set(but)
    for day in clerk.program.session_days(first, last):
        if day in missed:
            clerk.missed(day)
            continue
        clerk.group(day, size=7 + day.toordinal() % 4)
        clerk.beside_the_groups(start or first, day)


def review(clerk: Clerk, course: Steady, *, determined: int = 99, client_signs: bool = True) -> None:
    """The plan and the reviews of a course, with care coordinated after each.

    Only the first `determined` reviews have a determination.
    """
    clerk.plan(course.plan)
    clerk.coordinated(course.plan)
    for number, day in enumerate(course.reviews):
        last = day == course.reviews[-1]
        clerk.review(day, client_signs=client_signs, next_by=course.next_by if last else None, key=f"review {number}")
        if number < determined:
            clerk.determination(day)
        clerk.coordinated(day, "mental_health")


def steady(
    clerk: Clerk,
    due: date,
    last: date,
    diagnosis: str = "F10.20",
    *,
    reviews: int = 1,
    determined: int = 99,
    client_signs: bool = True,
    but: Iterable[date] = (),
) -> None:
    """An ordinary course up to `last`, with the next review due on `due`."""
    course = Steady.due(clerk.program, due, reviews)
    begin(clerk, course.start, diagnosis)
    attend(clerk, course.start, last, but=but)
    review(clerk, course, determined=determined, client_signs=client_signs)


# --- the stories -------------------------------------------------------------------------------------------------


def review_overdue(clerk: Clerk, today: date) -> None:
    """The second review was in time, the third has been due for three days."""
    steady(clerk, today - 3 * DAY, today - DAY, reviews=2)


def review_due_today(clerk: Clerk, today: date) -> None:
    """The next review is due today."""
    steady(clerk, today, today - DAY, "F15.20")


def plan_missing(clerk: Clerk, today: date) -> None:
    """The second session was three days ago or more, and there is no plan."""
    second = clerk.program.session_on_or_before(today - 3 * DAY)
    start = clerk.program.session_on_or_before(second - DAY)
    begin(clerk, start, "F12.20")
    attend(clerk, start, today - DAY)


def signature_owed(clerk: Clerk, today: date) -> None:
    """The client left the last review early and has not signed it yet."""
    steady(clerk, today + 18 * DAY, today - DAY, "F11.20", client_signs=False)


def no_assessment(clerk: Clerk, today: date) -> None:
    """Treatment has gone on for over a week without an assessment."""
    start = clerk.program.session_on_or_before(today - 9 * DAY)
    clerk.admitted(start)
    attend(clerk, start, today - DAY)
    clerk.plan(clerk.program.session_on_or_after(start + DAY))


def two_short_weeks(clerk: Clerk, today: date) -> None:
    """The client came once in each of the last two full weeks."""
    sunday = today - (today.isoweekday() % 7) * DAY
    short = clerk.program.session_days(sunday - 2 * WEEK, sunday - DAY)
    steady(clerk, today + 12 * DAY, today - DAY, but=[*short[1:3], *short[4:6]])


def determination_lapsed(clerk: Clerk, today: date) -> None:
    """The last review was in time, but without a continued-stay determination."""
    steady(clerk, today + 15 * DAY, today - DAY, "F11.20", reviews=2, determined=1)


def in_hospital(clerk: Clerk, today: date) -> None:
    """On hold since a Sunday, for five days or more: the client is in the hospital, and no week was cut short."""
    held = today - 5 * DAY
    held -= (held.weekday() + 1) % 7 * DAY
    steady(clerk, today + 10 * DAY, held - DAY)
    clerk.enter(forms.held(held, clerk.lead, "hospital"), EVENING + 25)


def stepped_down_and_discharged(clerk: Clerk, today: date) -> None:
    """The stay at 2.1 ended with a review four days overdue; outpatient treatment followed, then the discharge."""
    moved = clerk.program.session_on_or_before(today - 24 * DAY)
    steady(clerk, moved - 4 * DAY, moved, "F15.20")
    clerk.stepped_down(moved, GOALS_OPEN)
    clerk.single(moved + WEEK)
    clerk.discharged(moved + 2 * WEEK, "left_against_advice", moved + WEEK, GOALS_OPEN)


def amended(clerk: Clerk, today: date) -> None:
    """A group comes late with a wrong count and is corrected; a family session of somebody else is struck."""
    course = Steady.due(clerk.program, today + 13 * DAY)
    begin(clerk, course.start, "F10.20", suspected=True)
    found = clerk.program.session_on_or_before(today - 6 * DAY)
    late = found - 2 * WEEK
    attend(clerk, course.start, late - DAY)
    clerk.group(late, 13, on=found, late="paper sheet found", key="late group")
    clerk.beside_the_groups(course.start, late)
    attend(clerk, late + DAY, today - DAY, start=course.start)
    review(clerk, course)
    wrong = clerk.program.session_on_or_before(found - DAY)
    clerk.single(wrong, "family", key="wrong family")
    clerk.enter(forms.voided(found, clerk.second, "wrong_client"), 16 * 60, target="wrong family")
    day, reason = found + DAY, "count included the two facilitators"
    clerk.enter(forms.corrected(day, clerk.lead, {"group_size": 11}, reason), 9 * 60, target="late group")
    letter, came = "Employer's letter supports the change of goal 2.", "document arrived later"
    clerk.enter(forms.addendum(day, clerk.lead, letter, came), 10 * 60, target="review 0")


def all_green(clerk: Clerk, today: date) -> None:
    """Everything in order: nothing due for two weeks."""
    steady(clerk, today + 16 * DAY, today - DAY, reviews=2)


def review_in_doubt(clerk: Clerk, today: date) -> None:
    """A doctor who covered for the team reviewed the plan in time; PhD alone does not say whether it counts."""
    due = today - 4 * DAY
    steady(clerk, due, today - DAY, "F10.20")
    day = clerk.program.session_on_or_before(due)
    signatures = (forms.signed_by(COVERING, day), forms.signed_by_client(clerk.client, day))
    reason = "steady course; the team reviews again on its return"
    clerk.enter(forms.reviewed(day, COVERING, signatures, no_change=reason), EVENING + 15)
    clerk.determination(day)


def reviewed_late(clerk: Clerk, today: date) -> None:
    """The last review came four days late or more; nothing is due now, but nobody calls it met."""
    due = today - 2 * WEEK
    steady(clerk, due, today - DAY, "F14.20")
    clerk.determination(clerk.program.session_on_or_before(due))
    clerk.review(clerk.program.session_on_or_after(due + 4 * DAY), key="late review")


STORIES = (
    Story("DEMO-001", "cl-4c19", LINCOLN, review_overdue, (("NE21-R1", "overdue"),)),
    Story("DEMO-002", "cl-90b2", OMAHA, review_due_today, (("NE21-R1", "due_today"),)),
    Story("DEMO-003", "cl-1d7e", LINCOLN, plan_missing, (("NE21-P1", "overdue"),)),
    Story("DEMO-004", "cl-e853", OMAHA, signature_owed, (("NE21-P3", "violation"),)),
    Story("DEMO-005", "cl-27f0", LINCOLN, no_assessment, (("NE21-A1", "overdue"),)),
    Story("DEMO-006", "cl-b5a4", OMAHA, two_short_weeks, (("NE21-I1", "info"),)),
    Story("DEMO-007", "cl-6ac8", SCOTTSBLUFF, determination_lapsed, (("NE21-C1", "overdue"),)),
    Story("DEMO-008", "cl-03d6", LINCOLN, in_hospital),
    Story("DEMO-009", "cl-f21b", LINCOLN, stepped_down_and_discharged, (("NE21-R1", "not_met"),)),
    Story("DEMO-010", "cl-7f3a", LINCOLN, amended),
    Story("DEMO-011", "cl-58e7", SCOTTSBLUFF, all_green),
    Story("DEMO-012", "cl-3be2", OMAHA, review_in_doubt, (("NE21-R1", "unknown"),)),
    Story("DEMO-013", "cl-a90d", LINCOLN, reviewed_late, (("NE21-R1", "breached"), ("NE21-R3", "breached"))),
)
TIMELINE_EPISODE = "DEMO-010"
"""The episode whose timeline is worth showing."""
WHY_EPISODE, WHY_RULE = "DEMO-001", "NE21-R1"
"""The finding worth asking why."""
ELIGIBILITY_EPISODE = "DEMO-007"
"""The episode whose continued stay is not a plain yes."""
CASELOAD_ACTOR = "c-ortiz,clinician,LADC"
"""A clinician with something to do."""
