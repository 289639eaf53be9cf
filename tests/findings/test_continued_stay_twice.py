"""Continued stay and eligibility are told twice, by the rules and by the second reading, and both say the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from caretrail.episode.history import Effective
from caretrail.events import ContinuedStayDetermined
from caretrail.findings import Eligibility, Finding
from caretrail.findings.continued_stay import supported
from caretrail.findings.judge import judge
from caretrail.policy import Pack
from caretrail.policy.rules.stay import ContinuedStay
from tests.findings.generated import histories
from tests.findings.second_reading.generated_stays import stays
from tests.findings.second_reading.reading import Said, admission_supports, contradicted_by_sessions, second_reading
from tests.findings.second_reading.sentences import CRITERIA, Answer, supports_staying
from tests.findings.text_history import PACK, history_of
from tests.support import build
from tests.support.judged import held_on

HISTORIES = int(os.environ.get("CARETRAIL_HISTORIES", "2000"))
PARTS = 4
"""Parts of the histories in doubt, which run at once."""
BEYOND = timedelta(days=45)
"""How long after the last event both are still asked: longer than a term."""
RULE = next(rule for rule in PACK.judged if isinstance(rule, ContinuedStay))
Told = tuple[str, str, date | None, list[date]]
"""Eligibility, verdict, due day, and the due days of what was not met when a stay ended."""
RESTS_ON = ("A2", "B1", "B2", "B3")


def determined(criteria: dict[str, Answer]) -> ContinuedStayDetermined:
    event = build.event("continued_stay_determined", "02-03", decision="continue", **criteria)
    assert isinstance(event, ContinuedStayDetermined)
    return event


def test_the_rules_read_all_that_a_determination_can_say_as_the_sentences_do() -> None:
    for values in product((True, False, None), repeat=len(CRITERIA)):
        criteria = dict(zip(CRITERIA, values, strict=True))
        answer, _ = supported(determined(criteria), RULE)
        assert answer is supports_staying(criteria), criteria


def complete_assessment(history: Sequence[Effective], found: Sequence[Finding], day: date) -> bool:
    """Whether an assessment was made here, or one from elsewhere has all its parts (A3)."""
    kinds = {item.event.kind for item in history if item.event.type == "assessed" and item.event.occurred_on <= day}
    if kinds & {"initial", "reassessment"}:
        return True
    return "prior_accepted" in kinds and verdicts(found, "A3", day) <= {"met", "info"}


def verdicts(found: Sequence[Finding], rule: str, day: date) -> set[str]:
    return {finding.verdict for finding in held_on(found, day) if finding.rule.endswith(f"-{rule}")}


class Rules:
    """What the rules say of a history, day by day."""

    def __init__(self, history: list[Effective], pack: Pack) -> None:
        self.history = history
        judgment = judge(history, pack)
        self.eligibility: list[Eligibility] = judgment.eligibility
        asked = (*RESTS_ON, "A3", "C1")
        self.found = [finding for finding in judgment.findings if finding.rule.rpartition("-")[2] in asked]

    def grounds(self, day: date) -> bool:
        given = {rule: verdicts(self.found, rule, day) for rule in RESTS_ON}
        return admission_supports(given, complete_assessment=complete_assessment(self.history, self.found, day))

    def on(self, day: date) -> Told:
        answers = [item.verdict for item in self.eligibility if _holds(item, day)]
        assert len(answers) <= 1, answers
        said = [finding for finding in held_on(self.found, day) if finding.rule.endswith("-C1")]
        not_met = sorted(finding.due_on for finding in said if finding.verdict == "not_met" and finding.due_on)
        live = [finding for finding in said if finding.verdict not in ("not_met", "not_applicable")]
        assert len(live) <= 1, live
        verdict, due_on = (live[0].verdict, live[0].due_on) if live else ("not_applicable", None)
        return (answers[0] if answers else "not_applicable"), verdict, due_on, not_met


def _holds(item: Eligibility, day: date) -> bool:
    return item.start <= day and (item.until is None or day < item.until)


def in_the_words_of_the_rules(said: Said) -> Told:
    """The rules tell what was not met at the end of a stay beside what is due in a later one."""
    if said.verdict == "not_met" and said.due_on is not None:
        return said.eligible, "not_applicable", None, sorted([*said.earlier, said.due_on])
    return said.eligible, said.verdict, said.due_on, sorted(said.earlier)


def difference(history: list[Effective], pack: Pack = PACK) -> str:
    """The first day on which the two readings part; empty if they never do."""
    if not history:
        return ""
    rules = Rules(history, pack)
    through = max(item.day for item in history) + BEYOND
    for day, said in second_reading(history, through, rules.grounds, contradicted_by_sessions(history)).items():
        ours, theirs = rules.on(day), in_the_words_of_the_rules(said)
        if ours != theirs:
            return f"{day}: the rules say {ours}, the second reading {theirs}"
    return ""


CHART = """
    2026-01-02 assessed
    2026-01-05 admitted
    2026-01-19 session group 09:00 180
    2026-02-02 determined continue C2 signed by c-ortiz
    2026-02-16 session group 09:00 180
    2026-03-10 determined leave 2026-03-20 C1 signed by c-lee
    2026-03-23 transferred 2.1 to 3.5
    2026-04-01 transferred 3.5 to 2.1 | {"transfer_in": {"objectives_met": true, "dimension": "5"}}
"""


def test_the_readings_agree_on_services_that_are_no_treatment_attended_on_hold() -> None:
    begin = "2026-01-02 assessed\n2026-01-05 admitted\n2026-01-19 held\n"
    for service, answer in (("other", "eligible"), ("group", "unknown")):
        seen = f"2026-01-20 session {service} 13:00 60\n2026-01-20 determined continue C1 signed by c-ortiz"
        history = history_of(begin + seen)
        assert Rules(history, PACK).on(date(2026, 2, 10))[0] == answer
        assert difference(history) == ""


def test_the_readings_agree_on_a_chart_with_a_lapse_a_day_to_leave_and_a_return() -> None:
    assert difference(history_of(CHART)) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"term": {"count": 29, "unit": "calendar_day"}},
        {"term": {"count": 31, "unit": "calendar_day"}},
        {"soon_days": 6},
        {"soon_days": 8},
        {"read_as": "level_needed_throughout"},
        {"on": False},
    ],
)
def test_a_rule_read_otherwise_is_found_out(wrong: dict[str, Any]) -> None:
    assert difference(history_of(CHART), PACK.changed(RULE.id, **wrong)) != ""


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=HISTORIES // 8, deadline=None, suppress_health_check=SLOW)
@given(stays(doubts=False))
def test_the_rules_say_of_every_day_of_a_stay_what_the_second_reading_says(history: list[Effective]) -> None:
    assert difference(history) == ""


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=HISTORIES // PARTS, deadline=None, suppress_health_check=SLOW)
@given(history=stays(doubts=True))
def test_in_doubt_the_rules_say_what_both_charts_of_the_second_reading_say(part: int, history: list[Effective]) -> None:
    assert difference(history) == ""


@settings(max_examples=HISTORIES // 8, deadline=None, suppress_health_check=SLOW)
@given(histories())
def test_the_rules_say_of_every_day_of_any_chart_what_the_second_reading_says(history: list[Effective]) -> None:
    assert difference(history) == ""
