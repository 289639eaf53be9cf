"""The request for a packet and the terms of its disclosure: recipient, purpose, basis, notices."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final, get_args

from caretrail.aliases import Json
from caretrail.errors import CaretrailError
from caretrail.ledger.checkpoint import Checkpoint
from caretrail.tokens import Basis, Purpose

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
"""For each ground of a disclosure, the purpose of the access that goes with it."""

BASES: Final = get_args(Basis)
CONSENTED: Final = get_args(Purpose)
"""The purposes that a consent can name."""

LONGEST: Final = {"recipient": 200, "purpose": 2000, "consent": 200, "scope": 4000, "address": 400}
"""Characters of each text."""


class PacketRefused(CaretrailError):
    """A packet cannot be made as asked, or cannot be written."""

    code = "packet_refused"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a disclosure; they go into the packet and into the record of the disclosure.

    `consent` names the event it rests on, `scope` explains what that, or an order, covers: 42 CFR 2.32 (b) asks for one
    of them with each disclosure on consent (see `with_consent`, which finds them). Then recipient and purpose are
    spelled as in the event. `address` is the recipient's. Raises PacketRefused.
    """

    recipient: str
    purpose: str
    basis: str
    consent: str | None = None
    scope: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        for name, most in LONGEST.items():
            value: str | None = getattr(self, name)
            if value is not None and not (value.strip() and len(value) <= most and value.isprintable()):
                raise PacketRefused(f"{name} must be one line of 1 to {most} characters")
        if self.basis not in BASES:
            raise PacketRefused("there is no such basis", f"one of {', '.join(BASES)}")
        if self.basis == "consent" and self.purpose not in CONSENTED:
            raise PacketRefused("on consent, the purpose is one that a consent names", f"one of {', '.join(CONSENTED)}")

    def disclosure(self, description: str, digest: str | None = None, on: date | None = None) -> dict[str, str]:
        """What the record of the disclosure says, as in the event `accessed`.

        `digest` is the SHA-256 of what was handed out, `on` the day it was, if it is recorded later.
        """
        terms = asdict(self) | {"digest": digest, "disclosed_on": on.isoformat() if on else None}
        stated = {name: value for name, value in terms.items() if value is not None and name != "purpose"}
        return {**stated, "description": f"{description}, for: {self.purpose}"}

    @property
    def ground(self) -> str:
        """Consent and scope in one line, for people."""
        parts = [f"consent: {self.consent}" if self.consent else "", self.scope or ""]
        return "; ".join(part for part in parts if part) or "not a disclosure on consent"


@dataclass(frozen=True, slots=True)
class PacketRequest:
    """The content of a packet: whole episodes, on a day and as known at a position of the log.

    `as_of` None is today where the program is; `known_at` None is the checkpoint. `program`, `start` and `end` say how
    the episodes were chosen, if not by name.
    """

    episodes: tuple[str, ...]
    as_of: date | None = None
    known_at: int | None = None
    with_text: bool = False
    program: str | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class PacketContext:
    """What a packet is made under: request, terms, the signed checkpoint of the events, when, by whom and with what.

    `note` are the notes of both logs. `mark` labels the packet of a demo store; else it is empty. `consistency` are the
    proofs that join the packet to checkpoints its recipient kept, `stamp` is the time stamp of the notes, or empty.
    """

    request: PacketRequest
    terms: Terms
    checkpoint: Checkpoint
    note: str
    now: datetime
    made_by: str
    version: str
    mark: str = ""
    consistency: tuple[Json, ...] = ()
    stamp: bytes = b""

    @property
    def known_at(self) -> int:
        """The position up to which anything was known."""
        return self.checkpoint.size if self.request.known_at is None else self.request.known_at


# --- the notices of 42 CFR 2.32 (a), as amended in 2024 (89 FR 12472) ------------------------------------------------
# One of the two statements goes with each disclosure. A packet carries the short one in each of its files, and the long
# one where people read. A test holds the short one to be the one `verify.py` looks for.

STATEMENT_1: Final = (
    "This record which has been disclosed to you is protected by Federal confidentiality rules (42 CFR part 2). "
    "These rules prohibit you from using or disclosing this record, or testimony that describes the information "
    "contained in this record, in any civil, criminal, administrative, or legislative proceedings by any Federal, "
    "State, or local authority, against the patient, unless authorized by the consent of the patient, except as "
    "provided at 42 CFR 2.12(c)(5) or as authorized by a court in accordance with 42 CFR 2.64 or 2.65. In addition, "
    "the Federal rules prohibit you from making any other use or disclosure of this record unless at least one of the "
    "following applies: "
    "(i) Further use or disclosure is expressly permitted by the written consent of the individual whose information "
    "is being disclosed in this record or as otherwise permitted by 42 CFR part 2. "
    "(ii) You are a covered entity or business associate and have received the record for treatment, payment, or "
    "health care operations, or "
    "(iii) You have received the record from a covered entity or business associate as permitted by 45 CFR part 164, "
    "subparts A and E. "
    "A general authorization for the release of medical or other information is NOT sufficient to meet the required "
    "elements of written consent to further use or redisclose the record (see 42 CFR 2.31)."
)
"""Paragraph (a)(1)."""

STATEMENT_2: Final = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""Paragraph (a)(2)."""
