"""Measure a nation's year on both stores, phase by phase, and write the report: `make bench-nation`.

A phase that was measured is not measured again: a run that was stopped goes on with the next one. `--again PHASE`
measures one anew; `lists`, `known` and `live` need a store that was filled and rebuilt. Appends of `live` stay in it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path

from tests.bench.nation import live, making, reading, stock
from tests.bench.nation.goals import Found
from tests.bench.nation.plot import plot
from tests.bench.nation.report import KINDS, report
from tests.bench.nation.site import NATION, Book, Figures, Population, Server, Store, load, postgresql
from tests.bench.place import say

EVIDENCE = Path(__file__).parents[3] / "docs" / "evidence"
SCALES = (2_000, 20_000)
"""Episodes of the smaller sizes: about 0.1 and 1 million events."""

Phase = Callable[[Store, Population], Figures]


def phases(seconds: float, scales: list[int]) -> dict[str, Phase]:
    """What is measured, in this order."""
    return {
        "fill": making.fill,
        "rebuild": making.rebuild,
        "stock": stock.stock,
        "lists": reading.lists,
        "known": reading.known,
        "live": partial(live.live, seconds=seconds),
        "scale": partial(making.scale, sizes=scales),
    }


def main() -> None:
    """Measure what was not measured yet, and write the report."""
    options = _options().parse_args()
    population = Population(options.episodes, options.seed, options.through)
    folder: Path = options.folder or Path(tempfile.gettempdir()) / f"caretrail-nation-{population.episodes}"
    book = Book(folder / "figures.json", population)
    smaller = [size for size in options.scales if size < population.episodes]
    stores = KINDS if options.store == "both" else {options.store: KINDS[options.store]}
    with ExitStack() as stack:
        server: Server | None = None
        if "postgresql" in stores:
            server = stack.enter_context(postgresql(folder / "server"))
        for kind in stores:
            store = Store(kind, folder / kind, server if kind == "postgresql" else None)
            for name, phase in phases(options.seconds, smaller).items():
                if options.only not in (None, name) or (book.has(kind, name) and name not in options.again):
                    continue
                say(f"{KINDS[kind]}: {name}")
                busy = load()
                book.add(kind, name, phase(store, population), busy)
        found: dict[str, Found] = {kind: book.phases(kind) for kind in KINDS if book.phases(kind)}
        options.report.mkdir(parents=True, exist_ok=True)
        drawn = plot(found, options.report / "scale.svg")
        lines = report(population, found, server, "scale.svg" if drawn else None)
    (options.report / "nation.md").write_text("\n".join(lines) + "\n")
    say(f"written to {options.report / 'nation.md'}; the stores stay in {folder}")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--episodes", type=int, default=NATION)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--through", type=date.fromisoformat, default=date(2025, 12, 31), help="last day of the year")
    parser.add_argument("--store", choices=("both", *KINDS), default="both")
    parser.add_argument("--only", choices=tuple(phases(0, [])), help="this phase alone, if it was not measured")
    parser.add_argument("--again", choices=tuple(phases(0, [])), nargs="*", default=[], help="measure these anew")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long appends run in the phase live")
    parser.add_argument("--scales", type=int, nargs="*", default=list(SCALES), help="episodes of the smaller sizes")
    parser.add_argument("--folder", type=Path, help="where the stores and the figures are kept")
    parser.add_argument("--report", type=Path, default=EVIDENCE, help="the folder to write to")
    return parser


if __name__ == "__main__":
    main()
