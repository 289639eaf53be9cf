"""Eligibility for continued stay: for each day the answer, its support, and the last day of that support."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from caretrail.days import ONE_DAY, iso, later
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import Determination
from caretrail.findings.chart.review_clock import Due
from caretrail.findings.continued_stay import supported
from caretrail.findings.finding import Eligibility, Ruling
from caretrail.findings.logic import Truth
from caretrail.policy.rules import KINDS
from caretrail.policy.rules.stay import ContinuedStay

ADMISSION_CHECKS = (
    "assessment_before_treatment", "prior_assessment", "qualifying_diagnosis", "admission_dimensions",
    "capacity_for_progress",
)  # fmt: skip
Answer = tuple[Eligibility, date]
"""An answer, and the day from which its question runs: the version of the rules in force on that day answers."""
Answers = list[Answer]


def answers(case: Case) -> Answers:
    """Answers in gapless intervals from the admission on."""
    admission = case.chart.admission
    if admission is None:
        return []
    book = _Book(case)
    marks: Answers = []
    stays = case.chart.stays
    if not stays or stays[0].first > admission.day:
        level = case.chart.level_stays[0].level
        _mark(marks, (_elsewhere(admission.day, f"level {level}: no policy pack"), admission.day))
    for stay in stays:
        for day in stay.days_of(book.change_days):
            _mark(marks, book.answer(day, stay))
        if stay.last is not None:
            _mark(marks, (_elsewhere(stay.last + ONE_DAY, stay.after), stay.first))
    for place, (following, _) in enumerate(marks[1:]):
        answer, anchor = marks[place]
        marks[place] = Eligibility(answer.start, following.start, *answer[2:]), anchor
    return marks


def _mark(marks: Answers, mark: Answer) -> None:
    """Add an answer, unless it repeats the one before; drop the answers planned from its day on."""
    answer, anchor = mark
    while marks and marks[-1][0].start >= answer.start:
        marks.pop()
    if not marks or (marks[-1][0][1:], marks[-1][1]) != (answer[1:], anchor):
        marks.append(mark)


def _elsewhere(day: date, words: str) -> Eligibility:
    return Eligibility(day, None, "not_applicable", reasons=(words,))


class _Ground(NamedTuple):
    """The support of a determination: when a review was due on its day, and whether the criteria support staying."""

    due: Due | None
    evidence: tuple[int, ...]
    value: Truth
    words: tuple[str, ...]


class _Book:
    """Answers for one day at a time; each uses only what acts on or before that day."""

    def __init__(self, case: Case) -> None:
        self._case = case
        rule = case.pack.rule(ContinuedStay)
        self._rule = rule
        self._by_payer = rule is not None and rule.holds == "authorization"
        # an admission rule that the pack does not have asks for nothing
        rules = {check: case.pack.rule(KINDS[check]) for check in ADMISSION_CHECKS}
        self._findings = {check: case.findings_of(rule).main for check, rule in rules.items() if rule is not None}
        self._grounds: dict[int, _Ground] = {}
        # the first day under the policy takes the place of the admission: no determination is made before it
        start = case.chart.stays[0].first if case.chart.stays else date.max
        made = [item for item in case.chart.determinations if item.clinician is not None and item.day >= start]
        made.sort(key=_counts_from)
        self._from = [_counts_from(item) for item in made]
        self._latest: list[Determination] = []
        for item in made:
            latest = self._latest[-1] if self._latest else item
            self._latest.append(max(latest, item, key=lambda one: (one.day, one.version)))
        self.change_days = self._all_days()

    def _all_days(self) -> list[date]:
        """The days on which the answer may change."""
        clock = self._case.clock
        days = set(self._from)
        for day in clock.change_days:
            days.add(day)
            due = clock.due_on(day)
            if due is not None and due.on is not None:
                # the admission supports through the first due day, which may move to a return
                days.update((later(due.on, 1), later(clock.after_return(due.on, date.max), 1)))
        for item in self._latest:
            holds = self._holds(item, date.max)
            if holds is not None:
                days.add(later(holds, 1))
            if item.event.leave_by is not None:
                days.add(later(item.event.leave_by, 1))
        if self._by_payer:
            for given in self._case.chart.authorized:
                days.update((given.day, later(given.event.to, 1)))
        for findings in self._findings.values():
            days.update(findings.starts())
        return sorted(days)

    def _ground(self, made: Determination) -> _Ground:
        """The support of a determination, computed once: it is the same on every day."""
        ground = self._grounds.get(made.version)
        if ground is None:
            due = None if self._by_payer else self._case.clock.due_on(made.day)
            evidence = made.evidence_on(_counts_from(made))
            if due is not None:
                evidence = tuple(sorted({*evidence, *due.evidence}))
            ground = self._grounds[made.version] = _Ground(due, evidence, *self._supported(made))
        return ground

    def _supported(self, made: Determination) -> tuple[Truth, tuple[str, ...]]:
        return supported(made.event, self._rule) if self._rule else (None, ())

    def _holds(self, made: Determination, day: date) -> date | None:
        """The last day a determination holds, as known on a day; None if not known yet."""
        if self._by_payer:
            # through the last of the payer's authorizations, recorded by now, that cover its day
            events = [item.event for item in self._case.chart.authorized if item.day <= day]
            return max((event.to for event in events if event.from_ <= made.day <= event.to), default=None)
        due = self._ground(made).due
        if due is not None and due.on is None:
            # its term, counted in sessions, was not reached on its day: it holds until then
            step = self._case.clock.step_on(made.day)
            due = self._case.clock.due_of(step, day) if step is not None else None
        return due.on if due is not None else None

    def answer(self, day: date, stay: PolicyStay) -> Answer:
        """The answer for a day of a stay."""
        place = bisect_right(self._from, day)
        if place:
            return self._by_determination(self._latest[place - 1], day)
        return self._by_admission(day, stay)

    def _by_determination(self, made: Determination, day: date) -> Answer:
        due, evidence, value, words = self._ground(made)
        holds = self._holds(made, day)
        leave_by = made.event.leave_by if made.event.decision == "leave" else None

        def answer(verdict: Literal["eligible", "not_eligible", "unknown"], *reasons: str) -> Answer:
            through = min(holds, leave_by) if verdict == "eligible" and holds and leave_by else holds
            return Eligibility(day, None, verdict, "determination", through, reasons, evidence), made.day

        name = f"the determination of {iso(made.day)}"
        if holds is None and self._by_payer:
            return answer("unknown", f"no authorization covers {name}")
        if holds is None and due is None:
            return answer("unknown", f"{name} was made before a review could be due")
        if holds is not None and holds < made.day:
            return answer("unknown", f"{name} holds for no day: a review was due {iso(holds)} and overdue")
        if holds is not None and day > holds:
            return answer("unknown", f"{name} held through {iso(holds)}")
        if value is False:
            return answer("not_eligible", *words)
        if leave_by is not None and day > leave_by:
            return answer("not_eligible", f"the decision of {iso(made.day)} was to leave by {iso(leave_by)}")
        return answer("eligible" if value else "unknown", *words)

    def _by_admission(self, day: date, stay: PolicyStay) -> Answer:
        clock = self._case.clock
        step = clock.step_on(day)
        if step is None:
            return Eligibility(day, None, "unknown", reasons=("no review clock",)), stay.first
        due, anchor = clock.due_of(step, day), clock.anchor(step)
        if step.review is not None or (due.on is not None and day > due.on):
            words = f"a review counted {iso(step.day)} and no determination does"
            if step.review is None and due.on is not None:
                words = f"the admission held through {iso(due.on)} and no determination counts"
            return Eligibility(day, None, "unknown", reasons=(words,), evidence=step.evidence), anchor
        rulings = {check: findings.on(day) for check, findings in self._findings.items()}
        assessed, prior = rulings.get("assessment_before_treatment"), rulings.get("prior_assessment")
        support = [
            assessed if assessed and assessed.verdict == "met" else prior,
            *map(rulings.get, ADMISSION_CHECKS[2:]),
        ]
        versions = {stay.opened_by, *due.evidence}
        for ruling in support:
            versions.update(ruling.evidence if ruling is not None else ())
        short = tuple(self._short(rulings))
        reasons = short or ("admission criteria met",)
        verdict: Literal["eligible", "unknown"] = "unknown" if short else "eligible"
        return Eligibility(day, None, verdict, "admission", due.on, reasons, tuple(sorted(versions))), anchor

    def _short(self, rulings: Mapping[str, Ruling | None]) -> list[str]:
        """The admission rules that are not met, each with its verdict; an assessment of either kind will do."""
        met = {check: ruling is not None and ruling.verdict == "met" for check, ruling in rulings.items()}
        if all(met.values()):
            return []
        short = [check for check in ADMISSION_CHECKS[2:] if not met.get(check, True)]
        either = [check for check in ADMISSION_CHECKS[:2] if check in met]
        if either and not any(met[check] for check in either):
            short.insert(0, either[0])
        names = {rule.check: rule.id for rule in self._case.pack.judged} if short else {}
        return [f"{names[check]} {_verdict(rulings[check])}" for check in short]


def _counts_from(item: Determination) -> date:
    return item.clinician.day if item.clinician else item.day


def _verdict(ruling: Ruling | None) -> str:
    # on the last day of a stay a rule is silent once "not met" is kept for good
    return "not met" if ruling is None else ruling.verdict.replace("_", " ")
