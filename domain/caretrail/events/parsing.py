"""From a line of JSON to an event, or to an error whose message repeats no value of the line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import methodcaller
from typing import Any, cast

from pydantic import ValidationError

from caretrail.errors import AccessAppended, InvalidEvent
from caretrail.events.accessed import Accessed
from caretrail.events.catalog import ADAPTER, APPENDED, EVENT_TYPES, Event
from caretrail.events.envelope import EventBase
from caretrail.events.fields import DATE_RANGE, FIRST_DAY, LAST_DAY
from caretrail.events.store import StoreEvent, StoreEventAppended
from caretrail.events.values import Disclosure, Value
from caretrail.tokens import DIMENSION_PATTERNS

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[][{}]")


def parse_event(line: bytes | str) -> Event:
    """Read one event to record from its JSON.

    Raises InvalidEvent: the message names the field and the rule it breaks, never the value.
    """
    data = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
    if len(data) > MAX_BYTES:
        hint = "split the text, or store the document elsewhere"
        raise InvalidEvent(f"payload is larger than {MAX_BYTES // 1024} KB", hint)
    if _depth(data) > MAX_DEPTH:
        hint = "send the event flat, as `caretrail schema` shows it"
        raise InvalidEvent(f"payload is nested deeper than {MAX_DEPTH}", hint)
    try:
        event = ADAPTER.validate_json(data)
    except ValidationError as error:
        raise invalid_event(error) from None
    if _names_twice(data, event):
        hint = "send each member once: parsers differ in which one counts"
        raise InvalidEvent("an object in the line has the same member twice", hint)
    if isinstance(event, Accessed):
        raise AccessAppended
    if isinstance(event, StoreEvent):
        raise StoreEventAppended
    return event


def event_from(data: Event | dict[str, Any]) -> Event:
    """Take an event as a model or as the dict of its JSON; a model is parsed again, as a copy may be invalid."""
    try:
        if isinstance(data, EventBase):
            return parse_event(data.model_dump_json(by_alias=True, exclude_none=True, warnings=False))
        text = json.dumps(
            data, ensure_ascii=False, allow_nan=False, default=methodcaller("isoformat"), separators=(",", ":")
        )
    except (TypeError, ValueError, RecursionError, AttributeError):
        hint = "use strings, numbers, true, false, null, lists and objects"
        raise InvalidEvent("the event is not JSON", hint) from None
    return parse_event(text)


def _depth(data: bytes) -> int:
    """How deep brackets nest, outside strings; 0 for the usual event, which has too few of them to nest too deep."""
    if data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        return 0
    steps = (1 if bracket in b"{[" else -1 for bracket in _BRACKET.findall(_STRING.sub(b"", data)))
    return max(accumulate(steps), default=0)


def disclosure_from(data: Mapping[str, object]) -> Disclosure:
    """Parse a disclosure from the dict of its JSON. Raises InvalidEvent."""
    try:
        return Disclosure.model_validate_json(json.dumps(dict(data), default=methodcaller("isoformat")))
    except ValidationError as error:
        raise invalid_event(error) from None


def invalid_event(error: ValidationError) -> InvalidEvent:
    """Word a validation error by field and rule, without any value of the input."""
    problems = [_problem(item) for item in error.errors(include_input=False, include_url=False)]
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return InvalidEvent("; ".join(problems[:3]) + more, "see 'caretrail schema' for the shape of each event")


def _problem(item: Any) -> str:
    kind = str(item["type"])
    place = [str(part) for part in item["loc"]]
    for number in range(1, len(place)):  # a key of the sender's own making is content, so it is not shown
        if place[number - 1] in ("dimensions", "ratings", "values") and not re.fullmatch(
            DIMENSION_PATTERNS["asam-4"], place[number]
        ):
            place[number] = "a key"
    if kind == "json_invalid":
        return "line is not valid JSON"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f"type: must be one of {', '.join(APPENDED)}"
    if place and place[0] in EVENT_TYPES:
        place = place[1:]
    if kind == "extra_forbidden":
        # the name comes from the sender: it is shown only if it has the form of a name
        name = place[-1] if re.fullmatch(r"[a-zA-Z_]{1,40}", place[-1]) else "a field"
        return f"{'.'.join([*place[:-1], name])}: is not a known field"
    known = ".".join(part for part in place if part != "[key]")
    rule = {
        "literal_error": f"must be one of {item.get('ctx', {}).get('expected', 'the published tokens')}",
        "string_pattern_mismatch": "not in the required format",
        "missing": "is required",
    }.get(kind) or str(item["msg"]).removeprefix("Value error, ")
    if rule.endswith((str(FIRST_DAY), str(LAST_DAY))):  # pydantic names the limit that was passed, not the other
        rule = DATE_RANGE
    return f"{known}: {rule}" if known else rule


# --- names that come twice -----------------------------------------------------------------------------------------

_APART = re.compile(rb'"[ \t\r\n]+:')


def _names_twice(data: bytes, parsed: Value) -> bool:
    """Whether an object in a line has the same member twice; `parsed` is the event in it.

    Usually counting is enough: where nothing is escaped, each name comes right before a colon.
    """
    if b"\\" not in data and data.count(b'":') == _members(parsed) and not _APART.search(data):
        return False
    try:
        json.loads(data, object_pairs_hook=_object)
    except _TwiceError:
        return True
    return False


class _TwiceError(Exception):
    """A member came twice."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _TwiceError
    return members


def _members(value: object) -> int:
    """How many members the objects of a value have, each name of an object once."""
    if isinstance(value, Value):
        count, held = len(value.__pydantic_fields_set__), value.__dict__
        for name in _composite(type(value)):
            if (inner := held[name]) is not None:
                count += _members(inner)
        return count
    if isinstance(value, dict):
        inside = cast("dict[str, object]", value).values()
        return len(inside) + sum(map(_members, inside))
    if isinstance(value, list | tuple):
        return sum(map(_members, cast("Sequence[object]", value)))
    return 0


@lru_cache(maxsize=100)
def _composite(cls: type[Value]) -> tuple[str, ...]:
    """The fields of a value that may contain objects; a field missed here would only slow down its check."""
    return tuple(
        name for name, field in cls.model_fields.items() if re.search(r"dict|tuple|values\.", str(field.annotation))
    )
