"""Eligibility for continued stay: for each day, whether staying is supported, on what basis and until when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import date
from typing import Literal, NamedTuple

from caretrail.facts import ContinuedStayDetermined
from caretrail.findings.case import Case
from caretrail.findings.chart import Determination, Stay
from caretrail.findings.clock import Due
from caretrail.findings.days import iso
from caretrail.findings.finding import Eligibility
from caretrail.findings.logic import Truth, all_of, any_of
from caretrail.findings.track import DAY, Say, Sheet

ADMISSION_CHECKS = ("assessment_before_treatment", "prior_assessment", "qualifying_diagnosis",
                    "admission_dimensions", "capacity_for_progress")  # fmt: skip
CRITERIA = (
    ("making progress, goals remain, this level needed", ("progressing", "goals_remain", "level_needed")),
    ("has the capacity and works on the goals", ("has_capacity", "actively_working")),
    ("new problems, treatable here, nowhere less intensive", ("new_problems", "treatable_here", "least_intensive")),
)


class Answer(NamedTuple):
    """What is answered for one day."""

    verdict: Literal["eligible", "not_eligible", "unknown", "not_applicable"]
    basis: Literal["admission", "determination", "none"]
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]


def answers(case: Case, sheet_of: Callable[[str], Sheet]) -> list[Eligibility]:
    """Gapless intervals from the admission on."""
    admission = case.chart.admission
    if admission is None:
        return []
    book = _Book(case, sheet_of)
    marks: list[tuple[date, Answer]] = []
    stays = case.chart.stays
    if not stays or stays[0].first > admission.day:
        level = case.chart.level_stays[0].level
        _mark(marks, admission.day, _elsewhere(f"level {level}: no policy pack"))
    for stay in stays:
        for day in book.days(stay):
            _mark(marks, day, book.answer(day, stay))
        if stay.last is not None:
            _mark(marks, stay.last + DAY, _elsewhere(stay.after))
    ends = [day for day, _ in marks[1:]]
    return [
        Eligibility(answer.verdict, day, until, answer.basis, answer.holds_through, answer.reasons, answer.evidence)
        for (day, answer), until in zip(marks, [*ends, None], strict=True)
    ]


def _mark(marks: list[tuple[date, Answer]], day: date, answer: Answer) -> None:
    while marks and marks[-1][0] >= day:
        marks.pop()
    if not marks or marks[-1][1] != answer:
        marks.append((day, answer))


def _elsewhere(words: str) -> Answer:
    return Answer("not_applicable", "none", None, (words,), ())


class _Book:
    """What the answer of a day is looked up in; every look-up uses only what acts on or before that day."""

    def __init__(self, case: Case, sheet_of: Callable[[str], Sheet]) -> None:
        self._case = case
        self._sheets = [sheet_of(check) for check in ADMISSION_CHECKS]
        self._due: dict[int, Due | None] = {}
        self._rules: dict[str, str] = {rule.check: rule.id for rule in case.pack.rules.values()}
        made = [item for item in case.chart.determinations if item.clinician is not None]
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

    def days(self, stay: Stay) -> list[date]:
        """The days of a stay on which the answer may change."""
        low = bisect_right(self._marks, stay.first)
        high = len(self._marks) if stay.last is None else bisect_right(self._marks, stay.last)
        return [stay.first, *self._marks[low:high]]

    def _all_days(self) -> list[date]:
        """The days on which the answer may change in some stay."""
        clock = self._case.clock
        days = set(self._from)
        for step in clock.steps:
            days.add(step.day)
            if step.review is None:
                # the admission stands through the first due date, which may have moved to a return
                due = step.base + clock.period
                days.update((due + DAY, clock.after_return(due, date.max) + DAY))
        for item in self._latest:
            holds = self._holds(item)
            if holds is not None:
                days.add(holds.on + DAY)
            if item.fact.leave_by is not None:
                days.add(item.fact.leave_by + DAY)
        for sheet in self._sheets:
            days.update(sheet.main.starts())
        return sorted(days)

    def _holds(self, made: Determination) -> Due | None:
        """The review due date as it stood at the end of the day a determination was made."""
        if made.version not in self._due:
            self._due[made.version] = self._case.clock.due_on(made.day)
        return self._due[made.version]

    def answer(self, day: date, stay: Stay) -> Answer:
        """What is answered for a day of a stay."""
        determination = self._determination(day)
        if determination is not None:
            return self._by_determination(determination, day)
        return self._by_admission(day, stay)

    def _by_determination(self, made: Determination, day: date) -> Answer:
        due = self._holds(made)
        holds = due.on if due else None
        evidence = tuple(sorted({*made.evidence, *(due.evidence if due else ())}))

        def answer(verdict: Literal["eligible", "not_eligible", "unknown"], *reasons: str) -> Answer:
            return Answer(verdict, "determination", holds, reasons, evidence)

        value, words = supported(made.fact)
        if holds is None:
            return answer("unknown", f"the determination of {iso(made.day)} was made before a review could be due")
        if day > holds:
            return answer("unknown", f"the determination of {iso(made.day)} held through {iso(holds)}")
        if value is False:
            return answer("not_eligible", *words)
        if made.fact.decision == "leave" and made.fact.leave_by is not None and day > made.fact.leave_by:
            return answer("not_eligible", f"the decision of {iso(made.day)} was to leave by {iso(made.fact.leave_by)}")
        return answer("eligible" if value else "unknown", *words)

    def _by_admission(self, day: date, stay: Stay) -> Answer:
        clock = self._case.clock
        step = clock.step_on(day)
        due = clock.due_on(day)
        if step is None or due is None:
            return Answer("unknown", "none", None, ("no review clock",), ())
        if step.review is not None:
            words = f"a review counted {iso(step.day)} and no determination does"
            return Answer("unknown", "none", None, (words,), step.evidence)
        if day > due.on:
            words = f"the admission held through {iso(due.on)} and no determination counts"
            return Answer("unknown", "none", None, (words,), step.evidence)
        said = [sheet.main.on(day) for sheet in self._sheets]
        assessed = said[0] if said[0] and said[0].verdict == "met" else said[1]
        relevant = [say for say in (assessed, *said[2:]) if say is not None]
        evidence = tuple(sorted({*(v for say in relevant for v in say.evidence), stay.opened_by, *due.evidence}))
        short = self._short(said)
        if short:
            return Answer("unknown", "admission", due.on, tuple(short), evidence)
        return Answer("eligible", "admission", due.on, ("admission criteria met",), evidence)

    def _short(self, said: list[Say | None]) -> list[str]:
        """The admission rules that are not met, each with its verdict."""
        met = [say is not None and say.verdict == "met" for say in said]
        short = [] if met[0] or met[1] else [0]
        short += [place for place in range(2, len(said)) if not met[place]]
        names = [self._rules.get(check, check) for check in ADMISSION_CHECKS]
        return [f"{names[place]} {_verdict(said[place])}" for place in short]


def _counts_from(item: Determination) -> date:
    return item.clinician.day if item.clinician else item.day


def _verdict(say: Say | None) -> str:
    return "not judged" if say is None else say.verdict.replace("_", " ")


def supported(fact: ContinuedStayDetermined) -> tuple[Truth, tuple[str, ...]]:
    """Whether the criteria support staying, and the reasons in words."""
    values = [(words, names, all_of(*(getattr(fact, name) for name in names))) for words, names in CRITERIA]
    value = any_of(*(part for _, _, part in values))
    if value:
        return True, tuple(words for words, _, part in values if part)
    if value is False:
        return False, ("no criterion for continued stay is met",)
    open_names: Iterable[str] = (name for _, names, part in values if part is None for name in names)
    missing = [name for name in open_names if getattr(fact, name) is None]
    return None, (f"not stated: {', '.join(missing)}",)
