"""Measure Caretrail side by side with the stock library and write the report: `make bench`.

Every ratio is of medians over rounds that alternate between what is compared, so that it holds when the machine drifts.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import bulk, growth, ledger, maintenance, one_event, packets, paper, plain, reads, rules
from tests.bench.place import Place, postgresql, say

REPORT = Path(__file__).parent.parent.parent / "docs" / "evidence" / "bench.md"

SECTIONS: dict[str, Callable[[Place], list[str]]] = {
    "appends": one_event.report,
    "growth": growth.report,
    "vacuum": maintenance.report,
    "plain": plain.report,
    "bulk": bulk.report,
    "rules": rules.report,
    "reads": reads.report,
    "ledger": ledger.report,
    "packet": packets.report,
}


def main() -> None:
    """Measure everything and write the report, or one section and put it in its place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="a round of one client")
    parser.add_argument("--episodes", type=int, default=10_000, help="open episodes for the worklist")
    parser.add_argument("--events", type=int, default=5_000_000, help="of the large log of the section growth")
    parser.add_argument("--only", choices=tuple(SECTIONS), help="one section; the others stay as they are")
    parser.add_argument("--report", type=Path, default=REPORT, help="the file to write")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with postgresql() as server, tempfile.TemporaryDirectory(prefix="ct-bench-") as folder:
        place = Place(server, Path(folder), options.rounds, options.seconds, options.episodes, options.events)
        options.report.parent.mkdir(parents=True, exist_ok=True)
        if options.only is not None:
            lines = paper.alone(options.only, SECTIONS[options.only](place), place, load)
            paper.put(options.report, lines)
        else:
            lines = paper.head(place)
            for name, section in SECTIONS.items():
                say(f"section {name}")
                lines += section(place)
            options.report.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
