"""Rules of the treatment plan: its due day, its signatures and its reviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from caretrail.policy.rules.base import Credentials, PlaceByCause, Rule
from caretrail.policy.values import LONGEST, MOST_ENTRIES, CivilTerm, PackCount, QuietTerm, SomeDays, Term
from caretrail.tokens import PlanScope, PlanSection, SignerRole


class PlanDue(Rule):
    """A plan signed under clinical guidance, within a term from the first day of the stay."""

    check: Literal["plan_due"]
    cleared_by = "a plan signed under clinical guidance"
    deadline = True
    several = True
    scope: Literal["comprehensive"] | None = Field(
        default=None, description="Left out, any plan serves: a comprehensive one is an initial one, too."
    )
    trigger: Literal["admission", "first_session", "assessment"] = "admission"
    within: Term
    cap: Annotated[CivilTerm | None, Field(description="Whichever is earlier.")] = None
    or_later: Annotated[CivilTerm | None, Field(description="Whichever is later.")] = None
    first_day: Literal["counts", "excluded"] = "counts"
    sessions: Literal["any_attended", "individual_only", "count_assessment"] = "any_attended"
    on_return: Literal["plan_made_or_updated_since", "earlier_plan_stands"] = "plan_made_or_updated_since"
    there_when: Literal["signed", "in_effect"] = "signed"

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        if self.cap is not None and self.within.civil:
            raise ValueError("cap: only a term in sessions, treatment days or hours can have one")
        if self.or_later is not None:
            if self.within.civil or self.cap is not None:
                raise ValueError("or_later: only a term in sessions, treatment days or hours can have one, without cap")
            if self.within.soon:
                raise ValueError("within.soon: say soon in or_later: nobody knows yet which of both is later")
        return self

    def without_effect(self) -> Mapping[str, str]:
        """What counts as a session, and from when, matters only to a term that counts them."""
        found = dict(super().without_effect())
        if self.within.civil:
            found |= dict.fromkeys(("first_day", "sessions"), "within is a term of the calendar")
        elif self.within.unit == "visit" and self.sessions == "individual_only":
            found["sessions"] = "every visit counts"
        elif self.within.unit == "treatment_hour" and self.sessions == "count_assessment":
            found["sessions"] = "an assessment has no minutes of treatment"
        return found


class PlanSections(Rule):
    """A plan covers what it must."""

    check: Literal["plan_sections"]
    cleared_by = "a new plan version with all sections, or a correction of the plan"
    several = True
    scope: PlanScope | None = Field(default=None, description="Of plans, where the text asks for more than one.")
    sections: Annotated[tuple[PlanSection | Literal["review_unit"], ...], Field(min_length=1, max_length=MOST_ENTRIES)]
    if_applicable: Annotated[
        tuple[PlanSection, ...],
        Field(max_length=MOST_ENTRIES, description="Sections that a plan may say do not apply to the client."),
    ] = ()
    of: Literal["latest_plan", "first_plan"] = "latest_plan"

    @model_validator(mode="after")
    def _among_sections(self) -> Self:
        if not set(self.if_applicable) <= set(self.sections):
            raise ValueError("if_applicable: names a section that sections does not list")
        return self


NAMED = "client|team|case_owner|participants"
"""`team`: everyone on the roster; `participants`: who made the document."""


def _one_signer(signer: str) -> str:
    if " or " in signer:
        raise ValueError("of several one of whom must sign, make a list inside the list")
    return signer


Signer = Annotated[
    str,
    AfterValidator(_one_signer),
    StringConstraints(
        max_length=LONGEST,
        pattern=rf"^({NAMED}|role:({'|'.join(get_args(SignerRole))})|credential:[^\x00-\x1f\x7f-\x9f]+)$",
    ),
]
OneOfSeveral = Annotated[tuple[Signer, ...], Field(min_length=1, max_length=MOST_ENTRIES)]


def _how_many(value: object) -> str:
    return "several" if isinstance(value, list | tuple) else "one"


Signers = Annotated[
    tuple[
        Annotated[Annotated[Signer, Tag("one")] | Annotated[OneOfSeveral, Tag("several")], Discriminator(_how_many)],
        ...,
    ],
    Field(min_length=1, max_length=MOST_ENTRIES),
]
"""Everyone who must sign; of a list inside the list, one of them."""


class PlanSignatures(Rule):
    """Who signs each plan, and each review that updates it, and by when."""

    check: Literal["plan_signatures"]
    cleared_by = "the missing signature, or a signature declined before a witness"
    judged_twice = True
    signers: Signers
    documents: Literal["plans_and_updates", "plans"] = "plans_and_updates"
    trigger: Literal["document", "plan_effective"] = "document"
    within: CivilTerm | None = None
    in_lieu: tuple[Literal["declined", "verbal"], ...] = ("declined", "verbal")

    @property
    def outlasts(self) -> bool:
        """A signature with a term may fall due after the stay."""
        return self.within is not None

    def without_effect(self) -> Mapping[str, str]:
        """Only a term begins on some day."""
        found = dict(super().without_effect())
        return found if self.within else {**found, "trigger": "without within a signature is owed at once"}


class EarlySignature(Rule):
    """No signature was given long before the document it is on."""

    check: Literal["early_signature"]
    cleared_by = "a correction of the day of the signature, or a signature on the document"
    days: Annotated[SomeDays, Field(description="Days before the document that are too many, if exceeded.")] = 7


class CoSignature(Rule):
    """A supervisor signs what a provisional clinician signed."""

    check: Literal["co_signature"]
    cleared_by = "the signature of a supervisor"
    provisional: Credentials
    within: QuietTerm


class ReviewDue(Rule):
    """A valid review at regular intervals: `every` lists the terms, `choose` decides which one binds."""

    check: Literal["review_due"]
    cleared_by = "a review of a signed plan with the client or guardian, signed under clinical guidance"
    deadline = True
    trigger: Literal["last_review"] = "last_review"
    scope: PlanScope | None = Field(default=None, description="Of the plans from which the first review counts.")
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
        if self.series != "rolling" and self.first_from not in ("admission", "plan_effective"):
            raise ValueError("a fixed series must start at admission or with the plan (first_from)")
        return self

    def without_effect(self) -> Mapping[str, str]:
        """One term leaves nothing to choose; holds and closed days move no term of sessions."""
        found = dict(super().without_effect())
        if len(self.every) < 2:
            found["choose"] = "every has one term"
        if self.first_from == "admission":
            found["scope"] = "the first review counts from the admission"
        if not any(term.civil for term in self.every):
            found |= dict.fromkeys(("holds", "on_closed_day"), "every has no term of the calendar")
        return found

    @property
    def term(self) -> Term:
        """The first term, by which gaps are measured."""
        return self.every[0]


class ReviewValid(Rule):
    """A review is with the client, under clinical guidance, and updates the plan."""

    check: Literal["review_valid"]
    cleared_by = "a review with the client or guardian of a signed plan, signed under clinical guidance"
    judged_twice = True
    no_change: Literal["with_reason", "never"] = "with_reason"
    group_by_cause: ClassVar[PlaceByCause] = {
        "participation": "findings_only",
        "plan_version": "findings_only",
        "no_update": "findings_only",
    }


class ReviewGaps(Rule):
    """Longer gaps between reviews stay on record."""

    check: Literal["review_gaps"]
    cleared_by = "nothing: a gap stays on record"
    group = "findings_only"
    judged_twice = True

    @property
    def needs_clock(self) -> bool:
        """It speaks of the review periods."""
        return True


class PlanUpdates(Rule):
    """A plan that several reviews in a row left as it was is mentioned; information alone."""

    check: Literal["plan_updates"]
    cleared_by = "a review that updates the plan, or a new version of it"
    group = "findings_only"
    judged_twice = True
    after_reviews: Annotated[PackCount, Field(description="Reviews in a row without an update.")] = 3
