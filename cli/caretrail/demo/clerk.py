"""A clerk enters one story of the demo: what happened on which day, and when it is recorded.

Events may be entered in any order; a correction or a signature names the earlier event by the key it was entered under.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from caretrail.simulation import forms
from caretrail.simulation.charts import Mark, Stream
from caretrail.simulation.desk import Desk
from caretrail.simulation.forms import GROUP_MINUTES, SINGLE_MINUTES, Form, Json
from caretrail.simulation.programs import Program
from caretrail.tokens import DischargeReason

EVENING = 18 * 60 + 40
AFTERNOON = 16 * 60 + 30
MORNING = 8 * 60
ALONE = "17:00"
"""When hours alone begin."""
FAMILY_WEEK = 2
"""Of every three weeks, counted from 0 at the admission, the one with a family hour."""


class Clerk:
    """Enters one episode at a desk, for the first team of its program."""

    def __init__(self, desk: Desk, case: str, client: str, program: Program) -> None:
        self.client = client
        self.program = program
        self.lead, self.second = program.staff
        self._desk = desk
        self._chart = Stream(case)
        self._marks: dict[str, Mark] = {}

    def enter(self, form: Form, minutes: int, *, on: date | None = None, key: str = "", target: str = "") -> None:
        """Enter a form at a time of its day (in minutes), or of a later day `on`.

        `key` names the event for later ones; `target` is the key of the event it amends or signs.
        """
        mark = self._marks.setdefault(key, Mark()) if key else None
        about = self._marks[target] if target else None
        self._desk.put(self.program, self._chart, form, on or form.day, minutes * 60, mark, about)

    def assessed(self, day: date, diagnosis: str, *, suspected: bool = False) -> None:
        """The assessment, by the lead; a suspected mental-health condition is referred to the other clinician."""
        refer_to = self.second if suspected else None
        self.enter(
            forms.assessed(day, self.lead, self.client, self.program.id, diagnosis, refer_to=refer_to), AFTERNOON
        )

    def admitted(self, day: date) -> None:
        """The admission to level 2.1."""
        form = forms.admitted(day, self.lead, self.client, self.program.id, self.program.zone.key, self.program.staff)
        self.enter(form, MORNING)

    # --- sessions ------------------------------------------------------------------------------------------------

    def group(
        self, day: date, size: int = 8, *, on: date | None = None, late: str | None = None, key: str = ""
    ) -> None:
        """A group the client attended; entered on another day, it is in the afternoon."""
        form = forms.attended(day, self.lead, "group", self.program.start, GROUP_MINUTES, size, late=late)
        self.enter(form, EVENING if on is None else 15 * 60, on=on, key=key)

    def single(
        self, day: date, service: Literal["individual", "family", "motivational"] = "individual", key: str = ""
    ) -> None:
        """An individual hour, or a family hour with the second clinician."""
        who = self.second if service == "family" else self.lead
        self.enter(forms.attended(day, who, service, ALONE, SINGLE_MINUTES), EVENING + 5, key=key)

    def education(self, day: date, size: int = 8) -> None:
        """An education hour in a group, by the second clinician."""
        self.enter(forms.attended(day, self.second, "education", ALONE, SINGLE_MINUTES, size), EVENING + 3)

    def beside_the_groups(self, start: date, day: date) -> None:
        """The other sessions of a day, from the second week after `start` on.

        Education and motivational hours alternate on the first day of the week, individual and family hours on the
        last: three weeks cover every kind of service.
        """
        week = (day - start).days // 7
        first, _, last = self.program.weekdays
        if week < 1 or day.weekday() not in (first, last):
            return
        if day.weekday() == last:
            self.single(day, "family" if week % 3 == FAMILY_WEEK else "individual")
        elif week % 2:
            self.education(day)
        else:
            self.single(day, "motivational")

    def missed(self, day: date) -> None:
        """A group that the client missed."""
        self.enter(forms.missed(day, self.program.start, "no_show"), EVENING)

    # --- documents -------------------------------------------------------------------------------------------------

    def plan(self, day: date) -> None:
        """The first plan."""
        signatures = (
            forms.signed_by_client(self.client, day),
            forms.signed_by(self.lead, day, "authorship"),
            forms.signed_by(self.second, day),
        )
        self.enter(forms.plan(day, self.lead, signatures), EVENING + 10)

    def review(self, day: date, *, client_signs: bool = True, next_by: date | None = None, key: str = "") -> None:
        """A review with the client that updated the plan; the client may owe the signature."""
        client = forms.signed_by_client(self.client, day) if client_signs else forms.owed_by_client(self.client)
        signatures = (forms.signed_by(self.lead, day), forms.signed_by(self.second, day), client)
        self.enter(forms.reviewed(day, self.lead, signatures, next_by=next_by), EVENING + 15, key=key)

    def determination(self, day: date) -> None:
        """The lead determines that the client progresses and still needs this level."""
        self.enter(forms.determined(day, self.lead), EVENING + 20)

    def coordinated(self, day: date, kind: Literal["medical", "psychiatric", "mental_health"] = "medical") -> None:
        """The second clinician coordinates care with another professional."""
        self.enter(forms.coordinated(day, self.second, kind), EVENING + 35)

    # --- the end ---------------------------------------------------------------------------------------------------

    def stepped_down(self, day: date, outcome: Json) -> None:
        """A transfer to outpatient treatment, level 1."""
        self.enter(forms.stepped_down(day, self.lead, self.program.outpatient, outcome), EVENING + 40)

    def discharged(self, day: date, reason: DischargeReason, last_contact: date, outcome: Json | None) -> None:
        """The end of the episode."""
        self.enter(forms.discharged(day, self.lead, reason, last_contact, outcome), EVENING + 45)
