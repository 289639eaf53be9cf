"""What is kept of an episode as one value: read back as it was computed, or refused."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings

from caretrail.days import FOREVER
from caretrail.episode.history import Effective
from caretrail.errors import StoreDamaged
from caretrail.findings import Doubt, Finding, Outcome, Ruling
from caretrail.findings.judge import judge
from caretrail.policy import load_policy
from caretrail.readmodel.placed import Group
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, Quarantined, Span, UnderPolicy
from caretrail.readmodel.whole import FIELDS, from_bytes, to_bytes
from tests.findings.generated import histories

DAY = date(2026, 1, 5)
EMPTY = EpisodeRows(UUID(int=7), "E-1", None, None, DAY, 1, 1)
FULL = replace(
    EMPTY,
    client="cl-é",
    groups=(Group.NOW, None, Group.QUIET_THEN_THIS_WEEK),
    spans=(Span(DAY, None, "iop", "2.1", None, "open"),),
    quarantined=Quarantined(UUID(int=7), None, 4, 3, "store_damaged", "2026-01-05T00:00:00+00:00"),
    under_policy=(UnderPolicy(date.min, FOREVER, "iop", "ne", "America/Chicago"),),
    group_records=(
        GroupRecord(DAY, "iop", "ne", "g-1", None, 3, None),
        GroupRecord(DAY, "iop", "ne", "g-2", 8, 4, None),
    ),
)
POLICY = load_policy("ne-medicaid-2.1-adult")


@pytest.mark.parametrize("rows", [EMPTY, FULL], ids=["nothing", "everything"])
def test_each_kind_of_row_is_read_back(rows: EpisodeRows) -> None:
    assert from_bytes(to_bytes(rows)) == rows


@settings(deadline=None, max_examples=60)
@given(histories())
def test_a_judgment_is_read_back_as_it_was_computed(history: list[Effective]) -> None:
    judged = judge(history, POLICY)
    rows = replace(EMPTY, findings=tuple(judged.findings), eligibility=tuple(judged.eligibility))
    read = from_bytes(to_bytes(rows))
    assert read == rows
    assert [type(one.ruling) for one in read.findings] == [type(one.ruling) for one in rows.findings]


def test_a_doubt_is_read_back_with_its_days() -> None:
    """Given a finding in doubt, then both outcomes come back with the days they are due."""
    doubt = Doubt((3, 4), Outcome("met", None), Outcome("overdue", DAY))
    rows = replace(EMPTY, findings=(_finding(doubt), _finding(None)), groups=(Group.DOCUMENTATION, None))
    assert from_bytes(to_bytes(rows)) == rows


def _finding(doubt: Doubt | None) -> Finding:
    ruling = Ruling("unknown", "told \u201cso\u201d", "1 + 1", (1, 2), DAY, "cause", "c-lee", DAY, "client", doubt)
    return Finding("NE21-R1", "ne", "", DAY, None, False, True, ruling)


def test_what_it_did_not_write_is_refused() -> None:
    """Given a value of fewer fields, of other fields, or none at all, then it is damaged: nothing calm is read."""
    values = json.loads(zlib.decompress(to_bytes(FULL)))
    spans = FIELDS.index("spans")
    shorter = [*values[:spans], values[spans][:-1], *values[spans + 1 :]]
    others: list[object] = [values[:-1], shorter, [*values, None], {}]
    for other in others:
        with pytest.raises(StoreDamaged):
            from_bytes(zlib.compress(json.dumps(other).encode()))
    for damaged in (b"", to_bytes(FULL)[:-1], to_bytes(FULL)[1:]):
        with pytest.raises(StoreDamaged):
            from_bytes(damaged)
