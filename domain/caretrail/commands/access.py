"""The access log: each access is recorded before anything is shown, or nothing is shown.

Reads must start fast, so the payload is written here without the models of the events; a test compares the two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, NamedTuple, get_args
from uuid import uuid4

from caretrail.errors import (
    AccessNotRecorded,
    InvalidEvent,
    NotTold,
    Refused,
    StoreError,
    StoreForeign,
    StoreReadOnly,
)
from caretrail.log.leaf import leaf_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import PendingAccess, StoodOn, new_salt
from caretrail.tokens import ID_PATTERN, PersonRole, Purpose

PURPOSES: Final = get_args(Purpose)
ROLES: Final = get_args(PersonRole)

MOST_EPISODES: Final = 2000
"""Case numbers in one event: 2,000 of 64 characters stay far below the largest payload; more make several events."""

_ID: Final = re.compile(ID_PATTERN)
_CREDENTIAL: Final = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_NOT_ID: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_REASON: Final = 4000


class Actor(NamedTuple):
    """A person who accesses a record, as claimed."""

    id: str
    role: str
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class AccessContext:
    """Person, command and purpose of an access. A `reason` breaks the glass: the purpose is then emergency.

    Raises InvalidEvent for values that could not be recorded; its message repeats none of them.
    """

    command: str
    actor: Actor | None = None
    purpose: str = "treatment"
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.actor is not None:
            _check_actor(self.actor)
        if self.reason is not None:
            _check_reason(self.reason)
            object.__setattr__(self, "purpose", "emergency")
        elif self.purpose == "emergency":
            raise InvalidEvent("an emergency needs its reason", "give it with --break-glass REASON")
        if self.purpose not in PURPOSES:
            raise InvalidEvent(f"purpose: must be one of {', '.join(PURPOSES)}")

    def using(self, command: str) -> AccessContext:
        """The same person and purpose, with another command."""
        return replace(self, command=command)


def _check_actor(actor: Actor) -> None:
    if not _ID.fullmatch(actor.id):
        raise InvalidEvent("actor.id: not in the required format", "use 1 to 64 of A-Z a-z 0-9 . _ -")
    if actor.role not in ROLES:
        raise InvalidEvent(f"actor.role: must be one of {', '.join(ROLES)}")
    if actor.credential is not None and not _CREDENTIAL.fullmatch(actor.credential):
        raise InvalidEvent("actor.credential: must be 1 to 60 characters, and none of them a control character")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidEvent("--break-glass needs a reason", "give it in a few words")
    unicode = reason.encode(errors="ignore").decode() == reason
    if not unicode or len(reason) > _LONGEST_REASON or "\0" in reason:
        raise InvalidEvent(f"the reason must be valid Unicode of at most {_LONGEST_REASON} characters")


def payload(context: AccessContext, account: str, day: date, stood_on: StoodOn, **shown: object) -> bytes:
    """The JSON of one `accessed` event; without a claimed actor its actor is the account, spelled as an id."""
    actor = context.actor or Actor(_NOT_ID.sub("_", account)[:64] or "_", "other")
    fields: dict[str, Any] = {
        "occurred_on": day.isoformat(),
        "actor": _stated(actor._asdict()),
        "type": "accessed",
        "command": context.command,
        "purpose": context.purpose,
        "episodes": (),
        "found": 0,
        "attempted": (),
        "whole_log": None,
        "after": None,
        "stood_on": _stated(stood_on._asdict() | {"as_of": [day.isoformat() for day in stood_on.as_of]}),
        "reason": context.reason,
        "disclosure": None,
    } | shown
    return json.dumps(_stated(fields), ensure_ascii=False, separators=(",", ":")).encode()


def _stated(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


class AccessLog:
    """Records the accesses of one person: call it with the case numbers an answer shows, before showing it.

    `today` returns the day in UTC. Where the store takes writes from nobody, as on a standby, the access goes to the
    recorder that `primary` returns, which must have the same log. Raises AccessNotRecorded: then show nothing.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        context: AccessContext,
        today: Callable[[], date],
        primary: Callable[[], EventRecorder | None] = lambda: None,
    ) -> None:
        self._recorder = recorder
        self.context = context
        self._today = today
        self._primary = primary

    def __call__(self, episodes: Sequence[str], stood_on: StoodOn | None = None) -> None:
        """Record that these episodes are about to be shown; without episodes, record nothing.

        What the answer `stood_on` is the newest event, if nothing is said.
        """
        if episodes:
            self._record(*self._parts(episodes), stood_on=stood_on)

    def attempt(self, numbers: Sequence[str]) -> None:
        """Record that somebody asked for episodes or clients by numbers that nothing has; what is no number is none."""
        asked = sorted({number for number in numbers if _ID.fullmatch(number)})[:MOST_EPISODES]
        if asked:
            self._record({"attempted": asked})

    def whole_log(self, after: int) -> None:
        """Record that every event after a position is about to be shown."""
        self._record({"whole_log": True, "after": after})

    def disclose(self, episodes: Sequence[str], disclosure: Mapping[str, object]) -> None:
        """Record that these episodes are about to be handed out; `disclosure` is the JSON of the event."""
        from caretrail.events.parsing import disclosure_from  # here only: a read must start without the models

        stated = disclosure_from(disclosure).model_dump(mode="json", exclude_none=True)
        self._record(*({**part, "disclosure": stated} for part in self._parts(episodes)))

    def _parts(self, episodes: Sequence[str]) -> list[dict[str, object]]:
        numbers = sorted(set(episodes))
        return [
            {"episodes": numbers[start : start + MOST_EPISODES], "found": len(numbers)}
            for start in range(0, len(numbers), MOST_EPISODES)
        ]

    def _record(self, *shown: Mapping[str, object], stood_on: StoodOn | None = None) -> None:
        read_only = False
        try:
            stood_on = stood_on or StoodOn(self._recorder.max_position())
            try:
                self._write(self._recorder, shown, stood_on)
            except StoreReadOnly as error:
                read_only = self._recorder.database.is_read_only()
                if not read_only:
                    raise _only_for_us(error) from None
                self._write(self._required_primary(error), shown, stood_on)
        except StoreError as error:
            raise AccessNotRecorded(error, read_only=read_only) from None

    def _required_primary(self, cause: StoreReadOnly) -> EventRecorder:
        primary = self._primary()
        if primary is None:
            hint = "name the store that takes writes: CARETRAIL_ACCESS_DB, or 'caretrail --access-db URL'"
            raise StoreReadOnly(cause.message, hint)
        if primary.namespace != self._recorder.namespace or not self._has_our_log(primary):
            hint = "let --access-db name the store that this one follows, or is a copy of"
            raise StoreForeign(f"{primary.store} is another store", hint)
        return primary

    def _has_our_log(self, primary: EventRecorder) -> bool:
        """Whether the other store has our newest event, with our leaf: so it is ahead of us, and has not gone astray.

        A leaf holds the salt and the time of its event, so a log that was made again has others.
        """
        newest = self._recorder.max_position()
        if newest == 0:
            return True
        [ours], theirs = (one.read_columns(newest - 1, 1) for one in (self._recorder, primary))
        return [leaf_of(ours)] == [leaf_of(row) for row in theirs]

    def _write(self, recorder: EventRecorder, shown: Sequence[Mapping[str, object]], stood_on: StoodOn) -> None:
        payloads = (payload(self.context, recorder.account, self._today(), stood_on, **part) for part in shown)
        recorder.record_access([PendingAccess(content, uuid4().hex, new_salt()) for content in payloads])


def worded(refusal: Refused, access: Callable[[Sequence[str]], None]) -> Refused:
    """The refusal once the access to what it names is recorded; else one that names nothing."""
    try:
        if refusal.reveals:
            access(refusal.reveals)
    except AccessNotRecorded:
        return NotTold() if refusal.index is None else NotTold().at(refusal.index)
    return refusal


def _only_for_us(cause: StoreReadOnly) -> StoreReadOnly:
    """The error for a store that others can write: no other may take its accesses."""
    message = f"{cause.message}, but only for this login, session or path: its accesses belong there"
    return StoreReadOnly(
        message, "leave out default_transaction_read_only; on SQLite, give the user the right to write the file"
    )
