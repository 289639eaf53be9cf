"""Admission rules: qualifying diagnosis (B1), dimensions (B2), capacity for progress (B3), both diagnoses (B4), and the
level that was recommended (K7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from caretrail.days import iso
from caretrail.events import Assessed, Dimension, Transferred
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.finding import NO_ASSESSMENT, Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth, all_of, any_of, opposite
from caretrail.policy.rules import admission as rules
from caretrail.tokens import Route

NOTHING = Dimension(rating=None, problem=None, meets_level=None)
SIX = ("1", "2", "3", "4", "5", "6")


@judges(rules.QualifyingDiagnosis)
def qualifying_diagnosis(case: Case, rule: rules.QualifyingDiagnosis, findings: RuleFindings) -> None:
    """B1: some assessment has a substance-related diagnosis by a current edition of the DSM."""
    changes: list[Change] = [(date.min, NO_ASSESSMENT)]
    best = 0
    for item in case.chart.assessments:
        rank, ruling = _diagnosis_ruling(rule, item.event, iso(item.day), (item.version,))
        if rank > best:
            best = rank
            changes.append((item.day, ruling))
    findings.write_over(case.chart.stays, changes)


def _diagnosis_ruling(
    rule: rules.QualifyingDiagnosis, event: Assessed, day: str, evidence: tuple[int, ...]
) -> tuple[int, Ruling]:
    """The ruling on one assessment, and its rank among those on others: the highest applies."""
    codes = [code for code in event.diagnoses if code.startswith(rule.codes)]
    if codes and event.dsm in rule.dsm:
        return 4, Ruling("met", f"{codes[0]} by {event.dsm}, assessed {day}", "", evidence)
    if codes and event.dsm is None:
        return 3, unknown(f"{codes[0]} {day}: dsm not stated", "dsm_missing", evidence)
    if codes:
        return 2, violation(f"{codes[0]} by {event.dsm} {day}: not a current edition", "dsm_not_current", evidence)
    if event.diagnoses:
        return 2, violation(f"no substance-related diagnosis {day}", "diagnosis_missing", evidence)
    return 1, unknown(f"diagnoses not stated {day}", "diagnosis_missing", evidence)


@dataclass(frozen=True, slots=True)
class Profile:
    """The six dimensions by the latest full assessment and the addenda to it."""

    edition: str | None = None
    dimensions: dict[str, Dimension] = field(default_factory=dict[str, Dimension])
    evidence: tuple[int, ...] = ()

    def after(self, event: Assessed, version: int) -> Profile:
        """The profile with one more assessment; one without dimensions changes nothing."""
        if not event.dimensions:
            return self
        if event.kind != "addendum" or event.edition != self.edition:
            return Profile(event.edition, dict(event.dimensions), (version,))
        laid = dict(self.dimensions)
        for key, value in event.dimensions.items():
            laid[key] = laid.get(key, NOTHING).model_copy(update=value.model_dump(exclude_none=True))
        return replace(self, dimensions=laid, evidence=(*self.evidence, version))

    def meets(self, key: str) -> Truth:
        """Whether a dimension meets the level."""
        return self._stated(key, "meets_level")

    def has_problem(self, key: str) -> Truth:
        """Whether a dimension has a problem."""
        return self._stated(key, "problem")

    def fits(self, key: str) -> Truth:
        """Whether a dimension has no problem or meets the level."""
        return any_of(opposite(self.has_problem(key)), self.meets(key))

    def _stated(self, key: str, name: str) -> Truth:
        """What is stated of a dimension, or else of its sub-dimensions: `3.1` is one of dimension 3."""
        whole: Truth = getattr(self.dimensions.get(key, NOTHING), name)
        if whole is not None:
            return whole
        parts = [getattr(value, name) for part, value in self.dimensions.items() if part.startswith(f"{key}.")]
        return any_of(*parts) if parts else None


@judges(rules.AdmissionDimensions)
def admission_dimensions(case: Case, rule: rules.AdmissionDimensions, findings: RuleFindings) -> None:
    """B2: the dimensions support the admission, by the client's route.

    A later assessment can complete the picture or cure it, but not undo an admission that was supported. A client
    transferred here from a less intensive level came by step up, from a more intensive one by step down. An assessment
    that recommends another level (K7) leaves it unknown whether it supports this one.
    """
    profile = Profile()
    profiles: dict[date, Profile] = {}
    for item in case.chart.assessments:
        profile = profiles[item.day] = profile.after(item.event, item.version)
    level_rule = case.pack.rule(rules.RecommendedLevel)
    for stay in case.chart.stays:
        others: Sequence[Change] = _recommendations(case, level_rule, stay) if level_rule is not None else ()
        days = {stay.first, *(day for day in profiles if day > stay.first), *(day for day, _ in others)}
        changes: list[Change] = []
        for day in sorted(days):
            latest = max((made for made in profiles if made <= day), default=None)
            ruling = _dimension_ruling(case, rule, stay, profiles[latest] if latest else Profile())
            other = next((one for since, one in reversed(others) if since <= day), None)
            if ruling.verdict == "met" and other is not None and other.verdict == "unknown":
                evidence = tuple(sorted({*ruling.evidence, *other.evidence}))
                ruling = Ruling("unknown", other.message, ruling.arithmetic, evidence, None, "level_differs")
            if not changes or changes[-1][1].verdict != "met":
                changes.append((day, ruling))
        findings.write_over([stay], changes)


@judges(rules.RecommendedLevel)
def recommended_level(case: Case, rule: rules.RecommendedLevel, findings: RuleFindings) -> None:
    """K7: the assessment a stay begins with does not recommend another level, until a later one recommends this.

    A client who came from another level is judged by what was assessed since they came to that one. An assessment after
    the admission counts only while none before it recommends a level: what follows is a matter of continued stay.
    """
    for stay in case.chart.stays:
        nothing = Ruling("not_applicable", "no level recommended for this stay")
        findings.write_over([stay], [(stay.first, nothing), *_recommendations(case, rule, stay)])


def _recommendations(case: Case, rule: rules.RecommendedLevel, stay: PolicyStay) -> Sequence[Change]:
    """The changes of K7 in a stay, from the first day on which a level is recommended for it."""
    return case.kept(("recommendations", stay.opened_by), lambda: _recommended(case, rule, stay))


def _recommended(case: Case, rule: rules.RecommendedLevel, stay: PolicyStay) -> list[Change]:
    before = [level.first_day for level in case.chart.level_stays if level.first_day < stay.first]
    made = [item for item in case.chart.assessments if _levels(rule, item.event)]
    if before:
        made = [item for item in made if item.day > before[-1]]
    given = [item for item in made if item.day <= stay.first][-1:]
    later = [item for item in made if item.day > stay.first and stay.covers(item.day)]
    if not given and before:
        return []
    changes: list[Change] = []
    for item in [*given, *later]:
        levels = _levels(rule, item.event)
        evidence = tuple(sorted({item.version, stay.opened_by}))
        words = f"assessment of {iso(item.day)} recommends level {' and '.join(levels)}"
        agrees = item.event.edition == stay.edition and levels == [stay.level]
        if agrees:
            ruling = Ruling("met", words, "", evidence)
        elif item.event.edition != stay.edition:
            words = f"{words} by {item.event.edition}, admitted by {stay.edition}"
            ruling = Ruling("not_applicable", words, "", evidence)
        else:
            words = f"{words}, admitted to {stay.level} on {iso(stay.first)}"
            ruling = unknown(words, "level_differs", evidence)
        changes.append((max(item.day, stay.first), ruling))
        if agrees:
            break
    return changes


def _levels(rule: rules.RecommendedLevel, event: Assessed) -> list[str]:
    """The levels an assessment recommends, each once."""
    levels = [event.clinician_level, event.recommended_level]
    if rule.decides == "clinician_level" and event.clinician_level is not None:
        levels = levels[:1]
    return [*dict.fromkeys(level for level in levels if level is not None)]


def _dimension_ruling(case: Case, rule: rules.AdmissionDimensions, stay: PolicyStay, profile: Profile) -> Ruling:
    evidence = tuple(sorted({*profile.evidence, stay.opened_by}))
    if not profile.dimensions:
        return unknown("no dimensions recorded", "dimensions_missing", evidence)
    if profile.edition != case.pack.edition:
        words = f"dimensions by {profile.edition}, criteria by {case.pack.edition}"
        return unknown(words, "edition_mismatch", evidence)
    route, parts = _route(case, rule, stay, profile)
    value = all_of(*parts.values())
    arithmetic = f"{route}: " + ", ".join(f"{name} {_word(part)}" for name, part in parts.items())
    if value:
        return Ruling("met", f"{route}: admission criteria met", arithmetic, evidence)
    if value is False:
        lacking = ", ".join(name for name, part in parts.items() if part is False)
        return violation(f"{route}: not met: {lacking}", "admission_criteria", evidence, arithmetic)
    not_stated = ", ".join(name for name, part in parts.items() if part is None)
    words = f"{route}: not stated: {not_stated}"
    return Ruling("unknown", words, arithmetic, evidence, None, "admission_criteria_unknown")


def _word(value: Truth) -> str:
    return "not known" if value is None else "yes" if value else "no"


def _route(
    case: Case, rule: rules.AdmissionDimensions, stay: PolicyStay, profile: Profile
) -> tuple[Route, dict[str, Truth]]:
    """The client's route into this stay, and the criteria of that route."""
    transfer = case.chart.transfers.get(stay.opened_by)
    event = transfer.event if transfer else case.chart.admitted
    if event is None:
        return "direct", _direct(rule, profile)
    came = event.transfer_in
    route: Route
    if isinstance(event, Transferred):
        came_from: str | None = event.from_level
        route = "step_down" if _intensity(event.from_level) > _intensity(event.to_level) else "step_up"
    else:
        came_from = came.from_level if came else None
        route = event.route
    if route == "direct":
        return route, _direct(rule, profile)
    if route == "step_down":
        objectives = came.objectives_met if came else None
        dimensions = any_of(*(profile.meets(key) for key in SIX))
        return route, {
            "objectives met there": objectives,
            "one dimension": True if came and came.dimension else dimensions,
        }
    # above level 1 the question does not arise
    above = came_from is not None and _intensity(came_from) > 1
    reached = True if above else any_of(came.level1_insufficient, came.level1_preparatory) if came else None
    return route, {"level 1 insufficient or preparatory": reached, **_direct(rule, profile)}


def _direct(rule: rules.AdmissionDimensions, profile: Profile) -> dict[str, Truth]:
    if rule.dimensions == "all_six":
        return {f"dimension {key}": profile.meets(key) for key in SIX}
    parts = {f"dimension {key}": profile.fits(key) for key in rule.fits}
    if rule.one_of:
        *others, last = rule.one_of
        named = f"{', '.join(others)} or {last}" if others else last
        parts[f"dimension {named}"] = any_of(*(profile.meets(key) for key in rule.one_of))
    return parts


def _intensity(level: str) -> float:
    """Order level codes by intensity; those without a number come last."""
    try:
        return float(level.partition("-")[0])
    except ValueError:
        return 99.0


@judges_each_stay(rules.CapacityForProgress)
def capacity_for_progress(case: Case, _: rules.CapacityForProgress, findings: RuleFindings, stay: PolicyStay) -> None:
    """B3: at admission, significant progress was expected of the client."""
    admission = case.chart.admission
    expected = admission.event.expects_progress if admission else None
    evidence = (admission.version,) if admission else ()
    day = iso(admission.day) if admission else ""
    ruling = Ruling("met", f"progress expected at admission {day}", "", evidence)
    if expected is None:
        ruling = unknown("whether progress is expected is not stated", "capacity_not_stated", evidence)
    elif not expected:
        ruling = violation(f"no progress expected at admission {day}", "no_progress_expected", evidence)
    findings.main.set(stay.first, ruling)


@judges(rules.DualDiagnosis)
def dual_diagnosis(case: Case, rule: rules.DualDiagnosis, findings: RuleFindings) -> None:
    """B4: a client admitted to dual diagnosis enhanced services has a mental and a substance-related diagnosis.

    Mental disorders are the codes of chapter F of ICD-10-CM that are not substance-related. Both are by a current
    edition of the DSM: one that the rule of the qualifying diagnosis names.
    """
    chart = case.chart
    evidence = (chart.admission.version,) if chart.admission else ()
    enhanced = chart.admitted.dual_diagnosis_enhanced if chart.admitted else None
    if not enhanced:
        words = "not admitted to dual diagnosis enhanced services"
        words += ", as far as stated" if enhanced is None else ""
        findings.write_over(chart.stays, [(date.min, Ruling("not_applicable", words, "", evidence))])
        return
    changes: list[Change] = [(date.min, NO_ASSESSMENT)]
    qualifying = case.pack.rule(rules.QualifyingDiagnosis)
    codes: dict[str, Truth] = {}
    for item in chart.assessments:
        event = item.event
        current: Truth = None if event.dsm is None else qualifying is None or event.dsm in qualifying.dsm
        codes |= {code: any_of(codes.get(code, False), current) for code in event.diagnoses}
        evidence = tuple(sorted({*evidence, item.version}))
        changes.append((item.day, _dual_ruling(rule, codes, evidence)))
    findings.write_over(chart.stays, changes)


def _dual_ruling(rule: rules.DualDiagnosis, codes: dict[str, Truth], evidence: tuple[int, ...]) -> Ruling:
    """The ruling on diagnoses, each with whether it is by a current edition of the DSM."""
    if not codes:
        return unknown("diagnoses not stated", "diagnosis_missing", evidence)
    substance = {code: value for code, value in codes.items() if code.startswith(rule.codes)}
    mental = {code: value for code, value in codes.items() if code.startswith("F") and code not in substance}
    parts = {"substance-related": any_of(*substance.values()), "mental": any_of(*mental.values())}
    lacking = " and a ".join(name for name, value in parts.items() if value is False)
    if lacking:
        words = f"dual diagnosis enhanced, without a {lacking} diagnosis by a current DSM"
        return violation(words, "dual_diagnosis_missing", evidence)
    if all_of(*parts.values()) is None:
        not_stated = sorted(code for code, value in (substance | mental).items() if value is None)
        return unknown(f"{', '.join(not_stated)}: dsm not stated", "dsm_missing", evidence)
    found = [min(code for code, value in kind.items() if value) for kind in (substance, mental)]
    return Ruling("met", f"{found[0]} and {found[1]}", "", evidence)
