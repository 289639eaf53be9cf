"""Options that many commands share: the store, the day, what was known, who is asking."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import wraps
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
    """Which store the command line works on, and who asks for what; `db` is what `--db` named.

    `access_db` is where access is logged if the store takes no writes; `break_glass` is the reason for it.
    """

    db: str | None = None
    access_db: str | None = None
    actor: Author | None = None
    purpose: str | None = None
    break_glass: str | None = None

    @property
    def url(self) -> str:
        """The store's url: of `--db`, else of CARETRAIL_DB, else the file in the user's data folder."""
        return self._named or str(default_store())

    @property
    def is_default(self) -> bool:
        """Whether nobody named a store."""
        return not self._named

    @property
    def _named(self) -> str:
        return self.db or os.environ.get("CARETRAIL_DB", "")

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


def _take_store(ctx: click.Context, _param: click.Parameter, urls: tuple[str, ...]) -> None:
    setup = ctx.ensure_object(Setup)
    if len(urls) > 1 or (urls and setup.db):
        raise click.UsageError("--db is given twice: name one store")
    setup.db = urls[0] if urls else setup.db


store_option = click.option(
    "--db",
    metavar="URL",
    multiple=True,
    allow_from_autoenv=False,
    expose_value=False,
    callback=_take_store,
    help="Store: a file, sqlite:///FILE or postgresql://… [env: CARETRAIL_DB; default: a file in your data folder]",
)
"""`--db`, before or after the name of the command, once."""

json_option = click.option("--json", "as_json", is_flag=True, allow_from_autoenv=False, help="Print JSON for programs.")


# --- words to choose from ---------------------------------------------------------------------------------------


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A sentence that names what was probably meant, with a space before it; nothing if nothing is near."""
    near = get_close_matches(word, list(names))
    return f" Did you mean {' or '.join(near)}?" if near else ""


class Choice(click.Choice[str]):
    """One of some words; a word that is none of them is answered with the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Say which words there are, and which one was probably meant."""
        return f"{super().get_invalid_choice_message(value, ctx)}{did_you_mean(value, self.choices)}"


# --- which day, and what was known ------------------------------------------------------------------------------


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""The days one may ask about: no treatment lies outside, and within them no arithmetic leaves the calendar."""

MOST_DAYS = 36_500
"""The longest span of days one may ask for."""

MOST_ROWS = 1_000_000_000
"""The most rows one may ask for."""

MOST_DIGITS = 18
"""Of a position: more may be more than a store can hold."""


class Day(click.ParamType[date]):
    """A civil date, `YYYY-MM-DD`, from FIRST_DAY to LAST_DAY."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a date."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value) if len(value) == 10 else None
        except ValueError:
            day = None
        if day is None:
            self.fail("a date is YYYY-MM-DD", param, ctx)
        if not FIRST_DAY <= day <= LAST_DAY:
            self.fail(f"a date is from {FIRST_DAY} to {LAST_DAY}", param, ctx)
        return day


class Position(click.ParamType[int]):
    """A position of the log, `@N` or `N`."""

    name = "position"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a position."""
        if isinstance(value, int):
            return value
        number = value.removeprefix("@")
        if not (number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS):
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
            return Position().convert(value, param, ctx)
        if len(value) == 10:
            return end_of_day(Day().convert(value, param, ctx))
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return self.fail("a time is YYYY-MM-DDTHH:MM:SSZ, a date, or @POSITION", param, ctx)
        if instant.tzinfo is None:
            self.fail("a time needs its zone: end it with Z for UTC, or with an offset such as -06:00", param, ctx)
        if not FIRST_DAY <= instant.date() <= LAST_DAY:
            self.fail(f"a time is from {FIRST_DAY} to {LAST_DAY}", param, ctx)
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


stale_option = click.option(
    "--allow-stale",
    is_flag=True,
    allow_from_autoenv=False,
    help="Answer even if the read models are behind; the answer says so.",
)


@dataclass(frozen=True)
class ReadOptions:
    """What a read command was asked to look at, and how to print it."""

    setup: Setup
    as_of: date | None
    known_at: Knowledge | None
    as_json: bool
    allow_stale: bool = False


def read_options(function: F) -> F:
    """Give a read command `--as-of`, `--known-at`, `--allow-stale`, `--json` and `--db`, as one argument `options`."""

    @wraps(function)
    def with_options(*args: Any, **kwargs: Any) -> Any:
        setup = click.get_current_context().ensure_object(Setup)
        given = {name: kwargs.pop(name) for name in ("as_of", "known_at", "as_json", "allow_stale")}
        return function(*args, options=ReadOptions(setup, **given), **kwargs)

    wrapped: Any = with_options
    for option in (access_options, store_option, json_option, stale_option, known_at_option, as_of_option):
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


def actor_option(words: str, name: str = "--actor") -> Callable[[F], F]:
    """Take who sits at the keyboard into the setup; `words` say what for, `name` another name of the option."""
    return _into_setup(
        "actor", name, f"{words}  [env: CARETRAIL_ACTOR]",
        metavar="ID,ROLE[,CREDENTIAL]", envvar="CARETRAIL_ACTOR", type=AuthorType(),
    )  # fmt: skip  # one option, one thought


def access_options(function: F, actor: str = "--actor") -> F:
    """Take who asks and what for, into the setup: `--actor` (or as `actor` says), `--purpose`, `--break-glass`."""
    options: tuple[Callable[[F], F], ...] = (
        actor_option("Your identity for the access log.", actor),
        _into_setup(
            "purpose", "--purpose", "Purpose of access, for the access log: treatment, payment, operations, audit, "
            "research, legal, client_request or other.  [env: CARETRAIL_PURPOSE]",
            metavar="TOKEN", envvar="CARETRAIL_PURPOSE",
        ),
        _into_setup(
            "break_glass", "--break-glass", "Emergency access: REASON goes into the access log for auditors.",
            metavar="REASON", allow_from_autoenv=False,
        ),
    )  # fmt: skip  # one option, one thought
    for option in reversed(options):
        function = option(function)
    return function


access_store_option = _into_setup(
    "access_db",
    "--access-db",
    "Store that logs access when --db takes no writes, as on a standby.  [env: CARETRAIL_ACCESS_DB]",
    metavar="URL",
    envvar="CARETRAIL_ACCESS_DB",
)
