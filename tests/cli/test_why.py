"""What `why` shows: the whole chain behind a verdict, on literal screens 80 columns wide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caretrail.policy.loader import SHIPPED
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.screens import ME, amended, load, screen

PACK = "ne-medicaid-2.1-adult"


@pytest.fixture
def seen(caretrail: Caretrail, example: str) -> Caretrail:
    """The command line on the example, recorded as it happened."""
    return load(caretrail, example.splitlines())


def row(text: str, label: str) -> str:
    """What stands beside a label of a sheet, on one line."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(label))
    found = [lines[start].removeprefix(label)]
    for line in lines[start + 1 :]:
        if not line.startswith(" "):
            break
        found.append(line)
    return " ".join(" ".join(found).split())


def test_why_a_review_is_overdue(seen: Caretrail) -> None:
    ended = seen("why", "LNK", "R1", "--as-of", "2026-03-08")
    assert ended.out == screen("""
NE21-R1 Plan review every 30 days (must)
LNK-2026-0001 on 2026-03-08

Verdict    overdue: review overdue, due 2026-03-07
             from 2026-03-08 to 2026-03-10
Because    base 2026-02-05 last review + 30 days = 2026-03-07; on 2026-03-08: 1
           day overdue
Based on   event 25, 2026-02-05: review of plan 1, with client, updated, signed
           by c-ortiz and c-lee and cl-7f3a (deferred)
Reviews    due 2026-02-06: on time, 2026-02-05 (event 25), recorded 2026-02-05
           23:00 UTC
           due 2026-03-07: not done, 1 day over
Ends with  a review of a signed plan with the client or guardian, signed under
           clinical guidance
The rule   The plan is reviewed and updated every 30 days, or sooner as
           medically indicated.
Source     Nebraska DHHS, Intensive Outpatient – Level 2.1: Adult Substance Use
           Disorder, service definition (Title 471 chapter 20), Service
           expectations, lines 52-55
Version    ne-medicaid-2.1-adult, in force on every day; the text is undated

How we read the regulation, and what other readings would change:
  Does a due date on a weekend or holiday roll?
    our reading: stays
    if next working day: due soon: review due 2026-03-09
  Is a review on day 30 on time?
    our reading: on time
  From which day does the first review count?
    our reading: earlier of plan and second session; same result if plan
    effective or admission
  Does an early review reset the clock?
    our reading: rolling
    if fixed or earlier of both: not evaluated: a fixed series must start at
    admission or with the plan (first_from)
  When is a review done?
    our reading: clinician signed; same result if all signed or held
  Does a hold pause the thirty days?
    our reading: run
    if pause: due soon: review due 2026-03-14
  Does clinical guidance need a member of the team, or does a covering clinician
  count, too?
    our reading: any listed; same result if team
  Which version of the rules judges a duty that spans a change?
    our reading: anchor date

History:
  2026-01-05 to 2026-01-06  met        next review due 2026-02-04
  2026-01-07 to 2026-01-29  met        next review due 2026-02-06
  2026-01-30 to 2026-02-04  due_soon   review due 2026-02-06
  2026-02-05 to 2026-02-27  met        next review due 2026-03-07
  2026-02-28 to 2026-03-06  due_soon   review due 2026-03-07
  2026-03-07 to 2026-03-07  due_today  review due 2026-03-07
  2026-03-08 to 2026-03-10  overdue    review overdue, due 2026-03-07

Current through @65 (latest)
""")


def test_why_a_group_was_too_large_before_its_count_was_corrected(seen: Caretrail) -> None:
    ended = seen("why", "LNK", "I3", "--as-of", "2026-03-06", "--known-at", "@54")
    assert ended.out == screen("""
NE21-I3 Groups of 3 to 12 (must)
LNK-2026-0001 on 2026-03-06

Verdict    violation: group of 2026-03-02 09:00: 13 clients, 3 to 12 allowed
             from 2026-03-02 to 2026-03-26
Because    3 <= 13 <= 12 fails; on 2026-03-06: in force since 2026-03-02
Based on   event 53, 2026-03-02: group session, 180 min, 13 clients, in person
Ends with  nothing, if the count is right: it can be explained, or corrected if
           it is wrong
The rule   A treatment group has no fewer than three and no more than twelve
           clients.
Source     Nebraska DHHS, Intensive Outpatient – Level 2.1: Adult Substance Use
           Disorder, service definition (Title 471 chapter 20), Service
           expectations; Staffing ratio, lines 76-80, 112
Version    ne-medicaid-2.1-adult, in force on every day; the text is undated

How we read the regulation, and what other readings would change:
  Do the limits of a group bind educational groups, too?
    our reading: count; same result if left out
  Is a group of two after a no-show flagged?
    our reading: flagged

History:
  2026-01-05 to 2026-03-01  met        groups since 2026-01-05: sizes in order
  2026-03-02 to 2026-03-26  violation  group of 2026-03-02 09:00: 13 clients, 3
                                       to 12 allowed

As known at @54 of @65; judged by today's packs
""")


def test_why_a_rule_says_nothing_that_is_switched_off(seen: Caretrail) -> None:
    ended = seen("why", "LNK", "NE21-X2", "--as-of", "2026-02-06")
    assert ended.out == screen("""
NE21-X2 No contact for 30 days (should, off)
LNK-2026-0001 on 2026-02-06

Verdict   none: the rule is switched off: no source: states have such rules, but
          no text we hold gives Nebraska's number of days
The rule  A client who attended nothing for 30 days is contacted or discharged.
Source    no source: states have such rules, but no text we hold gives
          Nebraska's number of days
Version   ne-medicaid-2.1-adult, in force on every day; the text is undated

Current through @65 (latest)
""")


def test_a_rule_of_the_program_points_to_the_program(seen: Caretrail) -> None:
    said = row(seen("why", "LNK", "S3", "--as-of", "2026-02-06").out, "Verdict")
    assert said == (
        "none for the episode: judged once for the program lincoln-iop; "
        "'caretrail findings --program lincoln-iop --rule NE21-S3' lists it"
    )


def test_today_is_named_only_where_no_day_was_asked_for(seen: Caretrail) -> None:
    today = row(seen("why", "LNK", "C1").out, "Because")
    assert today.startswith("today is ")
    assert today.endswith(": in force since 2026-04-07")
    assert row(seen("why", "LNK", "C1", "--as-of", "2026-04-08").out, "Because").startswith(
        "on 2026-04-08: in force since"
    )


def test_a_met_verdict_is_so_and_not_up(seen: Caretrail) -> None:
    shown = seen("why", "LNK", "B1", "--as-of", "2026-02-10").out
    assert row(shown, "Because") == "on 2026-02-10: in force since 2026-01-05"
    assert "Ends with" not in shown


def test_what_was_not_met_when_a_stay_ended_names_nothing_that_would_end_it(caretrail: Caretrail, example: str) -> None:
    events = [json.loads(line) for line in example.splitlines()]
    kept = [event for event in events if event["occurred_on"] < "2026-01-10"]
    end = {"type": "discharged", "reason": "terminated", "last_contact_on": "2026-01-09", "occurred_on": "2026-02-20"}
    ended = kept[1] | end
    last = {name: ended[name] for name in ("episode", "actor", *end)}
    lines = "\n".join(json.dumps(event) for event in (*kept, last))
    assert caretrail("append", "--imported", input=lines).status == 0
    shown = caretrail("why", "LNK-2026-0001", "R1", "--as-of", "2026-03-10").out
    assert row(shown, "Verdict").startswith("not met: review due 2026-02-06")
    assert row(shown, "Verdict").endswith(" since 2026-02-20, still in force")
    assert row(shown, "Because").endswith("on 2026-03-10: 14 days overdue when the stay ended on 2026-02-20")
    assert "Ends with" not in shown


def test_a_corrected_event_shows_what_stood_there_and_what_counts(caretrail: Caretrail) -> None:
    events = [*amended()[:3], amended()[3].replace("11", "14")]
    shown = load(caretrail, events)("why", "A-1", "I3", "--as-of", "2026-01-06").out
    assert "event 3, 2026-01-05: group session, 180 min, 13 clients; corrected by event 4: group size 13 → 14" in row(
        shown, "Based on"
    )


def test_an_explanation_of_a_deadline_is_told_and_quiets_nothing(caretrail: Caretrail) -> None:
    said = {"episode": "A-1", "actor": ME, "type": "explained", "occurred_on": "2026-02-20", "code": "weather"}
    explained = json.dumps(said | {"rule": "R1", "on": "2026-02-10"})
    shown = load(caretrail, [amended()[0], explained])("why", "A-1", "R1", "--as-of", "2026-02-25").out
    assert row(shown, "Verdict") == (
        "overdue: review overdue, due 2026-02-04 (explained) since 2026-02-05, still in force"
    )
    assert row(shown, "Explained") == "event 2, 2026-02-20: explains R1 of 2026-02-10: weather"
    history = shown[shown.index("History:") :].splitlines()
    place = next(number for number, line in enumerate(history) if "2026-02-20" in line)
    assert " ".join(" ".join(history[place : place + 2]).split()) == (
        "2026-02-20 on overdue review overdue, due 2026-02-04 (explained)"
    )


def test_why_nothing_is_judged_without_the_policy_pack(caretrail: Caretrail) -> None:
    load(caretrail, [amended()[0].replace(PACK, "xx-nowhere")])
    ended = caretrail("why", "A-1", "PACK", "--as-of", "2026-01-06")
    assert ended.out == screen("""
PACK The rules to judge by
A-1 on 2026-01-06

Verdict    unknown: policy pack xx-nowhere is not installed: nothing is judged
             since 2026-01-05, still in force
Because    on 2026-01-06: in force since 2026-01-05
Based on   event 1, 2026-01-05: admitted to lincoln-iop at level 2.1, client
           cl-1
Ends with  the policy pack, in the folder that CARETRAIL_PACKS names; or a
           correction of the admission
The rule   An episode is judged by the policy pack its admission names, if that
           is installed, in force, and for its population and criteria; what it
           cannot judge is unknown, never met.

History:
  2026-01-05 on  unknown  policy pack xx-nowhere is not installed: nothing is
                          judged

Current through @1 (latest)
""")
    refused = caretrail("why", "A-1", "R1")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        "Error: no such rule for this episode\nHint: no policy pack judges it: 'caretrail why EPISODE PACK' says why\n"
    )


def test_nothing_is_in_the_way_of_reading_the_events(seen: Caretrail) -> None:
    shown = seen("why", "LNK", "QUARANTINE", "--as-of", "2026-02-06").out
    assert row(shown, "Verdict") == "none: every event of the episode is readable"


@pytest.mark.slow
def test_the_version_of_the_rules_is_named_with_both_its_dates(
    caretrail: Caretrail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given rules in force from 1 February and published on the 20th, then a verdict of the new ones shows both days,
    and one of the old ones says of what it carries no date.
    """
    text = (SHIPPED / f"{PACK}.toml").read_text()
    for name, dates in (
        ("rules-1", "effective_from = 2025-01-01"),
        ("rules-2", 'supersedes = "rules-1"\neffective_from = 2026-02-01\npublished_on = 2026-02-20'),
    ):
        dated = text.replace(PACK, name).replace("late_after_days", f"{dates}\nlate_after_days", 1)
        (tmp_path / f"{name}.toml").write_text(dated)
    caretrail.variables["CARETRAIL_PACKS"] = str(tmp_path)
    monkeypatch.setenv("CARETRAIL_PACKS", str(tmp_path))
    load(caretrail, [line.replace(PACK, "rules-1") for line in EXAMPLE.read_text().splitlines()])
    shown = {on: caretrail("why", "LNK", "R1", "--as-of", on).out for on in ("2026-02-04", "2026-02-05")}
    assert [row(text, "Version") for text in shown.values()] == [
        "rules-1, in force from 2025-01-01 to 2026-01-31; no publication date",
        "rules-2, in force from 2026-02-01; published 2026-02-20, after it came into force",
    ]
    assert "review due 2026-02-06 (by rules-1)" in shown["2026-02-05"]
    assert "next review due 2026-03-07 (by rules-2)" in shown["2026-02-05"]


def test_json_carries_the_whole_chain_under_its_published_keys(seen: Caretrail) -> None:
    why = seen("why", "LNK", "R1", "--as-of", "2026-03-08", "--json").json
    assert list(why) == [
        "standing", "episode", "rule", "title", "as_of", "in_force", "findings", "today", "stands", "lasts", "silent",
        "citation", "strength", "on", "check", "text", "judged_by", "rests_on", "explained_by", "cleared_by",
        "readings", "history", "not_counted", "reviews",
    ]  # fmt: skip
    interval = ["verdict", "subject", "from", "until", "due_on", "message", "quiet", "explained", "pack"]
    assert [list(item) for item in why["stands"]] == [interval]
    assert {tuple(item) for item in why["history"]} == {tuple(interval)}
    assert why["history"][-1]["from"] == "2026-03-08"
    assert why["today"] == ["base 2026-02-05 last review + 30 days = 2026-03-07; on 2026-03-08: 1 day overdue"]
    assert why["judged_by"] == {
        "pack": PACK,
        "title": "Nebraska Medicaid intensive outpatient, level 2.1, adults",
        "document": why["judged_by"]["document"],
        "effective_from": None,
        "effective_to": None,
        "published_on": None,
    }
    rolls = why["readings"][0]
    assert list(rolls) == ["name", "question", "value", "decides", "alternatives"]
    assert rolls["alternatives"] == [
        {
            "value": "next_working_day",
            "same": False,
            "findings": [
                {"verdict": "due_soon", "subject": "", "due_on": "2026-03-09", "message": "review due 2026-03-09"}
            ],
            "refused": None,
        }
    ]
