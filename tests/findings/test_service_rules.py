"""Minutes of a service day, services due in each period, and progress notes, from both sides of each boundary."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from caretrail.policy import Pack, policy_of
from tests.findings.text_history import Told
from tests.support.packs import small_pack

ADMITTED = '2026-01-05 admitted | {"schedule": {"minutes_per_week": 300, "days_per_week": 3}}'
"""A schedule that leaves nothing open: of a day it accounts for 100 minutes."""


def verdicts(told: Told, *days: str) -> list[str]:
    return [told.verdict("XX-1", f"2026-{day}") for day in days]


# --- a service day ------------------------------------------------------------------------------------------------


def service_day(**fields: Any) -> Pack:
    return small_pack({"check": "service_day", **fields})


@pytest.mark.parametrize(("minutes", "verdict"), [(180, "met"), (179, "violation")])
def test_a_service_day_has_its_minutes_or_is_told_from_the_day_after(minutes: int, verdict: str) -> None:
    told = Told(f"{ADMITTED}\n2026-01-07 session group 09:00 {minutes}", service_day(least=180))
    assert verdicts(told, "01-07", "01-08") == ["not_applicable", verdict]


def test_sessions_of_one_day_are_added_and_one_the_client_missed_was_offered() -> None:
    text = f"{ADMITTED}\n2026-01-07 session group 09:00 120\n2026-01-07 missed individual 13:00 60 cause client"
    assert verdicts(Told(text, service_day(least=180)), "01-08") == ["met"]
    assert verdicts(Told(text, service_day(least=180, basis="attended")), "01-08") == ["violation"]


def test_a_short_day_is_breached_once_its_notice_ends() -> None:
    told = Told(f"{ADMITTED}\n2026-01-07 session group 09:00 60", service_day(least=180))
    assert verdicts(told, "01-14", "01-15", "03-01") == ["violation", "breached", "breached"]


def test_a_day_without_treatment_is_no_service_day() -> None:
    told = Told(f"{ADMITTED}\n2026-01-07 session group 09:00 180", service_day(least=180))
    assert verdicts(told, "01-09", "01-20") == ["met", "met"]


def test_a_short_day_may_lack_what_was_scheduled_and_is_not_on_record() -> None:
    text = "2026-01-07 session group 09:00 60\n2026-01-08 session group 09:00 60"
    scheduled = ADMITTED.replace("300", "540")
    told = Told(f"{scheduled}\n{text}", service_day(least=180))
    assert verdicts(told, "01-08", "01-20") == ["unknown", "unknown"], "the first of them stands for all"
    assert verdicts(Told(f"{ADMITTED.replace('300', '539')}\n{text}", service_day(least=180)), "01-08") == ["violation"]
    canceled = f"{scheduled}\n2026-01-07 missed group 13:00 120 cause program\n{text}"
    assert verdicts(Told(canceled, service_day(least=180)), "01-08") == ["violation"], "the rest is on record"


def test_a_short_day_without_a_schedule_may_lack_anything() -> None:
    bare = '2026-01-05 admitted | {"schedule": null}\n2026-01-07 session group 09:00 60'
    assert verdicts(Told(bare, service_day(least=180)), "01-08") == ["unknown"]
    assert verdicts(Told(bare, service_day(least=180, basis="attended")), "01-08") == ["violation"]


def test_sessions_that_overlap_are_counted_once() -> None:
    text = f"{ADMITTED}\n2026-01-07 session group 09:00 120\n2026-01-07 session individual 10:00 119"
    assert verdicts(Told(text, service_day(least=180)), "01-08") == ["violation"]
    assert verdicts(Told(text.replace("119", "120"), service_day(least=180)), "01-08") == ["met"]


def test_a_day_over_its_most_is_information() -> None:
    text = f"{ADMITTED}\n2026-01-07 session group 09:00 361"
    assert verdicts(Told(text, service_day(most=360)), "01-08", "01-20") == ["info", "met"]
    assert verdicts(Told(text, service_day(most=361)), "01-08") == ["met"]


@pytest.mark.parametrize("minutes", [100, 361])
def test_a_day_is_judged_by_the_version_in_force_on_it_and_not_on_the_day_it_is_told(minutes: int) -> None:
    """Given a day out of range on the eve of a version that asks for nothing, then the old one tells it."""
    old = service_day(least=180, most=360, basis="attended")
    update = {"name": "later", "supersedes": old.name, "effective_from": date(2026, 1, 8)}
    policy = policy_of([old, service_day(least=1).model_copy(update=update)])
    told = Told(f"{ADMITTED}\n2026-01-07 session group 09:00 {minutes}", policy)
    assert [item.subject for item in told.on("XX-1", "2026-01-08") if item.subject] == ["day 2026-01-07"]


def test_the_last_day_of_a_stay_is_not_judged() -> None:
    told = Told(
        f"{ADMITTED}\n2026-01-07 session group 09:00 60\n2026-01-07 discharged completed", service_day(least=180)
    )
    assert verdicts(told, "01-08") == ["not_applicable"]


# --- a service in each period -------------------------------------------------------------------------------------


def monthly(**fields: Any) -> Pack:
    return small_pack({"check": "service_every", "services": ["family"], "each": "calendar_month", **fields})


BEGUN = '2026-01-15 admitted | {"schedule": null}'
FAMILY = "session family 17:00 60"


def test_a_month_with_the_service_is_met_and_one_without_is_told_from_its_end() -> None:
    told = Told(f"{BEGUN}\n2026-02-28 {FAMILY}", monthly())
    assert verdicts(told, "02-28", "03-01") == ["not_applicable", "met"], "January was not a full month of the stay"
    told = Told(f"{BEGUN}\n2026-03-01 {FAMILY}", monthly())
    assert verdicts(told, "02-28", "03-01", "03-31") == ["not_applicable", "violation", "violation"]


def test_months_without_the_service_are_told_though_nothing_more_is_recorded() -> None:
    told = Told(f"{BEGUN}\n2026-02-10 {FAMILY}", monthly())
    assert verdicts(told, "03-31", "04-01", "07-15", "12-31") == ["met", "violation", "violation", "violation"]


def test_a_month_that_lacked_the_service_is_breached_once_a_later_month_had_it() -> None:
    told = Told(f"{BEGUN}\n2026-03-10 {FAMILY}\n2026-04-10 {FAMILY}", monthly())
    assert verdicts(told, "03-31", "04-01", "05-20") == ["violation", "breached", "breached"]


def test_a_session_missed_for_an_excused_cause_stands_for_the_service() -> None:
    text = f"{BEGUN}\n2026-02-10 missed family 17:00 60 cause client"
    assert verdicts(Told(text, monthly(excused_by=["client"])), "03-01") == ["met"]
    assert verdicts(Told(text, monthly(excused_by=["other"])), "03-01") == ["violation"]
    assert verdicts(Told(text, monthly()), "03-01") == ["violation"]


def test_a_month_with_a_hold_is_not_judged() -> None:
    told = Told(f"{BEGUN}\n2026-02-10 held\n2026-02-11 resumed\n2026-03-05 {FAMILY}", monthly())
    assert verdicts(told, "03-01", "04-01") == ["not_applicable", "met"]


def test_a_month_that_the_stay_does_not_cover_is_not_judged() -> None:
    told = Told(f"{BEGUN}\n2026-02-28 discharged completed", monthly())
    assert verdicts(told, "03-01") == ["not_applicable"]
    told = Told(f"{BEGUN}\n2026-03-01 discharged completed", monthly())
    assert verdicts(told, "03-01") == ["violation"]


def test_each_service_of_a_week_is_asked_for() -> None:
    pack = small_pack({"check": "service_every", "services": ["individual", "group"], "each": "week"})
    week = "2026-01-11 session group 09:00 180"
    assert verdicts(Told(f"{ADMITTED}\n{week}\n2026-01-17 session individual 09:00 60", pack), "01-18") == ["met"]
    told = Told(f"{ADMITTED}\n{week}\n2026-01-18 session individual 09:00 60", pack)
    assert "no individual session" in told.one("XX-1", "2026-01-18").message


# --- progress notes -----------------------------------------------------------------------------------------------


NOTES = small_pack({"check": "progress_notes"})


def noted(day: str, value: str) -> str:
    return f'2026-{day} session group 09:00 180 | {{"noted": {value}}}'


@pytest.mark.parametrize(("one", "other", "verdict"), [
    ("true", "false", "met"), ("true", "null", "met"), ("null", "false", "unknown"), ("false", "false", "violation"),
])  # fmt: skip
def test_one_note_in_a_week_is_enough_and_none_is_told_once_the_week_is_over(
    one: str, other: str, verdict: str
) -> None:
    told = Told(f"{ADMITTED}\n{noted('01-06', one)}\n{noted('01-10', other)}", NOTES)
    assert verdicts(told, "01-10", "01-11", "02-20") == ["not_applicable", verdict, verdict]


def test_a_note_stated_later_ends_the_finding() -> None:
    told = Told(f'{ADMITTED}\n{noted("01-06", "false")}\n2026-01-20 corrected #2 | {{"noted": true}}', NOTES)
    assert verdicts(told, "01-11") == ["met"]


def test_a_week_without_services_needs_no_note() -> None:
    told = Told(f"{ADMITTED}\n{noted('01-06', 'true')}", NOTES)
    assert verdicts(told, "01-25", "03-01") == ["met", "met"]


def test_weeks_of_which_nothing_is_stated_are_one_finding() -> None:
    text = "\n".join(f"2026-01-{day:02} session group 09:00 180" for day in (6, 13, 20))
    told = Told(f"{ADMITTED}\n{text}", NOTES)
    assert len(told.on("XX-1", "2026-02-01")) == 1
    assert verdicts(told, "02-01") == ["unknown"]
