"""Policy packs: the rules of one payer for one level of care, as data with citations.

A pack is a TOML file. Everything specific to a jurisdiction is in it: numbers, lists, readings of the text. Each rule
names the `check` that judges it. A value the program cannot act on is refused, never ignored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import Field, StrictBool, TypeAdapter, ValidationError, model_validator

from caretrail.errors import PackInvalid
from caretrail.policy import values
from caretrail.policy.guidance import ClinicalGuidance
from caretrail.policy.own_rules import OWN_RULES
from caretrail.policy.rules import AnyRule, Rule
from caretrail.policy.rules.plan import ReviewDue
from caretrail.policy.toml import HINT, read_toml
from caretrail.tokens import LEVELS, Edition, Population, Service

FEW = 20
"""Limit of the places one question decides, and of its answers."""

SHORT = 64
"""Limit of the characters of a name or key that a message repeats."""

BY_CLIENT = frozenset({"client"})
BY_CLIENT_OR_OTHER = frozenset({"client", "other"})

R = TypeVar("R", bound=Rule)


class Reading(values.PackValue):
    """Our reading of one open question of the text, with the alternatives.

    `decides` names the fields that hold the answer (`NE21-R1.series`, or a field of the pack): `value` is read from
    there, and each alternative could be written there instead. Without `decides` the question has one answer.
    """

    question: values.Words
    decides: Annotated[tuple[values.Words, ...], Field(max_length=FEW)] = ()
    value: values.Words = ""
    alternatives: Annotated[tuple[values.Words, ...], Field(max_length=FEW)] = ()
    concerns: tuple[values.Words, ...] = Field(
        default=(), max_length=values.MOST_ENTRIES, description="Rules it affects, beside those it decides."
    )

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that the question affects."""
        return (*dict.fromkeys(name.rpartition(".")[0] for name in self.decides if "." in name), *self.concerns)


class Pack(values.PackValue):
    """The rules of one payer for one level of care and one population, in force from one day to another."""

    name: values.Name
    title: values.Words
    jurisdiction: values.Words
    payer: values.Words
    population: Population | Literal["any"] = Field(description="Whom it judges; any: whatever the admission says.")
    levels: Annotated[tuple[values.Words, ...], Field(min_length=1, max_length=values.MOST_ENTRIES)]
    edition: Edition
    document: values.Words
    url: values.Words | None = None
    copied_on: values.PackDay | None = Field(
        default=None, description="The day through which the copy of the document says it is current."
    )
    leaves_out: Annotated[tuple[values.Words, ...], Field(max_length=values.MOST_ENTRIES)] = Field(
        default=(), description="What the document asks and no rule here judges, and what of it was not at hand."
    )
    for_tests: StrictBool = Field(default=False, description="True: shows what a pack can say, and is not for use.")
    published_on: values.PackDay | None = None
    effective_from: values.PackDay | None = None
    effective_to: values.PackDay | None = None
    supersedes: values.Name | None = None
    late_after_days: values.PackCount
    notice_days: Annotated[values.SomeDays, Field(ge=7)]  # a week's point must stand until the next week is judged
    week_start: Literal["sunday", "monday"]
    guidance: ClinicalGuidance | None = Field(
        default=None, description="Who gives clinical guidance; left out, every clinician and supervisor does."
    )
    guidance_by: Literal["any_listed", "team"] = "any_listed"  # team: whoever gives it must be on the roster, too
    treatment_services: Annotated[frozenset[Service], Field(min_length=1)]
    offered_if_missed: Literal["by_client", "by_client_or_other"] = "by_client"  # what the program canceled never was
    closed_days: Annotated[frozenset[values.PackDay], Field(max_length=values.CLOSED_DAYS)] = frozenset()
    readings: Annotated[dict[values.Name, Reading], Field(max_length=values.MOST_ENTRIES)] = Field(default_factory=dict)
    rules: Annotated[dict[values.Name, AnyRule], Field(min_length=1, max_length=values.MOST_ENTRIES)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to: must not be before effective_from")
        if self.supersedes is not None and self.effective_from is None:
            raise ValueError("effective_from: a pack that supersedes another must say from when")
        if self.supersedes == self.name:
            raise ValueError("supersedes: a cycle: a pack cannot supersede itself")
        if self.guidance is None and "guidance_by" in self.model_fields_set:
            raise ValueError("guidance_by: means nothing without a table guidance")
        for level in self.levels:
            if level not in LEVELS[self.edition]:
                raise ValueError(f"levels: {self.edition} has no level {level}")
        for name in self.rules.keys() & OWN_RULES.keys():
            raise ValueError(f"rules.{name}: the name is taken, for what no rule says")
        checks = [rule.check for rule in self.rules.values() if not rule.several]
        for check in checks:
            if checks.count(check) > 1:
                raise ValueError(f"rules: two rules name the check {check}")
        for name, rule in self.rules.items():
            for service in getattr(rule, "services", ()):
                if service not in self.treatment_services:
                    raise ValueError(f"rules.{name}.services: {service} is not among treatment_services")
            if rule.on and rule.needs_clock and not self.rule(ReviewDue):
                raise ValueError(f"rules.{name}.check: {rule.check} needs a rule review_due that is on")
            listed = getattr(rule, "credentials", ())
            if listed is None and self.guidance is None:
                raise ValueError(f"rules.{name}.credentials: Field required, as the pack has no table guidance")
            for field, why in rule.without_effect().items():
                if field in rule.model_fields_set and getattr(rule, field) is not None:
                    raise ValueError(f"rules.{name}.{field}: has no effect: {why}")
        return self

    @cached_property
    def judged(self) -> tuple[Rule, ...]:
        """The rules that are on."""
        return tuple(rule for rule in self.rules.values() if rule.on)

    @property
    def offered_causes(self) -> frozenset[str]:
        """The causes for which a session that was missed was offered."""
        return BY_CLIENT_OR_OTHER if self.offered_if_missed == "by_client_or_other" else BY_CLIENT

    @cached_property
    def of_episodes(self) -> tuple[Rule, ...]:
        """The rules that are on and judged episode by episode; the others are judged once for each program."""
        return tuple(rule for rule in self.judged if not rule.of_program)

    @cached_property
    def _by_kind(self) -> dict[type[Rule], tuple[Rule, ...]]:
        kinds = dict.fromkeys(map(type, self.judged))
        return {kind: tuple(rule for rule in self.judged if type(rule) is kind) for kind in kinds}

    def rule(self, kind: type[R]) -> R | None:
        """The first rule of a kind that is on, if there is one."""
        found = self._by_kind.get(kind)
        return cast("R", found[0]) if found else None

    def rules_of(self, kind: type[R]) -> tuple[R, ...]:
        """The rules of a kind that are on."""
        return cast("tuple[R, ...]", self._by_kind.get(kind, ()))

    @cached_property
    def digest(self) -> str:
        """A digest of the whole pack: rows judged by another digest are not its answers."""
        rules = {name: rule.model_dump() for name, rule in self.rules.items()}
        said = json.dumps({**self.model_dump(exclude={"rules"}), "rules": rules}, default=_as_text, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the pack with some fields changed, without what was cached from the old ones."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("judged", "of_episodes", "_by_kind", "digest"):
            vars(copied).pop(name, None)
        return copied

    def changed(self, rule: str, **fields: object) -> Pack:
        """The pack with some fields of a rule changed (None: left out), as another reading of the text would have them.

        Raises PackInvalid if the rule does not allow that, KeyError for an unknown rule.
        """
        try:
            # fields the pack leaves out stay left out: one that is written and acts on nothing is refused
            stated = self.rules[rule].model_dump(exclude_unset=True)
            stated = {name: value for name, value in {**stated, **fields}.items() if value is not None}
            written = type(self.rules[rule]).model_validate(stated)
        except ValidationError as error:
            problem = _first_problem(error)
            raise PackInvalid(f"{self.name}: rules.{rule}: {problem}", HINT, problem) from None
        return self.model_copy(update={"rules": {**self.rules, rule: written}})

    def is_for(self, population: Population) -> bool:
        """Whether the pack judges episodes of a population."""
        return self.population in (population, "any")

    def in_force(self, day: date) -> bool:
        """Whether the pack is in force on a day."""
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.effective_to is None or day <= self.effective_to)

    def readings_of(self, rule: str) -> dict[str, Reading]:
        """The open questions that affect a rule, by name."""
        return {name: reading for name, reading in self.readings.items() if rule in reading.rules}


def _as_text(value: object) -> object:
    """JSON for sets, in order, and days, as text."""
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def read_pack(path: Path) -> Pack:
    """Read a pack from any TOML file; raises PackInvalid naming the file, the rule and the field."""
    return pack_of(read_toml(path), path.name)


def pack_of(data: dict[str, Any], file: str) -> Pack:
    """Make a pack from the content of a TOML file; raises PackInvalid, naming `file`, rule and field."""
    _complete(data)
    try:
        pack = Pack.model_validate(data)
    except ValidationError as error:
        raise PackInvalid(f"{file}: {_first_problem(error)}", HINT) from None
    answered: dict[str, Reading] = {}
    for name, reading in pack.readings.items():
        try:
            answered[name] = _answered(pack, reading)
        except ValueError as problem:
            raise PackInvalid(f"{file}: readings.{name}{problem}", HINT) from None
    return pack.model_copy(update={"readings": answered})


def _complete(data: dict[str, Any]) -> None:
    """Give each rule its id and its citation, from the rest of the file."""
    for name, found in values.table(data.get("rules")).items():
        rule = values.table(found)
        rule.update(id=name, citation=_citation(data, rule))
        if "check" in rule:
            rule["check"] = _short(_word(rule["check"]))  # the one value an error message repeats


def _word(value: object) -> str:
    """One value of the file as text; empty for a list, a table, or a huge number."""
    small = not isinstance(value, int) or abs(value) <= values.LONGEST
    return str(value) if small and isinstance(value, str | int | float | date) else ""


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def _citation(data: dict[str, Any], rule: dict[str, Any]) -> str:
    section, lines = _word(rule.get("section")), _word(rule.get("lines"))
    if ours := _word(rule.get("ours")):
        return f"ours, in no text: {ours}"
    if not section:
        return f"no source: {_word(rule.get('unsourced'))}"
    document = _word(rule.get("document")) or _word(data.get("document"))
    return f"{document}, {section}" + (f", lines {lines}" if lines else "")


def _answered(pack: Pack, reading: Reading) -> Reading:
    """The reading with its answer, taken from the fields it decides; raises ValueError naming the problem."""
    for rule in reading.rules:
        if rule not in pack.rules:
            raise ValueError(f": names rule {rule}, which the pack does not have")
    if not reading.decides:
        if reading.alternatives:
            raise ValueError(".alternatives: say with decides where another answer would be written")
        if not reading.value:
            raise ValueError(".value: Field required")
        return reading
    if reading.value:
        raise ValueError(".value: leave it out, it is read from the fields that decides names")
    answer: str | None = None
    for place in reading.decides:
        rule, _, field = place.rpartition(".")
        owner: values.PackValue = pack.rules[rule] if rule else pack
        if field not in type(owner).model_fields:
            raise ValueError(f".decides: {place} is no field")
        written: object = getattr(owner, field)
        word = "nothing" if written is None else _word(written)
        if not word:
            raise ValueError(f".decides: {place} is more than one word")
        if answer not in (None, word):
            raise ValueError(f": {place} says otherwise than {reading.decides[0]}")
        answer = word
        if answer in reading.alternatives:
            raise ValueError(".alternatives: must not repeat the value")
        for other in reading.alternatives:
            if not _possible(owner, field, other):
                raise ValueError(f".alternatives: {place} cannot be {other}")
    return reading.model_copy(update={"value": answer})


def _possible(owner: values.PackValue, field: str, value: str) -> bool:
    """Whether a field of a rule (or of the pack) may hold a value, whatever the other fields hold."""
    choices = owner.choices(field) if isinstance(owner, Rule) else None
    if choices is not None:
        return value in choices
    try:
        _field(type(owner), field).validate_python(value)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=200)
def _field(owner: type[values.PackValue], field: str) -> TypeAdapter[Any]:
    """A validator of one field alone: a pack may offer many answers, and validating all of it takes long."""
    known = owner.model_fields[field]
    kind: Any = Annotated[known.annotation, known]
    return TypeAdapter(kind)


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(_short(str(part)) for part in problem["loc"])
    words = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {words}" if place else words
