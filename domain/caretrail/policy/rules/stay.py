"""Rules of a stay: what supports it, how long it lasts, and how it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, StrictBool, StringConstraints, model_validator

from caretrail.policy.rules.base import PlaceByCause, Rule
from caretrail.policy.values import CivilTerm, Name, PackCount, SomeDays, meant
from caretrail.tokens import StayCriterion

MOST_FORMULAS = 10
MOST_SENTENCES = 10


Criterion = Annotated[str, StringConstraints(pattern=rf"^(not )?({'|'.join(get_args(StayCriterion))})$")]
"""What a determination states, or its denial: `progressing`, `not progressing`."""

Sentence = Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=len(get_args(StayCriterion)))]
"""Criteria that together support continued stay: each of them must hold."""

Formula = Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=MOST_SENTENCES)]
"""Sentences of which one is enough."""


class ContinuedStay(Rule):
    """Continued stay is determined and supported.

    `criteria` has the formula of each reading of the text, `read_as` names the one in force. A determination, and the
    admission, which is the first, hold for `term` from their day, or through the next review due, or as long as
    authorized. `term_ours`: the text gives no term, so what comes later than that is no breach of the text.
    """

    check: Literal["continued_stay"]
    deadline = True
    group_by_cause: ClassVar[PlaceByCause] = {"not_eligible": "now", "leave_by_passed": "now"}
    cleared_by = "a continued-stay determination signed under clinical guidance, or the end of the stay"
    deadline = True
    criteria: Annotated[
        Mapping[Name, Formula], Field(min_length=1, max_length=MOST_FORMULAS, description="By the name of a reading.")
    ]
    read_as: Name = Field(description="The formula in force.")
    holds: Literal["term", "review_due", "authorization"] = "term"
    term: CivilTerm | None = None
    term_ours: StrictBool = False
    soon_days: SomeDays = 7

    @property
    def needs_clock(self) -> bool:
        """Only a term that ends with the next review due needs the review clock."""
        return self.holds == "review_due"

    @property
    def formula(self) -> tuple[tuple[str, ...], ...]:
        """The formula in force: sentences of criteria."""
        return self.criteria[self.read_as]

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if self.read_as not in self.criteria:
            raise ValueError(f"read_as: criteria has no formula of that name{meant(self.read_as, self.criteria)}")
        if self.holds == "term" and self.term is None:
            raise ValueError("term: Field required, unless holds says otherwise")
        if self.term is not None and self.term.soon:
            raise ValueError("term.soon: say soon_days, which also announces the day to leave")
        return self

    def choices(self, field: str) -> Collection[str] | None:
        """The formulas among which `read_as` chooses."""
        return self.criteria if field == "read_as" else None

    def without_effect(self) -> Mapping[str, str]:
        """A term is ignored where something else ends what a determination supports."""
        if self.holds != "term":
            ended = "a determination holds as long as holds says"
            return {**super().without_effect(), "term": ended, "term_ours": ended}
        return super().without_effect()


class LengthOfStay(Rule):
    """There is no fixed length of stay."""

    check: Literal["length_of_stay"]
    cleared_by = "nothing is asked for"
    typical_weeks: Annotated[tuple[PackCount, PackCount], Field(description="Shown, never judged by.")] | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.typical_weeks is not None and self.typical_weeks[1] < self.typical_weeks[0]:
            raise ValueError("typical_weeks: the second must not be less than the first")
        return self


class Authorization(Rule):
    """A payer's authorization: what is left of it, where one is recorded; or one for each day, as the text asks."""

    check: Literal["authorization"]
    cleared_by = "an authorization for this level that covers the day and has units left"
    asked: Literal["where_recorded", "always"] = "where_recorded"
    soon_days: SomeDays = 7

    @model_validator(mode="after")
    def _information_only(self) -> Self:
        if self.strength == "must" and self.asked == "where_recorded":
            raise ValueError("strength: what is shown only where it is recorded is no must")
        return self


class EndingSupported(Rule):
    """The end of a stay has a reason and what that reason needs."""

    check: Literal["ending_supported"]
    cleared_by = "a correction of the transfer or discharge that states what is missing"
    group = "nowhere"
    contact_days: Annotated[
        SomeDays | None,
        Field(description="Days from the last contact to the discharge after which it is mentioned; left out, never."),
    ] = None
    signature: Literal["not_asked", "asked"] = "not_asked"
