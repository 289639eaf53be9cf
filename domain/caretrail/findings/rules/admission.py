"""Admission rules: qualifying diagnosis (B1), dimensions (B2), capacity for progress (B3), both diagnoses (B4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from caretrail.days import iso
from caretrail.events import Admitted, Assessed, Dimension, Transferred
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth, all_of, any_of, opposite
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.admission import (
    AdmissionDimensions,
    CapacityForProgress,
    DualDiagnosis,
    QualifyingDiagnosis,
)
from caretrail.tokens import Route

NOTHING = Dimension(rating=None, problem=None, meets_level=None)


@judges(QualifyingDiagnosis)
def qualifying_diagnosis(case: Case, rule: QualifyingDiagnosis) -> RuleFindings:
    """B1: some assessment has a substance-related diagnosis by a current edition of the DSM."""
    findings = RuleFindings()
    changes: list[Change] = [(date.min, Ruling("unknown", "no assessment recorded", cause="assessment_missing"))]
    standing = 0
    for item in case.chart.assessments:
        event = item.event
        codes = [code for code in event.diagnoses if code.startswith(rule.codes)]
        evidence = (item.version,)
        if codes and event.dsm in rule.dsm:
            rank, ruling = 4, Ruling("met", f"{codes[0]} by {event.dsm}, assessed {iso(item.day)}", "", evidence)
        elif codes and event.dsm is None:
            words = f"{codes[0]} {iso(item.day)}: dsm not stated"
            rank, ruling = 3, Ruling("unknown", words, "", evidence, None, "dsm_missing")
        elif codes:
            words = f"{codes[0]} by {event.dsm} {iso(item.day)}: not a current edition"
            rank, ruling = 2, Ruling("violation", words, "", evidence, None, "dsm_not_current")
        elif event.diagnoses:
            words = f"no substance-related diagnosis {iso(item.day)}"
            rank, ruling = 2, Ruling("violation", words, "", evidence, None, "diagnosis_missing")
        else:
            words = f"diagnoses not stated {iso(item.day)}"
            rank, ruling = 1, Ruling("unknown", words, "", evidence, None, "diagnosis_missing")
        if rank > standing:
            standing = rank
            changes.append((item.day, ruling))
    for stay in case.chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


@dataclass(frozen=True, slots=True)
class Profile:
    """The dimensions as they stand: the latest full assessment, with addenda laid over it."""

    edition: str | None = None
    dimensions: dict[str, Dimension] = field(default_factory=dict[str, Dimension])
    evidence: tuple[int, ...] = ()

    def after(self, event: Assessed, version: int) -> Profile:
        """The profile once an assessment is taken in; one without dimensions says nothing of them."""
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
        return self.dimensions.get(key, NOTHING).meets_level

    def fits(self, key: str) -> Truth:
        """Whether a dimension has no problem or meets the level."""
        dimension = self.dimensions.get(key, NOTHING)
        return any_of(opposite(dimension.problem), dimension.meets_level)


NO_PROFILE = Profile()


@judges(AdmissionDimensions)
def admission_dimensions(case: Case, rule: AdmissionDimensions) -> RuleFindings:
    """B2: the dimensions support the admission, by the route the client came.

    A later assessment can complete the picture or cure it, but not undo an admission that was supported. A client
    transferred here from a less intensive level came by step up, from a more intensive one by step down.
    """
    findings = RuleFindings()
    profiles: list[tuple[date, Profile]] = []
    profile = NO_PROFILE
    for item in case.chart.assessments:
        profile = profile.after(item.event, item.version)
        if profiles and profiles[-1][0] == item.day:
            profiles.pop()
        profiles.append((item.day, profile))
    for stay in case.chart.stays:
        findings.main.write_between(_dimension_changes(case, rule, stay, profiles), stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _dimension_changes(
    case: Case, rule: AdmissionDimensions, stay: PolicyStay, profiles: list[tuple[date, Profile]]
) -> list[Change]:
    standing = NO_PROFILE
    later: list[tuple[date, Profile]] = []
    for day, profile in profiles:
        if day <= stay.first:
            standing = profile
        elif stay.last is None or day <= stay.last:
            later.append((day, profile))
    changes = [(stay.first, _dimension_ruling(case, rule, stay, standing))]
    for day, profile in later:
        if changes[-1][1].verdict == "met":
            break
        changes.append((day, _dimension_ruling(case, rule, stay, profile)))
    return changes


def _dimension_ruling(case: Case, rule: AdmissionDimensions, stay: PolicyStay, profile: Profile) -> Ruling:
    evidence = tuple(sorted({*profile.evidence, stay.opened_by}))
    if not profile.dimensions:
        return Ruling("unknown", "no dimensions recorded", "", evidence, None, "dimensions_missing")
    if profile.edition != case.pack.edition:
        words = f"dimensions by {profile.edition}, criteria by {case.pack.edition}"
        return Ruling("unknown", words, "", evidence, None, "edition_mismatch")
    route, parts = _route(case, rule, stay, profile)
    value = all_of(*parts.values())
    arithmetic = f"{route}: " + ", ".join(f"{name} {_word(part)}" for name, part in parts.items())
    if value:
        return Ruling("met", f"{route}: admission criteria met", arithmetic, evidence)
    if value is False:
        lacking = ", ".join(name for name, part in parts.items() if part is False)
        return Ruling("violation", f"{route}: not met: {lacking}", arithmetic, evidence, None, "admission_criteria")
    unknown = ", ".join(name for name, part in parts.items() if part is None)
    return Ruling(
        "unknown", f"{route}: not stated: {unknown}", arithmetic, evidence, None, "admission_criteria_unknown"
    )


def _word(value: Truth) -> str:
    return "not known" if value is None else "yes" if value else "no"


def _route(case: Case, rule: AdmissionDimensions, stay: PolicyStay, profile: Profile) -> tuple[Route, dict[str, Truth]]:
    """The route by which the client came into this stay, and what that route asks for."""
    transfer = case.chart.transfers.get(stay.opened_by)
    event = transfer.event if transfer else case.chart.admitted
    if isinstance(event, Transferred):
        route: Route = "step_down" if _intensity(event.from_level) > _intensity(event.to_level) else "step_up"
        objectives = event.outcome.goals_met if event.outcome else None
        # a transfer has no field for it: the reason may say so; above level 1 the question does not arise
        stated = event.reason in ("level1_insufficient", "level1_preparatory") or _intensity(event.from_level) > 1
        reached: Truth = True if stated else None
        named = None
    elif isinstance(event, Admitted):
        route = event.route
        came = event.transfer_in
        objectives = came.objectives_met if came else None
        reached = any_of(came.level1_insufficient, came.level1_preparatory) if came else None
        named = came.dimension if came else None
    else:
        return "direct", _direct(rule, profile)
    if route == "direct":
        return route, _direct(rule, profile)
    if route == "step_down":
        dimensions = any_of(*(profile.meets(key) for key in "123456"))
        return route, {"objectives_met": objectives, "one dimension": True if named else dimensions}
    return route, {"level 1 insufficient or preparatory": reached, **_direct(rule, profile)}


def _direct(rule: AdmissionDimensions, profile: Profile) -> dict[str, Truth]:
    if rule.dimensions == "all_six":
        return {f"dimension {key}": profile.meets(key) for key in "123456"}
    return {
        "dimension 2": profile.fits("2"),
        "dimension 3": profile.fits("3"),
        "dimension 4, 5 or 6": any_of(*(profile.meets(key) for key in "456")),
    }


def _intensity(level: str) -> float:
    """Order level codes by intensity; those without a number come last."""
    try:
        return float(level.partition("-")[0])
    except ValueError:
        return 99.0


@judges(CapacityForProgress)
def capacity_for_progress(case: Case, _: CapacityForProgress) -> RuleFindings:
    """B3: at admission, significant progress was expected of the client."""
    findings = RuleFindings()
    for stay in case.chart.stays:
        findings.main.set(stay.first, _capacity_ruling(case))
        findings.end_stay(stay)
    return findings


def _capacity_ruling(case: Case) -> Ruling:
    admission, admitted = case.chart.admission, case.chart.admitted
    if admission is None or admitted is None or admitted.expects_progress is None:
        evidence = (admission.version,) if admission else ()
        return Ruling(
            "unknown", "whether progress is expected is not stated", "", evidence, None, "capacity_not_stated"
        )
    if admitted.expects_progress:
        return Ruling("met", f"progress expected at admission {iso(admission.day)}", "", (admission.version,))
    words = f"no progress expected at admission {iso(admission.day)}"
    return Ruling("violation", words, "", (admission.version,), None, "no_progress_expected")


@judges(DualDiagnosis)
def dual_diagnosis(case: Case, rule: DualDiagnosis) -> RuleFindings:
    """B4: a client admitted to dual diagnosis enhanced services has a mental and a substance-related diagnosis.

    Mental disorders are the codes of chapter F of ICD-10-CM that are not substance-related ones. Both are by an
    edition of the DSM that is current: those the rule of the qualifying diagnosis names.
    """
    findings, chart = RuleFindings(), case.chart
    admitted, admission = chart.admitted, chart.admission
    if admitted is None or admission is None or not admitted.dual_diagnosis_enhanced:
        for stay in chart.stays:
            stated = admitted is not None and admitted.dual_diagnosis_enhanced is not None
            words = "not admitted to dual diagnosis enhanced services"
            evidence = (admission.version,) if admission else ()
            ruling = Ruling("not_applicable", words if stated else f"{words}, as far as stated", "", evidence)
            findings.main.set(stay.first, ruling)
            findings.end_stay(stay)
        return findings
    changes: list[Change] = [(date.min, Ruling("unknown", "no assessment recorded", cause="assessment_missing"))]
    qualifying = case.pack.rule(QualifyingDiagnosis)
    codes: dict[str, Truth] = {}
    versions: list[int] = [admission.version]
    for item in chart.assessments:
        event = item.event
        if isinstance(event, Assessed):
            current: Truth = None if event.dsm is None else qualifying is None or event.dsm in qualifying.dsm
            codes |= {code: any_of(codes.get(code, False), current) for code in event.diagnoses}
            versions.append(item.version)
            changes.append((item.day, _dual_ruling(rule, codes, tuple(sorted(versions)))))
    for stay in chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _dual_ruling(rule: DualDiagnosis, codes: dict[str, Truth], evidence: tuple[int, ...]) -> Ruling:
    """What the diagnoses say; of each code it is known, or not, whether it is by a current edition of the DSM."""
    if not codes:
        return Ruling("unknown", "diagnoses not stated", "", evidence, None, "diagnosis_missing")
    substance = {code: value for code, value in codes.items() if code.startswith(rule.codes)}
    mental = {code: value for code, value in codes.items() if code.startswith("F") and code not in substance}
    parts = {"substance-related": any_of(*substance.values()), "mental": any_of(*mental.values())}
    lacking = " and a ".join(name for name, value in parts.items() if value is False)
    if lacking:
        words = f"dual diagnosis enhanced, without a {lacking} diagnosis by a current DSM"
        return Ruling("violation", words, "", evidence, None, "dual_diagnosis_missing")
    if all_of(*parts.values()) is None:
        unknown = sorted(code for code, value in (substance | mental).items() if value is None)
        return Ruling("unknown", f"{', '.join(unknown)}: dsm not stated", "", evidence, None, "dsm_missing")
    found = [min(code for code, value in kind.items() if value) for kind in (substance, mental)]
    return Ruling("met", f"{found[0]} and {found[1]}", "", evidence)
