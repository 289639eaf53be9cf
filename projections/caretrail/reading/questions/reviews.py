"""Reviews due in a period, by program and case owner, with evidence: five outcomes.

Every number follows from the findings of the review-clock rule. A review is on time if it counts by the end of its due
day and was known to by then; by its own date on time, but entered late, if it became known afterward; and late by the
days after on which it was held or first signed under clinical guidance. Where only a document in doubt decides, it
cannot be told, and is never on time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from uuid import UUID

from caretrail.events import PlanReviewed
from caretrail.findings import Finding
from caretrail.findings.doubt import asks_nothing
from caretrail.log.entries import entry_of
from caretrail.log.records import RecordedEvent
from caretrail.reading.due_review import DueReview, Outcome
from caretrail.reading.query import Filters, Selection
from caretrail.reading.question import ListQuestion
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.rows import EpisodeRows

if TYPE_CHECKING:
    from caretrail.episode.entry import Entry
    from caretrail.findings.chart.chart import Chart
    from caretrail.policy import Policy
    from caretrail.reading.entered import Recording
    from caretrail.reading.episode_view import EpisodeView

CLOCK = "review_due"
"""The check of the rule on the review clock."""

REVIEW = "plan_reviewed/"
"""How the stored name of a review begins."""

MISSED = frozenset({"overdue", "not_met"})


class RunningDue(NamedTuple):
    """The day on which the next review is due as known on a day, and whether that day ends a stay: then none is due."""

    due_on: date | None
    stay_ends: bool


DueDay = Callable[[date], RunningDue]
"""What the review clock says on a day."""


@dataclass(frozen=True, slots=True)
class ReviewRate:
    """The reviews due under one case owner in a program; `days_late` are those of late reviews.

    `days_entered_late` are those of reviews that were on time by their date only.
    """

    program: str | None
    clinician: str | None
    due: int
    on_time: int
    entered_late: int
    late: int
    not_done: int
    cannot_be_told: int
    days_late: tuple[int, ...]
    days_entered_late: tuple[int, ...]
    reviews: tuple[DueReview, ...]


@dataclass(frozen=True, slots=True)
class Reviews:
    """Rates by program and clinician.

    `unread` episodes cannot be read, `unjudged` ones have no rule on reviews: neither is counted.
    """

    rows: tuple[ReviewRate, ...]
    unread: int
    unjudged: int


def rate_of(program: str | None, clinician: str | None, reviews: Iterable[DueReview]) -> ReviewRate:
    """Count reviews."""
    found = tuple(sorted(reviews, key=lambda review: (review.due_on, review.episode)))
    outcomes = [review.outcome for review in found]
    days = tuple(sorted(review.days_late for review in found if review.outcome == "late"))
    entered = tuple(sorted(review.days_entered_late for review in found if review.outcome == "entered_late"))
    return ReviewRate(
        program, clinician, len(found), outcomes.count("on_time"), outcomes.count("entered_late"),
        outcomes.count("late"), outcomes.count("not_done"), outcomes.count("cannot_be_told"), days, entered, found,
    )  # fmt: skip  # in the order of the fields


@dataclass(frozen=True, slots=True)
class ReviewReport(ListQuestion[Reviews]):
    """The reviews due in the query's period, by program and who carried the case: on time, late or not done.

    The period ends by default on the day of the query; ended episodes count as well. A review due on that day and not
    done is left out: it may still be on time. Of the filters, programs and clinicians count: those of the due day.
    """

    name: ClassVar[str] = "reviews"

    def answer(self, snapshot: Snapshot) -> Reviews:
        """Count them."""
        groups: dict[tuple[str | None, str | None], list[DueReview]] = {}
        selection = Selection(snapshot.now, self.query, Filters(self.filters.programs, self.filters.clinicians))
        unread = unjudged = 0
        candidates: dict[UUID, EpisodeRows] = {}
        first = self.query.start or date.min
        for rows in snapshot.episodes():
            last = min(self.query.end or date.max, snapshot.day(self.query, rows.zone))
            if rows.quarantined is not None:
                unread += 1
            elif rows.admitted_on is None or rows.admitted_on > last or rows.live_end <= first:
                continue
            elif not (findings := clock_findings(rows, snapshot.policies(rows.policy))):
                unjudged += 1
            elif any(_may_be_due(finding, first, last) for finding in findings):
                candidates[rows.stream] = rows
        for stream, events in snapshot.recorded(list(candidates)):
            day = snapshot.day(self.query, candidates[stream].zone)
            rows = candidates[stream]
            policy = snapshot.policies(rows.policy)
            found = due_reviews(rows, policy, _reviews_in(events), day, partial(_running, snapshot, rows.episode))
            due = [one for one in found if first <= one.due_on <= min(self.query.end or date.max, day)]
            for review in as_entered(due, rows, policy, partial(_entries, events)):
                if selection.is_of(review):
                    groups.setdefault((review.program, review.clinician), []).append(review)
        rates = sorted(groups.items(), key=lambda item: tuple((name is None, name or "") for name in item[0]))
        return Reviews(tuple(rate_of(*whose, reviews) for whose, reviews in rates), unread, unjudged)

    def shows(self, value: Reviews) -> Iterable[str]:
        """Every episode with a review that was due."""
        return (one.episode for rate in value.rows for one in rate.reviews)


def _may_be_due(finding: Finding, first: date, last: date) -> bool:
    """Whether a due day may lie in a period; one that runs beside a breach stands in no finding."""
    return _hides_due_day(finding) or (finding.due_on is not None and first <= finding.due_on <= last)


def _running(snapshot: Snapshot, episode: str, day: date) -> RunningDue:
    """The day on which the next review of an episode was due, as known on a day."""
    return _running_in(snapshot.view(episode), day)


def running_due_day(chart: Chart, day: date) -> RunningDue:
    """The day on which the next review is due, as known on a day."""
    from caretrail.findings.case import Case

    stay = chart.stay_on(day)
    due = Case(chart, chart.policy.on(day)).clock.due_on(day)
    return RunningDue(due.on if due is not None else None, stay is not None and stay.last == day)


def reviews_of(view: EpisodeView, day: date) -> list[DueReview]:
    """The reviews of one episode that were due by a day, as known in its view."""
    versions = frozenset(entry.version for entry in view.entries if entry.kind is PlanReviewed)
    if (
        view.policy is None
        or view.rows.quarantined is not None
        or (not versions and not clock_findings(view.rows, view.policy))
    ):
        return []
    due = list(due_reviews(view.rows, view.policy, versions, day, partial(_running_in, view)))
    return as_entered(due, view.rows, view.policy, lambda: view.entries)


def _running_in(view: EpisodeView, day: date) -> RunningDue:
    from caretrail.findings.chart.contradictions import read_chart

    if view.policy is None:
        return RunningDue(None, stay_ends=False)
    return running_due_day(read_chart(view.history, view.policy), day)


def _entries(events: Iterable[RecordedEvent]) -> list[Entry]:
    return [entry_of(event) for event in events]


def as_entered(
    reviews: Sequence[DueReview], rows: EpisodeRows, policy: Policy | None, read: Callable[[], Sequence[Entry]]
) -> list[DueReview]:
    """The same reviews, with when each became known as done; `read` gives the events of the episode as recorded.

    `policy` judges them, whatever was known of its packs by then: only the time of entry counts here.
    """
    if policy is None or not any(review.done_by for review in reviews):
        return list(reviews)
    from caretrail.reading.entered import Recording  # measured start-up: loads the event models

    recording = Recording(read(), rows.zone, policy)
    return [_as_entered(review, recording) if review.done_by else review for review in reviews]


def _as_entered(review: DueReview, recording: Recording) -> DueReview:
    versions, rule, done_on = review.done_by, review.rule, review.done_on
    if done_on is None:
        return review
    known = replace(review, held_on=recording.held_on(versions), imported=recording.is_imported(versions))
    if review.outcome != "on_time":
        return replace(known, recorded_at=recording.recorded_at(versions, rule, done_on))
    entered = recording.done(versions, rule, review.due_on, done_on)
    outcome: Outcome = "entered_late" if entered.days_after else "on_time"
    return replace(known, outcome=outcome, recorded_at=entered.recorded_at, days_entered_late=entered.days_after)


def _reviews_in(events: Iterable[RecordedEvent]) -> frozenset[int]:
    """The versions of the reviews, by stored name: no event is decoded."""
    return frozenset(event.originator_version for event in events if event.topic.startswith(REVIEW))


# --- from what the rule says to the reviews that were due -----------------------------------------------------------


@dataclass(slots=True)
class _Run:
    """The findings while the same reviews count: until the next one counts, one review is due."""

    counting: frozenset[int]
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def due(self) -> Finding | None:
        """The finding with the due day: the first that was missed, else the last."""
        dated = [finding for finding in self.findings if finding.due_on is not None]
        return next((finding for finding in dated if finding.verdict in MISSED), dated[-1] if dated else None)


def clock_findings(rows: EpisodeRows, policy: Policy | None) -> list[Finding]:
    """The review-clock findings of an episode in order, and what was on file on the last day of each stay."""
    rules = policy.rules_that(CLOCK) if policy is not None else frozenset[tuple[str, str]]()
    said = (finding for finding in rows.findings if (finding.pack, finding.rule) in rules)
    return sorted(
        (finding for finding in said if finding.verdict != "not_applicable" or finding.evidence),
        key=lambda finding: (finding.start, finding.end),
    )


def due_reviews(
    rows: EpisodeRows, policy: Policy | None, reviews: frozenset[int], day: date, due_day: DueDay
) -> Iterator[DueReview]:
    """The reviews due by a day, with the outcome of each by then; `reviews` are versions of reviews."""
    told = [finding for finding in clock_findings(rows, policy) if finding.start <= day]
    counted = _counted(told, reviews)
    runs = list(_joined(_runs([_with_due_day(finding, due_day) for finding in told], counted), due_day))
    for run, following in zip(runs, [*runs[1:], None], strict=False):
        due = run.due
        if due is not None and due.due_on is not None:
            found = _due_review(rows, run, due, due.due_on, following, day)
            if found is not None:
                yield found


def _hides_due_day(finding: Finding) -> bool:
    """Whether `due_on` is the day that was missed, not the next: of what is breached, or may be."""
    return finding.verdict == "breached" or asks_nothing(finding.ruling.doubt)


def _with_due_day(finding: Finding, due_day: DueDay) -> Finding:
    """The finding with the due day that runs."""
    if not _hides_due_day(finding):
        return finding
    running = due_day(finding.start)
    return finding._replace(ruling=finding.ruling._replace(due_on=None if running.stay_ends else running.due_on))


def _counted(findings: Sequence[Finding], reviews: frozenset[int]) -> list[frozenset[int]]:
    """The reviews that count for each finding: one in doubt does not, until the last finding that says so."""
    in_doubt: frozenset[int] = frozenset()
    found: list[frozenset[int]] = []
    for finding in reversed(findings):
        in_doubt |= frozenset(finding.ruling.doubt.documents if finding.ruling.doubt else ())
        found.append(reviews.intersection(finding.evidence) - in_doubt)
    return found[::-1]


def _runs(findings: Iterable[Finding], counted: Iterable[frozenset[int]]) -> list[_Run]:
    """Cut the findings where a review came to count and moved the due day.

    A second review of the same day joins the first one's evidence and moves nothing; nor does, in a fixed series, a
    second review within one period.
    """
    runs: list[_Run] = []
    for finding, counting in zip(findings, counted, strict=True):
        if runs and _goes_on(runs[-1], counting, finding):
            runs[-1].counting = counting
            runs[-1].findings.append(finding)
        else:
            runs.append(_Run(counting, [finding]))
    return runs


def _joined(runs: Iterable[_Run], due_day: DueDay) -> Iterator[_Run]:
    """Join runs of one due day: on the last day of a stay a review that comes to count tells none.

    The clock is then asked whether that review moved the due day of the run before.
    """
    last: _Run | None = None
    for run in runs:
        if last is not None and last.due:
            due_on = run.due.due_on if run.due else due_day(run.findings[0].start).due_on
            if last.due.due_on == due_on:
                last = _Run(run.counting, [*last.findings, *run.findings])
                continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _goes_on(run: _Run, counting: frozenset[int], finding: Finding) -> bool:
    due = run.due
    unmoved = due is not None and due.due_on == finding.due_on
    return unmoved or counting == run.counting or counting > run.counting > frozenset()


def _due_review(
    rows: EpisodeRows, run: _Run, due: Finding, due_on: date, following: _Run | None, day: date
) -> DueReview | None:
    """The outcome of a due review; None while it may still be on time, or if the stay ended before it was due."""
    missed = [finding for finding in run.findings if finding.verdict in MISSED]
    done_on = following.findings[0].start if following is not None else None
    if not missed and (doubtful := _perhaps_missed(run)):
        span = rows.span_on(doubtful[0])
        return DueReview(
            rows.episode, rows.client, span.program if span else None, span.clinician if span else None, due.rule,
            doubtful[0], "cannot_be_told", None, (), 0, False, doubtful[1].evidence, doubtful[1].arithmetic,
        )  # fmt: skip  # in the order of the fields
    if done_on is None and not missed:
        return None
    fell_due = bool(missed) or any(
        finding.verdict == "due_today" and finding.due_on == due_on for finding in run.findings
    )
    if following is not None and done_on is not None and not fell_due and due_on < done_on:
        # it would have been due while the client was away: then it is on return, and so may be what followed it
        due_on = done_on
        if following.findings[0].due_on == due_on:
            return None
    until = done_on or _missed_until(missed, day)
    late = max(0, (until - due_on).days)
    outcome: Outcome = "not_done" if done_on is None else "late" if late else "on_time"
    span = rows.span_on(min(due_on, until))
    return DueReview(
        rows.episode, rows.client, span.program if span else None, span.clinician if span else None, due.rule, due_on,
        outcome, done_on, tuple(sorted(following.counting - run.counting)) if following is not None else (), late,
        any(finding.explained for finding in missed), due.evidence, due.arithmetic,
    )  # fmt: skip  # in the order of the fields


def _perhaps_missed(run: _Run) -> tuple[date, Finding] | None:
    """The earliest day that was missed if documents in doubt do not count (or do), with the finding that says so."""
    found = [
        (outcome.due_on, finding)
        for finding in run.findings
        if finding.ruling.doubt is not None
        for outcome in finding.ruling.doubt[1:]
        if outcome.verdict in MISSED and outcome.due_on is not None
    ]
    return min(found, key=itemgetter(0), default=None)


def _missed_until(missed: Sequence[Finding], day: date) -> date:
    """The last day on which a review never done was overdue: the day of the query, or the last of the stay."""
    if any(finding.verdict == "overdue" and finding.end > day for finding in missed):
        return day
    return max((finding.start for finding in missed if finding.verdict == "not_met"), default=day)
