"""The screens of what programs must attest, and how it is entered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.program import Caretrail

ME = "a-webb,staff"
LICENSE = (
    "--program", "lincoln-iop", "--kind", "license", "--occurred-on", "2026-01-02", "--valid-from", "2026-01-01",
    "--valid-to", "2026-03-31",
)  # fmt: skip


def stated(**fields: Any) -> str:
    """A line of JSON by which a program attests something."""
    event = {
        "type": "program_attested", "program": "lincoln-iop", "kind": "access_24_7", "occurred_on": "2026-01-02",
        "actor": {"id": "a-webb", "role": "staff"}, "valid_from": "2026-01-01", "command_id": "access",
    }  # fmt: skip
    return json.dumps(event | fields)


@pytest.fixture
def seen(caretrail: Caretrail, example: str) -> Caretrail:
    """A store with the example episode, a license about to end, and access at all hours."""
    assert caretrail("append", "--imported", input=example).status == 0
    assert caretrail("record", "program_attested", *LICENSE, CARETRAIL_ACTOR=ME).status == 0
    assert caretrail("append", input=stated()).status == 0
    return caretrail


def test_a_person_enters_what_a_program_attests(caretrail: Caretrail) -> None:
    ended = caretrail("record", "program_attested", *LICENSE, CARETRAIL_ACTOR=ME)
    assert ended.out.startswith("Recorded as event 1 of the program, @1, ")
    wrong = caretrail("record", "program_attested", *LICENSE[:-1], "2025-03-31", CARETRAIL_ACTOR=ME)
    assert (wrong.status, wrong.err.splitlines()[0]) == (1, "Error: valid_to must not be before valid_from")
    missing = caretrail("record", "program_attested", "--program", "lincoln-iop", CARETRAIL_ACTOR=ME)
    assert missing.status == 2
    assert "missing: --occurred-on, --kind, --valid-from" in missing.err


def test_a_service_appends_what_a_program_attests_once(caretrail: Caretrail) -> None:
    first, again = (caretrail("append", "--json", input=stated()).rows for _ in range(2))
    assert first == again
    assert (first[0]["episode"], first[0]["version"], first[0]["position"]) == (None, 1, 1)


def test_the_worklist_has_a_row_for_the_program(seen: Caretrail) -> None:
    assert (
        seen("worklist", "--as-of", "2026-03-10").out
        == """\
Worklist as of 2026-03-10

Now: overdue, due today, or treatment without an assessment (2)
Episode        Rule     Due          What                                Owner
LNK-2026-0001  NE21-C1  3 days over  continued-stay determination        c-ortiz
                                     overdue, due 2026-03-07
LNK-2026-0001  NE21-R1  3 days over  review overdue, due 2026-03-07      c-ortiz

This week: due soon, or a signature owed (1)
Episode        Rule     Due          What                                Owner
program        NE21-S3  2026-03-31   license: the attestation ends
lincoln-iop                          2026-03-31

Needs documentation: not enough on file to decide (1)
Episode        Rule     Due          What                                Owner
program        NE21-S4  since 01-05  staff training: no attestation on
lincoln-iop                          file

Current through @68 (latest)
'caretrail why EPISODE RULE' explains a row.
"""
    )


def test_the_findings_list_the_program_last(seen: Caretrail) -> None:
    assert (
        seen("findings", "--as-of", "2026-04-02", "--program", "lincoln-iop", "--verdict", "overdue").out
        == """\
Findings as of 2026-04-02

Episode      Rule     Verdict  Days              What
program      NE21-S3  overdue  since 2026-04-01  license: the attestation ended
lincoln-iop                                      2026-03-31

1 finding
Current through @68 (latest)
"""
    )


def test_a_program_has_no_case_number_in_json_and_is_on_nobodys_caseload(seen: Caretrail) -> None:
    [row] = seen("worklist", "--as-of", "2026-04-02", "--rule", "S3", "--json").listed
    assert (row["episode"], row["program"], row["days_overdue"], row["evidence"]) == (None, "lincoln-iop", 2, [1])
    mine = seen("worklist", "--as-of", "2026-03-10", "--clinician", "c-ortiz", "--json").listed
    assert {row["episode"] for row in mine} == {"LNK-2026-0001"}
