"""`audit packet` and `audit inspect`: what is asked for, what is recorded, and how each ends."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.keys import create_key
from caretrail.log import open_recorder
from caretrail.service import create_store
from tests.cli.terminal import Terminal
from tests.packet.packets import unpacked
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail, Ended
from tests.support.stores import run_sql

EPISODE = "LNK-2026-0001"
TERMS = ("--recipient", "State auditor", "--purpose", "claims of spring 2026", "--basis", "audit")


class Desk:
    """The command line on a store with the example, and the log's key."""

    def __init__(self, caretrail: Caretrail, folder: Path, example: str) -> None:
        self.caretrail, self.folder = caretrail, folder
        assert caretrail("append", "--imported", input=example).status == 0
        with open_recorder(caretrail.url) as recorder:
            self.public = str(create_key(folder / "log.key", origin_of(recorder.namespace)))
        caretrail.variables["XDG_STATE_HOME"] = str(folder / "state")

    @property
    def target(self) -> Path:
        return self.folder / "packet.zip"

    def packet(self, *words: str, terms: Sequence[str] = TERMS, first: bool = True) -> Ended:
        """Run `audit packet`."""
        given = ("--out", str(self.target), "--key", str(self.folder / "log.key"), *terms)
        return self.caretrail("audit", "packet", *given, *(("--first",) if first else ()), *words)

    def inspect(self, *words: str) -> Ended:
        return self.caretrail("audit", "inspect", str(self.target), *words)

    def disclosures(self) -> list[dict[str, Any]]:
        """What is recorded of what was handed out."""
        rows: list[dict[str, Any]] = self.caretrail("audit", "access", "--json").listed
        return [row for row in rows if row["disclosure"] is not None]


@pytest.fixture
def desk(caretrail: Caretrail, tmp_path: Path, example: str) -> Desk:
    return Desk(caretrail, tmp_path, example)


@pytest.fixture
def desk_both(caretrail_both: Caretrail, tmp_path: Path, example: str) -> Desk:
    return Desk(caretrail_both, tmp_path, example)


@pytest.mark.slow
def test_a_packet_is_handed_out_recorded_and_checked(desk_both: Desk) -> None:
    desk = desk_both
    ended = desk.packet("LNK", "--as-of", "2026-05-04", "--address", "1 Main St")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines()[1:3] == [
        "  65 events of 1 episode, 14 files",
        f"  checkpoint @66 of {desk.public.split('+')[0]}",
    ]
    [row] = desk.disclosures()
    assert (row["command"], row["purpose"], row["episodes"]) == ("audit packet", "audit", [EPISODE])
    assert row["disclosure"] == {
        "recipient": "State auditor",
        "address": "1 Main St",
        "basis": "audit",
        "description": "evidence packet, whole record of 1 episode, for: claims of spring 2026",
        "digest": ended.out.split("SHA-256 ")[1][:64],
    }
    checked = desk.inspect("--key", desk.public)
    assert (checked.status, checked.out.splitlines()[-1]) == (0, "THE PACKET IS VALID")
    assert desk.inspect("--key", str(desk.folder / "log.key.pub")).status == 0


@pytest.mark.slow
def test_inspect_as_json_and_how_it_ends(desk: Desk) -> None:
    desk.packet(EPISODE)
    undecided = desk.inspect("--json")
    assert undecided.status == 2
    assert undecided.json["checks"][0]["holds"] is None
    assert desk.inspect("--json", "--key", desk.public).json["events"] == {
        "proven": 52, "stated": 12, "withheld": 1, "sealed": 0,
    }  # fmt: skip
    other = str(create_key(desk.folder / "other.key", desk.public.split("+")[0]))
    wrong = desk.inspect("--key", other)
    assert (wrong.status, wrong.out.splitlines()[-1]) == (1, "THE PACKET IS NOT VALID")
    assert desk.inspect("--key", "nonsense").status == 2
    desk.target.write_bytes(b"no zip")
    assert desk.inspect("--key", desk.public).status == 1
    assert desk.caretrail("audit", "inspect", "nothing.zip").status == 2


def test_as_json(desk: Desk) -> None:
    found = desk.packet(EPISODE, "--json").json
    assert found["episodes"] == [EPISODE]
    assert (found["file"], found["events"], found["size"]) == (str(desk.target), 65, 66)


@pytest.mark.slow
def test_a_program_is_all_the_episodes_it_had_in_a_period(desk: Desk) -> None:
    desk.caretrail("append", "--imported", input=other_episode())
    ended = desk.packet("--program", "lincoln-iop", "--from", "2026-01-01", "--to", "2026-01-31", "--json")
    assert ended.json["episodes"] == [EPISODE]
    desk.target.unlink()
    ended = desk.packet("--program", "lincoln-iop", "--from", "2026-04-01", "--to", "2026-06-30", "--json", first=False)
    assert ended.json["episodes"] == [EPISODE, "LNK-2026-0002"]
    manifest = json.loads(unpacked(desk.target)["manifest.json"])
    assert (manifest["program"], manifest["from"], manifest["to"]) == ("lincoln-iop", "2026-04-01", "2026-06-30")
    desk.target.unlink()
    nobody = desk.packet("--program", "lincoln-iop", "--from", "2020-01-01", "--to", "2020-01-31", first=False)
    assert (nobody.status, nobody.err.splitlines()[0]) == (1, "Error: no episode was named")


def other_episode() -> str:
    """A second client, admitted in May."""
    actor = {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}
    head = {"episode": "LNK-2026-0002", "actor": actor, "client": "cl-2", "program": "lincoln-iop", "edition": "asam-3"}
    return "\n".join(
        json.dumps(head | event)
        for event in (
            {"type": "assessed", "occurred_on": "2026-05-01", "kind": "initial"},
            {
                "type": "admitted", "occurred_on": "2026-05-02", "zone": "America/Chicago", "level": "2.1",
                "route": "direct", "population": "adult", "policy": "ne-medicaid-2.1-adult",
            },
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name episodes, or a program with --program, --from and --to"),
        ((EPISODE, "--program", "p"), "name episodes, or a program"),
        (("--program", "p", "--from", "2026-01-01"), "--from and --to"),
        ((EPISODE, "--from", "2026-01-01"), "episodes are disclosed whole"),
        (("--program", "p", "--from", "2026-02-01", "--to", "2026-01-01"), "--to must not be before --from"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk: Desk, words: tuple[str, ...], says: str) -> None:
    ended = desk.packet(*words)
    assert ended.status == 2
    assert says in ended.err
    assert "Hint:" in ended.err
    assert not desk.target.exists()


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ((), "--recipient is missing"),
        (TERMS[:2], "--purpose is missing"),
        (TERMS[:4], "--basis is missing"),
        ((*TERMS[:5], "curiosity"), "'curiosity' is not one of 'consent', 'audit'"),
        ((*TERMS[:5], "consent", "--scope", "all"), "the scope is that of the consent on record"),
    ],
)
def test_terms_are_asked_for(desk: Desk, terms: tuple[str, ...], says: str) -> None:
    ended = desk.packet(EPISODE, terms=terms)
    assert ended.status == 2
    assert says in ended.err
    assert not desk.target.exists()


def test_a_program_is_refused_on_the_basis_consent(desk: Desk) -> None:
    ended = desk.packet(
        "--program", "lincoln-iop", "--from", "2026-01-01", "--to", "2026-03-31",
        terms=(*TERMS[:5], "consent"),
    )  # fmt: skip
    assert ended.status == 2
    assert "a consent is one client's" in ended.err


def test_what_is_there_is_not_written_over(desk: Desk) -> None:
    desk.target.write_text("mine")
    assert desk.packet(EPISODE).status == 2
    assert desk.target.read_text() == "mine"
    assert desk.packet(EPISODE, "--force").status == 0
    assert len(desk.disclosures()) == 1


def test_a_disclosure_that_cannot_be_recorded_is_none(desk: Desk) -> None:
    run_sql(
        desk.caretrail.url,
        "CREATE TRIGGER full BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    ended = desk.packet(EPISODE)
    assert ended.status == 4
    assert not desk.target.exists()
    assert not list(desk.folder.glob("*.part"))


def test_why_there_is_no_packet_is_an_access_where_it_tells_of_an_episode(desk: Desk) -> None:
    """Given a day on which events of another client still counted: the example strikes its event 56 so, by event 58."""
    ended = desk.packet(EPISODE, "--known-at", "@57")
    assert ended.status == 1
    assert "rests on events of another client" in ended.err
    assert not desk.target.exists()
    accesses = desk.caretrail("audit", "access", EPISODE, "--json").listed
    assert [(row["command"], row["disclosure"]) for row in accesses] == [("audit packet", None)]


def test_whoever_may_read_may_hand_out(logins: dict[str, str], tmp_path: Path, example: str) -> None:
    writer = Caretrail(logins["writer"], tmp_path)
    assert writer("append", "--imported", input=example).status == 0
    assert Caretrail(logins["projector"], tmp_path)("projection", "catch-up").status == 0
    for role in ("reader", "auditor"):
        caretrail = Caretrail(logins[role], tmp_path)
        caretrail.variables["XDG_STATE_HOME"] = str(tmp_path / role)
        key, target = str(tmp_path / f"{role}.key"), str(tmp_path / f"{role}.zip")
        assert caretrail("audit", "key", "--out", key).status == 0
        ended = caretrail("audit", "packet", EPISODE, "--out", target, "--key", key, "--first", *TERMS)
        assert (ended.status, ended.err) == (0, "")
        assert caretrail("audit", "inspect", target, "--key", f"{key}.pub").status == 0


def test_the_first_checkpoint_must_be_said_to_be_one(desk: Desk) -> None:
    ended = desk.packet(EPISODE, first=False)
    assert ended.status == 1
    assert "--first" in ended.err
    assert not desk.target.exists()


def test_it_may_stand_on_a_checkpoint_that_was_signed_before(desk: Desk) -> None:
    key = str(desk.folder / "log.key")
    note = desk.caretrail("audit", "checkpoint", "--key", key, "--first").out
    (desk.folder / "c.txt").write_text(note)
    desk.caretrail("append", "--imported", input=other_episode())
    ended = desk.packet(EPISODE, "--signed", str(desk.folder / "c.txt"), "--json", first=False)
    assert ended.json["size"] == 66
    files = unpacked(desk.target)
    assert (files["checkpoint"] + files["checkpoint-accesses"]).decode() == note
    desk.target.unlink()
    (desk.folder / "c.txt").write_text("no note")
    ended = desk.packet(EPISODE, "--signed", str(desk.folder / "c.txt"), first=False)
    assert (ended.status, ended.err.splitlines()[0]) == (1, "Error: these are not the two checkpoints of a store")


@pytest.mark.slow
def test_it_proves_that_the_log_continues_what_the_recipient_kept(desk_both: Desk) -> None:
    """Given an auditor with an earlier checkpoint: without the proof the answer is open; another root has none."""
    desk = desk_both
    folder = desk.folder / "kept"
    folder.mkdir()
    given = ("audit", "checkpoint", "--key", str(desk.folder / "log.key"), "--first", "--to", str(folder))
    assert desk.caretrail(*given).status == 0
    [file] = folder.iterdir()
    desk.caretrail("append", "--imported", input=other_episode())
    assert desk.packet(EPISODE, "--checkpoint", str(folder), first=False).status == 0
    assert "consistency.json" in unpacked(desk.target)
    for place in (folder, file):
        ended = desk.inspect("--key", desk.public, "--checkpoint", str(place))
        assert ended.status == 0
        assert f"ok     {file.name} and the packet are of one history: the first 66 events" in ended.out
    assert desk.packet(EPISODE, "--force", first=False).status == 0
    ended = desk.inspect("--key", desk.public, "--checkpoint", str(file), "--json")
    assert (ended.status, ended.json["status"]) == (2, 2)
    assert [check["what"][:12] for check in ended.json["checks"] if check["holds"] is None] == ["NOT COMPARED"]

    head = file.read_text().split("\n")
    root = f"{'A' if head[2][0] != 'A' else 'B'}{head[2][1:]}"
    file.write_text(file.read_text().replace(head[2], root))
    desk.target.unlink()
    ended = desk.packet(EPISODE, "--checkpoint", str(file), first=False)
    assert ended.status == 4
    assert "the log is not the one that a named checkpoint of 66 events fixed" in ended.err
    file.write_text("no checkpoint")
    ended = desk.packet(EPISODE, "--checkpoint", str(file), first=False)
    assert (ended.status, ended.err.splitlines()[0]) == (
        1, f"Error: a checkpoint cannot be used: {file.name}: this is not a signed note"
    )  # fmt: skip
    assert not desk.target.exists()
    for place in (desk.folder / "absent", desk.folder / "log.key"):
        ended = desk.inspect("--key", desk.public, "--checkpoint", str(place))
        assert ended.status == 2


@pytest.mark.slow
def test_one_key_that_signs_two_histories_is_found_by_who_kept_a_checkpoint(desk: Desk, tmp_path: Path) -> None:
    """Given a copy of the store's file in which other events are recorded, and packets of both, signed by one key."""
    (tmp_path / "copy").mkdir()
    with sqlite3.connect(desk.caretrail.url.removeprefix("sqlite://")) as file:
        file.execute("VACUUM INTO ?", (str(tmp_path / "copy" / "care.db"),))
    file.close()
    copy = Caretrail(f"sqlite://{tmp_path}/copy/care.db", tmp_path / "copy")
    copy.variables["XDG_STATE_HOME"] = str(tmp_path / "copy" / "state")
    assert desk.caretrail("append", "--imported", input=other_episode()).status == 0
    assert copy("append", "--imported", input=other_episode().replace("cl-2", "cl-3")).status == 0

    key, kept = ("--key", str(desk.folder / "log.key"), "--first"), tmp_path / "kept.checkpoint"
    kept.write_text(desk.caretrail("audit", "checkpoint", *key).out)
    forged = tmp_path / "forged.zip"
    assert copy("audit", "packet", EPISODE, "--out", str(forged), *key, *TERMS).status == 0
    assert desk.packet(EPISODE, "--checkpoint", str(kept), first=False).status == 0

    script = tmp_path / "verify.py"
    script.write_bytes(unpacked(forged)["verify.py"])
    for packet, status in ((desk.target, 0), (forged, 1)):
        assert desk.caretrail("audit", "inspect", str(packet), "--key", desk.public).status == 0  # by itself it holds
        ended = desk.caretrail("audit", "inspect", str(packet), "--key", desk.public, "--checkpoint", str(kept))
        alone = subprocess.run(
            [sys.executable, "-I", "-S", str(script), str(packet), "--key", desk.public, "--checkpoint", str(kept)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.status == alone.returncode == status
        assert ended.out == alone.stdout
    assert "SPLIT VIEW: kept.checkpoint and the packet are signed by one key, and for the first 68 events" in ended.out
    assert ended.out.endswith("THE PACKET IS NOT VALID\n")


def test_a_key_that_others_can_read_signs_nothing(desk: Desk) -> None:
    (desk.folder / "log.key").chmod(0o644)
    ended = desk.packet(EPISODE)
    assert ended.status == 1
    assert "can be read by others" in ended.err


def test_a_packet_of_a_demo_store_says_so(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/demo/care.db"
    create_store(url, demo=True)
    demo = Caretrail(url, tmp_path)
    assert demo("append", "--imported", input=EXAMPLE.read_text()).status == 0
    desk_key, target = str(tmp_path / "k"), tmp_path / "p.zip"
    demo("audit", "key", "--out", desk_key)
    given = ("--key", desk_key, "--state", str(tmp_path / "s"), "--first", "--out", str(target))
    assert "DEMO STORE" in demo("audit", "packet", EPISODE, *given, *TERMS).out
    files = unpacked(target)
    marked = [name.rpartition("/")[2] for name, data in files.items() if b"DEMO STORE, made-up episodes" in data]
    assert sorted(marked) == ["README.txt", "manifest.json", "timeline.html"]
    assert "DEMO STORE" in demo("audit", "inspect", str(target)).out


def test_an_unknown_episode(desk: Desk) -> None:
    ended = desk.packet("NOBODY")
    assert (ended.status, ended.out) == (2, "")
    assert desk.disclosures() == []


@pytest.mark.slow
def test_at_a_terminal_one_is_asked_for_what_is_missing(desk: Desk) -> None:
    words = ["audit", "packet", EPISODE, "--out", str(desk.target), "--key", str(desk.folder / "log.key"), "--first"]
    with Terminal([str(desk.caretrail.program), *words], desk.caretrail.environment()) as terminal:
        terminal.answer("Recipient: ", "Dr. Adams")
        terminal.answer("Purpose: ", "a second opinion")
        terminal.answer("court_order", "client_request")
        assert "Logged as a disclosure" in terminal.rest()
    [row] = desk.disclosures()
    assert (row["disclosure"]["basis"], row["disclosure"]["recipient"]) == ("client_request", "Dr. Adams")
    assert desk.inspect("--key", desk.public).status == 0
