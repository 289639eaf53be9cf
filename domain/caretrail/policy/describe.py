"""The parameters of a rule as phrases, for a clinician to compare with the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from caretrail.policy.rules import Rule
from caretrail.policy.rules.treatment import Range
from caretrail.policy.values import Term
from caretrail.text import plural

TOKENS: dict[str, dict[str, str]] = {
    "same_day": {
        "unless_times_contradict": "an assessment on the day of the first session counts unless times contradict it",
        "strict": "an assessment on the day of the first session is too late",
    },
    "provisional_is": {
        "accepted": "a provisional license is accepted",
        "blocked": "a provisional license is not enough",
    },
    "coordination": {
        "may_be_one": "a mental health contact may be the referral",
        "is_one": "a mental health contact is a referral",
        "is_none": "a mental health contact is no referral",
    },
    "decides": {
        "clinician_level": "the clinician's level, where given, is the recommendation",
        "both_levels": "the recommended and the clinician's level both count",
    },
    "dimensions": {"specific": "the dimensions the text names for each route", "all_six": "all six dimensions"},
    "scope": {"initial": "of the initial plan", "comprehensive": "of the comprehensive plan"},
    "first_day": {"counts": "the first day counts", "excluded": "the first day does not count"},
    "sessions": {
        "any_attended": "any session attended counts",
        "individual_only": "individual sessions only",
        "count_assessment": "the assessment counts as a session",
    },
    "on_return": {
        "plan_made_or_updated_since": "after a stay elsewhere a plan made or updated since",
        "earlier_plan_stands": "after a stay elsewhere the earlier plan stands",
    },
    "period": {
        "review_period": "in each period from one review to the next",
        "stay": "once, in the first period",
    },
    "signature": {
        "not_asked": "a discharge needs no signature",
        "asked": "a discharge is signed under clinical guidance",
    },
    "there_when": {
        "signed": "a plan is there once it is signed under clinical guidance",
        "in_effect": "a plan is there once it is signed under clinical guidance and in effect",
    },
    "no_change": {
        "with_reason": "a stated reason for no change counts as an update",
        "never": "only an update will do",
    },
    "of": {"latest_plan": "the latest plan", "first_plan": "the first plan"},
    "documents": {"plans_and_updates": "each plan and each review that updates it", "plans": "each plan"},
    "choose": {"earliest": "", "declared": "as the plan declares, else whichever is first"},
    "first_from": {
        "earlier_of_plan_and_second_session": "the first from the plan or the second session, whichever is earlier",
        "plan_effective": "the first from the day the plan takes effect",
        "admission": "the first from the admission",
    },
    "series": {
        "rolling": "each next from the last review",
        "fixed": "each next on fixed days from then",
        "earlier_of_both": "each next from the last review or on fixed days, whichever is earlier",
    },
    "holds": {
        "run": "a hold does not pause it",
        "pause": "a hold pauses it",
        "term": "a determination holds from its own day",
        "review_due": "a determination holds until the next review is due",
        "authorization": "a determination holds as long as the payer authorized",
        "enough_days_left": "a week is judged if a hold leaves enough days of it",
        "any_day_excuses": "any day on hold excuses a week",
    },
    "on_closed_day": {
        "stays": "a weekend does not move it",
        "next_working_day": "a due day on a weekend or closed day moves to the next working day",
    },
    "counts_when": {
        "clinician_signed": "a review counts once it is signed under clinical guidance",
        "all_signed": "a review counts once all have signed",
        "held": "a review counts once it is held",
    },
    "basis": {
        "offered": "of what the program offers",
        "attended": "of what the client attends",
        "scheduled": "of the client's schedule",
    },
    "asked": {"where_recorded": "shown where one is recorded", "always": "one for each day of the stay"},
    "each": {"week": "in each full week", "calendar_month": "in each full calendar month"},
    "above": {"info": "more is information", "violation": "more is a violation"},
    "counts": {"days": "times are days", "sessions": "times are sessions"},
    "other_groups": {"count": "other treatment in a group, too", "left_out": "no other treatment"},
    "aggregation": {"each_session": "in each group", "monthly_average": "on average over a calendar month"},
    "kind": {
        "access_24_7": "a licensed practitioner reachable at any hour",
        "license": "the facility's license",
        "staff_training": "the staff's training",
        "medical_consultation": "psychiatric and other medical consultation, by phone and in person",
        "crisis_intervention": "crisis intervention",
        "caseload": "clients to each counselor within the limit",
    },
}
"""A phrase for each token a pack may choose, by field."""

TRIGGERS = {
    "admission": " from the first day of the stay",
    "document": " from the day of the document",
    "plan_effective": " from the day the plan takes effect",
    "last_review": "",
    "first_session": " from the first session",
    "assessment": " from the day of the assessment",
    "reassessment": " from the day of a revised assessment",
}
"""The start of a term in words; for a review, `series` names it."""

LISTS = {
    "credentials": "credentials",
    "provisional": "provisional",
    "limited": "credentials limited",
    "codes": "codes that begin with",
    "dsm": "by",
    "sections": "covers",
    "if_applicable": "only if applicable",
    "signers": "signed by",
    "in_lieu": "in lieu of a signature",
    "services": "services",
    "fits": "no problem, or one that this level meets, in dimension",
    "one_of": "this level needed by one of dimension",
    "excused_by": "or missed for a cause of",
    "made_by": "of assessments by",
    "signed_by": "by",
    "reasons": "of discharges as",
    "ends": "of each",
}

RANGES = {
    "weekly_hours": "minutes in each full week",
    "weekly_days": "days in each full week",
    "group_size": "clients",
    "service_day": "minutes on each day of treatment",
}


def parameters(rule: Rule) -> str:
    """All parameters of a rule, as one line of phrases."""
    return "; ".join(phrase for phrase in _phrases(rule) if phrase)


def _phrases(rule: Rule) -> Iterator[str]:
    if rule.check in RANGES:
        yield _range(rule)
    ignored = rule.without_effect()
    for name in type(rule).model_fields:
        if name in Rule.model_fields or name in ignored:
            continue
        value: Any = getattr(rule, name)
        if name == "within":
            yield _within(value, getattr(rule, "trigger", ""))
        elif name == "criteria":
            yield _formula(value[getattr(rule, "read_as", "")])
        elif name in _PHRASES:
            yield _PHRASES[name](value)
        elif name in TOKENS:
            yield TOKENS[name][value] if value is not None else ""
        elif name in LISTS and value:
            yield f"{LISTS[name]} {', '.join(map(_item, value))}"
        elif name == "in_lieu":
            yield "nothing in lieu of a signature"


def _item(word: object) -> str:
    """One item of a list; a signer may be named by role or by credential."""
    if isinstance(word, tuple):
        return " or ".join(map(_item, word))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    kind, _, wanted = str(word).rpartition(":")
    return f"a {wanted}" if kind in ("role", "credential") else str(word).replace("_", " ")


def _formula(sentences: Sequence[Sequence[str]]) -> str:
    """A formula of criteria as a phrase: any sentence is enough."""
    return "by " + ", or by ".join(" and ".join(criteria) for criteria in sentences).replace("_", " ")


def _range(rule: Rule) -> str:
    return f"{rule.allowed} {RANGES[rule.check]}" if isinstance(rule, Range) else ""


def _within(found: Term | None, trigger: str) -> str:
    return f"within {_term(found, since=TRIGGERS.get(trigger, ''))}" if found else ""


def _term(found: Term, since: str = "") -> str:
    words = plural(found.count, found.unit.replace("_", " ")) + since
    if found.soon:
        words += f", announced {plural(found.soon, 'day' if found.civil else found.unit.replace('_', ' '))} before"
    return words


def _every(terms: Sequence[Term]) -> str:
    return "every " + ", or ".join(map(_term, terms))


_PHRASES: dict[str, Callable[[Any], str]] = {
    "before_plan": lambda before: "no later than the first plan" if before else "",
    "or_later": lambda found: f"or {_term(found)}, whichever is later" if found else "",
    "cap": lambda found: f"no later than {_term(found)}" if found else "",
    "term": lambda found: f"for {_term(found)}" if found else "",
    "term_ours": lambda ours: "the term is ours, not the text's" if ours else "",
    "after": lambda found: f"after {_term(found)}",
    "every": _every,
    "after_weeks": lambda weeks: f"judged after {plural(weeks, 'week')}",
    "contact_days": lambda days: (
        f"a last contact more than {plural(days, 'day')} before is mentioned" if days is not None else ""
    ),
    "needs": lambda needs: "; ".join(
        f"where dimension {key} has a problem, {' or '.join(kind.replace('_', ' ') for kind in kinds)} contact"
        for key, kinds in needs.items()
    ),
    "old_after_days": lambda days: f"mentioned if older than {plural(days, 'day')}" if days is not None else "",
    "days_left": lambda days: f"{plural(days, 'day')} without a hold are enough" if days else "",
    "seen_within_days": lambda days: f"in the {plural(days, 'day')} that end on that day",
    "days": lambda days: f"more than {plural(days, 'day')} before",
    "after_reviews": lambda count: f"mentioned after {plural(count, 'review')} without an update",
    "soon_days": lambda days: f"announced {plural(days, 'day')} before" if days else "",
    "typical_weeks": lambda weeks: f"{weeks[0]} to {weeks[1]} weeks are typical, never judged by" if weeks else "",
}
