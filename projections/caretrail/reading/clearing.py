"""What ends a finding, in words; and what the two rules mean that no pack has."""

from __future__ import annotations

from typing import NamedTuple

from caretrail.findings import PACK_RULE
from caretrail.projection.rows import QUARANTINE_RULE

CLEARED_BY = {
    "assessment_before_treatment": "an assessment, or a prior one accepted; the days without one stay on record",
    "prior_assessment": "an addendum to the assessment, or a new assessment",
    "mental_health_referral": "a referral to a clinician who can diagnose co-occurring disorders",
    "qualifying_diagnosis": "an assessment with a qualifying diagnosis by the current DSM, or a correction",
    "admission_dimensions": "an assessment that states the dimensions, or a correction of the one there is",
    "capacity_for_progress": "a correction of the admission that states expects_progress",
    "assessor_credential": "an assessment by a licensed clinician, or a correction that states the credential",
    "co_occurring_screen": "an assessment that states the result of the screening, or a correction",
    "treatment_after_admission": "nothing: the sessions were held; they can be explained, or a wrong date corrected",
    "dual_diagnosis": "an assessment with both diagnoses, or a correction of the admission",
    "plan_due": "a plan that is in effect and signed by a clinician of the team",
    "plan_sections": "a new plan version with all sections, or a correction of the plan",
    "plan_signatures": "the missing signature, or a signature declined before a witness",
    "review_due": "a review of a signed plan with the client or guardian, signed by a clinician of the team",
    "review_valid": "a review with the client or guardian of a signed plan, signed by a clinician of the team",
    "review_gaps": "nothing: a gap stays on record; it can be explained",
    "weekly_hours": "nothing: the week is over; it can be explained",
    "weekly_days": "nothing: the week is over; it can be explained",
    "one_to_one": "nothing, if the count is right: it can be explained, or corrected if it is wrong",
    "service_mix": "a session of each kind of service that is missing",
    "care_coordination": "nothing: the period is over; care coordinated in the next period is recorded there",
    "length_of_stay": "nothing is asked for",
    "staff_credentials": "a correction that states the credential; a session held without one can be explained",
    "program_attested": "an attestation by the program that is valid on the day",
    "authorization": "an authorization for this level that covers the day and has units left",
    "co_signature": "the signature of a supervisor",
    "no_contact": "a session, or the discharge",
    "group_size": "nothing, if the count is right: it can be explained, or corrected if it is wrong",
    "continued_stay": "a continued-stay determination signed by a clinician of the team",
    "ending_supported": "a correction of the transfer or discharge that states what is missing",
}
"""What ends a finding of each check."""

CLEARED_BY_CAUSE = {
    "pack_missing": "the policy pack, in the folder that CARETRAIL_PACKS names; or a correction of the admission",
    "pack_population": "a correction of the admission: another policy pack, or another population",
    "pack_dates": "a version of the policy pack that is in force on the day",
    "edition_mismatch": "a policy pack for that edition, or a correction of the edition",
    "quarantined": "a program that can read the fact, then 'caretrail projection quarantine retry'",
}
"""What ends a finding of what cannot be judged at all, by its cause."""


class OwnRule(NamedTuple):
    """A rule of ours: what cannot be judged is itself a finding."""

    title: str
    text: str
    nothing: str


OWN_RULES = {
    PACK_RULE: OwnRule(
        "The rules to judge by",
        "An episode is judged by the policy pack its admission names, if that is installed, in force, and for its "
        "population and criteria; what it cannot judge is unknown, never met.",
        "nothing: the policy pack of the admission can judge the episode",
    ),
    QUARANTINE_RULE: OwnRule(
        "The facts to judge",
        "A fact that cannot be read keeps its own episode from being judged, visibly, and no other.",
        "nothing: every fact of the episode can be read",
    ),
}
