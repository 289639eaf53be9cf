"""What the rules say, laid out for reading: what is open on the day asked about, and everything over time by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from caretrail.describe import spoken
from caretrail.findings import QUIET_VERDICTS
from caretrail.policy.own_rules import OWN_RULES
from caretrail.reading.answers import FindingRow
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
"""A sign beside each verdict, for eyes and printers that do not tell colours apart."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as it is shown."""

    token: str

    @property
    def sign(self) -> str:
        """Its sign."""
        return SIGNS.get(self.token, "?")

    @property
    def words(self) -> str:
        """Its words."""
        return spoken(self.token)


@dataclass(frozen=True, slots=True)
class Open:
    """A finding in force on the day asked about."""

    rule: str
    title: str
    verdict: Verdict
    message: str
    arithmetic: str
    citation: str
    since: date
    due_on: date | None
    days_overdue: int
    evidence: tuple[int, ...]
    quiet: bool


@dataclass(frozen=True, slots=True)
class Past:
    """A verdict of a rule over some days; `last` is its last day, None while nothing ends it."""

    verdict: Verdict
    start: date
    last: date | None
    due_on: date | None
    subject: str
    message: str
    arithmetic: str
    evidence: tuple[int, ...]
    asks: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class ByRule:
    """All verdicts of a rule by one citation, oldest first."""

    rule: str
    title: str
    citation: str
    pack: str
    past: tuple[Past, ...]


def titles_of(view: EpisodeView) -> dict[str, str]:
    """The title of each rule, by the newest version of the policy that has it."""
    packs = view.policy.versions if view.policy else ()
    own = {rule: words.title for rule, words in OWN_RULES.items()}
    return own | {rule.id: rule.title for pack in packs for rule in pack.rules.values()}


def open_findings(rows: Sequence[FindingRow], titles: dict[str, str]) -> list[Open]:
    """The findings of a day, as told on that day."""
    return [
        Open(
            row.rule, titles.get(row.rule, ""), Verdict(row.verdict), row.message, row.arithmetic, row.citation,
            row.start, row.due_on, row.days_overdue, row.evidence, row.quiet,
        )
        for row in rows
    ]  # fmt: skip  # in the order of the fields


def findings_by_rule(view: EpisodeView, titles: dict[str, str]) -> list[ByRule]:
    """Every verdict over the whole time, also met and not applicable: checked can be told from unchecked."""
    documents = sorted({pack.document for pack in view.policy.versions}) if view.policy else []
    cited = [(view.citation(finding), finding) for finding in view.findings]
    cited.sort(key=lambda item: (item[1].rule, item[0], item[1].pack, item[1].start, item[1].subject))
    found: list[ByRule] = []
    for (rule, citation, pack), group in groupby(cited, key=lambda item: (item[1].rule, item[0], item[1].pack)):
        past = tuple(
            Past(
                Verdict(one.verdict), one.start, one.until - timedelta(days=1) if one.until else None, one.due_on,
                one.subject, one.message, one.arithmetic, one.evidence, one.verdict not in QUIET_VERDICTS, one.quiet,
            )
            for _, one in group
        )  # fmt: skip  # in the order of the fields
        found.append(ByRule(rule, titles.get(rule, ""), _place(citation, documents), pack, past))
    return found


def _place(citation: str, documents: Sequence[str]) -> str:
    """The place in its document, where there is only one document to look in."""
    return citation.removeprefix(f"{documents[0]}, ") if len(documents) == 1 else citation
