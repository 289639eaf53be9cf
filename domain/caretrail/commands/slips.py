"""Slips: what of an event is probably a typing error. A rule its policy lacks is refused; the rest draws a warning.

That is a policy that is not installed, a program new to the store, and a date far from its document. The text repeats
no value that was sent; it may suggest the nearest name there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from caretrail.episode.amendments import corrected_event
from caretrail.episode.episode import Episode
from caretrail.errors import Impossible, InvalidEvent, PackInvalid, PackUnknown
from caretrail.events import (
    Admitted,
    Assessed,
    ContinuedStayDetermined,
    Corrected,
    Event,
    EventBase,
    Explained,
    PlanReviewed,
    PlanSigned,
    ProgramAttested,
)
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import program_stream

FIELDS: dict[type[EventBase], tuple[str, ...]] = {
    Assessed: ("program",),
    Admitted: ("program", "policy"),
    ProgramAttested: ("program",),
    Explained: ("rule",),
    PlanSigned: ("effective_on",),
    PlanReviewed: ("next_review_by",),
    ContinuedStayDetermined: ("leave_by",),
}
"""The fields of each kind of event that are looked at."""

FAR = 366
"""Days: a date in a document that is farther from the day of the document is probably mistyped."""


class Slips:
    """Finds slips; the programs a store has seen are looked up once each."""

    def __init__(self, recorder: EventRecorder) -> None:
        self._recorder = recorder
        self._programs: set[str] = set()

    def warning(self, event: Event, episode: Episode | None) -> str | None:
        """What of an event may be misspelt, in words; None if nothing is.

        `episode` is the episode of the event, with or without it; its admission names the policy of a rule.
        """
        if (stated := _stated(event, episode)) is None:
            return None
        found = (*_unknown_policies(stated, episode), *self._new_programs(stated), *_far_dates(stated))
        return "; ".join(found) or None

    def add(self, event: Event, episode: Episode) -> None:
        """Take the program of an event for seen: one warning about each is enough."""
        stated = _stated(event, episode)
        if isinstance(stated, Assessed | Admitted | ProgramAttested):
            self._programs.add(stated.program)

    def _new_programs(self, event: Event) -> Iterator[str]:
        if not isinstance(event, Assessed | Admitted | ProgramAttested) or event.program in self._programs:
            return
        if not self._has_program(event.program):
            yield f"program: new to this store{_meant(event.program, self._recorder.programs())}"

    def _has_program(self, name: str) -> bool:
        """Whether a client was ever in a program, or the program attested to anything; in an empty store, any."""
        recorder = self._recorder
        return (
            recorder.has_program(name)
            or bool(recorder.select_events(program_stream(recorder.namespace, name), limit=1))
            or (not self._programs and recorder.max_position() == 0)
        )


def require_known_rule(event: Event, episode: Episode) -> None:
    """Refuse an explanation of a rule that the policy of the admission, if installed, does not have.

    Raises Impossible.
    """
    stated = _stated(event, episode)
    admission = episode.outline.admitted
    if not isinstance(stated, Explained) or admission is None:
        return
    rules = _rules_of(admission.event.policy)
    names = [*rules, *(rule.partition("-")[2] for rule in rules)]
    if rules and stated.rule not in names:
        near = _nearest(stated.rule, names)
        hint = f"did you mean {near}?" if near else "see 'caretrail rules'"
        message = f"rule: the policy of the admission (event {admission.version}) has no such rule"
        raise Impossible(message, hint, [admission.version])


# --- what an event states -----------------------------------------------------------------------------------------


def _stated(event: Event, episode: Episode | None) -> Event | None:
    """The event, or the one it corrects as corrected, if it states a field that is looked at."""
    if type(event) in FIELDS:  # by type, which is faster than isinstance
        return event
    if type(event) is not Corrected or episode is None or event.target > episode.version:
        return None
    entry = episode.entries[event.target - 1]
    if event.values.keys().isdisjoint(FIELDS.get(entry.kind, ())):
        return None
    try:
        return corrected_event(entry.event, [event])
    except InvalidEvent:  # refused as such
        return None


def _far_dates(event: Event) -> Iterator[str]:
    for field in FIELDS[type(event)]:
        day = getattr(event, field)
        if isinstance(day, date) and abs((day - event.occurred_on).days) > FAR:
            yield f"{field}: more than a year from the day of its document"


# --- policies -------------------------------------------------------------------------------------------------------


def _unknown_policies(event: Event, episode: Episode | None) -> Iterator[str]:
    if isinstance(event, Admitted) and (missing := _not_installed(event.policy)):
        yield f"policy: {missing}, so nothing is judged until it is"
    admission = episode.outline.admitted if episode is not None else None
    if isinstance(event, Explained) and admission is not None and (missing := _not_installed(admission.event.policy)):
        yield f"rule: not checked, because the policy of the admission is {missing}"


def _not_installed(policy: str) -> str:
    """Empty for an installed policy; else a phrase with the nearest one."""
    from caretrail.policy import installed_packs  # measured start-up: only some events name a policy

    names = installed_packs()
    return "" if policy in names else f"not installed{_meant(policy, names)}"


def _rules_of(policy: str) -> list[str]:
    """The rules of all versions of a policy, and our own; none if it is not installed, or unusable."""
    from caretrail.policy import load_policy  # as above
    from caretrail.policy.own_rules import OWN_RULES

    try:
        return [*(rule for pack in load_policy(policy).versions for rule in pack.rules), *OWN_RULES]
    except (PackUnknown, PackInvalid):
        return []


# --- the nearest name -----------------------------------------------------------------------------------------------


def _meant(name: str, known: Iterable[str]) -> str:
    near = _nearest(name, known)
    return f" (did you mean {near}?)" if near else ""


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # measured start-up: only an unknown name needs it

    names = {item.upper(): item for item in known if item}
    found = get_close_matches(name.upper(), names, n=1)
    return names[found[0]] if found else None
