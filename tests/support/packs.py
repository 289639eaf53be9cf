"""Packs of a few rules, for tests of what a kind of rule can say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.findings.program import program_findings
from caretrail.policy import Pack, pack_of
from caretrail.tokens import AttestationKind
from tests.support.build import attestation

OWN_PACK = "own-rules"
"""The pack in a folder of one's own that the fixture `own_pack` makes."""

FIELDS: dict[str, Any] = {
    "name": "small", "title": "A small pack", "jurisdiction": "US-XX", "payer": "Any", "population": "adult",
    "levels": ["2.1"], "edition": "asam-3", "document": "Code 12-34", "late_after_days": 2, "notice_days": 7,
    "week_start": "sunday", "treatment_services": ["individual", "group", "family"],
}  # fmt: skip


def attested(pack: Pack, kind: AttestationKind) -> dict[str, str]:
    """The verdict of each rule about a program that attests one thing, by rule, while that is valid."""
    history = effective_history([Entry(1, 1, attestation(kind), datetime(2026, 1, 2, tzinfo=UTC), "tests")])
    found = program_findings(history, pack, date(2026, 1, 5))
    return {item.rule: item.verdict for item in found if item.holds(date(2026, 1, 6))}


def small_pack(*rules: dict[str, Any], **of_pack: object) -> Pack:
    """A pack of these rules, XX-1 and so on; None leaves a field out."""
    stated: dict[str, Any] = {}
    for number, rule in enumerate(rules, start=1):
        fields = {"title": "A rule", "strength": "should", "text": "It asks something.", "section": "1", **rule}
        stated[f"XX-{number}"] = {name: value for name, value in fields.items() if value is not None}
    return pack_of({**FIELDS, **of_pack, "rules": stated}, "small.toml")
