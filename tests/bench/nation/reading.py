"""The phases that read a store nobody writes to: long lists as commands, and what was known a day before."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as time_of_day
from typing import Any

from caretrail.log import EventRecorder, open_recorder
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Filters, Query
from caretrail.reading.question import Question
from caretrail.reading.questions.census import Census
from caretrail.reading.questions.diff import Diff
from caretrail.reading.questions.worklist import Worklist
from caretrail.reading.reader import Reader
from tests.bench.nation.measure import percentile, run
from tests.bench.nation.site import Figures, Population, Store

OWNERS = 20
"""Case owners asked about."""
LISTS = ("census", "worklist", "findings")


def reader_of(recorder: EventRecorder, population: Population) -> Reader:
    """A reader on the day after the year; it records no access and writes no rows."""
    return Reader(recorder, population.now, access=unrecorded, write=False)


def case_owners(reader: Reader, population: Population) -> list[str]:
    """All case owners of open episodes, in an order left to the seed."""
    rows = reader.ask(Census(Query(population.last))).value
    owners = sorted({row.clinician for row in rows if row.clinician is not None})
    population.chance().shuffle(owners)
    return owners


def lists(store: Store, population: Population) -> Figures:
    """Lists of the whole store as commands: seconds and megabytes of JSON and of a table, with its access."""
    found: Figures = {}
    for name in LISTS:
        for form, options in (("json", ("--json",)), ("table", ())):
            ran = run("--db", store.url(), name, "--as-of", population.last, *options)
            found[f"{name}_{form}"] = ran.wall
            found[f"{name}_{form}_cpu"] = ran.cpu
            found[f"{name}_{form}_megabytes"] = ran.megabytes
    with open_recorder(store.url()) as recorder:
        reader = reader_of(recorder, population)
        found["census_rows"] = len(reader.ask(Census(Query(population.last))).value)
        found["worklist_rows"] = len(reader.ask(Worklist(Query(population.last))).value.rows)
        owners = case_owners(reader, population)[:OWNERS]
        found["worklist_of_one"] = _spent(reader, owners, lambda of: Worklist(Query(population.last), of))
    return found


def known(store: Store, population: Population) -> Figures:
    """What was known before the last day with events, and what changed on it: of one case owner, and of all."""
    url = store.url()
    with open_recorder(url) as recorder:
        reader = reader_of(recorder, population)
        after = recorder.position_at(datetime.combine(population.today, time_of_day(), UTC))
        day = recorder.read_log(after - 1, limit=1)[0].recorded_at.date()
        before = recorder.position_at(datetime.combine(day, time_of_day(), UTC))
        touched = len(recorder.touched(before, after))
        owners = case_owners(reader, population)[:OWNERS]
        of_one = {
            "known_of_one": _spent(reader, owners, lambda of: Worklist(Query(population.last, known_at=before), of)),
            "diff_of_one": _spent(reader, owners, lambda of: Diff(before, Query(population.last, known_at=after), of)),
        }
    days = ("--as-of", population.last)
    listed = run("--db", url, "worklist", *days, "--known-at", f"@{before}", "--json")
    changed = run("--db", url, "audit", "diff", *days, "--from", f"@{before}", "--to", f"@{after}", "--json")
    return of_one | {
        "events_of_day": after - before,
        "touched": touched,
        "known_of_all": listed.wall,
        "known_of_all_megabytes": listed.megabytes,
        "known_per_second": touched / listed.wall,
        "diff_of_all": changed.wall,
        "diff_of_all_cpu": changed.cpu,
        "diff_of_all_megabytes": changed.megabytes,
        "diff_per_second": touched / changed.wall,
    }


def _spent(reader: Reader, owners: list[str], question: Callable[[Filters], Question[Any]]) -> float:
    """The seconds that 95 of 100 questions about one case owner stay under."""
    spent: list[float] = []
    for owner in owners:
        began = time.perf_counter()
        reader.ask(question(Filters(clinicians=frozenset({owner}))))
        spent.append(time.perf_counter() - began)
    return percentile(spent, 0.95)
