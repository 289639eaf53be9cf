"""Run the faults at length and write the report: `make faults`.

A run goes in parts, each with a seed and a store of its own; after each part the section of the fault is written, so
what was reached before an interruption is kept.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.faults import report
from tests.faults.catalog import FAULTS, Place, Run
from tests.faults.counts import Counts


def main() -> None:
    """Run what is asked for; exit 1 if something went wrong that must not, or a control did not notice."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", choices=FAULTS, help="one fault; its section of the report is replaced")
    parser.add_argument("--cycles", type=int, help="how far, instead of its goal; with --only")
    parser.add_argument("--seed", type=int, default=1, help="of the first part")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no part of a fault after that time")
    options = parser.parse_args()
    if options.cycles is not None and not options.only:
        parser.error("--cycles goes with --only: each fault counts something else")
    names: list[str] = [options.only] if options.only else list(FAULTS)
    with Place() as place:
        good = [_run(place, name, options.cycles or FAULTS[name].goal, options.seed, options.seconds) for name in names]
    sys.exit(not all(good))


def _run(place: Place, name: str, cycles: int, seed: int, seconds: float) -> bool:
    fault, begun, first = FAULTS[name], time.monotonic(), seed
    results = {label: Counts() for label in fault.runs}
    for label, (much, run) in fault.controls.items():
        results[label] = _part(place, name, label, run, seed, much)
    done = 0
    while done < cycles and (done == 0 or time.monotonic() - begun < seconds):
        part = min(fault.part, cycles - done)
        for label, run in fault.runs.items():
            results[label].add(_part(place, name, label, run, seed, part))
        done += part
        seed += 1
        report.write(name, results, (first, seed - 1), place, time.monotonic() - begun)
    return all(results[label].holds != (label in fault.controls) for label in results)


def _part(place: Place, name: str, label: str, run: Run, seed: int, cycles: int) -> Counts:
    counts = run(place, seed, cycles)
    print(f"{time.strftime('%H:%M:%S')} {name}, {label}: {cycles} with seed {seed}; wrong {dict(+counts.wrong)}",
          file=sys.stderr, flush=True)  # fmt: skip
    return counts


if __name__ == "__main__":
    main()
