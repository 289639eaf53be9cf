"""A review that was due, and what became of it: one of five outcomes, and its words on every screen and page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from caretrail.text import plural

Outcome = Literal["on_time", "entered_late", "late", "not_done", "cannot_be_told"]


@dataclass(frozen=True, slots=True)
class DueReview:
    """A review that was due on a day, and its outcome.

    `done_on` is the day from which a review counted, by the events `done_by`; None if none has. `days_late` counts
    until that day, the day of the query or the end of the stay. `explained`: it has an explanation, and counts as late
    all the same. Program and clinician are those of the due day, or of the day it was done if that came first.
    `evidence` and `arithmetic` are the reasons for the due day. `cannot_be_told`: it was done or not, depending on
    documents in doubt; of two due days the earlier is meant. `held_on` is the day of the review itself, `recorded_at`
    (UTC) when it became known as done, `days_entered_late` how many days after it was due if it was done in time.
    `imported`: a historical load, which counts as known when it happened if nothing was recorded before.
    """

    episode: str
    client: str | None
    program: str | None
    clinician: str | None
    rule: str
    due_on: date
    outcome: Outcome
    done_on: date | None
    done_by: tuple[int, ...]
    days_late: int
    explained: bool
    evidence: tuple[int, ...]
    arithmetic: str
    held_on: date | None = None
    recorded_at: datetime | None = None
    days_entered_late: int = 0
    imported: bool = False


# --- in words -------------------------------------------------------------------------------------------------------


def what_became(one: DueReview) -> str:
    """The outcome in words: the day on which the review was done, the days after, its events, and when they came."""
    explained = ", explained" if one.explained else ""
    if one.outcome == "cannot_be_told":
        return "cannot be told: a document may or may not count"
    if one.outcome == "not_done":
        return f"not done, {plural(one.days_late, 'day')} over{explained}"
    by = f" (event {' and '.join(map(str, one.done_by))})"
    if one.outcome == "late":
        signed = "signed " if one.held_on is not None and one.held_on <= one.due_on else ""
        return f"{signed}{plural(one.days_late, 'day')} late, {one.done_on}{by}{_recorded(one)}{explained}"
    if one.outcome == "entered_late":
        days = plural(one.days_entered_late, "day")
        return f"on time by its date, {one.done_on}{by}, entered {days} after it was due{_recorded(one)}"
    return f"on time, {one.done_on}{by}{_recorded(one)}"


def in_short(one: DueReview) -> str:
    """The outcome of a review that was done, without its days."""
    if one.outcome == "late":
        return f"{plural(one.days_late, 'day')} late"
    if one.outcome == "entered_late":
        return f"on time by its date, entered {plural(one.days_entered_late, 'day')} after it was due"
    return "on time"


WORDS: dict[Outcome, str] = {
    "on_time": "on time",
    "entered_late": "on time by date, entered late",
    "late": "late",
    "not_done": "not done",
    "cannot_be_told": "cannot be told",
}


def counted(reviews: Sequence[DueReview]) -> Iterator[str]:
    """How many there were of each outcome, then a line for each that was not simply on time."""
    if not reviews:
        return
    outcomes = Counter(one.outcome for one in reviews)
    yield ", ".join(f"{outcomes[outcome]} {words}" for outcome, words in WORDS.items() if outcomes[outcome])
    for one in reviews:
        if one.outcome != "on_time":
            yield f"  {one.due_on}: {what_became(one)}"


def _recorded(one: DueReview) -> str:
    if one.recorded_at is None:
        return ""
    return f", {'imported' if one.imported else 'recorded'} {one.recorded_at:%Y-%m-%d %H:%M} UTC"
