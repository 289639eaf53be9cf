"""What a clinic enters: one form for each kind of event, written as the JSON that `caretrail append` takes.

A form holds what its author states on a day. In which chart it is filed, and which earlier event of that chart it is
about, is said when it is written; so the members of one group share one form, and it is encoded once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Json = Mapping[str, Any]
"""An object of JSON with its members in the order of the event's model, so that the text is the stored payload."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True, eq=False)
class Form:
    """What `actor` states of a day; `body` is what only this kind of event has, its `type` first."""

    day: date
    actor: Json
    body: Json
    performed_by: Json | None = None
    signatures: Sequence[Json] = ()
    late: str | None = None
    """Why it is entered late."""
    _parts: tuple[str, str, str] | None = field(default=None, init=False, repr=False)

    @property
    def kind(self) -> str:
        """The type of the event."""
        kind: str = self.body["type"]
        return kind

    def payload(self, chart: str, target: int | None = None) -> str:
        """The event in the chart of that number (or program), about its event `target`: JSON as it is stored."""
        before, signatures, after = self._parts or self._written()
        about = "" if target is None else f',"target":{target}'
        return f'{before}"{chart}"{signatures}{about}{after}'

    def _written(self) -> tuple[str, str, str]:
        head: dict[str, Any] = {"occurred_on": str(self.day), "actor": self.actor}
        if self.performed_by is not None:
            head["performed_by"] = [self.performed_by]
        if self.late is not None:
            head["late_reason"] = self.late
        owner = "program" if self.kind == "program_attested" else "episode"
        signatures = f',"signatures":{_encode(list(self.signatures))}' if self.signatures else ""
        self._parts = (f'{_encode(head)[:-1]},"{owner}":', signatures, f",{_encode(self.body)[1:]}")
        return self._parts


def _stated(body: dict[str, Any]) -> Json:
    """The members that are stated: an event has no nulls."""
    return {name: value for name, value in body.items() if value is not None}


# --- people ------------------------------------------------------------------------------------------------------


def clinician(name: str, credential: str) -> Json:
    """A clinician, by an opaque id."""
    return {"id": name, "role": "clinician", "credential": credential}


FEED: Json = {"id": "ehr-feed", "role": "service"}
OFFICE: Json = {"id": "a-webb", "role": "staff"}


def signed_by(who: Json, day: date, meaning: str = "review") -> Json:
    """A clinician's signature."""
    return {
        "signer": who["id"], "role": "clinician", "credential": who["credential"], "signed_on": str(day),
        "method": "electronic", "meaning": meaning,
    }  # fmt: skip


def signed_by_client(client: str, day: date) -> Json:
    """The client's signature."""
    return {
        "signer": client, "role": "client", "signed_on": str(day), "method": "electronic", "meaning": "agreement",
    }  # fmt: skip


def owed_by_client(client: str) -> Json:
    """The client's signature, still to come."""
    return {"signer": client, "role": "client", "deferred": "left early, will sign at the next session"}


# --- coming in ---------------------------------------------------------------------------------------------------

RATINGS: Json = {
    "1": {"rating": "0", "problem": False, "meets_level": False},
    "2": {"rating": "0", "problem": False, "meets_level": False},
    "3": {"rating": "1", "problem": True, "meets_level": True},
    "4": {"rating": "2", "meets_level": True},
    "5": {"rating": "2", "meets_level": True},
    "6": {"rating": "2", "meets_level": True},
}
SCHEDULE: Json = {"minutes_per_week": 600, "days_per_week": 3}
GOALS_MET: Json = {
    "goals_met": True, "precipitating_condition_stabilized": True, "relapse_potential_stabilized": True,
}  # fmt: skip
GOALS_OPEN: Json = {"goals_met": False}


def assessed(
    day: date, by: Json, client: str, program: str, diagnosis: str, *, refer_to: Json | None = None,
    prior: Json | None = None,
) -> Form:  # fmt: skip
    """The assessment for level 2.1; a suspected mental-health condition is referred to a colleague.

    `prior` are the members of an assessment of another provider that is accepted instead of an own one.
    """
    referral = refer_to and {"to": refer_to["id"], "credential": refer_to["credential"], "on": str(day)}
    body = {
        "type": "assessed", "kind": "prior_accepted" if prior else "initial", "client": client, "program": program,
        "at": "10:00", "edition": "asam-3", "dimensions": RATINGS, "diagnoses": [diagnosis], "dsm": "DSM-5-TR",
        "recommended_level": "2.1", "clinician_level": "2.1",
        "co_occurring_screen": "positive" if refer_to else "negative", "mental_health_suspected": bool(refer_to),
        "referral": referral, "discharge_plan": True, **(prior or {}),
    }  # fmt: skip
    return Form(day, by, _stated(body))


def prior_assessment(author: str, on: date) -> Json:
    """An assessment of another provider as `assessed` takes it: recent, relevant and complete."""
    return {"from": author, "on": str(on), "relevant": True, "current_diagnosis": True, "level_recommendation": True}


def admitted(day: date, by: Json, client: str, program: str, zone: str, team: Sequence[Json], **more: Any) -> Form:
    """The admission to level 2.1: three groups and an hour alone, each week; the first of the team owns the case.

    `more` are further members of the event.
    """
    body = {
        "type": "admitted", "client": client, "program": program, "prior_episode": None, "zone": zone, "level": "2.1",
        "edition": "asam-3", "route": "direct", "transfer_in": None, "population": "adult",
        "policy": "ne-medicaid-2.1-adult", "medicaid_eligible": True, "team": list(team), "clinician": team[0]["id"],
        "schedule": SCHEDULE, "expects_progress": True, "residence": None, "employment": None,
    }  # fmt: skip
    return Form(day, by, _stated(body | more))


# --- sessions ----------------------------------------------------------------------------------------------------

GROUP_MINUTES = 180
SINGLE_MINUTES = 60


def attended(
    day: date, by: Json, service: str, start: str, minutes: int, size: int | None = None, group: str | None = None,
    late: str | None = None,
) -> Form:  # fmt: skip
    """A session that the client attended, as the provider's own system sends it."""
    body = {
        "type": "session_attended", "service": service, "start": start, "minutes": minutes, "group_size": size,
        "group_session": group, "modality": "in_person",
    }  # fmt: skip
    return Form(day, FEED, _stated(body), performed_by=by, late=late)


def missed(
    day: date, start: str, reason: str, cause: str = "client", service: str = "group", minutes: int = GROUP_MINUTES
) -> Form:
    """A session that the client missed."""
    body = {
        "type": "session_missed", "service": service, "start": start, "minutes": minutes, "cause": cause,
        "reason": reason,
    }  # fmt: skip
    return Form(day, FEED, body)


# --- documents ---------------------------------------------------------------------------------------------------

SECTIONS: Json = {"discharge": True, "relapse_prevention": True, "supports": True}


def plan(day: date, by: Json, signatures: Sequence[Json], *, version: int = 1, goals: Sequence[Json] = ()) -> Form:
    """A version of the plan."""
    body = {
        "type": "plan_signed", "plan_version": version, "effective_on": str(day), "sections": SECTIONS,
        "goals": list(goals) or None,
    }  # fmt: skip
    return Form(day, by, _stated(body), signatures=signatures)


def reviewed(
    day: date, by: Json, signatures: Sequence[Json], *, next_by: date | None = None, goals: Sequence[Json] = (),
    no_change: str | None = None,
) -> Form:  # fmt: skip
    """A review with the client that updated the plan, or for the reason `no_change` left it as it is."""
    progress = None if no_change else "goals under way; relapse-prevention steps brought up to date"
    body = {
        "type": "plan_reviewed", "plan_version": 1, "participants": ["client"], "supports": "none",
        "updated": no_change is None, "no_change_reason": no_change, "goals": list(goals) or None,
        "progress": progress, "next_review_by": next_by and str(next_by),
    }  # fmt: skip
    return Form(day, by, _stated(body), signatures=signatures)


PROGRESSING: Json = {
    "progressing": True, "goals_remain": True, "level_needed": True, "new_problems": False, "least_intensive": True,
}  # fmt: skip


def determined(day: date, by: Json, judged: Json = PROGRESSING, leave_by: date | None = None) -> Form:
    """The determination of continued stay: by default that the client progresses and still needs this level."""
    body = {
        "type": "continued_stay_determined", **judged, "decision": "leave" if leave_by else "continue",
        "leave_by": leave_by and str(leave_by),
        "rationale": f"coping skills not yet stable outside the group, as seen by {day}",
    }  # fmt: skip
    return Form(day, by, _stated(body), signatures=(signed_by(by, day, "determination"),))


def signature(day: date, by: Json, signature: Json) -> Form:
    """A signature added to a document later."""
    return Form(day, by, {"type": "signed"}, signatures=(signature,))


# --- around treatment ------------------------------------------------------------------------------------------------


def coordinated(day: date, by: Json, kind: str = "medical") -> Form:
    """Care coordinated with another professional."""
    return Form(day, by, {"type": "care_coordinated", "kind": kind, "outcome": "no change; next contact in a month"})


def referred(day: date, by: Json, to: str, kind: str) -> Form:
    """A referral to another professional."""
    return Form(day, by, {"type": "referred", "to": to, "kind": kind})


def consented(day: date, by: Json, recipient: str, until: date) -> Form:
    """A consent to the disclosure of attendance and progress to one who treats the client."""
    body = {
        "type": "consented", "recipient": recipient, "purpose": "treatment", "scope": "attendance and progress",
        "expires_on": str(until),
    }  # fmt: skip
    return Form(day, by, body)


def consent_revoked(day: date, by: Json, recipient: str) -> Form:
    """The end of such a consent, by the client's wish."""
    return Form(day, by, {"type": "consent_revoked", "recipient": recipient, "purpose": "treatment"})


def authorized(day: date, by: Json, number: str, units: int, last: date) -> Form:
    """Days of treatment that the payer has approved from that day on."""
    body = {
        "type": "authorized", "payer": "medicaid", "number": number, "status": "approved", "service_code": "H0015",
        "units": units, "unit": "day", "from": str(day), "to": str(last), "level": "2.1",
    }  # fmt: skip
    return Form(day, by, body)


def handed_over(day: date, by: Json, leaver: Json, owner: Json) -> Form:
    """A new case owner in the place of one who leaves."""
    return Form(day, by, {"type": "team_changed", "joins": [owner], "leaves": [leaver["id"]], "clinician": owner["id"]})


def held(day: date, by: Json, reason: str) -> Form:
    """Treatment put on hold."""
    return Form(day, by, {"type": "held", "reason": reason})


def resumed(day: date, by: Json) -> Form:
    """Treatment resumed after a hold."""
    return Form(day, by, {"type": "resumed"})


def explained(day: date, by: Json, rule: str, on: date, code: str) -> Form:
    """A finding explained."""
    return Form(day, by, {"type": "explained", "rule": rule, "on": str(on), "code": code})


# --- going on and out ------------------------------------------------------------------------------------------------


def stepped_down(day: date, by: Json, program: str, outcome: Json) -> Form:
    """A transfer to outpatient treatment, level 1, in that program."""
    body = {
        "type": "transferred", "from_level": "2.1", "to_level": "1", "edition": "asam-3", "to_program": program,
        "reason": "step_down", "outcome": outcome,
    }  # fmt: skip
    return Form(day, by, body)


def returned(day: date, by: Json, program: str) -> Form:
    """A transfer back to level 2.1: level 1 was not enough."""
    body = {
        "type": "transferred", "from_level": "1", "to_level": "2.1", "edition": "asam-3", "to_program": program,
        "transfer_in": {"from_level": "1", "level1_insufficient": True, "dimension": "5"}, "reason": "step_up",
    }  # fmt: skip
    return Form(day, by, body)


def discharged(day: date, by: Json, reason: str, last_contact: date, outcome: Json | None) -> Form:
    """The end of the episode."""
    body = {
        "type": "discharged", "reason": reason, "last_contact_on": str(last_contact), "outcome": outcome,
        "aftercare": "alumni group, weekly" if reason == "completed" else None,
    }  # fmt: skip
    return Form(day, by, _stated(body))


# --- about earlier events --------------------------------------------------------------------------------------------


def corrected(day: date, by: Json, values: Json, reason: str) -> Form:
    """Values of an earlier event that were wrong."""
    return Form(day, by, {"type": "corrected", "values": values, "reason": reason})


def voided(day: date, by: Json, reason: str) -> Form:
    """An earlier event that does not belong in this record."""
    return Form(day, by, {"type": "voided", "reason": reason})


def addendum(day: date, by: Json, text: str, reason: str) -> Form:
    """A text added to an earlier document."""
    return Form(day, by, {"type": "addendum", "text": text, "reason": reason})


def attested(day: date, kind: str, first: date, last: date | None) -> Form:
    """What a program attests to; it is filed under the program instead of a chart."""
    body = {"type": "program_attested", "kind": kind, "valid_from": str(first), "valid_to": last and str(last)}
    return Form(day, OFFICE, _stated(body))
