"""Groups (I3), one to one (I4), group based (I6): what is a group, how it is counted, and what is never called met."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from tests.findings.text_history import PACK, Told, entries
from tests.support.judged import findings

BEGIN = "2026-01-02 assessed\n2026-01-04 admitted\n"
"""Events 1 and 2: admitted on a Sunday."""


def group(size: int | None, service: str = "group", day: str = "2026-01-05", start: str = "09:00", **more: str) -> str:
    fields = "".join(f', "{name}": "{value}"' for name, value in more.items())
    return f'{day} session {service} {start} 60 | {{"group_size": {size or "null"}{fields}}}\n'


@pytest.mark.parametrize("service", ["education", "motivational"])
@pytest.mark.parametrize(("size", "verdict"), [(2, "violation"), (3, "met"), (12, "met"), (13, "violation")])
def test_a_group_of_any_treatment_has_three_to_twelve_clients(service: str, size: int, verdict: str) -> None:
    assert Told(BEGIN + group(size, service)).verdict("I3", "2026-01-05") == verdict


def test_an_education_group_of_thirteen_is_over_the_cap() -> None:
    found = Told(BEGIN + group(13, "education")).one("I3", "2026-01-05")
    assert (found.cause, found.message) == (
        "group_too_large", "education session of 2026-01-05 09:00: 13 clients, 3 to 12 allowed",
    )  # fmt: skip


@pytest.mark.parametrize("size", [None, 1])
def test_education_for_one_client_or_without_a_count_is_no_group(size: int | None) -> None:
    assert Told(BEGIN + group(size, "education")).verdict("I3", "2026-01-05") == "not_applicable"


def test_education_in_a_group_session_without_a_count_is_unknown() -> None:
    found = Told(BEGIN + group(None, "education", group_session="g-1")).one("I3", "2026-01-05")
    assert (found.verdict, found.cause) == ("unknown", "group_size_missing")


@pytest.mark.parametrize("service", ["family", "individual", "other", "self_help"])
def test_what_is_one_to_one_or_no_treatment_is_no_group(service: str) -> None:
    assert Told(BEGIN + group(30, service)).verdict("I3", "2026-01-05") == "not_applicable"


def test_family_sessions_are_groups_where_no_rule_holds_them_to_one_client() -> None:
    told = Told(BEGIN + group(30, "family"), PACK.changed("NE21-I4", services=["individual"]))
    assert told.verdict("I3", "2026-01-05") == "violation"


def test_a_group_on_record_twice_is_one_group() -> None:
    told = Told(BEGIN + group(13) + group(13))
    assert told.one("I3", "2026-01-05").evidence == (3, 4)
    assert Told(BEGIN + group(13) + group(14, start="09:30")).verdict("I3", "2026-01-05") == "violation violation"


def test_a_group_on_record_with_two_sizes_is_unknown_if_they_differ_in_what_they_mean() -> None:
    """Given the same group with 8 and 13 clients, with 8 and 9, and with 8 and none stated."""
    assert Told(BEGIN + group(8) + group(13)).one("I3", "2026-01-20").cause == "group_sizes_differ"
    assert Told(BEGIN + group(8) + group(9)).verdict("I3", "2026-01-05") == "met"
    assert Told(BEGIN + group(8) + group(None)).verdict("I3", "2026-01-05") == "met"
    by_name = group(8, group_session="g-1") + group(13, start="09:10", group_session="g-1")
    assert Told(BEGIN + by_name).one("I3", "2026-01-05").cause == "group_sizes_differ"


def test_a_group_of_thirteen_is_breached_when_its_notice_ends() -> None:
    told = Told(BEGIN + group(13) + "2026-01-20 discharged completed")
    assert told.runs("I3")[1:] == [
        "violation 2026-01-05 2026-01-12", "breached 2026-01-12 2026-01-21", "not_applicable 2026-01-21 -",
    ]  # fmt: skip


def test_a_group_of_thirteen_recorded_late_is_told_from_then() -> None:
    """Given a group of 5 January that is recorded on the 26th, then it is told until 2 February."""
    *before, last = entries(BEGIN + group(13))
    late: Entry = Entry(last.version, last.position, last.event, datetime(2026, 1, 26, 18, tzinfo=UTC), "intake")
    found = [item for item in findings(effective_history([*before, late]), PACK) if item.rule == "NE21-I3"]
    assert [(item.verdict, item.until) for item in found if item.subject] == [
        ("violation", date(2026, 2, 2)), ("breached", None),
    ]  # fmt: skip


def test_an_average_outside_the_range_is_breached_when_its_notice_ends() -> None:
    monthly = PACK.changed("NE21-I3", aggregation="monthly_average")
    told = Told(BEGIN + group(13) + group(13, day="2026-01-07"), monthly)
    assert told.runs("I3")[1:] == ["violation 2026-02-01 2026-02-08", "breached 2026-02-08 -"]
    assert (
        Told(BEGIN + group(13) + group(11, "education", day="2026-01-07"), monthly).verdict("I3", "2026-02-01") == "met"
    )


# --- I4 -----------------------------------------------------------------------------------------------------------


def test_an_individual_session_with_two_clients_is_breached_when_its_notice_ends() -> None:
    told = Told(BEGIN + group(2, "individual"))
    assert told.runs("I4")[1:] == ["violation 2026-01-05 2026-01-12", "breached 2026-01-12 -"]


def test_an_individual_session_on_record_with_one_client_and_with_two_is_unknown() -> None:
    found = Told(BEGIN + group(1, "individual") + group(2, "individual")).one("I4", "2026-02-05")
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "counts_differ", (3, 4))
    assert Told(BEGIN + group(2, "family") + group(3, "family")).verdict("I4", "2026-01-05") == "violation"


# --- I6 -----------------------------------------------------------------------------------------------------------


def test_a_stay_without_groups_is_noticed_after_its_first_full_week_of_treatment() -> None:
    told = Told(BEGIN + group(None, "individual") + group(None, "individual", "2026-01-07"))
    assert told.runs("I6") == ["not_applicable 2026-01-04 2026-01-11", "info 2026-01-11 -"]
    assert told.one("I6", "2026-01-11").message == "no group since 2026-01-04, in 1 full week of treatment"


def test_a_full_week_without_treatment_says_nothing_of_groups() -> None:
    told = Told(BEGIN + group(None, "individual", "2026-01-12"))
    assert told.runs("I6") == ["not_applicable 2026-01-04 2026-01-18", "info 2026-01-18 -"]


@pytest.mark.parametrize(("service", "size"), [("group", None), ("education", 6)])
def test_any_group_makes_treatment_group_based(service: str, size: int | None) -> None:
    alone = group(None, "individual") + group(None, "individual", "2026-01-07")
    told = Told(BEGIN + alone + group(size, service, "2026-01-20"))
    assert told.runs("I6")[1:] == ["info 2026-01-11 2026-01-20", "met 2026-01-20 -"]
    first = Told(BEGIN + group(size, service) + alone)
    assert first.runs("I6")[1:] == ["met 2026-01-05 -"]


def test_the_pack_says_after_how_many_weeks_a_group_is_missed() -> None:
    alone = "".join(group(None, "individual", f"2026-01-{day:02}") for day in (5, 12, 19))
    two = Told(BEGIN + alone, PACK.changed("NE21-I6", after_weeks=2))
    assert two.runs("I6")[1:] == ["info 2026-01-18 -"]
