"""A second reading of continued stay and eligibility, day by day, from the words of the source and of the design.

It shares nothing with the rules it is held against: no formula, no intervals, no chart. It walks the days of an
effective history one by one, keeps in mind what was missed before, and answers for each day what a reader who knows
nothing of later days would say. What the admission rests on (A2, B1, B2, B3, an assessment) is given by the caller.

Slow and plain on purpose. Where the words are open, the comment says which of two readings was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from caretrail.episode.history import Effective
from tests.findings.second_reading.record import TREATMENT
from tests.findings.second_reading.sentences import CRITERIA, Answer, supports_staying

TERM = timedelta(days=30)
SOON = timedelta(days=7)
Grounds = Callable[[date], bool]
"""Whether an admission makes eligible on a day, see `admission_supports`."""


# --- who gives clinical guidance ------------------------------------------------------------------------------------

COUNTS = frozenset({"LADC", "PLADC", "LIMHP", "LMHP", "PLMHP", "APRN", "PA", "psychologist", "psychiatrist"})
"""Professions of lines 103-106, as the test histories spell them."""
COUNTS_NOT = frozenset({"CPSS", "RN"})
"""Known, and not among them."""
ASKED_FOR_NO_CREDENTIAL = frozenset({"client", "guardian", "family", "support"})


def guidance(signature: Any, roster: Mapping[str, str | None]) -> str:
    """Whether a signature counts as clinical guidance: "yes", "no" or "doubtful".

    `roster` has the team's credentials on the day of the signature; what the signature states wins over it.
    """
    if signature.signed_on is None or signature.role in ASKED_FOR_NO_CREDENTIAL:
        return "no"
    credential = signature.credential or roster.get(signature.signer)
    if credential is None:
        return "no" if signature.role == "staff" else "doubtful"
    if credential in COUNTS:
        return "yes"
    return "no" if credential in COUNTS_NOT else "doubtful"


def roster_on(history: Sequence[Effective], day: date) -> dict[str, str | None]:
    """Who was on the team at any time of a day, and with which credential: who leaves that day may have signed.

    Before the admission there is no roster: that of the day of admission speaks. Who takes over the case is on the
    team, too, with the credential they were known by.
    """
    day = max([day, *(item.event.occurred_on for item in history if item.event.type == "admitted")])
    team, known = dict[str, str | None](), dict[str, str | None]()
    for item in history:
        event: Any = item.event
        if event.occurred_on > day or event.type not in ("admitted", "team_changed"):
            continue
        joins = {person.id: person.credential for person in (event.team if event.type == "admitted" else event.joins)}
        known.update(joins)
        team.update(joins)
        if event.type == "team_changed" and event.occurred_on < day:
            for who in event.leaves:
                team.pop(who, None)
        if event.clinician is not None and event.clinician not in team:
            team[event.clinician] = known.get(event.clinician)
    return team


# --- what the walk over the days needs ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What is said of a day. `due_on` is None where nothing is or was due.

    `earlier` has the due days of what was not met at the end of stays before the latest: that stays told.
    """

    eligible: str
    verdict: str
    due_on: date | None = None
    earlier: tuple[date, ...] = ()


@dataclass(frozen=True)
class Determination:
    """A determination, and from which day it counts: surely, and if doubtful signatures count too."""

    version: int
    day: date
    position: int
    supports: Answer
    leave_by: date | None
    surely_from: date | None
    at_best_from: date | None

    def counts_from(self, *, trusting: bool) -> date | None:
        return self.at_best_from if trusting else self.surely_from

    @property
    def due_on(self) -> date:
        return min(self.day + TERM, self.leave_by or date.max)


@dataclass
class Stay:
    """A stretch at the level of the rules; `missed` is what a reader of each chart keeps in mind."""

    first: date
    last: date | None = None
    missed: dict[bool, date] = field(default_factory=dict[bool, date])
    not_met: date | None = None
    """What was due when the stay ended, and late."""

    def lasts_on(self, day: date) -> bool:
        return self.last is None or day <= self.last


NOTHING = Said("not_applicable", "not_applicable")
WORST_FIRST = (
    "overdue", "violation", "due_today", "due_soon", "unknown", "info", "not_met", "breached", "met", "not_applicable",
)  # fmt: skip


def admission_supports(verdicts: Mapping[str, Collection[str]], *, complete_assessment: bool) -> bool:
    """Whether an admission, or a return, makes eligible: A2 holds, B1, B2 and B3 are met, an assessment is there.

    A2 asks nothing of an accepted prior assessment, so "holds" is more than "met": nothing is said against it.
    """
    for rule in ("B1", "B2", "B3"):
        if set(verdicts.get(rule, ())) != {"met"}:
            return False
    return complete_assessment and set(verdicts.get("A2", ())) <= {"met", "not_applicable", "info"}


def second_reading(
    history: Sequence[Effective],
    through: date,
    grounds: Grounds,
    contradicted: Collection[int] = (),
) -> dict[date, Said]:
    """Eligibility, and the finding of continued stay, of each day from the first event through a day.

    `contradicted` has the versions of determinations that the record itself contradicts: they are doubtful.
    """
    if not history:
        return {}
    determinations = [determination(item, history, contradicted) for item in history if is_determination(item)]
    of_adult = any(item.event.type == "admitted" and item.event.population == "adult" for item in history)
    stays: list[Stay] = []
    said: dict[date, Said] = {}
    for day in each_day(min(item.event.occurred_on for item in history), through):
        keep_stays(stays, [item.event for item in history if item.event.occurred_on == day], of_adult=of_adult)
        said[day] = NOTHING
        for stay in stays:
            said[day] = told(stay, day, determinations, grounds)
        said[day] = replace(said[day], earlier=tuple(stay.not_met for stay in stays[:-1] if stay.not_met is not None))
    return said


def told(stay: Stay, day: date, determinations: Sequence[Determination], grounds: Grounds) -> Said:
    """What is said of a stay on a day, on both charts."""
    if not stay.lasts_on(day):
        # not_met lasts after the stay, breached does not
        return NOTHING if stay.not_met is None else Said("not_applicable", "not_met", stay.not_met)
    careful = one_chart(stay, day, determinations, grounds, trusting=False)
    said = both(careful, one_chart(stay, day, determinations, grounds, trusting=True))
    if said.verdict == "not_met":
        stay.not_met = said.due_on
    return said


def each_day(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def is_determination(item: Effective) -> bool:
    return item.event.type == "continued_stay_determined"


def keep_stays(stays: list[Stay], today: Sequence[Any], *, of_adult: bool) -> None:
    """Note what begins and ends on a day: the stays of an adult at level 2.1, in their order."""
    for event in today if of_adult else ():
        if event.type == "admitted" and event.level == "2.1":
            stays.append(Stay(event.occurred_on))
        elif event.type == "transferred" and event.from_level == "2.1":
            leave(stays, event.occurred_on)
        elif event.type == "transferred" and event.to_level == "2.1":
            stays.append(Stay(event.occurred_on))
        elif event.type == "discharged":
            leave(stays, event.occurred_on)


def leave(stays: list[Stay], day: date) -> None:
    if stays and stays[-1].last is None:
        stays[-1].last = day


def determination(item: Effective, history: Sequence[Effective], contradicted: Collection[int]) -> Determination:
    event: Any = item.event
    sure, best = set[date](), set[date]()
    for signature, brought_on in signatures_of(item, history):
        if signature.signed_on is None:
            continue
        # a signature exists once it was given, its document was made, and the event that brought it happened
        exists = max(signature.signed_on, event.occurred_on, brought_on)
        counts = guidance(signature, roster_on(history, signature.signed_on))
        # a signature of more than a week before its document contradicts it (K3)
        early = event.occurred_on - signature.signed_on > timedelta(days=7)
        if counts == "yes" and not early and item.version not in contradicted:
            sure.add(exists)
        if counts != "no":
            best.add(exists)
    return Determination(
        item.version,
        event.occurred_on,
        item.entry.position,
        supports_staying({name: getattr(event, name) for name in CRITERIA}),
        event.leave_by,
        min(sure, default=None),
        min(best, default=None),
    )


def contradicted_by_sessions(history: Sequence[Effective]) -> set[int]:
    """Determinations of a client who progresses or works, but surely attended nothing in the 30 days before (K6).

    The 30 days end on the day of the determination. Treatment attended while on hold is doubtful (K2); a hold says
    nothing of other services.
    """
    attended = [
        item.event.occurred_on
        for item in history
        if item.event.type == "session_attended"
        and not (item.event.service in TREATMENT and on_hold(history, item.event.occurred_on))
    ]
    found: set[int] = set()
    for item in history:
        event: Any = item.event
        if is_determination(item) and (event.progressing is True or event.actively_working is True):
            first = event.occurred_on - timedelta(days=29)
            if not any(first <= day <= event.occurred_on for day in attended):
                found.add(item.version)
    return found


def on_hold(history: Sequence[Effective], day: date) -> bool:
    """Whether treatment was on hold on a day: the day of `held` is, the day of `resumed` is not."""
    held = sum(item.event.type == "held" and item.event.occurred_on <= day for item in history)
    resumed = sum(item.event.type == "resumed" and item.event.occurred_on <= day for item in history)
    return held > resumed


def signatures_of(item: Effective, history: Sequence[Effective]) -> Iterator[tuple[Any, date]]:
    """The signatures of a document, each with the day of the event that brought it."""
    document: Any = item.event
    for signature in document.signatures:
        yield signature, document.occurred_on
    for other in history:
        event: Any = other.event
        if event.type == "signed" and event.target == item.version:
            for signature in event.signatures:
                yield signature, event.occurred_on


# --- one day ----------------------------------------------------------------------------------------------------------


def one_chart(
    stay: Stay, day: date, determinations: Sequence[Determination], grounds: Grounds, *, trusting: bool
) -> Said:
    """What a reader says of a day of the stay who takes all doubtful signatures for good, or for none."""
    latest = latest_counting(stay, day, determinations, trusting=trusting)
    if latest is None:
        due_on = stay.first + TERM
        eligible = "eligible" if day <= due_on and grounds(day) else "unknown"
    else:
        due_on = latest.due_on
        eligible = eligible_by(latest, day)
    said = Said(eligible, *finding(stay, day, eligible, due_on, stay.missed.get(trusting)))
    if day >= due_on:
        # the due day ends without a later one: what comes tomorrow comes late, though no day was overdue
        stay.missed[trusting] = due_on
    return said


def latest_counting(
    stay: Stay, day: date, determinations: Sequence[Determination], *, trusting: bool
) -> Determination | None:
    """The determination in force: of those that count by a day, the latest by day, then by position.

    What was determined before the stay does not hold in it. One of the stay's first day does: a day says nothing of
    the hour.
    """
    counting: list[Determination] = []
    for one in determinations:
        counts_from = one.counts_from(trusting=trusting)
        if counts_from is not None and counts_from <= day and one.day >= stay.first:
            counting.append(one)
    return max(counting, key=lambda one: (one.day, one.position), default=None)


def eligible_by(latest: Determination, day: date) -> str:
    if latest.supports is False:
        return "not_eligible"
    if latest.leave_by is not None and day > latest.leave_by:
        return "not_eligible"
    if day > latest.day + TERM:
        return "unknown"
    return "unknown" if latest.supports is None else "eligible"


def finding(stay: Stay, day: date, eligible: str, due_on: date, missed: date | None) -> tuple[str, date | None]:
    """Verdict and due day of continued stay on a day within the stay."""
    if day == stay.last:
        # a client who left later than `leave_by` says counts as a day missed, too
        if day > due_on:
            return "not_met", due_on
        return ("not_applicable", None) if missed is None else ("breached", missed)
    if eligible == "not_eligible":
        return "violation", due_on
    if day > due_on:
        return "overdue", due_on
    if eligible == "unknown":
        # "`unknown` until day 30, then `overdue`": said of the admission, read of every basis
        return "unknown", due_on
    if day == due_on:
        return "due_today", due_on
    if day >= due_on - SOON:
        return "due_soon", due_on
    return ("met", due_on) if missed is None else ("breached", missed)


def both(careful: Said, trusting: Said) -> Said:
    """What two charts say together, all doubtful documents out and all in."""
    eligible = careful.eligible if careful.eligible == trusting.eligible else "unknown"
    if careful.verdict == trusting.verdict:
        days = [day for day in (careful.due_on, trusting.due_on) if day is not None]
        return Said(eligible, careful.verdict, max(days, default=None))
    if {careful.verdict, trusting.verdict} == {"not_met", "not_applicable"}:
        return Said(eligible, "not_applicable")
    worse = min(careful, trusting, key=lambda said: WORST_FIRST.index(said.verdict))
    return Said(eligible, "unknown", worse.due_on)
