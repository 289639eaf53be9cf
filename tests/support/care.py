"""A store under test with the read models beside the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.events import Event
from caretrail.log import EventRecorder
from caretrail.reading.gate import unrecorded
from caretrail.readmodel.schema import create_tables
from tests.support.reading import ShortReader, short_reader

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


class Care:
    """A store under test: record events, then ask."""

    def __init__(self, recorder: EventRecorder, now: datetime = NOW) -> None:
        self.recorder = recorder
        self.now = now
        self.commands = Commands(recorder, lambda: self.now)
        create_tables(recorder.database)

    def record(self, events: Sequence[Event], *, imported: bool = True) -> list[Receipt]:
        """Record events; a refusal fails the test."""
        outcomes = self.commands.append_each(events, imported=imported)
        receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        assert len(receipts) == len(events), [o for o in outcomes if not isinstance(o, Receipt)]
        return receipts

    @property
    def reader(self) -> ShortReader:
        """A reader at this instant."""
        return short_reader(self.recorder, self.now, unrecorded)

    @property
    def onlooker(self) -> ShortReader:
        """A reader that writes nothing."""
        return short_reader(self.recorder, self.now, unrecorded, write=False)
