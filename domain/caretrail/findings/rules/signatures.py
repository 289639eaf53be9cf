"""Signatures on plans and on reviews that update them (P3), and signatures long before their document (K3)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from caretrail.days import earlier, iso, later
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.chart import Chart
from caretrail.findings.chart.documents import Document, PlanVersion, Review, Signing, satisfied_by
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import Doubt, Outcome, Ruling, unknown
from caretrail.findings.intervals import Change, Intervals, RuleFindings
from caretrail.findings.rules.staff import credential_of
from caretrail.policy.rules.plan import EarlySignature, PlanSignatures

OR = " or "
"""Between the names of several of whom one must sign: no id has a blank, and no credential of a pack this word."""


class _Paper(NamedTuple):
    """What must be signed from a day on: a plan version, or a review that updates the plan.

    From `superseded_on` on a newer version or review stands in its place. `carried_by` is the plan version that came of
    a review: from its day on it carries the signatures of the update.
    """

    document: PlanVersion | Review
    superseded_on: date | None
    carried_by: PlanVersion | None

    @property
    def until(self) -> date | None:
        return self.carried_by.day if self.carried_by is not None else None

    @property
    def name(self) -> str:
        if isinstance(self.document, PlanVersion):
            return f"plan {self.document.event.plan_version}"
        return f"review of {iso(self.document.day)}"


def _papers(chart: Chart, *, updates: bool) -> list[_Paper]:
    """The papers of the days under the policy, oldest first."""
    held = [review.day for review in chart.reviews]
    reviewed = _FirstAfter((review.day, review.counts_from) for review in chart.reviews)
    papers: list[_Paper] = []
    for review in chart.reviews if updates else ():
        if not review.event.updated:
            continue
        plan = _came_of(chart, review, held)
        if plan is None or plan.day > review.day:
            over = reviewed.after(review.day)
            papers.append(_Paper(review, None if over == date.max else over, plan))
    for plan in chart.plans:
        newer = chart.counting_plans.newer_than(plan.event.plan_version)
        over_on = newer.clinician.day if newer is not None and newer.clinician else None
        papers.append(_Paper(plan, over_on, None))
    return sorted((one for one in papers if chart.stay_on(one.document.day)), key=lambda one: one.document.day)


class _FirstAfter:
    """Of items that each count from some day on (None: never), the first day on which a later one counts."""

    def __init__(self, items: Iterable[tuple[date, date | None]]) -> None:
        """Take items in order of their own days."""
        self._days: list[date] = []
        first: list[date] = []
        for day, counts_from in reversed(list(items)):
            self._days.append(day)
            first.append(min([counts_from or date.max, *first[-1:]]))
        self._days.reverse()
        self._first = first[::-1]

    def after(self, day: date) -> date:
        """The first day on which an item of a later day counts; the last day of the calendar if none does."""
        place = bisect_right(self._days, day)
        return self._first[place] if place < len(self._first) else date.max


def _came_of(chart: Chart, review: Review, held: Sequence[date]) -> PlanVersion | None:
    """The plan version that came of a review which updates: the next one on or after it, before the next review."""
    later = bisect_right(held, review.day)
    next_review = held[later] if later < len(held) else date.max
    for plan in chart.plans[bisect_left(chart.plans, review.day, key=_day_of) :]:
        if plan.day >= next_review:
            return None
        if plan.event.plan_version > review.event.plan_version:
            return plan
    return None


def _day_of(document: Document) -> date:
    return document.day


@judges(PlanSignatures)
def plan_signatures(case: Case, rule: PlanSignatures, findings: RuleFindings) -> None:
    """P3: the client (or a guardian), the team of the day, and signers the sender adds sign each plan and each update.

    The pack lists who must sign; a role or a credential in its list asks for one signature of its kind. With a term a
    signature is due by its end, without one on the day of the document. An update is signed on the review or on the
    plan version that came of it.

    Each missing signer has a finding from the day of the document until their signature acts, also after the stay: it
    can still be given. Once the version is superseded, or the signer has left the team, it is history: breached. What
    the pack takes in lieu counts, and is named: in Nebraska a refusal before a witness, and oral approval. A deferred
    signature is missing. The roster is that of the end of the document's day, so a person who joins later signs the
    next one.
    """
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no plan and no update of one yet"))]
    for paper in _papers(chart, updates=rule.documents == "plans_and_updates"):
        document = paper.document
        # silent while a signer is missing: their own finding stands for it
        ruling = Ruling("met", f"{paper.name} is signed", "", (document.version,), anchor=document.day)
        changes.append((document.day, ruling))
        changes += _judge(case, rule, findings, paper)
    changes.sort(key=itemgetter(0))
    findings.write_over(chart.stays, changes)


def _judge(case: Case, rule: PlanSignatures, findings: RuleFindings, paper: _Paper) -> list[Change]:
    """Open a finding for each missing signer; return the day from which all have signed, if they have."""
    name, document = paper.name, paper.document
    roster = case.chart.team.roster(document.day)
    required = _required(case, rule, document, roster)
    arithmetic = f"{name} needs {len(required)} on {iso(document.day)}: {', '.join(required)}"
    complete = True
    signed_on = document.day
    evidence = {document.version}
    in_lieu: list[str] = []
    if "case_owner" in rule.signers and case.chart.team.case_owner(document.day) is None:
        words = f"{name}: no case owner recorded"
        ruling = Ruling("unknown", words, arithmetic, (document.version,), None, "owner_missing")
        over = paper.superseded_on or paper.until
        findings.note(f"{name}: case owner", document.day, over, ruling, document.version)
        complete = False
    if not roster and "team" in rule.signers:
        ruling = Ruling("unknown", f"{name}: no team recorded", arithmetic, (document.version,), None, "team_missing")
        over = min((day for day in (paper.superseded_on, paper.until) if day is not None), default=None)
        findings.note(f"{name}: team", document.day, over, ruling, document.version)
        complete = False
    signings = document.timely()
    by_signer = satisfied_by(signings, case.chart.client, rule.in_lieu)
    for signer in required:
        satisfied = by_signer.get(signer) or _of_kinds(case, rule, signings, signer)
        if satisfied is None or satisfied.day > document.day:
            intervals = findings.subject_intervals(f"{name}: {signer}", document.version)
            _owe(case, rule, intervals, paper, signer, arithmetic)
            _doubt(case, paper, intervals, signer)
            if satisfied is not None:
                intervals.set(satisfied.day, None)
            _end(case, rule, paper, intervals, signer)
        if satisfied is None:
            complete = False
            continue
        signed_on = max(signed_on, satisfied.day)
        evidence.add(satisfied.brought_by)
        if satisfied.state != "signed":
            how = "declined before a witness" if satisfied.state == "declined" else "approved orally"
            in_lieu.append(f"{signer}: {how}")
    if not complete:
        return []
    words = f"{name} has all {len(required)} signatures"
    if in_lieu:
        words += f", in lieu for {', '.join(in_lieu)}"
    return [(signed_on, Ruling("met", words, "", tuple(sorted(evidence)), anchor=document.day))]


def _of_kinds(case: Case, rule: PlanSignatures, signings: Sequence[Signing], signer: str) -> Signing | None:
    """The first signature of the kind the pack asks for, or of one of several it asks for; in lieu of it, too."""
    if ":" not in signer and OR not in signer:
        return None
    by_signer = satisfied_by(signings, case.chart.client, rule.in_lieu)
    found = [by_signer.get(named) or _of_kind(case, signings, named, rule.in_lieu) for named in signer.split(OR)]
    return min((one for one in found if one is not None), default=None, key=lambda one: one.day)


def _doubt(case: Case, paper: _Paper, intervals: Intervals, signer: str) -> None:
    """From a signature given long before its document it cannot be told whether the signer has signed."""
    document = paper.document
    if not document.early:
        return
    signing = satisfied_by(document.early, case.chart.client).get(signer)
    if signing is not None:
        owed = intervals.on(signing.day)
        worse = Outcome(owed.verdict, owed.due_on) if owed else Outcome("violation", None)
        evidence = tuple(sorted({document.version, signing.brought_by}))
        words = f"{paper.name}: {document.early[signing]}"
        early = unknown(words, "signature_early", evidence, owed.anchor if owed else None)
        intervals.set(signing.day, early._replace(doubt=Doubt((document.version,), Outcome("met", None), worse)))


def _end(case: Case, rule: PlanSignatures, paper: _Paper, intervals: Intervals, signer: str) -> None:
    """Once its paper is superseded or the signer has left, a missing signature is breached, to the stay's end."""
    chart, document = case.chart, paper.document
    ends = [day for day in (paper.superseded_on, chart.team.left(signer, document.day)) if day is not None]
    stay = chart.stay_on(document.day)
    over = max(min(ends), document.day) if ends else None
    owed = intervals.on(over) if over is not None else None
    if over is not None and owed is not None and stay is not None and not _carried(case, rule, paper, signer, over):
        intervals.set(over, _history(owed, document))
        if stay.until is not None:
            intervals.set(max(over, stay.until), None)
    elif paper.until is not None:
        intervals.set(paper.until, None)


def _carried(case: Case, rule: PlanSignatures, paper: _Paper, signer: str, day: date) -> bool:
    """Whether from a day the plan version that came of a review carries a signature, or is asked for it instead.

    Whoever leaves on the very day of that version is not asked on it any more.
    """
    plan = paper.carried_by
    if plan is None or day != plan.day:
        return plan is not None and day > plan.day
    signings = plan.timely()
    signing = satisfied_by(signings, case.chart.client, rule.in_lieu).get(signer)
    signing = signing or _of_kinds(case, rule, signings, signer)
    return signing is not None and signing.day <= day


def _history(owed: Ruling, document: Document) -> Ruling:
    """A missing signature that is no work any more: breached, or in doubt if one was given early."""
    if owed.verdict != "unknown":
        return owed._replace(verdict="breached", cause="signature_missing")
    return owed._replace(doubt=Doubt((document.version,), Outcome("met", None), Outcome("breached", owed.due_on)))


@judges(EarlySignature)
def early_signature(case: Case, _: EarlySignature, findings: RuleFindings) -> None:
    """K3: no signature was given more than seven days before its document; it may be of another document."""
    chart = case.chart
    findings.write_over(chart.stays, [(date.min, Ruling("met", "no signature was given long before its document"))])
    documents: list[Document] = [*chart.plans, *chart.reviews, *chart.determinations]
    for document in documents:
        stay = chart.stay_on(document.day)
        for signing, words in document.early.items() if stay is not None else ():
            evidence = tuple(sorted({document.version, signing.brought_by}))
            subject = f"signature of {signing.signer} on event {document.version}"
            ruling = unknown(f"event {document.version}: {words}", "signature_early", evidence, document.day)
            findings.note(subject, signing.day, stay.until if stay else None, ruling)


def _of_kind(case: Case, signings: Sequence[Signing], signer: str, in_lieu: tuple[str, ...]) -> Signing | None:
    """The first signature by a role or credential, where the pack asks for one of that kind."""
    kind, _, wanted = signer.partition(":")
    if kind not in ("role", "credential"):
        return None
    found = [
        signing
        for signing in signings
        if (signing.state == "signed" or signing.state in in_lieu)
        and (wanted == signing.role if kind == "role" else _holds(case, credential_of(case, signing), wanted))
    ]
    return min(found, key=lambda signing: signing.day, default=None)


def _holds(case: Case, credential: str | None, wanted: str) -> bool:
    """Whether a person holds a credential, in any spelling the pack knows of it."""
    guidance = case.pack.guidance
    if guidance is None:
        return credential == wanted
    return guidance.accepts(credential, guidance.keys_of((wanted,))) is True


def _owe(
    case: Case,
    rule: PlanSignatures,
    intervals: Intervals,
    paper: _Paper,
    signer: str,
    arithmetic: str,
) -> None:
    """Write the finding of one missing signer: at once, or with a term, from the day it is announced."""
    document = paper.document
    words = f"{paper.name}: {_not_signed(signer)}"
    owner = signer if case.chart.team.has(signer, document.day) else None
    missing = Ruling(
        "violation", words, arithmetic, (document.version,), None, "signature_missing", owner, document.day, signer
    )
    if rule.within is None:
        intervals.set(document.day, missing)
        for signing in document.signings:  # in the order of the events that brought them
            if signing.state != "deferred" or signing.signer != signer:
                continue
            evidence = tuple(sorted({document.version, signing.brought_by}))
            intervals.set(signing.day, missing._replace(message=f"{words} (deferred)", evidence=evidence))
        return
    begin = document.day
    if rule.trigger == "plan_effective" and isinstance(document, PlanVersion):
        begin = max(begin, document.event.effective_on)
    due = ends_on(rule.within, begin, case.pack.closed_days)
    arithmetic = f"{iso(begin)} + {in_words(rule.within)} = {iso(due)}; {arithmetic}"
    missing = missing._replace(arithmetic=arithmetic, due_on=due, message=f"{words}, due {iso(due)}")
    soon = max(document.day, earlier(due, rule.within.soon))
    if rule.within.soon and soon < due:
        intervals.set(soon, missing._replace(verdict="due_soon"))
    intervals.set(max(due, document.day), missing._replace(verdict="due_today"))
    intervals.set(later(max(due, document.day), 1), missing._replace(verdict="overdue"))


def _not_signed(signer: str) -> str:
    """A missing signature in words: of a person by id, else of a role or a credential."""
    named = [name.partition(":") for name in signer.split(OR)]
    if all(kind in ("role", "credential") for kind, _, _ in named):
        return f"no {OR.join(wanted for _, _, wanted in named)} has signed"
    if len(named) > 1:
        return f"none of {', '.join(wanted or name for name, _, wanted in named)} has signed"
    return f"{signer} has not signed"


def _required(case: Case, rule: PlanSignatures, document: PlanVersion | Review, roster: Sequence[str]) -> list[str]:
    """The required signers: the pack's list in its order, then those the sender adds; none twice.

    Of several of whom one must sign the names stand in one, with `or` between them.
    """
    signers: list[str] = []
    for signer in rule.signers:
        if isinstance(signer, tuple):
            several = [name for one in signer for name in _named(case, one, document, roster)]
            signers.append(OR.join(dict.fromkeys(several)))
        else:
            signers += _named(case, signer, document, roster)
    if isinstance(document, PlanVersion):
        signers += document.event.required_signers or ()
    return [signer for signer in dict.fromkeys(signers) if signer]


def _named(case: Case, signer: str, document: PlanVersion | Review, roster: Sequence[str]) -> list[str]:
    """The people a signer of the pack names on the day of a document; a role or a credential names a kind."""
    if signer == "client":
        return [case.chart.client]
    if signer == "team":
        return [*roster]
    if signer == "participants":
        return [person.id for person in document.event.performers]
    if signer == "case_owner":
        owner = case.chart.team.case_owner(document.day)
        return [owner] if owner is not None else []
    return [signer]
