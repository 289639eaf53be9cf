"""Recorded documents that do not count for a deadline, or may not, and why: a clinician sees them before asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.episode.history import Effective
from caretrail.findings.chart.chart import Chart
from caretrail.findings.chart.contradictions import read_chart
from caretrail.findings.chart.documents import Determination, Document, PlanVersion, Review
from caretrail.policy import Policy, Rule
from caretrail.policy.rules.plan import PlanDue, ReviewDue, ReviewGaps
from caretrail.policy.rules.stay import ContinuedStay

Kinds = tuple[type[Document], ...]
COUNTED: Mapping[type[Rule], Kinds] = {
    PlanDue: (PlanVersion, Review),
    ReviewDue: (Review, PlanVersion),
    ReviewGaps: (Review, PlanVersion),
    ContinuedStay: (Determination,),
}
"""The documents that each deadline counts."""


class NotCounted(NamedTuple):
    """A document, by the version of its event, that does not count on a day or (`doubtful`) may not, and why."""

    version: int
    doubtful: bool
    why: str


def not_counted(history: Sequence[Effective], policy: Policy, rule: Rule, day: date) -> list[NotCounted]:
    """The recorded documents a rule counts that do not count on a day, or may not; oldest first."""
    kinds = COUNTED.get(type(rule))
    if kinds is None:
        return []
    chart = read_chart([item for item in history if item.day <= day], policy)
    documents = [*chart.plans, *chart.reviews, *chart.determinations]
    found = [_of(chart, document, day) for document in documents if isinstance(document, kinds)]
    return sorted(one for one in found if one is not None)


def _of(chart: Chart, document: Document, day: date) -> NotCounted | None:
    counts_from = document.counts_from if isinstance(document, Review) else None
    if not isinstance(document, Review) and document.clinician is not None:
        counts_from = document.clinician.day
    if chart.stays and document.day < chart.stays[0].first and isinstance(document, Review | Determination):
        return NotCounted(document.version, False, "dated before the stay")
    if counts_from is None or counts_from > day:
        why = document.objected(day, doubtful=False)
        if document.clinician is None or document.clinician.day > day:
            why = ", ".join(part for part in (why, "not signed under clinical guidance") if part)
        return NotCounted(document.version, False, why)
    sure = document.sure is not None and document.sure.day <= day
    if document.in_doubt or (document.doubtful and document.doubtful_from <= day and not sure):
        return NotCounted(document.version, True, document.objected(day, doubtful=True))
    return None
