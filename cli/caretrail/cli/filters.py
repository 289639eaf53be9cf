"""Filters that lists share: program, clinician, rule, verdict, due days; a filter given twice is a union."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, get_args

import click

from caretrail.cli.options import together
from caretrail.cli.params import MOST_DAYS, Author, Choice, Count
from caretrail.cli.setup import Setup
from caretrail.reading.query import Filters
from caretrail.tokens import Verdict

F = TypeVar("F", bound=Callable[..., Any])

VERDICTS: tuple[str, ...] = get_args(Verdict)


def filter_options(function: F) -> F:
    """Give a list its filters as one argument `filters`."""

    @wraps(function)
    def with_filters(*args: Any, **kwargs: Any) -> Any:
        mine, due_within = kwargs.pop("mine"), kwargs.pop("due_within")
        sets: dict[str, Any] = {
            name: frozenset(kwargs.pop(name)) for name in ("programs", "clinicians", "rules", "verdicts")
        }
        if mine:
            me = _me(click.get_current_context().ensure_object(Setup).actor)
            sets["clinicians"] |= {me}
        return function(*args, filters=Filters(**sets, due_within=due_within), **kwargs)

    return together(*_OPTIONS)(with_filters)  # type: ignore[return-value]  # the wrapper takes what click gives it


def _me(actor: Author | None) -> str:
    if actor is None:
        raise click.UsageError("--mine needs your identity: set CARETRAIL_ACTOR to id,role,credential")
    return actor.id


def repeated_option(name: str, metavar: str, words: str, kind: click.ParamType[str] | None = None) -> Callable[[F], F]:
    """An option that may be repeated; its values are the argument `<name>s`."""
    return click.option(
        f"--{name}", f"{name}s", metavar=metavar, multiple=True, type=kind, help=f"{words}; may be repeated."
    )


program_option = repeated_option("program", "ID", "Only this program")

_OPTIONS = (
    click.option("--mine", is_flag=True, help="Only your caseload: your cases, and signatures you owe."),
    program_option,
    repeated_option("clinician", "ID", "Only this clinician's cases, and signatures owed"),
    repeated_option("rule", "RULE", "Only this rule, for example R1"),
    repeated_option("verdict", "VERDICT", f"Only this verdict ({', '.join(VERDICTS)})", Choice(VERDICTS)),
    click.option(
        "--due-within", type=Count(0, MOST_DAYS), metavar="DAYS",
        help="Only due within this many days, or overdue.",
    ),
)  # fmt: skip  # one option, one thought
