"""Policy packs: the rules of one payer for one level of care, as data with citations.

A pack is a TOML file. Its numbers, lists and readings of the text are all the code may know of a jurisdiction; each
rule names the `check` that judges it. A value this program cannot honour is refused, never ignored.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
    model_validator,
)

from caretrail.errors import PackInvalid, PackUnknown

PACKS = Path(__file__).parent / "packs"

Check = Literal[
    "assessment_before_treatment",
    "prior_assessment",
    "mental_health_referral",
    "qualifying_diagnosis",
    "admission_dimensions",
    "capacity_for_progress",
    "plan_by_second_session",
    "plan_sections",
    "plan_signatures",
    "review_due",
    "review_valid",
    "review_gaps",
    "weekly_hours",
    "weekly_days",
    "group_size",
    "continued_stay",
    "ending_supported",
]
"""What can be checked: each has one function in `caretrail.findings.rules`."""

HONOURED: dict[str, frozenset[str]] = {
    "weekend_due_date": frozenset({"no"}),
    "day_30": frozenset({"on_time"}),
    "session_with_provider": frozenset({"any_attended", "individual_only"}),
    "same_day_assessment": frozenset({"unless_times_contradict", "strict"}),
    "six_dimensions": frozenset({"specific", "all_six"}),
    "review_anchor": frozenset({"earlier_of_plan_and_second_session"}),
    "early_review": frozenset({"rolling"}),
    "review_done": frozenset({"clinician_signed"}),
    "team_members": frozenset({"roster_on_the_day"}),
    "plan_deadline": frozenset({"should", "must"}),
    "intensity_binds": frozenset({"program"}),
    "group_of_two": frozenset({"flagged"}),
    "upper_hours": frozenset({"none"}),
    "continued_stay_cadence": frozenset({"each_review"}),
    "return_to_level": frozenset({"plan_made_or_updated_since", "earlier_plan_stands"}),
    "hold": frozenset({"runs"}),
    "provisional_assessor": frozenset({"accepted"}),
    "adult_from": frozenset({"as_admitted"}),
    "pack_version": frozenset({"anchor_date"}),
    "verbal_approval": frozenset({"as_recorded"}),
}
"""Readings this program can act on; a pack that chooses another alternative is refused rather than misread."""

_Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Positive = Annotated[StrictInt, Field(ge=1)]
_Lines = Annotated[str, StringConstraints(pattern=r"^[0-9]+(-[0-9]+)?(, [0-9]+(-[0-9]+)?)*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Numbers(_Part):
    """Every number of the pack."""

    late_after_days: _Positive
    notice_days: Annotated[StrictInt, Field(ge=7)]  # a week's point must stand until the next week is judged
    due_soon_days: _Positive
    review_days: _Positive
    plan_sessions: Literal[2]
    week_start: Literal["sunday", "monday"]
    min_minutes_per_week: _Positive
    min_days_per_week: _Positive
    max_days_per_week: _Positive
    group_min: _Positive
    group_max: _Positive

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.max_days_per_week < self.min_days_per_week:
            raise ValueError("max_days_per_week must not be less than min_days_per_week")
        if self.group_max < self.group_min:
            raise ValueError("group_max must not be less than group_min")
        return self


class Lists(_Part):
    """Every list of tokens of the pack."""

    skilled_services: frozenset[Literal["individual", "group", "family", "education", "motivational", "other"]]
    limited_credentials: frozenset[_Words]
    current_dsm: frozenset[Literal["DSM-5-TR", "DSM-5", "DSM-IV-TR", "DSM-IV"]]
    qualifying_diagnoses: tuple[_Words, ...]


class Reading(_Part):
    """How one open question of the text is read, with what else it might mean."""

    question: _Words
    value: _Words
    alternatives: tuple[_Words, ...] = ()


class Rule(_Part):
    """One rule in our own words, with its strength and the place it comes from."""

    id: _Words
    check: Check
    title: _Words
    strength: Literal["must", "should"]
    section: _Words
    lines: _Lines
    text: _Words
    on: StrictBool = True
    citation: _Words


class Pack(_Part):
    """The rules of one payer for one level of care and one population."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    title: _Words
    jurisdiction: _Words
    payer: _Words
    population: Literal["adult", "adolescent"]
    levels: Annotated[tuple[_Words, ...], Field(min_length=1)]
    edition: Literal["asam-3", "asam-4"]
    document: _Words
    effective_from: date | None = None
    effective_to: date | None = None
    numbers: Numbers
    lists: Lists
    readings: dict[str, Reading]
    rules: Annotated[dict[str, Rule], Field(min_length=1)]

    @model_validator(mode="after")
    def _honoured(self) -> Self:
        for name in sorted(HONOURED.keys() ^ self.readings.keys()):
            raise ValueError(f"readings.{name}: " + ("is required" if name in HONOURED else "is not a known reading"))
        for name, reading in self.readings.items():
            if reading.value not in HONOURED[name]:
                raise ValueError(f"readings.{name}.value: must be one of {', '.join(sorted(HONOURED[name]))}")
        checks = [rule.check for rule in self.rules.values()]
        for check in checks:
            if checks.count(check) > 1:
                raise ValueError(f"rules: two rules name the check {check}")
        return self

    def reads(self, reading: str) -> str:
        """The value in force of a reading."""
        return self.readings[reading].value


def installed_packs() -> list[str]:
    """Names of the packs that come with this program."""
    return sorted(path.stem for path in PACKS.glob("*.toml"))


@lru_cache(maxsize=64)
def load_pack(name: str) -> Pack:
    """Read an installed pack by the name that `admitted.policy` gives.

    Raises PackUnknown if it is not installed, PackInvalid if its file is not usable.
    """
    installed = installed_packs()
    if name not in installed:
        raise PackUnknown(f"policy pack {name} is not installed", f"installed: {', '.join(installed) or 'none'}")
    pack = read_pack(PACKS / f"{name}.toml")
    if pack.name != name:
        raise PackInvalid(f"{name}.toml: name: must be the name of the file", "rename the file or the pack")
    return pack


def read_pack(path: Path) -> Pack:
    """Read a pack from any TOML file; raises PackInvalid naming the file, the rule and the field."""
    hint = "compare with an installed pack: 'caretrail rules' prints one"
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise PackInvalid(f"{path.name}: cannot be read", hint) from None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError both are
        raise PackInvalid(f"{path.name}: is not TOML: {error}", hint) from None
    _number_rules(data)
    try:
        return Pack.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        words = str(problem["msg"]).removeprefix("Value error, ")
        raise PackInvalid(f"{path.name}: {place}: {words}" if place else f"{path.name}: {words}", hint) from None


def _number_rules(data: dict[str, Any]) -> None:
    """Give each rule its id and its citation: both follow from where it stands in the file."""
    if not isinstance(data.get("rules"), dict):
        return
    tables: dict[str, Any] = data["rules"]
    for name, rule in tables.items():
        if isinstance(rule, dict):
            section, lines = tables[name].get("section", ""), tables[name].get("lines", "")
            tables[name].update(id=name, citation=f"{data.get('document', '')}, {section}, lines {lines}")


def citation(pack: Pack, rule: str) -> str:
    """Where a rule comes from: document, section and lines; raises KeyError for a rule the pack does not have."""
    return pack.rules[rule].citation
