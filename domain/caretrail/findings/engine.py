"""From facts to findings: one pure function, without a clock or a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.episode.history import Effective
from caretrail.facts import Admitted, Discharged
from caretrail.findings.case import Case
from caretrail.findings.chart import Chart, chart_of
from caretrail.findings.days import iso
from caretrail.findings.eligibility import answers
from caretrail.findings.explaining import quieted
from caretrail.findings.finding import QUIET_VERDICTS, Eligibility, Finding
from caretrail.findings.rules import CHECKS
from caretrail.findings.rules.staying import continued_stay
from caretrail.findings.track import DAY, Sheet
from caretrail.policy import Pack

PACK_RULE = "PACK"


class Judged(NamedTuple):
    """Everything the rules say of an episode."""

    findings: list[Finding]
    eligibility: list[Eligibility]


def judge(history: Sequence[Effective], pack: Pack | None) -> Judged:
    """Judge an effective history (in clinical order) by a pack; no pack is itself a finding.

    For every day the verdicts rest only on facts that occurred on or before it, so an interval holds on a day exactly
    if a reading of the history up to that day would say the same.
    """
    unusable = _unusable(history, pack)
    if pack is None or unusable:
        return Judged(unusable, _unjudged(unusable))
    chart = chart_of(history, pack)
    case = Case(chart)
    sheet_of = _sheets(case)
    stays = answers(case, sheet_of)
    found: list[Finding] = []
    for rule in pack.rules.values():
        if not rule.on:
            continue
        if rule.check == "continued_stay":
            sheet = continued_stay(stays)
        else:
            sheet = sheet_of(rule.check)
            found.extend(_elsewhere_first(chart, rule.id))
        found.extend(_owned(chart, rule.id, sheet))
    return Judged(quieted(found, chart.explained) if chart.explained else found, stays)


def findings(history: Sequence[Effective], pack: Pack | None) -> list[Finding]:
    """What the rules say of an effective history (in clinical order), as intervals."""
    return judge(history, pack).findings


def eligibility(history: Sequence[Effective], pack: Pack | None) -> list[Eligibility]:
    """Whether continued stay is supported, in gapless intervals from the admission on; empty before one."""
    unusable = _unusable(history, pack)
    if pack is None or unusable:
        return _unjudged(unusable)
    case = Case(chart_of(history, pack))
    return answers(case, _sheets(case))


def eligibility_on(history: Sequence[Effective], pack: Pack | None, day: date) -> Eligibility:
    """Whether continued stay is supported on a day; before the admission it does not apply."""
    for answer in eligibility(history, pack):
        if answer.start <= day and (answer.until is None or day < answer.until):
            return answer
    return Eligibility("not_applicable", day, None, "none", None, ("not admitted",), ())


def held_on(found: Iterable[Finding], day: date) -> list[Finding]:
    """The findings in force on a day."""
    return [finding for finding in found if finding.holds(day)]


def _sheets(case: Case) -> Callable[[str], Sheet]:
    """Judge each check at most once."""
    done: dict[str, Sheet] = {}

    def sheet_of(check: str) -> Sheet:
        if check not in done:
            done[check] = CHECKS[check](case)
        return done[check]

    return sheet_of


def _unusable(history: Sequence[Effective], pack: Pack | None) -> list[Finding]:
    """The finding that says why nothing is judged; empty if the pack can judge."""
    admission = next((item for item in history if isinstance(item.fact, Admitted)), None)
    if admission is None or not isinstance(admission.fact, Admitted):
        return []
    fact = admission.fact
    if pack is None:
        words, cause = f"policy pack {fact.policy} is not installed: nothing is judged", "pack_missing"
    elif fact.population != pack.population:
        words, cause = f"policy pack {pack.name} is for another population: nothing is judged", "pack_population"
    elif not _in_force(pack, admission.day):
        words, cause = f"policy pack {pack.name} is not in force on {iso(admission.day)}", "pack_dates"
    else:
        return []
    end = next((item for item in history if isinstance(item.fact, Discharged)), None)
    until = end.day + DAY if end else None
    return [Finding(PACK_RULE, "", "unknown", admission.day, until, None, words, "", (admission.version,), None, cause)]


def _in_force(pack: Pack, day: date) -> bool:
    """Whether the pack is in force on the day that anchors the episode's duties."""
    begun = pack.effective_from is None or pack.effective_from <= day
    return begun and (pack.effective_to is None or day <= pack.effective_to)


def _unjudged(unusable: Iterable[Finding]) -> list[Eligibility]:
    """Eligibility where nothing can be judged: unknown while the episode is open."""
    found: list[Eligibility] = []
    for item in unusable:
        found.append(Eligibility("unknown", item.start, item.until, "none", None, (item.message,), item.evidence))
        if item.until is not None:
            found.append(Eligibility("not_applicable", item.until, None, "none", None, ("stay ended",), ()))
    return found


def _elsewhere_first(chart: Chart, rule: str) -> Iterator[Finding]:
    """A client admitted at a level the pack does not govern: no rule applies until they come here."""
    if chart.admission is None or not chart.level_stays:
        return
    first = chart.stays[0].first if chart.stays else None
    day = chart.admission.day
    if first is None or day < first:
        words = f"level {chart.level_stays[0].level}: no policy pack"
        yield Finding(rule, "", "not_applicable", day, first, None, words)


def _owned(chart: Chart, rule: str, sheet: Sheet) -> list[Finding]:
    """Turn what a rule says into findings, each with who can clear it: by default who carries the case.

    A finding is cut on the day the case changes hands, so that it is on the list of who can act. Nobody can act on
    what was not met when a stay ended: it stays with who had the case then, and keeps the day from which it stands.
    """
    team = chart.team
    found: list[Finding] = []
    for subject, start, until, say in sheet.pieces():
        verdict, message, arithmetic, evidence, due_on, cause, owner = say
        first = start
        if owner is None and team.carriers and verdict not in QUIET_VERDICTS:
            owner = team.carrier(start)
            for cut in team.hand_overs if verdict != "not_met" else ():
                if cut > first and (until is None or cut < until):
                    found.append(
                        Finding(rule, subject, verdict, first, cut, due_on, message, arithmetic, evidence, owner, cause)
                    )
                    first, owner = cut, team.carrier(cut)
        found.append(Finding(rule, subject, verdict, first, until, due_on, message, arithmetic, evidence, owner, cause))
    return found
