"""The papers of a stay: admission, plan, reviews, determinations, signatures, coordination, discharge.

Mostly by the rules, with the slips that every clinic knows; the rates are ours.
"""

from __future__ import annotations

from datetime import date
from random import Random

from caretrail.simulation import forms
from caretrail.simulation.charts import Chart, Mark
from caretrail.simulation.desk import Desk
from caretrail.simulation.forms import Form, Json
from caretrail.simulation.programs import DAY, YEAR
from caretrail.simulation.shape import Weighted

HOUR = 3600
REVIEW_DAYS = 30
LATE_REVIEW = 0.05
ENTERED_AFTER = (0, 0, 0, 0, 0, 0, 1, 1, 2, 5)
"""Days after which a review is entered, each as likely."""
NO_DETERMINATION = 0.03
CLIENT_SIGNS_LATER = 0.08
NEVER = 0.1
"""Of what is signed later: share that is never signed."""
TEAM_SIGNS_LATER = 0.2
NO_COORDINATION = 0.06
AUTHORIZED = 0.35
CONSENTS = 0.3
REVOKES = 0.05
REFERRED = 0.1
LATE_DISCHARGE = 0.15
LETTER = 0.02
KINDS = ("medical", "mental_health", "psychiatric")

LEAVING_WITHIN = 12
"""Days before a planned discharge in which a review says so."""

WORKING: Json = {
    "progressing": False, "has_capacity": True, "actively_working": True, "new_problems": False,
    "least_intensive": True,
}  # fmt: skip
NEW_PROBLEMS: Json = {
    "progressing": False, "has_capacity": False, "actively_working": False, "new_problems": True,
    "treatable_here": True, "least_intensive": True,
}  # fmt: skip
NOT_ANY_MORE: Json = {
    "progressing": False, "has_capacity": True, "actively_working": False, "new_problems": False,
    "least_intensive": True,
}  # fmt: skip
HALF_FILLED: Json = {"progressing": True}
ACHIEVED: Json = {
    "progressing": True, "goals_remain": False, "level_needed": False, "new_problems": False, "least_intensive": False,
}  # fmt: skip
JUDGED = (forms.PROGRESSING, WORKING, NEW_PROBLEMS, NOT_ANY_MORE, HALF_FILLED)
JUDGMENT = Weighted({0: 84, 1: 10, 2: 3, 3: 1, 4: 2})
"""Which of the above a determination says, of a hundred."""


class Documents:
    """Enters the documents of charts; `rng` decides."""

    def __init__(self, desk: Desk, rng: Random) -> None:
        self._desk = desk
        self._rng = rng

    def _put(
        self, chart: Chart, form: Form, on: date, hour: int, mark: Mark | None = None, about: Mark | None = None
    ) -> None:
        self._desk.put(chart.team.program, chart, form, on, hour * HOUR + self._rng.randrange(HOUR), mark, about)

    # --- the first days ----------------------------------------------------------------------------------------------

    def admit(self, chart: Chart, day: date) -> None:
        """What comes with an admission: approved days, a consent."""
        rng, owner = self._rng, chart.team.owner
        if rng.random() < AUTHORIZED:
            self._authorize(chart, day, owner)
        if rng.random() < CONSENTS:
            chart.consent = f"pcp-{rng.randrange(1000):03d}"
            self._put(chart, forms.consented(day, owner, chart.consent, day + YEAR * DAY), day, 10)

    def _authorize(self, chart: Chart, day: date, owner: Json) -> None:
        number = f"au-{chart.name}-{chart.reviews}"
        self._put(chart, forms.authorized(day, owner, number, 26, day + 59 * DAY), day, 11)

    def after_session(self, chart: Chart, day: date) -> None:
        """The plan or the review that is due, after a session the client attended."""
        if chart.plan is None:
            if chart.attended >= chart.plan_after:
                self._plan(chart, day)
        elif day >= chart.review_on:
            self._review(chart, day)

    def _plan(self, chart: Chart, day: date) -> None:
        rng, team = self._rng, chart.team
        chart.plan = Mark()
        goals = [{"id": f"g{n}", "target_on": str(day + 45 * n * DAY)} for n in (1, 2)]
        signatures = [forms.signed_by_client(chart.client, day), forms.signed_by(team.owner, day, "authorship")]
        later = rng.random() < TEAM_SIGNS_LATER
        if not later:
            signatures.append(forms.signed_by(team.second, day))
        self._put(chart, forms.plan(day, team.owner, signatures, goals=goals), day, 17, chart.plan)
        if later and rng.random() >= NEVER:
            signs = day + rng.randint(1, 5) * DAY
            form = forms.signature(signs, team.owner, forms.signed_by(team.second, signs))
            self._put(chart, form, signs, 18, None, chart.plan)
        if rng.random() < REFERRED:
            self._put(chart, forms.referred(day, team.owner, f"clinic-{rng.randrange(200):03d}", "medical"), day, 18)
        self.coordinate(chart, day)
        chart.review_on = self._next_review(chart, day)

    def _next_review(self, chart: Chart, base: date) -> date:
        """The last session day in time, mostly; some slip by some days."""
        rng, program = self._rng, chart.team.program
        if rng.random() < LATE_REVIEW:
            return program.session_on_or_after(base + (REVIEW_DAYS + rng.randint(2, 9)) * DAY)
        return program.session_on_or_before(base + (REVIEW_DAYS - rng.randint(3, 6)) * DAY)

    # --- reviews -----------------------------------------------------------------------------------------------------

    def _review(self, chart: Chart, day: date) -> None:
        """A review, entered that day or later, with its determination; some clients sign it later."""
        rng, team = self._rng, chart.team
        chart.reviews += 1
        heard = day + rng.choice(ENTERED_AFTER) * DAY
        later = rng.random() < CLIENT_SIGNS_LATER
        client = forms.owed_by_client(chart.client) if later else forms.signed_by_client(chart.client, day)
        signatures = (forms.signed_by(team.owner, day), forms.signed_by(team.second, day), client)
        goals = [
            {"id": "g1", "status": "met" if chart.reviews > 1 else "open"}, {"id": "g2", "status": "open"},
        ]  # fmt: skip
        review = Mark()
        self._put(chart, forms.reviewed(day, team.owner, signatures, goals=goals), heard, 17, review)
        signs = day + rng.randint(5, 12) * DAY
        if later and heard < signs <= chart.end and rng.random() >= NEVER:
            form = forms.signature(signs, team.owner, forms.signed_by_client(chart.client, signs))
            self._put(chart, form, signs, 18, None, review)
        if rng.random() < LETTER:
            text, why = "Employer's letter supports the change of goal 2.", "document arrived later"
            came = heard + rng.randint(1, 9) * DAY
            self._put(chart, forms.addendum(came, team.owner, text, why), came, 10, None, review)
        if rng.random() >= NO_DETERMINATION:
            self._determine(chart, day, heard)
        if chart.reviews % 2 == 0 and rng.random() < AUTHORIZED:
            self._authorize(chart, day, team.owner)
        if chart.consent is not None and rng.random() < REVOKES:
            self._put(chart, forms.consent_revoked(day, team.owner, chart.consent), day, 12)
            chart.consent = None
        self.coordinate(chart, day)
        chart.review_on = self._next_review(chart, day)

    def _determine(self, chart: Chart, day: date, heard: date) -> None:
        if chart.reason == "completed" and (chart.end - day).days <= LEAVING_WITHIN:
            form = forms.determined(day, chart.team.owner, ACHIEVED, leave_by=chart.end)
        else:
            form = forms.determined(day, chart.team.owner, JUDGED[JUDGMENT.draw(self._rng)])
        self._put(chart, form, heard, 18)

    def coordinate(self, chart: Chart, day: date) -> None:
        """Care coordinated with another professional, mostly."""
        rng = self._rng
        if rng.random() >= NO_COORDINATION:
            self._put(chart, forms.coordinated(day, chart.team.second, rng.choice(KINDS)), day, 18)

    # --- the end -----------------------------------------------------------------------------------------------------

    def discharge(self, chart: Chart) -> None:
        """The discharge; some are entered some days later."""
        rng = self._rng
        heard = chart.end + (rng.randint(1, 10) * DAY if rng.random() < LATE_DISCHARGE else 0 * DAY)
        outcome = forms.GOALS_MET if chart.reason == "completed" else forms.GOALS_OPEN
        last = max(chart.last_contact, chart.start)
        by = chart.team.owner
        form = forms.discharged(chart.end, by, chart.reason, last, None if chart.reason == "died" else outcome)
        self._put(chart, form, heard, 20)
