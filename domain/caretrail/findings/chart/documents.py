"""Documents of the chart: plans, reviews and determinations, who must sign them, and from when each counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from caretrail.events import (
    ContinuedStayDetermined,
    PlanReviewed,
    PlanSigned,
    Signature,
    SignedEvent,
)
from caretrail.findings.chart.team import Team


class Signing(NamedTuple):
    """What one person did about signing a document, and from which day it acts."""

    signer: str
    role: str
    day: date
    state: Literal["signed", "verbal", "declined", "deferred"]
    brought_by: int
    credential: str | None

    @property
    def given(self) -> bool:
        """Whether it is a signature, on paper, by machine or by word of mouth."""
        return self.state in ("signed", "verbal")


@dataclass(slots=True)
class Document:
    """A plan, a review or a determination with all its signatures; `clinician` is the first of the team's."""

    version: int
    day: date
    signings: list[Signing]
    clinician: Signing | None = None

    @property
    def evidence(self) -> tuple[int, ...]:
        """The document, and the later event that brought the clinician's signature."""
        if self.clinician is None or self.clinician.brought_by == self.version:
            return (self.version,)
        return (self.version, self.clinician.brought_by)


def signings_of(event: SignedEvent, version: int, document_day: date | None = None) -> list[Signing]:
    """The signatures an event brings; each acts from the latest of its own day, the event's and the document's."""
    day = event.occurred_on if document_day is None else max(event.occurred_on, document_day)
    return [_signing(signature, day, version) for signature in event.signatures]


def _signing(signature: Signature, day: date, version: int) -> Signing:
    given, credential = signature.signed_on, signature.credential
    if given is not None:
        state: Literal["signed", "verbal"] = "verbal" if signature.method == "verbal" else "signed"
        return Signing(signature.signer, signature.role, max(day, given), state, version, credential)
    put_off: Literal["declined", "deferred"] = "declined" if signature.declined is not None else "deferred"
    return Signing(signature.signer, signature.role, day, put_off, version, credential)


def required_signers(client: str, team: Team, document: Document) -> list[str]:
    """The client first, then the team of the document's day."""
    return [client, *team.roster(document.day)]


def satisfied_by(
    document: Document, client: str, in_lieu: tuple[str, ...] = ("declined", "verbal")
) -> dict[str, Signing]:
    """For each signer the first signature, or what stands in lieu of one; a guardian's settles what the client owes."""
    found: dict[str, Signing] = {}
    for signing in document.signings:
        if signing.state != "signed" and signing.state not in in_lieu:
            continue
        for signer in (signing.signer, client) if signing.role == "guardian" else (signing.signer,):
            if signer not in found or signing.day < found[signer].day:
                found[signer] = signing
    return found


def all_signed_on(document: Document, required: list[str]) -> date | None:
    """The day on which everybody required has signed (or refused before a witness); None if somebody has not."""
    found = satisfied_by(document, required[0])
    days = [found[signer].day for signer in required if signer in found]
    return max(days) if len(days) == len(required) else None


@dataclass(slots=True)
class PlanVersion(Document):
    """A version of the treatment plan."""

    event: PlanSigned = field(kw_only=True)


@dataclass(slots=True)
class Review(Document):
    """A review of the plan."""

    event: PlanReviewed = field(kw_only=True)
    with_client: bool = False
    plan: PlanVersion | None = None
    counts_from: date | None = None


@dataclass(slots=True)
class Determination(Document):
    """A continued-stay determination."""

    event: ContinuedStayDetermined = field(kw_only=True)
