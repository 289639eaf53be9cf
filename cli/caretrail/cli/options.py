"""Options that commands share: the store, the day, what was known, the user and the purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, TypeVar

import click

from caretrail.cli.params import AuthorType, Day, Moment
from caretrail.cli.setup import ReadOptions, Setup

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


def period_options(first: str, last: str) -> Callable[[F], F]:
    """Take `--from` and `--to` as `start` and `end`, in this order; `first` and `last` are their help."""

    def with_period(function: F) -> F:
        @wraps(function)
        def checked(*args: Any, start: date | None, end: date | None, **kwargs: Any) -> Any:
            if start is not None and end is not None and end < start:
                raise click.UsageError("--to must not be before --from")
            return function(*args, start=start, end=end, **kwargs)

        wrapped: Any = checked
        wrapped = click.option("--to", "end", type=Day(), metavar="DATE", help=last)(wrapped)
        return click.option("--from", "start", type=Day(), metavar="DATE", help=first)(wrapped)  # type: ignore[no-any-return]

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


def access_options(function: F, actor: str = "--actor") -> F:
    """Take user and purpose into the setup: `--actor` (or the name in `actor`), `--purpose`, `--break-glass`."""
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


def store_options(function: F) -> F:
    """Take `--json` as `as_json` and `--db`, and pass the setup as the first argument."""
    wrapped: Any = click.pass_obj(function)
    return json_option(store_option(wrapped))  # type: ignore[no-any-return]  # click's decorators return what they are given


def operation_options(function: F) -> F:
    """Take what `store_options` takes, with the user and the purpose of access."""
    wrapped: Any = click.pass_obj(function)
    return json_option(access_options(store_option(wrapped)))  # type: ignore[no-any-return]  # as above


access_store_option = _into_setup(
    "access_db",
    "--access-db",
    "Store that logs access when --db takes no writes, as on a standby.  [env: CARETRAIL_ACCESS_DB]",
    metavar="URL",
    envvar="CARETRAIL_ACCESS_DB",
)
