"""The words of the wire format, as Literals: events, packs, options and completion read them here, without pydantic.

They are published by `caretrail schema` and never change their meaning.
"""

from __future__ import annotations

from typing import Literal

ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
"""An opaque id, and the name of a pack, a rule or a reading."""

# --- people and purposes -------------------------------------------------------------------------------------------

PersonRole = Literal[
    "client", "guardian", "clinician", "supervisor", "family", "support", "staff", "intake", "auditor", "operator",
    "service", "other",
]  # fmt: skip  # people of the treatment, people around it, systems
SignerRole = Literal["client", "guardian", "clinician", "supervisor", "family", "support", "staff", "other"]
Durability = Literal["local", "replicated"]
"""How far a receipt's event is kept: on the server that took it, or on a standby too."""
Purpose = Literal[
    "treatment", "payment", "operations", "audit", "emergency", "research", "legal", "client_request", "other"
]
"""Purpose of an access or a disclosure."""
Basis = Literal[
    "consent", "audit", "payment", "court_order", "medical_emergency", "research", "client_request", "other"
]
"""The ground of a disclosure."""

# --- levels and ratings -----------------------------------------------------------------------------------------

Edition = Literal["asam-3", "asam-4"]
Population = Literal["adult", "adolescent"]
Route = Literal["direct", "step_down", "step_up"]
Dsm = Literal["DSM-5-TR", "DSM-5", "DSM-IV-TR", "DSM-IV"]
AssessmentKind = Literal["initial", "addendum", "reassessment", "prior_accepted"]
Screen = Literal["positive", "negative", "not_done"]

LEVELS: dict[Edition, frozenset[str]] = {
    "asam-3": frozenset(
        ["0.5", "1", "2.1", "2.5", "3.1", "3.3", "3.5", "3.7", "4", "OTS", "1-WM", "2-WM", "3.2-WM", "3.7-WM", "4-WM"]
    ),
    "asam-4": frozenset(["1.0", "1.5", "1.7", "2.1", "2.5", "2.7", "3.1", "3.5", "3.7", "4"]),
}
"""Level codes by edition: the same code may mean two things, so a level never travels without its edition."""

RATING_PATTERNS: dict[Edition, str] = {
    "asam-3": r"^[0-4]$",
    "asam-4": r"^(0|[1-4][AB]?|ANY|EVAL|[A-E])(-(COE|BIO|PSY))*$",
}

DIMENSION_PATTERNS: dict[Edition, str] = {"asam-3": r"^[1-6]$", "asam-4": r"^[1-6](\.[1-5])?$"}
"""Dimension keys by edition: `3` is a dimension, `3.1` a sub-dimension of the 4th edition."""

Residence = Literal["homeless", "dependent_living", "independent_living"]
Employment = Literal["full_time", "part_time", "unemployed", "not_in_labor_force"]
"""Living arrangement and employment as TEDS codes them."""

# --- documents and signatures -----------------------------------------------------------------------------------

Method = Literal["electronic", "paper", "verbal"]
Meaning = Literal[
    "authorship", "agreement", "approval", "review", "determination", "responsibility", "supervision", "acknowledgment"
]
Participant = Literal["client", "guardian", "family", "support", "clinician", "other"]
Supports = Literal["attended", "declined", "not_approved", "none"]
PlanScope = Literal["initial", "comprehensive"]
"""Whether a plan is only for what is immediate, or the whole plan, where the rules ask for both."""
PlanSection = Literal[
    "discharge", "relapse_prevention", "supports", "problems", "diagnosis", "goals", "objectives", "strategies",
    "services", "target_dates", "responsible_staff", "client_involvement", "safety", "crisis",
]  # fmt: skip  # those of Nebraska first
"""What a plan may have to cover."""
Decision = Literal["continue", "leave"]
GoalState = Literal["open", "met", "dropped"]
StayCriterion = Literal[
    "progressing", "goals_remain", "level_needed", "has_capacity", "actively_working", "new_problems",
    "treatable_here", "least_intensive",
]  # fmt: skip
"""What a determination of continued stay judges."""
CivilUnit = Literal["calendar_day", "working_day", "calendar_month"]
CountedUnit = Literal["session", "visit", "treatment_day", "treatment_hour"]
ReviewUnit = Literal[CivilUnit, CountedUnit]
"""Unit in which a plan sets its next review, where the rules leave the choice to the plan."""

# --- care -------------------------------------------------------------------------------------------------------

Service = Literal[
    "individual", "group", "family", "education", "motivational", "crisis", "peer_support", "self_help",
    "case_management", "other",
]  # fmt: skip  # therapies first
Modality = Literal["in_person", "virtual"]
MissedCause = Literal["client", "program", "other"]
CareKind = Literal["mental_health", "medical", "psychiatric", "other"]
HoldReason = Literal["hospital", "jail", "leave", "other"]
AuthorizationStatus = Literal["requested", "approved", "partial", "denied", "ended"]
AuthorizedUnit = Literal["day", "session", "hour", "visit", "week"]
DischargeReason = Literal[
    "completed", "left_against_advice", "terminated", "transferred", "incarcerated", "died", "other"
]
"""The seven of TEDS."""

# --- amendments and programs ------------------------------------------------------------------------------------

VoidReason = Literal["entered_in_error", "wrong_client", "duplicate"]
AttestationKind = Literal[
    "access_24_7", "license", "staff_training", "medical_consultation", "crisis_intervention", "caseload"
]

# --- findings ---------------------------------------------------------------------------------------------------

Verdict = Literal[
    "overdue", "due_today", "due_soon", "violation", "unknown", "info", "not_met", "breached", "met",
    "not_applicable",
]  # fmt: skip
"""`breached`: nothing is owed now, but a time that the text sets was not kept, or what happened cannot be undone."""

ClockState = Literal["ok", "ahead", "behind", "confirmed_behind", "unchecked"]
"""What the log says of the clock that stamps.

`ok`: it agrees with the log. `ahead`: it is more than 31 days after the newest event. `behind`: it is more than ten
minutes before the newest record of either log. `confirmed_behind`: so it is, and an operator has confirmed it.
`unchecked`: a demo store, which takes the clock of whoever opens it.
"""
