"""The causality law: what is said of a day rests on what had happened by that day, and on nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.episode.history import Effective, Entry, effective_history
from caretrail.findings import Eligibility, Finding, eligibility, findings
from findings.text_history import CLIENT, JUDGED, LEE, ORTIZ, PACK, entries

START = date(2026, 1, 5)
NOOR = "c-noor"


def read(found: list[Finding], day: date) -> list[tuple[Any, ...]]:
    """The bound values of a day: all but `until`, and where a piece begins."""
    return sorted(
        (
            (
                item.rule, item.subject, item.verdict, str(item.due_on), item.message, item.arithmetic,
                item.evidence, item.cause, str(item.owner), item.quiet,
            )
            for item in found
            if item.holds(day)
        ),
    )  # fmt: skip


def read_stay(answers: list[Eligibility], day: date) -> list[tuple[Any, ...]]:
    return [
        (item.verdict, item.basis, item.holds_through, item.reasons, item.evidence)
        for item in answers
        if item.start <= day and (item.until is None or day < item.until)
    ]


def up_to(history: list[Effective], day: date) -> list[Effective]:
    return [item for item in history if item.fact.occurred_on <= day]


KINDS = (
    "session", "session", "week", "week", "week", "week", "individual", "missed", "odd group", "plan",
    "review", "review", "review", "signed", "signed", "determined", "determined", "hold", "team", "move", "move",
    "explained", "moved to", "shift", "void", "assessed", "prior", "carry", "discharged",
)  # fmt: skip
SIGNERS = ((ORTIZ, CLIENT), (ORTIZ, LEE, CLIENT), (LEE,), (CLIENT,), (NOOR, CLIENT), (ORTIZ, "g-ma"), (ORTIZ,))
CRITERIA = ("C1", "C2", "C3", "C1 C2", "")


class Writer:
    """Writes the lines of a generated chart; `one` and `two` choose among what may happen."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.documents: list[int] = []
        self.plans = 0
        self.level, self.on_hold = "2.1", False

    def write(self, kind: str, day: date, one: int, two: int) -> None:
        if kind == "week":
            for ahead in (0, 2, 4):
                self.lines.append(f"{day + timedelta(days=ahead)} session group 09:00 {200 - one} size 8")
            return
        line = self.line(kind, day, one, two)
        self.lines.append(line)
        if line.split()[1] in ("plan", "review", "determined"):
            self.documents.append(len(self.lines))

    def line(self, kind: str, day: date, one: int, two: int) -> str:
        near = day + timedelta(days=one % 40 - 20)
        who = (ORTIZ, LEE, NOOR)
        names = SIGNERS[one % len(SIGNERS)]
        late = f"@{day + timedelta(days=two % 9)}" if two % 4 == 0 else ""
        by = f"signed by {', '.join(name + late for name in names)}"
        target = 1 + two % max(len(self.lines), 1)
        if kind == "plan":
            self.plans += 1
            return f"{day} plan {self.plans} effective {near if one % 3 == 0 else day} {by}" + (
                ' | {"required_signers": ["c-diaz"]}' if two % 5 == 0 else ""
            )
        if kind == "review":
            odd = "without-client " if one % 11 == 0 else ""
            next_by = f"next {day + timedelta(days=two)} " if two % 5 == 0 else ""
            rest = (
                f"{by}; deferred c-diaz"
                if two % 6 == 0
                else f"{by}; declined {LEE if LEE not in names else 'c-diaz'} before c-x"
            )
            change = ' | {"updated": false}' if one % 5 == 1 else ' | {"updated": null}' if one % 13 == 2 else ""
            change = change or (' | {"participants": []}' if one % 7 == 3 else "")
            return f"{day} review of {max(self.plans - (two % 7 == 0), 1)} {odd}{next_by}{rest}{change}"
        if kind == "signed" and self.documents:
            return f"{day} signed #{self.documents[two % len(self.documents)]} {by.removeprefix('signed ')}"
        if kind == "move":
            here, self.level = self.level, "2.1" if self.level != "2.1" else ("1", "2.5")[one % 2]
            return f"{day} transferred {here} to {self.level}"
        if kind == "hold":
            self.on_hold = not self.on_hold
            return f"{day} {'held' if self.on_hold else 'resumed'}"
        return {
            "odd group": f'{day} session group 09:00 180 | {{"group_size": {(1, 2, 13, "null")[one % 4]}}}',
            "individual": f"{day} session individual 13:00 60",
            "missed": f"{day} missed group 09:00 180 cause {('client', 'program', 'other')[one % 3]}",
            "determined": f"{day} determined {'continue' if one % 4 else f'leave {near}'} {CRITERIA[two % 5]} {by}"
            + (' | {"progressing": null, "has_capacity": null}' if two % 7 == 0 else ""),
            "team": f"{day} team {'+' if one % 3 else '-'} {who[two % 3]}",
            "carry": f"{day} team carries {who[one % 3]}",
            "explained": f"{day} explained {('R1', 'NE21-I1', 'P1', 'I3', 'P3', 'C1')[two % 6]} on {near}",
            "moved to": f'{day} corrected #{target} | {{"occurred_on": "{near}"}}',
            "shift": f'{day} corrected #{target} | {{"performed_by": []}}',
            "void": f"{day} voided #{target}",
            "assessed": f"{day} assessed {('initial', 'addendum', 'reassessment')[one % 3]} by {who[two % 3]}"
            + (" suspected" if one % 2 else "") + (" referred c-lee" if two % 2 else "")
            + (" F32.1" if one % 5 == 0 else "") + (" at 10:00" if two % 4 == 0 else ""),
            "prior": f"{day} assessed prior_accepted"
            + ("", ' | {"relevant": null}', ' | {"discharge_plan": false}', ' | {"edition": "asam-4"}')[one % 4],
            "discharged": f"{day} discharged {('completed', 'left_against_advice')[one % 2]}"
            + (' | {"outcome": null}' if two % 3 == 0 else ""),
        }.get(kind, f"{day} session group {9 + one % 3:02}:00 {120 + 30 * (two % 4)} size {3 + one % 10}")  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Effective]:
    """A chart over a few months: an admission, and anything that may befall it, also what nobody should do."""
    writer = Writer()
    writer.level = draw(st.sampled_from(["2.1", "2.1", "2.1", "2.1", "1"]))
    if draw(st.integers(0, 3)):
        ahead = draw(st.integers(-4, 3))
        writer.write("assessed", START + timedelta(days=ahead), draw(st.integers(0, 5)), draw(st.integers(0, 5)))
    writer.lines.append(f"{START} admitted level {writer.level}")
    day = START - timedelta(days=draw(st.sampled_from([0, 0, 0, 3])))
    steps = st.tuples(st.integers(0, 7), st.sampled_from(KINDS), st.integers(0, 39), st.integers(0, 39))
    for ahead, kind, one, two in draw(st.lists(steps, min_size=12, max_size=50)):
        day += timedelta(days=ahead)
        anyway = kind in ("session", "individual", "missed", "assessed", "prior", "explained", "odd group")
        if kind != "discharged" or one > 35:
            writer.write(kind, day if anyway else max(day, START), one, two)
    return possible(entries("\n".join(writer.lines)))


def possible(recorded: list[Entry]) -> list[Effective]:
    """Leave out what could not be recorded: an amendment that amends nothing, transfers from where nobody is."""
    kept: list[Entry] = []
    for entry in recorded:
        try:
            effective_history([*kept, entry])
        except Exception:  # noqa: S112  # the recorder would have refused it
            continue
        kept.append(entry)
    history = effective_history(kept)
    admission = next((item for item in history if item.fact.type == "admitted"), None)
    level = admission.fact.level if admission and admission.fact.type == "admitted" else ""
    ended: date | None = None
    result: list[Effective] = []
    only = {"assessed", "session_attended", "session_missed", "signed", "explained", "admitted"}
    for item in history:
        fact = item.fact
        if fact.type == "transferred":
            if fact.from_level != level or ended is not None:
                continue
            level = fact.to_level
        if fact.type == "discharged" and ended is None:
            ended = item.day
        elif ended is not None and item.day > ended and fact.type not in ("signed", "explained"):
            continue
        if (admission is None or item.day < admission.day) and fact.type not in only:
            continue
        result.append(item)
    return result


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_an_interval_says_of_each_day_what_a_reading_of_the_facts_up_to_that_day_says(
    history: list[Effective],
) -> None:
    found, answers = findings(history, PACK), eligibility(history, PACK)
    if not history:
        return
    first, last = history[0].day, max(item.day for item in history)
    day = first - timedelta(days=1)
    # a reading of the facts up to a day holds until the next fact: the days between share it
    known: list[Effective] = []
    then, then_stays = findings(known, PACK), eligibility(known, PACK)
    while day <= last + timedelta(days=75):
        truncated = up_to(history, day)
        if len(truncated) != len(known):
            known = truncated
            then, then_stays = findings(known, PACK), eligibility(known, PACK)
        assert read(found, day) == read(then, day), day
        assert read_stay(answers, day) == read_stay(then_stays, day), day
        day += timedelta(days=1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_every_rule_says_something_on_every_day_from_the_admission_on(history: list[Effective]) -> None:
    admission = next((item for item in history if item.fact.type == "admitted"), None)
    if admission is None:
        return
    found = findings(history, PACK)
    last = max(item.day for item in history) + timedelta(days=60)
    day = admission.day
    while day <= last:
        said = {item.rule for item in found if item.holds(day)}
        assert said == set(JUDGED), (day, set(JUDGED) - said)
        day += timedelta(days=1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_met_never_stands_beside_a_problem_of_the_same_rule(history: list[Effective]) -> None:
    found = findings(history, PACK)
    for item in found:
        if item.verdict == "met" and not item.rule.endswith(("P3", "D1")):
            for other in found:
                if other.rule == item.rule and other.verdict in ("violation", "overdue", "due_soon", "unknown", "info"):
                    apart = (item.until is not None and item.until <= other.start) or (
                        other.until is not None and other.until <= item.start
                    )
                    assert apart, (item, other)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_eligibility_has_no_gaps_and_no_empty_stretch(history: list[Effective]) -> None:
    answers = eligibility(history, PACK)
    for one, other in pairwise(answers):
        assert one.until == other.start
    pieces = [(item.start, item.until) for item in findings(history, PACK)]
    for start, until in [*pieces, *((item.start, item.until) for item in answers)]:
        assert until is None or start < until
