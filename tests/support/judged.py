"""Findings and eligibility of a history, asked one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from caretrail.episode.history import Effective
from caretrail.findings import Eligibility, Finding
from caretrail.findings.judge import judge
from caretrail.policy import Pack, Policy


def findings(history: Sequence[Effective], policy: Policy | Pack | None) -> list[Finding]:
    return judge(history, policy).findings


def eligibility(history: Sequence[Effective], policy: Policy | Pack | None) -> list[Eligibility]:
    return judge(history, policy).eligibility


def eligibility_on(history: Sequence[Effective], policy: Policy | Pack | None, day: date) -> Eligibility:
    for answer in eligibility(history, policy):
        if answer.start <= day and (answer.until is None or day < answer.until):
            return answer
    return Eligibility(day, None, "not_applicable", reasons=("not admitted",))


def held_on(found: Iterable[Finding], day: date) -> list[Finding]:
    return [finding for finding in found if finding.holds(day)]
