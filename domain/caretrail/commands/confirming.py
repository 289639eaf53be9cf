"""An operator's confirmation of the clock that stamps: an event of the store, which the rules of clocks let through."""

from __future__ import annotations

from datetime import UTC

from caretrail.commands.own_rows import PendingOwnEvent, append_own
from caretrail.events import ClockConfirmed, Person
from caretrail.log.clock import ConfirmationRefused, confirmation_id, require_near
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent


def confirm_clock(recorder: EventRecorder, actor: Person, *, behind: bool) -> RecordedEvent:
    """Record that the clock that stamps is right; the clock of whoever opened the store must say the same.

    With `behind` it is one that is behind the log. Raises ConfirmationRefused, ClocksDiffer or another StoreError.
    """
    if not recorder.may_import(actor.role):
        raise ConfirmationRefused.of_no_operator()
    return append_own(recorder, lambda _: [_confirmation(recorder, actor, behind=behind)])[0]


def _confirmation(recorder: EventRecorder, actor: Person, *, behind: bool) -> PendingOwnEvent:
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
    event = ClockConfirmed(
        occurred_on=reading.now.astimezone(UTC).date(),
        actor=actor,
        state=state,
        clock=reading.now,
        operator_clock=own,
        newest=newest,
    )
    return PendingOwnEvent(event, confirmation_id(state, reading))
