"""Packs are part of the record: answers about any time are judged by the packs that the store knew then."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.packs import installed
from caretrail.errors import StoreDamaged
from caretrail.evidence.own_streams import OwnStreams
from caretrail.log import EventRecorder
from caretrail.log.copying import copy_store
from caretrail.log.own_events import PackContent, own_events, pack_content, packs_in
from caretrail.log.records import Log, episode_stream, store_stream
from caretrail.log.stores import init_store, open_recorder
from caretrail.reading.query import Filters
from caretrail.reading.questions.findings import Findings
from caretrail.reading.questions.replay import ReplayOf
from caretrail.readmodel.check import check
from caretrail.readmodel.pack_files import forget_packs
from caretrail.readmodel.packs import changes_of, packs_digest, policies_of
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, assessed, plan, session
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day
from tests.support.packs import OWN_PACK

THIRTY, FORTY = "every = [{ count = 30,", "every = [{ count = 40,"


class Host(Care):
    """A machine that records which packs it uses."""

    before: Host | None = None

    def __init__(self, recorder: EventRecorder) -> None:
        super().__init__(recorder)
        self.bare, self.commands = self.commands, Commands(recorder, lambda: self.now, installed)

    def restarted(self) -> Host:
        """The same machine with another process, which reads the packs from their files."""
        forget_packs()
        other = Host(self.recorder)
        other.before = self  # garbage collected, its commands would close the store
        return other

    def due(self, known_at: int | None = None) -> date | None:
        """The day by which the next review of E-1 is due, by the list of its findings."""
        [row] = self.onlooker.findings(day("01-20"), rule="R1", known_at=known_at, all_verdicts=True)
        return row.due_on

    def shown(self) -> date | None:
        """The same by the episode itself."""
        view = self.onlooker.episode("E-1")
        [finding] = [one for one in view.findings if one.rule.endswith("-R1") and one.holds(day("01-20"))]
        return finding.due_on


def changed(pack: Path, old: str, new: str) -> None:
    text = pack.read_text()
    assert old in text
    pack.write_text(text.replace(old, new))


@pytest.fixture
def host(recorder: EventRecorder) -> Host:
    return Host(recorder)


def contents(host: Host) -> list[PackContent]:
    return packs_in(own_events(host.recorder))


def test_a_pack_is_recorded_before_its_first_use_and_judges_until_another_is(
    host: Host, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a pack of one's own that says 30 days, then 40, then 30 again, and each time another process,
    when events are recorded under it, then each content is kept once, lists, single answers and rebuilt rows are judged
    by the newest that is recorded, and answers about an earlier time by the one recorded then.
    """
    first = own_pack.read_bytes()
    host.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK), plan("01-05")])
    [kept] = contents(host)
    assert (kept.name, kept.sha256, kept.version) == (OWN_PACK, hashlib.sha256(first).hexdigest(), 1)
    assert pack_content(host.recorder, kept) == first
    assert kept.position < host.recorder.select_events(episode_stream(host.recorder.namespace, "E-1"))[1].position
    catch_up(host.recorder)
    known = host.recorder.max_position()
    assert (host.due(), host.shown(), host.due(known)) == (day("02-04"), day("02-04"), day("02-04"))

    changed(own_pack, THIRTY, FORTY)
    host = host.restarted()
    assert (host.due(), host.shown()) == (day("02-04"), day("02-04")), "a file that nothing used yet judges nothing"
    host.record([session("01-06")])
    assert [one.position for one in contents(host)] == [kept.position, known + 1]
    assert (host.due(), host.shown()) == (day("02-14"), day("02-14"))
    assert (host.due(known), host.due(known + 2)) == (day("02-04"), day("02-14"))
    catch_up(host.recorder)
    assert (host.due(), host.shown()) == (day("02-14"), day("02-14"))
    assert (host.due(known), host.due(known + 2)) == (day("02-04"), day("02-14"))
    assert host.onlooker.episode("E-1", known).findings != host.onlooker.episode("E-1").findings

    changed(own_pack, FORTY, THIRTY)
    before = packs_digest(host.recorder)
    host = host.restarted()
    table = live_table(host.recorder.database, "finding")
    host.recorder.database.execute(f"UPDATE {table} SET message = 'kept' WHERE verdict = 'due_soon'")
    catch_up(host.recorder)
    with monkeypatch.context() as trusting:
        trusting.setattr(Findings, "is_sampled", False)
        told = host.onlooker.findings(day("02-10"), rule="R1")
    assert {row.message for row in told} == {"kept"}, "nothing is judged again by the older content"
    rebuild(host.recorder)
    host.record([session("01-07")])
    assert (len(contents(host)), packs_digest(host.recorder)) == (2, before), "a content is recorded once"
    assert host.due() == day("02-14"), "a machine with an older content judges by the newest recorded"

    own_pack.unlink()
    host = host.restarted()
    assert (host.due(), host.shown(), host.due(known)) == (day("02-14"), day("02-14"), day("02-04"))
    rebuild(host.recorder)
    assert check(host.recorder).ok
    assert host.due() == day("02-14")
    assert {change.position for change in changes_of(host.recorder, OWN_PACK, known)} == {kept.position}
    assert len(changes_of(host.recorder, OWN_PACK, host.recorder.max_position())) == 2


def test_a_time_without_recorded_packs_says_that_the_packs_of_now_judged(
    recorder: EventRecorder, own_pack: Path
) -> None:
    """Given a log that was recorded without its packs, when it is asked about a time before its first, then it says so;
    neither an answer of now does, nor one about a time with packs.
    """
    assert own_pack.exists()
    bare = Care(recorder)
    bare.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK), plan("01-05")])
    catch_up(recorder)
    reader = bare.onlooker
    for known_at, unrecorded in ((3, (OWN_PACK,)), (None, ())):
        assert reader.findings(day("01-20"), rule="R1", known_at=known_at, all_verdicts=True)
        assert reader.standing.unrecorded_packs == unrecorded
        reader.timeline("E-1", known_at=known_at)
        reader.why("E-1", "R1", day("01-20"), known_at=known_at)
        assert reader.standing.unrecorded_packs == unrecorded
    host = Host(recorder)
    host.record([session("01-06")])
    for known_at, unrecorded in ((3, (OWN_PACK,)), (5, ())):
        assert host.due(known_at) == day("02-04")
        reader = host.onlooker
        reader.findings(day("01-20"), rule="R1", known_at=known_at, all_verdicts=True)
        assert reader.standing.unrecorded_packs == unrecorded


def test_the_stream_of_the_store_is_no_episode_and_is_held_as_any_other(
    host: Host, own_pack: Path, tmp_path: Path
) -> None:
    """It is in no count, no list and no diff; a copy has it; a content that is not what it says judges nothing."""
    assert own_pack.exists()
    host.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK)])
    catch_up(host.recorder)
    assert check(host.recorder).episodes == 1
    assert list(host.onlooker.count_open(day("01-20")).values()) == [1]
    assert host.reader.diff(0, host.recorder.max_position()).episodes == 1
    assert host.reader.amendments(start=day("01-01")).unread == 0
    [kept] = contents(host)
    own = OwnStreams(host.recorder.namespace, Log.EVENTS)
    [row] = host.recorder.read_columns(kept.position - 1, 1)
    assert own(row)
    assert not own((*row[:1], episode_stream(host.recorder.namespace, "E-1").bytes, *row[2:]))
    assert not own((*row[:3], "held/1", *row[4:]))

    place = str(tmp_path / "copy.db")
    init_store(place)
    with open_recorder(place) as target:
        copy_store(host.recorder, target, lambda _done, _all: None)
    with open_recorder(place) as target:
        assert packs_in(own_events(target)) == [kept]
        assert policies_of(target)(OWN_PACK) == policies_of(host.recorder)(OWN_PACK)

    with pytest.raises(StoreDamaged, match="not the one that it says"):
        pack_content(host.recorder, kept._replace(sha256="0" * 64))
    assert json.loads(host.recorder.select_events(store_stream(host.recorder.namespace))[0].state)["name"] == OWN_PACK


def test_a_replay_judges_each_step_by_the_packs_known_then(host: Host, own_pack: Path) -> None:
    """Given a review due soon by the first content, and another that leaves ten days more recorded with a session,
    then it was due soon at the session before, and that it no longer is, is not the doing of the second.
    """
    host.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK), plan("01-05"), session("01-29")])
    changed(own_pack, THIRTY, FORTY)
    host = host.restarted()
    host.record([session("01-30")])
    *_, first, second = host.onlooker.ask(ReplayOf("E-1", filters=Filters(rules=frozenset({"R1"}))))
    assert [(one.verdict, one.due_on) for said in first.shown for one in said.verdicts] == [("due_soon", day("02-04"))]
    assert (second.shown, second.changes) == ((), ())
