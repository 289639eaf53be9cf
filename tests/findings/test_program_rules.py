"""What a program attests of itself: valid, soon to end, ended, not valid yet, or never said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, effective_history
from caretrail.events import event_from
from caretrail.findings import Finding
from caretrail.findings.program import program_findings, stays_under_policy
from caretrail.policy import Pack, Policy, load_pack, policy_of
from tests.findings.text_history import history_of

PACK = load_pack("ne-medicaid-2.1-adult")
SINCE = date(2026, 1, 5)
LICENSE = "NE21-S3"
ADMIN = {"id": "a-webb", "role": "staff"}
Row = tuple[str, str, str | None, str | None]


def attested(*stated: str, kind: str = "license") -> list[Effective]:
    """Attestations, each as `stated-on valid-from valid-to`; a dash leaves the end open."""
    entries: list[Entry] = []
    for number, words in enumerate(stated, start=1):
        on, first, last = words.split()
        event = {
            "type": "program_attested", "program": "lincoln-iop", "kind": kind, "occurred_on": on, "actor": ADMIN,
            "valid_from": first, "valid_to": None if last == "-" else last,
        }  # fmt: skip
        entries.append(Entry(number, number, event_from(event), datetime(2026, 1, 1, tzinfo=UTC), "tests"))
    return effective_history(entries)


def said(*stated: str, policy: Policy | Pack = PACK, rule: str = LICENSE) -> list[Row]:
    """What the rule says over time: verdict, from, until, due on."""
    found = [item for item in program_findings(attested(*stated), policy, SINCE) if item.rule == rule]
    return [
        (item.verdict, str(item.start), str(item.until) if item.until else None, str(item.due_on or "") or None)
        for item in found
    ]


def test_what_was_never_attested_is_unknown_from_the_first_stay_under_policy() -> None:
    found = program_findings([], PACK, SINCE)
    assert [(item.rule, item.verdict, item.cause, item.start, item.until) for item in found] == [
        (rule, "unknown", "attestation_missing", SINCE, None) for rule in ("NE21-S2", "NE21-S3", "NE21-S4")
    ]
    assert {item.pack for item in found} == {PACK.name}
    assert found[1].message == "license: no attestation on file"


def test_each_rule_reads_its_own_kind() -> None:
    history = attested("2026-01-02 2026-01-01 -", kind="staff_training")
    assert [item.verdict for item in program_findings(history, PACK, SINCE)] == ["unknown", "unknown", "met"]


def test_a_valid_attestation_is_met_announced_before_its_end_and_overdue_the_day_after() -> None:
    assert said("2025-12-20 2025-12-15 2026-03-31") == [
        ("met", "2026-01-05", "2026-03-01", "2026-03-31"),
        ("due_soon", "2026-03-01", "2026-03-31", "2026-03-31"),
        ("due_today", "2026-03-31", "2026-04-01", "2026-03-31"),
        ("overdue", "2026-04-01", None, "2026-03-31"),
    ]
    overdue = program_findings(attested("2025-12-20 2025-12-15 2026-03-31"), PACK, SINCE)[-2]
    assert overdue.days_overdue(date(2026, 4, 10)) == 10
    assert overdue.arithmetic == "valid from 2025-12-15 through 2026-03-31"


@pytest.mark.parametrize(
    ("rule", "kind"), [("NE21-S2", "access_24_7"), ("NE21-S3", "license"), ("NE21-S4", "staff_training")]
)
def test_each_kind_is_met_while_valid_and_overdue_after(rule: str, kind: str) -> None:
    history = attested("2025-12-20 2025-12-15 2026-03-31", kind=kind)
    found = [item for item in program_findings(history, PACK, SINCE) if item.rule == rule]
    assert [item.verdict for item in found] == ["met", "due_soon", "due_today", "overdue"]
    others = [item for item in program_findings(history, PACK, SINCE) if item.rule != rule]
    assert {item.verdict for item in others} == {"unknown"}


@pytest.mark.parametrize(
    ("rule", "kind"), [("NE21-S2", "access_24_7"), ("NE21-S3", "license"), ("NE21-S4", "staff_training")]
)
def test_an_attestation_that_is_not_valid_yet_says_nothing_of_today(rule: str, kind: str) -> None:
    found = program_findings(attested("2026-01-02 2026-02-01 -", kind=kind), PACK, SINCE)
    said_of_rule = [(item.verdict, str(item.start)) for item in found if item.rule == rule]
    assert said_of_rule == [("unknown", "2026-01-05"), ("met", "2026-02-01")]


def test_a_new_attestation_ends_what_was_overdue() -> None:
    assert said("2026-01-05 2026-01-01 2026-02-10", "2026-02-20 2026-02-20 -")[-2:] == [
        ("overdue", "2026-02-11", "2026-02-20", "2026-02-10"),
        ("met", "2026-02-20", None, None),
    ]


def test_an_attestation_known_in_time_and_without_a_gap_keeps_the_end_of_the_one_before_quiet() -> None:
    renewed = said("2026-01-05 2026-01-01 2026-03-31", "2026-03-10 2026-04-01 2027-03-31")
    assert renewed[:5] == [
        ("met", "2026-01-05", "2026-03-01", "2026-03-31"),
        ("due_soon", "2026-03-01", "2026-03-10", "2026-03-31"),
        ("met", "2026-03-10", "2026-04-01", "2027-03-31"),
        ("met", "2026-04-01", "2027-03-01", "2027-03-31"),
        ("due_soon", "2027-03-01", "2027-03-31", "2027-03-31"),
    ]
    gap = said("2026-01-05 2026-01-01 2026-03-31", "2026-03-10 2026-04-03 -")
    assert gap[1:] == [
        ("due_soon", "2026-03-01", "2026-03-31", "2026-03-31"),
        ("due_today", "2026-03-31", "2026-04-01", "2026-03-31"),
        ("overdue", "2026-04-01", "2026-04-03", "2026-03-31"),
        ("met", "2026-04-03", None, None),
    ]


def test_what_is_attested_for_later_is_unknown_until_it_is_valid() -> None:
    assert said("2026-01-10 2026-02-01 -") == [
        ("unknown", "2026-01-05", "2026-01-10", None),
        ("unknown", "2026-01-10", "2026-02-01", None),
        ("met", "2026-02-01", None, None),
    ]


def test_an_attestation_counts_from_the_day_it_was_made_whatever_days_it_is_for() -> None:
    assert said("2026-02-01 2025-01-01 2026-12-31")[:2] == [
        ("unknown", "2026-01-05", "2026-02-01", None),
        ("met", "2026-02-01", "2026-12-01", "2026-12-31"),
    ]
    assert said("2026-02-01 2025-01-01 2025-12-31")[-1] == ("overdue", "2026-02-01", None, "2025-12-31")


@pytest.mark.parametrize("last", ["-", "9999-12-31"])
def test_without_an_end_nothing_is_ever_due(last: str) -> None:
    assert said(f"2026-01-02 2026-01-01 {last}") == [("met", "2026-01-05", None, None)]


def test_of_two_that_are_valid_the_longer_counts() -> None:
    assert said("2026-01-01 2026-01-01 2026-06-30", "2026-01-02 2026-01-01 2026-03-31")[0] == (
        "met", "2026-01-05", "2026-05-31", "2026-06-30",
    )  # fmt: skip


def test_a_pack_says_how_many_days_before_the_end_it_is_announced() -> None:
    assert said("2026-01-02 2026-01-01 2026-03-31", policy=PACK.changed(LICENSE, soon_days=0)) == [
        ("met", "2026-01-05", "2026-03-31", "2026-03-31"),
        ("due_today", "2026-03-31", "2026-04-01", "2026-03-31"),
        ("overdue", "2026-04-01", None, "2026-03-31"),
    ]


def test_each_day_is_judged_by_the_version_in_force_on_it() -> None:
    """Given a version of the rules from June on that has no rule of training and announces a license earlier,
    then the days before are judged by the first and those from June on by the second.
    """
    newer = PACK.changed(LICENSE, soon_days=90).changed("NE21-S4", on=False)
    newer = newer.model_copy(update={"name": "newer", "supersedes": PACK.name, "effective_from": date(2026, 6, 1)})
    policy = policy_of([PACK, newer])
    assert said("2026-01-02 2026-01-01 2026-08-20", policy=policy)[:2] == [
        ("met", "2026-01-05", "2026-06-01", "2026-08-20"),
        ("due_soon", "2026-06-01", "2026-08-20", "2026-08-20"),
    ]
    assert said(policy=policy, rule="NE21-S4") == [("unknown", "2026-01-05", "2026-06-01", None)]
    assert [item.pack for item in program_findings([], policy, date(2026, 7, 1))] == ["newer", "newer"]


def test_the_stays_a_program_must_attest_for_are_those_its_rules_are_for() -> None:
    """Given versions of the rules, then stays at their level count, but none of a client they are not for or of a day
    before they began.
    """
    begun = PACK.model_copy(update={"effective_from": date(2026, 1, 5)})
    newer = PACK.model_copy(update={"name": "newer", "supersedes": PACK.name, "effective_from": date(2026, 6, 1)})
    policy = policy_of([begun, newer])
    stays = "2026-01-05 admitted level 1\n2026-02-02 transferred 1 to 2.1\n2026-07-06 transferred 2.1 to 1\n"
    again = stays + "2026-07-20 transferred 1 to 2.1"
    assert [str(stay.first_day) for stay in stays_under_policy(history_of(again), policy)] == [
        "2026-02-02",
        "2026-07-20",
    ]
    young = again.replace("admitted level 1", 'admitted level 1 | {"population": "adolescent"}')
    assert stays_under_policy(history_of(young), policy) == []
    assert stays_under_policy(history_of("2026-01-04 admitted"), policy) == []
    assert stays_under_policy(history_of("2026-01-05 session group 09:00 180"), policy) == []


DAYS = st.integers(-40, 160).map(lambda number: SINCE + timedelta(days=number))


def bound(found: list[Finding], day: date) -> list[tuple[object, ...]]:
    return [(f.rule, f.verdict, f.due_on, f.message, f.arithmetic, f.evidence) for f in found if f.holds(day)]


@given(st.lists(st.tuples(DAYS, DAYS, st.none() | st.integers(0, 90)), max_size=5))
def test_what_is_said_of_a_day_rests_on_what_was_attested_by_then(made: list[tuple[date, date, int | None]]) -> None:
    """Given any attestations, then the intervals say of each day what a reading of the events up to it says."""
    history = attested(
        *(f"{on} {first} {'-' if days is None else first + timedelta(days=days)}" for on, first, days in made)
    )
    found = program_findings(history, PACK, SINCE)
    for number in range(160):
        day = SINCE + timedelta(days=number)
        known = [item for item in history if item.day <= day]
        assert bound(found, day) == bound(program_findings(known, PACK, SINCE), day)
        assert len(bound(found, day)) == 3, "something is said every day"
