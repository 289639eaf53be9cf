"""A packet: complete, proven, on stated terms, recorded before it is there, and never over another file."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from caretrail.commands.access import PURPOSES as ACCESS_PURPOSES
from caretrail.demo import arrivals
from caretrail.errors import Refused, StoreDamaged, UnknownEpisode
from caretrail.events import parse_event
from caretrail.evidence.packet import terms, verify
from caretrail.evidence.packet.terms import BASES, PURPOSES, PacketRefused, Terms
from caretrail.ledger.note import BadSignature, UnknownKey, new_key
from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.log.copying import copy_store
from caretrail.plain import as_json
from caretrail.policy.loader import pack_source
from caretrail.reading.gate import unrecorded
from caretrail.readmodel.upkeep import catch_up
from tests.packet.packets import NOW, Desk, Files, problems, status, unpacked
from tests.support.build import admitted, assessed, event
from tests.support.example import NAME, copy_of_example, example
from tests.support.reading import short_reader
from tests.support.stores import run_sql

DAY = date(2026, 5, 4)
FOLDER = f"client-cl-7f3a/episode-{NAME}"


@pytest.fixture(scope="module")
def recorded_in_turns(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with the example and ten copies of it, recorded in turns."""
    folder = tmp_path_factory.mktemp("recorded")
    url = f"sqlite://{folder}/store/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        desk = Desk(recorder, folder)
        copies = [copy_of_example(f"C-{number}") for number in range(10)]
        for events in zip(example(), *copies, strict=True):
            desk.record(*events)
    return url


@pytest.fixture
def desk(recorded_in_turns: str, store_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The desk of a copy of that store: a copy is made faster than the record."""
    with open_recorder(recorded_in_turns) as source, open_recorder(store_url) as target:
        copy_store(source, target, lambda _done, _all: None)
    with open_recorder(store_url) as recorder:
        desk = Desk(recorder, tmp_path)
        catch_up(recorder)
        yield desk


def manifest_of(files: Files) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["manifest.json"])
    return found


@pytest.mark.slow
def test_the_packet_of_one_episode_out_of_many(desk: Desk, tmp_path: Path) -> None:
    packet = desk.make(NAME, as_of=DAY)
    files = unpacked(packet)
    assert set(files) == {
        f"{FOLDER}/events.jsonl", f"{FOLDER}/findings.json", f"{FOLDER}/eligibility.json", f"{FOLDER}/timeline.html",
        f"{FOLDER}/shown-then.json",
        "README.txt", "checkpoint", "checkpoint-accesses", "completeness.note", "manifest.json", "manifest.note",
        "proof.json", "verify.py",
        "policies/ne-medicaid-2.1-adult.toml",
    }  # fmt: skip
    head, *lines = files[f"{FOLDER}/events.jsonl"].decode().split("\n")[:-1]
    assert json.loads(head)["events"] == len(lines) == 65
    recorded = desk.recorder.select_events(desk.commands.episode_stream(NAME))
    for line, row in zip(map(json.loads, lines), recorded, strict=True):
        columns = (line["position"], line["version"], line["recorded_by"], line["name"])
        assert columns == (row.position, row.originator_version, row.recorded_by, row.topic)
        if "payload" in line:
            assert line["payload"] == json.loads(row.state)
    reader = short_reader(desk.recorder, NOW, unrecorded)
    expected = reader.findings(DAY, episode=NAME, closed=True, all_verdicts=True)
    said = json.loads(files[f"{FOLDER}/findings.json"])["on_the_day"]
    assert sorted(map(str, said)) == sorted(str(as_json(row)) for row in expected)
    eligibility = json.loads(files[f"{FOLDER}/eligibility.json"])["on_the_day"]
    assert eligibility == as_json(reader.eligibility(NAME, DAY))
    assert files["policies/ne-medicaid-2.1-adult.toml"].partition(b"\n")[2] == pack_source("ne-medicaid-2.1-adult")
    assert problems(packet, desk.public) == ""
    assert stat.S_IMODE(packet.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*packet*")] == ["packet.zip"]  # no half of one is left


@pytest.mark.slow
def test_a_stranger_checks_it_with_the_script_in_it_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    packet = desk.make(NAME, as_of=DAY)
    script = tmp_path / "verify.py"
    script.write_bytes(unpacked(packet)["verify.py"])
    key = tmp_path / "key.pub"
    key.write_text(desk.public + "\n")
    for given, expected, words in (
        (["--key", desk.public], 0, "THE PACKET IS VALID"),
        (["--key", str(key)], 0, "THE PACKET IS VALID"),
        ([], 2, "SIGNER NOT VERIFIED"),
        (["--key", str(new_key(desk.key.name).verifying)], 1, "THE PACKET IS NOT VALID"),
        (["--key", "nonsense+1+2"], 2, "the key is not readable"),
        (["--key", "no-such-file"], 2, "cannot be read"),
    ):
        command = [sys.executable, "-I", "-S", str(script), str(packet), *given]  # no libraries of ours
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stderr
        assert words in done.stdout + done.stderr
    assert subprocess.run([sys.executable, str(script), "nothing"], capture_output=True, check=False).returncode == 2


@pytest.mark.slow
def test_the_notice_is_in_every_part_but_the_checkpoint_which_is_about_nobody(desk: Desk) -> None:
    files = unpacked(desk.make(NAME))
    without = [name for name, data in files.items() if terms.STATEMENT_2.encode() not in data]
    assert without == ["checkpoint", "checkpoint-accesses"]
    assert verify.NOTICE == terms.STATEMENT_2
    assert manifest_of(files)["notice_in_full"] == terms.STATEMENT_1
    for name in ("README.txt", f"{FOLDER}/timeline.html"):
        assert terms.STATEMENT_1 in " ".join(files[name].decode().split())


def test_the_terms_are_stated_and_recorded_before_there_is_a_file(desk: Desk, tmp_path: Path) -> None:
    terms = Terms("Dr. A <a@b> & Co", "a second opinion", "court_order", None, "the whole record, once")
    target = tmp_path / "packet.zip"
    told: list[tuple[tuple[str, ...], str, bool]] = []

    def disclose(episodes: Sequence[str], _: Terms, digest: str) -> None:
        told.append((tuple(episodes), digest, target.exists()))

    packet = desk.make(NAME, terms=terms, disclose=disclose)
    assert told == [((NAME,), desk.made.digest, False)]
    manifest = manifest_of(unpacked(packet))
    assert [manifest[name] for name in ("recipient", "purpose", "basis", "consent", "scope")] == [
        "Dr. A <a@b> & Co", "a second opinion", "court_order", None, "the whole record, once",
    ]  # fmt: skip
    assert (manifest["made_by"], manifest["made_at"]) == ("c-ortiz, clinician", "2026-06-01T18:00:00+00:00")


def test_what_cannot_be_recorded_is_not_handed_out(desk: Desk, tmp_path: Path) -> None:
    def failing(*_: object) -> None:
        raise StoreDamaged("the record of the disclosure could not be written")

    with pytest.raises(StoreDamaged, match="the record of the disclosure"):
        desk.make(NAME, disclose=failing)
    assert not list(tmp_path.glob("*packet*"))


@pytest.mark.slow
def test_a_file_that_is_there_is_never_written_over_unless_told(desk: Desk, tmp_path: Path) -> None:
    desk.make(NAME)
    first = (tmp_path / "packet.zip").read_bytes()
    with pytest.raises(PacketRefused, match="already exists"):
        desk.make("C-1")
    assert (tmp_path / "packet.zip").read_bytes() == first
    assert len(desk.disclosed) == 1

    def somebody_was_quicker(*_: object) -> None:
        (tmp_path / "late.zip").write_bytes(b"theirs")

    with pytest.raises(PacketRefused, match="already exists"):
        desk.make("C-1", name="late.zip", disclose=somebody_was_quicker)
    assert (tmp_path / "late.zip").read_bytes() == b"theirs"
    assert status(desk.make("C-1", replace=True), desk.public) == 0
    with pytest.raises(PacketRefused, match="cannot be written"):
        desk.make("C-1", name="no/such/folder.zip")


@pytest.mark.slow
def test_the_same_packet_has_the_same_bytes(desk: Desk) -> None:
    one, two = desk.make(NAME, name="1.zip"), desk.make(NAME, name="2.zip")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_several_episodes_and_clients_each_in_a_folder_of_their_own(desk: Desk) -> None:
    packet = desk.make(NAME, "C-3", "C-1", NAME)
    folders = [entry["folder"] for entry in manifest_of(unpacked(packet))["streams"]]
    assert folders == ["client-cl-C-1/episode-C-1", "client-cl-C-3/episode-C-3", FOLDER]
    assert status(packet, desk.public) == 0
    assert desk.disclosed == [(("C-1", "C-3", NAME), desk.made.digest)]


def test_a_packet_stands_on_an_older_checkpoint_with_what_there_was(desk: Desk) -> None:
    position = desk.recorder.select_events(desk.commands.episode_stream(NAME))[39].position
    packet = desk.make(NAME, size=position + 3)
    [entry] = manifest_of(unpacked(packet))["streams"]
    assert entry["events"] == 40
    assert status(packet, desk.public) == 0
    desk.record(assessed("05-20", "LATER"), admitted("05-21", "LATER"))
    with pytest.raises(UnknownEpisode, match="is in the log of the checkpoint"):
        desk.make("LATER", name="later.zip", size=position)
    with pytest.raises(PacketRefused, match="does not cover that position"):
        desk.make(NAME, name="later.zip", size=position, known_at=position + 1)


def test_known_at_moves_what_the_rules_say_and_never_the_events(desk: Desk) -> None:
    position = desk.recorder.select_events(desk.commands.episode_stream(NAME))[-2].position
    now, then = (
        unpacked(desk.make(NAME, as_of=DAY)),
        unpacked(desk.make(NAME, name="2.zip", as_of=DAY, known_at=position)),
    )
    assert now[f"{FOLDER}/events.jsonl"] == then[f"{FOLDER}/events.jsonl"]
    assert now[f"{FOLDER}/findings.json"] != then[f"{FOLDER}/findings.json"]
    assert manifest_of(then)["known_at"] == position


def test_while_keys_change_both_sign_and_each_is_enough(desk: Desk) -> None:
    other = new_key(desk.key.name)
    packet = desk.make(NAME, keys=[desk.key, other])
    assert status(packet, desk.public) == status(packet, str(other.verifying)) == 0
    assert status(packet, str(new_key(desk.key.name).verifying)) == 1


def test_a_checkpoint_of_another_key_or_of_another_log_is_refused(desk: Desk, tmp_path: Path) -> None:
    other = new_key(desk.key.name)
    theirs = desk.checkpoint(keys=[other])
    desk.checkpoint = lambda *_: theirs  # type: ignore[method-assign]
    with pytest.raises(UnknownKey):
        desk.make(NAME)
    changed = Desk(desk.recorder, tmp_path)
    changed.key = desk.key
    note = changed.checkpoint(5)
    changed.checkpoint = lambda *_: note.replace("\n5\n", "\n6\n")  # type: ignore[method-assign]
    with pytest.raises(BadSignature):
        changed.make(NAME)


def test_a_row_that_was_altered_since_the_tiles_were_made_is_not_handed_out(desk: Desk, store_url: str) -> None:
    desk.record(*[one for number in range(20, 24) for one in copy_of_example(f"C-{number}")])
    catch_up(desk.recorder)
    note = desk.checkpoint()
    if store_url.startswith("sqlite:"):
        run_sql(store_url, "DROP TRIGGER log_refuses_update", "UPDATE log SET recorded_by = 'x' WHERE position = 1")
    else:
        run_sql(
            store_url,
            "ALTER TABLE caretrail.log DISABLE TRIGGER ALL",
            "UPDATE caretrail.log SET recorded_by = 'x' WHERE position = 1",
        )
    desk.checkpoint = lambda *_: note  # type: ignore[method-assign]
    with pytest.raises(StoreDamaged, match="the packet would fail its own check"):
        desk.make(NAME)
    assert desk.disclosed == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": " "}, {"recipient": "a\nb"}, {"recipient": "x" * 201}, {"purpose": ""}, {"basis": "curiosity"},
        {"basis": "consent"}, {"consent": "a\nb"}, {"scope": "\x1b[2J"}, {"address": ""},
    ],
)  # fmt: skip
def test_terms_that_say_nothing_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(PacketRefused):
        Terms(**({"recipient": "A", "purpose": "b", "basis": "audit"} | wrong))


def test_every_basis_is_one_the_record_of_accesses_takes() -> None:
    from typing import get_args

    from caretrail.events import Disclosure

    assert get_args(Disclosure.model_fields["basis"].annotation) == BASES
    assert set(PURPOSES.values()) <= set(ACCESS_PURPOSES)


def test_an_episode_that_was_all_of_another_client_names_nobody(desk: Desk) -> None:
    desk.record(
        assessed("01-02", "W-1", client="cl-x1", program="p"), admitted("01-05", "W-1", client="cl-x1", program="p")
    )
    desk.record(*(event("voided", "01-06", "W-1", target=number, reason="wrong_client") for number in (2, 1)))
    packet = desk.make("W-1")
    files = unpacked(packet)
    assert not [name for name, data in files.items() if b"cl-x1" in data]
    assert "client-not-stated/episode-W-1/events.jsonl" in files
    assert status(packet, desk.public) == 0


@pytest.mark.slow
def test_a_program_of_the_demo_store(recorder: EventRecorder, tmp_path: Path) -> None:
    """Given the demo's made-up episodes, when all of one program in a quarter are handed out, then each is proven."""
    desk = Desk(recorder, tmp_path)
    lines = [told.sent() for told in arrivals(date(2026, 6, 1), 12)]
    for place in range(0, len(lines), 500):
        outcomes = desk.commands.append_each([parse_event(line) for line in lines[place : place + 500]], imported=True)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    reader = short_reader(recorder, NOW, unrecorded)
    programs = {row.program for row in reader.census(date(2026, 5, 1))} - {None}
    program = sorted(str(name) for name in programs)[0]
    start, end = date(2026, 4, 1), date(2026, 6, 30)
    names = reader.in_program(program, start, end)
    assert names
    # the same by the log instead of the rows, and by looking at every day
    assert names == reader.in_program(program, start, end, recorder.max_position())
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    assert set(names) == {row.episode for day in days for row in reader.census(day, program=program)}
    packet = desk.make(*names, as_of=NOW.date(), program=program, start=start, end=end)
    assert problems(packet, desk.public) == ""
    manifest = manifest_of(unpacked(packet))
    assert [entry["episode"] for entry in manifest["streams"]] == sorted(names, key=lambda name: name)
    strangers = {row.client for row in reader.census(date(2026, 5, 1))} - {
        entry["client"] for entry in manifest["streams"]
    }
    assert not [name for name, data in unpacked(packet).items() for client in strangers if str(client).encode() in data]


def test_an_episode_recorded_behind_the_rows_counts_for_its_program(desk: Desk) -> None:
    onlooker = short_reader(desk.recorder, NOW, unrecorded, write=False)
    before = onlooker.in_program("lincoln-iop", date(2026, 5, 20), date(2026, 5, 31))
    desk.record(assessed("05-20", "NEW", program="lincoln-iop"), admitted("05-21", "NEW", program="lincoln-iop"))
    assert onlooker.in_program("lincoln-iop", date(2026, 5, 20), date(2026, 5, 31)) == sorted([*before, "NEW"])
    assert "NEW" not in onlooker.in_program("lincoln-iop", date(2026, 4, 1), date(2026, 5, 20))
