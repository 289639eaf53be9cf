"""What a packet may show of each event: everything, a part, or only that it exists.

A leaf holds the salted hash of a payload, so a payload can be proven while it is withheld. A payload goes out whole
or not at all: where part of it must stay behind, a copy of the rest is shown, which the packet states and the leaf does
not prove. Its salt stays behind, too: most payloads could be guessed by whoever has salt and hash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from caretrail.aliases import Json
from caretrail.episode.amendments import Amendments
from caretrail.episode.entry import Entry
from caretrail.episode.sealed import Sealed
from caretrail.events import Addendum, Admitted, Assessed, Corrected, EventBase, Signed, Voided
from caretrail.events.codec import kind_of
from caretrail.events.fields import Text
from caretrail.log.records import RecordedEvent

OTHER_CLIENT: Final[Literal["[another client]"]] = "[another client]"
"""Stands where an id of another client stood."""

WITHHELD: Final[Literal["[withheld]"]] = "[withheld]"
"""Stands where text stood."""

GROUP: Final = "group_session"
"""An id that many records share: with it the clients of a group could be put together. No packet has one."""

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


# --- other clients --------------------------------------------------------------------------------------------------


class OtherClients:
    """Other clients in the record of an episode: events entered for them by mistake, and ids never shown.

    Judged by all that is known today, whatever earlier day the packet is to show. `client` is whose episode it is,
    None if nothing that counts names one.
    """

    def __init__(self, entries: Sequence[Entry], amendments: Amendments, client: str | None) -> None:
        self.versions = _versions_of_others(entries, amendments)
        """Versions of the events that are another client's."""
        self.ids = _ids_of_others(entries, self.versions, client)
        self._pattern: re.Pattern[str] | None = None
        if self.ids:
            # the longest first, so that an id is found whole; a date is passed over, whatever number is an id
            ids = "|".join(re.escape(name) for name in sorted(self.ids, key=lambda name: (-len(name), name)))
            self._pattern = re.compile(rf"({_DATE})|(?<![A-Za-z0-9])(?:{ids})(?![A-Za-z0-9])", re.IGNORECASE)

    def named_in(self, text: str) -> bool:
        """Whether a text holds one of the ids, by itself or as part of a longer one."""
        return self._pattern is not None and any(match[1] is None for match in self._pattern.finditer(text))

    def scrubbed(self, value: Any) -> Any:
        """A JSON value with each of the ids replaced."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub(lambda match: match[1] or OTHER_CLIENT, value)
        if isinstance(value, Mapping):
            return {key: self.scrubbed(inner) for key, inner in cast("Mapping[str, Any]", value).items()}
        if isinstance(value, list | tuple):
            return [self.scrubbed(inner) for inner in cast("Sequence[Any]", value)]
        return value

    def scrubbed_page(self, html: str) -> str:
        """A page with each of the ids replaced, in its text and in the values of its attributes."""
        if self._pattern is None:
            return html
        parts = re.split(r"(<style.*?</style>|<[^>]*>)", html, flags=re.DOTALL)
        return "".join(self._tag(part) if number % 2 else self.scrubbed(part) for number, part in enumerate(parts))

    def _tag(self, tag: str) -> str:
        return re.sub(r'(="?)([^"]*)', lambda match: match[1] + str(self.scrubbed(match[2])), tag)


def _versions_of_others(entries: Sequence[Entry], amendments: Amendments) -> frozenset[int]:
    """Events that are voided as another client's, and what signs, adds to or corrects them.

    A void that was itself voided hides nothing that counts again; but one that says `wrong_client` is believed even
    where another void came to act on the event.
    """
    named = {
        entry.event.target
        for entry in entries
        if isinstance(entry.event, Voided) and entry.event.reason == "wrong_client"
    }
    voided = {version for version in named if version in amendments.voided_by}
    attached = {
        entry.version
        for entry in entries
        if isinstance(entry.event, Signed | Addendum | Corrected) and entry.event.target in voided
    }
    return frozenset(voided | attached)


def _ids_of_others(entries: Iterable[Entry], versions: frozenset[int], client: str | None) -> frozenset[str]:
    """Ids of clients recorded by mistake, and of group sessions.

    Where nothing says whose episode it is, only the clients of events that are another's are somebody else.
    """
    clients: set[str] = set()
    groups: set[str] = set()
    for entry in entries:
        objects = list(_objects(entry.event.model_dump(mode="json", by_alias=True, exclude_none=True)))
        groups.update(part[GROUP] for part in objects if isinstance(part.get(GROUP), str))
        if client is not None or entry.version in versions:
            clients.update(_clients_in(entry.event, objects))
    return frozenset((clients - {client}) | groups)


def _clients_in(event: EventBase, objects: Iterable[Json]) -> Iterator[str]:
    """Ids in the fields that name a client."""
    if isinstance(event, Assessed | Admitted):
        yield event.client
    for part in objects:
        if part.get("role") == "client":
            yield from (part[name] for name in ("id", "signer") if isinstance(part.get(name), str))
    if isinstance(event, Corrected) and isinstance(event.values.get("client"), str):
        yield cast(str, event.values["client"])


def _objects(value: object) -> Iterator[Json]:
    """Every JSON object in a value, itself too."""
    if isinstance(value, dict):
        found = cast(Json, value)
        yield found
        for inner in found.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _objects(inner)


# --- what is shown of an event ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What a packet shows of one event.

    `whole`: its payload as stored, with the salt. Else `stated` is a copy without what must stay behind, which
    `left_out` names, or None if nothing is shown, because of `withheld`. Of a `sealed` event not even source and
    command_id are shown: they hold an id that must stay behind.
    """

    whole: bool = False
    stated: Json | None = None
    left_out: tuple[str, ...] = ()
    withheld: str | None = None
    sealed: bool = False

    def content_of(self, row: RecordedEvent) -> Json | None:
        """As much of the event as may be shown; None where it is withheld."""
        return cast(Json, json.loads(row.state)) if self.whole else self.stated


def shown_events(
    rows: Sequence[RecordedEvent], entries: Sequence[Entry], others: OtherClients, *, with_text: bool
) -> dict[int, Shown]:
    """Decide for each event, by version, what may be shown of it."""
    kinds = {entry.version: entry.kind for entry in entries}
    found: dict[int, Shown] = {}
    for row in rows:
        sealed = others.named_in(f"{row.source}\n{row.command_id}")
        if kinds.get(row.originator_version) is Sealed:
            found[row.originator_version] = Shown(withheld="unreadable", sealed=sealed)
        elif row.originator_version in others.versions:
            found[row.originator_version] = Shown(withheld="wrong_client", sealed=sealed)
        else:
            found[row.originator_version] = _shown(row, kinds, _Copy(others, with_text), sealed)
    return found


def _shown(row: RecordedEvent, kinds: Mapping[int, type[EventBase]], copy: _Copy, sealed: bool) -> Shown:
    payload: Json = json.loads(row.state)
    kind = kind_of(row.topic)
    stated = copy.of(payload, _text_shape(kind), ())
    if kind is Corrected:  # its values are fields of its target
        target = kinds.get(payload["target"])
        stated["values"] = copy.of(payload["values"], _text_shape(target) if target else {}, ("values",))
    if not copy.left_out and not sealed:
        return Shown(whole=True)
    return Shown(stated=stated, left_out=tuple(sorted(set(copy.left_out))), sealed=sealed)


class _Copy:
    """Makes a copy of a payload without what must stay behind, and keeps the paths of that."""

    def __init__(self, others: OtherClients, with_text: bool) -> None:
        self._others = others
        self._with_text = with_text
        self.left_out: list[str] = []

    def of(self, value: Mapping[str, Any], shape: TextShape, path: tuple[str, ...]) -> Json:
        """Copy an object. A key that its model does not have is treated as text, for its content is unknown."""
        copy: Json = {}
        for key, inner in value.items():
            here = (*path, key)
            if key == GROUP:
                self.left_out.append(".".join(here))
            else:
                copy[key] = self._value(inner, shape.get(key, True), here)
        return copy

    def _value(self, value: object, shape: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            found = cast(Json, value)
            if shape is True:  # not known: what is in it is text, too
                return self.of(found, {}, path)
            if _EACH in shape:
                return {key: self._value(inner, shape[_EACH], (*path, key)) for key, inner in found.items()}
            return self.of(found, shape, path)
        if isinstance(value, list):
            return [self._value(inner, shape, (*path, str(n))) for n, inner in enumerate(cast("list[object]", value))]
        hidden = shape is True and not self._with_text
        if not isinstance(value, str) or not (hidden or self._others.named_in(value)):
            return value
        self.left_out.append(".".join(path))
        return WITHHELD if shape is True else OTHER_CLIENT


TextShape: TypeAlias = Json
"""For each key of a model that is text, or holds some: True, or the shape of what it holds."""

_EACH = "*"
"""The key of a shape that stands for every key of an object whose keys are data."""


@lru_cache(maxsize=100)
def _text_shape(model: type[BaseModel]) -> TextShape:
    """Where the text of a model is, from the types of its fields."""
    hints = get_type_hints(model, include_extras=True)
    return {field.alias or name: _shape_of(hints[name]) for name, field in model.model_fields.items()}


def _shape_of(hint: Any) -> Any:
    """True for text, else the shape of the objects in it."""
    if hint == Text:
        return True
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _text_shape(hint)
    arguments = get_args(hint)
    if get_origin(hint) is dict:
        return {_EACH: _shape_of(arguments[1])}
    found: list[Any] = [shape for shape in map(_shape_of, arguments) if shape]
    return True if True in found else found[0] if found else {}
