"""The base class of the rules in a pack, and the traits of each kind of rule.

A field that a pack leaves out takes the most defensible reading. A field, a token or a combination that the program
cannot act on is refused, never ignored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BeforeValidator, Field, SerializeAsAny, StrictBool, model_validator

from caretrail.policy.values import MOST_ENTRIES, LineRange, Name, PackDay, PackValue, Words, meant, table
from caretrail.tokens import Service

Codes = Annotated[tuple[Words, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
Credentials = Annotated[tuple[Words, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
Services = Annotated[tuple[Service, ...], Field(min_length=1, max_length=MOST_ENTRIES)]

WorklistPlace = Literal["by_verdict", "now", "second_week", "findings_only", "nowhere"]
"""Where the worklist lists a problem.

`by_verdict`: in the group of its verdict. `now`: at the top, whatever its verdict. `second_week`: quiet until the
second short week in a row. `findings_only`: only in the list of findings: it is over and cannot be cured (an unknown
one can: by documentation). `nowhere`: not at all: the stay has ended by then.
"""

PlaceByCause = Mapping[str, WorklistPlace]

KINDS: dict[str, type[Rule]] = {}
"""Each kind of rule by its check."""


class Rule(PackValue):
    """One rule in our own words, with its strength and the place it comes from: a text, or nobody but us.

    Class variables are the traits of the kind. `cleared_by`: the event that ends a finding, in words. `group`: where
    the worklist lists its findings; `group_by_cause`: where those of one cause are listed instead. `several`: whether a
    pack may have more than one such rule. `of_program`: whether it is judged for each program, not for each episode.
    `deadline`: whether it has a due day, which no explanation quiets. `judged_twice`: whether it is judged once with
    all doubtful documents and once without, as every deadline is.
    """

    cleared_by: ClassVar[str]
    group: ClassVar[WorklistPlace] = "by_verdict"
    group_by_cause: ClassVar[PlaceByCause] = {}
    several: ClassVar[bool] = False
    of_program: ClassVar[bool] = False
    deadline: ClassVar[bool] = False
    judged_twice: ClassVar[bool] = False

    check: Any  # a Literal of one token in each kind of rule
    id: Name
    title: Words
    strength: Literal["must", "should"]
    text: Words
    section: Words | None = None
    lines: LineRange | None = None
    ours: Words | None = Field(default=None, description="Why we ask what no text asks; shown as ours, never a must.")
    document: Words | None = Field(default=None, description="Where the section stands, if not in the pack's document.")
    url: Words | None = Field(default=None, description="The address of the section.")
    copied_on: PackDay | None = Field(default=None, description="The day through which its copy says it is current.")
    unsourced: Words | None = Field(default=None, description="Why the rule has no source; such a rule is never on.")
    on: StrictBool = True
    off_because: Words | None = None
    citation: str

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        for check in get_args(cls.model_fields["check"].annotation):
            KINDS[check] = cls

    @property
    def needs_clock(self) -> bool:
        """Whether it needs a rule `review_due` that is on."""
        return False

    @property
    def outlasts(self) -> bool:
        """Whether its duty may fall due after the stay, and so after the episode."""
        return False

    def choices(self, field: str) -> Collection[str] | None:  # noqa: ARG002  # some kinds use it
        """The words a field may hold, if another field of the rule lists them."""
        return None

    def without_effect(self) -> Mapping[str, str]:
        """The fields that the others leave without effect, each with why; a pack that states one is refused."""
        if self.section is None:
            return dict.fromkeys(("lines", "document", "url", "copied_on"), "no section is cited")
        return {"unsourced": "a section is cited"}

    @model_validator(mode="after")
    def _cited(self) -> Self:
        if self.section is None and self.ours is None and self.unsourced is None:
            raise ValueError("cites nothing: give section and lines, or say ours, or unsourced and on = false")
        if self.ours is not None:
            if self.section is not None or self.lines is not None or self.unsourced is not None:
                raise ValueError("ours: a rule of ours cites no text")
            if self.strength == "must":
                raise ValueError("strength: what no text asks is no must")
        if self.unsourced is not None and self.on:
            raise ValueError("on: a rule without a source must be off")
        return self


def _of_kind(value: Any) -> Rule:
    if isinstance(value, Rule):
        return value
    check = table(value).get("check")
    if check is None:
        raise ValueError("check: Field required")
    if check not in KINDS:
        raise ValueError(f"there is no check {check}{meant(check, KINDS)}")
    return KINDS[check].model_validate(value)


AnyRule = Annotated[SerializeAsAny[Rule], BeforeValidator(_of_kind)]
"""A rule of the kind its `check` names."""
