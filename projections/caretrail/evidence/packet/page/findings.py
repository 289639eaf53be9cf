"""All findings over the whole time, by rule, with those met and not applicable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from caretrail.findings import Finding
from caretrail.policy.own_rules import OWN_RULES
from caretrail.reading.episode_view import EpisodeView

SIGNS = {
    "overdue": "▲",
    "due_today": "◆",
    "due_soon": "◇",
    "violation": "✕",
    "not_met": "✕",
    "unknown": "?",
    "info": "i",
    "met": "✓",
    "not_applicable": "–",
    "eligible": "✓",
    "not_eligible": "✕",
}
"""A sign beside each verdict, for eyes and printers that do not tell colors apart."""


@dataclass(frozen=True, slots=True)
class ByRule:
    """All findings of a rule by one citation, oldest first."""

    rule: str
    title: str
    citation: str
    pack: str
    findings: tuple[Finding, ...]


def titles_of(view: EpisodeView) -> dict[str, str]:
    """The title of each rule, by the newest version of the policy that has it."""
    packs = view.policy.versions if view.policy else ()
    own = {rule: words.title for rule, words in OWN_RULES.items()}
    return own | {rule.id: rule.title for pack in packs for rule in pack.rules.values()}


def documents_of(view: EpisodeView) -> list[str]:
    """The documents that the rules of the episode cite."""
    return sorted({pack.document for pack in view.policy.versions}) if view.policy else []


def findings_by_rule(view: EpisodeView, titles: dict[str, str]) -> list[ByRule]:
    """Every finding over the whole time, met and not applicable too, so that all checks show."""
    documents = documents_of(view)

    def source(found: Finding) -> tuple[str, str, str]:
        return found.rule, view.citation(found), found.pack

    findings = sorted(view.findings, key=lambda found: (*source(found), found.start, found.subject))
    return [
        ByRule(rule, titles.get(rule, ""), _place(citation, documents), pack, tuple(group))
        for (rule, citation, pack), group in groupby(findings, key=source)
    ]


def _place(citation: str, documents: Sequence[str]) -> str:
    """The place in its document, where there is only one document to search."""
    return citation.removeprefix(f"{documents[0]}, ") if len(documents) == 1 else citation
