"""Review rules: the next review is due (R1), each review is valid (R2), gaps between them (R3)."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date

from caretrail.days import ONE_DAY, iso
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import Review
from caretrail.findings.chart.review_clock import Due
from caretrail.findings.chart.terms import in_words
from caretrail.findings.finding import Ruling, Verdict
from caretrail.findings.intervals import Change, Intervals, RuleFindings
from caretrail.policy.rules.plan import ReviewDue, ReviewGaps, ReviewValid


@judges(ReviewDue)
def review_due(case: Case, _: ReviewDue, findings: RuleFindings) -> None:
    """R1: a review that counts no later than 30 days after the last, or by the earlier day it set.

    Only a review that counts, or the end of the stay, clears an overdue one. On the last day of a stay the deadline
    ends: the rule is met unless a review was overdue then. Holds do not pause the clock; weekends do not move it.
    """
    clock = case.clock
    for stay in case.chart.stays:
        days = stay.days_of(clock.change_days)
        for day, following in zip(days, [*days[1:], date.max], strict=True):
            step = clock.step_on(day)
            if step is not None:
                _run(findings.main, day, clock.due_of(step, day), clock.anchor(step), following)
        if stay.last is not None:
            _end(findings, stay, stay.last, clock.due_on(stay.last))
        findings.end_stay(stay)


def _run(intervals: Intervals, day: date, due: Due, anchor: date, following: date) -> None:
    """Write from `day` on how the verdict changes as time passes, up to `following`, when it is written anew."""
    on = due.on
    basis = due.arithmetic, due.evidence, on
    if on is None:
        soon = due.soon_from is not None and due.soon_from <= day
        ruling = Ruling(
            "due_soon" if soon else "met", due.words, *basis, cause="review_due" if soon else "", anchor=anchor
        )
        intervals.set(day, ruling)
        return
    soon_from = due.soon_from or on
    if day < soon_from:
        intervals.set(day, Ruling("met", f"next review due {iso(on)}", *basis, anchor=anchor))
    if day <= on and max(day, soon_from) < following:
        words = f"review due {iso(on)}"
        if day < on and soon_from < on:
            intervals.set(max(day, soon_from), Ruling("due_soon", words, *basis, cause="review_due", anchor=anchor))
        intervals.set(on, Ruling("due_today", words, *basis, cause="review_due", anchor=anchor))
    if max(day, on) < following:
        words = f"review overdue, due {iso(on)}"
        intervals.set(max(day, on + ONE_DAY), Ruling("overdue", words, *basis, cause="review_overdue", anchor=anchor))


def _end(findings: RuleFindings, stay: PolicyStay, last: date, due: Due | None) -> None:
    at_end = findings.main.on(last)
    if due is None or at_end is None:
        return
    if at_end.verdict == "overdue" and due.on is not None:
        words = f"review due {iso(due.on)} was not held when the stay ended {iso(last)}"
        findings.not_met(stay, at_end._replace(message=words))
    else:
        words = f"stay ended {iso(last)}, no review overdue"
        findings.main.set(last, Ruling("met", words, due.arithmetic, due.evidence, due.on, "", None, at_end.anchor))


@judges(ReviewValid)
def review_valid(case: Case, _: ReviewValid, findings: RuleFindings) -> None:
    """R2: each review is with the client, signed by a clinician, of a signed plan, and updates it or says why not.

    A clinician's signature can still come: that finding stays until it does or the stay ends. What a review leaves out
    can still be stated: that is unknown until the stay ends. The rest cannot be cured: it is listed for a time.
    """
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no review yet"))]
    for review in chart.reviews:
        stay = chart.stay_on(review.day)
        if stay is not None:
            words = f"review of {iso(review.day)}: nothing missing"
            changes.append((review.day, Ruling("met", words, "", (review.version,), anchor=review.day)))
            _check(case, findings, review, stay)
    findings.write_over(chart.stays, changes)


def _check(case: Case, findings: RuleFindings, review: Review, stay: PolicyStay) -> None:
    name, evidence, event = f"review of {iso(review.day)}", (review.version,), review.event
    end = stay.until
    notice = review.day + case.notice

    def note(verdict: Verdict, words: str, cause: str, until: date | None) -> None:
        ruling = Ruling(verdict, f"{name}: {words}", "", evidence, None, cause)
        findings.note(name, review.day, until, ruling)

    if not event.participants:
        note("unknown", "participants not stated", "participation", end)
    elif not review.with_client:
        note("violation", "neither client nor guardian took part", "participation", notice)
    if review.plan is None:
        note("violation", f"plan {event.plan_version} is not recorded on that day", "plan_version", notice)
    elif review.plan.clinician is None or review.plan.clinician.day > review.day:
        words = f"plan {event.plan_version} was not signed by a clinician of the team by then"
        note("violation", words, "plan_version", notice)
    if not event.updated and event.no_change_reason is None:
        words = "neither an update nor a reason for none"
        if event.updated is None:
            note("unknown", words, "no_update", end)
        else:
            note("violation", words, "no_update", notice)
    signed_on = review.clinician.day if review.clinician else None
    if signed_on is None or signed_on > review.day:
        until = end if signed_on is None or (end is not None and end < signed_on) else signed_on
        note("violation", "no signature of a clinician of the team", "not_under_clinical_guidance", until)


@judges(ReviewGaps)
def review_gaps(case: Case, _: ReviewGaps, findings: RuleFindings) -> None:
    """R3: every gap of more than 30 days before a review that counts, or before the end of a stay, is information.

    It is listed from the day the gap closed. Time away does not lengthen a gap: a review that fell due while away was
    due on return. A review that comes to count late splits its gap.
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
        self.term = in_words(case.clock.rule.term) if case.clock.rule else ""

    def review(self, review: Review) -> None:
        """Close the gap before a review that now counts; if it was signed late, the gap after it, too."""
        known_on = review.counts_from or review.day
        held = self._held
        if not held:
            anchor = self._anchor(review, known_on)
            if anchor is not None:
                held.append(anchor)
        place = bisect_left(held, (review.day, ()))
        before = held[place - 1] if place else None
        after = held[place] if place < len(held) else None
        if after and after[0] == review.day:
            return  # another review of that day closed the gap already
        this = review.day, review.evidence_on(known_on)
        held.insert(place, this)
        if before and after:
            intervals = self._open.pop((before[0], after[0]), None)
            if intervals is not None:
                intervals.set(known_on, None)
        if before and self._case.chart.stay_on(review.day):
            self._note_gap(before, this, known_on)
        if after and self._case.chart.stay_on(after[0]):
            self._note_gap(this, after, known_on)

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
            self._note(f"{iso(step.base)} to {iso(stay.last)}", stay.last, f"{words}, {more}", evidence, step.base)

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
            intervals = self._note(f"{iso(one[0])} to {iso(other[0])}", known_on, words, evidence, one[0])
            self._open[one[0], other[0]] = intervals

    def _note(self, subject: str, day: date, words: str, evidence: tuple[int, ...], base: date) -> Intervals:
        arithmetic = f"{iso(base)} + {self.term} = {iso(self._case.clock.period_end(base))}"
        ruling = Ruling("info", words, arithmetic, evidence, None, "review_gap", None, base)
        return self._findings.note(subject, day, day + self._case.notice, ruling)
