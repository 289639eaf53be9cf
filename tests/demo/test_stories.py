"""The stories of the demo: on whatever day it is run, each shows what it is told for, and nothing is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from caretrail.demo.stories import ELIGIBILITY_EPISODE, STORIES, TIMELINE_EPISODE, WHY_EPISODE, WHY_RULE, Story
from caretrail.episode.episode import Episode
from caretrail.findings import QUIET_VERDICTS
from caretrail.policy import load_pack
from tests.support.judged import eligibility_on, findings, held_on
from tests.support.practice import folded

pytestmark = pytest.mark.slow

PACK = load_pack("ne-medicaid-2.1-adult")
A_WEEK_AND_MORE = [date(2026, 11, 22) + timedelta(days=n) for n in range(7)]
CLOCKS_CHANGE = [date(2026, 3, 9), date(2025, 11, 3)]
YEARS_AND_LEAPS = [date(2026, 1, 2), date(2024, 3, 1), date(2028, 2, 29)]
DAYS = [*A_WEEK_AND_MORE, *CLOCKS_CHANGE, *YEARS_AND_LEAPS]


def shown(episode: Episode, today: date) -> set[tuple[str, str]]:
    return {(finding.rule, finding.verdict) for finding in held_on(findings(episode.history, PACK), today)}


@pytest.fixture(scope="module", params=DAYS, ids=str)
def told(request: pytest.FixtureRequest) -> tuple[date, Mapping[str, Episode]]:
    today: date = request.param
    return today, folded(today, len(STORIES))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.case)
def test_each_story_shows_what_it_is_told_for(told: tuple[date, Mapping[str, Episode]], story: Story) -> None:
    today, found = told
    verdicts = shown(found[story.case], today)
    assert verdicts >= set(story.expects)
    if {verdict for _, verdict in story.expects} <= QUIET_VERDICTS:
        assert {verdict for _, verdict in verdicts} <= QUIET_VERDICTS


def test_the_overdue_review_is_three_days_overdue(told: tuple[date, Mapping[str, Episode]]) -> None:
    today, found = told
    held = held_on(findings(found[WHY_EPISODE].history, PACK), today)
    (overdue,) = [finding for finding in held if finding.rule == WHY_RULE]
    assert (overdue.verdict, overdue.days_overdue(today)) == ("overdue", 3)


def test_the_review_in_doubt_is_met_if_it_counts_and_overdue_if_not(told: tuple[date, Mapping[str, Episode]]) -> None:
    today, found = told
    held = held_on(findings(found["DEMO-012"].history, PACK), today)
    [doubt] = [finding.ruling.doubt for finding in held if finding.rule == "NE21-R1"]
    assert doubt is not None
    assert (doubt.if_counts.verdict, doubt.if_not.verdict) == ("met", "overdue")


def test_continued_stay_is_a_plain_yes_only_where_a_determination_holds(
    told: tuple[date, Mapping[str, Episode]],
) -> None:
    today, found = told
    verdicts = {case: eligibility_on(found[case].history, PACK, today).verdict for case in found}
    assert verdicts[ELIGIBILITY_EPISODE] == "unknown"
    assert verdicts["DEMO-009"] == "not_applicable"
    assert verdicts["DEMO-011"] == "eligible"


def test_the_timeline_worth_showing_has_a_late_a_corrected_and_a_struck_event(
    told: tuple[date, Mapping[str, Episode]],
) -> None:
    _, found = told
    episode = found[TIMELINE_EPISODE]
    (late,) = [entry for entry in episode.entries if entry.event.late_reason]
    assert late.recorded_at.date() - late.event.occurred_on > timedelta(days=7)
    assert list(episode.amendments.corrections) == [late.version]
    assert len(episode.amendments.voided_by) == 1
    assert len(episode.amendments.addenda) == 1
    sizes = {item.version: getattr(item.event, "group_size", None) for item in episode.history}
    assert (getattr(late.event, "group_size", None), sizes[late.version]) == (13, 11)


def test_stories_come_first_and_have_numbers_to_remember() -> None:
    assert [story.case for story in STORIES] == [f"DEMO-{number:03d}" for number in range(1, len(STORIES) + 1)]
    assert set(folded(DAYS[0], 3)) == {"DEMO-001", "DEMO-002", "DEMO-003"}
