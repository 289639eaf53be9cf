"""Licenses: how a rule reads the credentials people state."""

from __future__ import annotations

from collections.abc import Callable, Collection

from caretrail.findings.logic import Truth
from caretrail.policy import Pack
from caretrail.policy.guidance import ClinicalGuidance

Accepts = Callable[[str | None], Truth]
"""Whether a credential is of a list; None if it is missing, not recognized, or a degree that proves no license."""


def accepts_of(pack: Pack, credentials: Collection[str] | None = None, without: Collection[str] = ()) -> Accepts:
    """Read credentials by a rule's own list, or by the pack's list of clinical guidance, without some of it."""
    guidance = pack.guidance
    if guidance is None:
        if credentials is None:
            return lambda _: None
        guidance = ClinicalGuidance(credentials=tuple(credentials))
    listed = guidance.credentials if credentials is None else tuple(credentials)
    allowed = guidance.keys_of(listed, tuple(without))
    return lambda credential: guidance.accepts(credential, allowed)
