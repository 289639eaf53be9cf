"""What was aimed at, what was measured, and why it was missed where it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tests.bench.nation.site import Figures

Found = Mapping[str, Figures]
"""The figures of one store by phase."""


@dataclass(frozen=True)
class Goal:
    """A figure to reach: at least so much, or at most.

    `measured` takes it from the figures of a store. `why` is the reason where it is missed, once it is known: write it
    after a run that had the machine to itself.
    """

    name: str
    unit: str
    wanted: float
    bound: Literal["at least", "at most"]
    measured: Callable[[Found], float]
    why: str = ""

    def of(self, found: Found) -> float | None:
        """The figure of a store; None if its phase was not measured."""
        try:
            return self.measured(found)
        except KeyError:
            return None

    def misses(self, value: float) -> float:
        """By what share a figure misses the goal; 0 if it reaches it."""
        if self.bound == "at least":
            return max(0.0, self.wanted / value - 1) if value else math.inf
        return max(0.0, value / self.wanted - 1)


def _flat(found: Found) -> float:
    """The cost of an event at the largest size, as a multiple of that at the smallest."""
    costs = [point["rebuild"] for point in found["scale"]["points"]]
    if not costs:
        raise KeyError("no smaller size was measured")
    return float(found["rebuild"]["cost"] / costs[0])


JUDGING = (
    "An episode is judged by all rules each time it is looked at as known, and this is done in one process: the other"
    " core is not used."
)

GOALS = (
    Goal(
        "rebuild end to end", "events/s", 80_000, "at least", lambda of: of["rebuild"]["per_second"],
        "Judging is most of the work (`tests/bench/instructions.toml`), and the rules have grown since the trials that"
        " the goal was taken from.",
    ),
    Goal(
        "rebuild, times the stock ProjectionRunner", "times", 50, "at least",
        lambda of: of["rebuild"]["per_second"] / of["stock"]["per_second"],
        "Both judge by the same rules, which is most of what either does: ours once for an episode, the stock runner"
        " once for each of its events.",
    ),
    Goal("rebuild, memory of all its processes", "MB", 1000, "at most", lambda of: of["rebuild"]["megabytes"]),
    Goal(
        "daemon lag at 500 appends/s, p99", "ms", 250, "at most", lambda of: of["live"]["lag_p99"] * 1000,
        "An event has its whole episode judged anew, about 2.6 ms of CPU. So 500 a second ask for 1.3 cores; the daemon"
        " is one process, and the writers have the other core. It keeps up with some 300 a second. The country's twelve"
        " million events a year are two a second if they all come in working hours.",
    ),
    Goal(
        "appends kept up", "a second", 500, "at least", lambda of: of["live"]["rate"],
        "They are sent at just that pace, so what starts late is missing at the end.",
    ),
    Goal(
        "worklist of one case owner while appends run, p95", "ms", 10, "at most",
        lambda of: of["live"]["worklist_p95"] * 1000,
        "Under this load the daemon is behind, so a list judges up to 200 touched episodes of its scope itself; and it"
        " always judges three drawn from the log by chance, 25 ms.",
    ),
    Goal("census of all as JSON", "s", 2, "at most", lambda of: of["lists"]["census_json"]),
    Goal("worklist of all as JSON", "s", 2, "at most", lambda of: of["lists"]["worklist_json"],
         "Every row of it has a sentence, its citation and its arithmetic: twenty-five fields are written for each."),
    Goal("census of all as a table", "s", 3, "at most", lambda of: of["lists"]["census_table"]),
    Goal("census of all as a table, memory", "MB", 150, "at most", lambda of: of["lists"]["census_table_megabytes"]),
    Goal("worklist of one case owner as known a day before", "s", 1, "at most", lambda of: of["known"]["known_of_one"]),
    Goal("diff of a day of one case owner", "s", 1, "at most", lambda of: of["known"]["diff_of_one"]),
    Goal(
        "worklist of all as known a day before", "touched episodes/s", 1000, "at least",
        lambda of: of["known"]["known_per_second"], JUDGING,
    ),
    Goal(
        "diff of a day of the whole store", "touched episodes/s", 1000, "at least",
        lambda of: of["known"]["diff_per_second"], JUDGING,
    ),
    Goal(
        "cost of an event at full size, times that of the smallest", "times", 1.25, "at most", _flat,
    ),
)  # fmt: skip  # one goal, a few lines
