"""Amendments of one episode: which events are voided, corrected or added to, and the content of a corrected event."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from pydantic import ValidationError

from caretrail.episode.entry import Entry
from caretrail.errors import InvalidEvent
from caretrail.events import Addendum, Corrected, Event, PlanSigned, Signed, SignedEvent, Voided
from caretrail.events.parsing import invalid_event

ENVELOPE_FIXED = frozenset(
    {"type", "episode", "actor", "command_id", "source", "expected_version", "entered_at", "late_reason", "target"}
)
"""Fields that a correction cannot change: author, episode, sending and target."""


@dataclass(slots=True)
class Amendments:
    """Which event acts on which in one episode: computed once, for the timeline and the effective history."""

    voided_by: dict[int, int] = field(default_factory=dict[int, int])
    """version → version of the effective void that strikes it (or its document)."""
    corrections: dict[int, list[Entry[Corrected]]] = field(default_factory=dict[int, list[Entry[Corrected]]])
    """version of an original → effective corrections, oldest first."""
    addenda: dict[int, list[Entry[Addendum]]] = field(default_factory=dict[int, list[Entry[Addendum]]])


def amendments(entries: Sequence[Entry]) -> Amendments:
    """Work out which events are struck, corrected or added to.

    A target is always an earlier version, so reading from the newest to the oldest meets each void before its
    target: a void that is itself struck does nothing.
    """
    found = Amendments()
    # by identity: asking pydantic models `issubclass` is slow
    acting = [entry for entry in entries if entry.traits.amends or entry.kind is Signed]
    voided = found.voided_by
    for entry in reversed(acting):
        if isinstance(entry.event, Voided) and entry.version not in voided:
            voided.setdefault(entry.event.target, entry.version)
    for entry in acting:
        event = entry.event
        # a document that is struck takes its later signatures and addenda with it
        if isinstance(event, Signed | Addendum) and event.target in voided and entry.version not in voided:
            voided[entry.version] = voided[event.target]
        if entry.version in voided:
            continue
        if isinstance(event, Corrected):
            found.corrections.setdefault(event.target, []).append(cast("Entry[Corrected]", entry))
        elif isinstance(event, Addendum):
            found.addenda.setdefault(event.target, []).append(cast("Entry[Addendum]", entry))
    return found


def corrected_event(event: Event, corrections: Iterable[Corrected]) -> Event:
    """Apply corrections in the order of their recording: the latest wins per top-level field, null clears a field.

    Raises InvalidEvent when a field cannot be corrected or the outcome is not a valid event.
    """
    values = {name: value for correction in corrections for name, value in correction.values.items()}
    fixed = ENVELOPE_FIXED & values.keys()
    if fixed:
        hint = "void the event with reason entered_in_error and record it again"
        raise InvalidEvent(f"values: {', '.join(sorted(fixed))} cannot be corrected", hint)
    payload = event.model_dump(mode="json", by_alias=True, exclude_none=True) | values
    try:
        return type(event).model_validate_json(json.dumps({k: v for k, v in payload.items() if v is not None}))
    except ValidationError as error:
        raise invalid_event(error) from None


def signed_as(event: Event, numbers: Collection[str], client: str) -> Event:
    """The event with the client's own signatures under the number `client` instead of one of `numbers`.

    Where the client signed one document under both, both signatures stay as given.
    """
    if not isinstance(event, SignedEvent):
        return event
    own = {one.signer for one in event.signatures if one.role == "client" and one.signer in numbers}
    changed: dict[str, object] = {}
    if own and all(one.signer != client for one in event.signatures):
        changed["signatures"] = tuple(
            one.model_copy(update={"signer": client}) if one.signer in own else one for one in event.signatures
        )
    if isinstance(event, PlanSigned) and not set(event.required_signers or ()).isdisjoint(numbers):
        required = dict.fromkeys(client if one in numbers else one for one in event.required_signers or ())
        changed["required_signers"] = tuple(required)
    return event.model_copy(update=changed) if changed else event


# --- when it happened, and how late it came -----------------------------------------------------------------------


def happened_on(entry: Entry, acting: Amendments) -> date:
    """The day on which an event happened, as corrected, be it struck or not."""
    values = (by.event.values for by in acting.corrections.get(entry.version, ()))
    days = [value["occurred_on"] for value in values if "occurred_on" in value]
    return date.fromisoformat(str(days[-1])) if days else entry.event.occurred_on
