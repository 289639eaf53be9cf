"""Facts to and from JSON: one parser, one canonical payload, a closed registry of stored names with upcasts.

A stored name is `type/schema`, for example `plan_reviewed/1`; `;imported` behind it marks a historical load. A name
that is not in the registry is refused: reading a row never imports anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from functools import lru_cache
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from caretrail.errors import InvalidFact, StoreDamaged, StoreNewer
from caretrail.facts.accessed import Accessed
from caretrail.facts.catalogue import Fact
from caretrail.facts.duplicates import names_twice
from caretrail.facts.envelope import FactBase
from caretrail.facts.parts import Disclosure

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
IMPORTED = ";imported"

_ADAPTER: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="type")])
FACT_TYPES: dict[str, type[FactBase]] = {cls.model_fields["type"].default: cls for cls in get_args(Fact)}
"""Every stored name and its model: the closed registry."""

APPENDED: dict[str, type[FactBase]] = {kind: cls for kind, cls in FACT_TYPES.items() if cls is not Accessed}
"""Those that somebody may state: an access is recorded by looking, and by nothing else."""

_OF_THE_ACT = {"command_id", "source", "expected_version"}
"""The first two have columns of their own; the last is true before the fact is recorded, and never afterwards."""

UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""`(type, schema)` of an old payload → the payload one schema later. Every released schema stays readable for ever."""


def parse_fact(line: bytes | str) -> Fact:
    """Read one fact to record from its JSON.

    Raises InvalidFact: the message names the field and the rule it breaks, never the value.
    """
    data = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
    if len(data) > MAX_BYTES:
        raise InvalidFact(
            f"payload is larger than {MAX_BYTES // 1024} KB",
            "split the text, or store the document elsewhere",
        )
    if _depth(data) > MAX_DEPTH:
        raise InvalidFact(
            f"payload is nested deeper than {MAX_DEPTH}", "send the fact flat, as `caretrail schema` shows it"
        )
    try:
        fact = _ADAPTER.validate_json(data)
    except ValidationError as error:
        raise invalid_fact(error) from None
    if names_twice(data, fact):
        raise InvalidFact(
            "an object of the line names a member twice", "send each member once: parsers differ in which counts"
        )
    if isinstance(fact, Accessed):
        raise access_is_not_stated()
    return fact


def access_is_not_stated() -> InvalidFact:
    """Refuse an access that somebody would state instead of looking."""
    return InvalidFact("an access is recorded by looking, never by append", "leave it out")


def fact_from(data: Fact | dict[str, Any]) -> Fact:
    """Take a fact as a model or as the dict of its JSON; a model is read anew, for copies of it are not validated."""
    try:
        if isinstance(data, FactBase):
            return parse_fact(data.model_dump_json(by_alias=True, exclude_none=True, warnings=False))
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, default=_iso, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError, AttributeError):
        raise InvalidFact(
            "the fact is not JSON", "use strings, numbers, true, false, null, lists and objects"
        ) from None
    return parse_fact(text)


def _iso(value: object) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError


def _depth(data: bytes) -> int:
    """How deep brackets nest, outside strings; cheap for the usual flat fact."""
    if data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for byte in data:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in (0x7B, 0x5B):
            depth += 1
            deepest = max(deepest, depth)
        elif byte in (0x7D, 0x5D):
            depth -= 1
    return deepest


def payload_of(fact: Fact) -> bytes:
    """The canonical JSON of a fact, as stored: without nulls, and without what is said of the act of sending it."""
    return fact.model_dump_json(by_alias=True, exclude_none=True, exclude=_OF_THE_ACT).encode()


def stored_name(fact: Fact, *, imported: bool = False) -> str:
    """The stable name a fact is stored under."""
    return f"{fact.type}/{fact.schema_number}{IMPORTED if imported else ''}"


def is_imported(name: str) -> bool:
    """Whether a stored name marks a historical load."""
    return name.endswith(IMPORTED)


@lru_cache(maxsize=1000)
def kind_of(name: str) -> type[FactBase]:
    """The model of a stored name, without reading anything.

    Raises StoreNewer for a name or schema this program does not know yet.
    """
    kind, _, schema = name.removesuffix(IMPORTED).partition("/")
    cls = FACT_TYPES.get(kind)
    if cls is None or not schema.isdecimal():
        raise StoreNewer("a stored fact has a name this program does not know", "upgrade Caretrail, then try again")
    if int(schema) > cls.schema_number:
        raise StoreNewer("a stored fact was written by a newer Caretrail", "upgrade Caretrail, then try again")
    return cls


def read_fact(name: str, payload: bytes) -> Fact:
    """Read a stored fact, upcasting an old schema.

    Raises StoreNewer as `kind_of` does, StoreDamaged for a payload that is not such a fact.
    """
    cls = kind_of(name)
    kind, _, schema = name.removesuffix(IMPORTED).partition("/")
    try:
        if int(schema) < cls.schema_number:
            payload = _upcast(kind, int(schema), cls.schema_number, payload)
        fact = cls.model_validate_json(payload)
    except (ValidationError, ValueError, KeyError):
        raise StoreDamaged(
            f"a stored {kind} cannot be read",
            "run 'caretrail projection check' to see which episodes are affected",
        ) from None
    return fact  # type: ignore[return-value]  # the registry holds exactly the members of the union


def _upcast(kind: str, schema: int, newest: int, payload: bytes) -> bytes:
    data = json.loads(payload)
    for number in range(schema, newest):
        data = UPCASTS[kind, number](data)
    return json.dumps(data).encode()


def disclosure_from(data: Mapping[str, object]) -> Disclosure:
    """Take what is said of a disclosure as the dict of its JSON. Raises InvalidFact."""
    try:
        return Disclosure.model_validate_json(json.dumps(dict(data), default=_iso))
    except ValidationError as error:
        raise invalid_fact(error) from None


def invalid_fact(error: ValidationError) -> InvalidFact:
    """Word a validation error by field and rule, without any value of the input."""
    problems: list[str] = []
    for item in error.errors(include_input=False, include_url=False, include_context=True):
        problems.append(_problem(item))  # noqa: PERF401  # one line a problem reads better
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return InvalidFact("; ".join(problems[:3]) + more, "see 'caretrail schema' for the shape of each fact")


def _problem(item: Any) -> str:
    kind = str(item["type"])
    place = [str(part) for part in item["loc"]]
    for number in range(1, len(place)):  # a key of the sender's own making is content, so it is not shown
        if place[number - 1] in ("dimensions", "ratings", "values") and not re.fullmatch(r"[1-6][a-c]?", place[number]):
            place[number] = "a key"
    if kind == "json_invalid":
        return "line is not valid JSON"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f"type: must be one of {', '.join(APPENDED)}"
    if place and place[0] in FACT_TYPES:
        place = place[1:]
    if kind == "extra_forbidden":
        # the name comes from the sender: it is shown only where it looks like a name
        name = place[-1] if re.fullmatch(r"[a-zA-Z_]{1,40}", place[-1]) else "a field"
        return f"{'.'.join([*place[:-1], name])}: is not a known field"
    known = ".".join(part for part in place if part != "[key]")
    rule = {
        "literal_error": f"must be one of {item.get('ctx', {}).get('expected', 'the published tokens')}",
        "string_pattern_mismatch": "has characters or a form that is not allowed",
        "missing": "is required",
    }.get(kind) or str(item["msg"]).removeprefix("Value error, ")
    return f"{known}: {rule}" if known else rule


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every fact, told apart by `type`."""
    return _ADAPTER.json_schema(by_alias=True)
