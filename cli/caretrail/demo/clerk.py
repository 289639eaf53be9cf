"""A clerk enters one episode: what happened on which day, and when it is recorded.

Events may be entered in any order. They come out in the order of their instants, and only then get their versions, so
that a correction or a signature can name the earlier event.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import Any, Literal

from caretrail import events
from caretrail.demo.clinic import IMPORT_SOURCE, SOURCE, Program, instant
from caretrail.events.values import Dimension, Outcome, Performer, Person, Referral, Schedule, Sections
from caretrail.tokens import DischargeReason, Service

FEED = Person(id="ehr-feed", role="service")
EVENING = 18 * 60 + 40
AFTERNOON = 16 * 60 + 30
MORNING = 8 * 60
GROUP_MINUTES = 180
SINGLE_MINUTES = 60
FAMILY_WEEK = 2
"""Of every three weeks, counted from 0 at the admission, the one with a family hour."""
DAY = timedelta(days=1)

Recorded = tuple[datetime, events.Event]

MEETS = Dimension(rating="2", meets_level=True)
NO_PROBLEM = Dimension(rating="0", problem=False, meets_level=False)
MILD = Dimension(rating="1", problem=True, meets_level=True)
RATINGS = {"1": NO_PROBLEM, "2": NO_PROBLEM, "3": MILD, "4": MEETS, "5": MEETS, "6": MEETS}
GOALS_MET = Outcome(goals_met=True, precipitating_condition_stabilized=True, relapse_potential_stabilized=True)
SCHEDULE = Schedule(minutes_per_week=600, days_per_week=3)
SECTIONS = Sections(discharge=True, relapse_prevention=True, supports=True)
GOALS_OPEN = Outcome(goals_met=False)


class Clerk:
    """Enters one episode; `team` is the case owner and the second clinician.

    `live_from` is the instant at which the program began to use Caretrail: until then it kept paper, imported then.
    """

    def __init__(
        self, case: str, client: str, program: Program, team: tuple[Person, Person], live_from: datetime | None = None
    ) -> None:
        self.case = case
        self.client = client
        self.program = program
        self.lead, self.second = team
        self._live_from = live_from
        self._pending: list[tuple[datetime, datetime, int, type[events.Event], dict[str, Any], str, str]] = []
        self._entered = self._version = 0
        self._versions: dict[str, int] = {}

    # --- in and out --------------------------------------------------------------------------------------------

    def at(self, day: date, minutes: int = EVENING) -> datetime:
        """The instant of a local time at the program."""
        return instant(day, minutes, self.program.zone)

    def enter(
        self,
        kind: type[events.Event],
        day: date,
        minutes: int,
        /,
        *,
        heard: datetime | None = None,
        actor: Person | None = None,
        key: str = "",
        target: str = "",
        **values: object,
    ) -> None:
        """Enter an event at a time of its day (in minutes), or later; by default the lead states it.

        `key` names the event for later ones; `target` is the key of the event it amends or signs.
        """
        at = heard or self.at(day, minutes)
        recorded = max(at, self._live_from or at)
        fields = {"episode": self.case, "occurred_on": day, "actor": actor or self.lead, **values}
        self._entered += 1
        heappush(self._pending, (recorded, at, self._entered, kind, fields, key, target))

    def until(self, limit: datetime) -> Iterator[Recorded]:
        """What is recorded before an instant, in order; nothing earlier may be entered afterward."""
        while self._pending and self._pending[0][0] < limit:
            recorded, at, _, kind, fields, key, target = heappop(self._pending)
            self._version += 1
            self._versions[key] = self._version
            acts_on = {"target": self._versions[target]} if target else {}
            sent = {"command_id": f"{self.case}/{self._version}", "source": SOURCE if recorded == at else IMPORT_SOURCE}
            yield recorded, kind.model_validate(fields | acts_on | sent)

    # --- signatures --------------------------------------------------------------------------------------------

    def by_client(self, day: date) -> events.Signature:
        """The client's signature."""
        return events.Signature(
            signer=self.client, role="client", signed_on=day, method="electronic", meaning="agreement"
        )

    def by(
        self, who: Person, day: date, meaning: Literal["authorship", "review", "determination"] = "review"
    ) -> events.Signature:
        """A clinician's signature."""
        return events.Signature(
            signer=who.id,
            role="clinician",
            credential=who.credential,
            signed_on=day,
            method="electronic",
            meaning=meaning,
        )

    def owed_by_client(self) -> events.Signature:
        """The client's signature, still to come."""
        return events.Signature(signer=self.client, role="client", deferred="left early, will sign at the next session")

    # --- events ---------------------------------------------------------------------------------------------------

    def assessed(self, day: date, diagnosis: str, *, suspected: bool = False) -> None:
        """The assessment, by the lead; a suspected mental-health condition is referred to the other clinician."""
        referral = Referral(to=self.second.id, credential=self.second.credential, on=day) if suspected else None
        self.enter(
            events.Assessed,
            day,
            AFTERNOON,
            kind="initial",
            client=self.client,
            program=self.program.id,
            at="10:00",
            edition="asam-3",
            dimensions=RATINGS,
            diagnoses=(diagnosis,),
            dsm="DSM-5-TR",
            recommended_level="2.1",
            clinician_level="2.1",
            co_occurring_screen="positive" if suspected else "negative",
            mental_health_suspected=suspected,
            referral=referral,
            discharge_plan=True,
        )

    def admitted(self, day: date) -> None:
        """The admission to level 2.1: three groups and an hour alone, each week."""
        self.enter(
            events.Admitted,
            day,
            MORNING,
            client=self.client,
            program=self.program.id,
            zone=self.program.zone.key,
            level="2.1",
            edition="asam-3",
            route="direct",
            population="adult",
            policy="ne-medicaid-2.1-adult",
            medicaid_eligible=True,
            team=(self.lead, self.second),
            clinician=self.lead.id,
            schedule=SCHEDULE,
            expects_progress=True,
        )

    def group(
        self, day: date, size: int = 8, *, heard: datetime | None = None, late: str | None = None, key: str = ""
    ) -> None:
        """A group the client attended."""
        self._session(day, EVENING, "group", GROUP_MINUTES, size, heard=heard, late_reason=late, key=key)

    def single(
        self, day: date, service: Literal["individual", "family", "motivational"] = "individual", key: str = ""
    ) -> None:
        """An individual hour, or a family hour with the second clinician."""
        self._session(day, EVENING + 5, service, SINGLE_MINUTES, key=key)

    def education(self, day: date, size: int = 8) -> None:
        """An education hour in a group, by the second clinician."""
        self._session(day, EVENING + 3, "education", SINGLE_MINUTES, size)

    def beside_the_groups(self, start: date, day: date) -> int:
        """The other sessions of a day, from the second week after `start` on; returns how many.

        Education and motivational hours alternate on the first day of the week, individual and family hours on the
        last: three weeks cover every kind of service.
        """
        week = (day - start).days // 7
        first, _, last = self.program.weekdays
        if week < 1 or day.weekday() not in (first, last):
            return 0
        if day.weekday() == last:
            self.single(day, "family" if week % 3 == FAMILY_WEEK else "individual")
        elif week % 2:
            self.education(day)
        else:
            self.single(day, "motivational")
        return 1

    def _session(
        self, day: date, entered: int, service: Service, minutes: int, size: int | None = None, **more: Any
    ) -> None:
        who = self.second if service in ("family", "education") else self.lead
        self.enter(
            events.SessionAttended,
            day,
            entered,
            actor=FEED,
            performed_by=(Performer(id=who.id, role=who.role, credential=who.credential),),
            service=service,
            start=self.program.start if service == "group" else "17:00",
            minutes=minutes,
            modality="in_person",
            group_size=size,
            **more,
        )

    def missed(self, day: date, cause: Literal["client", "program"] = "client", reason: str = "no_show") -> None:
        """A group that the client missed."""
        self.enter(
            events.SessionMissed,
            day,
            EVENING,
            actor=FEED,
            service="group",
            start=self.program.start,
            minutes=GROUP_MINUTES,
            cause=cause,
            reason=reason,
        )

    def plan(self, day: date, *, second_signs: bool = True) -> None:
        """The first plan; the second clinician may sign later."""
        signatures = (self.by_client(day), self.by(self.lead, day, "authorship"), self.by(self.second, day))
        self.enter(
            events.PlanSigned,
            day,
            EVENING + 10,
            key="plan",
            plan_version=1,
            effective_on=day,
            sections=SECTIONS,
            signatures=signatures if second_signs else signatures[:2],
        )

    def review(
        self,
        day: date,
        *,
        client_signs: bool = True,
        next_by: date | None = None,
        heard: datetime | None = None,
        key: str = "review",
    ) -> None:
        """A review with the client that updated the plan; the client may sign later."""
        client = self.by_client(day) if client_signs else self.owed_by_client()
        self.enter(
            events.PlanReviewed,
            day,
            EVENING + 15,
            heard=heard,
            key=key,
            plan_version=1,
            participants=("client",),
            supports="none",
            updated=True,
            progress="goals under way; relapse-prevention steps brought up to date",
            next_review_by=next_by,
            signatures=(self.by(self.lead, day), self.by(self.second, day), client),
        )

    def determination(self, day: date, *, heard: datetime | None = None) -> None:
        """The lead determines that the client progresses and still needs this level."""
        self.enter(
            events.ContinuedStayDetermined,
            day,
            EVENING + 20,
            heard=heard,
            progressing=True,
            goals_remain=True,
            level_needed=True,
            new_problems=False,
            least_intensive=True,
            decision="continue",
            rationale=f"coping skills not yet stable outside the group, as seen by {day}",
            signatures=(self.by(self.lead, day, "determination"),),
        )

    def coordinated(self, day: date, kind: Literal["medical", "psychiatric", "mental_health"] = "medical") -> None:
        """The second clinician coordinates care with another professional."""
        outcome = "no change; next contact in a month"
        self.enter(events.CareCoordinated, day, EVENING + 35, actor=self.second, kind=kind, outcome=outcome)

    def signed(self, target: str, signature: events.Signature, day: date) -> None:
        """A signature added to a document later."""
        self.enter(events.Signed, day, EVENING + 30, target=target, signatures=(signature,))

    def stepped_down(self, day: date, outcome: Outcome) -> None:
        """A transfer to outpatient treatment, level 1."""
        self.enter(
            events.Transferred,
            day,
            EVENING + 40,
            from_level="2.1",
            to_level="1",
            edition="asam-3",
            to_program=self.program.id.replace("-iop", "-op"),
            reason="step_down",
            outcome=outcome,
        )

    def discharged(self, day: date, reason: DischargeReason, last_contact: date, outcome: Outcome | None) -> None:
        """The end of the episode."""
        self.enter(
            events.Discharged,
            day,
            EVENING + 45,
            reason=reason,
            last_contact_on=last_contact,
            outcome=outcome,
            aftercare="alumni group, weekly" if reason == "completed" else None,
        )
