"""Rules from the assessment to the admission, and the referral."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from caretrail.policy.rules.base import Codes, Credentials, PlaceByCause, Rule
from caretrail.policy.values import MOST_ENTRIES, SomeDays, Words
from caretrail.tokens import Dsm

DimensionNumber = Literal["1", "2", "3", "4", "5", "6"]
"""A dimension of the ASAM criteria, third edition."""

OldAfter = Annotated[
    SomeDays | None, Field(description="Days after which an assessment is mentioned as old; left out, none is.")
]


class AssessmentBeforeTreatment(Rule):
    """An acceptable assessment no later than the first session."""

    check: Literal["assessment_before_treatment"]
    cleared_by = "an assessment, or a prior one accepted; the days without one stay on record"
    deadline = True
    group_by_cause: ClassVar[PlaceByCause] = {
        "assessment_after_treatment": "findings_only",
    }
    same_day: Literal["unless_times_contradict", "strict"] = "unless_times_contradict"
    old_after_days: OldAfter = None


class TreatmentAfterAdmission(Rule):
    """A session before the admission is worth knowing."""

    check: Literal["treatment_after_admission"]
    cleared_by = "nothing is asked for; a wrong date can be corrected"


class AssessorCredential(Rule):
    """The assessor is licensed for it."""

    check: Literal["assessor_credential"]
    cleared_by = "an assessment by a licensed clinician, or a correction that states the credential"
    credentials: Annotated[
        Credentials | None, Field(description="Who is licensed for it; left out, whoever gives clinical guidance.")
    ] = None
    provisional: Annotated[tuple[Words, ...], Field(max_length=MOST_ENTRIES)] = ()
    provisional_is: Literal["accepted", "blocked"] = "accepted"

    def without_effect(self) -> Mapping[str, str]:
        """Without provisional credentials it does not matter whether they are accepted."""
        found = dict(super().without_effect())
        return found if self.provisional else {**found, "provisional_is": "provisional lists no credential"}


class PriorAssessment(Rule):
    """A prior assessment is complete enough, or has an addendum."""

    check: Literal["prior_assessment"]
    cleared_by = "an addendum that supplies what is missing, or a new assessment"
    old_after_days: OldAfter = None


class CoOccurringScreen(Rule):
    """Medicaid-eligible clients are screened for co-occurring conditions."""

    check: Literal["co_occurring_screen"]
    cleared_by = "an assessment that states the result of the screening, or a correction"


class MentalHealthReferral(Rule):
    """An assessor who may not diagnose a mental health condition refers the client."""

    check: Literal["mental_health_referral"]
    cleared_by = "a referral to a clinician who can diagnose co-occurring disorders, or an assessment by one"
    limited: Annotated[Credentials, Field(description="Credentials that may not diagnose it.")]
    coordination: Literal["may_be_one", "is_one", "is_none"] = "may_be_one"


class ScreenAndSuspicion(Rule):
    """A positive screen and "no mental health condition suspected" do not go together."""

    check: Literal["screen_and_suspicion"]
    cleared_by = "an addendum that states the suspicion or the screen as it is, or a correction"


class QualifyingDiagnosis(Rule):
    """A substance-related diagnosis by a current edition of the DSM."""

    check: Literal["qualifying_diagnosis"]
    cleared_by = "an assessment with a qualifying diagnosis by the current DSM, or a correction"
    codes: Annotated[Codes, Field(description="How a qualifying ICD-10-CM code begins.")]
    dsm: Annotated[tuple[Dsm, ...], Field(min_length=1)]


class DualDiagnosis(Rule):
    """Dual diagnosis enhanced services are for clients with a mental disorder and a substance-related one."""

    check: Literal["dual_diagnosis"]
    cleared_by = "an assessment with both diagnoses, or a correction of the admission"
    codes: Annotated[Codes, Field(description="How a substance-related code begins.")]


class AdmissionDimensions(Rule):
    """The dimensions support the admission.

    `fits` are dimensions without a problem, or with one that this level meets; `one_of` those of which one meets it.
    """

    check: Literal["admission_dimensions"]
    cleared_by = "an assessment that states the dimensions, or a correction of the one there is"
    dimensions: Literal["specific", "all_six"] = "specific"
    fits: Annotated[tuple[DimensionNumber, ...], Field(max_length=6)] = ()
    one_of: Annotated[tuple[DimensionNumber, ...], Field(max_length=6)] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.dimensions == "specific" and not (self.fits or self.one_of):
            raise ValueError("dimensions: say which with fits and one_of")
        return self

    def without_effect(self) -> Mapping[str, str]:
        """Where all six are asked for, none of them is named."""
        if self.dimensions == "all_six":
            return {**super().without_effect(), **dict.fromkeys(("fits", "one_of"), "all six are asked for")}
        return super().without_effect()


class RecommendedLevel(Rule):
    """The client is admitted to the level the assessment recommends."""

    check: Literal["recommended_level"]
    cleared_by = "an assessment or addendum that recommends this level, or a correction"
    decides: Literal["clinician_level", "both_levels"] = "clinician_level"


class CapacityForProgress(Rule):
    """Significant progress is expected of the client."""

    check: Literal["capacity_for_progress"]
    cleared_by = "a correction of the admission that states expects_progress"
