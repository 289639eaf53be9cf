"""One episode as a clinic enters it: what happened on which day, and when the store hears of it.

Facts may be entered in any order. They come out in the order of their instants, and only then get their versions, so
that what acts on an earlier fact can name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import Literal

from caretrail.demo.clinic import IMPORT_SOURCE, SOURCE, Program, instant
from caretrail.facts import (
    Admitted,
    Assessed,
    ContinuedStayDetermined,
    Discharged,
    Fact,
    PlanReviewed,
    PlanSigned,
    SessionAttended,
    SessionMissed,
    Signature,
    Signed,
    Transferred,
)
from caretrail.facts.parts import Dimension, DimensionKey, Outcome, Performer, Person, Referral, Schedule, Sections

FEED = Person(id="ehr-feed", role="service")
EVENING = 18 * 60 + 40
AFTERNOON = 16 * 60 + 30
GROUP_MINUTES = 180
SINGLE_MINUTES = 60
DAY = timedelta(days=1)

Recorded = tuple[datetime, Fact]
Send = tuple[str, str]
"""`(command_id, source)` under which a fact is sent."""
Make = Callable[[str, str], Fact]
DischargeReason = Literal[
    "completed", "left_against_advice", "terminated", "transferred", "incarcerated", "died", "other"
]

MEETS = Dimension(rating="2", meets_level=True)
NO_PROBLEM = Dimension(rating="0", problem=False, meets_level=False)
MILD = Dimension(rating="1", problem=True, meets_level=True)
RATINGS: Mapping[DimensionKey, Dimension] = {
    "1": NO_PROBLEM,
    "2": NO_PROBLEM,
    "3": MILD,
    "4": MEETS,
    "5": MEETS,
    "6": MEETS,
}
GOALS_MET = Outcome(goals_met=True, precipitating_condition_stabilised=True, relapse_potential_stabilised=True)
GOALS_OPEN = Outcome(goals_met=False)


class Chart:
    """What is entered of one episode; `team` is who carries the case and who works with them."""

    def __init__(
        self, case: str, client: str, program: Program, team: tuple[Person, Person], live_from: datetime | None = None
    ) -> None:
        self.case = case
        self.client = client
        self.program = program
        self.lead, self.second = team
        self._performers = tuple(Performer(id=who.id, role=who.role, credential=who.credential) for who in team)
        self._live_from = live_from
        self._pending: list[tuple[datetime, datetime, int, str, Make]] = []
        self._entered = 0
        self._version = 0
        self._versions: dict[str, int] = {}

    # --- in and out --------------------------------------------------------------------------------------------

    def at(self, day: date, minutes: int = EVENING) -> datetime:
        """The instant of a local time at the program."""
        return instant(day, minutes, self.program.zone)

    def enter(self, at: datetime, make: Make, key: str = "") -> None:
        """Enter a fact; before the program used Caretrail it went on paper, and came in with the import."""
        self._entered += 1
        heard = at if self._live_from is None else max(at, self._live_from)
        heappush(self._pending, (heard, at, self._entered, key, make))

    def until(self, limit: datetime) -> Iterator[Recorded]:
        """Give out what the store hears before an instant; nothing earlier may be entered afterwards."""
        while self._pending and self._pending[0][0] < limit:
            heard, at, _, key, make = heappop(self._pending)
            self._version += 1
            if key:
                self._versions[key] = self._version
            yield heard, make(f"{self.case}/{self._version}", SOURCE if heard == at else IMPORT_SOURCE)

    def version_of(self, key: str) -> int:
        """The version of the fact that was entered under that key."""
        return self._versions[key]

    # --- signatures --------------------------------------------------------------------------------------------

    def by_client(self, day: date) -> Signature:
        """The client's signature."""
        return Signature(signer=self.client, role="client", signed_on=day, method="electronic", meaning="agreement")

    def by(
        self, who: Person, day: date, meaning: Literal["authorship", "review", "determination"] = "review"
    ) -> Signature:
        """A clinician's signature."""
        return Signature(
            signer=who.id,
            role="clinician",
            credential=who.credential,
            signed_on=day,
            method="electronic",
            meaning=meaning,
        )

    def owed_by_client(self, why: str) -> Signature:
        """The client's signature, still to come."""
        return Signature(signer=self.client, role="client", deferred=why)

    # --- facts ---------------------------------------------------------------------------------------------------

    def assessed(self, day: date, diagnosis: str, *, suspected: bool = False) -> None:
        """The assessment, by the lead; a suspected mental-health condition is referred to the other clinician."""
        referral = Referral(to=self.second.id, credential=self.second.credential, on=day) if suspected else None

        def make(command: str, source: str) -> Fact:
            return Assessed(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                kind="initial", client=self.client, program=self.program.id, at="10:00", edition="asam-3",
                dimensions=dict(RATINGS), diagnoses=(diagnosis,), dsm="DSM-5-TR", recommended_level="2.1",
                clinician_level="2.1", co_occurring_screen="positive" if suspected else "negative",
                mental_health_suspected=suspected, referral=referral, discharge_plan=True,
            )  # fmt: skip

        self.enter(self.at(day, AFTERNOON), make)

    def admitted(self, day: date) -> None:
        """The admission to level 2.1: three groups and an hour alone, each week."""

        def make(command: str, source: str) -> Fact:
            return Admitted(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                client=self.client, program=self.program.id, zone=self.program.zone.key, level="2.1", edition="asam-3",
                route="direct", population="adult", policy="ne-medicaid-2.1-adult", medicaid_eligible=True,
                team=(self.lead, self.second), clinician=self.lead.id, expects_progress=True,
                schedule=Schedule(minutes_per_week=600, days_per_week=3),
            )  # fmt: skip

        self.enter(self.at(day, 8 * 60), make)

    def group(
        self, day: date, size: int = 8, *, heard: datetime | None = None, late: str | None = None, key: str = ""
    ) -> None:
        """A group the client attended."""

        def make(command: str, source: str) -> Fact:
            return SessionAttended(
                episode=self.case, occurred_on=day, actor=FEED, performed_by=self._performers[:1], command_id=command,
                source=source, service="group", start=self.program.start, minutes=GROUP_MINUTES, group_size=size,
                modality="in_person", late_reason=late,
            )  # fmt: skip

        self.enter(heard or self.at(day), make, key)

    def single(self, day: date, service: Literal["individual", "family"] = "individual", key: str = "") -> None:
        """An hour alone or with the family, by the second clinician for families."""
        performers = self._performers[1:] if service == "family" else self._performers[:1]

        def make(command: str, source: str) -> Fact:
            return SessionAttended(
                episode=self.case, occurred_on=day, actor=FEED, performed_by=performers, command_id=command,
                source=source, service=service, start="17:00", minutes=SINGLE_MINUTES, modality="in_person",
            )  # fmt: skip

        self.enter(self.at(day, EVENING + 5), make, key)

    def missed(self, day: date, cause: Literal["client", "program"] = "client", reason: str = "no_show") -> None:
        """A group that did not take place for the client."""

        def make(command: str, source: str) -> Fact:
            return SessionMissed(
                episode=self.case, occurred_on=day, actor=FEED, command_id=command, source=source,
                service="group", start=self.program.start, minutes=GROUP_MINUTES, cause=cause, reason=reason,
            )  # fmt: skip

        self.enter(self.at(day), make)

    def plan(
        self, day: date, signatures: tuple[Signature, ...] | None = None, *, heard: datetime | None = None
    ) -> None:
        """The first plan; signed by all, unless told otherwise."""
        signed = signatures or (
            self.by_client(day), self.by(self.lead, day, "authorship"), self.by(self.second, day)
        )  # fmt: skip

        def make(command: str, source: str) -> Fact:
            return PlanSigned(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                plan_version=1, effective_on=day, signatures=signed,
                sections=Sections(discharge=True, relapse_prevention=True, supports=True),
            )  # fmt: skip

        self.enter(heard or self.at(day, EVENING + 10), make, "plan")

    def review(
        self,
        day: date,
        signatures: tuple[Signature, ...] | None = None,
        *,
        progress: str = "goals under way; relapse-prevention steps brought up to date",
        next_by: date | None = None,
        heard: datetime | None = None,
        key: str = "review",
    ) -> None:
        """A review with the client that updated the plan; signed by all, unless told otherwise."""
        signed = signatures or (self.by(self.lead, day), self.by(self.second, day), self.by_client(day))

        def make(command: str, source: str) -> Fact:
            return PlanReviewed(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                plan_version=1, participants=("client",), supports="none", updated=True, progress=progress,
                next_review_by=next_by, signatures=signed,
            )  # fmt: skip

        self.enter(heard or self.at(day, EVENING + 15), make, key)

    def determination(self, day: date, *, heard: datetime | None = None) -> None:
        """The lead finds that the client progresses and still needs this level."""

        def make(command: str, source: str) -> Fact:
            return ContinuedStayDetermined(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                progressing=True, goals_remain=True, level_needed=True, new_problems=False, least_intensive=True,
                decision="continue", rationale="coping skills not yet stable outside the group",
                signatures=(self.by(self.lead, day, "determination"),),
            )  # fmt: skip

        self.enter(heard or self.at(day, EVENING + 20), make)

    def signed(self, key: str, signature: Signature, day: date) -> None:
        """A signature added to a document later."""

        def make(command: str, source: str) -> Fact:
            return Signed(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                target=self.version_of(key), signatures=(signature,),
            )  # fmt: skip

        self.enter(self.at(day, EVENING + 30), make)

    def stepped_down(self, day: date, outcome: Outcome) -> None:
        """A transfer to outpatient treatment, level 1."""

        def make(command: str, source: str) -> Fact:
            return Transferred(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                from_level="2.1", to_level="1", edition="asam-3", reason="step_down", outcome=outcome,
                to_program=self.program.id.replace("-iop", "-op"),
            )  # fmt: skip

        self.enter(self.at(day, EVENING + 40), make)

    def discharged(self, day: date, reason: DischargeReason, last_contact: date, outcome: Outcome | None) -> None:
        """The end of the episode."""
        aftercare = "alumni group, weekly" if reason == "completed" else None

        def make(command: str, source: str) -> Fact:
            return Discharged(
                episode=self.case, occurred_on=day, actor=self.lead, command_id=command, source=source,
                reason=reason, last_contact_on=last_contact, outcome=outcome, aftercare=aftercare,
            )  # fmt: skip

        self.enter(self.at(day, EVENING + 45), make)
