"""Explanations: they mark a finding from the day they were given, and may quiet it; they never delete it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from caretrail.days import FOREVER, ONE_DAY, next_day
from caretrail.episode.history import Effective
from caretrail.events import Explained
from caretrail.findings.finding import QUIET_VERDICTS, RANK, RUN, Finding
from caretrail.policy import Policy
from caretrail.policy.rules.plan import ReviewDue
from caretrail.policy.rules.stay import ContinuedStay

ASKS_NOTHING = QUIET_VERDICTS | {"not_met"}
"""Verdicts that ask for no action: there is nothing to explain away."""

WEEK = timedelta(days=7)
_WEEK = re.compile(r"week of \d{4}-\d\d-\d\d")


def explained(found: Sequence[Finding], explanations: Iterable[Effective[Explained]], policy: Policy) -> list[Finding]:
    """Mark what is explained, cutting each finding on the day from which it is.

    An explanation names a rule (with or without the prefix of its pack) and a day on which the finding was up; for a
    week, any day of it or the day after. It marks that finding and what it turns into without a break, from the later
    of the day it was given and the day it names, until it gets worse (a higher verdict, or more events against it) or
    the day it names as its end, no later than the next review due. What is marked is quiet, too, unless it is a
    deadline or about eligibility: those stay on the list.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in found:
        by_rule.setdefault(finding.rule, []).append(finding)
    for item in explanations:
        ends = _ends_on(found, item.event, policy)
        for rule in by_rule:
            if names_rule(rule, item.event.rule):
                by_rule[rule] = _marked(by_rule[rule], item.event, ends, policy)
    return [finding for findings in by_rule.values() for finding in findings]


def names_rule(rule: str, name: str) -> bool:
    """Whether a name, with or without the prefix of the pack, names a rule."""
    return name in (rule, rule.partition("-")[2])


def _ends_on(found: Iterable[Finding], event: Explained, policy: Policy) -> date:
    """The last day of an explanation: as it says, but no later than the review due next on the day it was given."""
    if event.until is None:
        return FOREVER
    reviews = {rule.id for pack in policy.versions if (rule := pack.rule(ReviewDue)) is not None}
    due = (one.due_on for one in found if one.rule in reviews and one.holds(event.occurred_on) and one.due_on)
    return min([event.until, *(day for day in due if day >= event.occurred_on)])


def _marked(found: list[Finding], event: Explained, ends: date, policy: Policy) -> list[Finding]:
    """Apply one explanation to the findings of its rule."""
    since = max(event.on, event.occurred_on)
    named = _named([item for item in found if item.verdict not in ASKS_NOTHING], event)
    if not named:
        return found
    if event.until is None:
        ends = min([ends, *(_last_told(item, event.on) for item in named if item.subject.endswith(RUN))])
    # from each finding that was up, follow the same matter as long as it goes on without a break and gets no worse
    reach = {_matter(item): item for item in named}
    meant: set[Finding] = set(named)
    for finding in sorted(found, key=lambda item: item.start):
        before = reach.get(_matter(finding))
        if before is None or finding.start != before.until or finding.verdict in ASKS_NOTHING:
            continue
        if RANK[finding.verdict] <= RANK[before.verdict] and len(finding.evidence) <= len(before.evidence):
            reach[_matter(finding)] = finding
            meant.add(finding)
    return [part for item in found for part in (_cut(item, since, ends, policy) if item in meant else [item])]


def _named(found: Sequence[Finding], event: Explained) -> list[Finding]:
    """The findings that an explanation means: the week it names a day of, or else those up on that day.

    The first day of a week is also the day after the week before, and means that one if there is something to explain.
    A word given before its week is judged cannot wait for that: it means the week, if something comes of it, and what
    is up until then. A schedule that can never suffice stays as loud as it was, unless the word says until when: no
    word on one week is about it.
    """
    day, since = event.on, max(event.on, event.occurred_on)
    weeks = [(item, item.ruling.anchor) for item in found if _WEEK.fullmatch(item.subject) and item.ruling.anchor]
    week_before = [item for item, first in weeks if first + WEEK == day]
    if week_before:
        return week_before
    within = [(item, first) for item, first in weeks if first <= day < first + WEEK]
    if within and all(first + WEEK <= since for _, first in within):
        return [item for item, _ in within]
    up = [item for item in found if item.holds(day) and not item.subject.startswith("week of")]
    runs = [item for item in found if item.holds(day) and item.subject.endswith(RUN)]
    lasting = [item for item in up if event.until is not None or not item.subject.startswith("schedule of")]
    return [*(item for item, _ in within), *(runs or lasting)]


def _last_told(run: Finding, day: date) -> date:
    """The last day on which a run of weeks without sessions is told for the week of a day: then the next is judged."""
    first = run.ruling.anchor or run.start
    return first + (day - first) // WEEK * WEEK + 2 * WEEK - ONE_DAY


def _matter(finding: Finding) -> tuple[str, date | None, str]:
    """Identify the matter of a finding: its subject and due day.

    Without a due day the cause tells two problems of one subject apart.
    """
    return finding.subject, finding.due_on, "" if finding.due_on else finding.cause


def _cut(finding: Finding, since: date, ends: date, policy: Policy) -> list[Finding]:
    """The finding, marked from `since` through `ends`."""
    first, last = max(finding.start, since), min(finding.end, next_day(ends))
    if finding.explained or first >= last:
        return [finding]
    parts = [finding._replace(until=first)] if first > finding.start else []
    until = None if last == FOREVER else last
    quiet = finding.quiet or _may_quiet(finding, policy)
    parts.append(finding._replace(start=first, until=until, explained=True, quiet=quiet))
    if last < finding.end:
        parts.append(finding._replace(start=last))
    return parts


def _may_quiet(finding: Finding, policy: Policy) -> bool:
    """Whether an explanation takes a finding off the list: never a deadline, nor a doubt about one, nor eligibility."""
    if finding.due_on is not None or finding.ruling.doubt is not None:
        return False
    rule = next((pack.rules[finding.rule] for pack in policy.versions if finding.rule in pack.rules), None)
    return rule is None or not (rule.deadline or isinstance(rule, ContinuedStay))
