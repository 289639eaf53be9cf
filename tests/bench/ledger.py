"""The ledger: verifying a whole log, what its tiles cost, and what a checkpoint costs on a log of some size."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from uuid import UUID, uuid5

from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import new_key
from caretrail.ledger.tiles import write_tiles
from caretrail.log import EventRecorder, PendingEvent, new_salt, open_recorder
from caretrail.service import create_store
from tests.bench.place import Place, say

MOST_EVENTS = 1_000_000
PAYLOAD = 500
EPISODE = 60
NEW = 1000
NAMESPACE = UUID(int=5)


def fill(recorder: EventRecorder, count: int) -> None:
    """Append so many events of 500 bytes, sixty to an episode, behind what is there."""
    start = recorder.max_position()
    for low in range(start, start + count, 2000):
        recorder.append([_event(number) for number in range(low, min(low + 2000, start + count))])


def _event(number: int) -> PendingEvent:
    stream = uuid5(NAMESPACE, str(number // EPISODE))
    payload = os.urandom(PAYLOAD // 2).hex().encode()
    return PendingEvent(stream, number % EPISODE + 1, "session_attended/1", payload, "ehr-7", f"c-{number}", new_salt())


def report(place: Place) -> list[str]:
    """Measure the ledger on both stores and word it."""
    events, rounds, folder = min(place.events, MOST_EVENTS), place.rounds, place.folder
    stores = {"SQLite": place.new_file(), "PostgreSQL": place.new_database()}
    lines = [
        "",
        "## The ledger",
        "",
        f"{events:,} events of {PAYLOAD} bytes, {EPISODE} to an episode; medians of {rounds}. Verifying is one "
        "process; CPU is of the client. Tiles are read back and hashed again as the projector does. "
        f"A checkpoint signs {NEW:,} new events; the first one has no tiles and reads all.",
        "",
        "| | verify, events/s, wall | verify, events/s, CPU | tiles, µs/event | first checkpoint, s | next one, ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, url in stores.items():
        say(f"ledger, {events:,} events, {name}")
        create_store(url)
        with open_recorder(url) as recorder:
            fill(recorder, events)
            first = _first_checkpoint(recorder, folder / f"{name}-first")
            tiles = _tiles(recorder, events)
            wall, cpu = _verifying(recorder, events, rounds)
            following = _next_checkpoints(recorder, folder / f"{name}-next", rounds)
        lines.append(
            f"| {name} | {events / wall:,.0f} | {events / cpu:,.0f} | {tiles * 1e6:.1f} | {first:.2f} | "
            f"{following * 1000:.0f} |"
        )
    return lines


def _verifying(recorder: EventRecorder, events: int, rounds: int) -> tuple[float, float]:
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        verification = verify(recorder)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        if not verification.ok or verification.size != events or verification.tiles < events // 256:
            raise SystemExit(f"the log did not verify: {verification.discrepancies}")
    return statistics.median(walls), statistics.median(cpus)


def _tiles(recorder: EventRecorder, events: int) -> float:
    """Seconds an event to make all tiles."""
    began = time.perf_counter()
    write_tiles(recorder)
    return (time.perf_counter() - began) / events


def _first_checkpoint(recorder: EventRecorder, state: Path) -> float:
    origin = origin_of(recorder.namespace)
    began = time.perf_counter()
    sign(recorder, [new_key(origin)], SignerState(state, origin), first=True)
    return time.perf_counter() - began


def _next_checkpoints(recorder: EventRecorder, state: Path, rounds: int) -> float:
    """The tiles stand up to where the log ended before the new events, as beside a projector that lags."""
    origin = origin_of(recorder.namespace)
    key, signer = new_key(origin), SignerState(state, origin)
    sign(recorder, [key], signer, first=True)
    spent: list[float] = []
    for _ in range(rounds):
        fill(recorder, NEW)
        began = time.perf_counter()
        sign(recorder, [key], signer)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)
