"""Events by builder: complete and unremarkable unless a test gives a field, days as `2026-01-05` or `01-05` of 2026."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caretrail.events import Event, event_from

Json = dict[str, Any]

EPISODE = "E-1"
ORTIZ = {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}
LEE = {"id": "c-lee", "role": "clinician", "credential": "LIMHP"}
ROLES = {"cl": "client", "g": "guardian", "s": "supervisor", "md": "staff"}
"""How the id of who is no clinician begins."""
UNREMARKABLE: dict[str, Json] = {
    "assessed": {
        "kind": "initial", "program": "iop", "edition": "asam-3", "diagnoses": ["F10.20"], "dsm": "DSM-5-TR",
        "dimensions": {str(n): {"rating": "2", "problem": True, "meets_level": True} for n in range(1, 7)},
        "mental_health_suspected": False, "co_occurring_screen": "negative",
    },
    "admitted": {
        "program": "iop", "zone": "America/Chicago", "level": "2.1", "edition": "asam-3", "route": "direct",
        "population": "adult", "policy": "ne-medicaid-2.1-adult", "expects_progress": True, "team": [ORTIZ],
        "clinician": "c-ortiz",
    },
    "session_attended": {"service": "group", "minutes": 180, "group_size": 8, "start": "09:00"},
    "plan_signed": {"plan_version": 1, "sections": {"discharge": True, "relapse_prevention": True, "supports": True}},
    "plan_reviewed": {"plan_version": 1, "participants": ["client"], "updated": True},
    "transferred": {"edition": "asam-3"},
    "discharged": {"reason": "completed"},
    "corrected": {"reason": "typing error"},
    "voided": {"reason": "entered_in_error"},
}  # fmt: skip
"""What a builder gives, by type."""


def day_of(on: str) -> str:
    return on if len(on) == 10 else f"2026-{on}"


def stated(type_: str, on: str, episode: str = EPISODE, /, **fields: Any) -> Json:
    """An event as a service would send it, without a look at whether it is valid."""
    day = day_of(on)
    made: Json = {"type": type_, "episode": episode, "occurred_on": day, "actor": ORTIZ, **UNREMARKABLE.get(type_, {})}
    if type_ in ("assessed", "admitted"):
        made["client"] = f"cl-{episode}"
    if type_ == "plan_signed":
        made["effective_on"] = day
    return made | fields


def event(type_: str, on: str, episode: str = EPISODE, /, **fields: Any) -> Event:
    """An event of any type."""
    return event_from(stated(type_, on, episode, **fields))


def assessed(on: str = "01-02", episode: str = EPISODE, /, **fields: Any) -> Event:
    """An assessment that meets every rule."""
    return event("assessed", on, episode, **fields)


def admitted(on: str = "01-05", episode: str = EPISODE, /, **fields: Any) -> Event:
    """An admission that meets every rule."""
    return event("admitted", on, episode, **fields)


def session(on: str, episode: str = EPISODE, /, **fields: Any) -> Event:
    """An attended group."""
    return event("session_attended", on, episode, **fields)


def plan(on: str, episode: str = EPISODE, /, signers: Sequence[str] = (), **fields: Any) -> Event:
    """A plan, by default signed by client and clinician on its day."""
    signatures = [signature(who, on) for who in signers or (f"cl-{episode}", "c-ortiz")]
    return event("plan_signed", on, episode, **({"signatures": signatures} | fields))


def reviewed(on: str, episode: str = EPISODE, /, **fields: Any) -> Event:
    """A review of the first plan with the client."""
    return event("plan_reviewed", on, episode, **fields)


def transferred(on: str, start: str, end: str, /, **fields: Any) -> Event:
    """A move between levels."""
    return event("transferred", on, **({"from_level": start, "to_level": end} | fields))


def discharged(on: str, episode: str = EPISODE, /, **fields: Any) -> Event:
    """The end of a stay that was completed."""
    return event("discharged", on, episode, **fields)


def corrected(on: str, target: int, /, **values: Any) -> Event:
    """A correction of fields of an earlier event."""
    return event("corrected", on, target=target, values=values)


def voided(on: str, target: int) -> Event:
    """An earlier event struck."""
    return event("voided", on, target=target)


def signature(who: str, on: str, role: str = "") -> Json:
    """A signature given; unless told otherwise the id says in which role."""
    role = role or ROLES.get(who.partition("-")[0], "clinician")
    meaning = "agreement" if role in ("client", "guardian") else "review"
    return {"signer": who, "role": role, "signed_on": day_of(on), "method": "electronic", "meaning": meaning}


def attestation(kind: str, on: str = "01-01", program: str = "iop", **fields: Any) -> Event:
    """A program states something of itself, by default without an end."""
    day = day_of(on)
    return event_from(
        {
            "type": "program_attested", "program": program, "kind": kind, "occurred_on": day,
            "actor": {"id": "a-webb", "role": "staff"}, "valid_from": day,
        } | fields
    )  # fmt: skip


def attested(program: str = "iop") -> list[Event]:
    """Everything a program must attest, so that only its episodes ask for something."""
    return [attestation(kind, program=program) for kind in ("access_24_7", "license", "staff_training")]
