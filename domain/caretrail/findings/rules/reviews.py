"""Review rules: the next review is due (R1), each review is valid (R2), gaps between them (R3), updates (R4)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import ONE_DAY, iso, later
from caretrail.events import PlanReviewed
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import Review
from caretrail.findings.chart.review_clock import ClockStep, Due, Missed
from caretrail.findings.chart.terms import in_words
from caretrail.findings.finding import Ruling, Verdict, unknown
from caretrail.findings.intervals import Change, Intervals, RuleFindings
from caretrail.policy.rules.plan import PlanUpdates, ReviewDue, ReviewGaps, ReviewValid
from caretrail.text import plural


@judges(ReviewDue)
def review_due(case: Case, _: ReviewDue, findings: RuleFindings) -> None:
    """R1: a review that counts no later than 30 days after the last, or by the earlier day it set.

    Only a review that counts, or the end of the stay, clears an overdue one. From the day a late one counts the rule is
    breached between the live verdicts of the cycles that follow, through the last day of the stay. Holds do not pause
    the clock; weekends do not move it. On the last day the deadline ends.
    """
    clock = case.clock
    for stay in case.chart.stays:
        days = stay.days_of(clock.change_days)
        for day, following in zip(days, [*days[1:], date.max], strict=True):
            step = clock.step_on(day)
            if step is not None:
                _run(findings.main, day, clock.due_of(step, day), _Basis.of(step, clock.anchor(step), stay), following)
        step = clock.step_on(stay.last) if stay.last is not None else None
        if step is not None and stay.last is not None:
            _end(findings, stay, clock.due_of(step, stay.last), _Basis.of(step, clock.anchor(step), stay))
        findings.end_stay(stay)


class _Basis(NamedTuple):
    """What a review's due day runs from, and what is said of the review before it."""

    anchor: date
    missed: Missed | None
    entered: str

    @classmethod
    def of(cls, step: ClockStep, anchor: date, stay: PolicyStay) -> _Basis:
        # a review that was late in an earlier stay, or while away, says nothing of this stay
        missed = step.missed if step.missed and step.missed.ended_on >= stay.first else None
        return cls(anchor, missed, f"; {step.entered}" if step.entered else "")

    def calm(self, words: str, due: Due) -> Ruling:
        """The ruling while nothing is due: met, or breached if a review of the stay was late."""
        words += self.entered
        if self.missed is None:
            return Ruling("met", words, due.arithmetic, due.evidence, due.on, "", None, self.anchor)
        late = plural((self.missed.ended_on - self.missed.due_on).days, "day")
        words = f"a review due {iso(self.missed.due_on)} came {late} late, {iso(self.missed.ended_on)}; {words}"
        return Ruling(
            "breached", words, due.arithmetic, due.evidence, self.missed.due_on, "review_late", None, self.anchor
        )  # fmt: skip


def _run(intervals: Intervals, day: date, due: Due, basis: _Basis, following: date) -> None:
    """Write from `day` on how the verdict changes as time passes, up to `following`, when it is written anew."""
    on = due.on
    if on is None:
        if due.soon_from is not None and due.soon_from <= day:
            intervals.set(day, _live("due_soon", due.words, due, basis))
        else:
            intervals.set(day, basis.calm(due.words, due))
        return
    soon_from = due.soon_from or on
    if day < soon_from:
        intervals.set(day, basis.calm(f"next review due {iso(on)}", due))
    if day <= on and max(day, soon_from) < following:
        words = f"review due {iso(on)}"
        if day < on and soon_from < on:
            intervals.set(max(day, soon_from), _live("due_soon", words, due, basis))
        intervals.set(on, _live("due_today", words, due, basis))
    if max(day, on) < following:
        intervals.set(max(day, on + ONE_DAY), _live("overdue", f"review overdue, due {iso(on)}", due, basis))


def _live(verdict: Verdict, words: str, due: Due, basis: _Basis) -> Ruling:
    words += basis.entered
    ruling = Ruling(verdict, words, due.arithmetic, due.evidence, due.on, "review_due", None, basis.anchor)
    return ruling._replace(cause="review_overdue") if verdict == "overdue" else ruling


def _end(findings: RuleFindings, stay: PolicyStay, due: Due, basis: _Basis) -> None:
    """From the last day on a review overdue then is not met; a late one is breached on it; nothing else is due."""
    last = stay.last or date.max
    at_end = findings.main.on(last)
    words = f"stay ended {iso(last)}, no review overdue"
    if at_end is not None and at_end.verdict == "overdue" and due.on is not None:
        words = f"review due {iso(due.on)} was not held when the stay ended {iso(last)}"
        findings.not_met(stay, at_end._replace(message=words))
    elif basis.missed is not None:
        findings.main.set(last, basis.calm(words, due))
    else:
        ruling = Ruling("not_applicable", words, due.arithmetic, due.evidence, None, "", None, basis.anchor)
        findings.main.set(last, ruling)


@judges(ReviewValid)
def review_valid(case: Case, rule: ReviewValid, findings: RuleFindings) -> None:
    """R2: each review is with the client and approved supports, under clinical guidance, of a plan, and updates it.

    What can still come (a signature, the plan it names) is unknown until it does, and a violation once the next review
    is overdue without it. What a review leaves out can still be stated: unknown until the stay ends. The rest nothing
    can cure: it is told for a time, then breached.
    """
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no review yet"))]
    overdue = _overdue_days(case)
    for review in chart.reviews:
        stay = chart.stay_on(review.day)
        if stay is not None:
            words = f"review of {iso(review.day)}: nothing missing{_entered(case, review)}"
            changes.append((review.day, Ruling("met", words, "", (review.version,), anchor=review.day)))
            _check(case, rule, findings, review, stay, overdue)
    findings.write_over(chart.stays, changes)


def _entered(case: Case, review: Review) -> str:
    """In words, if the review was entered after it was due."""
    words = next((step.entered for step in case.clock.steps if step.review is review and step.entered), "")
    return f"; {words}" if words else ""


def _overdue_days(case: Case) -> list[tuple[date, date]]:
    """The days on which a review is overdue (end exclusive), oldest first; none without a rule for it."""
    rule = case.pack.rule(ReviewDue)
    intervals = case.own_findings_of(rule).main.intervals() if rule is not None else []
    return [(start, until or date.max) for _, start, until, ruling in intervals if ruling.verdict == "overdue"]


def _check(
    case: Case,
    rule: ReviewValid,
    findings: RuleFindings,
    review: Review,
    stay: PolicyStay,
    overdue: Sequence[tuple[date, date]],
) -> None:
    name, evidence, event = f"review of {iso(review.day)}", (review.version,), review.event
    end = stay.until

    def note(words: str, cause: str, until: date | None = None) -> None:
        """What can still be stated."""
        ends = min((day for day in (until, end) if day is not None), default=None)
        findings.note(
            name, review.day, ends, Ruling("unknown", f"{name}: {words}", "", evidence, None, cause), review.version
        )

    def breach(words: str, cause: str, until: date | None = None) -> None:
        """What nothing can cure."""
        told_until = case.notice_until(review.day, review.version)
        ruling = Ruling("violation", f"{name}: {words}", "", evidence, None, cause)
        intervals = findings.note_breach(name, review.day, told_until, end, ruling, review.version)
        if until is not None:
            intervals.set(until, None)

    def awaited(stages: Mapping[date, str], cause: str, until: date | None) -> None:
        """What can still come, in words by the day from which they hold: a problem once the review is overdue."""
        if until is not None and until <= review.day:
            return
        intervals = findings.subject_intervals(name, review.version)
        late = next((max(start, review.day) for start, over in overdue if over > review.day), date.max)
        words = ""
        for day in sorted({*stages, late}):
            words = stages.get(day, words)
            verdict: Verdict = "unknown" if day < late else "violation"
            if day < date.max:
                intervals.set(day, Ruling(verdict, f"{name}: {words}", "", evidence, None, cause))
        ends = min((day for day in (until, end) if day is not None), default=None)
        if ends is not None:
            intervals.set(ends, None)

    if review.with_client is None:
        note("participants not stated", "participation", review.client_signed_on)
    elif not review.with_client:
        signed = [day for day in (review.client_likely_on, review.client_signed_on) if day is not None]
        breach("neither client nor guardian took part", "participation", min(signed, default=None))
        if review.client_likely_on is not None:
            words = f"{name}: the client's part cannot be told from the signatures"
            until = min((day for day in (review.client_signed_on, end) if day is not None), default=None)
            ruling = unknown(words, "participation", evidence)
            findings.note(name, review.client_likely_on, until, ruling, review.version)
    if event.supports is None:
        note("whether approved family or supports took part is not stated", "supports")
    plan = review.plan
    stages = {review.day: f"plan {event.plan_version} is not on record"}
    if plan is not None:
        stages[max(plan.day, review.day)] = f"plan {event.plan_version} was not signed under clinical guidance by then"
    newer = case.chart.counting_plans.superseding(review)
    if newer is not None:
        words = f"plan {event.plan_version} was superseded by plan {newer.event.plan_version} by then"
        breach(words, "plan_version")
    else:
        awaited(stages, "plan_version", plan.clinician.day if plan is not None and plan.clinician is not None else None)
    if not event.updated:
        _check_update(rule, event, note, breach)
    unsigned = "not signed under clinical guidance"
    stages = {review.day: unsigned}
    objections = [item for item in review.objections if item.signer]
    for day in sorted({review.day, *(item.day for item in objections)}):
        why = ", ".join(dict.fromkeys(item.words for item in objections if item.day <= day))
        stages[day] = f"{unsigned}: {why}" if why else unsigned
    awaited(stages, "not_under_clinical_guidance", review.clinician.day if review.clinician else None)


def _check_update(
    rule: ReviewValid, event: PlanReviewed, note: Callable[[str, str], None], breach: Callable[[str, str], None]
) -> None:
    """A review that does not say that it updates the plan gives a reason, where the pack takes one."""
    if event.no_change_reason is not None:
        if rule.no_change == "never":
            breach("no update, whatever the reason", "no_update")
    elif event.updated is None:
        note("neither an update nor a reason for none", "no_update")
    else:
        breach("neither an update nor a reason for none", "no_update")


@judges(PlanUpdates)
def plan_updates(case: Case, rule: PlanUpdates, findings: RuleFindings) -> None:
    """R4 (ours): several reviews in a row that keep the plan as it is are mentioned, until it is updated.

    A review that does not say whether it updates neither counts nor ends the count.
    """
    chart = case.chart
    counting = [plan for plan in chart.plans if plan.clinician is not None]
    updates = [(plan.clinician.day, plan.version, None) for plan in counting if plan.clinician is not None]
    held = [(one.counts_from, one.version, one) for one in chart.reviews if one.counts_from is not None]
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no plan yet"))]
    kept: list[int] = []
    for day, version, review in sorted([*updates, *held], key=lambda item: item[:2]):
        if review is not None and review.event.updated is None:
            continue
        if review is None or review.event.updated:
            kept.clear()
            changes.append((day, Ruling("met", f"the plan was updated {iso(day)}", "", (version,))))
            continue
        kept.append(version)
        words = f"{plural(len(kept), 'review')} in a row without an update of the plan, the last {iso(day)}"
        ruling = Ruling("met", words, "", tuple(kept[-rule.after_reviews :]))
        if len(kept) >= rule.after_reviews:
            ruling = ruling._replace(verdict="info", cause="plan_not_updated")
        changes.append((day, ruling))
    findings.write_over(chart.stays, changes)


@judges(ReviewGaps)
def review_gaps(case: Case, _: ReviewGaps, findings: RuleFindings) -> None:
    """R3: every gap of more than 30 days before a review that counts, or before the end of a stay, is breached.

    It stands from the day the gap closed through the last day of the stay, never louder. Time away does not lengthen
    a gap: a review that fell due while away was due on return. A review that comes to count late splits its gap.
    """
    clock = case.clock
    gaps = _Gaps(case, findings)
    ends = [stay for stay in case.chart.stays if stay.last is not None]
    for review in clock.counted:
        while ends and (last := ends[0].last) and review.counts_from and last < review.counts_from:
            gaps.end(ends.pop(0))
        gaps.review(review)
    for stay in ends:
        gaps.end(stay)
    findings.write_over(case.chart.stays, [(date.min, Ruling("met", f"no gap of more than {gaps.term}"))])


class _Gaps:
    """The gaps between counting reviews, as they become known."""

    def __init__(self, case: Case, findings: RuleFindings) -> None:
        self._case, self._findings = case, findings
        self._held: list[tuple[date, tuple[int, ...]]] = []
        self._open: dict[tuple[date, date], Intervals] = {}
        self._begins: date | None = None
        """The base of the clock before any review, while no review before it counts."""
        self._ended: set[tuple[str, date]] = set()
        self.term = in_words(case.clock.rule.term) if case.clock.rule else ""

    def review(self, review: Review) -> None:
        """Close the gap before a review that now counts; if it was signed late, the gap after it, too."""
        known_on = review.counts_from or review.day
        held = self._held
        if not held:
            anchor = self._anchor(review, known_on)
            if anchor is not None:
                held.append(anchor)
                self._begins = anchor[0]
        place = bisect_left(held, (review.day, ()))
        before = held[place - 1] if place else None
        after = held[place] if place < len(held) else None
        if after and after[0] == review.day:
            return  # another review of that day closed the gap already
        this = review.day, review.evidence_on(known_on)
        if after and after[0] == self._begins:
            self._begin_with(this)
            return
        held.insert(place, this)
        if before and after:
            intervals = self._open.pop((before[0], after[0]), None)
            if intervals is not None:
                intervals.set(known_on, None)
        if before and self._case.chart.stay_on(review.day):
            self._note_gap(before, this, known_on)
        if after and self._case.chart.stay_on(after[0]):
            self._note_gap(this, after, known_on)

    def _begin_with(self, first: tuple[date, tuple[int, ...]]) -> None:
        """Measure from a review held before the base of the clock; the gap after that base stays as it was closed."""
        begins, self._begins, self._held[0] = self._begins, None, first
        self._open = {(first[0] if one == begins else one, other): gap for (one, other), gap in self._open.items()}

    def _anchor(self, review: Review, known_on: date) -> tuple[date, tuple[int, ...]] | None:
        """The base of the clock before the first review, as known when that came to count."""
        steps = [step for step in self._case.clock.steps if step.review is None and step.day <= known_on]
        step = steps[-1] if steps else None
        return (step.base, step.evidence) if step and step.base < review.day else None

    def end(self, stay: PolicyStay) -> None:
        """Close the gap before the end of a stay."""
        step = self._case.clock.step_on(stay.last) if stay.last else None
        if step is None or stay.last is None:
            return
        late = self._late(step.base, stay.last, stay.last)
        if late > 0:
            more = self._more(step.base, late)
            words = f"{(stay.last - step.base).days} days from {iso(step.base)} to the end of the stay {iso(stay.last)}"
            evidence = tuple(sorted({*step.evidence, *((stay.closed_by,) if stay.closed_by else ())}))
            subject = f"{iso(step.base)} to {iso(stay.last)}"
            if (subject, stay.last) not in self._ended:  # of two stays that end on one day, the first tells it
                self._ended.add((subject, stay.last))
                self._note(subject, stay.last, stay.until, f"{words}, {more}", evidence, step.base)

    def _late(self, base: date, day: date, known_on: date) -> int:
        end = self._case.clock.period_end(base)
        return (day - self._case.clock.after_return(end, min(day, known_on))).days if end > base else 0

    def _more(self, base: date, late: int) -> str:
        """How many days the gap is longer than the term, in words."""
        return f"{late} more than {(self._case.clock.period_end(base) - base).days}"

    def _note_gap(self, one: tuple[date, tuple[int, ...]], other: tuple[date, tuple[int, ...]], known_on: date) -> None:
        late = self._late(one[0], other[0], known_on)
        if late > 0:
            days = (other[0] - one[0]).days
            words = f"{days} days between the reviews of {iso(one[0])} and {iso(other[0])}, {self._more(one[0], late)}"
            if self._held[0] == one and not any(review.day == one[0] for review in self._case.clock.counted):
                first = f"{iso(one[0])} to the first review {iso(other[0])}"
                words = f"{days} days from {first}, {self._more(one[0], late)}"
            evidence = tuple(sorted({*one[1], *other[1]}))
            stay = self._case.chart.stay_on(known_on)
            # a gap that a late signature closes after the stay is told for a time
            until = stay.until if stay is not None else later(known_on, self._case.pack.notice_days)
            intervals = self._note(f"{iso(one[0])} to {iso(other[0])}", known_on, until, words, evidence, one[0])
            self._open[one[0], other[0]] = intervals

    def _note(
        self,
        subject: str,
        day: date,
        until: date | None,
        words: str,
        evidence: tuple[int, ...],
        base: date,
    ) -> Intervals:
        arithmetic = f"{iso(base)} + {self.term} = {iso(self._case.clock.period_end(base))}"
        ruling = Ruling("breached", words, arithmetic, evidence, None, "review_gap", None, base)
        return self._findings.note(subject, day, until, ruling)
