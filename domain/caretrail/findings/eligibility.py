"""Eligibility for continued stay: for each day, whether staying is supported, on what basis and until when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Literal, NamedTuple

from caretrail.days import iso, later
from caretrail.events import Authorized, ContinuedStayDetermined
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import Determination
from caretrail.findings.chart.review_clock import Due
from caretrail.findings.finding import Eligibility, Ruling
from caretrail.findings.intervals import DAY, RuleFindings
from caretrail.findings.logic import Truth, all_of, any_of
from caretrail.policy.rules.stay import ContinuedStay

ADMISSION_CHECKS = (
    "assessment_before_treatment", "prior_assessment", "qualifying_diagnosis", "admission_dimensions",
    "capacity_for_progress",
)  # fmt: skip
CRITERIA = (
    ("making progress, goals remain, this level needed", ("progressing", "goals_remain", "level_needed")),
    ("has the capacity and works on the goals", ("has_capacity", "actively_working")),
    ("new problems, treatable here, nowhere less intensive", ("new_problems", "treatable_here", "least_intensive")),
)


_CRITERIA = tuple((words, names, attrgetter(*names)) for words, names in CRITERIA)


class Answer(NamedTuple):
    """What is answered for one day; `anchor` is the day the question hangs on."""

    verdict: Literal["eligible", "not_eligible", "unknown", "not_applicable"]
    basis: Literal["admission", "determination", "none"]
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]
    anchor: date


Answers = list[tuple[Eligibility, date]]
"""What is answered over time, each with the day it hangs on."""


def answers(case: Case, findings_of: Callable[[str], RuleFindings | None]) -> Answers:
    """Gapless intervals from the admission on.

    `sheet_of` gives what a check says, None for one the pack has no rule for: that asks nothing of an admission.
    """
    admission = case.chart.admission
    if admission is None:
        return []
    book = _Book(case, findings_of)
    marks: list[tuple[date, Answer]] = []
    stays = case.chart.stays
    if not stays or stays[0].first > admission.day:
        level = case.chart.level_stays[0].level
        _mark(marks, admission.day, _elsewhere(f"level {level}: no policy pack", admission.day))
    for stay in stays:
        for day in book.days(stay):
            _mark(marks, day, book.answer(day, stay))
        if stay.last is not None:
            _mark(marks, stay.last + DAY, _elsewhere(stay.after, stay.first))
    ends = [day for day, _ in marks[1:]]
    return [
        (
            Eligibility(
                day, until, answer.verdict, answer.basis, answer.holds_through, answer.reasons, answer.evidence
            ),
            answer.anchor,
        )
        for (day, answer), until in zip(marks, [*ends, None], strict=True)
    ]


def _mark(marks: list[tuple[date, Answer]], day: date, answer: Answer) -> None:
    while marks and marks[-1][0] >= day:
        marks.pop()
    if not marks or marks[-1][1] != answer:
        marks.append((day, answer))


def _elsewhere(words: str, anchor: date) -> Answer:
    return Answer("not_applicable", "none", None, (words,), (), anchor)


class _Ground(NamedTuple):
    """What a determination rests on: when a review was due as it was made, and whether the criteria support it."""

    due: Due | None
    evidence: tuple[int, ...]
    value: Truth
    words: tuple[str, ...]


class _Book:
    """What the answer of a day is looked up in; every look-up uses only what acts on or before that day."""

    def __init__(self, case: Case, findings_of: Callable[[str], RuleFindings | None]) -> None:
        self._case = case
        rule = case.pack.rule(ContinuedStay)
        self._by_payer = rule is not None and rule.holds == "authorization"
        self._findings = {check: findings for check in ADMISSION_CHECKS if (findings := findings_of(check)) is not None}
        self._grounds: dict[int, _Ground] = {}
        # the first day under the policy stands for the admission: no determination is made before it
        start = case.chart.stays[0].first if case.chart.stays else date.max
        made = [item for item in case.chart.determinations if item.clinician is not None and item.day >= start]
        made.sort(key=_counts_from)
        self._from = [_counts_from(item) for item in made]
        self._latest: list[Determination] = []
        for item in made:
            standing = self._latest[-1] if self._latest else None
            newer = standing is None or (item.day, item.version) > (standing.day, standing.version)
            self._latest.append(item if newer or standing is None else standing)
        self._marks = self._all_days()

    def _determination(self, day: date) -> Determination | None:
        place = bisect_right(self._from, day)
        return self._latest[place - 1] if place else None

    def days(self, stay: PolicyStay) -> list[date]:
        """The days of a stay on which the answer may change."""
        low = bisect_right(self._marks, stay.first)
        high = len(self._marks) if stay.last is None else bisect_right(self._marks, stay.last)
        return [stay.first, *self._marks[low:high]]

    def _all_days(self) -> list[date]:
        """The days on which the answer may change in some stay."""
        clock = self._case.clock
        days = set(self._from)
        for day in clock.change_days:
            days.add(day)
            due = clock.due_on(day)
            if due is not None and due.on is not None:
                # the admission stands through the first due date, which may move to a return
                days.update((later(due.on, 1), later(clock.after_return(due.on, date.max), 1)))
        for item in self._latest:
            holds = self._holds(item, date.max)
            if holds is not None:
                days.add(later(holds, 1))
            if item.event.leave_by is not None:
                days.add(later(item.event.leave_by, 1))
        if self._by_payer:
            for given in self._case.chart.authorized:
                days.add(given.day)
                days.add(later(given.event.to, 1))
        for findings in self._findings.values():
            days.update(findings.main.starts())
        return sorted(days)

    def _ground(self, made: Determination) -> _Ground:
        """What is said of a determination on every day on which it stands: worked out once."""
        ground = self._grounds.get(made.version)
        if ground is None:
            due = None if self._by_payer else self._case.clock.due_on(made.day)
            evidence = tuple(sorted({*made.evidence, *due.evidence})) if due else made.evidence
            ground = self._grounds[made.version] = _Ground(due, evidence, *supported(made.event))
        return ground

    def _holds(self, made: Determination, day: date) -> date | None:
        """The last day a determination holds, as known on a day; None if that is not known yet."""
        if self._by_payer:
            return self._authorized_until(made, day)
        due = self._ground(made).due
        if due is not None and due.on is None:
            # what the term counts was not reached when it was made: it holds until it is
            step = self._case.clock.step_on(made.day)
            due = self._case.clock.due_of(step, day) if step is not None else None
        return due.on if due is not None else None

    def _authorized_until(self, made: Determination, day: date) -> date | None:
        """The last day of the payer's authorizations, recorded by a day, that cover the day it was made."""
        ends = [
            event.to
            for item in self._case.chart.authorized
            if isinstance(event := item.event, Authorized) and item.day <= day and event.from_ <= made.day <= event.to
        ]
        return max(ends, default=None)

    def answer(self, day: date, stay: PolicyStay) -> Answer:
        """What is answered for a day of a stay."""
        determination = self._determination(day)
        if determination is not None:
            return self._by_determination(determination, day)
        return self._by_admission(day, stay)

    def _by_determination(self, made: Determination, day: date) -> Answer:
        due, evidence, value, words = self._ground(made)
        holds = self._holds(made, day)
        leave_by = made.event.leave_by if made.event.decision == "leave" else None

        def answer(verdict: Literal["eligible", "not_eligible", "unknown"], *reasons: str) -> Answer:
            through = min(holds, leave_by) if verdict == "eligible" and holds and leave_by else holds
            return Answer(verdict, "determination", through, reasons, evidence, made.day)

        if holds is None and self._by_payer:
            return answer("unknown", f"no authorization covers the determination of {iso(made.day)}")
        if holds is None and due is None:
            return answer("unknown", f"the determination of {iso(made.day)} was made before a review could be due")
        if holds is not None and holds < made.day:
            late = f"a review was due {iso(holds)} and overdue"
            return answer("unknown", f"the determination of {iso(made.day)} holds for no day: {late}")
        if holds is not None and day > holds:
            return answer("unknown", f"the determination of {iso(made.day)} held through {iso(holds)}")
        if value is False:
            return answer("not_eligible", *words)
        if leave_by is not None and day > leave_by:
            return answer("not_eligible", f"the decision of {iso(made.day)} was to leave by {iso(leave_by)}")
        return answer("eligible" if value else "unknown", *words)

    def _by_admission(self, day: date, stay: PolicyStay) -> Answer:
        clock = self._case.clock
        step = clock.step_on(day)
        if step is None:
            return Answer("unknown", "none", None, ("no review clock",), (), stay.first)
        due, anchor = clock.due_of(step, day), clock.anchor(step)
        if step.review is not None:
            words = f"a review counted {iso(step.day)} and no determination does"
            return Answer("unknown", "none", None, (words,), step.evidence, anchor)
        if due.on is not None and day > due.on:
            words = f"the admission held through {iso(due.on)} and no determination counts"
            return Answer("unknown", "none", None, (words,), step.evidence, anchor)
        said = {check: findings.main.on(day) for check, findings in self._findings.items()}
        assessed, prior = said.get("assessment_before_treatment"), said.get("prior_assessment")
        told = (
            assessed if assessed and assessed.verdict == "met" else prior,
            *map(said.get, ADMISSION_CHECKS[2:]),
        )
        versions = {stay.opened_by, *due.evidence}
        for ruling in told:
            if ruling is not None:
                versions.update(ruling.evidence)
        evidence = tuple(sorted(versions))
        short = self._short(said)
        if short:
            return Answer("unknown", "admission", due.on, tuple(short), evidence, anchor)
        return Answer("eligible", "admission", due.on, ("admission criteria met",), evidence, anchor)

    def _short(self, said: Mapping[str, Ruling | None]) -> list[str]:
        """The admission rules that are not met, each with its verdict; an assessment of either kind will do."""
        met = {check: ruling is not None and ruling.verdict == "met" for check, ruling in said.items()}
        if all(met.values()):
            return []
        short = [check for check in ADMISSION_CHECKS[2:] if not met.get(check, True)]
        either = [check for check in ADMISSION_CHECKS[:2] if check in met]
        if either and not any(met[check] for check in either):
            short.insert(0, either[0])
        names = {rule.check: rule.id for rule in self._case.pack.judged} if short else {}
        return [f"{names[check]} {_verdict(said[check])}" for check in short]


def _counts_from(item: Determination) -> date:
    return item.clinician.day if item.clinician else item.day


def _verdict(ruling: Ruling | None) -> str:
    # on the last day of a stay a rule is silent once what was not met is written down for good
    return "not met" if ruling is None else ruling.verdict.replace("_", " ")


def supported(event: ContinuedStayDetermined) -> tuple[Truth, tuple[str, ...]]:
    """Whether the criteria support staying, and the reasons in words."""
    values = [(words, names, all_of(*stated(event))) for words, names, stated in _CRITERIA]
    value = any_of(*[part for _, _, part in values])
    if value:
        return True, tuple([words for words, _, part in values if part])
    if value is False:
        return False, ("no criterion for continued stay is met",)
    open_names: Iterable[str] = (name for _, names, part in values if part is None for name in names)
    missing = [name for name in open_names if getattr(event, name) is None]
    return None, (f"not stated: {', '.join(missing)}",)
