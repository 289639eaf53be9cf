"""The picture of what an event costs at each size, by matplotlib: installed for it alone."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.bench.nation.goals import Found
from tests.bench.nation.report import KINDS, points

COLORS = {"sqlite": "#0b6e99", "postgresql": "#b3541e"}


def plot(found: dict[str, Found], file: Path) -> bool:
    """Draw the cost of an event by the size of the log; False without two sizes, or without matplotlib."""
    if find_spec("matplotlib") is None or all(len(points(of)) < 2 for of in found.values()):
        return False
    mpl: Any = import_module("matplotlib")
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "caretrail", "svg.fonttype": "path", "font.size": 11})
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    highest = 0.0
    for store, of in found.items():
        measured = points(of)
        for what, line in (("rebuild", "-"), ("fill", "--")):
            costs = [one[what] for one in measured]
            highest = max([highest, *costs])
            label = f"{KINDS[store]}, {'rebuilt' if what == 'rebuild' else 'filled'}"
            axes.plot([one["events"] for one in measured], costs, line, marker="o", color=COLORS[store], label=label)
    axes.set_xscale("log")
    ticker: Any = import_module("matplotlib.ticker")
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_ylim(0, highest * 1.15 or 1)
    axes.set_xlabel("events in the log")
    axes.set_ylabel("µs of CPU an event")
    axes.set_title("What an event costs does not grow with the log" if _is_flat(found) else "What an event costs")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center", ncols=4)
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return True


def _is_flat(found: dict[str, Found]) -> bool:
    """Whether the largest costs at most a quarter more than the smallest, on every store."""
    measured = [points(of) for of in found.values()]
    return all(len(one) > 1 and one[-1]["rebuild"] <= 1.25 * one[0]["rebuild"] for one in measured)
