"""Options that commands share: the store, the day, what was known, the user and the purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, TypeVar

import click

from caretrail.cli.params import AuthorType, Day, Moment
from caretrail.cli.setup import Setup

F = TypeVar("F", bound=Callable[..., Any])


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
"""`--db`, once, before or after the name of the command."""

json_option = click.option("--json", "as_json", is_flag=True, allow_from_autoenv=False, help="Print JSON for programs.")


csv_option = click.option("--csv", "as_csv", is_flag=True, allow_from_autoenv=False, help="Print CSV for spreadsheets.")

as_of_option = click.option(
    "--as-of",
    type=Day(),
    metavar="DATE",
    help="Judge as of this day.  [default: today in the program's time zone]",
)
known_at_option = click.option(
    "--known-at",
    type=Moment(),
    metavar="TIME|@N",
    help="Use only events recorded by then: a time with its zone, a date (to its end in UTC), or @POSITION.",
)


stale_option = click.option(
    "--allow-stale",
    is_flag=True,
    allow_from_autoenv=False,
    help="Answer even if the read models are stale, and mark the answer.",
)


def together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Make one decorator of several, in their order."""

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def period_options(first: str, last: str) -> Callable[[F], F]:
    """Take `--from` and `--to` as `start` and `end`, in this order; `first` and `last` are their help."""

    def with_period(function: F) -> F:
        @wraps(function)
        def checked(*args: Any, start: date | None, end: date | None, **kwargs: Any) -> Any:
            if start is not None and end is not None and end < start:
                raise click.UsageError("--to must not be before --from")
            return function(*args, start=start, end=end, **kwargs)

        first_day = click.option("--from", "start", type=Day(), metavar="DATE", help=first)
        last_day = click.option("--to", "end", type=Day(), metavar="DATE", help=last)
        return together(first_day, last_day)(checked)  # type: ignore[return-value]  # as above

    return with_period


def _into_setup(field: str, name: str, words: str, **attributes: Any) -> Callable[[F], F]:
    """An option whose value goes into the setup; where it is given before and after the command, the later one wins."""

    def take(ctx: click.Context, _param: click.Parameter, value: object) -> None:
        setup = ctx.ensure_object(Setup)
        if value is not None:
            setattr(setup, field, value)

    return click.option(name, expose_value=False, callback=take, help=words, **attributes)


def actor_option(words: str, name: str = "--actor") -> Callable[[F], F]:
    """Take the user into the setup; `words` are the help, `name` is the option where --actor means something else."""
    return _into_setup(
        "actor", name, f"{words}  [env: CARETRAIL_ACTOR]",
        metavar="ID,ROLE[,CREDENTIAL]", envvar="CARETRAIL_ACTOR", type=AuthorType(),
    )  # fmt: skip  # one option, one thought


def access_options(actor: str = "--actor") -> Callable[[F], F]:
    """Take user and purpose into the setup: `--actor` (or the name in `actor`), `--purpose`, `--break-glass`."""
    return together(
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


question_options = together(as_of_option, known_at_option, stale_option, json_option, store_option, access_options())
"""What every question takes."""

store_options = together(json_option, store_option, click.pass_obj)
"""`--json` and `--db` of a command that shows no episode; it gets the setup first."""

operation_options = together(json_option, access_options(), store_option, click.pass_obj)
"""The same with user and purpose, of a command that may name episodes."""


access_store_option = _into_setup(
    "access_db",
    "--access-db",
    "Store that logs access when --db takes no writes, as on a standby.  [env: CARETRAIL_ACCESS_DB]",
    metavar="URL",
    envvar="CARETRAIL_ACCESS_DB",
)
