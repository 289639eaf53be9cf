"""A field that nothing acts on is refused, whatever its value: for each kind of rule, each such combination."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from caretrail.errors import PackInvalid
from caretrail.policy.rules import KINDS, Rule
from tests.support.packs import small_pack

DAYS = {"count": 14, "unit": "calendar_day", "soon": 3}
UNANNOUNCED = {"count": 14, "unit": "calendar_day"}
SESSIONS = {"count": 3, "unit": "session", "soon": 1}
HOURS = {"count": 27, "unit": "treatment_hour"}
VISITS = {"count": 5, "unit": "visit"}
STAY: dict[str, Any] = {"check": "length_of_stay"}
OURS = {**STAY, "section": None, "ours": "so"}
DAY = date(2026, 1, 1)
ASSESSOR: dict[str, Any] = {"check": "assessor_credential", "credentials": ["X", "Y"]}
FIFTH = {"count": 5, "unit": "treatment_day"}
STAYING: dict[str, Any] = {"check": "continued_stay", "read_as": "one", "criteria": {"one": [["progressing"]]}}
MIX: dict[str, Any] = {"check": "service_mix", "after_weeks": 4}
REVIEWS: dict[str, Any] = {"check": "review_due", "first_from": "admission"}


def refused(rule: dict[str, Any], **of_pack: object) -> str:
    with pytest.raises(PackInvalid) as caught:
        small_pack(rule, **of_pack)
    return caught.value.message.removeprefix("small.toml: ")


ACTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    # the rule, what acts in it, and what is said where it acts on nothing
    ({"check": "plan_due", "within": SESSIONS}, {"first_day": "counts"}, ""),
    ({"check": "plan_due", "within": DAYS}, {"first_day": "counts"}, "first_day: has no effect: within is a term of"),
    ({"check": "plan_due", "within": DAYS}, {"first_day": "excluded"}, "first_day: has no effect: within is a term of"),
    ({"check": "plan_due", "within": SESSIONS}, {"sessions": "individual_only"}, ""),
    ({"check": "plan_due", "within": DAYS}, {"sessions": "any_attended"}, "sessions: has no effect: within is a term"),
    ({"check": "plan_due", "within": VISITS}, {"sessions": "individual_only"}, "sessions: has no effect: every visit"),
    ({"check": "plan_due", "within": VISITS}, {"sessions": "count_assessment"}, ""),
    ({"check": "plan_due", "within": HOURS}, {"sessions": "individual_only"}, ""),
    ({"check": "plan_due", "within": HOURS}, {"sessions": "count_assessment"}, "sessions: has no effect: an"),
    ({"check": "plan_due", "within": SESSIONS}, {"cap": DAYS}, ""),
    ({"check": "plan_due", "within": DAYS}, {"cap": DAYS}, "cap: only a term in sessions"),
    ({"check": "plan_signatures", "signers": ["client"], "within": DAYS}, {"trigger": "plan_effective"}, ""),
    ({"check": "plan_signatures", "signers": ["client"]}, {"trigger": "document"}, "trigger: has no effect: without"),
    ({**REVIEWS, "every": [DAYS, HOURS]}, {"choose": "declared"}, ""),
    ({**REVIEWS, "every": [DAYS]}, {"choose": "earliest"}, "choose: has no effect: every has one term"),
    ({**REVIEWS, "every": [HOURS, DAYS]}, {"holds": "pause"}, ""),
    ({**REVIEWS, "every": [HOURS]}, {"holds": "run"}, "holds: has no effect: every has no term of the calendar"),
    ({**REVIEWS, "every": [DAYS]}, {"on_closed_day": "next_working_day"}, ""),
    ({**REVIEWS, "every": [HOURS]}, {"on_closed_day": "stays"}, "on_closed_day: has no effect: every has no term"),
    ({"check": "co_signature", "provisional": ["X"]}, {"within": UNANNOUNCED}, ""),
    ({"check": "co_signature", "provisional": ["X"]}, {"within": DAYS}, "within: soon: has no effect: nothing"),
    ({"check": "no_contact"}, {"after": UNANNOUNCED}, ""),
    ({"check": "no_contact"}, {"after": DAYS}, "after: soon: has no effect: nothing announces"),
    ({**ASSESSOR, "provisional": ["Y"]}, {"provisional_is": "blocked"}, ""),
    (ASSESSOR, {"provisional_is": "accepted"}, "provisional_is: has no"),
    ({"check": "group_size", "least": 3, "most": 12}, {"services": ["group"]}, ""),
    ({"check": "group_size", "least": 3, "most": 12}, {"services": ["education"]}, "services: education is not among"),
    ({"check": "one_to_one"}, {"services": ["family"]}, ""),
    ({"check": "one_to_one"}, {"services": ["motivational"]}, "services: motivational is not among treatment_services"),
    ({**MIX, "services": ["group"]}, {"strength": "should"}, ""),
    ({**MIX, "services": ["group"]}, {"strength": "must"}, "strength: a missing kind"),
    (MIX, {"services": ["other"]}, "services: other is not among"),
    ({"check": "assessment_due", "within": FIFTH}, {"first_day": "excluded"}, ""),
    ({"check": "assessment_due", "within": DAYS}, {"first_day": "excluded"}, "first_day: has no effect: within is no"),
    ({"check": "assessment_due", "before_plan": True}, {"first_day": "counts"}, "first_day: has no effect: within is"),
    ({"check": "admission_dimensions"}, {"fits": ["2"]}, ""),
    ({"check": "admission_dimensions"}, {"one_of": ["4"]}, ""),
    ({"check": "admission_dimensions", "dimensions": "all_six"}, {"fits": ["2"]}, "fits: has no effect: all six"),
    ({"check": "admission_dimensions", "dimensions": "all_six"}, {"one_of": ["4"]}, "one_of: has no effect: all six"),
    ({"check": "plan_due", "within": VISITS}, {"or_later": DAYS}, ""),
    ({"check": "plan_due", "within": DAYS}, {"or_later": DAYS}, "or_later: only a term in sessions"),
    ({"check": "plan_due", "within": VISITS, "cap": DAYS}, {"or_later": DAYS}, "or_later: only a term in sessions"),
    ({"check": "plan_due", "within": SESSIONS}, {"or_later": DAYS}, "within.soon: say soon in or_later"),
    ({"check": "plan_sections", "sections": ["crisis"]}, {"if_applicable": ["crisis"]}, ""),
    ({"check": "plan_sections", "sections": ["goals"]}, {"if_applicable": ["crisis"]}, "if_applicable: names"),
    ({**REVIEWS, "first_from": "plan_effective", "every": [DAYS]}, {"scope": "comprehensive"}, ""),
    ({**REVIEWS, "every": [DAYS]}, {"scope": "comprehensive"}, "scope: has no effect: the first review counts from"),
    ({"check": "group_based", "after_weeks": 2}, {"services": ["group"]}, ""),
    ({"check": "group_based", "after_weeks": 2}, {"services": ["other"]}, "services: other is not among"),
    ({"check": "service_every", "each": "week"}, {"services": ["other"]}, "services: other is not among"),
    ({"check": "weekly_days", "least": 3, "most": 5}, {"above": "info"}, ""),
    ({"check": "weekly_days", "least": 3}, {"above": "info"}, "above: has no effect: there is no most"),
    ({"check": "weekly_hours", "least": 540}, {"above": "info"}, "above: has no effect: there is no most"),
    ({"check": "weekly_days", "least": 3, "holds": "any_day_excuses"}, {"days_left": 3}, "days_left: has no effect"),
    ({"check": "weekly_hours", "least": 540, "holds": "any_day_excuses"}, {"days_left": 3}, "days_left: has no effect"),
    ({**STAYING, "holds": "term"}, {"term": UNANNOUNCED}, ""),
    ({**STAYING, "holds": "authorization"}, {"term": UNANNOUNCED}, "term: has no effect: a determination holds"),
    ({**STAYING, "holds": "authorization"}, {"term_ours": True}, "term_ours: has no effect: a determination holds"),
    ({"check": "assessor_credential"}, {"provisional": ["X"]}, "credentials: Field required, as the pack has no table"),
    ({"check": "staff_credentials"}, {"on": True}, "credentials: Field required, as the pack has no table"),
    # the source
    (STAY, {"lines": "1-2", "document": "Code 56", "url": "https://x", "copied_on": DAY}, ""),
    (OURS, {"document": "Code 56"}, "document: has no effect: no section"),
    (OURS, {"url": "https://x"}, "url: has no effect: no section"),
    (OURS, {"copied_on": DAY}, "copied_on: has no effect"),
    ({**STAY, "section": None, "unsourced": "so", "on": False}, {"lines": "1"}, "lines: has no effect"),
    ({**STAY, "on": False}, {"unsourced": "so"}, "unsourced: has no effect: a section is cited"),
]  # fmt: skip


ALWAYS = {
    "admission_dimensions": {"dimensions"},
    "assessment_before_treatment": {"same_day", "old_after_days"},
    "assessment_due": {"within", "before_plan"},  # exactly one of them
    "assessment_signed": {"made_by", "signed_by"},
    "assessor_credential": {"credentials", "provisional"},
    "authorization": {"asked", "soon_days"},
    "care_coordination": {"period", "needs"},
    "continued_stay": {"holds", "soon_days"},
    "early_signature": {"days"},
    "ending_supported": {"contact_days", "signature"},
    "group_based": set[str](),
    "group_size": {"least", "most", "other_groups", "aggregation"},
    "length_of_stay": {"typical_weeks"},
    "mental_health_referral": {"coordination"},
    "plan_updates": {"after_reviews"},
    "plan_due": {"scope", "trigger", "on_return", "there_when"},
    "plan_sections": {"scope", "of"},
    "plan_signatures": {"documents", "within", "in_lieu"},
    "prior_assessment": {"old_after_days"},
    "program_attested": {"soon_days"},
    "recommended_level": {"decides"},
    "review_after": {"trigger"},
    "review_before_discharge": {"reasons"},
    "review_due": {"trigger", "first_from", "series", "counts_when"},
    "review_valid": {"no_change"},
    "service_day": {"least", "most", "basis"},
    "service_every": {"excused_by"},
    "staff_credentials": {"credentials"},
    "summary_due": {"ends"},
    "weekly_days": {"least", "most", "holds", "counts"},
    "weekly_hours": {"most", "holds", "basis"},
}
"""The fields of each kind that act whatever the others say."""


@pytest.mark.parametrize("check", KINDS)
def test_every_field_of_every_kind_acts_always_or_is_refused_where_it_does_not(check: str) -> None:
    optional = {name for name, field in KINDS[check].model_fields.items() if not field.is_required()}
    refused_somewhere = {next(iter(field)) for rule, field, words in ACTS if words and rule["check"] == check}
    assert optional - Rule.model_fields.keys() - ALWAYS.get(check, set()) <= refused_somewhere


IDS = [f"{rule['check']} {next(iter(field))} {number}" for number, (rule, field, _) in enumerate(ACTS)]


@pytest.mark.parametrize(("rule", "field", "words"), ACTS, ids=IDS)
def test_a_field_that_nothing_acts_on_is_refused_by_name(
    rule: dict[str, Any], field: dict[str, Any], words: str
) -> None:
    if words:
        assert words in refused({**rule, **field})
    else:
        assert small_pack({**rule, **field})


def test_a_reading_does_not_answer_what_it_reads_from_a_field() -> None:
    readings = {"on_return": {"question": "And after a return?", "decides": ["XX-1.on_return"], "value": "nothing"}}
    said = refused({"check": "plan_due", "within": DAYS}, readings=readings)
    assert said == "readings.on_return.value: leave it out, it is read from the fields that decides names"


def test_who_gives_guidance_is_said_only_with_a_list_of_them() -> None:
    rule = {"check": "length_of_stay"}
    assert refused(rule, guidance_by="team").startswith("guidance_by: ")
    assert small_pack(rule, guidance_by="team", guidance={"credentials": ["LADC"]})


def test_a_wrong_unit_is_answered_with_every_unit_there_is() -> None:
    said = refused({"check": "plan_due", "within": {"count": 2, "unit": "week"}})
    assert "'calendar_month'" in said
    assert "'treatment_hour'" in said
