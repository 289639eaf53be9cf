"""Every fault: what is done, how far the long run shall go, and its control."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from caretrail.log import init_store
from caretrail.log.records import Log
from tests.faults import (
    canceled_waits,
    cut_replies,
    io_errors,
    killed_projectors,
    killed_server,
    killed_viewers,
    killed_writers,
    power_cuts,
    tailing,
    vacuuming,
    wrong_clocks,
)
from tests.faults.calls import Kind
from tests.faults.counts import Counts
from tests.faults.projectors import Work
from tests.support.places import DISK
from tests.support.servers import Server, own_server
from tests.support.stores import UNORDERED, run_sql


class Place:
    """Where a run has its stores: a folder, and a server of its own that is started when it is first asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._names = itertools.count(1)
        self._server: Server | None = None
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ct-faults-")))

    @property
    def server(self) -> Server:
        """The server, with the durability production has."""
        if self._server is None:
            self._server = self._stack.enter_context(own_server(DISK))
        return self._server

    @property
    def has_server(self) -> bool:
        """Whether a run asked for the server."""
        return self._server is not None

    def sqlite(self) -> str:
        """Make a store on SQLite."""
        url = f"sqlite://{self.folder}/{next(self._names)}/store.db"
        init_store(url)
        return url

    def postgresql(self) -> str:
        """Make a store on PostgreSQL."""
        url = self.server.new_database(f"faults_{next(self._names)}")
        init_store(url)
        return url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()


Run: TypeAlias = Callable[[Place, int, int], Counts]
"""Place, seed, cycles."""


@dataclass(frozen=True)
class Fault:
    """A fault. `part` is how many cycles go to one seed and one store: the next part has the next seed."""

    title: str
    text: str
    unit: str
    goal: int
    part: int
    runs: dict[str, Run]
    controls: dict[str, tuple[int, Run]] = field(default_factory=dict[str, tuple[int, Run]])


def _torn_writers(place: Place, seed: int, cycles: int) -> Counts:
    return killed_writers.run(place.sqlite(), seed, cycles, killed_writers.TORN)


def _torn_chores(place: Place, seed: int, rounds: int) -> Counts:
    return vacuuming.run(place.sqlite(), seed, rounds, killed_writers.TORN)


def _no_lookup(log: Log) -> Run:
    def run(place: Place, seed: int, cycles: int) -> Counts:
        url = place.postgresql()
        cut_replies.take_lookup_away(url, log)
        return cut_replies.run(url, seed, cycles, log)

    return run


def _viewers(make: Callable[[Place], str]) -> Run:
    return lambda place, seed, cycles: killed_viewers.run(make(place), seed, cycles)


def _recorders_of_accesses(make: Callable[[Place], str]) -> Run:
    return lambda place, seed, cycles: killed_writers.run(make(place), seed, cycles, killed_writers.VIEWERS)


def _hasty_viewers(place: Place, seed: int, cycles: int) -> Counts:
    return killed_viewers.run(place.sqlite(), seed, cycles, killed_viewers.HASTY)


def _no_lock(place: Place, seed: int, events: int) -> Counts:
    url = place.postgresql()
    run_sql(url, UNORDERED)
    return tailing.run(url, seed, events)


def _power(synchronous: power_cuts.Synchronous) -> Run:
    return lambda place, seed, images: power_cuts.run(place.folder, seed, images, synchronous)


def _server(victim: killed_server.Victim) -> Run:
    return lambda place, seed, cycles: killed_server.run(place.server, place.postgresql(), seed, cycles, victim)


def _failing_disk(place: Place, seed: int, failures: int) -> Counts:
    return io_errors.run(place.folder, seed, failures)


def _failing_syncs(place: Place, seed: int, failures: int) -> Counts:
    return killed_server.run(place.server, place.postgresql(), seed, max(1, failures // 100), "sync")


def _concealed(place: Place, seed: int, failures: int) -> Counts:
    return io_errors.run(place.folder, seed, failures, concealed=True)


def _asynchronous(place: Place, seed: int, cycles: int) -> Counts:
    url = place.postgresql()
    killed_server.take_guard_away(url)
    with killed_server.asynchronous(place.server, url):
        return killed_server.run(place.server, url, seed, cycles, "postmaster")


def _canceled(kinds: Sequence[Kind]) -> Run:
    def run(place: Place, seed: int, cycles: int) -> Counts:
        assert place.server  # the report asks it for its version and settings, which the pair has, too
        return canceled_waits.run(seed, cycles, kinds)

    return run


def _projector(make: Callable[[Place], str], work: Work, torn: bool = False) -> Run:
    return lambda place, seed, cycles: killed_projectors.run(make(place), seed, cycles, work, torn=torn)


def _clocks(make: Callable[[Place], str], *, rules: bool = True, waits: bool = True) -> Run:
    return lambda place, seed, cycles: wrong_clocks.run(make(place), seed, cycles, rules=rules, waits=waits)


FAULTS: Final[dict[str, Fault]] = {
    "killed-writers": Fault(
        "Writers killed",
        "Four processes append calls of one to three events, two of them through the application with admissions and"
        " stays. In each cycle two are killed (SIGKILL) within a call and replaced; a replacement sends the last two"
        " acknowledged calls again, and the one that was cut off. After each kill the log is read on: it must hold"
        " every acknowledged call, whole, once, without a gap; a call sent again must get its first receipt.",
        "cycles",
        2000,
        100,
        {
            "SQLite": lambda place, seed, cycles: killed_writers.run(place.sqlite(), seed, cycles),
            "PostgreSQL": lambda place, seed, cycles: killed_writers.run(place.postgresql(), seed, cycles),
        },
        {"control: acknowledged early, kept one by one": (50, _torn_writers)},
    ),
    "killed-viewers": Fault(
        "Viewers killed",
        "Two processes ask about an episode, each question an access, while two others append. In each cycle a viewer"
        " and a writer are killed (SIGKILL) within a call and replaced. After each kill both logs are read on: whatever"
        " a viewer showed must be on the log of accesses by then; positions of accesses have no gap; none of those of"
        " events is taken by an access; each access stands on an event that is there. `same command` is four"
        " processes that record accesses, killed as writers are, which send theirs again.",
        "cycles",
        1000,
        100,
        {
            "SQLite": _viewers(Place.sqlite),
            "PostgreSQL": _viewers(Place.postgresql),
            "SQLite, same command": _recorders_of_accesses(Place.sqlite),
            "PostgreSQL, same command": _recorders_of_accesses(Place.postgresql),
        },
        {"control: shown first, recorded among the events": (20, _hasty_viewers)},
    ),
    "cut-replies": Fault(
        "Connection cut after COMMIT",
        "A proxy drops the server's answer to an append, or to the record of an access, and hangs up, once or twice in"
        " a row. The caller must get the receipts of what is stored, and nothing may be stored twice.",
        "cycles",
        1000,
        500,
        {
            "events": lambda place, seed, cycles: cut_replies.run(place.postgresql(), seed, cycles),
            "accesses": lambda place, seed, cycles: cut_replies.run(place.postgresql(), seed, cycles, Log.ACCESSES),
        },
        {
            "control: no look-up of commands": (40, _no_lookup(Log.EVENTS)),
            "control: no look-up of accesses": (40, _no_lookup(Log.ACCESSES)),
        },
    ),
    "tailing": Fault(
        "Reader behind eight writers",
        "Eight processes append without pause while one reader follows by position. Calls of up to 200 events, so that"
        " millions can be read; `small calls` are of one to three.",
        "events",
        5_000_000,
        500_000,
        {
            "PostgreSQL": lambda place, seed, events: tailing.run(place.postgresql(), seed, events, largest=200),
            "PostgreSQL, small calls": lambda place, seed, events: tailing.run(place.postgresql(), seed, events // 50),
            "SQLite, small calls": lambda place, seed, events: tailing.run(place.sqlite(), seed, events // 50),
        },
        {"control: no lock, positions of a sequence": (10_000, _no_lock)},
    ),
    "vacuuming": Fault(
        "VACUUM and other chores",
        "Under four writers and a reader that follows, somebody tidies up: on SQLite VACUUM, a truncating checkpoint,"
        " ANALYZE, REINDEX; on PostgreSQL VACUUM FREEZE, VACUUM FULL, CLUSTER, REINDEX and a checkpoint. Rows are"
        " compared by their leaves before and after. A writer told that the store is locked sends its call again.",
        "rounds",
        200,
        20,
        {
            "SQLite": lambda place, seed, rounds: vacuuming.run(place.sqlite(), seed, rounds),
            "PostgreSQL": lambda place, seed, rounds: vacuuming.run(place.postgresql(), seed, rounds),
        },
        {"control: acknowledged early, kept one by one": (2, _torn_chores)},
    ),
    "power-cuts": Fault(
        "Power cuts, SQLite",
        "What SQLite writes, syncs, truncates and deletes is recorded below it. At each step the power goes: what was"
        " synced is there, of the rest nothing, all, some writes, some sectors of 512 or 4,096 bytes, or a torn part."
        " Each different image is opened, checked (`integrity_check`, every acknowledged event by its leaf, whole"
        " calls) and appended to. The stores checkpoint every 12 pages and are closed and opened meanwhile.",
        "images",
        20_000,
        2000,
        {"SQLite, synchronous FULL": _power(2)},
        {"control: NORMAL": (1000, _power(1)), "control: OFF": (1000, _power(0))},
    ),
    "io-errors": Fault(
        "Disk that fails",
        "SQLite: the first write, sync, truncation or deletion of a history fails with EIO, then the second, and so on;"
        " once, for good until the disk is mended, or because it is full. A failed write leaves half of itself, a"
        " failed sync loses some of what it should have kept although the next one succeeds. After each call the power"
        " goes. PostgreSQL, for one in 100 of these: a sync of a backend fails under four writers (by `strace`), upon"
        " which the server restarts itself. Nobody may be told that an event is recorded that is not there afterward.",
        "failures",
        5000,
        1000,
        {"SQLite": _failing_disk, **({"PostgreSQL": _failing_syncs} if killed_server.can_fail_syncs() else {})},
        {"control: SQLite, failed syncs concealed": (100, _concealed)},
    ),
    "killed-server": Fault(
        "Server processes killed",
        "Under four writers one backend of theirs is killed (SIGKILL), upon which PostgreSQL restarts itself; or the"
        " postmaster is, and is started again. A writer that is told the store cannot be reached sends the same call"
        " again; any other error is a false one.",
        "cycles",
        100,
        10,
        {"one backend": _server("backend"), "postmaster": _server("postmaster")},
        {"control: postmaster, synchronous_commit off": (2, _asynchronous)},
    ),
    "canceled-waits": Fault(
        "Waits for a standby cut short",
        "Four writers on a primary whose commits wait for its standby. In each cycle the standby falls silent and one"
        " to three waits are canceled (`pg_cancel_backend`), or their sessions ended; a writer that gets no receipt"
        " sends the same call again. After each part the standby gets nothing more, eight more waits are cut short, the"
        " primary is killed and the standby takes over; the writers go on there. It must hold every acknowledged call,"
        " whole, once, without a gap. `accesses` is the same with records of accesses.",
        "cycles",
        200,
        20,
        {"events": _canceled(killed_writers.KINDS), "accesses": _canceled(killed_writers.VIEWERS)},
        {"control: writers that do not look": (2, _canceled(canceled_waits.UNHEARD))},
    ),
    "wrong-clocks": Fault(
        "Clocks that are wrong, transactions that are held",
        "The clock of a store is stepped by minutes, days or years, back and forth; between two steps something is"
        " appended, viewed or confirmed by an operator. What the log contradicts must be refused, and nothing else;"
        " times rise, and none is stamped that no clock said. While another program holds an append open for a moment,"
        " it is asked what was known: once it has committed, the same question must have the same answer, or the first"
        " one said that it was not settled. The real functions of the server read its clock from a table.",
        "cycles",
        1000,
        200,
        {"SQLite": _clocks(Place.sqlite), "PostgreSQL": _clocks(Place.postgresql)},
        {
            "control: the log is not asked": (50, _clocks(Place.postgresql, rules=False)),
            "control: nobody waits": (50, _clocks(Place.postgresql, waits=False)),
        },
    ),
    "killed-projectors": Fault(
        "Projector killed",
        "A projector is killed (SIGKILL) at a random moment of a catch-up in batches of five, or of a rebuild. After"
        " every fifth kill the rows at the projected position are compared with the log (`projection check`); in the"
        " end an undisturbed one finishes, and its rows must have the digest of a clean rebuild.",
        "cycles",
        1000,
        100,
        {
            "SQLite, catch-up": _projector(Place.sqlite, "catch up"),
            "SQLite, rebuild": _projector(Place.sqlite, "rebuild"),
            "PostgreSQL, catch-up": _projector(Place.postgresql, "catch up"),
            "PostgreSQL, rebuild": _projector(Place.postgresql, "rebuild"),
        },
        {"control: no transactions": (50, _projector(Place.sqlite, "catch up", torn=True))},
    ),
}
