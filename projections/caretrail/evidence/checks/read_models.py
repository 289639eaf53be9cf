"""Whether the read models hold what the log says: all of them, or some episodes drawn by chance."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from uuid import UUID

from caretrail.evidence.checks.check import Check, checked, unchecked
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.check import OF_STAYS, check, stored_of_and_right
from caretrail.readmodel.folded import ZERO, FoldedEpisodes, log_streams
from caretrail.readmodel.schema import existing_state

SAMPLE = 50
ATTEMPTS = 5
ABOUT = "read models are what the log says"
HINT = "run 'caretrail projection rebuild', and 'caretrail projection check' after it; then find out who wrote the rows"


def check_read_models(recorder: EventRecorder, *, full: bool) -> Check:
    """Compare the rows of all episodes with the log, or of fifty neighbors of a stream drawn by chance."""
    state = existing_state(recorder.database)
    if state is None:
        return unchecked("read models", ABOUT, "there are no read models of this release", "run 'caretrail upgrade'")
    through = f"{ABOUT} through @{state.position} of @{recorder.max_position()}"
    about = through if full else f"{through} (up to {SAMPLE} episodes; --full compares all)"
    return checked("read models", about, _all(recorder) if full else _some(recorder), HINT)


def _all(recorder: EventRecorder) -> Iterator[str]:
    report = check(recorder)
    differ = [name for name in report.differ if not name.startswith(OF_STAYS)]  # they have a check of their own
    if differ:
        yield f"{len(differ)} episodes, programs or tiles differ from the log at @{report.position}"


def _some(recorder: EventRecorder) -> Iterator[str]:
    state = existing_state(recorder.database)
    newest = recorder.max_position()
    if state is None:
        return
    if state.position > newest:
        yield f"they claim position @{state.position}, and the log ends at @{newest}"
        return
    after = UUID(int=secrets.randbits(128))
    behind = next(log_streams(recorder, SAMPLE, after), [ZERO])
    rest = next(log_streams(recorder, SAMPLE), [ZERO])  # a small store is compared wholly: at its end it begins again
    streams = list(dict.fromkeys([*behind, *rest]))[:SAMPLE]
    differ = 0
    for _ in range(ATTEMPTS):  # TRUNCATE empties a table also for those who began to read before it
        before, differ = state, recorder.database.at_once(lambda: _differ(recorder, streams))
        state = existing_state(recorder.database)
        if not differ or state is None or state.filling == before.filling:
            break
    if differ:
        yield f"{differ} of the {len(streams)} episodes and programs drawn differ from the log"


def _differ(recorder: EventRecorder, streams: list[UUID]) -> int:
    state = existing_state(recorder.database)
    if state is None:
        return 0
    stored, right, _ = stored_of_and_right(recorder, FoldedEpisodes(recorder, cached_events=0), state, streams)
    return sum(stored.get(stream) != right.get(stream) for stream in {*stored, *right})
