"""Credentials as people write them: one or several, `LIMHP, LADC`; each is looked up as it is written."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

_BETWEEN = re.compile(r"\s*[,;/&]\s*|\s+and\s+")


@lru_cache(maxsize=1000)
def letters(credential: str) -> tuple[str, ...]:
    """The single credentials of what somebody signs with; the whole comes first, for lists that name it whole."""
    parts = [part for part in _BETWEEN.split(credential.strip()) if part]
    return (credential, *parts) if len(parts) > 1 else (credential,)


def among(credential: str, listed: Container[str]) -> bool:
    """Whether somebody with this credential has one of a list."""
    for one in letters(credential):  # noqa: SIM110  # a loop is faster than a generator, and this runs for every session
        if one in listed:
            return True
    return False


def only_among(credential: str, listed: Container[str], licences: Container[str] | None) -> bool:
    """Whether somebody has a credential of a list, and no other licence: LADC is one, `LIMHP, LADC` is more.

    Without a list of licences every other credential is taken for one.
    """
    if not among(credential, listed):
        return False
    others = [one for one in letters(credential) if one not in listed and one != credential]
    return not any(licences is None or one in licences for one in others)
