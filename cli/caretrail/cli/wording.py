"""What happened, in a few words: one line for each fact, made from its JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from caretrail.cli.screen import visible

Json = Mapping[str, Any]


def summary(fact: Json) -> str:
    """Say what a fact says, in a few words; nothing in it can move the cursor."""
    words = _WORDS.get(str(fact["type"]), _any)
    return visible(", ".join(part for part in words(fact) if part))


def value_in_words(value: object) -> str:
    """Show a value of a fact: text as it is, everything else in words."""
    if isinstance(value, Mapping):
        inside = cast(Json, value)
        return ", ".join(f"{visible(name)} {value_in_words(inner)}" for name, inner in inside.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(value_in_words, cast(Sequence[object], value)))
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(str(value))


def spoken(token: object) -> str:
    """A token without its underscores."""
    return str(token or "").replace("_", " ")


def _signers(fact: Json) -> str:
    given: list[str] = []
    for item in fact.get("signatures", ()):
        state = "" if item.get("signed_on") else " (put off)" if item.get("deferred") else " (declined)"
        given.append(f"{item['signer']}{state}")
    return f"signed by {' and '.join(given)}" if given else "not signed"


def _session(fact: Json) -> list[str]:
    size = fact.get("group_size")
    return [
        f"{spoken(fact['service'])} session",
        f"{fact['minutes']} min",
        f"{size} clients" if size is not None else "",
        spoken(fact.get("modality")),
        fact.get("place", ""),
    ]


def _missed(fact: Json) -> list[str]:
    reason = f": {spoken(fact['reason'])}" if fact.get("reason") else ""
    return [f"{spoken(fact['service'])} session missed", f"{fact['minutes']} min", f"by the {fact['cause']}{reason}"]


def _assessed(fact: Json) -> list[str]:
    recommended = fact.get("recommended_level")
    return [
        f"assessment, {spoken(fact['kind'])}",
        " ".join(fact.get("diagnoses", ())),
        f"level {recommended} recommended" if recommended else "",
        f"referred to {fact['referral']['to']}" if fact.get("referral") else "",
    ]


def _admitted(fact: Json) -> list[str]:
    return [f"admitted to {fact['program']} at level {fact['level']}", f"client {fact['client']}"]


def _plan(fact: Json) -> list[str]:
    return [f"plan {fact['plan_version']}", f"in effect {fact['effective_on']}", _signers(fact)]


def _review(fact: Json) -> list[str]:
    changed = {"True": "updated", "False": "no change"}.get(str(fact.get("updated")), "")
    with_whom = " and ".join(fact.get("participants", ()))
    return [f"review of plan {fact['plan_version']}", f"with {with_whom}" if with_whom else "", changed, _signers(fact)]


def _determined(fact: Json) -> list[str]:
    leave = f" by {fact['leave_by']}" if fact.get("leave_by") else ""
    return [f"continued stay: {fact['decision']}{leave}", fact.get("rationale", ""), _signers(fact)]


def _team(fact: Json) -> list[str]:
    joins = " and ".join(str(person["id"]) for person in fact.get("joins", ()))
    leaves = " and ".join(fact.get("leaves", ()))
    carries = fact.get("clinician")
    return [
        f"{joins} joins the team" if joins else "",
        f"{leaves} leaves the team" if leaves else "",
        f"{carries} carries the case" if carries else "",
    ]


def _schedule(fact: Json) -> list[str]:
    schedule = fact["schedule"]
    return [f"schedule: {schedule['minutes_per_week']} min on {schedule['days_per_week']} days a week"]


def _authorized(fact: Json) -> list[str]:
    return [
        f"authorized by {fact['payer']}",
        f"{fact['units']} {fact['unit']}s at level {fact['level']}",
        f"{fact['from']} to {fact['to']}",
    ]


def _transferred(fact: Json) -> list[str]:
    to = f" in {fact['to_program']}" if fact.get("to_program") else ""
    return [f"transferred from level {fact['from_level']} to {fact['to_level']}{to}", spoken(fact.get("reason"))]


def _discharged(fact: Json) -> list[str]:
    last = fact.get("last_contact_on")
    return [f"discharged: {spoken(fact['reason'])}", f"last contact {last}" if last else "", fact.get("aftercare", "")]


def _corrected(fact: Json) -> list[str]:
    values = ", ".join(f"{name} is {value_in_words(value)}" for name, value in fact["values"].items())
    return [f"corrects fact {fact['target']}: {values}", fact["reason"]]


def _any(fact: Json) -> list[str]:
    return [spoken(fact["type"])]


_WORDS: dict[str, Callable[[Json], list[str]]] = {
    "assessed": _assessed,
    "admitted": _admitted,
    "plan_signed": _plan,
    "signed": lambda fact: [f"signature on fact {fact['target']}", _signers(fact)],
    "plan_reviewed": _review,
    "continued_stay_determined": _determined,
    "session_attended": _session,
    "session_missed": _missed,
    "care_coordinated": lambda fact: [f"care coordinated ({spoken(fact['kind'])})", fact.get("outcome", "")],
    "schedule_set": _schedule,
    "team_changed": _team,
    "held": lambda fact: [f"on hold: {fact['reason']}"],
    "resumed": lambda fact: ["resumed", fact.get("reason", "")],
    "authorized": _authorized,
    "transferred": _transferred,
    "discharged": _discharged,
    "explained": lambda fact: [
        f"explains {fact['rule']} of {fact['on']}: {spoken(fact['code'])}",
        fact.get("note", ""),
    ],
    "corrected": _corrected,
    "voided": lambda fact: [f"voids fact {fact['target']}: {spoken(fact['reason'])}"],
    "addendum": lambda fact: [f"adds to fact {fact['target']}: {fact['text']}", fact["reason"]],
}
