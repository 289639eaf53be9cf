"""Documents of the chart: plans, reviews and determinations, with their signatures and required signers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from caretrail import events
from caretrail.findings.chart.team import Team
from caretrail.findings.logic import Truth
from caretrail.policy import Rule


class Signing(NamedTuple):
    """One person's signature on a document, or its refusal or deferral, and the day from which it acts."""

    signer: str
    role: str
    day: date
    state: Literal["signed", "verbal", "declined", "deferred"]
    brought_by: int
    credential: str | None
    stated_on: date | None
    """The day written beside the signature, which may be before the document's."""

    @property
    def given(self) -> bool:
        """Whether the person signed or approved orally."""
        return self.state in ("signed", "verbal")


class Objection(NamedTuple):
    """Why a document does not count, or (`doubtful`) why it cannot be told whether it does, from a day on."""

    day: date
    words: str
    doubtful: bool
    versions: tuple[int, ...]
    signer: str = ""


@dataclass(slots=True)
class Document:
    """A plan, review or determination with its signatures.

    `clinician` is the first signature of clinical guidance in this reading of the chart: `likely` where doubtful ones
    count, `sure` where they do not. With `in_doubt` the whole document may or may not count, whoever signed it.
    `when_held`: whether it counts on its day, signed or not, as the pack may read a review.
    """

    version: int
    day: date
    signings: list[Signing]
    clinician: Signing | None = None
    sure: Signing | None = None
    likely: Signing | None = None
    in_doubt: bool = False
    early: dict[Signing, str] = field(default_factory=dict[Signing, str])
    """Signatures given so long before the document that they may be of another, and that in words."""
    objections: list[Objection] = field(default_factory=list[Objection])
    when_held: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether it cannot be told, on some day, whether the document counts."""
        counts = self.when_held or self.likely is not None
        return counts and (self.in_doubt or self.likely is not self.sure)

    @property
    def doubtful_from(self) -> date:
        """The day from which a doubtful document may count."""
        if self.when_held:
            return min((item.day for item in self.objections if item.doubtful), default=self.day)
        return self.likely.day if self.likely else self.day

    def timely(self) -> Sequence[Signing]:
        """The signatures but those given long before the document."""
        return [signing for signing in self.signings if signing not in self.early] if self.early else self.signings

    def object(
        self, day: date, words: str, *, doubtful: bool, versions: tuple[int, ...] = (), signer: str = ""
    ) -> None:
        """Keep a reason why the document does not count, or may not."""
        self.objections.append(Objection(day, words, doubtful, tuple(sorted({self.version, *versions})), signer))

    def objected(self, day: date, *, doubtful: bool) -> str:
        """The reasons known on a day why the document does not count, or may not, in words."""
        known = (item.words for item in self.objections if item.day <= day and item.doubtful is doubtful)
        return ", ".join(dict.fromkeys(known))

    def doubt(self, words: str, versions: tuple[int, ...] = (), *, doubtful_count: bool) -> None:
        """Put the whole document in doubt, from its day on: something is not stated, or the record contradicts it."""
        self.in_doubt = True
        self.object(self.day, words, doubtful=True, versions=versions)
        if not doubtful_count:
            self.clinician = None

    def evidence_on(self, day: date) -> tuple[int, ...]:
        """The document, and the later event that brought the clinician's signature, if that acts by the day."""
        signing = self.clinician
        if signing is None or signing.brought_by == self.version or signing.day > day:
            return (self.version,)
        return (self.version, signing.brought_by)


def signings_of(event: events.SignedEvent, version: int, document_day: date | None = None) -> list[Signing]:
    """The signatures an event brings; each acts from the latest of its own day, the event's and the document's."""
    day = event.occurred_on if document_day is None else max(event.occurred_on, document_day)
    found: list[Signing] = []
    for signature in event.signatures:
        given = signature.signed_on
        state: Literal["signed", "verbal", "declined", "deferred"]
        if given is not None:
            state = "verbal" if signature.method == "verbal" else "signed"
        else:
            state = "declined" if signature.declined is not None else "deferred"
        acts_from = day if given is None else max(day, given)
        found.append(Signing(signature.signer, signature.role, acts_from, state, version, signature.credential, given))
    return found


def required_signers(client: str, team: Team, document: Document) -> list[str]:
    """The client, then the team on the document's day."""
    return [client, *team.roster(document.day)]


def satisfied_by(
    signings: Iterable[Signing], client: str, in_lieu: tuple[str, ...] = ("declined", "verbal")
) -> dict[str, Signing]:
    """The first signature of each signer, or what the pack takes in lieu; a guardian's counts for the client, too."""
    found: dict[str, Signing] = {}
    for signing in signings:
        if signing.state != "signed" and signing.state not in in_lieu:
            continue
        for signer in (signing.signer, client) if signing.role == "guardian" else (signing.signer,):
            if signer not in found or signing.day < found[signer].day:
                found[signer] = signing
    return found


def all_signed_on(document: Document, required: list[str]) -> date | None:
    """The day by which all required have signed (or refused before a witness); None if someone has not."""
    found = satisfied_by(document.signings, required[0])
    days = [found[signer].day for signer in required if signer in found]
    return max(days) if len(days) == len(required) else None


@dataclass(slots=True)
class SessionInDoubt(Document):
    """A session that the record contradicts: it, or what contradicts it, may be wrong. `day` is since when."""

    @property
    def doubtful(self) -> bool:
        """Always: it may or may not count."""
        return True


@dataclass(slots=True)
class PlanVersion(Document):
    """A version of the treatment plan."""

    event: events.PlanSigned = field(kw_only=True)


@dataclass(slots=True)
class Review(Document):
    """A review of the plan."""

    event: events.PlanReviewed = field(kw_only=True)
    with_client: Truth = False
    client_signed_on: date | None = None
    client_likely_on: date | None = None
    """The day of the first signature of which it cannot be told whether it is the client's part."""
    client_from: date | None = None
    """The day from which the client's part is on record, in this reading of the chart."""
    plan: PlanVersion | None = None
    counts_from: date | None = None


@dataclass(slots=True)
class Determination(Document):
    """A continued-stay determination."""

    event: events.ContinuedStayDetermined = field(kw_only=True)


class Contradicted(NamedTuple):
    """A determination, the kind of rule that finds it contradicted, and why; `versions` are of the events that do."""

    kind: type[Rule]
    made: Determination
    words: str
    versions: tuple[int, ...]
