"""Hand-written episodes: each shows one thing a worklist must show, on whatever day the demo is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from caretrail.demo.chart import DAY, EVENING, GOALS_OPEN, Chart
from caretrail.demo.clinic import LINCOLN, OMAHA, SCOTTSBLUFF, Program
from caretrail.facts import Addendum, Corrected, Held, Voided

WEEK = timedelta(days=7)
REVIEW_DAYS = timedelta(days=30)
REVIEW_HABIT = timedelta(days=28)
"""These clinicians review every fourth week, on the same weekday."""


@dataclass(frozen=True)
class Story:
    """An episode to show; `expects` are the `(rule, verdict)` it must have today, none if all is in order."""

    case: str
    client: str
    shows: str
    program: Program
    tell: Callable[[Chart, date], None]
    expects: tuple[tuple[str, str], ...] = ()

    def chart(self, today: date) -> Chart:
        """Enter the story as it stands before the first hour of `today`."""
        chart = Chart(self.case, self.client, self.program, self.program.staff)
        self.tell(chart, today)
        return chart


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


def begin(chart: Chart, start: date, diagnosis: str = "F10.20", *, suspected: bool = False) -> None:
    """Assessment a few days before, then the admission."""
    day = start - 3 * DAY
    chart.assessed(day - max(0, day.weekday() - 4) * DAY, diagnosis, suspected=suspected)
    chart.admitted(start)


def attend(chart: Chart, first: date, last: date, *, but: Iterable[date] = (), start: date | None = None) -> None:
    """Groups on every session day, and what stands beside them; `start` is the admission, if that is not `first`."""
    missed = set(but)
    for day in chart.program.session_days(first, last):
        if day in missed:
            chart.missed(day)
            continue
        chart.group(day, size=7 + day.toordinal() % 4)
        chart.beside_the_groups(start or first, day)


def review(chart: Chart, course: Steady, *, determined: int = 99) -> None:
    """The plan and the reviews of a course, care coordinated after each.

    Only the first so many reviews come with a determination.
    """
    chart.plan(course.plan)
    chart.coordinated(course.plan)
    for number, day in enumerate(course.reviews):
        last = day == course.reviews[-1]
        chart.review(day, next_by=course.next_by if last else None, key=f"review {number}")
        if number < determined:
            chart.determination(day)
        chart.coordinated(day, "mental_health")


def steady(chart: Chart, today: date, due: date, reviews: int = 1, diagnosis: str = "F10.20") -> Steady:
    """An ordinary course up to yesterday."""
    course = Steady.due(chart.program, due, reviews)
    begin(chart, course.start, diagnosis)
    attend(chart, course.start, today - DAY)
    review(chart, course)
    return course


# --- the stories -------------------------------------------------------------------------------------------------


def review_overdue(chart: Chart, today: date) -> None:
    """The second review was in time, the third has been due for three days."""
    steady(chart, today, today - 3 * DAY, reviews=2)


def review_due_today(chart: Chart, today: date) -> None:
    """The next review is due today."""
    steady(chart, today, today, diagnosis="F15.20")


def plan_missing(chart: Chart, today: date) -> None:
    """The second session was three days ago or more, and there is no plan."""
    second = chart.program.session_on_or_before(today - 3 * DAY)
    start = chart.program.session_on_or_before(second - DAY)
    begin(chart, start, "F12.20")
    attend(chart, start, today - DAY)


def signature_owed(chart: Chart, today: date) -> None:
    """The client left the last review early and has not signed it yet."""
    course = Steady.due(chart.program, today + 18 * DAY)
    begin(chart, course.start, "F11.20")
    attend(chart, course.start, today - DAY)
    chart.plan(course.plan)
    chart.coordinated(course.plan)
    (day,) = course.reviews
    owed = chart.owed_by_client("left early, will sign at the next session")
    chart.review(day, (chart.by(chart.lead, day), chart.by(chart.second, day), owed), next_by=course.next_by)
    chart.determination(day)
    chart.coordinated(day, "mental_health")


def no_assessment(chart: Chart, today: date) -> None:
    """Treatment has gone on for over a week without an assessment."""
    start = chart.program.session_on_or_before(today - 9 * DAY)
    chart.admitted(start)
    attend(chart, start, today - DAY)
    chart.plan(chart.program.session_on_or_after(start + DAY))


def two_short_weeks(chart: Chart, today: date) -> None:
    """The client came once in each of the last two full weeks."""
    course = Steady.due(chart.program, today + 12 * DAY)
    begin(chart, course.start, "F10.20")
    sunday = today - (today.isoweekday() % 7) * DAY
    short = chart.program.session_days(sunday - 2 * WEEK, sunday - DAY)
    attend(chart, course.start, today - DAY, but=[*short[1:3], *short[4:6]])
    review(chart, course)


def determination_lapsed(chart: Chart, today: date) -> None:
    """The last review was in time, but nobody judged then whether the client may stay."""
    course = Steady.due(chart.program, today + 15 * DAY, reviews=2)
    begin(chart, course.start, "F11.20")
    attend(chart, course.start, today - DAY)
    review(chart, course, determined=1)


def in_hospital(chart: Chart, today: date) -> None:
    """On hold since five days: the client is in hospital."""
    course = Steady.due(chart.program, today + 10 * DAY)
    begin(chart, course.start, "F10.20")
    held = today - 5 * DAY
    attend(chart, course.start, held - DAY)
    review(chart, course)
    chart.say(Held, held, chart.at(held, EVENING + 25), reason="hospital")


def stepped_down_and_discharged(chart: Chart, today: date) -> None:
    """The stay at 2.1 ended with a review four days overdue; outpatient treatment followed, then the discharge."""
    moved = chart.program.session_on_or_before(today - 24 * DAY)
    course = Steady.due(chart.program, moved - 4 * DAY)
    begin(chart, course.start, "F15.20")
    attend(chart, course.start, moved)
    review(chart, course)
    chart.stepped_down(moved, GOALS_OPEN)
    chart.single(moved + WEEK)
    chart.discharged(moved + 2 * WEEK, "left_against_advice", moved + WEEK, GOALS_OPEN)


def amended(chart: Chart, today: date) -> None:
    """A group comes late with a wrong count and is corrected; a family session of somebody else is struck."""
    course = Steady.due(chart.program, today + 13 * DAY)
    begin(chart, course.start, "F10.20", suspected=True)
    found = chart.program.session_on_or_before(today - 6 * DAY)
    late = found - 2 * WEEK
    attend(chart, course.start, late - DAY)
    chart.group(late, 13, heard=chart.at(found, 15 * 60), late="paper sheet found", key="late group")
    chart.beside_the_groups(course.start, late)
    attend(chart, late + DAY, today - DAY, start=course.start)
    review(chart, course)
    wrong = chart.program.session_on_or_before(found - DAY)
    chart.single(wrong, "family", key="wrong family")
    day, reason = found + DAY, "count included the two facilitators"
    chart.say(Voided, found, chart.at(found, 16 * 60), actor=chart.second, target="wrong family", reason="wrong_client")
    chart.say(Corrected, day, chart.at(day, 9 * 60), target="late group", values={"group_size": 11}, reason=reason)
    letter, came = "Employer's letter supports the change of goal 2.", "document arrived later"
    chart.say(Addendum, day, chart.at(day, 10 * 60), target="review 0", text=letter, reason=came)


def all_green(chart: Chart, today: date) -> None:
    """Everything in order: nothing to do for two weeks."""
    steady(chart, today, today + 16 * DAY, reviews=2)


STORIES = (
    Story("DEMO-001", "cl-4c19", "review three days overdue", LINCOLN, review_overdue, (("NE21-R1", "overdue"),)),
    Story("DEMO-002", "cl-90b2", "review due today", OMAHA, review_due_today, (("NE21-R1", "due_today"),)),
    Story("DEMO-003", "cl-1d7e", "no plan after the second session", LINCOLN, plan_missing, (("NE21-P1", "overdue"),)),
    Story(
        "DEMO-004", "cl-e853", "client has not signed the review", OMAHA, signature_owed, (("NE21-P3", "violation"),)
    ),
    Story(
        "DEMO-005", "cl-27f0", "treatment without an assessment", LINCOLN, no_assessment, (("NE21-A1", "violation"),)
    ),
    Story("DEMO-006", "cl-b5a4", "two short weeks", OMAHA, two_short_weeks, (("NE21-I1", "info"),)),
    Story("DEMO-007", "cl-6ac8", "determination lapsed", SCOTTSBLUFF, determination_lapsed, (("NE21-C1", "unknown"),)),
    Story("DEMO-008", "cl-03d6", "on hold in hospital", LINCOLN, in_hospital),
    Story(
        "DEMO-009",
        "cl-f21b",
        "discharged with a review not met",
        LINCOLN,
        stepped_down_and_discharged,
        (("NE21-R1", "not_met"),),
    ),
    Story("DEMO-010", "cl-7f3a", "corrected, struck and late facts", LINCOLN, amended),
    Story("DEMO-011", "cl-58e7", "all in order", SCOTTSBLUFF, all_green),
)
TIMELINE_EPISODE = "DEMO-010"
"""The episode whose timeline is worth showing."""
WHY_EPISODE, WHY_RULE = "DEMO-001", "NE21-R1"
"""The flag worth asking why."""
ELIGIBILITY_EPISODE = "DEMO-007"
"""The episode whose continued stay is not a plain yes."""
CASELOAD_ACTOR = "c-ortiz,clinician,LADC"
"""A clinician with something to do."""
