"""From facts to findings: one pure function, without a clock or a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import iso
from caretrail.episode.history import Effective, first_of
from caretrail.facts import Admitted, Discharged
from caretrail.findings.case import Case
from caretrail.findings.chart import Chart, Stay, chart_of
from caretrail.findings.eligibility import Answers, answers
from caretrail.findings.explaining import quieted
from caretrail.findings.finding import QUIET_VERDICTS, Eligibility, Finding, Ruling
from caretrail.findings.rules import JUDGES
from caretrail.findings.rules.staying import continued_stay
from caretrail.findings.track import DAY, Piece, Sheet, less, silenced
from caretrail.policy import Pack, Policy, Rule
from caretrail.policy.own_rules import PACK_RULE
from caretrail.policy.rules import KINDS
from caretrail.policy.rules.staff import Attested
from caretrail.policy.rules.stay import ContinuedStay


class Judged(NamedTuple):
    """Everything the rules say of an episode."""

    findings: list[Finding]
    eligibility: list[Eligibility]


def judge(history: Sequence[Effective], policy: Policy | Pack | None) -> Judged:
    """Judge an effective history (in clinical order) by a policy; no policy is itself a finding.

    For every day the verdicts rest only on facts that occurred on or before it, so an interval holds on a day exactly
    if a reading of the history up to that day would say the same. Of several versions of a policy each judges the
    duties that hang on a day on which it is in force.
    """
    if isinstance(policy, Pack):
        policy = Policy((policy,))
    unusable = _unusable(history, policy)
    if policy is None or unusable:
        return Judged(unusable, _unjudged(unusable))
    chart = chart_of(history, policy)
    found = list(_warnings(chart, policy))
    stays = _by_versions(found, chart, policy) if len(policy.versions) > 1 else _by_one(found, chart, policy)
    eligibility = [answer for answer, _ in stays]
    return Judged(quieted(found, chart.explained) if chart.explained else found, eligibility)


def findings(history: Sequence[Effective], policy: Policy | Pack | None) -> list[Finding]:
    """What the rules say of an effective history (in clinical order), as intervals."""
    return judge(history, policy).findings


def eligibility(history: Sequence[Effective], policy: Policy | Pack | None) -> list[Eligibility]:
    """Whether continued stay is supported, in gapless intervals from the admission on; empty before one."""
    return judge(history, policy).eligibility


def eligibility_on(history: Sequence[Effective], policy: Policy | Pack | None, day: date) -> Eligibility:
    """Whether continued stay is supported on a day; before the admission it does not apply."""
    for answer in eligibility(history, policy):
        if answer.start <= day and (answer.until is None or day < answer.until):
            return answer
    return Eligibility("not_applicable", day, None, "none", None, ("not admitted",), ())


def held_on(found: Iterable[Finding], day: date) -> list[Finding]:
    """The findings in force on a day."""
    return [finding for finding in found if finding.holds(day)]


def _by_one(found: list[Finding], chart: Chart, policy: Policy) -> Answers:
    """Add what the only version of the rules says; give back what it answers of eligibility."""
    pack = policy.versions[0]
    sheets, stays = _judged_by(chart, pack)
    came_later = _elsewhere_first(chart, pack)
    for rule, sheet in sheets:
        if came_later is not None and type(rule) is not ContinuedStay:
            found.append(came_later._replace(rule=rule.id))
        _own(found, chart, pack, rule, sheet.pieces())
    return stays


def _by_versions(found: list[Finding], chart: Chart, policy: Policy) -> Answers:
    """Add what each version of the rules says of the duties that hang on its days, and so for eligibility.

    A rule that has a problem by one version is not met by another at the same time.
    """
    said: dict[str, list[tuple[Pack, Rule, Sheet]]] = {}
    stays: Answers = []
    for pack in policy.versions:
        sheets, answered = _judged_by(chart, pack)
        stays += [(answer, anchor) for answer, anchor in answered if policy.on(anchor) is pack]
        came_later = _elsewhere_first(chart, pack)
        for rule, sheet in sheets:
            if came_later is not None and type(rule) is not ContinuedStay and policy.on(came_later.start) is pack:
                found.append(came_later._replace(rule=rule.id))
            said.setdefault(rule.id, []).append((pack, rule, sheet))
    for versions in said.values():
        spoken = [[piece for piece in sheet.spoken() if _hangs_on(chart, piece, pack)] for pack, _, sheet in versions]
        problems = [piece for pieces in spoken for piece in pieces]
        for (pack, rule, _), main, own in zip(versions, _mains(chart, versions), spoken, strict=True):
            _own(found, chart, pack, rule, [*silenced(main, problems), *own])
    return sorted(stays, key=lambda item: item[0].start)


def _judged_by(chart: Chart, pack: Pack) -> tuple[list[tuple[Rule, Sheet]], Answers]:
    """What one version of the rules says, rule by rule, and what it answers of eligibility."""
    sheet_of = _sheets(case := Case(chart, pack))
    stays = answers(case, sheet_of)
    sheets: list[tuple[Rule, Sheet]] = []
    for rule in pack.judged:
        if type(rule) is not Attested:  # that is judged once for each program
            mirrors = type(rule) is ContinuedStay
            sheets.append((rule, continued_stay(stays) if mirrors else sheet_of(rule.check, rule) or Sheet()))
    return sheets, stays


def _sheets(case: Case) -> Callable[..., Sheet | None]:
    """Judge each rule at most once, whether asked for by its check or itself."""
    done: dict[str, Sheet] = {}

    def sheet_of(check: str, rule: Rule | None = None) -> Sheet | None:
        if rule is None and (rule := case.pack.rule(KINDS[check])) is None:
            return None
        sheet = done.get(rule.id)
        if sheet is None:
            sheet = done[rule.id] = JUDGES[type(rule)](case, rule)
        return sheet

    return sheet_of


# --- what a pack cannot judge -------------------------------------------------------------------------------------


def _unusable(history: Sequence[Effective], policy: Policy | None) -> list[Finding]:
    """The finding that says why nothing is judged; empty if the policy can judge."""
    admission = first_of(history, Admitted)
    if admission is None:
        return []
    fact = admission.fact
    if policy is None:
        words, cause = f"policy pack {fact.policy} is not installed: nothing is judged", "pack_missing"
    else:
        pack = policy.on(admission.day)
        if fact.population != pack.population:
            words, cause = f"policy pack {pack.name} is for another population: nothing is judged", "pack_population"
        elif not policy.in_force(admission.day):
            words, cause = f"policy pack {pack.name} is not in force on {iso(admission.day)}", "pack_dates"
        else:
            return []
    end = first_of(history, Discharged)
    until = end.day + DAY if end else None
    ruling = Ruling("unknown", words, evidence=(admission.version,), cause=cause)
    return [Finding(PACK_RULE, "", "", admission.day, until, quiet=False, ruling=ruling)]


def _unjudged(unusable: Iterable[Finding]) -> list[Eligibility]:
    """Eligibility where nothing can be judged: unknown while the episode is open."""
    found: list[Eligibility] = []
    for item in unusable:
        found.append(Eligibility("unknown", item.start, item.until, "none", None, (item.message,), item.evidence))
        if item.until is not None:
            found.append(Eligibility("not_applicable", item.until, None, "none", None, ("stay ended",), ()))
    return found


def _warnings(chart: Chart, policy: Policy) -> Iterator[Finding]:
    """What is judged, but not by the rules one would expect: another edition of the criteria, rules that ran out."""
    for stay in chart.stays:
        until = stay.last + DAY if stay.last else None
        pack = policy.on(stay.first)
        if stay.edition != pack.edition:
            words = f"level {stay.level} by {stay.edition}, judged by the {pack.edition} rules of {pack.name}"
            ruling = _warning(chart, stay, stay.first, words, "edition_mismatch")
            yield Finding(PACK_RULE, pack.name, f"stay of {iso(stay.first)}", stay.first, until, False, ruling)
        ended = policy.last_day
        if ended is not None and (stay.last is None or stay.last > ended):
            since = max(ended + DAY, stay.first)
            name = policy.versions[-1].name
            words = f"policy pack {name} is in force until {iso(ended)}: judged by it, for want of a later version"
            ruling = _warning(chart, stay, since, words, "pack_dates")
            yield Finding(PACK_RULE, name, "version", since, until, False, ruling)


def _warning(chart: Chart, stay: Stay, since: date, words: str, cause: str) -> Ruling:
    evidence = (stay.opened_by,)
    return Ruling("unknown", words, evidence=evidence, cause=cause, owner=chart.team.carrier(since))


# --- from what a rule says to findings ----------------------------------------------------------------------------


def _elsewhere_first(chart: Chart, pack: Pack) -> Finding | None:
    """A client admitted at a level the policy does not govern: no rule applies until they come here."""
    if chart.admission is None or not chart.level_stays:
        return None
    first = chart.stays[0].first if chart.stays else None
    day = chart.admission.day
    if first is not None and day >= first:
        return None
    words = f"level {chart.level_stays[0].level}: no policy pack"
    return Finding("", pack.name, "", day, first, False, Ruling("not_applicable", words))


def _own(found: list[Finding], chart: Chart, pack: Pack, rule: Rule, pieces: Iterable[Piece]) -> None:
    """Turn what a rule says into findings, each with who can clear it: by default who carries the case.

    A finding is cut on the day the case changes hands, so that it is on the list of who can act. Nobody can act on
    what was not met when a stay ended: it stays with who had the case then, and keeps the day from which it stands.
    """
    team, name, version = chart.team, rule.id, pack.name
    carriers = bool(team.carriers)
    for subject, start, until, ruling in pieces:
        first = start
        if carriers and ruling.owner is None and ruling.verdict not in QUIET_VERDICTS:
            own = ruling._replace(owner=team.carrier(start))
            for cut in team.hand_overs if ruling.verdict != "not_met" else ():
                if cut > first and (until is None or cut < until):
                    found.append(Finding(name, version, subject, first, cut, False, own))
                    first, own = cut, ruling._replace(owner=team.carrier(cut))
            ruling = own
        found.append(Finding(name, version, subject, first, until, False, ruling))


# --- which version judges what ------------------------------------------------------------------------------------


def _mains(chart: Chart, versions: Sequence[tuple[Pack, Rule, Sheet]]) -> list[list[Piece]]:
    """What each version says of a rule beside its subjects, so that of each day one version speaks.

    It is the newest that has something to say of a duty of its own days; failing that, the one of the stay says what
    is quiet: it may count in other periods than the version by whose periods another duty ends.
    """
    cut = [list(_cut_at_stays(chart, sheet.main.pieces())) for _, _, sheet in versions]
    mains: list[list[Piece]] = [[] for _ in versions]
    taken: list[Piece] = []
    for place in reversed(range(len(versions))):
        pack = versions[place][0]
        mains[place] = less([piece for piece in cut[place] if _hangs_on(chart, piece, pack)], taken)
        taken += mains[place]
    for place, (pack, _, _) in enumerate(versions):
        quiet = [piece for piece in cut[place] if piece[3].verdict in QUIET_VERDICTS]
        of_stay = [piece for piece in quiet if chart.policy.on(_stay_of(chart, piece[1])) is pack]
        mains[place] = sorted([*mains[place], *less(of_stay, taken)], key=lambda piece: piece[1])
    return mains


def _cut_at_stays(chart: Chart, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Cut what goes on from stay to stay, where each stay asks for it anew: another version may judge the next."""
    for subject, start, until, say in pieces:
        first = start
        for stay in chart.stays:
            if first < stay.first and (until is None or stay.first < until):
                yield subject, first, stay.first, say
                first = stay.first
        yield subject, first, until, say


def _hangs_on(chart: Chart, piece: Piece, pack: Pack) -> bool:
    """Whether a version judges what is said: of a subject by the day it is first said, else by the stay's first day."""
    subject, start, _, ruling = piece
    return chart.policy.on(ruling.anchor or (start if subject else _stay_of(chart, start))) is pack


def _stay_of(chart: Chart, day: date) -> date:
    """The first day of the stay a day belongs to; of the first stay for a day before it."""
    begun = [stay.first for stay in chart.stays if stay.first <= day]
    return begun[-1] if begun else chart.stays[0].first if chart.stays else day
