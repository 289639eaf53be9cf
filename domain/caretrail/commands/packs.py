"""Which packs judge is part of the record: the first use of a pack's content is an event of the store.

It is recorded before the event that uses it, by whoever records that, so answers about any time can judge by the packs
known then. A content is recorded once; the newest one recorded is the one that judges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime

from caretrail.commands.own_rows import PendingOwnEvent, append_own
from caretrail.errors import PackInvalid, PackUnknown
from caretrail.events import PackRecorded, Person
from caretrail.log.own_events import OwnEvent, packs_in
from caretrail.log.recorder import EventRecorder
from caretrail.policy import load_policy, pack_source

Installed = Callable[[str], Mapping[str, bytes]]
"""The contents of all packs of a policy, by name, oldest first. Raises PackUnknown or PackInvalid."""

SYSTEM = Person(id="caretrail", role="service")
"""Who states what a store records of itself."""


def installed(policy: str) -> Mapping[str, bytes]:
    """The packs of a policy as installed on this machine. Raises PackUnknown or PackInvalid."""
    return {pack.name: pack_source(pack.name) for pack in load_policy(policy).versions}


class PackRecords:
    """Records the contents of packs as they are first used; remembers what this process has seen recorded."""

    def __init__(self, recorder: EventRecorder, contents: Installed) -> None:
        self._recorder = recorder
        self._contents = contents
        self._recorded: dict[str, Mapping[str, bytes]] = {}
        self._connections = 0

    def record(self, policies: Iterable[str], now: datetime) -> None:
        """Record the contents of policies, by the names that admissions give, unless the store has them.

        Raises StoreError. What is not installed, or cannot be used, judges nothing here and is not recorded.
        """
        if self._connections != self._recorder.database.replaced:  # another server may lead, without the last events
            self._connections = self._recorder.database.replaced
            self._recorded.clear()
        for policy in policies:
            with suppress(PackUnknown, PackInvalid):
                contents = self._contents(policy)
                if contents != self._recorded.get(policy):
                    self._record(contents, now)
                    self._recorded[policy] = contents

    def _record(self, contents: Mapping[str, bytes], now: datetime) -> None:
        asked = {(name, hashlib.sha256(content).hexdigest()): content for name, content in contents.items()}
        day = now.astimezone(UTC).date()

        def decide(events: Sequence[OwnEvent]) -> list[PendingOwnEvent]:
            known = {(one.name, one.sha256) for one in packs_in(events)}
            return [_recorded(*key, content, day) for key, content in asked.items() if key not in known]

        append_own(self._recorder, decide)


def _recorded(name: str, digest: str, content: bytes, day: date) -> PendingOwnEvent:
    event = PackRecorded(occurred_on=day, actor=SYSTEM, name=name, sha256=digest, content=content.decode())
    return PendingOwnEvent(event, f"{name} {digest}")
