"""An event that cannot be read is shown by place and hash, leaves nothing certain, and can be voided by position."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from caretrail.commands.voiding import void_position
from caretrail.errors import InvalidEvent, Refused, VoidRefused
from caretrail.events import Person
from caretrail.log import EventRecorder, open_recorder
from caretrail.log.leaf import leaf_hash
from caretrail.log.records import RecordedEvent, episode_stream, store_stream
from caretrail.reading.questions.replay import ReplayOf
from caretrail.readmodel.check import check
from caretrail.readmodel.placed import Group
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import read_state
from caretrail.readmodel.status import status
from caretrail.readmodel.upkeep import catch_up
from tests.packet.packets import Desk, unpacked
from tests.support.build import admitted, assessed, discharged, plan, session
from tests.support.care import NOW, Care
from tests.support.example import day
from tests.support.stores import Clock, pending

OPERATOR = Person(id="it-1", role="operator")
CANARY = "ZZCANARY7"
LATER = day("03-20")
"""A day on which the review of both episodes is overdue."""


def unreadable(recorder: EventRecorder, episode: str, version: int, name: str = "held/1") -> RecordedEvent:
    """A JSON object that is no such event, as a program could send it past ours."""
    payload = json.dumps({"type": "held", "episode": episode, "occurred_on": "2026-01-20", "x": CANARY}).encode()
    [row] = recorder.append([pending(episode_stream(recorder.namespace, episode), version, name=name, payload=payload)])
    return row


@pytest.fixture
def damaged(care: Care, clock: Clock) -> tuple[Care, RecordedEvent]:
    """Two episodes alike, and in the first an event that cannot be read."""
    clock.now = NOW
    for name in ("E-1", "E-2"):
        care.record([assessed("01-02", name), admitted("01-05", name), plan("01-05", name)])
    row = unreadable(care.recorder, "E-1", 4)
    catch_up(care.recorder)
    return care, row


def verdicts(care: Care, name: str, known_at: int | None = None) -> Counter[str]:
    found = care.onlooker.findings(LATER, episode=name, known_at=known_at, all_verdicts=True)
    return Counter(row.verdict for row in found)


def test_nothing_of_the_episode_is_certain_and_nothing_of_it_is_calm(damaged: tuple[Care, RecordedEvent]) -> None:
    """Given a review overdue on both, then on the damaged one it is unknown, still among what is to be done now, and
    says what it would be; no verdict of it is another, and the other episode is as it was.
    """
    care, row = damaged
    reader = care.onlooker
    assert set(verdicts(care, "E-1")) == {"unknown"}
    assert {"met", "overdue"} <= set(verdicts(care, "E-2"))
    rows = {(one.episode, one.rule): one for one in reader.worklist(LATER, all_quiet=True).rows}
    due, alike = rows["E-1", "NE21-R1"], rows["E-2", "NE21-R1"]
    assert (due.group, alike.group) == (Group.NOW, Group.NOW)
    assert (due.verdict, alike.verdict, due.due_on) == ("unknown", "overdue", alike.due_on)
    assert due.message == f"event 4 cannot be read; without it: overdue, {alike.message}"
    assert (due.cause, 4 in due.evidence) == ("unreadable_event", True)
    assert {one.episode: one.status for one in reader.census(LATER)} == {"E-1": "quarantined", "E-2": "open"}
    assert reader.eligibility("E-1", LATER).verdict == "unknown"
    assert status(care.recorder).quarantined[0].position == row.position
    rebuild(care.recorder)
    assert check(care.recorder).ok
    assert set(verdicts(care, "E-1")) == {"unknown"}
    assert set(verdicts(care, "E-1", known_at=row.position - 1)) == set(verdicts(care, "E-2"))


def test_its_timeline_has_a_line_for_it_with_its_hash(damaged: tuple[Care, RecordedEvent]) -> None:
    care, row = damaged
    reader = care.onlooker
    *others, sealed = reader.timeline("E-1")
    assert [one.type for one in others] == ["assessed", "admitted", "plan_signed"]
    assert (sealed.type, sealed.position, sealed.version) == ("sealed", row.position, 4)
    assert sealed.event["leaf"] == leaf_hash(row).hex()
    assert sealed.event["name"] == "held/1"
    assert CANARY not in repr(sealed)
    assert reader.why("E-1", "R1", LATER).findings[0].verdict == "unknown"
    assert reader.sheet("E-1", LATER)
    assert reader.amendments().unread == 1
    assert reader.diff(0, row.position).episodes == 2


def test_an_operator_voids_it_by_position_and_the_episode_goes_on(damaged: tuple[Care, RecordedEvent]) -> None:
    """Given the void, then the episode is judged as without the event, from the void on and not before; what was
    refused is taken; and the line stays.
    """
    care, row = damaged
    commands = care.commands
    with pytest.raises(Refused, match="cannot be read"):
        commands.append([discharged("03-30")])
    void = void_position(care.recorder, row.position, OPERATOR, "written past the program", NOW)
    assert set(verdicts(care, "E-1")) == set(verdicts(care, "E-2")), "rows that are behind are recomputed"
    Projector(care.recorder).catch_up()
    assert verdicts(care, "E-1") == verdicts(care, "E-2")
    assert set(verdicts(care, "E-1", known_at=void.position - 1)) == {"unknown"}
    assert not status(care.recorder).quarantined
    sealed = care.onlooker.timeline("E-1")[3]
    assert (sealed.type, sealed.event["voided_at"]) == ("sealed", void.position)
    assert sealed.event["reason"] == "written past the program"
    assert commands.append([discharged("03-30")])[0].version == 5
    assert [one.version for one in commands.append([session("01-07"), session("01-08")])] == [6, 7]
    steps = care.onlooker.ask(ReplayOf("E-1"))
    shown = [{one.verdict for said in step.shown for one in said.verdicts} for step in steps]
    assert (len(shown), shown[3] <= {"unknown"}) == (7, True)
    assert "unknown" in shown[3]
    assert shown[4] - {"unknown"}
    catch_up(care.recorder)
    rebuild(care.recorder)
    assert check(care.recorder).ok
    assert read_state(care.recorder.database)


def test_only_an_operator_voids_and_only_what_no_release_could_read(damaged: tuple[Care, RecordedEvent]) -> None:
    care, row = damaged
    newer = unreadable(care.recorder, "E-2", 4, "dreamed/7")
    if care.recorder.database.dialect == "sqlite":
        with pytest.raises(VoidRefused, match="only an operator"):
            void_position(care.recorder, row.position, Person(id="c-lee", role="clinician"), "no", NOW)
    for position, words in ((1, "can be read"), (newer.position, "newer Caretrail"), (99, "nothing is recorded")):
        with pytest.raises(VoidRefused, match=words):
            void_position(care.recorder, position, OPERATOR, "no", NOW)
    void_position(care.recorder, row.position, OPERATOR, "written past the program", NOW)
    with pytest.raises(VoidRefused, match="voided already"):
        void_position(care.recorder, row.position, OPERATOR, "again", NOW)
    assert set(verdicts(care, "E-2")) == {"unknown"}, "what is too new may say anything"


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b"7", b"{", b'{"a":"\xff"}', b"[" * 100_000, b"\0{}"])
def test_what_could_not_be_read_back_is_not_taken(recorder: EventRecorder, payload: bytes) -> None:
    with pytest.raises(InvalidEvent, match="must be a JSON object"):
        recorder.append([pending(recorder.namespace, payload=payload)])
    assert recorder.max_position() == 0


def test_at_the_server_itself_only_an_operator_voids(logins: dict[str, str]) -> None:
    for kind in ("writer", "operator"):
        with open_recorder(logins[kind]) as recorder:
            void = pending(store_stream(recorder.namespace), name="position_voided/1", payload=b'{"target": 1}')
            if kind == "writer":
                with pytest.raises(VoidRefused, match="only an operator"):
                    recorder.append([void])
                with pytest.raises(VoidRefused, match="only an operator"):
                    void_position(recorder, 1, OPERATOR, "as I say I am one", NOW)
            else:
                assert recorder.append([void])[0].position == 1


def test_a_packet_proves_that_it_is_there_and_shows_nothing_of_it(care: Care, tmp_path: Path) -> None:
    desk = Desk(care.recorder, tmp_path)
    desk.record(assessed("01-02"), admitted("01-05"), plan("01-05"))
    row = unreadable(care.recorder, "E-1", 4)
    files = unpacked(desk.make("E-1"))
    events = next(content for name, content in files.items() if name.endswith("events.jsonl"))
    line = json.loads(events.splitlines()[-1])
    assert (line["withheld"], line["leaf"], "payload" in line) == ("unreadable", leaf_hash(row).hex(), False)
    assert not any(CANARY.encode() in content for content in files.values())
    found = json.loads(next(content for name, content in files.items() if name.endswith("findings.json")))
    assert {one["verdict"] for one in found["on_the_day"]} == {"unknown"}
    page = next(content for name, content in files.items() if name.endswith("timeline.html")).decode()
    assert "Cannot be read; proven by its leaf" in page
    assert leaf_hash(row).hex()[:12] in page
