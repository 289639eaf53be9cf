"""Evidence packets: how long one episode out of a large log takes, and how fast a packet is checked offline."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid5

from caretrail.events import parse_event
from caretrail.events.codec import payload_of, stored_name
from caretrail.evidence.packet import verify
from caretrail.evidence.packet.archive import archive_for
from caretrail.evidence.packet.episode_part import EpisodePart
from caretrail.evidence.packet.event_lines import event_lines
from caretrail.evidence.packet.make import finish, make_packet
from caretrail.evidence.packet.redaction import Shown
from caretrail.evidence.packet.terms import PacketContext, PacketRequest, Terms
from caretrail.ledger.checkpoint import Checkpoint, CheckpointPair, origin_of, origin_of_accesses, sign_pair
from caretrail.ledger.note import SigningKey, new_key
from caretrail.ledger.tiles import stored_subtrees, write_tiles
from caretrail.ledger.tree import EMPTY_ROOT, root_at, root_of, subtrees_of
from caretrail.log import open_recorder
from caretrail.log.copying import LOG_COLUMNS
from caretrail.log.leaf import columns_of, leaf_hash
from caretrail.log.records import RecordedEvent, new_salt
from caretrail.service import create_store
from tests.bench.place import Place, say
from tests.support.example import EXAMPLE
from tests.support.stores import run_sql

BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
TERMS = Terms("State auditor", "claims of spring 2026", "audit")
MOST_EVENTS = 10_000_000
"""Of the log the episode is taken out of: what the goal is stated for."""

LARGE_PACKET = 200_000
"""Events of the packet that is checked."""

BLOCK = 1000
"""Episodes recorded in turns, so that the events of one lie far from each other, as they do in a clinic."""

CHECK = """
import sys, time
sys.path.insert(0, sys.argv[1])
import verify
began = time.process_time()
report = verify.verify(sys.argv[2], sys.argv[3])
print(report.status, time.process_time() - began)
"""
"""Times the check in a process of its own, as a stranger runs it; CPU, for one core is all it uses."""


def _hand_out(*_: object) -> None:
    """Nobody keeps a record of what a benchmark hands out."""


def log(namespace: UUID, events: int) -> Iterator[RecordedEvent]:
    """A log of copies of the example episode, a thousand of them at a time in turns."""
    example = [parse_event(line) for line in EXAMPLE.read_bytes().splitlines()]
    shapes = [(stored_name(event, imported=True), payload_of(event).decode()) for event in example]
    position = 0
    for block in range(-(-events // (BLOCK * len(shapes)))):
        names = [f"LNK-{block}-{number}" for number in range(BLOCK)]
        streams = [uuid5(namespace, name) for name in names]
        for version, (name, payload) in enumerate(shapes, start=1):
            for stream, episode in zip(streams, names, strict=True):
                position += 1
                if position > events:
                    return
                content = payload.replace("LNK-2026-0001", episode).replace("cl-7f3a", f"cl-{episode}").encode()
                moment = datetime.fromtimestamp(BEGAN.timestamp() + position, UTC)
                yield RecordedEvent(
                    stream, version, name, content, "ehr", f"{episode}/{version}", new_salt(), position, moment, "feed"
                )


def fill(url: str, events: int) -> None:
    """Make a SQLite store of so many events, with the ledger's tiles, and nothing else of the read models."""
    create_store(url)
    with open_recorder(url) as recorder:
        guard = "SELECT sql FROM sqlite_master WHERE name = 'log_only_grows'"  # it looks at every row: put back after
        [(trigger,)] = run_sql(url, guard)
        run_sql(url, "DROP TRIGGER log_only_grows")
        with recorder.database.transaction():
            rows = (columns_of(event) for event in log(recorder.namespace, events))
            recorder.database.copy("caretrail.log", LOG_COLUMNS, rows)
        run_sql(url, str(trigger))
        write_tiles(recorder)


def _signed(events: Checkpoint, key: SigningKey) -> str:
    """The notes of a checkpoint and of a log of accesses without any."""
    accesses = Checkpoint(origin_of_accesses(events.origin), 0, EMPTY_ROOT, events.head)
    return sign_pair(CheckpointPair(events, accesses), [key])


def one_out_of(url: str, folder: Path, rounds: int) -> tuple[list[float], list[float], int]:
    """Seconds for the packet of one episode out of all, and for its proof alone; and the bytes of the packet."""
    whole: list[float] = []
    proofs: list[float] = []
    with open_recorder(url) as recorder:
        key = new_key(origin_of(recorder.namespace))
        subtrees, size = stored_subtrees(recorder), recorder.max_position()
        note = _signed(Checkpoint(key.name, size, root_at(subtrees, size)), key)
        for number in range(rounds):
            target = folder / f"one-{number}.zip"
            began = time.perf_counter()
            make_packet(
                recorder, PacketRequest((f"LNK-0-{number}",), as_of=date(2026, 5, 4)), TERMS, [key], note, target,
                _hand_out, now=BEGAN, made_by="bench", version="0",
            )  # fmt: skip
            whole.append(time.perf_counter() - began)
            began = time.perf_counter()
            root_at(stored_subtrees(recorder), size)
            proofs.append(time.perf_counter() - began)
        return whole, proofs, (folder / "one-0.zip").stat().st_size


def synthetic(target: Path, events: int) -> SigningKey:
    """A packet of everything in a log of so many events: of each episode its events alone."""
    namespace = UUID(int=7)
    rows = list(log(namespace, events))
    leaves = [leaf_hash(row) for row in rows]
    key = new_key(origin_of(namespace))
    stand = Checkpoint(origin_of(namespace), events, root_of(leaves))
    episodes: dict[UUID, list[RecordedEvent]] = {}
    for row in rows:
        episodes.setdefault(row.originator_id, []).append(row)
    parts: list[EpisodePart] = []
    with archive_for(target, replace=True) as archive:
        for stream, found in episodes.items():
            content = json.loads(found[0].state)
            client, name = content["client"], content["episode"]
            part = EpisodePart(
                f"client-{client}/episode-{name}", client, name, stream.hex, len(found), date(2026, 5, 4), 0, 0,
                tuple(row.position for row in found), {},
            )  # fmt: skip
            parts.append(part)
            shown = {row.originator_version: Shown(whole=True) for row in found}
            archive.add(f"{part.folder}/events.jsonl", event_lines(found, shown, client=client, episode=name))
        note = _signed(stand, key)
        request = PacketRequest(tuple(part.episode for part in parts))
        context = PacketContext(request, TERMS, stand, note, BEGAN, "bench", "0")
        finish(archive, parts, context, [key], subtrees_of(leaves))
        archive.place(target, replace=True)
    return key


def checked(packet: Path, key: SigningKey) -> float:
    """CPU seconds a stranger's Python takes to check a packet."""
    script = Path(verify.__file__).parent
    command = [sys.executable, "-I", "-c", CHECK, str(script), str(packet), str(key.verifying)]
    status, seconds = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if status != "0":
        raise SystemExit("the packet does not hold")
    return float(seconds)


def report(place: Place) -> list[str]:
    """The figures as Markdown."""
    folder, rounds, events = place.folder, place.rounds, min(place.events, MOST_EVENTS)
    say(f"filling a store with {events:,} events")
    url = f"sqlite://{folder}/packets/store.db"
    fill(url, events)
    say("the packet of one episode")
    whole, proofs, size = one_out_of(url, folder, rounds)
    large = folder / "large.zip"
    say("a large packet")
    key = synthetic(large, min(events, LARGE_PACKET))
    seconds = [checked(large, key) for _ in range(rounds)]
    rate = min(events, LARGE_PACKET) / statistics.median(seconds)
    return [
        "",
        "## Evidence packets",
        "",
        f"One episode of 65 events out of a SQLite store of {events:,}, its events {BLOCK:,} positions apart: events,",
        "findings, proofs, page, signing, and the check of the finished packet. Then verify.py on a packet of",
        f"{min(events, LARGE_PACKET):,} events in a process of its own, as a stranger runs it.",
        "",
        "| | median | most |",
        "|---|---:|---:|",
        f"| the packet of one episode, s | {statistics.median(whole):.2f} | {max(whole):.2f} |",
        f"| of that the root of the log by its tiles, ms | {statistics.median(proofs) * 1e3:.1f} "
        f"| {max(proofs) * 1e3:.1f} |",
        f"| its size, KB | {size / 1024:,.0f} | |",
        f"| verify.py, events/s of CPU time | {rate:,.0f} | |",
    ]
