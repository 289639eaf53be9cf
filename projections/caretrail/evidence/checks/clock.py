"""Whether the clock that stamps agrees with the log, and with the clock here."""

from __future__ import annotations

from collections.abc import Iterator

from caretrail.evidence.checks.check import Check, checked
from caretrail.log.clock import TOLERANCE, ahead_in_words, behind_in_words, span
from caretrail.log.recorder import EventRecorder

ABOUT = "the clock agrees with the log"
HINT = "see 'caretrail clock'; set the clock, or let an operator confirm it"


def check_clock(recorder: EventRecorder) -> Check:
    """Hold the clock of the store against the newest records, and against the clock of this machine."""
    return checked("clock", ABOUT, _wrong(recorder), HINT)


def _wrong(recorder: EventRecorder) -> Iterator[str]:
    state, reading = recorder.clock_state()
    if state == "ahead":
        yield ahead_in_words(reading)
    elif state == "behind":
        yield behind_in_words(reading)
    apart = abs(recorder.clock() - reading.now)
    if state != "unchecked" and apart > TOLERANCE:
        yield f"the clock here and that of the store are {span(apart)} apart"
