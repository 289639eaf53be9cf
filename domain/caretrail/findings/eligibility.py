"""Eligibility for continued stay: for each day the answer, its ground, and the last day of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple

from caretrail.days import ONE_DAY, iso
from caretrail.findings.case import Case
from caretrail.findings.chart.assessments import acceptance
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.continued_stay import supported
from caretrail.findings.finding import Eligibility, Ruling
from caretrail.findings.grounds import Ground, Span, spans_of
from caretrail.findings.logic import Truth
from caretrail.policy.rules import KINDS
from caretrail.policy.rules.stay import ContinuedStay

MUST_BE_MET = ("qualifying_diagnosis", "admission_dimensions", "capacity_for_progress")
"""Rules that support an admission once they are met."""
MUST_HOLD = "assessor_credential"
"""A rule that supports an admission unless it says otherwise: it asks nothing of an accepted prior assessment."""
COMPLETE_ASSESSMENT = ("assessment_before_treatment", "prior_assessment")
"""Rules that ask for a complete assessment; that it came late takes nothing from the admission once it is there."""

Answer = tuple[Eligibility, date]
"""An answer, and the day from which its question runs: the version of the rules in force on that day answers."""
Answers = list[Answer]


class Said(NamedTuple):
    """What is said of continued stay from a day on: the answer, and the span of the stay it is for."""

    answer: Eligibility
    span: Span


def answers(case: Case) -> Answers:
    """Answers in gapless intervals from the admission on."""
    admission = case.chart.admission
    if admission is None:
        return []
    marks: Answers = []
    stays = case.chart.stays
    if not stays or stays[0].first > admission.day:
        level = case.chart.level_stays[0].level
        _mark(marks, (_not_applicable(admission.day, f"level {level}: no policy pack"), admission.day))
    for stay in stays:
        for said in said_in(case, stay):
            _mark(marks, (said.answer, said.span.ground.base))
        if stay.last is not None:
            _mark(marks, (_not_applicable(stay.last + ONE_DAY, stay.after), stay.first))
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


def _not_applicable(day: date, words: str) -> Eligibility:
    return Eligibility(day, None, "not_applicable", reasons=(words,))


def said_in(case: Case, stay: PolicyStay) -> Iterator[Said]:
    """What is said on the days of a stay, each time it may change; the end of each answer is left open."""
    rule = case.pack.rule(ContinuedStay)
    support = _AdmissionSupport(case)
    for span in spans_of(case, stay):
        if rule is None:
            yield Said(_not_applicable(span.first, f"{case.pack.name} has no rule for continued stay"), span)
            continue
        own_days = support.change_days if span.ground.made is None else ()
        for day in sorted({*span.days(rule.soon_days), *(day for day in own_days if span.covers(day))}):
            yield Said(_answer(rule, support, span, day), span)


def _answer(rule: ContinuedStay, support: _AdmissionSupport, span: Span, day: date) -> Eligibility:
    """The answer of a day, by the ground in force on it."""
    ground, holding = span.ground, span.holding
    if ground.made is not None:
        value, words = supported(ground.made.event, rule)
        versions: set[int] = set()
    else:
        value, words, versions = support.on(day)
    verdict, reasons = _verdict(ground, holding.through, value, words, day)
    if verdict == "eligible" and holding.words:
        verdict, reasons = "unknown", (holding.words,)
    through = (
        min(holding.through or date.max, ground.leave_by or date.max) if verdict == "eligible" else holding.through
    )
    evidence = tuple(sorted({*ground.evidence, *holding.evidence, *versions}))
    basis: Literal["admission", "determination"] = "determination" if ground.made is not None else "admission"
    return Eligibility(day, None, verdict, basis, None if through == date.max else through, reasons, evidence)


def _verdict(
    ground: Ground, through: date | None, value: Truth, words: tuple[str, ...], day: date
) -> tuple[Literal["eligible", "not_eligible", "unknown"], tuple[str, ...]]:
    """Not supported, or past the day to leave; else past its term; else as what was stated says."""
    if value is False:
        return "not_eligible", words
    leave_by = ground.leave_by
    if leave_by is not None and day > leave_by:
        return "not_eligible", (f"to leave by {iso(leave_by)}, by {ground.name}",)
    if through is not None and day > through:
        return "unknown", (f"{ground.name} held through {iso(through)}, and no later determination counts",)
    return "unknown" if value is None else "eligible", words


class _AdmissionSupport:
    """Whether the rules of the admission support it, day by day; a rule the pack does not have asks for nothing."""

    def __init__(self, case: Case) -> None:
        rules = {check: case.pack.rule(KINDS[check]) for check in (*MUST_BE_MET, MUST_HOLD, *COMPLETE_ASSESSMENT)}
        self._ids = {check: rule.id for check, rule in rules.items() if rule is not None}
        self._findings = {
            check: case.findings_of(rule)
            for check, rule in rules.items()
            if rule is not None and check not in COMPLETE_ASSESSMENT
        }
        self._assessments = acceptance(case.chart)
        self.change_days = sorted(
            {
                *(item.day for item in self._assessments),
                *(day for findings in self._findings.values() for day in findings.change_days()),
            }
        )

    def on(self, day: date) -> tuple[Truth, tuple[str, ...], set[int]]:
        """True, or None with the rules that are not met; and the versions of the events that say so."""
        rulings = {check: findings.on(day) for check, findings in self._findings.items()}
        short = [f"{self._ids[check]} {_named(found)}" for check, found in rulings.items() if not _holds(check, found)]
        versions = {version for found in rulings.values() for ruling in found for version in ruling.evidence}
        asks = next((self._ids[check] for check in COMPLETE_ASSESSMENT if check in self._ids), None)
        if asks is not None:
            complete = next((item for item in self._assessments if item.value and item.day <= day), None)
            if complete is None:
                short.insert(0, f"{asks} no complete assessment")
            else:
                versions.update(complete.evidence)
        if short:
            return None, tuple(short), versions
        return True, ("admission criteria met",), versions


def _holds(check: str, rulings: Sequence[Ruling]) -> bool:
    verdicts = {ruling.verdict for ruling in rulings}
    return verdicts <= {"met", "not_applicable", "info"} if check == MUST_HOLD else verdicts == {"met"}


def _named(rulings: Sequence[Ruling]) -> str:
    verdicts = dict.fromkeys(ruling.verdict for ruling in rulings if ruling.verdict != "met")
    return ", ".join(verdict.replace("_", " ") for verdict in verdicts) or "not met"
