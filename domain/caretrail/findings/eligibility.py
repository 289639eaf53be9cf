"""Eligibility for continued stay: for each day the answer, its ground, and the last day of that."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from datetime import date
from operator import attrgetter
from typing import Literal, NamedTuple

from caretrail.days import FOREVER, ONE_DAY, iso
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.documents import Document
from caretrail.findings.continued_stay import supported
from caretrail.findings.doubt import if_they, reasons_for
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


def eligibility(cases: Sequence[Case]) -> list[Eligibility]:
    """Answers in gapless intervals from the admission on, by one case for each version of the rules.

    Where documents are in doubt the charts with and without them are answered, and told as one.
    """
    counting = _in_force(cases)
    others = [case.without_doubtful for case in cases if case.without_doubtful is not None]
    return _told_as_one(counting, _in_force(others), cases) if others else counting


def _in_force(cases: Sequence[Case]) -> list[Eligibility]:
    """The answers of one reading, each by the version in force on the day from which its question runs."""
    on = cases[0].chart.policy.on
    found = [answer for case in cases for answer, anchor in answers(case) if len(cases) == 1 or on(anchor) is case.pack]
    return sorted(found, key=attrgetter("start"))


def answers(case: Case) -> Answers:
    """The answers of one version of the rules on one reading of the chart."""
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


def said_in(case: Case, stay: PolicyStay) -> list[Said]:
    """What is said on the days of a stay, each time it may change; the end of each answer is left open.

    Worked out once: the answers and the rule both read it.
    """
    return case.kept(("said", stay.opened_by), lambda: list(_said_in(case, stay)))


def _said_in(case: Case, stay: PolicyStay) -> Iterator[Said]:
    rule = case.pack.rule(ContinuedStay)
    admission = _AdmissionSupport(case)
    for span in spans_of(case, stay):
        if rule is None:
            yield Said(_not_applicable(span.first, f"{case.pack.name} has no rule for continued stay"), span)
            continue
        if span.ground.made is not None:
            support = (*supported(span.ground.made.event, rule), frozenset[int]())
            for day in span.days(rule.soon_days):
                yield Said(_answer(span, support, day), span)
            continue
        own_days = (day for day in admission.change_days if span.covers(day))
        for day in sorted({*span.days(rule.soon_days), *own_days}):
            yield Said(_answer(span, admission.on(day), day), span)


Support = tuple[Truth, tuple[str, ...], Set[int]]
"""Whether continued stay is supported, in words why, and the versions of the events that say so."""


def _answer(span: Span, support: Support, day: date) -> Eligibility:
    """The answer of a day, by the ground in force on it."""
    ground, holding = span.ground, span.holding
    value, words, versions = support
    verdict, reasons = _verdict(ground, holding.through, value, words, day)
    if verdict == "eligible" and holding.words:
        verdict, reasons = "unknown", (holding.words,)
    # what is not supported holds through no day: only a later determination ends it
    through = None if verdict == "not_eligible" else holding.through
    if verdict == "eligible":
        through = span.due
    reasons = (*reasons, span.entered) if span.entered else reasons
    evidence = tuple(sorted({*ground.evidence, *holding.evidence, *versions}))
    basis: Literal["admission", "determination"] = "determination" if ground.made is not None else "admission"
    return Eligibility(day, None, verdict, basis, None if through == FOREVER else through, reasons, evidence)


def _verdict(
    ground: Ground, through: date | None, value: Truth, words: tuple[str, ...], day: date
) -> tuple[Literal["eligible", "not_eligible", "unknown"], tuple[str, ...]]:
    """Not supported, or past the day to leave; else past its term; else as what was stated says."""
    if value is False:
        return "not_eligible", words
    leave_by = ground.leave_by
    if leave_by is not None and day > leave_by:
        return "not_eligible", (f"past {iso(leave_by)}, the day to leave by {ground.name}",)
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
        self._assessments = case.accepted
        self._supports: dict[int, Support] = {}
        self.change_days = sorted(
            {
                *(item.day for item in self._assessments),
                *(day for findings in self._findings.values() for day in findings.change_days()),
            }
        )

    def on(self, day: date) -> Support:
        """What is said on a day: worked out once for the days between two changes."""
        place = bisect_right(self.change_days, day)
        support = self._supports.get(place)
        if support is None:
            support = self._supports[place] = self._on(day)
        return support

    def _on(self, day: date) -> Support:
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


# --- doubt --------------------------------------------------------------------------------------------------------


def _told_as_one(
    counting: Sequence[Eligibility], not_counting: Sequence[Eligibility], cases: Sequence[Case]
) -> list[Eligibility]:
    """Merge the answers with the doubtful documents and those without them, day by day."""
    rules = [(case, rule) for case in cases if (rule := case.pack.rule(ContinuedStay)) is not None]
    days = {*(answer.start for answer in (*counting, *not_counting)), *cases[0].doubt_days}
    found: list[Eligibility] = []
    for day in sorted(day for day in days if counting and day >= counting[0].start):
        documents = rules[0][0].doubtful_for(rules[0][1], day) if rules else []
        merged = _merged(day, _on(counting, day), _on(not_counting, day), documents)
        if not found or found[-1][2:] != merged[2:]:
            if found:
                found[-1] = found[-1]._replace(until=day)
            found.append(merged)
    return found


def _on(answers: Sequence[Eligibility], day: date) -> Eligibility:
    return answers[bisect_right(answers, day, key=attrgetter("start")) - 1]


def _merged(day: date, counts: Eligibility, not_counts: Eligibility, documents: Sequence[Document]) -> Eligibility:
    """The answer of a day from both readings."""
    if counts[2:] == not_counts[2:] or not documents:
        return Eligibility(day, None, *counts[2:])  # what comes into doubt later says nothing of the day
    evidence = tuple(sorted({*counts.evidence, *not_counts.evidence}))
    if counts.verdict == not_counts.verdict:
        # the sure ground, for as long as either reading holds
        holds = [one for one in (not_counts, counts) if one.holds_through is not None]
        first = min(holds, key=lambda one: one.holds_through or date.max, default=not_counts)
        other = counts if first is not_counts else not_counts
        reasons = not_counts.reasons
        if other.holds_through != first.holds_through and other.holds_through is not None:
            words = f"through {iso(other.holds_through)} {if_they(documents, count=other is counts)}"
            reasons = (*reasons, f"{words} ({reasons_for(documents, day)})")
        return Eligibility(day, None, counts.verdict, not_counts.basis, first.holds_through, reasons, evidence)
    basis = counts.basis if counts.basis == not_counts.basis else "none"
    outcomes = [one.verdict.replace("_", " ") for one in (counts, not_counts)]
    words = f"{outcomes[0]} {if_they(documents)}, {outcomes[1]} if not"
    return Eligibility(day, None, "unknown", basis, None, (words, reasons_for(documents, day)), evidence)
