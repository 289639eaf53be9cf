"""Treatment, day by day: groups, hours alone, sheets that come late, entries put right, and who stays away.

The rates are ours where no source is named; they make the slips that every clinic knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from caretrail.simulation import forms
from caretrail.simulation.attendance import CAUSES, HOLDS, MISSED
from caretrail.simulation.charts import SEATS, Chart, Group, Mark, Team
from caretrail.simulation.desk import Desk
from caretrail.simulation.documents import Documents
from caretrail.simulation.forms import GROUP_MINUTES, SINGLE_MINUTES, Form, Json
from caretrail.simulation.programs import DAY
from caretrail.simulation.shape import Shape, Weighted

MISSED_FOR = Weighted(MISSED)
WEEK = timedelta(days=7)
HOUR = 3600

CANCELED = 0.004
LATE_SHEET = 0.015
LATE_NOTE = 0.02
PUT_RIGHT = 0.004
SENT_TWICE = 0.002
FADES = 0.3
"""How much of the usual chance to come is left in the last days of a client who drops out."""
FADING = timedelta(days=12)
EXPLAINED = 0.15
SHORT_STAY_AWAY, LONG_STAY_AWAY = 4, 14
RETURNS_TO_GROUPS = 0.01
"""Each week at level 1."""
ALONE = "16:15"
"""When hours alone begin: between the morning's and the evening's groups."""
DROPS_OUT = ("left_against_advice", "terminated", "other")
WRONG_MINUTES: tuple[int, ...] = (120, 150, 165)


class Treatment:
    """Enters what happens in groups and alone; `rng` decides, `shape` says how likely it is that a client comes."""

    def __init__(self, desk: Desk, rng: Random, shape: Shape) -> None:
        self._desk = desk
        self._rng = rng
        self._attendance = shape.attendance
        self._documents = Documents(desk, rng)

    # --- a day -------------------------------------------------------------------------------------------------------

    def session_day(self, team: Team, day: date) -> None:
        """A day on which the groups of a team meet."""
        outpatients = list(team.outpatients)  # who steps down today comes alone from next week on
        for group in team.groups:
            self._meet(group, day)
        if day.weekday() == team.program.weekdays[0]:
            self._see_outpatients(team, outpatients, day)

    def _meet(self, group: Group, day: date) -> None:
        here = [chart for chart in group.members if chart.start <= day and chart.away_until < day]
        if not here:
            return
        canceled = self._rng.random() < CANCELED
        present: list[Chart] = []
        for chart in here:
            if chart.start == day:
                self._documents.admit(chart, day)
            if canceled or not self._comes(chart, day):
                self._missed(chart, day, canceled)
            else:
                present.append(chart)
        if not present:
            return
        self._hold_group(group, day, present)
        self._hold_beside(group, day, present)
        for chart in present:
            chart.last_contact = day
            if day >= chart.down_on and day < chart.end:
                self._steps_down(chart, day)
            else:
                self._documents.after_session(chart, day)

    def _comes(self, chart: Chart, day: date) -> bool:
        usual = self._attendance.after_coming if chart.came else self._attendance.after_missing
        fades = chart.reason in DROPS_OUT and chart.end - day < FADING
        chart.came = chart.start == day or self._rng.random() < (usual * FADES if fades else usual)
        return chart.came

    # --- groups ------------------------------------------------------------------------------------------------------

    def _hold_group(self, group: Group, day: date, present: list[Chart]) -> None:
        """One form of the group for all charts; now and then the whole sheet comes late."""
        rng, team = self._rng, group.team
        heard = day + rng.randint(3, 9) * DAY if rng.random() < LATE_SHEET else day
        late = "attendance sheet handed in late" if heard > day else None
        name = self._session_name(group, day)
        leads = team.second if group is team.groups[-1] else team.owner
        held = forms.attended(day, leads, "group", group.start, GROUP_MINUTES, len(present), name, late)
        for chart in present:
            chart.attended += 1
            if late is None and rng.random() < PUT_RIGHT:
                self._put_right(chart, day, held, group)
            else:
                self._file(chart, held, heard, group.start, GROUP_MINUTES)

    def _put_right(self, chart: Chart, day: date, right: Form, group: Group) -> None:
        """A group entered with wrong minutes, then corrected; or entered twice, and then one of the two struck."""
        rng, owner = self._rng, chart.team.owner
        wrong, found = Mark(), day + rng.randint(1, 6) * DAY
        if rng.random() < SENT_TWICE / (PUT_RIGHT + SENT_TWICE):
            self._file(chart, right, day, group.start, GROUP_MINUTES)
            self._file(chart, right, day, group.start, GROUP_MINUTES, wrong)
            amendment = forms.voided(found, owner, "duplicate")
        else:
            minutes = rng.choice(WRONG_MINUTES)
            entered = Form(right.day, right.actor, {**right.body, "minutes": minutes}, right.performed_by)
            self._file(chart, entered, day, group.start, GROUP_MINUTES, wrong)
            amendment = forms.corrected(found, owner, {"minutes": GROUP_MINUTES}, "left early was ticked by mistake")
        self._desk.put(chart.team.program, chart, amendment, found, 15 * HOUR + rng.randrange(HOUR), about=wrong)

    def _hold_beside(self, group: Group, day: date, present: list[Chart]) -> None:
        """What is held besides the group, from a client's second week on.

        An education hour for all on the first day of the week, a motivational or a family hour on the second, an
        individual hour on the last.
        """
        settled = [chart for chart in present if day - chart.start >= WEEK]
        if not settled:
            return
        team = group.team
        first, second, _ = team.program.weekdays
        week = day.toordinal() // 7
        if day.weekday() == first:
            name = f"{self._session_name(group, day)}-ed"
            held = forms.attended(day, team.second, "education", ALONE, SINGLE_MINUTES, len(settled), name)
        elif day.weekday() == second and week % 2:
            held = self._alone(day, team.second, "family")
        else:
            held = self._alone(day, team.owner, "motivational" if day.weekday() == second else "individual")
        for chart in settled:
            chart.attended += 1
            self._note(chart, held, day)

    def _session_name(self, group: Group, day: date) -> str:
        """The name of a group session: the same in all charts, and in no other session."""
        return f"{group.team.program.prefix.lower()}-{group.team.number}-{group.start[:2]}-{day:%Y%m%d}"

    def _alone(self, day: date, by: Json, service: str) -> Form:
        return forms.attended(day, by, service, ALONE, SINGLE_MINUTES)

    def _note(self, chart: Chart, form: Form, day: date) -> None:
        """Enter an hour alone: mostly the same day."""
        rng = self._rng
        heard = day + rng.randint(1, 4) * DAY if rng.random() < LATE_NOTE else day
        self._file(chart, form, heard, ALONE, SINGLE_MINUTES)

    def _file(self, chart: Chart, form: Form, heard: date, start: str, minutes: int, mark: Mark | None = None) -> None:
        """Enter a session within the hour after its end."""
        end = int(start[:2]) * HOUR + int(start[3:]) * 60 + minutes * 60
        self._desk.put(chart.team.program, chart, form, heard, end + self._rng.randrange(60, HOUR), mark)

    # --- staying away ------------------------------------------------------------------------------------------------

    def _missed(self, chart: Chart, day: date, canceled: bool) -> None:
        start = chart.group.start
        if canceled:
            self._file(chart, forms.missed(day, start, "clinician ill", "program"), day, start, 0)
            return
        rng = self._rng
        why = MISSED_FOR.draw(rng)
        self._file(chart, forms.missed(day, start, why, CAUSES.get(why, "client")), day, start, GROUP_MINUTES)
        if why in HOLDS:
            self._hold(chart, day, forms.held(day, chart.team.owner, HOLDS[why]))
        elif why in ("illness", "unable") and rng.random() < EXPLAINED:
            told = day + DAY
            explained = forms.explained(told, chart.team.owner, "I1", day, why)
            self._desk.put(chart.team.program, chart, explained, told, 11 * HOUR + rng.randrange(HOUR))

    def _hold(self, chart: Chart, day: date, held: Form) -> None:
        """Put treatment on hold until some days later, or for good if it ends before."""
        rng, team = self._rng, chart.team
        back = day + rng.randint(SHORT_STAY_AWAY, LONG_STAY_AWAY) * DAY
        chart.away_until = back
        self._desk.put(team.program, chart, held, day, 19 * HOUR + rng.randrange(HOUR))
        if back < chart.end:
            resumed = forms.resumed(back, team.owner)
            self._desk.put(team.program, chart, resumed, back, 9 * HOUR + rng.randrange(HOUR))

    # --- level 1 ------------------------------------------------------------------------------------------------------

    def _steps_down(self, chart: Chart, day: date) -> None:
        team = chart.team
        form = forms.stepped_down(day, team.owner, team.program.outpatient, forms.GOALS_MET)
        self._desk.put(team.program, chart, form, day, 19 * HOUR + self._rng.randrange(HOUR))
        chart.outpatient = True
        chart.group.members.remove(chart)
        team.outpatients.append(chart)

    def _see_outpatients(self, team: Team, outpatients: Sequence[Chart], day: date) -> None:
        """An hour alone each week; some come back to the groups."""
        hour = self._alone(day, team.owner, "individual")
        for chart in outpatients:
            if chart.away_until >= day:
                continue
            if self._comes(chart, day):
                chart.last_contact = day
                self._note(chart, hour, day)
                if self._rng.random() < RETURNS_TO_GROUPS and len(chart.group.members) < SEATS:
                    self._returns(chart, day)
                elif day.day <= 7:
                    self._documents.coordinate(chart, day)
            else:
                form = forms.missed(day, ALONE, "no_show", service="individual", minutes=SINGLE_MINUTES)
                self._file(chart, form, day, ALONE, SINGLE_MINUTES)

    def _returns(self, chart: Chart, day: date) -> None:
        """Back to the group of before, for good: the plan is reviewed at the next session."""
        team = chart.team
        form = forms.returned(day, team.owner, team.program.id)
        self._desk.put(team.program, chart, form, day, 19 * HOUR + self._rng.randrange(HOUR))
        chart.outpatient, chart.down_on, chart.review_on = False, date.max, day
        team.outpatients.remove(chart)
        chart.group.members.append(chart)
