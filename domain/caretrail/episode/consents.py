"""Consents to a disclosure (42 CFR 2.31): which of them are in force on a day, for a recipient and a purpose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.episode.history import Effective, of_kind
from caretrail.events import Consented, ConsentRevoked


def covering_consent(
    history: Sequence[Effective], recipient: str, purpose: str, day: date
) -> Effective[Consented] | None:
    """The newest consent in force on a day that covers a recipient and a purpose; None if there is none.

    It runs from its own day through `expires_on`. A revocation ends all of its recipient and purpose that were given by
    then, even if it names another scope or last day than theirs: what is left of them is for a person to read.
    """
    found = [
        consent
        for consent in of_kind(history, Consented)
        if (consent.event.recipient, consent.event.purpose) == (recipient, purpose)
        and consent.day <= day
        and (consent.event.expires_on is None or day <= consent.event.expires_on)
        and not _is_revoked(consent, history, day)
    ]
    return max(found, key=lambda consent: (consent.day, consent.version), default=None)


def _is_revoked(consent: Effective[Consented], history: Sequence[Effective], day: date) -> bool:
    """Of one day the revocation counts, unless the consent was recorded after it."""
    given = consent.day, consent.version
    return any(
        given <= (revoked.day, revoked.version)
        and revoked.day <= day
        and revoked.event.recipient == consent.event.recipient
        and revoked.event.purpose in (None, consent.event.purpose)
        for revoked in of_kind(history, ConsentRevoked)
    )
