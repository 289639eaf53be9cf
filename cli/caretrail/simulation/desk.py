"""The desk at which forms arrive: some the same day, some days later; they leave it in the order of their instants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import NamedTuple

from caretrail.simulation.charts import Mark, Stream
from caretrail.simulation.forms import Form
from caretrail.simulation.programs import Program, midnight

SOURCE = "simulated-ehr"
IMPORT_SOURCE = "paper-charts"
"""Source of what was on paper until a program began to use Caretrail: record it as `imported`."""


class Arrival(NamedTuple):
    """An event as it reaches the store."""

    at: int
    """Seconds since 1970 UTC; the next one is never earlier."""
    stream: str
    """Its case number; of an attestation its program."""
    version: int
    """Its number in its episode, or among its program's own events."""
    kind: str
    payload: str
    """Its JSON as it is stored: without `command_id` and `source`."""
    imported: bool

    @property
    def instant(self) -> datetime:
        """The instant at which it is recorded."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def command_id(self) -> str:
        """Its idempotency key."""
        return f"{self.stream}/{self.version}"

    @property
    def source(self) -> str:
        """The system that sends it."""
        return IMPORT_SOURCE if self.imported else SOURCE

    def sent(self) -> str:
        """Its JSON as `append` takes it."""
        return f'{{"command_id":"{self.command_id}","source":"{self.source}",{self.payload[1:]}'

    def line(self) -> str:
        """The same with the time at which it is recorded, as a line of a file."""
        stated = datetime.fromtimestamp(self.at, UTC).isoformat()[:19]
        sending = f'"command_id":"{self.command_id}","source":"{self.source}","entered_at":"{stated}Z"'
        return f"{{{sending},{self.payload[1:]}\n"


Filed = tuple[int, int, Stream, Form, Mark | None, Mark | None, bool]
"""When, its number among all, where, what, the mark it sets, the mark of what it is about, and whether imported."""


_by_instant = itemgetter(0, 1)


class Desk:
    """Keeps what will be recorded on later days, up to the last one."""

    def __init__(self, last: date) -> None:
        self._last = last
        self._days: dict[date, list[Filed]] = {}
        self._count = 0

    def put(
        self,
        program: Program,
        stream: Stream,
        form: Form,
        on: date,
        second: int,
        mark: Mark | None = None,
        about: Mark | None = None,
    ) -> None:
        """Enter a form on a local day, so many seconds after its midnight; an import waits until the program is live.

        `mark` will hold its version; `about` is the mark of the earlier event that it acts on.
        """
        at = midnight(on, program.zone) + second
        live = program.live_from
        if imported := live is not None and at < live:
            at = live or 0
            on = datetime.fromtimestamp(at, program.zone).date()
        if on <= self._last:
            self._count += 1
            self._days.setdefault(on, []).append((at, self._count, stream, form, mark, about, imported))

    def close_all(self) -> Iterator[Arrival]:
        """Everything that was entered, day by day."""
        for day in sorted(self._days):
            yield from self.close(day)

    def close(self, day: date) -> Iterator[Arrival]:
        """What is recorded on that day, in the order of its instants; later days may still be entered."""
        filed = self._days.pop(day, [])
        filed.sort(key=_by_instant, reverse=True)
        while filed:  # what has left is not kept until the evening
            at, _, stream, form, mark, about, imported = filed.pop()
            stream.version += 1
            if mark is not None:
                mark.version = stream.version
            payload = form.payload(stream.name, None if about is None else about.version)
            yield Arrival(at, stream.name, stream.version, form.kind, payload, imported)
