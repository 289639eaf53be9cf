"""Filters that the lists share: whose, which rule, which verdict, how soon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from caretrail.cli.options import MOST_DAYS, Author, Choice, Setup

if TYPE_CHECKING:
    from caretrail.cli.what_if import WhatIf

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


def one_of_each(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters one value each, as the reader takes them."""
    singles: dict[str, Any] = {"due_within": filters["due_within"]}
    for name in ("programs", "clinicians", "rules", "verdicts"):
        if len(filters[name]) > 1:
            raise click.UsageError(f"--{name.removesuffix('s')} is given more than once")
        singles[name.removesuffix("s")] = next(iter(filters[name]), None)
    return singles


def require_known_rule(rule: str | None, what_if: WhatIf | None = None) -> None:
    """Refuse a rule no installed pack has (or the one to judge by), before a list of nothing looks like good news.

    Asked only when a list is empty: reading the packs takes longer than most lists.
    """
    if rule is None:
        return
    from caretrail.errors import PackInvalid
    from caretrail.policy import installed_packs, load_pack
    from caretrail.policy.own_rules import PACK_RULE, QUARANTINE_RULE
    from caretrail.reading.scope import holds_rule

    packs = [what_if.pack] if what_if else []
    for name in () if what_if else installed_packs():
        with suppress(PackInvalid):  # somebody's broken file has no rules, and says so where it is asked for
            packs.append(load_pack(name))
    names = {name for pack in packs for name in pack.rules} | {PACK_RULE, QUARANTINE_RULE}
    if not any(holds_rule(rule, name) for name in names):
        nowhere = f"pack {what_if.pack.name} has no such rule" if what_if else "no installed pack has such a rule"
        raise click.UsageError(f"{nowhere}; there are {', '.join(sorted(names))}")


_OPTIONS = (
    click.option("--mine", is_flag=True, help="Only your caseload: what CARETRAIL_ACTOR carries or owes."),
    click.option(
        "--program", "programs", metavar="ID", multiple=True, help="Only this program. Repeat for several, as below."
    ),
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
