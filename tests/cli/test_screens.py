"""What a clinician and an auditor see: the literal screens on the example, 80 columns wide."""

from __future__ import annotations

import json

import pytest

from tests.support.build import admitted, plan, reviewed, signature
from tests.support.program import Caretrail
from tests.support.screens import ME, amended, load, screen


def test_the_worklist_says_what_to_do_most_urgent_first(seen: Caretrail) -> None:
    ended = seen("worklist", "--as-of", "2026-03-09")
    assert ended.out == screen("""
Worklist as of 2026-03-09

Now: overdue, due today, or treatment without an assessment (2)
Episode        Rule     Due          What                                Owner
LNK-2026-0001  NE21-C1  2 days over  continued-stay determination        c-ortiz
                                     overdue, due 2026-03-07
LNK-2026-0001  NE21-R1  2 days over  review overdue, due 2026-03-07      c-ortiz

Needs documentation: not enough on file to decide (1)
Episode        Rule     Due          What                                Owner
program                 since 01-05  3 items to document: NE21-S2,
lincoln-iop                          NE21-S3, NE21-S4

Current through @65 (latest)
'caretrail why EPISODE RULE' explains a row.
""")


def test_a_signature_that_is_owed(seen: Caretrail) -> None:
    ended = seen("worklist", "--as-of", "2026-02-06")
    assert ended.out == screen("""
Worklist as of 2026-02-06

This week: due soon, or a signature owed (1)
Episode        Rule     Due          What                                Owner
LNK-2026-0001  NE21-P3  since 02-05  review of 2026-02-05: cl-7f3a has   c-ortiz
                                     not signed (deferred)

Needs documentation: not enough on file to decide (1)
Episode        Rule     Due          What                                Owner
program                 since 01-05  3 items to document: NE21-S2,
lincoln-iop                          NE21-S3, NE21-S4

Current through @65 (latest)
'caretrail why EPISODE RULE' explains a row.
""")


def test_the_sheet_of_a_day_of_service(seen: Caretrail) -> None:
    ended = seen("show", "LNK", "--as-of", "2026-03-09")
    assert ended.out == screen("""
LNK-2026-0001 on 2026-03-09

Client          cl-7f3a
Program         lincoln-iop, level 2.1, open
Stay            day 64, week 10 of this stay; 8 to 24 weeks are typical
Team            c-ortiz, LADC, case owner
                c-lee, LIMHP
                c-noor, PLADC
Credentials     as stated with each event; no license register was asked
Plan            plan 1, 2026-01-07, by c-ortiz (event 6)
                  cl-7f3a, client: signed 2026-01-07, electronic
                  c-ortiz, LADC: signed 2026-01-07, electronic
                  c-lee, LIMHP: signed 2026-01-12, electronic
Last review     review of plan 1, 2026-02-05, by c-ortiz (event 25)
                  c-ortiz, LADC: signed 2026-02-05, electronic
                  c-lee, LIMHP: signed 2026-02-05, electronic
                  cl-7f3a, client: signed 2026-02-09, electronic
Next review     due 2026-03-07
Reviews due     1 on time, 1 not done
                  2026-03-07: not done, 2 days over
Determination   continue, 2026-02-05, by c-ortiz (event 26)
                  c-ortiz, LADC: signed 2026-02-05, electronic
Continued stay  unknown (determination, through 2026-03-07)
Sessions        09:00 group, 180 min, 8 clients, in person, by c-ortiz, LADC
                (event 43)
Minutes         180 on this day, 180 since Sunday 2026-03-08
Findings        NE21-R1 overdue: review overdue, due 2026-03-07
                NE21-I5 info: not provided since 2026-01-05: family, education,
                motivational
                NE21-M1 info: no care coordination recorded from 2026-02-05 to
                2026-03-07
                NE21-C1 overdue: continued-stay determination overdue, due
                2026-03-07

Current through @65 (latest)
""")


@pytest.mark.slow
def test_the_sheet_marks_what_came_late_was_corrected_or_struck(seen: Caretrail) -> None:
    def sessions(*words: str) -> str:
        lines = seen("show", "LNK", *words).out.split("Sessions")[1].split("Findings")[0].splitlines()
        return " ".join(" ".join(lines).split())

    assert sessions("--as-of", "2026-03-02") == (
        "09:00 group, 180 min, 11 clients, in person, by c-ortiz, LADC and c-noor, PLADC "
        "(event 53, LATE ENTRY 18 days after, CORRECTED by 55) "
        "Minutes 180 on this day, 180 since Sunday 2026-03-01"
    )
    assert sessions("--as-of", "2026-03-02", "--known-at", "@54") == (
        "09:00 group, 180 min, 13 clients, in person, by c-ortiz, LADC and c-noor, PLADC "
        "(event 53, LATE ENTRY 18 days after) "
        "Minutes 180 on this day, 180 since Sunday 2026-03-01"
    )
    assert sessions("--as-of", "2026-03-02", "--known-at", "@52").startswith("none on this day")
    assert sessions("--as-of", "2026-03-24") == (
        "✗ 17:00 family, 60 min, in person, by c-ortiz, LADC (event 56, VOIDED by 58) "
        "Minutes 0 on this day, 180 since Sunday 2026-03-22"
    )


def test_eligibility_on_the_admission(seen: Caretrail) -> None:
    ended = seen("eligibility", "LNK", "--as-of", "2026-01-20")
    assert ended.out == screen("""
LNK-2026-0001 on 2026-01-20: continued stay

Answer         eligible
Basis          admission
Holds through  2026-02-04
Reasons        admission criteria met
Based on       events 1, 2: 'caretrail timeline' shows them

Current through @65 (latest)
""")


def test_eligibility_where_no_pack_applies(seen: Caretrail) -> None:
    ended = seen("eligibility", "LNK", "--as-of", "2026-04-07")
    assert ended.out == screen("""
LNK-2026-0001 on 2026-04-07: continued stay

Answer   not applicable
Basis    none
Reasons  level 1: no policy pack

Current through @65 (latest)
""")


def test_a_timeline_hides_what_came_later(seen: Caretrail) -> None:
    ended = seen("timeline", "LNK", "--as-of", "2026-01-05", "--known-at", "@10")
    assert ended.out == screen("""
Timeline of LNK-2026-0001 as of 2026-01-05

Event  Happened    Recorded, UTC     What                            Stated by
1      2026-01-02  2026-01-02 23:00  assessment, initial, F10.20,    c-ortiz
                                     level 2.1 recommended,          LADC
                                     referred to c-lee
2      2026-01-05  2026-01-05 23:00  admitted to lincoln-iop at      c-ortiz
                                     level 2.1, client cl-7f3a       LADC
3      2026-01-05  2026-01-05 23:00  group session, 180 min, 8       ehr-feed
                                     clients, in person              service
                                                                     for c-ortiz

3 events
As known at @10 of @65; judged by today's packs
""")


def test_a_timeline_shows_late_corrected_added_and_voided(caretrail: Caretrail) -> None:
    seen = load(caretrail, amended())
    ended = seen("timeline", "A-1")
    assert ended.out == screen("""
Timeline of A-1

Event  Happened    Recorded, UTC     What                              Stated by
1      2026-01-05  2026-01-05 23:00  admitted to lincoln-iop at level  c-ortiz
                                     2.1, client cl-1                  LADC
2      2026-01-07  2026-01-07 23:00  group session, 180 min, 13        c-ortiz
                                     clients                           LADC
                                     ADDED by 7, c-ortiz, LADC,
                                     2026-01-12 23:00: left early
                                     (asked by payer)
3      2026-01-05  2026-01-07 23:00  group session, 180 min, 13        c-ortiz
                                     clients                           LADC
                                     LATE ENTRY, 2 days after: paper
                                     sheet found
                                     CORRECTED by 4, c-ortiz, LADC,
                                     2026-01-08 23:00: group size 13
                                     → 11 (staff were counted)
4      2026-01-08  2026-01-08 23:00  corrects event 3: group size is   c-ortiz
                                     11 (staff were counted)           LADC
5      2026-01-09  2026-01-09 23:00  ✗ family session, 60 min          c-ortiz
                                     VOIDED by 6, c-ortiz, LADC,       LADC
                                     2026-01-12 23:00: wrong client
6      2026-01-12  2026-01-12 23:00  voids event 5: wrong client       c-ortiz
                                                                       LADC
7      2026-01-12  2026-01-12 23:00  adds to event 2: left early       c-ortiz
                                     (asked by payer)                  LADC

7 events, 1 late, 1 corrected, 1 added to, 1 voided
Current through @7 (latest)
""")


def test_an_explanation_that_explains_nothing_is_shown_as_such(caretrail: Caretrail) -> None:
    """Given two explanations of a rule, one of a day on which it had nothing to say, then that one is marked."""
    said = {"episode": "A-1", "actor": ME, "type": "explained", "occurred_on": "2026-02-20", "code": "weather"}
    events = [said | {"rule": "R1", "on": on} for on in ("2026-02-10", "2026-01-10")]
    load(caretrail, [amended()[0], *(json.dumps(event) for event in events)])
    assert [row["explains_nothing"] for row in caretrail("timeline", "A-1", "--json").listed] == [False, False, True]
    shown = " ".join(caretrail("timeline", "A-1").out.split())
    assert shown.count("EXPLAINS NOTHING") == 1
    assert shown.index("2026-02-10") < shown.index("EXPLAINS NOTHING")


def test_the_findings_in_force_on_a_day(seen: Caretrail) -> None:
    ended = seen("findings", "--as-of", "2026-03-09")
    assert ended.out == screen("""
Findings as of 2026-03-09

Episode        Rule     Verdict  Days              What
LNK-2026-0001  NE21-C1  overdue  2026-03-08        continued-stay determination
                                 to 2026-03-10     overdue, due 2026-03-07
LNK-2026-0001  NE21-I5  info     2026-02-02        not provided since
                                 to 2026-04-06     2026-01-05: family,
                                                   education, motivational
LNK-2026-0001  NE21-M1  info     2026-03-08        no care coordination recorded
                                 to 2026-04-06     from 2026-02-05 to 2026-03-07
LNK-2026-0001  NE21-R1  overdue  2026-03-08        review overdue, due
                                 to 2026-03-10     2026-03-07
program        NE21-S2  unknown  since 2026-01-05  access at all hours: no
lincoln-iop                                        attestation on file
program        NE21-S3  unknown  since 2026-01-05  license: no attestation on
lincoln-iop                                        file
program        NE21-S4  unknown  since 2026-01-05  staff training: no
lincoln-iop                                        attestation on file

7 findings
Current through @65 (latest)
""")


def test_the_census(seen: Caretrail) -> None:
    ended = seen("census", "--as-of", "2026-02-20")
    assert ended.out == screen("""
Census as of 2026-02-20

lincoln-iop (1)
Episode        Client   Level  Clinician  Admitted    Days  Status
LNK-2026-0001  cl-7f3a  2.1    c-ortiz    2026-01-05  46    held

1 episode open on that day
Current through @65 (latest)
""")


def test_the_census_breaks_no_id_and_no_day_at_eighty_columns(caretrail: Caretrail, example: str) -> None:
    longer = example.replace("LNK-2026-0001", "LNK-2026-00012").replace("cl-7f3a", "cl-99b44c")
    assert caretrail("append", "--imported", input=longer).status == 0
    lines = caretrail("census", "--as-of", "2026-02-20").out.splitlines()
    assert "LNK-2026-00012  cl-99b44c  2.1    c-ortiz    2026-01-05  46    held" in lines


def test_an_empty_worklist_says_of_how_many_episodes(seen: Caretrail) -> None:
    ended = seen("worklist", "--as-of", "2026-06-01")
    assert ended.out == screen("""
Worklist as of 2026-06-01

Nothing due: no episodes were open that day.

Current through @65 (latest)
""")


def test_a_review_in_doubt_stands_where_the_worse_outcome_would_and_says_both(caretrail: Caretrail) -> None:
    """Given a review of which nobody says who took part, when the day before it was due is past,
    then it is among what is overdue, as what cannot be told, with both due days; JSON has them as fields.
    """
    signed = [signature("c-ortiz", "02-05")]
    told = [admitted("01-05"), plan("01-07"), reviewed("02-05", participants=[], signatures=signed)]
    lines = "\n".join(one.model_dump_json(by_alias=True, exclude_none=True) for one in told)
    assert caretrail("append", "--imported", input=lines).status == 0
    shown = caretrail("worklist", "--as-of", "2026-02-20", "--rule", "R1").out
    assert " ".join(shown.split()).startswith(
        "Worklist as of 2026-02-20 Now: overdue, due today, or treatment without an assessment (1) "
        "Episode Rule Due What Owner E-1 NE21-R1 cannot be told if event 3 counts:"
    )
    [row] = caretrail("worklist", "--as-of", "2026-02-20", "--rule", "R1", "--json").listed
    assert row["doubt"] == {
        "documents": [3],
        "if_counts": {"verdict": "met", "due_on": "2026-03-07"},
        "if_not": {"verdict": "overdue", "due_on": "2026-02-06"},
    }
