"""Where an access goes when the store takes no writes: to the log it follows, and only if nobody can write there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from caretrail.commands.access import AccessContext, AccessLog
from caretrail.errors import AccessNotRecorded
from caretrail.log import init_store, open_recorder
from caretrail.log.copying import copy_store
from caretrail.log.records import Log
from caretrail.log.stores import Primary
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import as_login, as_nobody, log_of, pending, run_sql, taking_no_writes

CONTEXT = AccessContext("show")
READING_ONLY = "options=-c%20default_transaction_read_only%3Don"


def show(url: str, access_url: str) -> None:
    """Record an access as a reader of one store with another for its accesses does."""
    primary = Primary(url, access_url)
    try:
        with open_recorder(url) as recorder:
            AccessLog(recorder, CONTEXT, lambda: date(2026, 3, 9), primary)(["A"])
    finally:
        primary.close()


def unseen(_done: int, _total: int) -> None:
    """Watch nothing."""


def copy_of(url: str, folder: Path) -> str:
    """A copy of a store, row by row, in a file of one's own that everyone may write."""
    place = f"sqlite://{folder}/own/{secrets.token_hex(4)}.db"
    init_store(place)
    with open_recorder(url) as source, open_recorder(place) as target:
        copy_store(source, target, unseen)
    (folder / "own").chmod(0o777)
    Path(place.removeprefix("sqlite://")).chmod(0o666)
    return place


def accesses_in(url: str) -> int:
    with open_recorder(url) as recorder:
        return len(log_of(recorder, Log.ACCESSES))


@pytest.fixture
def filled(store_url: str) -> str:
    """A store with two events."""
    with open_recorder(store_url) as recorder:
        recorder.append([pending(uuid4()), pending(uuid4())])
    return store_url


# --- who cannot write where others can ----------------------------------------------------------------------------


@contextmanager
def reading_by_options(url: str) -> Generator[str]:
    yield f"{url}&{READING_ONLY}"


@contextmanager
def reading_by_login(url: str) -> Generator[str]:
    """A login may choose the setting for itself."""
    name = f"sly_{secrets.token_hex(4)}"
    run_sql(url, f"CREATE ROLE {name} LOGIN SUPERUSER", f"ALTER ROLE {name} SET default_transaction_read_only = on")
    try:
        yield as_login(url, name)
    finally:
        run_sql(url, f"DROP ROLE {name}")


@contextmanager
def reading_by_login_here(url: str) -> Generator[str]:
    """The same, for one database."""
    name = f"sly_{secrets.token_hex(4)}"
    database = urlsplit(url).path.lstrip("/")
    run_sql(
        url,
        f"CREATE ROLE {name} LOGIN SUPERUSER",
        f"ALTER ROLE {name} IN DATABASE {database} SET default_transaction_read_only = on",
    )
    try:
        yield as_login(url, name)
    finally:
        run_sql(url, f"DROP ROLE {name}")


@pytest.mark.parametrize("trick", [reading_by_options, reading_by_login, reading_by_login_here])
def test_who_makes_a_session_read_only_is_shown_nothing(
    postgres_url: str, tmp_path: Path, trick: Callable[[str], AbstractContextManager[str]]
) -> None:
    """Given a primary, and an exact copy of it as the place for accesses: `census`, too, shows nothing."""
    assert Caretrail(postgres_url, tmp_path)("append", input=EXAMPLE.read_text()).status == 0
    own = copy_of(postgres_url, tmp_path)
    with trick(postgres_url) as url:
        with pytest.raises(AccessNotRecorded, match="only for this login, session or path") as refused:
            show(url, own)
        assert not refused.value.read_only
        for command in (("show", "LNK-2026-0001"), ("census", "--as-of", "2026-03-09")):
            ended = Caretrail(url, tmp_path)(*command, CARETRAIL_ACCESS_DB=own)
            assert (ended.status, ended.out) == (4, "")
    assert accesses_in(own) == 0
    with taking_no_writes(postgres_url):
        show(postgres_url, own)
    assert accesses_in(own) == 1, "the control: where nobody can write, it goes there"


def test_whoever_may_only_read_a_file_that_others_write_is_shown_nothing(sqlite_url: str, tmp_path: Path) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
    own = copy_of(sqlite_url, tmp_path)
    file = Path(sqlite_url.removeprefix("sqlite://"))
    with taking_no_writes(sqlite_url):
        show(sqlite_url, own)  # the control: nobody has the right
    with taking_no_writes(sqlite_url):
        with on_behalf_of_root():
            file.chmod(0o644)
        with pytest.raises(AccessNotRecorded, match="only for this login, session or path") as refused:
            show(sqlite_url, own)
        assert not refused.value.read_only
    assert accesses_in(own) == 1


def test_a_second_name_of_the_file_in_a_folder_for_reading_is_no_way_around(sqlite_url: str, tmp_path: Path) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
    own = copy_of(sqlite_url, tmp_path)
    folder = tmp_path / "sly"
    folder.mkdir()
    os.link(sqlite_url.removeprefix("sqlite://"), folder / "same.db")
    (folder / "same.db").chmod(0o666)
    second = f"sqlite://{folder}/same.db"
    for parent in folder.parents:
        if str(parent).startswith("/tmp/pytest"):  # noqa: S108
            parent.chmod(0o755)
    folder.chmod(0o555)
    try:
        with as_nobody(), pytest.raises(AccessNotRecorded, match="only for this login, session or path"):
            show(second, own)
    finally:
        folder.chmod(0o755)
    assert accesses_in(own) == 0


@contextmanager
def on_behalf_of_root() -> Generator[None]:
    """Be root again for a moment, inside `as_nobody`."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(0)
    try:
        yield
    finally:
        os.seteuid(65534)


# --- which store takes them ----------------------------------------------------------------------------------------


def test_the_store_for_accesses_must_have_the_newest_event(filled: str, tmp_path: Path) -> None:
    """Given a copy made before the newest event, one that went on by itself, and one that has it and more."""
    behind, astray = copy_of(filled, tmp_path), copy_of(filled, tmp_path)
    with open_recorder(filled) as recorder, open_recorder(astray) as other:
        other.append([pending(uuid4())])
        recorder.append([pending(uuid4())])
    ahead = copy_of(filled, tmp_path)
    with open_recorder(ahead) as other:
        other.append([pending(uuid4())])
    with taking_no_writes(filled):
        for place in (behind, astray):
            with pytest.raises(AccessNotRecorded, match="is another store"):
                show(filled, place)
            assert accesses_in(place) == 0
        show(filled, ahead)
        assert accesses_in(ahead) == 1, "the control"


def test_an_event_made_again_is_not_the_same_log(filled: str, tmp_path: Path) -> None:
    """Given a copy with the same events, the same number of them, but one recorded at another time."""
    forged = copy_of(filled, tmp_path)
    run_sql(
        forged,
        "DROP TRIGGER log_refuses_update",
        "UPDATE log SET recorded_at = recorded_at + 1 WHERE position = 2",
    )
    with taking_no_writes(filled), pytest.raises(AccessNotRecorded, match="is another store"):
        show(filled, forged)


def test_an_empty_store_may_be_named_beside_an_empty_one(store_url: str, tmp_path: Path) -> None:
    own = copy_of(store_url, tmp_path)
    with taking_no_writes(store_url):
        show(store_url, own)
    assert accesses_in(own) == 1
