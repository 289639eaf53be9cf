"""The rules: one function for each check a pack may name, from a case to what is said of it over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caretrail.findings.case import Case
from caretrail.findings.rules.admission import (
    admission_dimensions,
    capacity_for_progress,
    dual_diagnosis,
    qualifying_diagnosis,
)
from caretrail.findings.rules.assessment import assessment_before_treatment, prior_assessment
from caretrail.findings.rules.authorization import authorization
from caretrail.findings.rules.care import (
    care_coordination,
    co_occurring_screen,
    no_contact,
    one_to_one,
    service_mix,
    treatment_after_admission,
)
from caretrail.findings.rules.ending import ending_supported
from caretrail.findings.rules.intensity import group_size, weekly_days, weekly_hours
from caretrail.findings.rules.plan import plan_due, plan_sections
from caretrail.findings.rules.referral import mental_health_referral
from caretrail.findings.rules.reviews import review_due, review_gaps, review_valid
from caretrail.findings.rules.signatures import plan_signatures
from caretrail.findings.rules.staff import assessor_credential, co_signature, staff_credentials
from caretrail.findings.rules.staying import length_of_stay
from caretrail.findings.track import Sheet

CHECKS: dict[str, Callable[[Case, Any], Sheet]] = {
    "assessment_before_treatment": assessment_before_treatment,
    "assessor_credential": assessor_credential,
    "prior_assessment": prior_assessment,
    "co_occurring_screen": co_occurring_screen,
    "mental_health_referral": mental_health_referral,
    "treatment_after_admission": treatment_after_admission,
    "qualifying_diagnosis": qualifying_diagnosis,
    "admission_dimensions": admission_dimensions,
    "capacity_for_progress": capacity_for_progress,
    "dual_diagnosis": dual_diagnosis,
    "plan_due": plan_due,
    "plan_sections": plan_sections,
    "plan_signatures": plan_signatures,
    "review_due": review_due,
    "review_valid": review_valid,
    "review_gaps": review_gaps,
    "weekly_hours": weekly_hours,
    "weekly_days": weekly_days,
    "group_size": group_size,
    "one_to_one": one_to_one,
    "service_mix": service_mix,
    "care_coordination": care_coordination,
    "length_of_stay": length_of_stay,
    "ending_supported": ending_supported,
    "staff_credentials": staff_credentials,
    "authorization": authorization,
    "co_signature": co_signature,
    "no_contact": no_contact,
}
"""Two checks are not here: `continued_stay` mirrors the eligibility that is worked out from the others, and
`program_attested` is of a program, not of an episode."""
