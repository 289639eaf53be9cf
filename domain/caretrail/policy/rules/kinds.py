"""Every kind of rule, told apart by its `check`."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from caretrail.policy.rules import admission, plan, staff, stay, treatment
from caretrail.policy.rules.base import Rule

AnyRule = Annotated[
    admission.AssessmentBeforeTreatment
    | admission.TreatmentAfterAdmission
    | admission.AssessorCredential
    | admission.PriorAssessment
    | admission.CoOccurringScreen
    | admission.MentalHealthReferral
    | admission.QualifyingDiagnosis
    | admission.DualDiagnosis
    | admission.AdmissionDimensions
    | admission.CapacityForProgress
    | plan.PlanDue
    | plan.PlanSections
    | plan.PlanSignatures
    | plan.ReviewDue
    | plan.ReviewValid
    | plan.ReviewGaps
    | plan.CoSignature
    | treatment.WeeklyHours
    | treatment.WeeklyDays
    | treatment.GroupSize
    | treatment.OneToOne
    | treatment.ServiceMix
    | treatment.CareCoordination
    | treatment.NoContact
    | stay.ContinuedStay
    | stay.LengthOfStay
    | stay.EndingSupported
    | stay.Authorization
    | staff.StaffCredentials
    | staff.Attested,
    Field(discriminator="check"),
]
"""Any rule. Each has one function in `caretrail.findings.rules`."""

KINDS: dict[str, type[Rule]] = {
    word: kind for kind in get_args(get_args(AnyRule)[0]) for word in get_args(kind.model_fields["check"].annotation)
}
"""Each kind of rule by its check."""
