"""What the command line shows of an event that cannot be read, and how an operator voids it."""

from __future__ import annotations

from caretrail.log import open_recorder
from caretrail.log.records import episode_stream
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import pending

EPISODE = "LNK-2026-0001"
CANARY = "ZZCANARY7"


def test_it_is_a_line_of_the_timeline_until_and_after_an_operator_voids_it(caretrail_both: Caretrail) -> None:
    """Given an event of the example's episode that no program of ours wrote, then show, why, timeline and worklist
    answer and say so; only an operator voids it, once; then the board is as it was.
    """
    caretrail = caretrail_both
    caretrail("append", "--imported", input=EXAMPLE.read_text())
    on = ("--as-of", "2026-03-10")
    before = caretrail("worklist", *on).out
    with open_recorder(caretrail.url) as recorder:
        payload = b'{"type":"held","episode":"%s","x":"%s"}' % (EPISODE.encode(), CANARY.encode())
        stream = episode_stream(recorder.namespace, EPISODE)
        [row] = recorder.append([pending(stream, 66, name="held/1", payload=payload)])
    place = f"@{row.position}"
    caretrail("projection", "catch-up")
    timeline = caretrail("timeline", EPISODE)
    assert (timeline.status, timeline.err) == (0, "")
    assert f"{place} cannot be read" in timeline.out
    assert ", 1 unreadable\n" in timeline.out
    rows = {row["rule"]: row for row in caretrail("worklist", *on, "--json").listed}
    assert rows["NE21-R1"]["message"].startswith("event 66 cannot be read; without it: overdue, ")
    assert (rows["NE21-R1"]["group"], rows["NE21-R1"]["due_on"]) == ("now", "2026-03-07")
    for words in (("show", EPISODE, *on), ("why", EPISODE, "R1", *on), ("eligibility", EPISODE, *on)):
        ended = caretrail(*words)
        assert (ended.status, "cannot be read" in " ".join(ended.out.split())) == (0, True), ended.err
        assert CANARY not in ended.out + ended.err
    assert f"event 66 ({place}) unreadable" in caretrail("projection", "quarantine").out

    void = ("projection", "quarantine", "void", place, "--reason", "written past the program")
    assert caretrail(*void).status == 2, "nobody says who"
    if caretrail.url.startswith("sqlite"):
        refused = caretrail(*void, "--actor", "c-lee,clinician")
        assert (refused.status, "only an operator" in refused.err) == (1, True)
    ended = caretrail(*void, "--actor", "it-1,operator")
    assert (ended.status, ended.out.startswith(f"Voided {place}, recorded as @")) == (0, True), ended.err
    assert caretrail(*void, "--actor", "it-1,operator").status == 1
    caretrail("projection", "catch-up")
    assert caretrail("projection", "quarantine").err == "No episode is quarantined.\n"
    after = caretrail("worklist", *on).out
    assert after.replace(f"@{row.position + 1}", f"@{row.position - 1}") == before
    assert "VOIDED by an operator" in " ".join(caretrail("timeline", EPISODE).out.split())
