"""How long the rules take over one episode, and how that grows with its events."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import date, timedelta

from caretrail.episode.history import Effective, effective_history
from caretrail.findings.judge import judge
from caretrail.policy import Policy, load_policy
from tests.bench.place import Place, say
from tests.findings.test_example import entries_up_to
from tests.findings.text_history import history_of

POLICY = "ne-medicaid-2.1-adult"
SIZES = (60, 600, 6_000)
MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4
SIGNED = "signed by c-ortiz, c-lee, cl-7f3a"


def chart(size: int) -> list[Effective]:
    """A plain episode of so many events: three groups a week, a review and a determination every 29 days."""
    day = reviewed = date(2006, 1, 2)
    lines = ["2006-01-01 assessed", f"{day} admitted", f"{day} plan 1 {SIGNED}"]
    while len(lines) < size:
        if day.weekday() in (MONDAY, WEDNESDAY, FRIDAY):
            lines.append(f"{day} session group 09:00 180")
        if (day - reviewed).days == 29:
            lines += [f"{day} review of 1 {SIGNED}", f"{day} determined continue C1 signed by c-ortiz"]
            reviewed = day
        day += timedelta(days=1)
    return history_of("\n".join(lines[:size]))


def seconds(history: Sequence[Effective], policy: Policy, rounds: int) -> tuple[float, float]:
    """The median and the least time of judging a history once, from the sorted events to findings and eligibility."""
    times: list[float] = []
    repeat = max(20, 60_000 // len(history))
    for _ in range(rounds):
        for _ in range(repeat // rounds):
            began = time.perf_counter()
            judge(history, policy)
            times.append(time.perf_counter() - began)
    return statistics.median(times), min(times)


def report(place: Place) -> list[str]:
    """The figures as Markdown."""
    policy = load_policy(POLICY)
    on = len(policy.versions[0].judged)
    lines = [
        "",
        "## Findings",
        "",
        f"One episode judged by all {on} rules that are on, in memory: from its events in clinical order to every",
        "finding and the eligibility for its whole time.",
        "",
        "| episode | events | median µs | least µs | median µs an event | findings |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    charts: dict[str, Sequence[Effective]] = {"the example episode": effective_history(entries_up_to())}
    charts |= {"three groups a week": chart(SIZES[0])}
    charts |= {f"the same, {size:,} events": chart(size) for size in SIZES[1:]}
    for name, history in charts.items():
        say(f"findings: {name}")
        median, least = seconds(history, policy, place.rounds)
        found = len(judge(history, policy).findings)
        each = median * 1e6 / len(history)
        lines.append(
            f"| {name} | {len(history):,} | {median * 1e6:,.0f} | {least * 1e6:,.0f} | {each:.1f} | {found:,} |"
        )
    return lines
