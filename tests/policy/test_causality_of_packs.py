"""The causality law for other packs than Nebraska's: what is said of a day rests on what had happened by that day.

Every way of counting, of choosing among terms and of reading the text is its own way to look ahead by mistake. So the
law is put to each of them: to each pack of the tests, to the versions of a policy, to each alternative of a reading.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from caretrail.episode.history import Effective
from caretrail.policy import Pack, Policy, load_pack, policy_of, read_pack
from tests.findings.generated import KINDS, START, Writer, possible, steps
from tests.findings.test_causality import readings
from tests.findings.text_history import PACK, entries, history_of
from tests.support.judged import eligibility, findings
from tests.support.packs import small_pack

PACKS = Path(__file__).parent / "packs"
CHANGE = date(2026, 2, 23)
"""The day on which the versions of a policy change in the midst of the histories."""

MORE_KINDS = (
    *KINDS, "unit plan", "unit review", "unit review", "authorized", "schedule", "hold", "hold", "review",
    "reassessed", "signs an assessment", "noted",
)  # fmt: skip
SCOPES = ("initial", "comprehensive")
UNITS = ("calendar_day", "treatment_hour", "calendar_day", "treatment_hour", "working_day")


STEPS = steps([(ahead, 0) for ahead in range(8)], MORE_KINDS, 10, 35)


class WiderWriter(Writer):
    """Writes what only some packs look at, too: units of reviews, authorizations, schedules."""

    def line(self, kind: str, day: date, one: int, two: int) -> str:
        if kind.startswith("unit "):
            line = super().line(kind.removeprefix("unit "), day, one, 1).partition(" |")[0]
            scope = f', "scope": "{SCOPES[one % 2]}"' if kind == "unit plan" and one % 3 else ""
            return f'{line} | {{"review_unit": "{UNITS[two % 5]}"{scope}}}'
        if kind == "authorized":
            begin = day + timedelta(days=one % 20 - 10)
            return f"{day} authorized {begin} to {begin + timedelta(days=20 + two)} {8 + one} session"
        if kind == "reassessed":
            return f"{day} assessed reassessment by c-noor {('CSAC', 'LPC', '?')[one % 3]}"
        if kind == "signs an assessment":
            made = [number for number, line in enumerate(self.lines, start=1) if " assessed " in line]
            return f"{day} signed #{made[one % len(made)]} by c-lee" if made else super().line("session", day, one, two)
        if kind == "noted":
            return f'{super().line("session", day, one, two)} | {{"noted": {("true", "false")[one % 2]}}}'
        if kind == "schedule":
            return f"{day} schedule {480 + 20 * (two % 8)} {2 + one % 4}"
        return super().line(kind, day, one, two)


@st.composite
def histories(draw: st.DrawFn) -> list[Effective]:
    """A chart over a few months with anything that may befall it, for rules of any kind."""
    writer = WiderWriter(draw(st.sampled_from(["2.1", "2.1", "2.1", "2.1", "1"])))
    if draw(st.booleans()):
        writer.write("assessed", START + timedelta(days=draw(st.integers(-4, 3))), draw(st.integers(0, 5)), 1)
    writer.put(f"{START} admitted level {writer.level}")
    day = START
    for (ahead, _), kind, chance in draw(STEPS):
        one, two = divmod(chance, 40)
        day += timedelta(days=ahead)
        if kind != "discharged" or one > 35:
            writer.write(kind, day, one, two)
    made = possible(entries("\n".join(writer.lines)))
    assume(made)
    return made


def several(**rules: dict[str, object]) -> Pack:
    """Nebraska's pack with several rules read otherwise."""
    pack = PACK
    for rule, fields in rules.items():
        pack = pack.changed(f"NE21-{rule}", **fields)
    return pack


def at_this_level(name: str) -> Pack:
    """A pack of the tests, of the level of the histories."""
    return read_pack(PACKS / f"{name}.toml").model_copy(update={"levels": ("2.1",)})


def of_any_day(name: str) -> Pack:
    """A pack that ships, in force on every day of the histories."""
    return load_pack(name).model_copy(update={"effective_from": None})


def minnesota() -> Policy:
    old, new = (read_pack(PACKS / f"{name}.toml") for name in ("mn-245g-2018", "mn-245g"))
    return policy_of([old, new.model_copy(update={"effective_from": CHANGE})])


def nebraska_twice(basis: str) -> Policy:
    """Nebraska's rules, changed in much that is judged over a time."""
    new = several(
        R1={"every": [{"count": 14, "unit": "calendar_day", "soon": 3}], "first_from": "plan_effective"},
        I1={"basis": basis, "least": 580},
        P1={"within": {"count": 4, "unit": "treatment_day", "soon": 1}},
    )
    update = {"name": "later", "effective_from": CHANGE, "supersedes": PACK.name, "treatment_services": {"group"}}
    return policy_of([several(I1={"basis": basis}), new.model_copy(update=update)])


WEEK = {"count": 7, "unit": "calendar_day", "soon": 2}
DUTIES = small_pack(
    {"check": "assessment_due", "within": {"count": 5, "unit": "treatment_day", "soon": 1}, "first_day": "excluded"},
    {"check": "assessment_signed", "made_by": ["CSAC"], "within": WEEK},
    {"check": "review_after", "within": WEEK},
    {"check": "review_before_discharge", "within": {"count": 14, "unit": "calendar_day"}},
    {"check": "review_due", "every": [{"count": 1, "unit": "calendar_month", "soon": 5}], "counts_when": "held"},
    {"check": "review_documented", "within": WEEK},
    {"check": "summary_due", "ends": ["discharge", "transfer"], "within": WEEK},
    {"check": "service_day", "least": 120, "most": 300},
    {"check": "service_every", "services": ["group"], "each": "week", "excused_by": ["client"]},
    {"check": "service_every", "services": ["family", "individual"], "each": "calendar_month"},
    {"check": "progress_notes"},
    guidance={"credentials": ["LPC", "LADC", "LIMHP", "LMHP"], "others": ["CSAC"]},
)
DAY_TERM = {"count": 30, "unit": "calendar_day", "soon": 7}
JUDGES: dict[str, Policy | Pack] = {
    "mn-2018": at_this_level("mn-245g-2018"),
    "mn-both-levels": read_pack(PACKS / "mn-245g.toml"),
    "mn-versions": minnesota(),
    "ne-versions": nebraska_twice("offered"),
    "ne-versions by schedule": nebraska_twice("scheduled"),
    "il": at_this_level("il-2060-former"),
    "ca": at_this_level("ca-ntp-10305"),
    "mo": at_this_level("mo-groups"),
    # rules do not touch each other but through the review clock: so each of these reads several of them otherwise
    "as strict as can be": several(
        R1={"on_closed_day": "next_working_day", "counts_when": "all_signed", "first_from": "plan_effective"},
        P1={"sessions": "individual_only", "strength": "must"},
        A1={"same_day": "strict"},
        A2={"provisional_is": "blocked"},
        B2={"dimensions": "all_six"},
        I1={"basis": "attended"},
    ),
    "as mild as can be": several(
        R1={"holds": "pause", "counts_when": "held", "first_from": "admission"},
        P1={"sessions": "count_assessment", "on_return": "earlier_plan_stands"},
        I1={"basis": "scheduled"},
        I3={"aggregation": "monthly_average"},
    ),
    "by the payer": several(
        R1={"series": "fixed", "first_from": "admission", "holds": "pause", "on_closed_day": "next_working_day"},
        C1={"holds": "authorization"},
        P1={"first_day": "excluded", "cap": {"count": 10, "unit": "working_day", "soon": 2}},
        P3={"within": {"count": 5, "unit": "working_day", "soon": 1}, "in_lieu": ()},
    ),
    "rules that are off": several(
        R1={"series": "earlier_of_both", "first_from": "admission"},
        P1={"within": {"count": 10, "unit": "working_day", "soon": 3}, "sessions": None},
        X1={"on": True, "unsourced": None, "section": "made for the test"},
        X2={"on": True, "unsourced": None, "section": "made for the test"},
    ),
    "counted in sessions": several(
        R1={"every": [{"count": 12, "unit": "session", "soon": 3}], "holds": None, "on_closed_day": None},
        P1={"within": {"count": 9, "unit": "treatment_hour", "soon": 2}},
    ),
    "counted in visits": several(
        R1={"every": [{"count": 9, "unit": "visit", "soon": 2}], "holds": None, "on_closed_day": None},
        P1={"within": {"count": 3, "unit": "visit"}},
    ),
    "duties and services": DUTIES,
    "all of a pack of the tests": at_this_level("xt-duties"),
    "virginia": of_any_day("va-medicaid-2.1-adult"),
    "south dakota": of_any_day("sd-iop-2.1-adult"),
    "an assessment before the plan": small_pack({"check": "assessment_due", "before_plan": True}),
    "days or working days": several(R1={"every": [DAY_TERM, {"count": 15, "unit": "working_day", "soon": 5}]}),
    "days or treatment days": several(
        R1={"every": [{"count": 10, "unit": "treatment_day", "soon": 2}, DAY_TERM], "holds": "pause"}
    ),
}


def one_voice(policy: Policy, history: list[Effective]) -> None:
    """Of each rule one version speaks on each day from the admission on, beside what is said of subjects."""
    admission = next((item for item in history if item.event.type == "admitted"), None)
    if admission is None:
        return
    found = findings(history, policy)
    rules = {rule.id for pack in policy.versions for rule in pack.judged if not rule.of_program}
    days = sorted(
        {day for item in found for day in (item.start, item.until) if day is not None and day >= admission.day}
    )
    for day in days:
        held = [item for item in found if item.holds(day) and item.rule in rules]
        assert {item.rule for item in held} == rules, day
        main = [item.rule for item in held if not item.subject]
        assert len(set(main)) == len(main), day


IN_DOUBT_ACROSS_VERSIONS = """
    2026-01-05 admitted level 1
    2026-02-06 plan 1 signed by c-ortiz, cl-7f3a
    2026-02-17 review of 1 signed by c-ortiz, cl-7f3a
    2026-03-22 review of 1 without-client signed by c-ortiz, g-ma
"""


def test_a_day_on_which_each_version_leaves_a_doubtful_duty_to_the_other_is_told() -> None:
    """Given a review in doubt, after which each version's duty runs from a day of the other's, then R1 says so."""
    policy, history = minnesota(), history_of(IN_DOUBT_ACROSS_VERSIONS)
    one_voice(policy, history)
    [told] = [item for item in findings(history, policy) if item.rule == "MN-R1" and item.holds(date(2026, 3, 31))]
    assert told.ruling.doubt is not None
    assert told.ruling.doubt.if_not.verdict == "overdue"


@pytest.mark.parametrize("name", JUDGES)
@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=histories())
def test_no_pack_reads_ahead(name: str, history: list[Effective]) -> None:
    policy = JUDGES[name]
    for one, following in pairwise(eligibility(history, policy)):
        assert one.until == following.start
    if isinstance(policy, Policy):
        one_voice(policy, history)
    for day, said, expected in readings(history, policy, history[-1].day + timedelta(days=99)):
        assert said == expected, day
