"""The chart: an effective history sorted once into what the rules need, each item with the day from which it acts.

Nothing here looks ahead: a signature acts from the latest of its own day, the day of the event that brought it and the
day of its document; the end of a hold acts from its own day. So a rule that uses only what acts on or before a day
obeys the causality law.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cached_property
from itertools import zip_longest
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeVar

from caretrail import events
from caretrail.days import ONE_DAY, today_in
from caretrail.episode.history import Effective, History, Struck
from caretrail.episode.stays import LevelStay, level_stays
from caretrail.findings.chart import documents
from caretrail.findings.chart.counting import CountingPlans, Reading, count_reviews
from caretrail.findings.chart.documents import (
    Contradicted,
    Determination,
    Document,
    PlanVersion,
    Review,
    SessionInDoubt,
)
from caretrail.findings.chart.guidance import read_guidance
from caretrail.findings.chart.sessions import Session as Session
from caretrail.findings.chart.sessions import each_once, orderly, session_of
from caretrail.findings.chart.team import Team
from caretrail.policy import Policy
from caretrail.policy.rules.record import AttendedWhileAway


class PolicyStay(NamedTuple):
    """A stay that the policy judges.

    `opened_by` and `closed_by` are versions of events. `before` is the last day of the stay under the policy before
    this one; `after` says in words what follows this one.
    """

    first: date
    last: date | None
    level: str
    edition: str
    opened_by: int
    closed_by: int | None
    before: date | None
    after: str

    @property
    def until(self) -> date | None:
        """The day after the last; None while the stay is open."""
        return self.last + ONE_DAY if self.last else None

    def covers(self, day: date) -> bool:
        """Whether the day belongs to the stay."""
        return self.first <= day and (self.last is None or day <= self.last)

    def days_of(self, days: list[date]) -> list[date]:
        """The first day of the stay, and those of the given days (in order) that lie in it; none twice."""
        low = bisect_right(days, self.first)
        high = len(days) if self.last is None else bisect_right(days, self.last)
        return [self.first, *days[low:high]]


Dated = TypeVar("Dated", bound=Session | Effective)
_day_of: Callable[[Session | Effective], date] = attrgetter("day")
_first_of: Callable[[PolicyStay], date] = attrgetter("first")


def within(items: Sequence[Dated], stay: PolicyStay) -> Sequence[Dated]:
    """The sessions or events (in order of their days) within a stay."""
    low = bisect_left(items, stay.first, key=_day_of)
    high = len(items) if stay.last is None else bisect_right(items, stay.last, key=_day_of)
    return items[low:high]


def from_until(items: Sequence[Dated], begin: date, end: date | None) -> Sequence[Dated]:
    """The sessions or events (in order of their days) from a day until another (exclusive, None: without end)."""
    low = bisect_left(items, begin, key=_day_of)
    high = len(items) if end is None else bisect_left(items, end, key=_day_of)
    return items[low:high]


class Chart:
    """Everything the rules need from the events, in clinical order.

    With `doubtful_count` documents of which it cannot be told whether they count do, else they do not: a chart with
    `doubtful` documents is read both ways. `sessions` are those of treatment as recorded, attended or missed; `held`
    those the client attended, `treated` their events, and `attended` each of them once that counts. `visited` are the
    events of everything attended.
    """

    def __init__(self, policy: Policy, *, doubtful_count: bool = True) -> None:
        self.policy = policy
        self.doubtful_count = doubtful_count
        self.admission: Effective[events.Admitted] | None = None
        self.discharge: Effective[events.Discharged] | None = None
        self.team = Team()
        self.level_stays: list[LevelStay] = []
        self.stays: list[PolicyStay] = []
        self.assessments: list[Effective[events.Assessed]] = []
        self.attended: list[Session] = []
        self.held: list[Session] = []
        self.sessions: list[Session] = []
        self.plans: list[PlanVersion] = []
        self.reviews: list[Review] = []
        self.determinations: list[Determination] = []
        self.statements: dict[int, Document] = {}
        """Assessments, transfers and the discharge as documents: a signature completes them."""
        self.holds: list[tuple[date, date | None]] = []
        self.in_doubt: list[SessionInDoubt] = []
        self.left_out: frozenset[int] = frozenset()
        """The versions of the sessions in doubt, where doubtful ones do not count."""
        self.contradicted: list[Contradicted] = []
        self.explained: list[Effective[events.Explained]] = []
        self.transfers: dict[int, Effective[events.Transferred]] = {}
        self.later_signatures: list[Effective[events.Signed]] = []
        self.hold_steps: list[tuple[date, int]] = []
        self.visited: list[Effective[events.SessionAttended]] = []
        self.treated: list[Effective[events.SessionAttended]] = []
        self.coordinated: list[Effective[events.CareCoordinated]] = []
        self.referred: list[Effective[events.Referred]] = []
        self.authorized: list[Effective[events.Authorized]] = []
        self.schedules: list[tuple[date, events.Schedule, int]] = []
        self.history: Sequence[Effective] = ()
        self.struck: Sequence[Struck] = ()

    @property
    def admitted(self) -> events.Admitted | None:
        """The event of the admission."""
        return self.admission.event if self.admission else None

    @cached_property
    def _by_version(self) -> dict[int, Effective]:
        return {item.entry.version: item for item in self.history}

    @cached_property
    def orderly(self) -> bool:
        """Whether each session of treatment on record is one of its own, and no day has more than 24 hours of them."""
        return orderly(self.sessions)

    @cached_property
    def visits(self) -> list[Session]:
        """Everything the client attended, each once, whether it counts as treatment or not."""
        if len(self.visited) == len(self.treated):
            return self.attended
        return each_once([session_of(item, item.event) for item in self.visited if item.version not in self.left_out])

    @cached_property
    def offered(self) -> list[Session]:
        """Sessions of treatment as recorded that were offered: attended, or missed for a cause that counts as such."""
        on = self.policy.on
        return [one for one in self.sessions if one.attended or one.cause in on(one.day).offered_causes]

    @cached_property
    def _by_service(self) -> dict[str, list[Session]]:
        found: defaultdict[str, list[Session]] = defaultdict(list)
        for session in self.held:
            if session.version not in self.left_out:
                found[session.service].append(session)
        if len(self.attended) == len(self.held):
            return found
        return {service: each_once(sessions) for service, sessions in found.items()}

    @cached_property
    def goal_documents(self) -> list[PlanVersion | Review]:
        """The plans and reviews that state goals, by day; of one day a review comes before the plan that came of it."""
        both: list[PlanVersion | Review] = [*self.reviews, *self.plans]
        return sorted((one for one in both if one.event.goals is not None), key=attrgetter("day"))

    @cached_property
    def doubtful(self) -> list[documents.Document]:
        """Documents of which it cannot be told, on some day, whether they count; in order of their days."""
        signed: list[documents.Document] = [*self.plans, *self.reviews, *self.determinations, *self.in_doubt]
        return sorted((document for document in signed if document.doubtful), key=attrgetter("day", "version"))

    @cached_property
    def counting_plans(self) -> CountingPlans:
        """The plan versions that count, by their numbers."""
        return CountingPlans(self.plans)

    @property
    def client(self) -> str:
        """The id of the client."""
        return self.admitted.client if self.admitted else "client"

    def known_on(self, versions: Iterable[int], struck: Iterable[Struck] = ()) -> date | None:
        """The latest day, in the program's zone, on which one of these events became known as it counts now.

        So does one of the events that were struck. None for a historical load.
        """
        known = [item.known_at for version in versions if (item := self._by_version.get(version)) is not None]
        known += [one.known_at for one in struck]
        newest = max((instant for instant in known if instant is not None), default=None)
        return None if newest is None else today_in(self.admitted.zone if self.admitted else None, newest)

    def entered_on(self, versions: Iterable[int]) -> date | None:
        """The latest day, in the program's zone, on which one of these events was entered with its present day.

        A correction of anything else does not enter it anew. None for a historical load.
        """
        entered: list[datetime] = []
        for version in versions:
            item = self._by_version[version]
            moved = item.amended_at is not None and item.day != item.entry.event.occurred_on
            instant = item.amended_at if moved else None if item.entry.imported else item.entry.recorded_at
            if instant is not None:
                entered.append(instant)
        return today_in(self.admitted.zone if self.admitted else None, max(entered)) if entered else None

    def stay_on(self, day: date) -> PolicyStay | None:
        """The stay under the policy on that day; of two that share a day, the later."""
        place = bisect_right(self.stays, day, key=_first_of)
        stay = self.stays[place - 1] if place else None
        return stay if stay is not None and stay.covers(day) else None

    def own(self, items: Sequence[Dated], stay: PolicyStay) -> Sequence[Dated]:
        """The items within a stay; a day shared by two stays belongs to the later."""
        found = within(items, stay)
        place = self.stays.index(stay) + 1
        if place < len(self.stays) and found and self.stays[place].first <= found[-1].day:
            found = found[: bisect_left(found, self.stays[place].first, key=_day_of)]
        return found

    def attended_before(self, day: date | None) -> Sequence[Session]:
        """Sessions of treatment the client attended before a day; with None, all."""
        return self.attended if day is None else self.attended[: bisect_left(self.attended, day, key=_day_of)]

    def attended_in(self, stay: PolicyStay, service: str | None = None) -> Sequence[Session]:
        """Sessions of treatment (or of one service) the client attended in the stay, each once."""
        sessions = self.attended if service is None else self._by_service.get(service, ())
        return within(sessions, stay) if sessions else ()


def chart_of(history: Sequence[Effective], policy: Policy, *, doubtful_count: bool = True) -> Chart:
    """Sort an effective history (in clinical order) into a chart, in which doubtful documents count or do not."""
    chart = Chart(policy, doubtful_count=doubtful_count)
    chart.history = history
    chart.struck = history.struck if isinstance(history, History) else ()
    held: list[Any] = []
    for item in history:
        # by exact type: asking pydantic models `isinstance` is what makes sorting slow
        kind = type(item.event)
        if kind is events.SessionAttended or kind is events.SessionMissed:
            held.append(item)
        elif (take := _TAKES.get(kind)) is not None:
            take(chart, item, item.event)
    chart.holds = _holds(chart.hold_steps)
    _take_sessions(chart, held)
    ends = [*chart.transfers.values()] + ([chart.discharge] if chart.discharge is not None else [])
    for item in [*chart.assessments, *ends]:
        signings = documents.signings_of(item.event, item.version)
        chart.statements[item.version] = Document(item.version, item.day, signings)
    _take_signatures(chart)
    reading = Reading(policy, chart.team, chart.client, chart.doubtful_count)
    count_reviews(chart.reviews, chart.plans, chart.counting_plans, reading)
    outline = [chart.admission, *chart.transfers.values(), chart.discharge]
    chart.level_stays = level_stays([item for item in outline if item is not None])
    chart.stays = _stays_under_policy(chart.level_stays, policy)
    return chart


def _take_sessions(chart: Chart, held: Sequence[Any]) -> None:
    """Sort sessions into attended and missed ones, of treatment and of any service."""
    policy = chart.policy
    # one version of a policy says for all days which services are treatment
    services = policy.versions[0].treatment_services if len(policy.versions) == 1 else None
    visited, sessions, treated, attended = chart.visited, chart.sessions, chart.treated, chart.held
    for item in held:
        event = item.event
        if came := type(event) is events.SessionAttended:
            visited.append(item)
        if event.service in (services or policy.on(event.occurred_on).treatment_services):
            session = session_of(item, event)
            sessions.append(session)
            if came:
                treated.append(item)
                attended.append(session)
    chart.attended = attended if chart.orderly else each_once(attended)
    _doubt_sessions(chart)


def _doubt_sessions(chart: Chart) -> None:
    """Put sessions attended while on hold in doubt, where the pack checks the record against itself."""
    on = chart.policy.on
    on_hold = (one for begin, end in chart.holds for one in from_until(chart.held, begin, end))
    doubtful = {one.version for one in on_hold if on(one.day).rule(AttendedWhileAway)}
    for session in chart.attended if doubtful else ():
        if session.version in doubtful:
            document = SessionInDoubt(session.version, session.day, [])
            document.object(session.day, "attended while on hold", doubtful=True)
            chart.in_doubt.append(document)
    if doubtful and not chart.doubtful_count:
        chart.left_out = frozenset(doubtful)
        chart.attended = each_once([session for session in chart.held if session.version not in doubtful])


def is_on_hold(holds: Sequence[tuple[date, date | None]], day: date) -> bool:
    """Whether a day is on hold, of holds in order: from the day of each until the day of its end."""
    place = bisect_right(holds, day, key=itemgetter(0))
    end = holds[place - 1][1] if place else day
    return end is None or day < end


def _document(kind: Callable[..., Any], item: Any) -> Any:
    return kind(item.version, item.day, documents.signings_of(item.event, item.version), event=item.event)


def _take_admission(chart: Chart, item: Any, event: Any) -> None:
    if chart.admission is None:
        chart.admission = item
        chart.team.admit(event)
        if event.schedule is not None:
            chart.schedules.append((item.day, event.schedule, item.version))


def _take_discharge(chart: Chart, item: Any, _: Any) -> None:
    chart.discharge = chart.discharge or item


_TAKES: dict[type, Callable[[Chart, Any, Any], None]] = {
    events.PlanSigned: lambda chart, item, _: chart.plans.append(_document(PlanVersion, item)),
    events.PlanReviewed: lambda chart, item, _: chart.reviews.append(_document(Review, item)),
    events.ContinuedStayDetermined: lambda chart, item, _: chart.determinations.append(_document(Determination, item)),
    events.Signed: lambda chart, item, _: chart.later_signatures.append(item),
    events.Assessed: lambda chart, item, _: chart.assessments.append(item),
    events.Explained: lambda chart, item, _: chart.explained.append(item),
    events.TeamChanged: lambda chart, _, event: chart.team.change(event),
    events.Admitted: _take_admission,
    events.Transferred: lambda chart, item, _: chart.transfers.update({item.version: item}),
    events.Discharged: _take_discharge,
    events.Held: lambda chart, item, _: chart.hold_steps.append((item.day, 1)),
    events.Resumed: lambda chart, item, _: chart.hold_steps.append((item.day, -1)),
    events.CareCoordinated: lambda chart, item, _: chart.coordinated.append(item),
    events.Referred: lambda chart, item, _: chart.referred.append(item),
    events.Authorized: lambda chart, item, _: chart.authorized.append(item),
    events.ScheduleSet: lambda chart, item, event: chart.schedules.append((item.day, event.schedule, item.version)),
}
"""Where each kind of event goes; kinds that no rule needs are left out."""


def _take_signatures(chart: Chart) -> None:
    """Give each document the signatures brought later, and find the first of clinical guidance."""
    signed: list[documents.Document] = [*chart.plans, *chart.reviews, *chart.determinations, *chart.statements.values()]
    by_version = {document.version: document for document in signed} if chart.later_signatures else {}
    for item in chart.later_signatures:
        if (document := by_version.get(item.event.target)) is not None:
            document.signings += documents.signings_of(item.event, item.version, document.day)
    for document in signed:
        pack = chart.policy.on(document.day)
        read_guidance(pack, chart.team, document, doubtful_count=chart.doubtful_count)


def _holds(steps: Sequence[tuple[date, int]]) -> list[tuple[date, date | None]]:
    """Days on hold, from the day of each hold until the day of its end (exclusive), by the end of each day."""
    net: dict[date, int] = defaultdict(int)
    for day, step in steps:
        net[day] += step
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
    for stay, following in zip_longest(stays, stays[1:]):
        if stay.level in policy.on(stay.first_day).levels:
            after = f"level {following.level}: no policy pack" if following else "stay ended"
            before = found[-1].last if found else None
            days = stay.first_day, stay.last_day
            found.append(PolicyStay(*days, stay.level, stay.edition, stay.opened_by, stay.closed_by, before, after))
    return found
