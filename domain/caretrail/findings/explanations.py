"""Explanations: they quiet a finding from the day they were given, and never delete it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from caretrail.episode.history import Effective
from caretrail.events import Explained
from caretrail.findings.finding import QUIET_VERDICTS, Finding

NEVER_QUIETED = QUIET_VERDICTS | {"not_met"}
"""Verdicts that no explanation quiets: they ask for no action."""


def quieted(found: Sequence[Finding], explanations: Iterable[Effective[Explained]]) -> list[Finding]:
    """Mark what is explained as quiet, cutting each finding on the day from which it is.

    An explanation names a rule (with or without the prefix of its pack) and a day on which the finding was up. It
    quiets that finding and what it turns into without a break (due today, then overdue), from the later of the day it
    was given and the day it names. A duty missed when a stay ended is no work to quiet: it stays as it is.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in found:
        by_rule.setdefault(finding.rule, []).append(finding)
    for item in explanations:
        for rule in by_rule:
            if names_rule(rule, item.event.rule):
                by_rule[rule] = _quieted_by(by_rule[rule], item.event)
    return [finding for findings in by_rule.values() for finding in findings]


def names_rule(rule: str, name: str) -> bool:
    """Whether a name, with or without the prefix of the pack, names a rule."""
    return name in (rule, rule.partition("-")[2])


def _quieted_by(found: list[Finding], event: Explained) -> list[Finding]:
    """Apply one explanation to the findings of its rule."""
    since = max(event.on, event.occurred_on)
    # from each finding that was up, follow the same matter as long as it goes on without a break
    reach = {_matter(item): item.until for item in found if item.verdict not in NEVER_QUIETED and item.holds(event.on)}
    if not reach:
        return found
    meant: set[Finding] = set()
    for finding in sorted(found, key=lambda item: item.start):
        matter = _matter(finding)
        if finding.verdict in NEVER_QUIETED or matter not in reach:
            continue
        end = reach[matter]
        if finding.holds(event.on) or finding.start == end:
            reach[matter] = finding.until
            meant.add(finding)
    return [interval for finding in found for interval in (_cut(finding, since) if finding in meant else [finding])]


def _matter(finding: Finding) -> tuple[str, date | None, str]:
    """Identify the matter of a finding: its subject and due day.

    Without a due day the cause tells two problems of one subject apart.
    """
    return finding.subject, finding.due_on, "" if finding.due_on else finding.cause


def _cut(finding: Finding, since: date) -> list[Finding]:
    if finding.quiet or (finding.until is not None and finding.until <= since):
        return [finding]
    if finding.start >= since:
        return [finding._replace(quiet=True)]
    return [finding._replace(until=since), finding._replace(start=since, quiet=True)]
