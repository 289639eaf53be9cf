"""Who comes, when and where: the assessments of new clients, and of some who were treated before."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from datetime import date
from heapq import heappop, heappush
from itertools import accumulate
from math import sqrt
from random import Random

from caretrail.simulation import forms, teds
from caretrail.simulation.charts import SEATS, Chart, Group, Stream, Team
from caretrail.simulation.desk import Desk
from caretrail.simulation.programs import DAY, Network, Program
from caretrail.simulation.shape import Shape, Weighted

DIAGNOSIS, RESIDENCE, EMPLOYMENT = Weighted(teds.DIAGNOSES), Weighted(teds.RESIDENCE), Weighted(teds.EMPLOYMENT)
HOUR = 3600
READMITTED = 0.15
"""Share of discharged clients who come back to the program: ours, as TEDS counts treatment anywhere before."""
BACK_AFTER = (10, 120)
"""Days between."""
NO_RETURN = ("died", "transferred")
NO_ASSESSMENT = 0.015
NO_PLAN_YET = 0.03
STEPS_DOWN = 0.75
GROUP_DAYS = (84, 140)
"""Days in groups until a client is ready for level 1; only stays that go on for two weeks more have such a time."""
KNUTH = 2_654_435_761
"""Spreads numbers over client ids without meeting one twice, up to their count."""
CLIENTS = 2**28
NOT_ATTESTED = 0.04

Former = tuple[date, int, int, str, str]
"""Who may come back: from which day, a number that settles ties, the program's number, the client, the episode."""


class Intake:
    """Opens so many charts over the days of a network; teams and groups grow with them."""

    def __init__(self, network: Network, episodes: int, desk: Desk, rng: Random, shape: Shape) -> None:
        self._network, self._desk, self._rng, self._shape = network, desk, rng, shape
        self._weights = list(accumulate(network.weights))
        self._teams: list[list[Team]] = []
        self._former: list[Former] = []
        self._days = self._intake_days(episodes)
        self._next = next(self._days, None)
        self._opened = 0

    @property
    def teams(self) -> Iterator[Team]:
        """The teams of all programs that have joined."""
        return (team for teams in self._teams for team in teams)

    def _intake_days(self, episodes: int) -> Iterator[date]:
        """The working day of each assessment, in order; their rate rises evenly from nothing in a growing network."""
        network = self._network
        days = (network.last - network.first).days + 1
        for number in range(episodes):
            share = (number + self._rng.random()) / episodes
            day = network.first + int(days * (sqrt(share) if network.growing else share)) * DAY
            yield max(day - max(0, day.weekday() - 4) * DAY, network.first)

    # --- a day -------------------------------------------------------------------------------------------------------

    def open(self, day: date) -> Iterator[Chart]:
        """Programs that join on that day, then the charts that are opened on it."""
        network = self._network
        days = (network.last - network.first).days + 1
        gone = (day - network.first).days
        joined = 1 + int((len(network.programs) - 1) * gone / days) if network.growing else len(network.programs)
        while len(self._teams) < joined:
            self._join(network.programs[len(self._teams)], day)
        while self._next is not None and self._next <= day:
            yield self._assess(day)
            self._next = next(self._days, None)

    def _join(self, program: Program, day: date) -> None:
        rng = self._rng
        stream = Stream(program.id)
        self._teams.append([Team.of(program, len(self._teams), 0)])
        for kind, lasts in program.attests:
            if rng.random() >= NOT_ATTESTED:
                last = lasts and day + (lasts - 1 - rng.randrange(60)) * DAY
                self._desk.put(program, stream, forms.attested(day, kind, day, last or None), day, 8 * HOUR)

    def _assess(self, day: date) -> Chart:
        """Assess a client, who is admitted on one of the next days with groups."""
        rng, shape = self._rng, self._shape
        self._opened += 1
        number = self._opened
        site, client, before = self._who(day, number)
        group = self._seat(site)
        team = group.team
        program = team.program
        start = program.session_on_or_after(day + rng.randint(1, 4) * DAY)
        end = start + shape.stay(rng) * DAY
        ready = start + rng.randint(*GROUP_DAYS) * DAY
        down = ready if (end - ready).days > 14 and rng.random() < STEPS_DOWN else date.max
        chart = Chart(
            f"{program.prefix}-{day.year}-{number:06d}", client, group, start, end, shape.reason.draw(rng), down,
            4 if rng.random() < NO_PLAN_YET else 2,
        )  # fmt: skip
        group.members.append(chart)
        transfer = self._assessed(chart, day)
        more = transfer | {
            "prior_episode": before,
            "residence": RESIDENCE.draw(rng),
            "employment": EMPLOYMENT.draw(rng),
        }
        stated = {name: value for name, value in more.items() if value is not None}
        admission = forms.admitted(
            start, team.owner, client, program.id, program.zone.key, (team.owner, team.second),
            policy=program.policy, **stated,
        )  # fmt: skip
        self._desk.put(program, chart, admission, start, 8 * HOUR + rng.randrange(HOUR))
        return chart

    def _assessed(self, chart: Chart, day: date) -> dict[str, object]:
        """Enter the assessment, some only after a while; what the admission says of where the client comes from."""
        rng, team = self._rng, chart.team
        diagnosis, suspected = DIAGNOSIS.draw(rng), rng.random() < teds.CO_OCCURRING
        comes_over = rng.random() < teds.FROM_OTHER_CARE
        author = f"provider-{rng.randrange(100):02d}"
        done = day
        if chart.start <= self._network.last and rng.random() < NO_ASSESSMENT:
            done = chart.start + rng.randint(6, 20) * DAY
        prior = forms.prior_assessment(author, day - rng.randint(1, 20) * DAY) if comes_over else None
        form = forms.assessed(
            done, team.owner, chart.client, team.program.id, diagnosis,
            refer_to=team.second if suspected else None, prior=prior,
        )  # fmt: skip
        if done <= chart.end:
            self._desk.put(team.program, chart, form, done, 12 * HOUR + rng.randrange(4 * HOUR))
        if not comes_over:
            return {}
        return {"route": "step_down", "transfer_in": {"from_level": "3.5", "objectives_met": True}}

    def _who(self, day: date, number: int) -> tuple[int, str, str | None]:
        """The number of the program, the client and the episode before, of whoever comes next."""
        if self._former and self._former[0][0] <= day:
            _, _, site, client, before = heappop(self._former)
            return site, client, before
        joined = len(self._teams)
        site = bisect(self._weights, int(self._rng.random() * self._weights[joined - 1]), 0, joined)
        return site, f"cl-{number * KNUTH % CLIENTS:07x}", None

    def _seat(self, site: int) -> Group:
        """The first group of the program with a seat; with none, that of a new team."""
        teams = self._teams[site]
        for team in teams:
            for group in team.groups:
                if len(group.members) < SEATS:
                    return group
        teams.append(Team.of(self._network.programs[site], site, len(teams)))
        return teams[-1].groups[0]

    # --- coming back -------------------------------------------------------------------------------------------------

    def close(self, chart: Chart) -> None:
        """Free the seat of a discharged client, who may come back after some weeks."""
        team = chart.team
        (team.outpatients if chart.outpatient else chart.group.members).remove(chart)
        if chart.reason not in NO_RETURN and self._rng.random() < READMITTED:
            back = chart.end + self._rng.randint(*BACK_AFTER) * DAY
            heappush(self._former, (back, self._opened, team.site, chart.client, chart.name))
