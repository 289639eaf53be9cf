"""Rules as data: one model for each thing that can be checked, with what a policy pack may say of it.

What a pack does not say takes the most defensible reading. A field, a token or a combination that this program cannot
act on is refused, never ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StrictBool, StringConstraints, model_validator

from caretrail.policy.values import (
    LONGEST,
    MOST_DAYS,
    MOST_ENTRIES,
    CivilTerm,
    Count,
    Lines,
    Minutes,
    Name,
    Part,
    SomeDays,
    Term,
    Words,
)
from caretrail.tokens import AttestationKind, Dsm, Service, SignerRole

Codes = Annotated[tuple[Words, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
Credentials = Annotated[tuple[Words, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
Services = Annotated[tuple[Service, ...], Field(min_length=1, max_length=MOST_ENTRIES)]


class Rule(Part):
    """One rule in our own words, with its strength and the place it comes from."""

    check: Any  # the one word of its kind: each kind of rule narrows it
    id: Name
    title: Words
    strength: Literal["must", "should"]
    text: Words
    section: Words | None = None
    lines: Lines | None = None
    unsourced: Words | None = Field(default=None, description="Why the rule has no source; such a rule is never on.")
    on: StrictBool = True
    off_because: Words | None = None
    citation: str

    @model_validator(mode="after")
    def _cited(self) -> Self:
        if self.section is None and self.unsourced is None:
            raise ValueError("cites nothing: give section and lines, or say unsourced and on = false")
        if self.unsourced is not None and self.on:
            raise ValueError("on: a rule without a source must be off")
        return self


class AssessmentBeforeTreatment(Rule):
    """An acceptable assessment no later than the first session."""

    check: Literal["assessment_before_treatment"]
    same_day: Literal["unless_times_contradict", "strict"] = "unless_times_contradict"


class TreatmentAfterAdmission(Rule):
    """No session before the admission."""

    check: Literal["treatment_after_admission"]


class AssessorCredential(Rule):
    """Who assessed is licensed for it."""

    check: Literal["assessor_credential"]
    credentials: Credentials
    provisional: Annotated[tuple[Words, ...], Field(max_length=MOST_ENTRIES)] = ()
    provisional_is: Literal["accepted", "blocked"] = "accepted"


class PriorAssessment(Rule):
    """A prior assessment is complete enough, or an addendum stands beside it."""

    check: Literal["prior_assessment"]


class CoOccurringScreen(Rule):
    """Medicaid-eligible clients are screened for co-occurring conditions."""

    check: Literal["co_occurring_screen"]


class MentalHealthReferral(Rule):
    """Who may not diagnose a mental health condition refers the client on."""

    check: Literal["mental_health_referral"]
    limited: Annotated[Credentials, Field(description="Credentials that may not diagnose it.")]


class QualifyingDiagnosis(Rule):
    """A substance-related diagnosis by a current edition of the DSM."""

    check: Literal["qualifying_diagnosis"]
    codes: Annotated[Codes, Field(description="How a qualifying ICD-10-CM code begins.")]
    dsm: Annotated[tuple[Dsm, ...], Field(min_length=1)]


class DualDiagnosis(Rule):
    """Dual diagnosis enhanced services are for clients with a mental disorder and a substance-related one."""

    check: Literal["dual_diagnosis"]
    codes: Annotated[Codes, Field(description="How a substance-related code begins.")]


class AdmissionDimensions(Rule):
    """The dimensions support the admission."""

    check: Literal["admission_dimensions"]
    dimensions: Literal["specific", "all_six"] = "specific"


class CapacityForProgress(Rule):
    """Significant progress is expected of the client."""

    check: Literal["capacity_for_progress"]


class PlanDue(Rule):
    """A plan in effect and signed by a clinician of the team, within a term from the first day of the stay."""

    check: Literal["plan_due"]
    trigger: Literal["admission"] = "admission"
    within: Term
    cap: CivilTerm | None = None
    first_day: Literal["counts", "excluded"] = "counts"
    sessions: Literal["any_attended", "individual_only", "count_assessment"] = "any_attended"
    on_return: Literal["plan_made_or_updated_since", "earlier_plan_stands"] = "plan_made_or_updated_since"

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        if self.cap is not None and self.within.civil:
            raise ValueError("cap: only a term in sessions, treatment days or hours can have one")
        return self


class PlanSections(Rule):
    """A plan covers what it must."""

    check: Literal["plan_sections"]
    sections: Annotated[
        tuple[Literal["discharge", "relapse_prevention", "supports", "review_unit"], ...], Field(min_length=1)
    ]
    of: Literal["latest_plan", "first_plan"] = "latest_plan"


Signer = Annotated[
    str,
    StringConstraints(
        max_length=LONGEST,
        pattern=rf"^(client|team|role:({'|'.join(get_args(SignerRole))})|credential:[^\x00-\x1f\x7f-\x9f]+)$",
    ),
]


class PlanSignatures(Rule):
    """Who signs each plan, and each review that updates it, and by when."""

    check: Literal["plan_signatures"]
    signers: Annotated[tuple[Signer, ...], Field(min_length=1)]
    documents: Literal["plans_and_updates", "plans"] = "plans_and_updates"
    trigger: Literal["document", "plan_effective"] = "document"
    within: CivilTerm | None = None
    in_lieu: tuple[Literal["declined", "verbal"], ...] = ("declined", "verbal")


class ReviewDue(Rule):
    """A review that counts, every so often: `every` names the terms, `choose` which of them binds."""

    check: Literal["review_due"]
    trigger: Literal["last_review"] = "last_review"
    every: Annotated[tuple[Term, ...], Field(min_length=1, max_length=2)]
    choose: Literal["earliest", "declared"] = "earliest"
    first_from: Literal["earlier_of_plan_and_second_session", "plan_effective", "admission"] = (
        "earlier_of_plan_and_second_session"
    )
    series: Literal["rolling", "fixed", "earlier_of_both"] = "rolling"
    holds: Literal["run", "pause"] = "run"
    on_closed_day: Literal["stays", "next_working_day"] = "stays"
    counts_when: Literal["clinician_signed", "all_signed", "held"] = "clinician_signed"

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if self.choose == "declared" and len(self.every) < 2:
            raise ValueError("choose: a plan can declare one of two terms only if there are two")
        if len({term.unit for term in self.every}) < len(self.every):
            raise ValueError("every: two terms of the same unit")
        if self.series != "rolling" and not (len(self.every) == 1 and self.every[0].civil):
            raise ValueError("series: only one term of the calendar can run from a fixed day")
        if self.series != "rolling" and self.first_from != "admission":
            raise ValueError("series: a fixed series runs from the admission: first_from must say so")
        return self

    @property
    def term(self) -> Term:
        """The first term: the one gaps are measured by."""
        return self.every[0]


class ReviewValid(Rule):
    """A review is with the client, under clinical guidance, and updates the plan."""

    check: Literal["review_valid"]


class ReviewGaps(Rule):
    """Longer gaps between reviews stay on record."""

    check: Literal["review_gaps"]


class WeeklyHours(Rule):
    """Minutes of treatment in each full week."""

    check: Literal["weekly_hours"]
    least: Minutes
    most: Minutes | None = None
    basis: Literal["offered", "attended", "scheduled"] = "offered"

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.most is not None and self.most < self.least:
            raise ValueError("most must not be less than least")
        return self


class _Range(Rule):
    least: Count
    most: Count

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.most < self.least:
            raise ValueError("most must not be less than least")
        return self


class WeeklyDays(_Range):
    """Days with treatment in each full week."""

    check: Literal["weekly_days"]
    least: Annotated[Count, Field(le=7)]
    most: Annotated[Count, Field(le=7)]


class GroupSize(_Range):
    """Clients in a group: each session, or on average over a calendar month."""

    check: Literal["group_size"]
    services: Services = ("group",)
    aggregation: Literal["each_session", "monthly_average"] = "each_session"


class OneToOne(Rule):
    """One client to one clinician."""

    check: Literal["one_to_one"]
    services: Services


class ServiceMix(Rule):
    """Every kind of service is part of treatment."""

    check: Literal["service_mix"]
    services: Services
    after_weeks: Annotated[Count, Field(le=MOST_DAYS // 7)]


class CareCoordination(Rule):
    """Care is coordinated with other professionals, once in each review period."""

    check: Literal["care_coordination"]


class ContinuedStay(Rule):
    """Continued stay is determined and supported."""

    check: Literal["continued_stay"]
    holds: Literal["review_due", "authorization"] = "review_due"


class LengthOfStay(Rule):
    """No fixed length of stay."""

    check: Literal["length_of_stay"]
    typical_weeks: Annotated[tuple[Count, Count], Field(description="Shown, never judged by.")] | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.typical_weeks is not None and self.typical_weeks[1] < self.typical_weeks[0]:
            raise ValueError("typical_weeks: the second must not be less than the first")
        return self


class EndingSupported(Rule):
    """The end of a stay has a reason and what that reason needs."""

    check: Literal["ending_supported"]


class StaffCredentials(Rule):
    """Whoever treats has a credential of the list."""

    check: Literal["staff_credentials"]
    credentials: Credentials


class Attested(Rule):
    """The program attested something about itself: shown once for each program, not for each episode."""

    check: Literal["program_attested"]
    kind: AttestationKind
    soon_days: SomeDays = 30


class Authorization(Rule):
    """A payer's authorization covers the stay."""

    check: Literal["authorization"]
    soon_days: SomeDays = 7


class CoSignature(Rule):
    """A supervisor signs what a provisional clinician signed."""

    check: Literal["co_signature"]
    provisional: Credentials
    within: CivilTerm


class NoContact(Rule):
    """Nothing was attended for so long."""

    check: Literal["no_contact"]
    after: CivilTerm


AnyRule = Annotated[
    AssessmentBeforeTreatment
    | TreatmentAfterAdmission
    | AssessorCredential
    | PriorAssessment
    | CoOccurringScreen
    | MentalHealthReferral
    | QualifyingDiagnosis
    | DualDiagnosis
    | AdmissionDimensions
    | CapacityForProgress
    | PlanDue
    | PlanSections
    | PlanSignatures
    | ReviewDue
    | ReviewValid
    | ReviewGaps
    | WeeklyHours
    | WeeklyDays
    | GroupSize
    | OneToOne
    | ServiceMix
    | CareCoordination
    | ContinuedStay
    | LengthOfStay
    | EndingSupported
    | StaffCredentials
    | Attested
    | Authorization
    | CoSignature
    | NoContact,
    Field(discriminator="check"),
]
"""Any rule; the union is told apart by `check`. Each has one function in `caretrail.findings`."""

KINDS: dict[str, type[Rule]] = {
    word: kind for kind in get_args(get_args(AnyRule)[0]) for word in get_args(kind.model_fields["check"].annotation)
}
"""Each kind of rule by its check."""

SEVERAL_TIMES = frozenset({"plan_sections", "program_attested", "group_size", "one_to_one", "weekly_hours"})
"""Checks a pack may name in more than one rule."""

NEEDS_CLOCK = frozenset({"review_gaps", "care_coordination", "continued_stay"})
"""Checks that lean on the review clock, so on a rule `review_due`."""
