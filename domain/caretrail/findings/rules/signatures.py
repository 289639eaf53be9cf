"""Signatures on plans and on reviews that update them (P3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from caretrail.days import earlier, iso, later
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.documents import Document, PlanVersion, Review, Signing, satisfied_by
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import Change, Intervals, RuleFindings
from caretrail.findings.rules.staff import credential_of
from caretrail.policy.rules.plan import PlanSignatures


@judges(PlanSignatures)
def plan_signatures(case: Case, rule: PlanSignatures, findings: RuleFindings) -> None:
    """P3: the client (or a guardian), the team of the day, and signers the sender adds sign each plan and each update.

    The pack lists who must sign; a role or a credential in its list asks for one signature of its kind. With a term a
    signature is due by its end, without one on the day of the document.

    Each missing signer has a finding from the day of the document until their signature acts, also after the stay: it
    can still be given. What the pack takes in lieu counts, and is named: in Nebraska a refusal before a witness, and
    oral approval. A deferred signature is missing. The roster is that of the end of the document's day, so a person
    who joins later signs the next one.
    """
    chart = case.chart
    documents: list[PlanVersion | Review] = [*chart.plans]
    if rule.documents == "plans_and_updates":
        documents += [review for review in chart.reviews if review.event.updated]
    documents = sorted((item for item in documents if chart.stay_on(item.day)), key=lambda item: item.day)
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no plan and no update of one yet"))]
    for document in documents:
        # silent while a signer is missing: their own finding stands for it
        ruling = Ruling("met", f"{_name(document)} is signed", "", (document.version,), anchor=document.day)
        changes.append((document.day, ruling))
        changes += _judge(case, rule, findings, document)
    changes.sort(key=itemgetter(0))
    findings.write_over(chart.stays, changes)


def _judge(case: Case, rule: PlanSignatures, findings: RuleFindings, document: PlanVersion | Review) -> list[Change]:
    """Open a finding for each missing signer; return the day from which all have signed, if they have."""
    name, roster = _name(document), case.chart.team.roster(document.day)
    required = _required(case, rule, document, roster)
    arithmetic = f"{name} needs {len(required)} on {iso(document.day)}: {', '.join(required)}"
    complete = True
    signed_on = document.day
    evidence = {document.version}
    in_lieu: list[str] = []
    if not roster and "team" in rule.signers:
        ruling = Ruling("unknown", f"{name}: no team recorded", arithmetic, (document.version,), None, "team_missing")
        findings.note(f"{name}: team", document.day, None, ruling)
        complete = False
    found = satisfied_by(document, case.chart.client, rule.in_lieu)
    for signer in required:
        satisfied = found.get(signer) or _of_kind(case, document, signer, rule.in_lieu)
        if satisfied is None or satisfied.day > document.day:
            intervals = findings.subject_intervals(f"{name}: {signer}")
            _owe(case, rule, intervals, document, signer, arithmetic)
            if satisfied is not None:
                intervals.set(satisfied.day, None)
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


def _of_kind(case: Case, document: Document, signer: str, in_lieu: tuple[str, ...]) -> Signing | None:
    """The first signature by a role or credential, where the pack asks for one of that kind."""
    kind, _, wanted = signer.partition(":")
    if kind not in ("role", "credential"):
        return None
    found = [
        signing
        for signing in document.signings
        if (signing.state == "signed" or signing.state in in_lieu)
        and wanted == (signing.role if kind == "role" else credential_of(case, signing))
    ]
    return min(found, key=lambda signing: signing.day, default=None)


def _owe(
    case: Case,
    rule: PlanSignatures,
    intervals: Intervals,
    document: PlanVersion | Review,
    signer: str,
    arithmetic: str,
) -> None:
    """Write the finding of one missing signer: at once, or with a term, from the day it is announced."""
    words = f"{_name(document)}: {_not_signed(signer)}"
    owner = signer if case.chart.team.has(signer, document.day) else None
    missing = Ruling(
        "violation", words, arithmetic, (document.version,), None, "signature_missing", owner, document.day, signer
    )
    if rule.within is None:
        intervals.set(document.day, missing)
        deferred = [item for item in document.signings if item.state == "deferred" and item.signer == signer]
        for signing in sorted(deferred, key=lambda item: item.day):
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
    kind, _, wanted = signer.partition(":")
    return f"no {wanted} has signed" if kind in ("role", "credential") else f"{signer} has not signed"


def _name(document: PlanVersion | Review) -> str:
    if isinstance(document, PlanVersion):
        return f"plan {document.event.plan_version}"
    return f"review of {iso(document.day)}"


def _required(case: Case, rule: PlanSignatures, document: PlanVersion | Review, roster: Sequence[str]) -> list[str]:
    """The required signers: the pack's list in its order, then those the sender adds; none twice."""
    signers: list[str] = []
    for signer in rule.signers:
        if signer == "client":
            signers.append(case.chart.client)
        elif signer == "team":
            signers += roster
        else:
            signers.append(signer)
    if isinstance(document, PlanVersion):
        signers += document.event.required_signers or ()
    return list(dict.fromkeys(signers))
