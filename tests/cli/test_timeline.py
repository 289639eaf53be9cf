"""The three demands on amended records, on screen: each is identified, with date and author, and the original stands.

Chains are the hard part: what was corrected, struck or withdrawn once says so for good.
"""

from __future__ import annotations

import json

from tests.support.program import Caretrail
from tests.support.screens import ME, amended, load, screen

LEE = {"id": "c-lee", "role": "clinician", "credential": "LIMHP"}


def chained() -> list[str]:
    """A session corrected three times (one withdrawn), a void withdrawn, and a plan struck with its addendum."""
    events: list[dict[str, object]] = [
        {
            "type": "session_attended",
            "occurred_on": "2026-01-07",
            "service": "group",
            "minutes": 180,
            "group_size": 13,
        },
        {
            "type": "corrected",
            "occurred_on": "2026-01-08",
            "target": 2,
            "values": {"group_size": 11, "occurred_on": "2026-01-06"},
            "reason": "staff were counted",
        },
        {"type": "voided", "occurred_on": "2026-01-09", "target": 3, "reason": "entered_in_error", "actor": LEE},
        {"type": "voided", "occurred_on": "2026-01-10", "target": 4, "reason": "entered_in_error"},
        {
            "type": "corrected",
            "occurred_on": "2026-01-10",
            "target": 2,
            "values": {"group_size": 12},
            "reason": "recount",
        },
        {
            "type": "plan_signed",
            "occurred_on": "2026-01-12",
            "plan_version": 1,
            "effective_on": "2026-01-12",
            "sections": {"discharge": True, "relapse_prevention": True, "supports": True},
            "signatures": [
                {
                    "signer": "c-ortiz",
                    "role": "clinician",
                    "signed_on": "2026-01-12",
                    "method": "electronic",
                    "meaning": "agreement",
                }
            ],
        },
        {"type": "addendum", "occurred_on": "2026-01-13", "target": 7, "text": "seen by payer", "reason": "asked"},
        {"type": "voided", "occurred_on": "2026-01-14", "target": 7, "reason": "wrong_client"},
        {"type": "voided", "occurred_on": "2026-01-15", "target": 6, "reason": "duplicate", "actor": LEE},
    ]
    return [amended()[0], *(json.dumps({"episode": "A-1", "actor": ME} | event) for event in events)]


def test_chains_of_corrections_and_voids_stay_readable(caretrail: Caretrail) -> None:
    seen = load(caretrail, chained())
    ended = seen("timeline", "A-1")
    assert ended.out == screen("""
Timeline of A-1

Event  Happened     Recorded, UTC     What                             Stated by
1      2026-01-05   2026-01-05 23:00  admitted to lincoln-iop at       c-ortiz
                                      level 2.1, client cl-1           LADC
2      2026-01-07   2026-01-07 23:00  group session, 180 min, 13       c-ortiz
       →2026-01-06                    clients                          LADC
                                      CORRECTED by 3, c-ortiz, LADC,
                                      2026-01-08 23:00: group size 13
                                      → 11; occurred on 2026-01-07 →
                                      2026-01-06 (staff were counted)
                                      WITHDRAWN by 10, c-lee, LIMHP,
                                      2026-01-15 23:00 (duplicate):
                                      the correction by 6, c-ortiz,
                                      LADC, 2026-01-10 23:00
                                      (recount)
3      2026-01-08   2026-01-08 23:00  corrects event 2: group size is  c-ortiz
                                      11, occurred on is 2026-01-06    LADC
                                      (staff were counted)
                                      WITHDRAWN by 5, c-ortiz, LADC,
                                      2026-01-10 23:00 (entered in
                                      error): the void by 4, c-lee,
                                      LIMHP, 2026-01-09 23:00
                                      (entered in error)
4      2026-01-09   2026-01-09 23:00  ✗ voids event 3: entered in      c-lee
                                      error                            LIMHP
                                      VOIDED by 5, c-ortiz, LADC,
                                      2026-01-10 23:00: entered in
                                      error
5      2026-01-10   2026-01-10 23:00  voids event 4: entered in error  c-ortiz
                                                                       LADC
6      2026-01-10   2026-01-10 23:00  ✗ corrects event 2: group size   c-ortiz
                                      is 12 (recount)                  LADC
                                      VOIDED by 10, c-lee, LIMHP,
                                      2026-01-15 23:00: duplicate
7      2026-01-12   2026-01-12 23:00  ✗ plan 1, in effect 2026-01-12,  c-ortiz
                                      signed by c-ortiz                LADC
                                      VOIDED WITH IT: the addendum by
                                      8, c-ortiz, LADC, 2026-01-13
                                      23:00 (asked)
                                      VOIDED by 9, c-ortiz, LADC,
                                      2026-01-14 23:00: wrong client
8      2026-01-13   2026-01-13 23:00  ✗ adds to event 7: seen by       c-ortiz
                                      payer (asked)                    LADC
                                      VOIDED with event 7 by 9,
                                      c-ortiz, LADC, 2026-01-14
                                      23:00: wrong client
9      2026-01-14   2026-01-14 23:00  voids event 7: wrong client      c-ortiz
                                                                       LADC
10     2026-01-15   2026-01-15 23:00  voids event 6: duplicate         c-lee
                                                                       LIMHP

10 events, 1 corrected, 4 voided
Current through @10 (latest)
""")


def test_the_same_is_in_the_json(caretrail: Caretrail) -> None:
    rows = load(caretrail, chained())("timeline", "A-1", "--json").listed
    session, correction, plan, added = rows[1], rows[2], rows[6], rows[7]
    assert (session["occurred_on"], session["happened_on"], session["days_after"]) == ("2026-01-07", "2026-01-06", 1)
    assert session["event"]["group_size"] == 13, "the original is as it was"
    [size, day] = session["corrections"]
    assert (size["version"], size["old"], size["new"], size["author"]) == (3, 13, 11, "c-ortiz")
    assert (day["role"], day["credential"], day["occurred_on"]) == ("clinician", "LADC", "2026-01-08")
    assert day["recorded_at"].startswith("2026-01-08T23:00")
    assert [(gone["type"], gone["version"], gone["by"]["version"]) for gone in session["withdrawn"]] == [
        ("corrected", 6, 10)
    ]
    assert correction["voided_by"] is None, "the void of it was withdrawn"
    assert [(gone["version"], gone["by"]["author"]) for gone in correction["withdrawn"]] == [(4, "c-ortiz")]
    assert (plan["void"]["version"], plan["void"]["author"], plan["void"]["reason"]) == (9, "c-ortiz", "wrong_client")
    assert (added["void"]["target"], added["voided_by"]) == (7, 9)


def test_before_an_amendment_was_known_nothing_of_it_shows(caretrail: Caretrail) -> None:
    seen = load(caretrail, chained())
    then = seen("timeline", "A-1", "--known-at", "2026-01-07T23:30:00Z", "--json").listed
    assert (then[1]["happened_on"], then[1]["corrections"], then[1]["withdrawn"]) == ("2026-01-07", [], [])
    struck = seen("timeline", "A-1", "--known-at", "@4", "--json").listed
    assert (struck[1]["corrections"], struck[1]["happened_on"]) == ([], "2026-01-07")
    assert [(gone["version"], gone["by"]["version"]) for gone in struck[1]["withdrawn"]] == [(3, 4)]
