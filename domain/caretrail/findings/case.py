"""A case: one episode's chart before one version of the rules, with what several rules share worked out once."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from caretrail.findings.chart.chart import Chart
from caretrail.findings.chart.review_clock import ReviewClock
from caretrail.findings.chart.weeks import Weeks
from caretrail.policy import Pack
from caretrail.policy.rules.plan import ReviewDue


class Case:
    """What a rule is given: the chart, the pack, and the clock and weeks drawn from them."""

    def __init__(self, chart: Chart, pack: Pack) -> None:
        self.chart = chart
        self.pack = pack
        self.notice = timedelta(days=pack.notice_days)

    @cached_property
    def clock(self) -> ReviewClock:
        """The review clock; a pack without a rule for it has none that runs."""
        return ReviewClock(self.chart, self.pack, self.pack.rule(ReviewDue))

    @cached_property
    def weeks(self) -> Weeks:
        """The weeks of treatment."""
        return Weeks(self.chart, self.pack.week_start)
