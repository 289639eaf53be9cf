"""Turn the CTN-0094 tables into events for Caretrail: a worked example of feeding it from another system.

    python convert.py data --events events.jsonl --report report.csv
    caretrail append --imported --json events.jsonl > receipts.jsonl
    python convert.py data --events events.jsonl --report report.csv --receipts receipts.jsonl

Every row ends as one line of `events.jsonl` or of `report.csv`. The `command_id` of an event names its row, so that
sending the file again records nothing twice, and a refusal leads back to the row. What can have happened is not
judged here: Caretrail does that, and with `--receipts` its refusals join the report.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import click

Event = dict[str, Any]
TABLES = ("subjects", "screening", "randomization", "detox", "visits")
LEFT = {"left_study": "left_against_advice", "dead": "died", "moved": "other"}
ABSENT = {*LEFT, "no_show", "forgot", "unable", "on_vacation", "in_jail", "in_hospital", "illness", "no_funding"}
WORDS = {  # why a row is not an event
    "no_event": "names the person's trial and site: carried as program by the person's other events",
    "no_date": "the day on which it happened, or should have, is not given",
    "repeats_first": "the same assignment again, on the same day",
    "second_phase": "assignment for the trial's second phase: the stay goes on, and no event names a medicine",
    "other_care": "a stay at another level of care, not a hold of this one; level and program are not given",
    "no_outcome": "does not say whether the visit was held",
    "no_minutes": "a missed session needs its planned minutes, and none are given",
    "contradicts_itself": "says that the visit was held, and why the person was absent",
    "same_day": "another row already says that the person was seen on that day",
    "left_before": "another row already says that the person left",
}


class NotAnEvent(Exception):
    """A row says nothing that Caretrail could record, for a reason of WORDS."""


class Row(NamedTuple):
    """One line of a table; the header is line 1."""

    table: str
    number: int
    who: str
    cells: dict[str, str]

    @property
    def reasons(self) -> set[str]:
        """Tokens that say why a visit was not held, or what was odd about it."""
        return set(filter(None, self.cells["reasons"].split(";")))

    @property
    def held(self) -> bool:
        """Whether a visit took place, and nothing in its row says otherwise."""
        return self.cells["when"] != "" and self.cells["what"] in ("visit", "final") and not self.reasons & ABSENT

    @property
    def week(self) -> int:
        """The week for which a visit was planned: 0 before the first, 99 after the last."""
        name = self.cells["visit"]
        return int(name[2:]) if name.startswith("WK") else 0 if name == "BASELINE" else 99

    def day(self, column: str = "when") -> date:
        """The calendar date of a day counted from consent: the dates are made up, the distances are real."""
        if not self.cells[column]:
            raise NotAnEvent("no_date")
        consent = date(2016, 1, 1) + timedelta(days=int(self.who) * 37 % 1461)
        return consent + timedelta(days=int(self.cells[column]))


class Converter:
    """Judges row by row, knowing what all rows say of a person."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.trial = {row.who: row.cells for row in tables["subjects"]}
        self.assigned = {row.who: row for row in tables["randomization"] if row.cells["which"] == "1"}
        self.held: dict[str, dict[date, Row]] = {who: {} for who in self.trial}
        for row in filter(lambda row: row.held, tables["visits"]):
            self.held[row.who].setdefault(row.day(), row)
        self.left: dict[str, Row] = {}

    def event(self, row: Row) -> Event:
        """What a row states, or NotAnEvent."""
        kind, day, values = getattr(self, f"from_{row.table}")(row)
        envelope = {"type": kind, "episode": f"CTN-{int(row.who):04d}", "occurred_on": day.isoformat()}
        sender = {"actor": {"id": "ctn0094", "role": "service"}, "source": "ctn0094"}
        return {**envelope, **sender, "command_id": f"{row.table}/{row.number}", **values}

    def person(self, row: Row) -> Event:
        """Who and where; the edition only says how a level is to be read, since nobody rated a dimension."""
        program = "ctn-00{project}-site-{site_masked}".format_map(self.trial[row.who])
        return {"client": f"ctn-person-{int(row.who):04d}", "program": program, "edition": "asam-3"}

    def from_subjects(self, _: Row) -> tuple[str, date, Event]:
        raise NotAnEvent("no_event")

    def from_screening(self, row: Row) -> tuple[str, date, Event]:
        return "assessed", row.day("screening_day"), {"kind": "initial"} | self.person(row)

    def from_randomization(self, row: Row) -> tuple[str, date, Event]:
        first = self.assigned[row.who]
        if row is not first:
            raise NotAnEvent("repeats_first" if row.day() == first.day() else "second_phase")
        stay = {"zone": "UTC", "level": "OTS", "route": "direct", "population": "adult", "policy": "none"}
        return "admitted", row.day(), self.person(row) | stay

    def from_detox(self, row: Row) -> tuple[str, date, Event]:
        raise NotAnEvent("other_care" if row.cells["when"] else "no_date")

    def from_visits(self, row: Row) -> tuple[str, date, Event]:
        what = row.cells["what"]
        if what != "visit" and row.reasons & LEFT.keys() and self.for_good(row):
            return self.leaving(row)
        if not what:
            raise NotAnEvent("no_outcome")
        day = row.day()
        if not row.held:
            raise NotAnEvent("contradicts_itself" if what in ("visit", "final") else "no_minutes")
        if row is not self.held[row.who][day]:
            raise NotAnEvent("same_day")
        said = "; ".join([f"trial {what} {row.cells['visit']}", *sorted(row.reasons - {"no_note"})])
        return "care_coordinated", day, {"kind": "medical", "outcome": said}

    def for_good(self, row: Row) -> bool:
        """Whether a person who was admitted, and left, was not seen again."""
        if row.cells["when"]:
            return row.who in self.assigned and all(day <= row.day() for day in self.held[row.who])
        return row.who in self.assigned and all(visit.week <= row.week for visit in self.held[row.who].values())

    def leaving(self, row: Row) -> tuple[str, date, Event]:
        """The end of the stay: on its day if the table has it, else on the day of the last contact."""
        if row is not self.left.setdefault(row.who, row):
            raise NotAnEvent("left_before")
        last = max([self.assigned[row.who].day(), *self.held[row.who]])
        day, reason = row.day() if row.cells["when"] else last, LEFT[min(row.reasons & LEFT.keys())]
        return "discharged", day, {"reason": reason, "last_contact_on": last.isoformat()}


def convert(tables: dict[str, list[Row]]) -> tuple[list[Event], list[list[str]]]:
    """Give every row its end: the events in the order of a feed, and the report of what is no event."""
    converter, events, report = Converter(tables), list[Event](), list[list[str]]()
    for row in chain(*tables.values()):
        try:
            events.append(converter.event(row))
        except NotAnEvent as why:
            report.append([row.table, str(row.number), str(why), WORDS[str(why)]])
    opened = {event["episode"]: event["occurred_on"] for event in reversed(events) if "client" in event}

    def turn(event: Event) -> tuple[str, ...]:
        """Day by day over all persons; what is dated before a person's opening event waits for it."""
        day = max(event["occurred_on"], opened.get(event["episode"], ""))
        return day, event["episode"], event["type"], event["occurred_on"]

    return sorted(events, key=turn), report


def refused(events: list[Event], receipts: Path) -> Iterator[list[str]]:
    """The rows whose events were refused: `append --json` names the line and the cause of each."""
    for answer in map(json.loads, receipts.read_text(encoding="utf-8").splitlines()):
        if "error" in answer:
            table, number = events[answer["line"] - 1]["command_id"].split("/")
            yield [table, number, f"refused_{answer['error']}", answer["message"]]


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--events", "to", type=click.Path(path_type=Path), required=True, help="JSON Lines to append.")
@click.option("--report", type=click.Path(path_type=Path), required=True, help="CSV of what is no event.")
@click.option("--receipts", type=click.Path(path_type=Path), help="What `append --json` printed.")
def main(data: Path, to: Path, report: Path, receipts: Path | None) -> None:
    """Convert the CTN-0094 tables in the folder DATA."""
    tables: dict[str, list[Row]] = {}
    for table in TABLES:
        cells = csv.DictReader((data / f"{table}.csv").read_text(encoding="utf-8").splitlines())
        tables[table] = [Row(table, number, each["who"], each) for number, each in enumerate(cells, start=2)]
    events, reported = convert(tables)
    refusals = list(refused(events, receipts)) if receipts else []
    to.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    with report.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([["file", "row", "reason", "words"], *reported, *refusals])
    ends = Counter(("event", event["type"]) for event in events)
    ends.update(("reported", f"{row[0]} {row[2]}") for row in reported)
    ends.update(("refused", f"{row[0]} {row[2]}") for row in refusals)
    print(f"{sum(map(len, tables.values()))} rows in = {len(events)} events + {len(reported)} reported")
    print(*(f"  {end:9} {name:36}{count:7}" for (end, name), count in sorted(ends.items())), sep="\n")
    if receipts:
        print(f"{len(events)} events = {len(events) - len(refusals)} recorded + {len(refusals)} refused")


if __name__ == "__main__":
    main()
