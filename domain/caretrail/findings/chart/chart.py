"""The chart: an effective history sorted once into what the rules ask for, each item with the day it acts from.

Nothing here looks ahead: a signature acts from the latest of its own day, the day of the event that brought it and the
day of its document; a hold's end is a day of its own. A rule that uses only what acts on or before a day therefore
obeys the causality law.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from caretrail.episode.history import Effective
from caretrail.episode.stays import LevelStay, level_stays
from caretrail.events import (
    Admitted,
    Assessed,
    Authorized,
    CareCoordinated,
    ContinuedStayDetermined,
    Discharged,
    Explained,
    Held,
    PlanReviewed,
    PlanSigned,
    Resumed,
    Schedule,
    ScheduleSet,
    SessionAttended,
    SessionMissed,
    Signed,
    TeamChanged,
    Transferred,
)
from caretrail.findings.chart.documents import (
    Determination,
    Document,
    PlanVersion,
    Review,
    all_signed_on,
    required_signers,
    signings_of,
)
from caretrail.findings.chart.team import CLINICAL, Team
from caretrail.policy import Policy
from caretrail.policy.rules.plan import ReviewDue


class Session(NamedTuple):
    """A session that took place, or was offered and missed for no fault of the program."""

    day: date
    start: str | None
    service: str
    minutes: int
    size: int | None
    version: int
    attended: bool


class PolicyStay(NamedTuple):
    """A stretch the policy is for; `before` is the last day of the stay under the policy before it."""

    first: date
    last: date | None
    level: str
    edition: str
    opened_by: int
    closed_by: int | None
    before: date | None
    after: str

    def covers(self, day: date) -> bool:
        """Whether the day is one of the stay."""
        return self.first <= day and (self.last is None or day <= self.last)


Dated = TypeVar("Dated", bound=Session | Effective)
_day_of: Callable[[Session | Effective], date] = attrgetter("day")
_first_of: Callable[[PolicyStay], date] = attrgetter("first")


def within(items: Sequence[Dated], stay: PolicyStay) -> Sequence[Dated]:
    """Those of the sessions or events (in order of their days) that lie in a stay."""
    low = bisect_left(items, stay.first, key=_day_of)
    high = len(items) if stay.last is None else bisect_right(items, stay.last, key=_day_of)
    return items[low:high]


class Chart:
    """Everything the rules ask for, in clinical order."""

    # by hand: a dataclass with a factory for each list is slow to fill, and every episode has one
    __slots__ = (
        "_visits", "admission", "assessments", "attended", "authorized", "by_service", "coordinated", "determinations",
        "discharge", "explained", "holds", "later", "level_stays", "offered", "plans", "policy", "reviews",
        "schedules", "stays", "team", "toggles", "transfers", "treated", "visited",
    )  # fmt: skip

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.admission: Effective[Admitted] | None = None
        self.discharge: Effective[Discharged] | None = None
        self.team = Team()
        self.level_stays: list[LevelStay] = []
        self.stays: list[PolicyStay] = []
        self.assessments: list[Effective[Assessed]] = []
        self.attended: list[Session] = []
        self.by_service: defaultdict[str, list[Session]] = defaultdict(list)
        self.offered: list[Session] = []
        self.plans: list[PlanVersion] = []
        self.reviews: list[Review] = []
        self.determinations: list[Determination] = []
        self.holds: list[tuple[date, date | None]] = []
        self.explained: list[Effective[Explained]] = []
        self.transfers: dict[int, Effective[Transferred]] = {}
        self.later: list[tuple[int, Signed]] = []
        self.toggles: list[tuple[date, int]] = []
        self.visited: list[Effective[SessionAttended]] = []
        self.treated: list[Effective[SessionAttended]] = []
        self._visits: list[Session] | None = None
        self.coordinated: list[Effective[CareCoordinated]] = []
        self.authorized: list[Effective[Authorized]] = []
        self.schedules: list[tuple[date, Schedule, int]] = []

    @property
    def admitted(self) -> Admitted | None:
        """The event of the admission."""
        return self.admission.event if self.admission else None

    @property
    def visits(self) -> list[Session]:
        """Everything the client attended, whether it counts as treatment or not."""
        if self._visits is None:
            self._visits = [_session(item, item.event, attended=True) for item in self.visited]
        return self._visits

    @property
    def client(self) -> str:
        """Who is treated."""
        return self.admitted.client if self.admitted else "client"

    def stay_on(self, day: date) -> PolicyStay | None:
        """The stay under the policy of that day; of two that share a day, the later."""
        place = bisect_right(self.stays, day, key=_first_of)
        stay = self.stays[place - 1] if place else None
        return stay if stay is not None and stay.covers(day) else None

    def own(self, items: Sequence[Dated], stay: PolicyStay) -> Sequence[Dated]:
        """Those of the items that lie in a stay; a day shared by two stays belongs to the later."""
        found = within(items, stay)
        place = self.stays.index(stay) + 1
        if place < len(self.stays) and found and self.stays[place].first <= found[-1].day:
            found = found[: bisect_left(found, self.stays[place].first, key=_day_of)]
        return found

    def attended_before(self, day: date | None) -> Sequence[Session]:
        """Sessions of treatment the client attended before a day; None for all."""
        return self.attended if day is None else self.attended[: bisect_left(self.attended, day, key=_day_of)]

    def attended_in(self, stay: PolicyStay, service: str | None = None) -> Sequence[Session]:
        """Sessions of treatment (or of one service) the client attended in the stay."""
        sessions = self.attended if service is None else self.by_service.get(service, ())
        return within(sessions, stay) if sessions else ()


def chart_of(history: Sequence[Effective], policy: Policy) -> Chart:
    """Sort an effective history (in clinical order) into a chart."""
    chart = Chart(policy)
    held: list[Any] = []
    for item in history:
        # by exact type: asking pydantic models `isinstance` is what makes sorting slow
        kind = type(item.event)
        if kind is SessionAttended or kind is SessionMissed:
            held.append(item)
        elif (take := _TAKES.get(kind)) is not None:
            take(chart, item, item.event)
    _take_sessions(chart, held)
    _take_signatures(chart)
    _count_reviews(chart)
    chart.holds = _holds(chart.toggles)
    outline: list[Effective] = [*([chart.admission] if chart.admission else []), *chart.transfers.values()]
    if chart.discharge:
        outline.append(chart.discharge)
    chart.level_stays = level_stays(outline)
    chart.stays = _stays_under_policy(chart.level_stays, policy)
    return chart


def _take_sessions(chart: Chart, held: Sequence[Any]) -> None:
    """Sort sessions into what was attended, and what was offered: attended, or missed for no fault of the program."""
    policy = chart.policy
    # one version of a policy says for all days which services are treatment
    services = policy.versions[0].treatment_services if len(policy.versions) == 1 else None
    visited, offered, treated, attended = chart.visited, chart.offered, chart.treated, chart.attended
    for item in held:
        event = item.event
        if came := type(event) is SessionAttended:
            visited.append(item)
        elif type(event) is not SessionMissed or event.cause == "program":
            continue
        if event.service in (services or policy.on(event.occurred_on).treatment_services):
            session = _session(item, event, attended=came)
            offered.append(session)
            if came:
                treated.append(item)
                attended.append(session)
                chart.by_service[event.service].append(session)


def _session(item: Any, event: Any, *, attended: bool) -> Session:
    size = event.group_size if attended else None
    # from its fields in order: a chart has hundreds, and naming each argument costs as much again
    return Session._make(
        (event.occurred_on, event.start, event.service, event.minutes, size, item.entry.version, attended)
    )


def _take_plan(chart: Chart, item: Any, event: Any) -> None:
    chart.plans.append(PlanVersion(item.version, event.occurred_on, signings_of(event, item.version), event=event))


def _take_review(chart: Chart, item: Any, event: Any) -> None:
    chart.reviews.append(Review(item.version, event.occurred_on, signings_of(event, item.version), event=event))


def _take_determination(chart: Chart, item: Any, event: Any) -> None:
    made = Determination(item.version, event.occurred_on, signings_of(event, item.version), event=event)
    chart.determinations.append(made)


def _take_admission(chart: Chart, item: Any, event: Any) -> None:
    if chart.admission is None:
        chart.admission = item
        chart.team.admit(event)
        if event.schedule is not None:
            chart.schedules.append((item.day, event.schedule, item.version))


def _take_discharge(chart: Chart, item: Any, _: Any) -> None:
    chart.discharge = chart.discharge or item


def _take_hold(chart: Chart, item: Any, event: Any) -> None:
    chart.toggles.append((item.day, 1 if type(event) is Held else -1))


def _take_transfer(chart: Chart, item: Any, _: Any) -> None:
    chart.transfers[item.version] = item


_TAKES: dict[type, Callable[[Chart, Any, Any], None]] = {
    PlanSigned: _take_plan,
    PlanReviewed: _take_review,
    ContinuedStayDetermined: _take_determination,
    Signed: lambda chart, item, event: chart.later.append((item.version, event)),
    Assessed: lambda chart, item, _: chart.assessments.append(item),
    Explained: lambda chart, item, _: chart.explained.append(item),
    TeamChanged: lambda chart, _, event: chart.team.change(event),
    Admitted: _take_admission,
    Transferred: _take_transfer,
    Discharged: _take_discharge,
    Held: _take_hold,
    Resumed: _take_hold,
    CareCoordinated: lambda chart, item, _: chart.coordinated.append(item),
    Authorized: lambda chart, item, _: chart.authorized.append(item),
    ScheduleSet: lambda chart, item, event: chart.schedules.append((item.day, event.schedule, item.version)),
}
"""What becomes of each kind of event; kinds that no rule asks for are left out."""


def _take_signatures(chart: Chart) -> None:
    """Give each document the signatures brought later, and find the first of a clinician of the team."""
    documents: list[Document] = [*chart.plans, *chart.reviews, *chart.determinations]
    if chart.later:
        by_version = {document.version: document for document in documents}
        for version, event in chart.later:
            document = by_version.get(event.target)
            if document is not None:
                document.signings += signings_of(event, version, document.day)
    for document in documents:
        for signing in document.signings:
            if (
                signing.state == "signed"
                and signing.role in CLINICAL
                and (document.clinician is None or signing.day < document.clinician.day)
                and (chart.team.has(signing.signer, document.day) or chart.team.has(signing.signer, signing.day))
            ):
                document.clinician = signing


def _count_reviews(chart: Chart) -> None:
    """Say of each review which plan it reviewed, whether the client took part, and from which day it counts.

    It counts from the first signature of a clinician of the team (or as the policy reads "done"), if the client or
    guardian took part and that plan version was signed by a clinician of the team on or before the day of the review.
    """
    plans = {plan.event.plan_version: plan for plan in chart.plans}
    for review in chart.reviews:
        review.with_client = "client" in review.event.participants or "guardian" in review.event.participants
        plan = plans.get(review.event.plan_version)
        review.plan = plan if plan is not None and plan.day <= review.day else None
        plan_signed = review.plan.clinician if review.plan else None
        if review.with_client and plan_signed and plan_signed.day <= review.day:
            review.counts_from = _done_on(chart, review)


def _done_on(chart: Chart, review: Review) -> date | None:
    """The day from which a review is done, as the policy in force on the day of the review reads it."""
    rule = chart.policy.on(review.day).rule(ReviewDue)
    when = rule.counts_when if rule else "clinician_signed"
    if when == "held":
        return review.day
    if review.clinician is None or when == "clinician_signed":
        return review.clinician.day if review.clinician else None
    return all_signed_on(review, required_signers(chart.client, chart.team, review))


def _holds(toggles: Sequence[tuple[date, int]]) -> list[tuple[date, date | None]]:
    """Days on hold, from the day of each hold until the day of its end (exclusive), by the end of each day."""
    net: dict[date, int] = {}
    for day, step in toggles:
        net[day] = net.get(day, 0) + step
    holds: list[tuple[date, date | None]] = []
    for day, step in net.items():
        on_hold = bool(holds) and holds[-1][1] is None
        if step > 0 and not on_hold:
            holds.append((day, None))
        elif step < 0 and on_hold:
            holds[-1] = (holds[-1][0], day)
    return holds


def _stays_under_policy(stays: Sequence[LevelStay], policy: Policy) -> list[PolicyStay]:
    found: list[PolicyStay] = []
    for place, stay in enumerate(stays):
        if stay.level in policy.on(stay.first_day).levels:
            following = stays[place + 1] if place + 1 < len(stays) else None
            after = f"level {following.level}: no policy pack" if following else "stay ended"
            before = found[-1].last if found else None
            found.append(
                PolicyStay(
                    stay.first_day, stay.last_day, stay.level, stay.edition,
                    stay.opened_by, stay.closed_by, before, after,
                )
            )  # fmt: skip  # in the order of the fields
    return found
