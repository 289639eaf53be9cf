"""A release of some read-model version, run as a process: it projects and asks for a census, again and again.

Every admission is one event, so a census that is whole has as many episodes as the position it stands on.
"""

from __future__ import annotations

import json
import sys
import time

from caretrail.errors import StaleReadModel
from caretrail.log import open_recorder
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Query
from caretrail.reading.questions.census import Census
from caretrail.reading.reader import Reader
from caretrail.readmodel import schema
from caretrail.readmodel.upkeep import catch_up
from tests.support.care import NOW
from tests.support.example import day

PATIENCE = 90.0
"""Seconds after which it gives up."""


def main(url: str, version: int, answers: int) -> None:
    """Ask until so many answers came; print how many were whole, refused as stale, and short of rows."""
    schema.VERSION = version
    counts = {"whole": 0, "refused": 0, "wrong": 0}
    until = time.monotonic() + PATIENCE
    with open_recorder(url) as recorder:
        while counts["whole"] < answers and time.monotonic() < until:
            try:
                answer = Reader(recorder, NOW, access=unrecorded, write=False).ask(Census(Query(day("06-01"))))
            except StaleReadModel:
                counts["refused"] += 1
            else:
                counts["whole" if len(answer.value) == answer.standing.position else "wrong"] += 1
            catch_up(recorder, batch=50)
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
