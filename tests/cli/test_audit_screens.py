"""What an auditor sees who asks about many episodes: literal screens on the example, 80 columns wide."""

from __future__ import annotations

import json

import pytest

from tests.support.program import Caretrail
from tests.support.screens import load, screen


@pytest.fixture
def seen(caretrail: Caretrail, example: str) -> Caretrail:
    """The command line on the example, recorded as it happened."""
    return load(caretrail, example.splitlines())


def test_what_changed_between_two_moments_and_which_events_changed_it(seen: Caretrail) -> None:
    ended = seen("audit", "diff", "LNK", "--from", "2026-03-05", "--to", "2026-03-23", "--as-of", "2026-03-10")
    assert ended.out == screen("""
Changed verdicts of LNK-2026-0001 as of 2026-03-10

On that day (2)
LNK-2026-0001
  Rule     Days           What                        Changed by
  NE21-I1  2026-03-08     unknown: week of            event 42: session attended
           to 2026-03-10  2026-03-01: offered 240,      ehr-feed, service
                          attended 240 minutes, 540     2026-03-06 23:00
                          needed; 360 more minutes      → unknown
                          scheduled, with no          event 53: session attended
                          attendance or no-show on      ehr-feed, service
                          record                        2026-03-20 23:00
                          → met                         → no verdict
  NE21-I2  2026-03-08     unknown: week of            event 42: session attended
           to 2026-03-10  2026-03-01: sessions          ehr-feed, service
                          offered on 1 day, 3 to 5      2026-03-06 23:00
                          needed; 2 more days           → unknown
                          scheduled, with no          event 53: session attended
                          attendance or no-show on      ehr-feed, service
                          record                        2026-03-20 23:00
                          → met                         → no verdict

2 changes; 2 more, met or not applicable: --all includes them
Compared with 2026-03-05 23:59:59 UTC, @41: 1 episode has events recorded since
As known at 2026-03-23 23:59:59 UTC, @55 of @65; judged by today's packs
""")


def test_that_nothing_changed_is_said(seen: Caretrail) -> None:
    ended = seen("audit", "diff", "--from", "@54", "--to", "@54", "--as-of", "2026-03-10")
    assert ended.out == screen("""
Changed verdicts as of 2026-03-10

Nothing changed: the verdicts of all days up to that day are the same.

0 changes
Compared with @54: 0 episodes have events recorded since
As known at @54 of @65
""")
    assert seen("audit", "diff", "--from", "@54", "--to", "@54", "--json").json["changes"] == []


def test_a_diff_that_ends_before_it_begins_is_refused(seen: Caretrail) -> None:
    ended = seen("audit", "diff", "--from", "@55", "--to", "@54")
    assert (ended.status, ended.err.splitlines()[0]) == (2, "Error: --to must not be before --from")
    assert seen("audit", "diff", "NOBODY", "--from", "@3").status == 2
    assert seen("audit", "diff").status == 2


def test_late_entries_and_amendments_by_author(seen: Caretrail) -> None:
    ended = seen("audit", "amendments", "--from", "2026-03-16", "--to", "2026-03-25", "--list")
    assert ended.out == screen("""
Late entries and amendments recorded from 2026-03-16 to 2026-03-25

Author        Program      Entries  Late        Corrected  Added  Voided
c-ortiz       lincoln-iop  4        0           1          1      1
LADC
ehr-feed      lincoln-iop  1        1, 18 days  0          0      0
service
for c-ortiz
for c-noor

Recorded, UTC     Episode        What                                Author
2026-03-20 23:00  LNK-2026-0001  session attended of 2026-03-02      ehr-feed
                  event 53       LATE ENTRY, 18 days after: paper    service
                                 sheet found                         for c-ortiz
                                                                     for c-noor
2026-03-23 23:00  LNK-2026-0001  corrects event 53, session          c-ortiz
                  event 55       attended of 2026-03-02: count       LADC
                                 included the two facilitators
2026-03-25 23:00  LNK-2026-0001  voids event 56, session attended    c-ortiz
                  event 58       of 2026-03-24: wrong client         LADC
2026-03-25 23:00  LNK-2026-0001  adds to event 46, plan reviewed of  c-ortiz
                  event 59       2026-03-11: document arrived later  LADC

1 late and 3 amendments of 11 entries
1 more row without any: --json includes them
Current through @65 (latest)
""")
    assert [row["version"] for row in seen("audit", "amendments", "--list", "--json").listed] == [53, 55, 58, 59]
    rows = seen("audit", "amendments", "--author", "c-noor", "--json").listed
    assert [(row["author"], row["performed_by"], row["late"]) for row in rows] == [
        ("ehr-feed", ["c-ortiz", "c-noor"], 1)
    ]
    assert [event["version"] for event in rows[0]["events"]] == [53]


@pytest.mark.slow
def test_reviews_that_were_due(seen: Caretrail) -> None:
    ended = seen("audit", "reviews", "--from", "2026-01-01", "--to", "2026-03-31", "--list")
    assert ended.out == screen("""
Reviews due from 2026-01-01 to 2026-03-31

Program       Clinician  Due  On time  Entered  Late       Not   Cannot
                                       late                done  be told
lincoln-iop   c-ortiz    2    1 of 2   0        1, 4 days  0     0

Due         Episode        Outcome                                     Clinician
2026-02-06  LNK-2026-0001  on time, 2026-02-05 (event 25), recorded    c-ortiz
                           2026-02-05 23:00 UTC
2026-03-07  LNK-2026-0001  4 days late, 2026-03-11 (event 46),         c-ortiz
                           recorded 2026-03-11 23:00 UTC

2 reviews
Current through @65 (latest)
""")
    [rate] = seen("audit", "reviews", "--as-of", "2026-03-10", "--json").listed
    assert (rate["due"], rate["on_time"], rate["late"], rate["not_done"]) == (2, 1, 0, 1)
    assert rate["reviews"][1]["arithmetic"] == "base 2026-02-05 last review + 30 days = 2026-03-07"
    known = seen("audit", "reviews", "--as-of", "2026-03-10", "--known-at", "@24", "--list", "--json").listed
    assert [(one["due_on"], one["outcome"], one["days_late"]) for one in known] == [("2026-02-06", "not_done", 32)]


@pytest.mark.slow
def test_a_percentage_stands_only_where_there_are_many(caretrail: Caretrail, example: str) -> None:
    """Given ten copies of the example in one program, then of 20 reviews half were on time; in all there are totals."""
    lines = example.splitlines()
    for number in range(10):
        name = f"N-{number}"
        copies = [line.replace("LNK-2026-0001", name).replace("cl-7f3a", f"cl-{number}") for line in lines]
        copies = [json.dumps(json.loads(line) | {"command_id": None}) for line in copies]
        text = "\n".join(copies).replace("c-ortiz", "c-quill") if number == 9 else "\n".join(copies)
        assert caretrail("append", "--imported", input=text).status == 0
    assert caretrail("audit", "reviews", "--to", "2026-03-31").out.splitlines()[2:7] == [
        "Program       Clinician  Due  On time         Entered  Late        Not   Cannot",
        "                                              late                 done  be told",
        "lincoln-iop   c-ortiz    18   9 of 18         0        9, 4 days   0     0",
        "              c-quill    2    1 of 2          0        1, 4 days   0     0",
        "              all        20   10 of 20, 50 %  0        10, 4 days  0     0",
    ]


@pytest.mark.parametrize("command", ["diff --from @0", "amendments", "reviews"])
def test_an_empty_store_is_no_clean_record(caretrail: Caretrail, command: str) -> None:
    ended = caretrail("audit", *command.split())
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.startswith("This store is empty")
    answer = caretrail("audit", *command.split(), "--json").json
    assert answer["changes" if command.startswith("diff") else "rows"] == []


@pytest.mark.parametrize("command", ["amendments", "reviews"])
def test_a_period_that_ends_before_it_begins_is_refused(caretrail: Caretrail, command: str) -> None:
    ended = caretrail("audit", command, "--from", "2026-03-02", "--to", "2026-03-01")
    assert (ended.status, ended.err.splitlines()[0]) == (2, "Error: --to must not be before --from")


@pytest.mark.parametrize("command", ["diff --from @54", "amendments --list", "reviews --list", "timeline"])
def test_what_an_audit_shows_is_recorded_as_an_access(seen: Caretrail, command: str) -> None:
    name, *words = command.split()
    asked = ["timeline", "LNK"] if name == "timeline" else ["audit", name, *words]
    assert seen(*asked, "--json").status == 0
    accesses = seen("audit", "access", "LNK-2026-0001", "--json").listed
    assert [access["episodes"] for access in accesses] == [["LNK-2026-0001"]]
