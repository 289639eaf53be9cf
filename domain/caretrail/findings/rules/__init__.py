"""The rules: one function for each check a pack may name, from a case to what is said of it over time."""

from __future__ import annotations

from collections.abc import Callable

from caretrail.findings.case import Case
from caretrail.findings.rules.admission import admission_dimensions, capacity_for_progress, qualifying_diagnosis
from caretrail.findings.rules.assessment import assessment_before_treatment, prior_assessment
from caretrail.findings.rules.ending import ending_supported
from caretrail.findings.rules.intensity import group_size, weekly_days, weekly_hours
from caretrail.findings.rules.plan import plan_by_second_session, plan_sections
from caretrail.findings.rules.referral import mental_health_referral
from caretrail.findings.rules.reviews import review_due, review_gaps, review_valid
from caretrail.findings.rules.signatures import plan_signatures
from caretrail.findings.track import Sheet

CHECKS: dict[str, Callable[[Case], Sheet]] = {
    "assessment_before_treatment": assessment_before_treatment,
    "prior_assessment": prior_assessment,
    "mental_health_referral": mental_health_referral,
    "qualifying_diagnosis": qualifying_diagnosis,
    "admission_dimensions": admission_dimensions,
    "capacity_for_progress": capacity_for_progress,
    "plan_by_second_session": plan_by_second_session,
    "plan_sections": plan_sections,
    "plan_signatures": plan_signatures,
    "review_due": review_due,
    "review_valid": review_valid,
    "review_gaps": review_gaps,
    "weekly_hours": weekly_hours,
    "weekly_days": weekly_days,
    "group_size": group_size,
    "ending_supported": ending_supported,
}
"""`continued_stay` is not here: it mirrors the eligibility that is worked out from the others."""
