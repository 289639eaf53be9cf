"""Assessments: which are acceptable, what addenda supply, and from which day one is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from caretrail.events import Assessed
from caretrail.findings.chart.chart import Chart
from caretrail.findings.logic import Truth, all_of, any_of

MADE_HERE = ("initial", "reassessment")
"""Kinds of assessment that stand alone; an addendum adds to one, a prior one was made elsewhere."""

Parts = dict[str, Truth]
"""What a prior assessment needs: `relevant`, `current_diagnosis`, `level_recommendation`, `discharge_plan`."""


class Accepted(NamedTuple):
    """Whether an assessment is acceptable, as known from `day` on; `at` is its time of day, if given."""

    day: date
    value: Truth
    evidence: tuple[int, ...]
    at: str | None
    missing: str


def prior_parts(event: Assessed) -> Parts:
    """The four parts as an event states them; a diagnosis or a level it lists speaks where it says nothing."""
    diagnosis, level = event.current_diagnosis, event.level_recommendation
    if diagnosis is None and event.diagnoses:
        diagnosis = True
    if level is None and (event.recommended_level or event.clinician_level):
        level = True
    return {
        "relevant": event.relevant,
        "current_diagnosis": diagnosis,
        "level_recommendation": level,
        "discharge_plan": event.discharge_plan,
    }


def with_addenda(parts: Parts, addenda: Iterable[Assessed]) -> Parts:
    """The parts of a prior assessment with those its addenda supply: what an addendum does not give it does not cure.

    Addenda that give everything else make up for a prior assessment that is not relevant.
    """
    supplied = {part for event in addenda for part, value in prior_parts(event).items() if value}
    if supplied >= parts.keys() - {"relevant"}:
        supplied.add("relevant")
    return {part: True if part in supplied else value for part, value in parts.items()}


def acceptance(chart: Chart) -> list[Accepted]:
    """Whether the assessments are acceptable, over time: one made here, or a prior one that addenda may complete.

    An addendum without an assessment to add to is not one.
    """
    found: list[Accepted] = []
    made_here = False
    priors: list[Assessed] = []
    addenda: list[Assessed] = []
    evidence: list[int] = []
    for item in chart.assessments:
        event = item.event
        evidence.append(item.version)
        if event.kind in MADE_HERE:
            made_here = True
        elif event.kind == "addendum":
            addenda.append(event)
        else:
            priors.append(event)
        whole = [with_addenda(prior_parts(prior), addenda) for prior in priors]
        value = made_here or any_of(*[all_of(*parts.values()) for parts in whole])
        missing = ", ".join(name for name, part in whole[-1].items() if part is not True) if whole else ""
        if not found or found[-1].value is not True:
            found.append(Accepted(item.day, value, tuple(evidence), event.at, missing))
    return found
