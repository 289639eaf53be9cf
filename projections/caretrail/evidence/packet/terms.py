"""On what terms a record is handed out: to whom, what for, on what ground; what cannot be said is not handed out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, get_args

from caretrail.errors import CaretrailError
from caretrail.tokens import ID_PATTERN, Basis, Purpose

PURPOSES: Final[dict[str, Purpose]] = {
    "consent": "other",
    "audit": "audit",
    "payment": "payment",
    "court_order": "legal",
    "medical_emergency": "treatment",
    "research": "research",
    "client_request": "client_request",
    "other": "other",
}
"""The grounds there are, those of the fact `accessed`, and what a look for a packet on each counts as being for."""

BASES: Final = get_args(Basis)

_ID: Final = re.compile(ID_PATTERN)
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 2000


class PacketRefused(CaretrailError):
    """A packet cannot be made as asked, or cannot be written."""

    code = "packet_refused"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of a disclosure, and goes into the packet and into the record of it.

    `consent` names the consent it rests on, `scope` explains what that, or an order, covers: 42 CFR 2.32 (b) asks for
    one of them with each disclosure on consent. `address` is the recipient's. Raises PacketRefused.
    """

    recipient: str
    purpose: str
    basis: str
    consent: str | None = None
    scope: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        _check("recipient", self.recipient, LONGEST_NAME)
        _check("purpose", self.purpose, LONGEST_TEXT)
        if self.basis not in BASES:
            raise PacketRefused("the basis is none there is", f"one of {', '.join(BASES)}")
        if self.scope is not None:
            _check("scope", self.scope, LONGEST_TEXT)
        if self.address is not None:
            _check("address", self.address, 2 * LONGEST_NAME)
        if self.consent is not None and not _ID.fullmatch(self.consent):
            raise PacketRefused("consent must be an id", "use 1 to 64 of A-Z a-z 0-9 . _ -; say more with --scope TEXT")
        if self.basis == "consent" and self.consent is None and self.scope is None:
            raise PacketRefused(
                "a disclosure on consent carries the consent or its scope (42 CFR 2.32)",
                "give --consent ID or --scope TEXT",
            )

    def disclosure(self, description: str, digest: str) -> dict[str, str]:
        """What the record of the disclosure says, as in the fact `accessed`; `digest` is the SHA-256 of the packet."""
        fields = {
            "recipient": self.recipient,
            "address": self.address,
            "basis": self.basis,
            "consent": self.consent,
            "scope": self.scope,
            "description": f"{description}, for: {self.purpose}",
            "digest": digest,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def ground(self) -> str:
        """Consent and scope in one line, for people."""
        parts = [f"consent {self.consent}" if self.consent else "", self.scope or ""]
        return "; ".join(part for part in parts if part) or "not a disclosure on consent"


def _check(name: str, value: str, most: int) -> None:
    if not value.strip() or len(value) > most or not value.isprintable():
        raise PacketRefused(f"{name} must be one line of 1 to {most} characters")
