"""Histories as a log has them: each event recorded some time after it happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective
from caretrail.events import Signed


def recorded_after(history: Sequence[Effective], delays: Sequence[int]) -> list[Entry]:
    """The events of a history, as they count, each recorded some days after it happened, or after the one before."""
    numbers = {item.version: number for number, item in enumerate(sorted(history, key=_version), 1)}
    entries: list[Entry] = []
    newest = datetime.min.replace(tzinfo=UTC)
    for item in sorted(history, key=_version):
        number = numbers[item.version]
        event = item.event
        if isinstance(event, Signed):
            event = event.model_copy(update={"target": numbers[event.target]})
        on = item.day + timedelta(days=delays[number % len(delays)])
        newest = max(newest + timedelta(microseconds=1), datetime.combine(on, time(18), UTC))
        entries.append(Entry(number, number, event, newest, "tests"))
    return entries


def _version(item: Effective) -> int:
    return item.version
