"""Goals of the treatment plan, and what became of them by a day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from caretrail.findings.chart.chart import Chart
from caretrail.findings.chart.documents import Review
from caretrail.tokens import GoalState


class GoalStanding(NamedTuple):
    """A goal and its latest status, with the version of the event that states it: a review's, or the plan's."""

    id: str
    state: GoalState | None
    version: int


def goals_on(chart: Chart, day: date) -> list[GoalStanding]:
    """The goals of the latest plan that lists any, and those of reviews since, as stated up to a day.

    On one day a review comes before the plan that came of it.
    """
    found: dict[str, GoalStanding] = {}
    for document in chart.goal_documents:
        if document.day > day:
            break
        if document.event.goals is None:
            continue
        if isinstance(document, Review):
            stated = document.event.goals
            found |= {goal.id: GoalStanding(goal.id, goal.status, document.version) for goal in stated}
        else:
            known, listed = found, document.event.goals
            found = {goal.id: known.get(goal.id, GoalStanding(goal.id, None, document.version)) for goal in listed}
    return list(found.values())


def open_goals(chart: Chart, day: date) -> list[GoalStanding]:
    """The goals that were open when they were last reviewed."""
    return [goal for goal in goals_on(chart, day) if goal.state == "open"]


def all_met(chart: Chart, day: date) -> bool:
    """Whether every goal was met (or dropped) when it was last reviewed, and one at least was met."""
    states = {goal.state for goal in goals_on(chart, day)}
    return "met" in states and states <= {"met", "dropped"}
