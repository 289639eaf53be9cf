"""On what terms a record is handed out: to whom, what for, on what ground; what cannot be said is not handed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caretrail.errors import CaretrailError

BASES: Final = (
    "consent", "audit", "payment", "court_order", "medical_emergency", "research", "client_request", "other",
)  # fmt: skip
"""The grounds there are: those of the fact `accessed`."""

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 2000


class PacketRefused(CaretrailError):
    """A packet cannot be made as asked, or cannot be written."""

    code = "packet_refused"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of a disclosure, and goes into the packet and into the record of it.

    `consent` names the consent it rests on, `scope` explains what that, or an order, covers: 42 CFR 2.32 (b) asks for
    one of them with each disclosure on consent. Raises PacketRefused.
    """

    recipient: str
    purpose: str
    basis: str
    consent: str | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        _check("recipient", self.recipient, LONGEST_NAME)
        _check("purpose", self.purpose, LONGEST_TEXT)
        if self.basis not in BASES:
            raise PacketRefused("the basis is none there is", f"one of {', '.join(BASES)}")
        for name in ("consent", "scope"):
            value = getattr(self, name)
            if value is not None:
                _check(name, value, LONGEST_TEXT)
        if self.basis == "consent" and self.consent is None and self.scope is None:
            raise PacketRefused(
                "a disclosure on consent carries the consent or its scope (42 CFR 2.32)",
                "give --consent ID or --scope TEXT",
            )

    @property
    def ground(self) -> str:
        """Consent and scope in one line, for people."""
        parts = [f"consent {self.consent}" if self.consent else "", self.scope or ""]
        return "; ".join(part for part in parts if part) or "not a disclosure on consent"


def _check(name: str, value: str, most: int) -> None:
    if not value.strip() or len(value) > most or not value.isprintable():
        raise PacketRefused(f"{name} must be one line of 1 to {most} characters")
