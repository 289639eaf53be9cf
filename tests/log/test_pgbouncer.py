"""Behind PgBouncer in transaction mode: each statement may meet another backend, and nothing may lean on a session."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.log import EventRecorder, open_recorder
from caretrail.service import Filters, Findings, Query, open_store
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.servers import USER, folder_of_servers, wait_until
from tests.support.stores import all_at_once, pending, run_sql

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
BACKENDS, CLIENTS, EACH = 3, 8, 25

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed (Debian's package pgbouncer)")


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The store of `postgres_url`, reached through a pooler with fewer backends than it has clients."""
    parts = urlsplit(postgres_url)
    database, [host] = parts.path[1:], parse_qs(parts.query)["host"]
    with folder_of_servers() as folder:
        (folder / "users.txt").write_text('"postgres" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"""
            [databases]
            {database} = host={host} dbname={database} user=postgres
            [pgbouncer]
            listen_addr =
            unix_socket_dir = {folder}
            auth_type = trust
            auth_file = {folder}/users.txt
            pool_mode = transaction
            default_pool_size = {BACKENDS}
            """.replace("            ", "")
        )
        if USER is not None:
            shutil.chown(folder, USER, USER)
        url = f"postgresql://postgres@/{database}?host={folder}&port=6432"
        log = (folder / "log").open("w")
        with log, subprocess.Popen([str(PROGRAM), str(folder / "pgbouncer.ini")], user=USER, stderr=log) as pooler:
            try:
                wait_until(lambda: _answers(url), "the pooler answers")
                yield url
            finally:
                pooler.kill()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_pooler_is_one_that_shares_backends(pooled_url: str) -> None:
    """The control: what is set in a session is gone, or seen by others, so leaning on it would be noticed."""
    with ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(pooled_url, autocommit=True)) for _ in range(BACKENDS + 2)]
        pids = {client.execute("SELECT pg_backend_pid()").fetchone() for client in clients}
        assert len(pids) <= BACKENDS
        clients[0].execute("SET application_name = 'left behind'")
        rows = [client.execute("SHOW application_name").fetchone() for client in clients[1:]]
        assert ("left behind",) in rows


def test_many_clients_append_and_read_through_few_backends(pooled_url: str, postgres_url: str) -> None:
    with ExitStack() as stack:
        services: list[EventRecorder] = [stack.enter_context(open_recorder(pooled_url)) for _ in range(CLIENTS)]
        receipts = all_at_once(lambda n: [services[n].append([pending(uuid4())])[0] for _ in range(EACH)], CLIENTS)
        log = services[0].read_log(limit=CLIENTS * EACH + 1)
        again = services[1].append([pending(log[0].originator_id, 2)])
    assert [event.position for event in log] == list(range(1, CLIENTS * EACH + 1))
    assert {event.position for some in receipts for event in some} == {event.position for event in log}
    assert again[0].position == CLIENTS * EACH + 1
    assert run_sql(postgres_url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_events_are_decided_projected_and_read_through_the_pooler(pooled_url: str, tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    everything = Findings(Query(date(2026, 3, 11)), Filters(all_verdicts=True))
    with open_store(pooled_url) as store:
        receipts = [store.append(json.loads(line))[0] for line in lines]
        assert [receipt.position for receipt in receipts] == [1, *range(3, len(lines) + 2)]  # @2 is the pack
        assert store.append(json.loads(lines[0]))[0] == receipts[0]
        found = store.ask(everything).value
    caught_up = Caretrail(pooled_url, tmp_path)("projection", "catch-up")
    assert caught_up.status == 0, caught_up.err
    with open_store(pooled_url) as store:
        assert store.ask(everything).value == found
