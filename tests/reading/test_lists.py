"""Lists of many episodes: which rows are in them, with whose name and day; and every answer is reported."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caretrail.errors import AmbiguousEpisode, UnknownName
from tests.support.build import LEE, admitted, assessed, attested, event, plan, session
from tests.support.care import NOW, Care
from tests.support.example import day
from tests.support.reading import short_reader


def test_an_episode_is_named_by_its_number_or_the_beginning_of_it(care: Care) -> None:
    for name in ("A-1", "A-10", "A-100", "B-1", "B-2", "B-3", "B-4", "B-5", "B-6"):
        care.record([admitted("01-05", name)])
    assert care.reader.resolve("A-1") == "A-1"
    assert care.reader.resolve("A-100") == "A-100"
    with pytest.raises(AmbiguousEpisode, match=r"6 episodes .*B-1, B-2, B-3, B-4, B-5 and 1 more") as caught:
        care.reader.resolve("B")
    assert len(caught.value.reveals) == 5
    with pytest.raises(UnknownName):
        care.reader.resolve("C")
    assert care.reader.by_client("cl-B-3") == ["B-3"]


def test_today_is_the_day_in_each_episodes_own_zone(care: Care) -> None:
    """Just after midnight in Chicago it is still yesterday in Honolulu."""
    care.record([admitted("01-05", "CHI"), admitted("01-05", "HNL", zone="Pacific/Honolulu")])
    care.now = datetime(2026, 2, 5, 7, 0, tzinfo=UTC)
    by_zone = {row.episode: (row.verdict, row.days_overdue) for row in care.reader.findings(rule="R1")}
    assert by_zone == {"CHI": ("overdue", 1), "HNL": ("due_today", 0)}
    assert {row.episode: row.days for row in care.reader.census()} == {"CHI": 31, "HNL": 30}


def test_before_the_admission_continued_stay_does_not_apply(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    row = care.reader.eligibility("E-1", day("01-03"))
    assert (row.verdict, row.basis) == ("not_applicable", "none")


def test_filters_hold_together(care: Care) -> None:
    care.record(
        [
            assessed("01-02", "A"), admitted("01-05", "A"),
            assessed("01-02", "B", program="other"),
            admitted("01-05", "B", program="other", clinician="c-lee", team=[LEE]),
            *attested(), *attested("other"),
        ]
    )  # fmt: skip
    on = day("02-10")

    def names(**filters: object) -> set[str]:
        return {row.episode or "" for row in care.reader.findings(on, **filters)}

    assert names() == {"A", "B"}
    assert names(program="other") == names(clinician="c-lee") == names(client="cl-B") == names(episode="B") == {"B"}
    assert {row.rule for row in care.reader.findings(on, rule="R1")} == {"NE21-R1"}
    assert {row.rule for row in care.reader.findings(on, rule="NE21-R1", verdict="overdue")} == {"NE21-R1"}
    assert names(rule="R1", verdict="due_soon") == set()
    assert care.reader.findings(day("01-28"), due_within=6) == []
    within = care.reader.findings(day("01-28"), due_within=7)
    assert sorted({row.rule for row in within}) == ["NE21-C1", "NE21-R1"]
    assert len(within) == 4, "the review and the determination of both"


def test_findings_carry_the_clinician_and_program_of_the_day_asked_for(care: Care) -> None:
    care.record([*attested(), assessed("01-02"), admitted("01-05")])
    care.record([event("team_changed", "02-10", joins=[LEE], clinician="c-lee")])
    assert {row.clinician for row in care.reader.findings(day("02-09"))} == {"c-ortiz"}
    assert {row.clinician for row in care.reader.findings(day("02-10"))} == {"c-lee"}


def test_what_was_not_met_when_a_stay_ended_is_listed_only_on_demand_and_grows_no_older(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), event("discharged", "02-10", reason="other")])
    assert care.reader.findings(day("03-10"), rule="R1") == []
    [row] = care.reader.findings(day("03-10"), rule="R1", closed=True)
    assert (row.verdict, row.start, row.days_overdue) == ("not_met", day("02-10"), 6)


def test_an_episode_under_a_pack_that_is_not_installed_is_unknown_never_clean(care: Care) -> None:
    care.record([admitted("01-05", policy="xx-nowhere")])
    [row] = care.reader.findings(day("02-01"))
    assert (row.rule, row.verdict) == ("PACK", "unknown")
    assert care.reader.eligibility("E-1", day("02-01")).verdict == "unknown"
    assert care.reader.why("E-1", "PACK", day("02-01")).in_force


def test_every_answer_is_reported_before_it_is_handed_out(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), plan("01-07"), session("01-07")])
    seen: list[list[str]] = []
    reader = short_reader(care.recorder, NOW, seen.append)
    reader.findings(day("02-10"))
    reader.worklist(day("02-10"))
    reader.census(day("02-10"))
    reader.timeline("E-1")
    reader.episode("E-1")
    reader.sheet("E-1")
    reader.why("E-1", "R1")
    reader.eligibility("E-1")
    reader.by_client("cl-E-1")
    assert seen == [["E-1"]] * 9

    def refuse(_: list[str]) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        short_reader(care.recorder, NOW, refuse).timeline("E-1")
