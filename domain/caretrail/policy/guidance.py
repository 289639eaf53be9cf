"""Clinical guidance: the credentials by which a person gives it, in the spellings people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from caretrail.policy.values import MOST_ENTRIES, PackValue, Words

MOST_KNOWN = 1000
"""Spellings whose reading is kept in memory."""

_BETWEEN = re.compile(r"[\s,;/&()+-]+")
_LEFT_OUT = re.compile(r"[^\w]")

CredentialWords = Annotated[tuple[Words, ...], Field(max_length=MOST_ENTRIES)]


def _key(text: str) -> str:
    """A credential without dots, blanks and case: `Psy.D.` and `psyd` are one."""
    return _LEFT_OUT.sub("", text).casefold()


def _keys(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_key, texts))


class ClinicalGuidance(PackValue):
    """Who gives clinical guidance, by credential.

    `credentials` are the licenses the text lists, by the letters people sign with; `also_written` gives other
    spellings of them. `doubtful` are degrees that alone prove no license; `others` are known and not on the list;
    `unproven` are words beside a license that put it in doubt (`student`).
    """

    credentials: Annotated[tuple[Words, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
    also_written: Annotated[Mapping[Words, Words], Field(max_length=MOST_ENTRIES)] = Field(default_factory=dict)
    doubtful: CredentialWords = ()
    others: CredentialWords = ()
    unproven: CredentialWords = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        listed = _keys(self.credentials)
        if not _keys(self.also_written.values()) <= listed:
            raise ValueError("also_written: names a credential that credentials does not list")
        if listed & (_keys(self.doubtful) | _keys(self.others)):
            raise ValueError("credentials: one of them is listed as doubtful or among the others, too")
        return self

    def accepts(self, credential: str | None, allowed: frozenset[str] | None = None) -> bool | None:
        """Whether a credential is on the list; None if it is missing, not recognized, or a bare degree.

        `allowed` are the keys of a narrower list (see `keys_of`).
        """
        if credential is None:
            return None
        known = self._read_before if allowed is None else self._read_by.setdefault(allowed, {})
        if credential not in known:
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[credential] = self._read(credential, self._listed if allowed is None else allowed)
        return known[credential]

    def keys_of(self, credentials: Sequence[str], without: Sequence[str] = ()) -> frozenset[str]:
        """A list of credentials with all their spellings, less another list, for `accepts`."""
        lists = tuple(credentials), tuple(without)
        keys = self._keys_by.get(lists)
        if keys is None:
            keys = self._keys_by[lists] = self._spelled(lists[0]) - self._spelled(lists[1])
        return keys

    def _spelled(self, credentials: Iterable[str]) -> frozenset[str]:
        listed = _keys(credentials)
        return listed | {_key(other) for other, meant in self.also_written.items() if _key(meant) in listed}

    @cached_property
    def _keys_by(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], frozenset[str]]:
        return {}

    def _read(self, credential: str, listed: frozenset[str]) -> bool | None:
        whole, parts = _key(credential), [key for part in _BETWEEN.split(credential) if (key := _key(part))]
        if whole in listed:
            return True
        unproven = any(part in self._unproven for part in parts)
        if any(part in listed for part in parts):
            return None if unproven else True
        # a license of the pack's list that a narrower list leaves out is known, and not on it
        others = self._others | self._listed
        named = [part for part in parts if part not in self._unproven]
        if whole in others or (named and all(part in others for part in named)):
            return False
        return None

    @cached_property
    def _listed(self) -> frozenset[str]:
        return self.keys_of(self.credentials)

    @cached_property
    def _others(self) -> frozenset[str]:
        return _keys(self.others)

    @cached_property
    def _unproven(self) -> frozenset[str]:
        return _keys(self.unproven)

    @cached_property
    def _read_before(self) -> dict[str, bool | None]:
        return {}

    @cached_property
    def _read_by(self) -> dict[frozenset[str], dict[str, bool | None]]:
        return {}
