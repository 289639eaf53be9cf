"""An operator's confirmation of the clock that stamps: an event of the store, which the rules of clocks let through."""

from __future__ import annotations

from datetime import UTC

from caretrail.commands.own_rows import own_row
from caretrail.errors import CommandReused, InvalidEvent, VersionConflict
from caretrail.events import ClockConfirmed, Person
from caretrail.log.clock import ConfirmationRefused, confirmation_id, require_near
from caretrail.log.own_events import own_events
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent

ATTEMPTS = 20


def confirm_clock(recorder: EventRecorder, actor: Person, *, behind: bool) -> RecordedEvent:
    """Record that the clock that stamps is right; the clock of whoever opened the store must say the same.

    With `behind` it is one that is behind the log. Raises ConfirmationRefused, ClocksDiffer or another StoreError.
    """
    if not recorder.may_import(actor.role):
        raise ConfirmationRefused.of_no_operator()
    for _ in range(ATTEMPTS):
        event, about = _confirmation(recorder, actor, behind=behind)
        version = len(own_events(recorder)) + 1
        try:
            return recorder.append([own_row(recorder.namespace, version, event, about)])[0]
        except (VersionConflict, CommandReused):  # something else of the store was recorded meanwhile
            continue
    raise InvalidEvent("others keep recording events of the store", "try again")


def _confirmation(recorder: EventRecorder, actor: Person, *, behind: bool) -> tuple[ClockConfirmed, str]:
    own = recorder.clock()
    state, reading = recorder.clock_state()
    if state == "unchecked":
        raise ConfirmationRefused("a demo store takes any clock: there is nothing to confirm")
    require_near(recorder.store, own, reading.now)
    if state not in ("ahead", "behind"):
        raise ConfirmationRefused("the clock needs no confirmation", "see 'caretrail clock'")
    if behind != (state == "behind"):
        hint = "caretrail clock confirm" + (" --behind" if state == "behind" else "")
        raise ConfirmationRefused(f"the clock is {state}", f"if it is right, run '{hint}'")
    newest = reading.stamps.newest if behind else reading.stamps.newest_event
    return ClockConfirmed(
        occurred_on=reading.now.astimezone(UTC).date(), actor=actor, state=state,
        clock=reading.now, operator_clock=own, newest=newest,
    ), confirmation_id(state, reading)  # fmt: skip  # one event, and what it is about
