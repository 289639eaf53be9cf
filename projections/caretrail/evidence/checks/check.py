"""The result of a check: whether it holds, what is wrong in words without values, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from caretrail.plain import as_json

MOST = 20
"""Findings of one check that are named; beyond, they are counted."""


class CheckState(StrEnum):
    """Whether a check holds, found something wrong, or could not be made here."""

    OK = "ok"
    WRONG = "wrong"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `found` says what is wrong or why it could not be made, `hint` what to do about it."""

    name: str
    state: CheckState
    found: tuple[str, ...] = ()
    hint: str = ""
    about: str = ""
    """What was compared, in a few words."""

    def as_json(self) -> dict[str, object]:
        """The check as JSON."""
        return dict(as_json(self))


def checked(name: str, about: str, wrong: Iterable[str], hint: str) -> Check:
    """The result of a check that could be made."""
    found = tuple(wrong)
    if not found:
        return Check(name, CheckState.OK, about=about)
    more = (f"and {len(found) - MOST} more",) if len(found) > MOST else ()
    return Check(name, CheckState.WRONG, found[:MOST] + more, hint, about)


def unchecked(name: str, about: str, why: str, hint: str) -> Check:
    """The result of a check that could not be made."""
    return Check(name, CheckState.UNCHECKED, (why,), hint, about)


def all_hold(checks: Sequence[Check]) -> bool:
    """Whether nothing wrong was found; what could not be checked is not counted."""
    return all(check.state is not CheckState.WRONG for check in checks)
