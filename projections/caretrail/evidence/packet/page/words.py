"""A fact in words: a short title, and every other field it carries beside it, so that nothing shown is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from caretrail.evidence.packet.page.given import Json

IN_OTHER_COLUMNS = frozenset({"type", "episode", "occurred_on", "actor", "late_reason", "entered_at"})
"""What the table says elsewhere."""


class Detail(NamedTuple):
    """A field of a fact, or of a part of it, in words."""

    name: str
    value: str


class Told(NamedTuple):
    """A fact in words."""

    title: str
    details: tuple[Detail, ...]


def told(fact: Json) -> Told:
    """Say what a fact says: the title uses some fields, the details hold all others."""
    title, used = _TITLES.get(str(fact["type"]), _by_type)(fact)
    rest = {name: value for name, value in fact.items() if name not in IN_OTHER_COLUMNS and name not in used}
    for last in ("performed_by", "signatures"):
        if last in rest:
            rest[last] = rest.pop(last)
    return Told(title, tuple(Detail(spoken(name), _detail(name, value)) for name, value in rest.items()))


def spoken(token: object) -> str:
    """A token without its underscores."""
    return str("" if token is None else token).replace("_", " ").strip()


def value_in_words(value: object) -> str:
    """A value of a fact: text as it is, everything else in words."""
    if isinstance(value, Mapping):
        inside = cast(Json, value)
        return ", ".join(f"{spoken(name)} {value_in_words(inner)}" for name, inner in inside.items()) or "none"
    if isinstance(value, list | tuple):
        return "; ".join(map(value_in_words, cast(Sequence[object], value))) or "none"
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def person(value: Json) -> str:
    """Somebody: the id, with credential or else role."""
    known = [str(value["credential"])] if value.get("credential") else []
    role = [spoken(value["role"])] if value.get("role") else []
    return ", ".join([str(value.get("id", value.get("signer", ""))), *role, *known])


def signature(value: Json) -> str:
    """A signature given, put off or declined."""
    if value.get("signed_on"):
        state = f"signed {value['signed_on']}"
    else:
        state = "put off" if "deferred" in value else "declined" if "declined" in value else "not given"
    rest = [
        value_in_words(value[name])
        for name in ("method", "meaning", "deferred", "declined")
        if value.get(name) is not None
    ]
    witness = [f"witness {value['witness']}"] if value.get("witness") else []
    return f"{person(value)}: {', '.join([state, *rest, *witness])}"


def _detail(name: str, value: object) -> str:
    if name == "signatures":
        return "; ".join(signature(item) for item in cast("Sequence[Json]", value)) or "none"
    if name in ("performed_by", "team", "joins"):
        return "; ".join(person(item) for item in cast("Sequence[Json]", value)) or "none"
    if name == "dimensions" or name == "ratings":
        return "; ".join(f"{key}: {value_in_words(item)}" for key, item in cast(Json, value).items()) or "none"
    if name in _TOKENS:
        return spoken(value_in_words(value))
    return value_in_words(value)


_TOKENS = frozenset(
    {
        "kind", "service", "modality", "cause", "decision", "supports", "participants", "population", "route", "unit",
        "review_unit", "code", "co_occurring_screen",
    }
)  # fmt: skip  # one after the other
"""Fields that hold tokens of ours; the underscores of anything else are somebody's own."""

Title = tuple[str, frozenset[str]]


def _used(title: str, *names: str) -> Title:
    return title, frozenset(names)


def _by_type(fact: Json) -> Title:
    return _used(spoken(fact["type"]).capitalize())


def _text(fact: Json, name: str) -> str:
    return spoken(fact.get(name, ""))


def _session(fact: Json) -> Title:
    return _used(f"{_text(fact, 'service').capitalize()} session, {fact.get('minutes', '?')} min", "service", "minutes")


def _missed(fact: Json) -> Title:
    title = f"{_text(fact, 'service').capitalize()} session missed, {fact.get('minutes', '?')} min"
    return _used(title, "service", "minutes")


def _transferred(fact: Json) -> Title:
    title = f"Transferred from level {fact.get('from_level', '?')} to level {fact.get('to_level', '?')}"
    return _used(title, "from_level", "to_level")


def _admitted(fact: Json) -> Title:
    return _used(f"Admitted to {fact.get('program', '?')} at level {fact.get('level', '?')}", "program", "level")


def _one(words: str, name: str) -> Callable[[Json], Title]:
    """A title that ends with one field."""

    def title(fact: Json) -> Title:
        return _used(words.format(_detail(name, fact[name]) if name in fact else "").rstrip(": "), name)

    return title


_TITLES: dict[str, Callable[[Json], Title]] = {
    "assessed": _one("Assessment: {}", "kind"),
    "admitted": _admitted,
    "plan_signed": _one("Treatment plan {} signed", "plan_version"),
    "signed": _one("Signature added to fact {}", "target"),
    "plan_reviewed": _one("Review of plan {}", "plan_version"),
    "continued_stay_determined": _one("Continued stay determined: {}", "decision"),
    "session_attended": _session,
    "session_missed": _missed,
    "care_coordinated": _one("Care coordinated: {}", "kind"),
    "schedule_set": lambda _: _used("Schedule set"),
    "team_changed": lambda _: _used("Team changed"),
    "held": lambda fact: _used(f"On hold: {_text(fact, 'reason')}".rstrip(": "), "reason"),
    "resumed": lambda _: _used("Resumed after a hold"),
    "authorized": _one("Authorized by {}", "payer"),
    "transferred": _transferred,
    "discharged": lambda fact: _used(f"Discharged: {_text(fact, 'reason')}".rstrip(": "), "reason"),
    "explained": _one("Explanation of {}", "rule"),
    "corrected": lambda fact: _used(f"Correction of fact {fact.get('target', '?')}", "target"),
    "voided": lambda fact: _used(
        f"Fact {fact.get('target', '?')} voided: {_text(fact, 'reason')}".rstrip(": "), "target", "reason"
    ),
    "addendum": _one("Addition to fact {}", "target"),
}


def author(fact: Json) -> Json:
    """Who states the fact."""
    found: Any = fact.get("actor")
    return cast(Json, found) if isinstance(found, Mapping) else {}
