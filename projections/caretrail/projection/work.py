"""What goes into the worklist, and in which of its groups: decided once, when the rows are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from caretrail.projection.shapes import QUIET_VERDICTS, Flag

NOWHERE, NOW, SOON, CHECK, QUIET = 0, 1, 2, 3, 4
"""Not in the worklist; overdue or due today; due this week, or owed; records to check; only shown with --all."""

POINTS = frozenset({"weekly_hours", "weekly_days", "group_size", "review_gaps"})
"""Checks of what is over and cannot be cured: they live in the findings, not in the worklist."""

POINT_CAUSES = frozenset({"assessment_after_treatment", "scope", "participation", "plan_version", "no_update"})
"""The same, of checks that also find what can be cured."""

ENDINGS = "ending_supported"
"""The check of how a stay ended: closed stays are no work."""

ATTENDED_SHORT = "attended_short"
_WEEK = timedelta(days=7)


def with_work(flags: Sequence[Flag], checks: Mapping[str, str]) -> tuple[Flag, ...]:
    """Put each flag of an episode into its group; `checks` says which check judges each rule."""
    short = [flag for flag in flags if flag.cause == ATTENDED_SHORT]
    explained = {flag.subject for flag in short if flag.quiet}
    weeks: dict[str, date] = {}
    for flag in short:
        if flag.subject not in explained:
            weeks[flag.subject] = min(flag.start, weeks.get(flag.subject, flag.start))
    return tuple(flag._replace(work=_group(flag, checks.get(flag.rule, ""), weeks)) for flag in flags)


def _group(flag: Flag, check: str, short_weeks: Mapping[str, date]) -> int:
    if flag.cause == ATTENDED_SHORT:
        # one short week says little: the prompt of the week before began seven days earlier
        begun = short_weeks.get(flag.subject)
        return SOON if not flag.quiet and begun and begun - _WEEK in short_weeks.values() else QUIET
    group = _loud_group(flag, check)
    return QUIET if group and flag.quiet else group


def _loud_group(flag: Flag, check: str) -> int:
    if flag.verdict in QUIET_VERDICTS or flag.verdict == "not_met" or check == ENDINGS:
        return NOWHERE
    if flag.verdict == "unknown":
        return CHECK
    if check in POINTS or flag.cause in POINT_CAUSES or flag.verdict == "info":
        return NOWHERE
    if flag.cause == "assessment_missing" or flag.verdict in ("overdue", "due_today"):
        return NOW
    return SOON
