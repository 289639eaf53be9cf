"""A case: one episode's chart under one version of the rules; and the registry of the functions that judge it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from functools import cached_property, partial, wraps
from typing import Any, TypeVar, cast

from caretrail.days import later
from caretrail.events import EventBase, SessionAttended, SessionMissed
from caretrail.findings.chart.assessments import Accepted, acceptance
from caretrail.findings.chart.chart import Chart, PolicyStay
from caretrail.findings.chart.documents import Determination, Document, PlanVersion, Review, SessionInDoubt
from caretrail.findings.chart.review_clock import ReviewClock
from caretrail.findings.chart.weeks import Weeks
from caretrail.findings.doubt import told_as_one
from caretrail.findings.intervals import RuleFindings
from caretrail.policy import Pack, Rule
from caretrail.policy.rules.plan import ReviewDue
from caretrail.policy.rules.stay import ContinuedStay

T = TypeVar("T")

SESSIONS = (SessionAttended, SessionMissed)
"""Kinds of events that a week, once struck, is the poorer for."""


class Case:
    """The input of every rule: the chart, the pack, and the clock and weeks, each computed once."""

    def __init__(self, chart: Chart, pack: Pack, without_doubtful: Chart | None = None) -> None:
        self.chart = chart
        self.without_doubtful = Case(without_doubtful, pack) if without_doubtful is not None else None
        """The case read without the doubtful documents; None if there are none."""
        self.pack = pack
        self._findings: dict[str, RuleFindings] = {}
        self._own: dict[str, RuleFindings] = {}
        self._kept: dict[Hashable, Any] = {}

    def findings_of(self, rule: Rule) -> RuleFindings:
        """Judge a rule of the pack, once."""
        name = rule.id
        findings = self._findings.get(name)
        if findings is None:
            findings = self._findings[name] = self._own[name] = RuleFindings()
            JUDGES[type(rule)](self, rule, findings)
            if self.without_doubtful is not None and (rule.deadline or rule.judged_twice):
                other = self.without_doubtful.findings_of(rule)
                documents = partial(self.doubtful_for, rule)
                findings = self._findings[name] = told_as_one(findings, other, documents, self.doubt_days)
        return findings

    def kept(self, name: Hashable, work: Callable[[], T]) -> T:
        """What several rules read, worked out once; `name` tells it from everything else."""
        if name not in self._kept:
            self._kept[name] = work()
        return cast("T", self._kept[name])

    def own_findings_of(self, rule: Rule) -> RuleFindings:
        """Judge a rule on this reading of the chart alone."""
        self.findings_of(rule)
        return self._own[rule.id]

    @cached_property
    def doubt_days(self) -> frozenset[date]:
        """The days on which a document comes into doubt, or another reason for it becomes known."""
        doubtful = self.chart.doubtful
        known = (item.day for document in doubtful for item in document.objections)
        return frozenset([*(document.doubtful_from for document in doubtful), *known])

    def doubtful_for(self, rule: Rule, day: date) -> list[Document]:
        """The documents a rule stands on of which it cannot be told on a day whether they count."""
        doubtful = [document for document in self.chart.doubtful if document.doubtful_from <= day]
        kinds: tuple[type[Document], ...] = (PlanVersion, Review, SessionInDoubt)
        if isinstance(rule, ContinuedStay):
            kinds = (*kinds, Determination) if rule.holds == "review_due" else (Determination,)
        found: list[Document] = [document for document in doubtful if isinstance(document, kinds)]
        # without the sessions attended on hold a determination may say more than was seen of the client
        return found or [document for document in doubtful if isinstance(document, SessionInDoubt)]

    def notice_until(
        self, day: date, *versions: int, since: date | None = None, lost: tuple[type[EventBase], ...] = SESSIONS
    ) -> date:
        """The day until which (exclusive) something that nothing can cure is told, if it happened on `day`.

        Notice runs from the later of that day and the day on which it became known: on which the events of these
        versions were recorded, as they count now, or on which one of the kinds `lost` that stood on the days from
        `since` through `day` was struck.
        """
        struck = self.chart.struck if since is not None else ()
        gone = [one for one in struck if one.kind in lost and since is not None and since <= one.day <= day]
        known_on = self.chart.known_on(versions, gone)
        return later(max(day, known_on) if known_on else day, self.pack.notice_days)

    @cached_property
    def clock(self) -> ReviewClock:
        """The review clock; without a rule for reviews in the pack it has no steps."""
        return ReviewClock(self.chart, self.pack, self.pack.rule(ReviewDue))

    @cached_property
    def accepted(self) -> list[Accepted]:
        """Whether the assessments are acceptable, over time."""
        return acceptance(self.chart)

    @cached_property
    def weeks(self) -> Weeks:
        """The weeks of treatment."""
        return Weeks(self.chart, self.pack)


R = TypeVar("R", bound=Rule)
Judge = Callable[[Case, R, RuleFindings], None]
JudgeOfStay = Callable[[Case, R, RuleFindings, PolicyStay], None]

JUDGES: dict[type[Rule], Judge[Any]] = {}
"""The function that judges each kind of rule and writes its findings, except those about a program."""


def judges(kind: type[R]) -> Callable[[Judge[R]], Judge[R]]:
    """Register a function that judges a kind of rule over the whole chart."""

    def register(judge: Judge[R]) -> Judge[R]:
        JUDGES[kind] = judge
        return judge

    return register


def judges_each_stay(kind: type[R]) -> Callable[[JudgeOfStay[R]], Judge[R]]:
    """Register a function that judges a kind of rule in one stay; after its last day the rule does not apply."""

    def register(judge_stay: JudgeOfStay[R]) -> Judge[R]:
        @wraps(judge_stay)
        def judge(case: Case, rule: R, findings: RuleFindings) -> None:
            for stay in case.chart.stays:
                judge_stay(case, rule, findings, stay)
                findings.end_stay(stay)

        return judges(kind)(judge)

    return register
