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
from caretrail.findings import eligibility, findings
from caretrail.policy import Pack, Policy, policy_of, read_pack
from findings.test_causality import KINDS, START, Writer, possible, read, read_stay, up_to
from findings.text_history import PACK, entries

PACKS = Path(__file__).parent / "packs"
CHANGE = date(2026, 2, 23)
"""The day on which the versions of a policy change in the midst of the histories."""

MORE_KINDS = (*KINDS, "unit plan", "unit review", "unit review", "authorized", "schedule", "hold", "hold", "review")
UNITS = ("calendar_day", "treatment_hour", "calendar_day", "treatment_hour", "working_day")


class WiderWriter(Writer):
    """Writes what only some packs look at, too: units of reviews, authorizations, schedules."""

    def line(self, kind: str, day: date, one: int, two: int) -> str:
        if kind.startswith("unit "):
            line = super().line(kind.removeprefix("unit "), day, one, 1).partition(" |")[0]
            return f'{line} | {{"review_unit": "{UNITS[two % 5]}"}}'
        if kind == "authorized":
            begin = day + timedelta(days=one % 20 - 10)
            return f"{day} authorized {begin} to {begin + timedelta(days=20 + two)} {8 + one} session"
        if kind == "schedule":
            return f"{day} schedule {480 + 20 * (two % 8)} {2 + one % 4}"
        return super().line(kind, day, one, two)


@st.composite
def histories(draw: st.DrawFn) -> list[Effective]:
    """A chart over a few months with anything that may befall it, for rules of any kind."""
    writer = WiderWriter()
    writer.level = draw(st.sampled_from(["2.1", "2.1", "2.1", "2.1", "1"]))
    if draw(st.booleans()):
        writer.write("assessed", START + timedelta(days=draw(st.integers(-4, 3))), draw(st.integers(0, 5)), 1)
    writer.lines.append(f"{START} admitted level {writer.level}")
    day = START
    steps = st.tuples(st.integers(0, 7), st.sampled_from(MORE_KINDS), st.integers(0, 39), st.integers(0, 39))
    for ahead, kind, one, two in draw(st.lists(steps, min_size=12, max_size=45)):
        day += timedelta(days=ahead)
        if kind != "discharged" or one > 35:
            writer.write(kind, day, one, two)
    made = possible(entries("\n".join(writer.lines)))
    assume(made)
    return made


def other(rule: str, **fields: object) -> Pack:
    return PACK.changed(f"NE21-{rule}", **fields)


def at_this_level(name: str) -> Pack:
    """A pack of the tests, of the level of the histories."""
    return read_pack(PACKS / f"{name}.toml").model_copy(update={"levels": ("2.1",)})


def minnesota() -> Policy:
    old, new = (read_pack(PACKS / f"{name}.toml") for name in ("mn-245g-2018", "mn-245g"))
    return policy_of([old, new.model_copy(update={"effective_from": CHANGE})])


def nebraska_twice(basis: str) -> Policy:
    """Nebraska's rules, changed in much that is judged over a time."""
    new = other("R1", every=[{"count": 14, "unit": "calendar_day", "soon": 3}], first_from="plan_effective")
    new = new.changed("NE21-I1", basis=basis, least=580)
    new = new.changed("NE21-P1", within={"count": 4, "unit": "treatment_day", "soon": 1})
    update = {"name": "later", "effective_from": CHANGE, "supersedes": PACK.name, "treatment_services": {"group"}}
    return policy_of([other("I1", basis=basis), new.model_copy(update=update)])


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
    "holds pause": other("R1", holds="pause"),
    "closed days": other("R1", on_closed_day="next_working_day"),
    "fixed": other("R1", series="fixed", first_from="admission"),
    "earlier of both": other("R1", series="earlier_of_both", first_from="admission"),
    "from plan": other("R1", first_from="plan_effective"),
    "from admission": other("R1", first_from="admission"),
    "all signed": other("R1", counts_when="all_signed"),
    "held": other("R1", counts_when="held"),
    "all at once": other("R1", holds="pause", on_closed_day="next_working_day", series="fixed", first_from="admission"),
    "sessions": other("R1", every=[{"count": 12, "unit": "session", "soon": 3}]),
    "visits": other("R1", every=[{"count": 9, "unit": "visit", "soon": 2}], holds="pause"),
    "days or working days": other("R1", every=[DAY_TERM, {"count": 15, "unit": "working_day", "soon": 5}]),
    "days or treatment days": other(
        "R1", every=[{"count": 10, "unit": "treatment_day", "soon": 2}, DAY_TERM], holds="pause", counts_when="held"
    ),
    "individual only": other("P1", sessions="individual_only"),
    "count assessment": other("P1", sessions="count_assessment"),
    "first day excluded": other("P1", first_day="excluded", cap={"count": 10, "unit": "working_day", "soon": 2}),
    "plan in days": other("P1", within={"count": 10, "unit": "working_day", "soon": 3}),
    "plan in hours": other("P1", within={"count": 9, "unit": "treatment_hour", "soon": 2}),
    "plan in visits": other("P1", within={"count": 3, "unit": "visit"}),
    "earlier plan stands": other("P1", on_return="earlier_plan_stands"),
    "attended": other("I1", basis="attended"),
    "scheduled": other("I1", basis="scheduled"),
    "provisional blocked": other("A2", provisional_is="blocked"),
    "strict same day": other("A1", same_day="strict"),
    "all six": other("B2", dimensions="all_six"),
    "authorization": other("C1", holds="authorization").changed("NE21-U1", on=True),
    "monthly average": other("I3", aggregation="monthly_average"),
    "signatures by a day": other("P3", within={"count": 5, "unit": "working_day", "soon": 1}, in_lieu=()),
    "no contact": other("X2", on=True, unsourced=None, section="made for the test"),
    "co-signature": other("X1", on=True, unsourced=None, section="made for the test"),
}


@pytest.mark.parametrize("name", JUDGES)
@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=histories())
def test_no_pack_looks_ahead(name: str, history: list[Effective]) -> None:
    judge = JUDGES[name]
    found, answers = findings(history, judge), eligibility(history, judge)
    days = sorted({item.day for item in history})
    for one, following in pairwise(answers):
        assert one.until == following.start
    # a reading of the facts up to a day holds until the next fact: the days between share it
    for day, until in pairwise([days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=100)]):
        known = up_to(history, day)
        then, then_stays = findings(known, judge), eligibility(known, judge)
        while day < until:
            assert read(found, day) == read(then, day), day
            assert read_stay(answers, day) == read_stay(then_stays, day), day
            day += timedelta(days=1)
