"""Options that many commands share: the store, the day, what was known, who is asking."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from caretrail.recording.recorder import EventRecorder

F = TypeVar("F", bound=Callable[..., Any])


def now() -> datetime:
    """Read the clock: the only place where the command line does."""
    return datetime.now(UTC)


# --- the store --------------------------------------------------------------------------------------------------


@dataclass
class Setup:
    """Which store the command line works on, and who looks for what; `db` is None for the default.

    `access_db` is where looks are recorded if the store takes no writes; `break_glass` is the reason for it.
    """

    db: str | None = None
    access_db: str | None = None
    actor: Author | None = None
    purpose: str | None = None
    break_glass: str | None = None

    @property
    def url(self) -> str:
        """The store's url: as given, else the file in the user's data folder."""
        return self.db or str(default_store())

    @property
    def is_default(self) -> bool:
        """Whether nobody named a store."""
        return self.db is None

    def open(self) -> EventRecorder:
        """Open the store, which must be there."""
        from caretrail.recording.opening import open_recorder

        return open_recorder(self.url)


def default_store() -> Path:
    """Where the store is unless somebody says otherwise: the folder this system keeps a user's data in."""
    return data_folder() / "caretrail.db"


def data_folder() -> Path:
    """The folder for our data, by the conventions of the system."""
    home = Path.home()
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        named = Path(os.environ.get("XDG_DATA_HOME", ""))
        base = named if named.is_absolute() else home / ".local" / "share"  # the convention: a relative one is ignored
    return base / "caretrail"


def state_folder() -> Path:
    """The folder for what we remember between runs, by the conventions of the system."""
    if sys.platform in ("darwin", "win32"):
        return data_folder()
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "caretrail"


def _take_store(ctx: click.Context, _param: click.Parameter, url: str | None) -> None:
    setup = ctx.ensure_object(Setup)
    if url:
        setup.db = url


def store_option(envvar: str | None = None) -> Callable[[F], F]:
    """Take `--db`, before or after the name of the command; the later one wins."""
    return click.option(
        "--db",
        metavar="URL",
        envvar=envvar,
        allow_from_autoenv=False,
        expose_value=False,
        callback=_take_store,
        help="Store: a file, sqlite:///FILE or postgresql://… [env: CARETRAIL_DB; default: a file in your data folder]",
    )


json_option = click.option("--json", "as_json", is_flag=True, allow_from_autoenv=False, help="Print JSON for programs.")


# --- which day, and what was known ------------------------------------------------------------------------------


class Day(click.ParamType[date]):
    """A civil date, `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a date."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value) if len(value) == 10 else self.fail("a date is YYYY-MM-DD", param, ctx)
        except ValueError:
            return self.fail("a date is YYYY-MM-DD", param, ctx)


class Position(click.ParamType[int]):
    """A position of the log, `@N` or `N`."""

    name = "position"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a position."""
        if isinstance(value, int):
            return value
        number = value.removeprefix("@")
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            self.fail("a position is @NUMBER, as in a receipt", param, ctx)
        return int(number)


Knowledge = datetime | int
"""What was known: at an instant, or up to a position of the log."""


class Moment(click.ParamType["datetime | int"]):
    """A moment of knowledge: an instant with its zone, a date (its end in UTC), or `@POSITION`."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Knowledge:
        """Read an instant or a position."""
        if isinstance(value, datetime | int):
            return value
        if value.startswith("@"):
            return int(value[1:]) if value[1:].isdecimal() else self.fail("a position is @NUMBER", param, ctx)
        try:
            if len(value) == 10:
                return end_of_day(date.fromisoformat(value))
            instant = datetime.fromisoformat(value)
        except ValueError:
            return self.fail("a time is YYYY-MM-DDTHH:MM:SSZ, a date, or @POSITION", param, ctx)
        if instant.tzinfo is None:
            self.fail("a time needs its zone: end it with Z for UTC, or with an offset such as -06:00", param, ctx)
        return instant


def end_of_day(day: date) -> datetime:
    """The last microsecond of a day in UTC."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1, microseconds=-1)


as_of_option = click.option(
    "--as-of",
    type=Day(),
    metavar="DATE",
    help="Judge as of this day, by facts dated up to it.  [default: today where the program is]",
)
known_at_option = click.option(
    "--known-at",
    type=Moment(),
    metavar="TIME|@N",
    help="Use only what was recorded by then: an instant with its zone, a date (to its end in UTC), or @POSITION.",
)


@dataclass(frozen=True)
class View:
    """What a read command was asked to look at, and how to print it."""

    setup: Setup
    as_of: date | None
    known_at: Knowledge | None
    as_json: bool


def read_options(function: F) -> F:
    """Give a read command `--as-of`, `--known-at`, `--json` and `--db`, as one argument `view`."""
    from functools import wraps

    @wraps(function)
    def with_view(*args: Any, **kwargs: Any) -> Any:
        setup = click.get_current_context().ensure_object(Setup)
        view = View(setup, kwargs.pop("as_of"), kwargs.pop("known_at"), kwargs.pop("as_json"))
        return function(*args, view=view, **kwargs)

    wrapped: Any = with_view
    for option in (access_options, store_option(), json_option, known_at_option, as_of_option):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]  # click's decorators return what they are given


# --- who is asking ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Author:
    """Who sits at the keyboard, as stated."""

    id: str
    role: str
    credential: str | None = None


class AuthorType(click.ParamType[Author]):
    """`id,role,credential`; the credential may be left out."""

    name = "author"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Author:
        """Read an author."""
        if isinstance(value, Author):
            return value
        parts = [part.strip() for part in value.split(",", 2)]
        if len(parts) < 2 or not all(parts):
            self.fail("write id,role,credential, for example c-ortiz,clinician,LADC", param, ctx)
        return Author(*parts)


def _into_setup(field: str, name: str, words: str, **attributes: Any) -> Callable[[F], F]:
    """An option whose value goes into the setup, so that no command has to hand it on; the later one wins."""

    def take(ctx: click.Context, _param: click.Parameter, value: object) -> None:
        setup = ctx.ensure_object(Setup)
        if value is not None:
            setattr(setup, field, value)

    return click.option(name, expose_value=False, callback=take, help=words, **attributes)


def access_options(function: F, me: str = "--actor") -> F:
    """Take who looks and what for, into the setup: `--actor` (or as `me` says), `--purpose`, `--break-glass`."""
    options: tuple[Callable[[F], F], ...] = (
        _into_setup(
            "actor", me, "Who I am, as recorded with the look.  [env: CARETRAIL_ACTOR]",
            metavar="ID,ROLE[,CREDENTIAL]", envvar="CARETRAIL_ACTOR", type=AuthorType(),
        ),
        _into_setup(
            "purpose", "--purpose", "What the look is for, as recorded with it: treatment, payment, operations, audit, "
            "research, legal, client_request or other.  [env: CARETRAIL_PURPOSE]",
            metavar="TOKEN", envvar="CARETRAIL_PURPOSE",
        ),
        _into_setup(
            "break_glass", "--break-glass", "It is an emergency: REASON is recorded, and shown to auditors.",
            metavar="REASON", allow_from_autoenv=False,
        ),
    )  # fmt: skip  # one option, one thought
    for option in reversed(options):
        function = option(function)
    return function


me_option = _into_setup(
    "actor",
    "--actor",
    "Who I am, as recorded with the disclosure.  [env: CARETRAIL_ACTOR]",
    metavar="ID,ROLE[,CREDENTIAL]",
    envvar="CARETRAIL_ACTOR",
    type=AuthorType(),
)

access_store_option = _into_setup(
    "access_db",
    "--access-db",
    "Where looks are recorded if the store takes no writes, as on a standby: the store that does.  "
    "[env: CARETRAIL_ACCESS_DB]",
    metavar="URL",
    envvar="CARETRAIL_ACCESS_DB",
)

actor_option = click.option(
    "--actor",
    type=AuthorType(),
    metavar="ID,ROLE[,CREDENTIAL]",
    envvar="CARETRAIL_ACTOR",
    help="Who states the fact.  [env: CARETRAIL_ACTOR]",
)
