"""What one version of the rules says of a chart: rule by rule, and of eligibility."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from caretrail.findings.case import Case
from caretrail.findings.chart.chart import Chart
from caretrail.findings.eligibility import Answers, answers
from caretrail.findings.finding import QUIET_VERDICTS, Finding, Ruling
from caretrail.findings.intervals import Interval, RuleFindings
from caretrail.findings.rules import JUDGES
from caretrail.findings.rules.stay import continued_stay
from caretrail.policy import Pack, Rule
from caretrail.policy.rules import KINDS
from caretrail.policy.rules.staff import Attested
from caretrail.policy.rules.stay import ContinuedStay


def judged_by(chart: Chart, pack: Pack) -> tuple[list[tuple[Rule, RuleFindings]], Answers]:
    """What one version of the rules says, rule by rule, and what it answers of eligibility."""
    findings_of = _findings(case := Case(chart, pack))
    stays = answers(case, findings_of)
    rule_findings: list[tuple[Rule, RuleFindings]] = []
    for rule in pack.judged:
        if type(rule) is not Attested:  # that is judged once for each program
            mirrors = type(rule) is ContinuedStay
            rule_findings.append(
                (rule, continued_stay(stays) if mirrors else findings_of(rule.check, rule) or RuleFindings())
            )
    return rule_findings, stays


def _findings(case: Case) -> Callable[..., RuleFindings | None]:
    """Judge each rule at most once, whether asked for by its check or itself."""
    done: dict[str, RuleFindings] = {}

    def findings_of(check: str, rule: Rule | None = None) -> RuleFindings | None:
        if rule is None and (rule := case.pack.rule(KINDS[check])) is None:
            return None
        findings = done.get(rule.id)
        if findings is None:
            findings = done[rule.id] = JUDGES[type(rule)](case, rule)
        return findings

    return findings_of


def elsewhere_first(chart: Chart, pack: Pack) -> Finding | None:
    """A client admitted at a level the policy does not govern: no rule applies until they come here."""
    if chart.admission is None or not chart.level_stays:
        return None
    first = chart.stays[0].first if chart.stays else None
    day = chart.admission.day
    if first is not None and day >= first:
        return None
    words = f"level {chart.level_stays[0].level}: no policy pack"
    return Finding("", pack.name, "", day, first, False, Ruling("not_applicable", words))


def add_owned(found: list[Finding], chart: Chart, pack: Pack, rule: Rule, intervals: Iterable[Interval]) -> None:
    """Turn what a rule says into findings, each with who can clear it: by default who carries the case.

    A finding is cut on the day the case changes hands, so that it is on the list of who can act. Nobody can act on
    what was not met when a stay ended: it stays with who had the case then, and keeps the day from which it stands.
    """
    team, name, version = chart.team, rule.id, pack.name
    case_owners = bool(team.case_owners)
    for subject, start, until, ruling in intervals:
        first = start
        if case_owners and ruling.owner is None and ruling.verdict not in QUIET_VERDICTS:
            own = ruling._replace(owner=team.case_owner(start))
            for cut in team.hand_overs if ruling.verdict != "not_met" else ():
                if cut > first and (until is None or cut < until):
                    found.append(Finding(name, version, subject, first, cut, False, own))
                    first, own = cut, ruling._replace(owner=team.case_owner(cut))
            ruling = own
        found.append(Finding(name, version, subject, first, until, False, ruling))
