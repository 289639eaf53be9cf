"""A case: one episode's chart with what several rules share, worked out at most once."""

from __future__ import annotations

from functools import cached_property

from caretrail.findings.chart import Chart
from caretrail.findings.clock import Clock
from caretrail.findings.weeks import Weeks
from caretrail.policy import Numbers, Pack


class Case:
    """What a rule is given: the chart, the pack, and the clock and weeks drawn from them."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.pack: Pack = chart.pack
        self.numbers: Numbers = chart.pack.numbers

    @cached_property
    def clock(self) -> Clock:
        """The review clock."""
        return Clock(self.chart)

    @cached_property
    def weeks(self) -> Weeks:
        """The weeks of treatment."""
        return Weeks(self.chart)
