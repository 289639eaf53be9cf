"""What goes into the worklist, and in which of its groups: decided once, when the rows are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from caretrail.projection.shapes import QUIET_VERDICTS, Flag

NOWHERE, NOW, SOON, CHECK, QUIET = 0, 1, 2, 3, 4
"""Not in the worklist; overdue or due today; due this week, or owed; records to check; only shown with --all."""

POINTS = frozenset({"weekly_hours", "weekly_days", "group_size", "review_gaps"})
"""Checks of what is over and cannot be cured: they live in the findings, not in the worklist."""

ATTENDED_SHORT = "attended_short"
_WEEK = timedelta(days=7)


def with_work(flags: Sequence[Flag], checks: Mapping[str, str]) -> tuple[Flag, ...]:
    """Put each flag of an episode into its group; `checks` says which check judges each rule."""
    short_weeks = {flag.start for flag in flags if flag.cause == ATTENDED_SHORT and not flag.quiet}
    return tuple(flag._replace(work=_group(flag, checks.get(flag.rule, ""), short_weeks)) for flag in flags)


def _group(flag: Flag, check: str, short_weeks: set[date]) -> int:
    group = _loud_group(flag, check, short_weeks)
    return QUIET if group and flag.quiet else group


def _loud_group(flag: Flag, check: str, short_weeks: set[date]) -> int:
    if flag.verdict in QUIET_VERDICTS or flag.verdict == "not_met":
        return NOWHERE
    if flag.cause == ATTENDED_SHORT:
        # one short week says little; the prompt of the week before began seven days earlier
        return SOON if flag.start - _WEEK in short_weeks else QUIET
    if flag.verdict == "unknown":
        return CHECK
    if check in POINTS or flag.verdict == "info":
        return NOWHERE
    if check == "assessment_before_treatment" or flag.verdict in ("overdue", "due_today"):
        return NOW
    return SOON
