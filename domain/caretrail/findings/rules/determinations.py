"""Determinations against the rest of the record: goals that are met (K5), sessions that are missing (K6), copies (K9).

No text asks for these rules. What they find is unknown until one side is mended, and the determination is in doubt.
"""

from __future__ import annotations

from datetime import date

from caretrail.days import iso
from caretrail.findings.case import Case, judges
from caretrail.findings.finding import Ruling, unknown
from caretrail.findings.intervals import RuleFindings
from caretrail.policy import Rule
from caretrail.policy.rules.record import GoalsAgree, OwnRationale, SeenBefore


@judges(GoalsAgree)
def goals_agree(case: Case, rule: GoalsAgree, findings: RuleFindings) -> None:
    """K5: goals do not remain where every goal on record was met by then."""
    _note_contradicted(case, rule, findings, "goals_all_met")


@judges(SeenBefore)
def seen_before(case: Case, rule: SeenBefore, findings: RuleFindings) -> None:
    """K6: who makes progress, or works on the goals, attended something in the days that end with that one."""
    _note_contradicted(case, rule, findings, "nothing_attended")


@judges(OwnRationale)
def own_rationale(case: Case, rule: OwnRationale, findings: RuleFindings) -> None:
    """K9: no determination repeats the rationale of an earlier one word for word."""
    _note_contradicted(case, rule, findings, "rationale_repeated")


def _note_contradicted(case: Case, rule: Rule, findings: RuleFindings, cause: str) -> None:
    """Note each determination that a kind of rule finds contradicted, from its day until that is mended."""
    chart = case.chart
    first = min((made.day for made in chart.determinations), default=date.max)
    findings.write_over(
        chart.stays,
        [
            (date.min, Ruling("not_applicable", "no determination yet")),
            (first, Ruling("met", "nothing on record contradicts a determination")),
        ],
    )
    for found in chart.contradicted:
        if found.kind is type(rule) and chart.stay_on(found.made.day) is not None:
            name = f"determination of {iso(found.made.day)}"
            findings.note(name, found.made.day, None, unknown(f"{name}: {found.words}", cause, found.versions))
