"""Explanations: they quiet a finding from the day they were given, and never delete it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from caretrail.episode.history import Effective
from caretrail.facts import Explained
from caretrail.findings.finding import QUIET_VERDICTS, Finding


def quieted(found: Sequence[Finding], explanations: Iterable[Effective]) -> list[Finding]:
    """Mark what is explained as quiet, cutting each finding on the day from which it is.

    An explanation names a rule (with or without the prefix of its pack) and a day on which the finding was up. It
    quiets that finding and what it turns into without a break (due today, then overdue), from the later of the day it
    was given and the day it names: before both, nobody could know it.
    """
    result = list(found)
    for item in explanations:
        if isinstance(item.fact, Explained):
            result = _quieted_by(result, item.fact)
    return result


def names_rule(rule: str, name: str) -> bool:
    """Whether a rule is meant by a name that may leave out the prefix of the pack."""
    return name in (rule, rule.partition("-")[2])


def _quieted_by(found: list[Finding], fact: Explained) -> list[Finding]:
    since = max(fact.on, fact.occurred_on)
    meant = [
        finding
        for finding in found
        if finding.verdict not in QUIET_VERDICTS and names_rule(finding.rule, fact.rule) and finding.holds(fact.on)
    ]
    if not meant:
        return found
    runs = [(finding, _end_of_run(found, finding)) for finding in meant]
    result: list[Finding] = []
    for finding in found:
        if any(_same(finding, first) and _within(finding, first, end) for first, end in runs):
            result.extend(_cut(finding, since))
        else:
            result.append(finding)
    return result


def _same(one: Finding, other: Finding) -> bool:
    """Whether two findings are the same matter: same rule and subject, still due on the same day."""
    return one.rule == other.rule and one.subject == other.subject and one.due_on == other.due_on


def _end_of_run(found: Iterable[Finding], first: Finding) -> date | None:
    """Until when a matter goes on without a break."""
    end = first.until
    for finding in sorted(found, key=lambda item: item.start):
        if end is not None and finding.start == end and _same(finding, first):
            end = finding.until if finding.verdict not in QUIET_VERDICTS else end
    return end


def _within(finding: Finding, first: Finding, end: date | None) -> bool:
    if finding.verdict in QUIET_VERDICTS or finding.start < first.start:
        return False
    return end is None or finding.start < end


def _cut(finding: Finding, since: date) -> list[Finding]:
    if finding.quiet or (finding.until is not None and finding.until <= since):
        return [finding]
    if finding.start >= since:
        return [finding._replace(quiet=True)]
    return [finding._replace(until=since), finding._replace(start=since, quiet=True)]
