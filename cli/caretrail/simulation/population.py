"""A population in treatment, simulated day by day: every event in the order in which a store would hear of it.

Everything follows from the network, the number of episodes and the seed. Memory holds the charts that are open, the
forms of one day and those that come late; what is over is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from caretrail.simulation import forms
from caretrail.simulation.charts import Chart, Team
from caretrail.simulation.desk import Arrival, Desk
from caretrail.simulation.documents import Documents
from caretrail.simulation.intake import Intake
from caretrail.simulation.programs import DAY, YEAR, Network
from caretrail.simulation.shape import COUNTRY, Shape
from caretrail.simulation.treatment import Treatment

OWNERS_LEAVE = 0.25
"""Case owners who leave in a year, as a share."""
HOUR = 3600


def simulate(network: Network, episodes: int, seed: int, shape: Shape = COUNTRY) -> Iterator[Arrival]:
    """The events of so many episodes, and of the programs, in the order of their recording.

    Everything is dated, and recorded, between the first and the last day of the network.
    """
    population = _Population(network, episodes, seed, shape)
    for number in range((network.last - network.first).days + 1):
        yield from population.day(network.first + timedelta(days=number))


class _Population:
    """Who is in treatment today, and what is still to come."""

    def __init__(self, network: Network, episodes: int, seed: int, shape: Shape) -> None:
        self._rng = Random(seed)  # noqa: S311  # believable data, not secrets
        self._last = network.last
        self._desk = Desk(network.last)
        self._intake = Intake(network, episodes, self._desk, self._rng, shape)
        self._treatment = Treatment(self._desk, self._rng, shape)
        self._documents = Documents(self._desk, self._rng)
        self._ends: dict[date, list[Chart]] = {}

    def day(self, day: date) -> Iterator[Arrival]:
        """What is recorded on one day."""
        for chart in self._intake.open(day):
            if chart.end <= self._last:
                self._ends.setdefault(chart.end, []).append(chart)
        for team in self._intake.teams:
            if team.program.is_session_day(day):
                self._treatment.session_day(team, day)
                if self._rng.random() < OWNERS_LEAVE / (YEAR * 3 / 7):
                    self._hand_over(team, day)
        for chart in self._ends.pop(day, ()):
            self._documents.discharge(chart)
            self._intake.close(chart)
        return self._desk.close(day)

    def _hand_over(self, team: Team, day: date) -> None:
        """The case owner leaves; another takes the clients over from the next day on."""
        after = day + DAY
        leaver = team.owner
        team.left += 1
        credential = leaver["credential"]
        team.owner = forms.clinician(f"{leaver['id'].partition('.')[0]}.{team.left}", credential)
        for chart in team.charts:
            if chart.start <= day and after <= chart.end:
                form = forms.handed_over(after, team.second, leaver, team.owner)
                self._desk.put(team.program, chart, form, after, 8 * HOUR + self._rng.randrange(HOUR))
