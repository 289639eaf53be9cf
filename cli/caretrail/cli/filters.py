"""Filters that the lists share: whose, which rule, which verdict, how soon; one given twice asks for both."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from caretrail.cli.params import MOST_DAYS, Author, Choice
from caretrail.cli.session import Setup

F = TypeVar("F", bound=Callable[..., Any])

VERDICTS = ("overdue", "due_today", "due_soon", "violation", "unknown", "info", "not_met", "met", "not_applicable")


def filter_options(function: F) -> F:
    """Give a list its filters, as one argument `filters`: sets of programs, clinicians, rules, verdicts; due_within."""

    @wraps(function)
    def with_filters(*args: Any, **kwargs: Any) -> Any:
        mine, due_within = kwargs.pop("mine"), kwargs.pop("due_within")
        sets = {name: frozenset(kwargs.pop(name)) for name in ("programs", "clinicians", "rules", "verdicts")}
        if mine:
            me = _me(click.get_current_context().ensure_object(Setup).actor)
            sets["clinicians"] |= {me}
        return function(*args, filters={**sets, "due_within": due_within}, **kwargs)

    wrapped: Any = with_filters
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]  # click's decorators return what they are given


def _me(actor: Author | None) -> str:
    if actor is None:
        raise click.UsageError("--mine needs to know who you are: set CARETRAIL_ACTOR to id,role,credential")
    return actor.id


program_option = click.option(
    "--program", "programs", metavar="ID", multiple=True, help="Only this program. Repeat for several, as below."
)

_OPTIONS = (
    click.option("--mine", is_flag=True, help="Only your caseload: what CARETRAIL_ACTOR carries or owes."),
    program_option,
    click.option(
        "--clinician", "clinicians", metavar="ID", multiple=True, help="Only what this clinician carries or owes."
    ),
    click.option("--rule", "rules", metavar="RULE", multiple=True, help="Only this rule, for example R1."),
    click.option(
        "--verdict", "verdicts", type=Choice(VERDICTS), metavar="VERDICT", multiple=True,
        help=f"Only this verdict: {', '.join(VERDICTS)}.",
    ),
    click.option(
        "--due-within", type=click.IntRange(0, MOST_DAYS), metavar="DAYS",
        help="Only what is due within this many days, or overdue.",
    ),
)  # fmt: skip  # one option, one thought
