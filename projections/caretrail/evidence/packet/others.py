"""What in the record of an episode is of somebody else: facts entered for another client, and ids no packet shows.

It is judged by all that is known today, whatever the packet is to show of an earlier day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, cast

from caretrail.episode.amendments import Amendments
from caretrail.episode.entry import Entry
from caretrail.facts import Addendum, Admitted, Assessed, Corrected, FactBase, Signed, Voided

Json = dict[str, Any]

OTHER_CLIENT: Final[Literal["[another client]"]] = "[another client]"
"""Stands where an id of somebody else stood."""

GROUP: Final = "group_session"
"""An id that many records share: with it the clients of a group could be put together. No packet has one."""

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class Others:
    """Versions of the facts that are another client's, and the ids that must not be shown.

    `client` is whose episode it is, None if nothing that names one counts.
    """

    def __init__(self, entries: Sequence[Entry], acting: Amendments, client: str | None) -> None:
        self.facts = _facts_of_others(entries, acting)
        self.ids = _ids_of_others(entries, self.facts, client)
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
        """A page with each of the ids replaced, in what is read and in what is said of it."""
        if self._pattern is None:
            return html
        pieces = re.split(r"(<style.*?</style>|<[^>]*>)", html, flags=re.DOTALL)
        return "".join(self._tag(piece) if number % 2 else self.scrubbed(piece) for number, piece in enumerate(pieces))

    def _tag(self, tag: str) -> str:
        return re.sub(r'(="?)([^"]*)', lambda match: match[1] + str(self.scrubbed(match[2])), tag)


def _facts_of_others(entries: Sequence[Entry], acting: Amendments) -> frozenset[int]:
    """Facts that are struck and were said to be another client's, and what signs, adds to or corrects them.

    A void that was itself struck hides nothing that counts again; but one that says `wrong_client` is believed even
    where another void came to strike the fact.
    """
    named = {
        entry.fact.target for entry in entries if isinstance(entry.fact, Voided) and entry.fact.reason == "wrong_client"
    }
    struck = {version for version in named if version in acting.voided_by}
    hanging = {
        entry.version
        for entry in entries
        if isinstance(entry.fact, Signed | Addendum | Corrected) and entry.fact.target in struck
    }
    return frozenset(struck | hanging)


def _ids_of_others(entries: Iterable[Entry], facts: frozenset[int], client: str | None) -> frozenset[str]:
    """Ids of clients recorded by mistake, and of group sessions.

    Where nothing says whose episode it is, only the clients of facts that are another's are somebody else.
    """
    clients: set[str] = set()
    groups: set[str] = set()
    for entry in entries:
        if client is not None or entry.version in facts:
            clients.update(_clients_in(entry.fact))
        groups.update(_groups_in(entry.fact))
    return frozenset((clients - {client}) | groups)


def _clients_in(fact: FactBase) -> Iterator[str]:
    """Ids that stand where a client is named."""
    if isinstance(fact, Assessed | Admitted):
        yield fact.client
    for part in _objects(fact.model_dump(mode="json", by_alias=True, exclude_none=True)):
        if part.get("role") == "client":
            yield from (part[name] for name in ("id", "signer") if isinstance(part.get(name), str))
    if isinstance(fact, Corrected) and isinstance(fact.values.get("client"), str):
        yield cast(str, fact.values["client"])


def _groups_in(fact: FactBase) -> Iterator[str]:
    for part in _objects(fact.model_dump(mode="json", by_alias=True, exclude_none=True)):
        if isinstance(part.get(GROUP), str):
            yield part[GROUP]


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
