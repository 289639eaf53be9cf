"""Duties with a term beside plan and regular review: assessments, reviews upon a change, summaries of an end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.days import iso, later
from caretrail.episode.history import Effective
from caretrail.events import Assessed
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.assessments import Accepted
from caretrail.findings.chart.chart import Chart, PolicyStay
from caretrail.findings.chart.documents import Document, Review
from caretrail.findings.chart.guidance import NOT_ASKED
from caretrail.findings.chart.licenses import accepts_of
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.deadline import Deadline, Done, in_days, in_sessions
from caretrail.findings.finding import Ruling, unknown
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth, any_of
from caretrail.findings.rules.staff import credential_of, credentials_of
from caretrail.policy.rules import duties as rules

# --- assessments ------------------------------------------------------------------------------------------------------


@judges(rules.AssessmentDue)
def assessment_due(case: Case, rule: rules.AssessmentDue, findings: RuleFindings) -> None:
    """An acceptable assessment is made within the term, or no later than the first plan.

    An assessment of an earlier stay serves, too. Where it is not known whether a prior one is acceptable, neither is
    whether the duty is met.
    """
    known = case.accepted
    accepted = next((item for item in known if item.value), None)
    doubtful = next((item for item in known if item.value is None), None)
    done = Done(accepted.day, f"assessed {iso(accepted.day)}", accepted.evidence) if accepted else None
    for stay in case.chart.stays:
        changes = _before_plan(case.chart, stay, done) if rule.within is None else _owed(case, rule, stay).changes(done)
        if doubtful is not None and (accepted is None or doubtful.day < accepted.day):
            changes = _with_doubt(changes, doubtful, done)
        findings.main.write_between(changes, stay.first, stay.last)
        _end(findings, stay)


def _owed(case: Case, rule: rules.AssessmentDue, stay: PolicyStay) -> Deadline:
    assert rule.within is not None  # noqa: S101
    term, evidence = rule.within, (stay.opened_by,)
    if term.civil:
        return in_days("assessment", "assessment", term, stay.first, case.pack.closed_days, evidence)
    if term.unit == "visit":
        sessions = [item for item in case.chart.visits if stay.covers(item.day)]
    else:
        sessions = list(case.chart.attended_in(stay))
    if rule.first_day == "excluded":
        sessions = [item for item in sessions if item.day > stay.first]
    return in_sessions("assessment", "assessment", term, stay.first, sessions, evidence)


def _before_plan(chart: Chart, stay: PolicyStay, done: Done | None) -> list[Change]:
    """The duty of a plan that rests on an assessment: it is due on the day of the first plan."""
    pending = Ruling("not_applicable", "no plan yet, so no assessment is due by it", "", (stay.opened_by,))
    plan = next((item for item in chart.plans if item.day >= stay.first), None)
    if plan is None:
        return [(date.min, pending)]
    name = f"plan {plan.event.plan_version} of {iso(plan.day)}"
    owed = Deadline("assessment", "assessment", plan.day, plan.day, None, "", f"{name} rests on it", (plan.version,))
    return [(date.min, pending), *owed.changes(done)]


def _with_doubt(changes: list[Change], doubtful: Accepted, done: Done | None) -> list[Change]:
    """The changes with what is not known from the day of a prior assessment until a sure one."""
    words = f"prior assessment of {iso(doubtful.day)}: not known whether {doubtful.missing}"
    before = [change for change in changes if change[0] < doubtful.day]
    after = [change for change in changes if done is not None and change[0] >= done.day]
    return [*before, (doubtful.day, unknown(words, "prior_assessment_unknown", doubtful.evidence)), *after]


@judges(rules.AssessmentSigned)
def assessment_signed(case: Case, rule: rules.AssessmentSigned, findings: RuleFindings) -> None:
    """An assessment by someone of the list is signed under clinical guidance within the term.

    Without a list every assessment is. A credential not stated leaves open whether a signature is owed. A prior
    assessment was signed elsewhere.
    """
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no assessment that needs a signature yet"))]
    for item in chart.assessments:
        # one made before the first stay is signed in it; one made away is none of this program's
        stay = chart.stay_on(item.day) or next((one for one in chart.stays[:1] if item.day < one.first), None)
        statement = chart.statements.get(item.version)
        if statement is None or stay is None or item.event.kind == "prior_accepted":
            continue
        if rule.signed_by:
            statement = _narrowed(case, statement, rule.signed_by)
        name, begin = f"assessment of {iso(item.day)}", max(item.day, stay.first)
        asked = _asked(case, rule, item)
        if asked is None:
            words = f"{name}: credential of the assessor not stated, so it may need a signature"
            done = _surely_signed(statement)
            ends = [day for day in (done.day if done else None, stay.until) if day is not None]
            until = min(ends, default=None)
            if until is None or begin < until:
                findings.note(name, begin, until, unknown(words, "credential_missing", (item.version,)))
        elif asked:
            closed = case.pack.closed_days
            owed = in_days(f"{name}: signature", "signature", rule.within, item.day, closed, (item.version,))
            changes.append((item.day, Ruling("met", f"{name} is signed", "", (item.version,))))
            _write(findings, name, owed, _surely_signed(statement), stay, may_follow=True)
            _doubt(findings, name, statement, stay.first)
    findings.write_over(chart.stays, changes)


def _asked(case: Case, rule: rules.AssessmentSigned, item: Effective[Assessed]) -> Truth:
    """Whether an assessment needs the signature: it was made by someone of the list, and nobody who needs none."""
    if not rule.made_by:
        return True
    alone, listed = accepts_of(case.pack, rule.signed_by or None), accepts_of(case.pack, rule.made_by)
    held = [credential for _, credential in credentials_of(case, item)]
    if any(alone(credential) for credential in held):
        return False
    return any_of(*map(listed, held)) if held else None


def _narrowed(case: Case, statement: Document, signed_by: Sequence[str]) -> Document:
    """The document with the first signatures, sure and likely, of a narrower list than that of clinical guidance."""
    accepts = accepts_of(case.pack, signed_by)
    found = Document(statement.version, statement.day, statement.signings)
    for signing in sorted(statement.signings, key=lambda one: one.day):
        if signing.state != "signed" or signing.role in NOT_ASKED:
            continue
        credential = credential_of(case, signing)
        accepted = accepts(credential)
        if accepted and found.sure is None:
            found.sure = signing
        if accepted is not False and found.likely is None:
            found.likely = signing
        if accepted is None:
            stated = f"{credential} of {signing.signer}" if credential else f"credential of {signing.signer} not stated"
            words = f"{stated} may or may not be of the list" if credential else stated
            found.object(signing.day, words, doubtful=True, signer=signing.signer)
    return found


# --- reviews ----------------------------------------------------------------------------------------------------------


@judges(rules.ReviewAfter)
def review_after(case: Case, rule: rules.ReviewAfter, findings: RuleFindings) -> None:
    """Each revised assessment is followed by a review that counts, held on or after its day, within the term."""
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no revised assessment yet"))]
    for item in chart.assessments:
        stay = chart.stay_on(item.day)
        if item.event.kind != "reassessment" or stay is None or item.day == stay.first:
            continue
        name = f"assessment of {iso(item.day)}"
        counted = [_held(review) for review in chart.reviews if review.counts_from and review.day >= item.day]
        done = min((one for one in counted if one is not None), default=None)
        owed = in_days(f"review of the {name}", "review", rule.within, item.day, case.pack.closed_days, (item.version,))
        changes.append((item.day, Ruling("met", f"{name}: reviewed", "", (item.version,))))
        _write(findings, name, owed, done, stay)
    findings.write_over(chart.stays, changes)


def _held(review: Review) -> Done | None:
    if review.counts_from is None:
        return None
    return Done(review.counts_from, f"reviewed {iso(review.day)}", review.evidence_on(review.counts_from))


@judges_each_stay(rules.ReviewBeforeDischarge)
def review_before_discharge(
    case: Case, rule: rules.ReviewBeforeDischarge, findings: RuleFindings, stay: PolicyStay
) -> None:
    """A review that counts was held within the term before a planned discharge."""
    chart, end = case.chart, case.chart.discharge
    findings.main.set(stay.first, Ruling("not_applicable", "no planned discharge yet"))
    if end is None or stay.closed_by != end.version or end.event.reason not in rule.reasons:
        return
    term, closed = in_words(rule.within), case.pack.closed_days
    held = [review for review in chart.reviews if review.counts_from is not None and review.day <= end.day]
    in_time = [review for review in held if ends_on(rule.within, review.day, closed) >= end.day]
    findings.main.set(end.day, Ruling("met", f"reviewed within {term} before the discharge", anchor=stay.first))
    counts_from = min((review.counts_from for review in in_time if review.counts_from), default=None)
    if counts_from is not None and counts_from <= end.day:
        return
    words = f"discharged {iso(end.day)} as planned, without a review within {term} before"
    known = [review.day for review in held if review.counts_from and review.counts_from <= end.day]
    arithmetic = f"last review {iso(max(known))}" if known else "no review"
    ruling = Ruling("not_met", words, arithmetic, (end.version,), end.day, "review_before_discharge")
    findings.main.set(end.day, None)
    # a review held in time may be signed after the discharge
    findings.note(f"discharge {iso(end.day)}", end.day, counts_from, ruling._replace(anchor=stay.first))


@judges(rules.ReviewDocumented)
def review_documented(case: Case, rule: rules.ReviewDocumented, findings: RuleFindings) -> None:
    """Each review is signed under clinical guidance within the term from the day on which it was due."""
    chart, clock = case.chart, case.clock
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no review yet"))]
    for review in chart.reviews:
        stay = chart.stay_on(review.day)
        due = clock.due_on(later(review.day, -1)) or clock.due_on(review.day)
        if stay is None or due is None or due.on is None:
            continue
        name = f"review of {iso(review.day)}"
        begin, closed = max(due.on, review.day), case.pack.closed_days
        owed = in_days(f"{name}: signature", "signature", rule.within, begin, closed, (review.version,))
        changes.append((review.day, Ruling("met", f"{name} is signed", "", (review.version,), anchor=review.day)))
        _write(findings, name, owed._replace(begin=review.day), _signed(review), stay, may_follow=True)
    findings.write_over(chart.stays, changes)


# --- summaries --------------------------------------------------------------------------------------------------------


@judges(rules.SummaryDue)
def summary_due(case: Case, rule: rules.SummaryDue, findings: RuleFindings) -> None:
    """The end of a stay, by discharge or transfer, is signed under clinical guidance within the term after it.

    The signature stands for the summary, which it completes. It is owed after the stay, until it is given.
    """
    chart, closed = case.chart, case.pack.closed_days
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "stay open"))
        findings.end_stay(stay)
        by_discharge = chart.discharge is not None and stay.closed_by == chart.discharge.version
        kind = "discharge" if by_discharge else "transfer"
        statement = chart.statements.get(stay.closed_by or 0)
        if stay.last is None or statement is None or kind not in rule.ends:
            continue
        name = f"{kind} of {iso(stay.last)}"
        owed = in_days(f"{name}: summary", "summary", rule.within, stay.last, closed, (statement.version,))
        intervals = findings.subject_intervals(name)
        for day, ruling in owed.changes(_surely_signed(statement)):
            intervals.set(day, ruling._replace(anchor=stay.first))
        _doubt(findings, name, statement, stay.last)


# --- shared -----------------------------------------------------------------------------------------------------------


def _signed(document: Document) -> Done | None:
    """The day of the first signature of clinical guidance on a document."""
    signing = document.clinician
    if signing is None:
        return None
    return Done(signing.day, f"signed {iso(signing.day)} by {signing.signer}", document.evidence_on(signing.day))


def _surely_signed(statement: Document) -> Done | None:
    """The day of the first signature on an assessment or an ending that is clinical guidance without a doubt."""
    signing = statement.sure
    if signing is None:
        return None
    evidence = tuple(sorted({statement.version, signing.brought_by}))
    return Done(signing.day, f"signed {iso(signing.day)} by {signing.signer}", evidence)


def _doubt(findings: RuleFindings, subject: str, statement: Document, first: date) -> None:
    """From a signature that may or may not be clinical guidance until a sure one it cannot be told if it is signed."""
    likely, sure = statement.likely, statement.sure
    if likely is None or likely is sure:
        return
    why = "; ".join(item.words for item in statement.objections if item.signer == likely.signer and item.doubtful)
    ruling = unknown(f"{subject}: {why}", "guidance_in_doubt", (statement.version,))
    intervals = findings.subs[-1]
    resumed = [(start, item) for _, start, _, item in intervals.intervals() if sure is not None and start >= sure.day]
    intervals.set(max(likely.day, first), ruling)
    if sure is not None:
        intervals.set(sure.day, None)
        for day, item in resumed:
            intervals.set(day, item)


def _write(
    findings: RuleFindings,
    subject: str,
    owed: Deadline,
    done: Done | None,
    stay: PolicyStay,
    *,
    may_follow: bool = False,
) -> None:
    """Write a duty of a stay on a subject: done in time it is silent, done late it is breached until the stay ends.

    What was overdue when the stay ended is not met, unless it `may_follow` after the stay.
    """
    intervals = findings.subject_intervals(subject)
    changes = [(day, ruling if ruling.verdict != "met" else None) for day, ruling in owed.changes(done)]
    for day, ruling in changes:
        intervals.set(max(day, stay.first), ruling)
    if stay.last is None or stay.until is None:
        return
    at_end = intervals.on(stay.last)
    if may_follow and (done is None or done.day > stay.last):
        if done is not None:
            intervals.set(done.day, None)
    elif at_end is not None and at_end.verdict == "overdue":
        intervals.set(stay.last, at_end._replace(verdict="not_met"))
    else:
        intervals.set(stay.until, None)


def _end(findings: RuleFindings, stay: PolicyStay) -> None:
    """Keep what was overdue when a stay ended; after it the rule does not apply."""
    at_end = findings.main.on(stay.last) if stay.last is not None else None
    if at_end is not None and at_end.verdict == "overdue":
        findings.not_met(stay, at_end)
    findings.end_stay(stay)
