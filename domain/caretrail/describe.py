"""Events in words, from their JSON: one line for a screen; a title and all other fields for a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import NamedTuple, cast

from caretrail.aliases import Json
from caretrail.text import plural, visible


class Detail(NamedTuple):
    """A field of an event in words."""

    name: str
    value: str


class Description(NamedTuple):
    """An event in words: the title gives some fields, the details all others."""

    title: str
    details: tuple[Detail, ...]


PHRASES: dict[str, tuple[str, ...]] = {
    "assessed": (
        "assessment, {kind}", ", {diagnoses}", ", level {recommended_level} recommended",
        ", referred to {referral.to}", ", {signed_by}",
    ),
    "admitted": ("admitted to {program} at level {level}", ", client {client}"),
    "plan_signed": ("plan {plan_version}", ", in effect {effective_on}", ", {goals}", ", {signers}"),
    "signed": ("signature on event {target}", ", {signers}"),
    "plan_reviewed": (
        "review of plan {plan_version}", ", with {participants}", ", {change}", ", {goals}", ", {signers}",
    ),
    "continued_stay_determined": ("continued stay: {decision}", " by {leave_by}", ", {rationale}", ", {signers}"),
    "session_attended": (
        "{service} session, {minutes} min", ", {group_size} clients", ", {modality}", ", {place}", ", on {topic}",
    ),
    "session_missed": ("{service} session missed, {minutes} min", ", on {topic}", ", by the {cause}", ": {reason}"),
    "referred": ("referred to {to}", ", {credential}", " for {kind}", ": {outcome}"),
    "care_coordinated": ("care coordinated: {kind}", " with {to}", ", {outcome}"),
    "consented": ("consent to disclose to {recipient}", " for {purpose}", ": {scope}", ", until {expires_on}"),
    "consent_revoked": ("consent to disclose to {recipient} revoked", " for {purpose}", ": {scope}"),
    "schedule_set": ("schedule: {schedule.minutes_per_week} min on {schedule.days_per_week} days a week",),
    "team_changed": (
        "team changed", ", {joins} joins", ", {leaves} leaves", ", case owner is now {clinician}",
    ),
    "held": ("on hold: {reason}",),
    "resumed": ("resumed", ", {reason}"),
    "authorized": (
        "authorization {number} by {payer}", ": {status}", ", {service_code}", ", {units} {unit}s at level {level}",
        ", {from} to {to}",
    ),
    "transferred": ("transferred from level {from_level} to {to_level}", " in {to_program}", ", {reason}"),
    "discharged": ("discharged: {reason}", ", last contact {last_contact_on}", ", {aftercare}", ", {signed_by}"),
    "explained": ("explains {rule} of {on}: {code}", ", until {until}", ", {note}"),
    "corrected": ("corrects event {target}", ": {values}", " ({reason})"),
    "voided": ("voids event {target}: {reason}",),
    "addendum": ("adds to event {target}", ": {text}", " ({reason})"),
}  # fmt: skip  # a kind, its title, and what a line adds to it
"""The words of each kind of event: the title, then phrases for one line, each left out if a field of it is absent."""

IN_OTHER_COLUMNS = frozenset({"type", "episode", "occurred_on", "actor", "late_reason", "entered_at"})
"""Fields that a table of events shows beside the description."""

TOKENS = frozenset(
    {
        "kind", "service", "modality", "cause", "decision", "supports", "participants", "population", "route", "unit",
        "review_unit", "code", "co_occurring_screen", "purpose", "status", "residence", "employment",
    }
)  # fmt: skip  # one after the other
"""Fields that hold published tokens; the underscores in other fields belong to their authors."""

_CODE = re.compile(r"[a-z0-9_]+")


def summary(event: Json) -> str:
    """Describe an event in one line; nothing in it can move the cursor."""
    title, *phrases = PHRASES.get(str(event["type"]), (spoken(event["type"]),))
    shown = [phrase for phrase in phrases if all(_short(name, event) for name in _names(phrase))]
    return visible("".join(_filled(phrase, event) for phrase in (title, *shown)))


def describe(event: Json) -> Description:
    """Describe an event with all its fields; an absent field of the title is a `?`."""
    title = PHRASES.get(str(event["type"]), (spoken(event["type"]),))[0]
    words = _filled(title, event)
    used = {name.partition(".")[0] for name in _names(title)}
    rest = {name: value for name, value in event.items() if name not in IN_OTHER_COLUMNS | used}
    rest |= {last: rest.pop(last) for last in ("performed_by", "signatures") if last in rest}
    details = (Detail(spoken(name), in_full(name, value)) for name, value in rest.items())
    return Description(words[:1].upper() + words[1:], tuple(details))


def spoken(token: object) -> str:
    """A token without its underscores; nothing for None."""
    return str("" if token is None else token).replace("_", " ").strip()


def value_in_words(value: object) -> str:
    """A value of an event: text as it is, everything else in words."""
    if isinstance(value, Mapping):
        inside = cast(Json, value)
        return ", ".join(f"{spoken(name)} {value_in_words(inner)}" for name, inner in inside.items()) or "none"
    if isinstance(value, list | tuple):
        return "; ".join(map(value_in_words, cast("Sequence[object]", value))) or "none"
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def in_full(name: str, value: object) -> str:
    """The whole value of a field in words."""
    if name in ("signatures", "performed_by", "team", "joins"):
        in_words = signature if name == "signatures" else person
        return "; ".join(map(in_words, cast("Sequence[Json]", value))) or "none"
    if name in ("dimensions", "ratings"):
        return "; ".join(f"{key}: {value_in_words(item)}" for key, item in cast(Json, value).items()) or "none"
    words = value_in_words(value)
    return spoken(words) if name in TOKENS or (name == "reason" and _CODE.fullmatch(words)) else words


def person(value: Json) -> str:
    """A person: the id, then role and credential where stated."""
    parts = (value.get("id") or value.get("signer"), spoken(value.get("role")), value.get("credential"))
    return ", ".join(str(part) for part in parts if part)


def signature(value: Json) -> str:
    """A signature given, deferred or declined."""
    if value.get("signed_on"):
        state = f"signed {value['signed_on']}"
    else:
        state = next((state for state in ("deferred", "declined") if state in value), "not given")
    parts = [state, *(value.get(name) for name in ("method", "meaning", "deferred", "declined"))]
    if value.get("witness"):
        parts.append(f"witness {value['witness']}")
    return f"{person(value)}: {', '.join(str(part) for part in parts if part)}"


# --- phrases ----------------------------------------------------------------------------------------------------


def _names(phrase: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(phrase) if name]


def _filled(phrase: str, event: Json) -> str:
    parts = Formatter().parse(phrase)
    return "".join(f"{text}{(_short(name, event) or '?') if name else ''}" for text, name, _, _ in parts)


def _short(name: str, event: Json) -> str:
    """The value of a field in few words, for one line; "" if the event lacks it."""
    if name in _BRIEF:
        return _BRIEF[name](event)
    outer, _, inner = name.partition(".")
    value: object = event.get(outer)
    if inner:
        value = cast(Json, value).get(inner) if isinstance(value, Mapping) else None
    return "" if value is None else in_full(name, value)


def _signers(event: Json) -> str:
    given: list[str] = []
    for item in event.get("signatures", ()):
        state = "" if item.get("signed_on") else " (deferred)" if item.get("deferred") else " (declined)"
        given.append(f"{item['signer']}{state}")
    return f"signed by {' and '.join(given)}" if given else "not signed"


def _goals(goals: Sequence[Json]) -> str:
    """How many goals a plan has, or how many of them are met by a review."""
    met = sum(goal.get("status") == "met" for goal in goals)
    reviewed = any("status" in goal for goal in goals)
    return f"{met} of {plural(len(goals), 'goal')} met" if reviewed else plural(len(goals), "goal") if goals else ""


_BRIEF: dict[str, Callable[[Json], str]] = {
    "signers": _signers,
    "signed_by": lambda event: _signers(event) if event.get("signatures") else "",
    "goals": lambda event: _goals(event.get("goals") or ()),
    "change": lambda event: {True: "updated", False: "no change"}.get(cast(bool, event.get("updated")), ""),
    "diagnoses": lambda event: " ".join(event.get("diagnoses", ())),
    "participants": lambda event: " and ".join(event.get("participants", ())),
    "joins": lambda event: " and ".join(str(one["id"]) for one in event.get("joins", ())),
    "leaves": lambda event: " and ".join(event.get("leaves", ())),
    "values": lambda event: ", ".join(
        f"{spoken(name)} is {value_in_words(value)}" for name, value in event.get("values", {}).items()
    ),
}
"""Fields that one line shows in fewer words than a page."""
