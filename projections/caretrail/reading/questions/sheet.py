"""The date-of-service sheet: one day of one episode, for an auditor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from caretrail import events
from caretrail.days import ONE_DAY, earlier
from caretrail.episode.amendments import corrected_event, happened_on
from caretrail.episode.history import Effective
from caretrail.episode.stays import level_stays
from caretrail.findings import QUIET_VERDICTS
from caretrail.findings.doubt import asks_nothing
from caretrail.policy.rules.stay import LengthOfStay
from caretrail.reading.answers import EligibilityRow, FindingRow
from caretrail.reading.due_review import DueReview
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.event_rows import Marks, mark_fields
from caretrail.reading.names import require
from caretrail.reading.picks import findings_of
from caretrail.reading.query import TODAY, Filters, Query, Selection
from caretrail.reading.question import OneEpisode, Question
from caretrail.reading.questions.eligibility import eligibility_row
from caretrail.reading.questions.findings import finding_row
from caretrail.reading.questions.reviews import reviews_of
from caretrail.reading.sheet_lines import (
    DocumentLine,
    PerformerLine,
    SessionLine,
    SignatureLine,
    StayLine,
    TeamLine,
    TreatedLine,
)
from caretrail.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from caretrail.findings.case import Case
    from caretrail.findings.chart.review_clock import ReviewClock

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One day of one episode. Minutes are of attended sessions; `week_start` is the first day of the pack's week.

    `reviews_due` were due up to the day; `treated` is what was attended under each answer on continued stay so far.
    `stay` is None on a day without one. `struck_sessions` are sessions of that day that were voided.
    """

    episode: str
    as_of: date
    client: str | None
    program: str | None
    level: str | None
    clinician: str | None
    status: str
    stay: StayLine | None
    plan: DocumentLine | None
    missing_signers: tuple[str, ...]
    last_review: DocumentLine | None
    missing_on_review: tuple[str, ...]
    next_review_due: date | None
    reviews_due: tuple[DueReview, ...]
    determination: DocumentLine | None
    eligibility: EligibilityRow
    treated: tuple[TreatedLine, ...]
    sessions: tuple[SessionLine, ...]
    struck_sessions: tuple[SessionLine, ...]
    minutes_day: int
    week_start: date
    minutes_week: int
    team: tuple[TeamLine, ...]
    findings: tuple[FindingRow, ...]


@dataclass(frozen=True, slots=True)
class DateOfService(OneEpisode[Sheet]):
    """The sheet of a date of service: plan, signers, review, determination, sessions, team, findings."""

    name: ClassVar[str] = "sheet"
    episode: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> Sheet:
        """Fill in the sheet."""
        view = snapshot.view(self.episode)
        return sheet_of(view, snapshot.day(self.query, view.rows.zone), snapshot.now)


@dataclass(frozen=True, slots=True)
class SheetsOfClient(Question[tuple[Sheet, ...]]):
    """The sheets of all episodes of a client, by case number. Raises UnknownName."""

    name: ClassVar[str] = "sheets of a client"
    client: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> tuple[Sheet, ...]:
        """Fill in the sheets."""
        require("client", self.client, snapshot)
        names = sorted(snapshot.names(client=self.client))
        return tuple(DateOfService(name, self.query).answer(snapshot) for name in names)

    def shows(self, value: tuple[Sheet, ...]) -> Iterable[str]:
        """Every episode of the client."""
        return (sheet.episode for sheet in value)

    def numbers(self) -> Iterable[str]:
        """The client."""
        return (self.client,)


def sheet_of(view: EpisodeView, day: date, now: datetime) -> Sheet:
    """Fill in the sheet of a day from what happened up to that day."""
    history = [item for item in view.history if item.day <= day]
    span = view.rows.span_on(day)
    everything = Selection(now, Query(as_of=day), Filters(closed=True, all_verdicts=True))
    placed = findings_of(view.rows, everything)
    case = _case(view, history, day)
    clock = case.clock if case is not None else None
    plan, review = _plan(history, day), _last_review(clock, history, day)
    week_start = _week_start(day, view.policy.on(day).week_start if view.policy else "sunday")
    return Sheet(
        episode=view.name,
        as_of=day,
        client=view.rows.client,
        program=span.program if span else None,
        level=span.level if span else None,
        clinician=span.clinician if span else None,
        status=span.status if span else "not begun",
        stay=_stay(view, history, day),
        plan=_document(view, plan, history, day),
        missing_signers=_missing(view, plan, day),
        last_review=_document(view, review, history, day),
        missing_on_review=_missing(view, review, day),
        next_review_due=_next_due(view, clock, history, day),
        reviews_due=tuple(reviews_of(view, day)),
        determination=_document(view, _latest(history, events.ContinuedStayDetermined), history, day),
        eligibility=eligibility_row(view.rows, day),
        treated=_treated(view, case, day),
        sessions=tuple(_session(view, item) for item in history if item.day == day and _is_session(item)),
        struck_sessions=tuple(_session(view, item) for item in _struck(view, day) if _is_session(item)),
        minutes_day=_minutes(history, day, day),
        week_start=week_start,
        minutes_week=_minutes(history, week_start, day),
        team=_team(history, span.clinician if span else None),
        findings=tuple(
            finding_row(one, day, view.citation(one.finding))
            for one in placed
            if one.finding.verdict not in QUIET_VERDICTS
        ),
    )


def _stay(view: EpisodeView, history: Sequence[Effective], day: date) -> StayLine | None:
    """The stay of that day; of two that share it, the later."""
    stays = [stay for stay in level_stays(history) if stay.last_day is None or day <= stay.last_day]
    if not stays or stays[-1].first_day > day:
        return None
    stay = stays[-1]
    pack = view.policy.on(stay.first_day) if view.policy else None
    rule = pack.rule(LengthOfStay) if pack and stay.level in pack.levels else None
    before = (day - stay.first_day).days
    return StayLine(stay.first_day, before + 1, before // 7 + 1, rule.typical_weeks if rule else None)


def _latest(history: Sequence[Effective], kind: type[object]) -> Effective | None:
    return next((item for item in reversed(history) if isinstance(item.event, kind)), None)


def _plan(history: Sequence[Effective], day: date) -> Effective | None:
    """The plan in effect that day: the latest that took effect; else the latest signed."""
    current = [item for item in history if isinstance(item.event, events.PlanSigned) and item.event.effective_on <= day]
    return current[-1] if current else _latest(history, events.PlanSigned)


def _case(view: EpisodeView, history: Sequence[Effective], day: date) -> Case | None:
    """The chart and the review clock as known on a day."""
    if view.policy is None:
        return None
    from caretrail.findings.case import Case
    from caretrail.findings.chart.contradictions import read_chart

    return Case(read_chart(history, view.policy), view.policy.on(day))


def _treated(view: EpisodeView, case: Case | None, day: date) -> tuple[TreatedLine, ...]:
    """What was attended under each answer on continued stay, up to the day."""
    from caretrail.findings.treated import treated

    answers = [one for one in view.rows.eligibility if one.start <= day]
    rows = treated(answers, case.chart.attended) if case is not None else []
    return tuple(
        TreatedLine(
            row.verdict,
            row.first,
            day if row.until is None else min(day, row.until - ONE_DAY),
            row.sessions,
            row.days,
            row.minutes,
        )
        for row in rows
    )


def _last_review(clock: ReviewClock | None, history: Sequence[Effective], day: date) -> Effective | None:
    """The last review that counts for the review clock, or may."""
    step = clock.step_on(day) if clock is not None else None
    version = step.review.version if step is not None and step.review is not None else None
    return next((item for item in history if item.version == version), None)


def _next_due(view: EpisodeView, clock: ReviewClock | None, history: Sequence[Effective], day: date) -> date | None:
    """The day on which the next review is due; None where no rule on reviews has a due day for this one.

    The due day of what is breached is the one that was missed: the next stands in the clock.
    """
    packs = view.policy.versions if view.policy else ()
    rules = {rule.id for pack in packs for rule in pack.rules.values() if rule.check == "review_due"}
    found = [one for one in view.findings if one.rule in rules and one.holds(day) and one.verdict != "not_met"]
    dated = next((one for one in found if one.due_on is not None), None)
    if dated is None or not (dated.verdict == "breached" or asks_nothing(dated.ruling.doubt)):
        return dated.due_on if dated is not None else None
    if clock is None or any(stay.last_day == day for stay in level_stays(history)):
        return None
    due = clock.due_on(day)
    return due.on if due is not None else None


def _missing(view: EpisodeView, document: Effective | None, day: date) -> tuple[str, ...]:
    """Who owed a signature on a plan or review that day, by the rule on signatures."""
    if document is None:
        return ()
    owed = [one for one in view.rows.problems if one.holds(day) and document.version in one.evidence]
    return tuple(sorted({one.ruling.signer for one in owed if one.ruling.signer}))


def _document(
    view: EpisodeView, item: Effective | None, history: Sequence[Effective], day: date
) -> DocumentLine | None:
    """A document with its signatures up to that day, the latest of each signer."""
    if item is None:
        return None
    event = item.event
    if isinstance(event, events.PlanSigned):
        label = f"plan {event.plan_version}"
    elif isinstance(event, events.PlanReviewed):
        label = f"review of plan {event.plan_version}"
    elif isinstance(event, events.ContinuedStayDetermined):
        label = event.decision
    else:
        return None
    given = list(event.signatures)
    for later in history:
        if isinstance(later.event, events.Signed) and later.event.target == item.version:
            given += later.event.signatures
    lines = {
        signature.signer: SignatureLine(
            signature.signer,
            signature.role,
            signature.credential,
            "signed" if signature.signed_on else "deferred" if signature.deferred else "declined",
            signature.signed_on,
            signature.method,
        )
        for signature in given
        if signature.signed_on is None or signature.signed_on <= day
    }
    return DocumentLine(item.version, item.day, event.actor.id, label, tuple(lines.values()), _marks(view, item))


def _marks(view: EpisodeView, item: Effective) -> Marks:
    return Marks(**mark_fields(item.entry, view.episode.amendments, view.rows.zone, view.policy))


def _struck(view: EpisodeView, day: date) -> list[Effective]:
    """Voided events of that day, as last corrected."""
    acting = view.episode.amendments
    found: list[Effective] = []
    for version in sorted(acting.voided_by):
        entry = view.entries[version - 1]
        if happened_on(entry, acting) == day:
            changes = [by.event for by in acting.corrections.get(version, ())]
            found.append(Effective(corrected_event(entry.event, changes) if changes else entry.event, entry))
    return found


def _is_session(item: Effective) -> bool:
    return isinstance(item.event, events.SessionAttended | events.SessionMissed)


def _session(view: EpisodeView, item: Effective) -> SessionLine:
    event = item.event
    assert isinstance(event, events.SessionAttended | events.SessionMissed)  # noqa: S101  # see _is_session
    return SessionLine(
        version=item.version,
        service=event.service,
        start_time=event.start,
        minutes=event.minutes,
        group_size=event.group_size if isinstance(event, events.SessionAttended) else None,
        modality=event.modality,
        attended=isinstance(event, events.SessionAttended),
        cause=event.cause if isinstance(event, events.SessionMissed) else None,
        performers=tuple(PerformerLine(who.id, who.credential) for who in event.performers),
        marks=_marks(view, item),
    )


def _minutes(history: Sequence[Effective], first: date, last: date) -> int:
    return sum(
        item.event.minutes
        for item in history
        if isinstance(item.event, events.SessionAttended) and first <= item.day <= last
    )


def _week_start(day: date, starts: str) -> date:
    back = (day.weekday() + 1) % 7 if starts == "sunday" else day.weekday()
    return earlier(day, back)


def _team(history: Sequence[Effective], case_owner: str | None) -> tuple[TeamLine, ...]:
    team: dict[str, events.Person] = {}
    for item in history:
        event = item.event
        if isinstance(event, events.TeamChanged):
            for gone in event.leaves:
                team.pop(gone, None)
        joins = event.team if isinstance(event, events.Admitted) else ()
        for person in event.joins if isinstance(event, events.TeamChanged) else joins:
            team[person.id] = person
    return tuple(TeamLine(who.id, who.role, who.credential, who.id == case_owner) for who in team.values())
