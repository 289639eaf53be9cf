"""Signatures on plans and on reviews that update them (P3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from operator import itemgetter

from caretrail.days import iso, later
from caretrail.findings.case import Case
from caretrail.findings.chart.documents import Document, PlanVersion, Review, Signing, satisfied_by
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import Change, Intervals, RuleFindings
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.plan import PlanSignatures


@judges(PlanSignatures)
def plan_signatures(case: Case, rule: PlanSignatures) -> RuleFindings:
    """P3: the client (or a guardian), the team of the day, and whom the sender adds sign each plan and each update.

    Who must sign is the pack's list; a role or a credential in it asks for one signature of its kind. With a term a
    signature is owed by its end, without one from the day of the document.

    A missing signer has a finding of their own from the day of the document until their signature acts, also after
    the stay: it can still be given. What stands in lieu settles it, and is shown as such: in Nebraska a refusal before
    a witness, and approval by word of mouth. A signature put off is missing. The
    roster is that of the end of the document's day, so who joins later signs the next one.
    """
    findings, chart = RuleFindings(), case.chart
    documents: list[PlanVersion | Review] = [*chart.plans]
    if rule.documents == "plans_and_updates":
        documents += [review for review in chart.reviews if review.event.updated]
    documents = sorted((item for item in documents if chart.stay_on(item.day)), key=lambda item: item.day)
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no plan and no update of one yet"))]
    for document in documents:
        # silent while a signer is missing: then the signer's own finding speaks
        name = _name(document)
        ruling = Ruling("met", f"{name} is signed", "", (document.version,), anchor=document.day)
        changes.append((document.day, ruling))
        changes += _judge(case, rule, findings, document, name)
    changes.sort(key=itemgetter(0))
    for stay in chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _judge(
    case: Case, rule: PlanSignatures, findings: RuleFindings, document: PlanVersion | Review, name: str
) -> list[Change]:
    """Open a finding for each signer who is missing; give back from which day all have signed, if they have."""
    roster = case.chart.team.roster(document.day)
    required = _required(case, rule, document, roster)
    arithmetic = f"{name} needs {len(required)} on {iso(document.day)}: {', '.join(required)}"
    owed_until: date | None = document.day
    evidence = {document.version}
    in_lieu: list[str] = []
    if not roster and "team" in rule.signers:
        ruling = Ruling("unknown", f"{name}: no team recorded", arithmetic, (document.version,), None, "team_missing")
        findings.note(f"{name}: team", document.day, None, ruling)
        owed_until = None
    found = satisfied_by(document, case.chart.client, rule.in_lieu)
    for signer in required:
        satisfied = found.get(signer) or _of_kind(case, document, signer, rule.in_lieu)
        if satisfied is None or satisfied.day > document.day:
            _owe(case, rule, findings, document, name, signer, satisfied, arithmetic)
        if satisfied is None:
            owed_until = None
            continue
        owed_until = None if owed_until is None else max(owed_until, satisfied.day)
        evidence.add(satisfied.brought_by)
        if satisfied.state != "signed":
            how = "declined before a witness" if satisfied.state == "declined" else "approved by word of mouth"
            in_lieu.append(f"{signer}: {how}")
    if owed_until is None:
        return []
    words = f"{name} has all {len(required)} signatures"
    if in_lieu:
        words += f", in lieu for {', '.join(in_lieu)}"
    return [(owed_until, Ruling("met", words, "", tuple(sorted(evidence)), anchor=document.day))]


def _of_kind(case: Case, document: Document, signer: str, in_lieu: tuple[str, ...]) -> Signing | None:
    """The first signature of somebody of a role or with a credential, where the pack asks for one of that kind.

    A credential not stated with the signature is the one the team's list had on its day.
    """
    kind, _, wanted = signer.partition(":")
    if kind not in ("role", "credential"):
        return None
    found = [
        signing
        for signing in document.signings
        if (signing.state == "signed" or signing.state in in_lieu)
        and wanted == (signing.role if kind == "role" else _credential(case, signing))
    ]
    return min(found, key=lambda signing: signing.day, default=None)


def _credential(case: Case, signing: Signing) -> str | None:
    return signing.credential or case.chart.team.credential(signing.signer, signing.day)


def _owe(
    case: Case,
    rule: PlanSignatures,
    findings: RuleFindings,
    document: PlanVersion | Review,
    name: str,
    signer: str,
    satisfied: Signing | None,
    arithmetic: str,
) -> None:
    intervals = findings.subject_intervals(f"{name}: {signer}")
    team = case.chart.team
    owner = signer if team.has(signer, document.day) else None
    words = f"{name} lacks the signature of {_kind_in_words(signer)}"
    missing = Ruling(
        "violation",
        words,
        arithmetic,
        (document.version,),
        cause="signature_missing",
        owner=owner,
        anchor=document.day,
        signer=signer,
    )
    if rule.within is not None:
        _owe_by(intervals, rule, document, missing, ends_on(rule.within, _begin(rule, document), case.pack.closed_days))
    else:
        intervals.set(document.day, missing)
        put_off = [item for item in document.signings if item.state == "deferred" and item.signer == signer]
        for signing in sorted(put_off, key=lambda item: item.day):
            evidence = tuple(sorted({document.version, signing.brought_by}))
            intervals.set(signing.day, missing._replace(message=f"{words}: put off", evidence=evidence))
    if satisfied is not None:
        intervals.set(satisfied.day, None)


def _begin(rule: PlanSignatures, document: PlanVersion | Review) -> date:
    """The day from which the term of a signature runs."""
    if rule.trigger == "plan_effective" and isinstance(document, PlanVersion):
        return max(document.day, document.event.effective_on)
    return document.day


def _owe_by(
    intervals: Intervals, rule: PlanSignatures, document: PlanVersion | Review, missing: Ruling, due: date
) -> None:
    """Write when a signature that has a term is due: nothing is said before it is announced."""
    assert rule.within is not None  # noqa: S101  # only then is this called
    begin = _begin(rule, document)
    arithmetic = f"{iso(begin)} + {in_words(rule.within)} = {iso(due)}; {missing.arithmetic}"
    missing = missing._replace(arithmetic=arithmetic, due_on=due)
    words = f"{missing.message}, due {iso(due)}"
    soon = max(document.day, due - timedelta(days=rule.within.soon))
    if rule.within.soon and soon < due:
        intervals.set(soon, missing._replace(verdict="due_soon", message=words))
    intervals.set(max(due, document.day), missing._replace(verdict="due_today", message=words))
    intervals.set(later(max(due, document.day), 1), missing._replace(verdict="overdue", message=words))


def _kind_in_words(signer: str) -> str:
    """Whom a pack asks for: a person by their id, else anybody of a role or with a credential."""
    kind, _, wanted = signer.partition(":")
    return f"a {wanted}" if kind in ("role", "credential") else signer


def _name(document: PlanVersion | Review) -> str:
    if isinstance(document, PlanVersion):
        return f"plan {document.event.plan_version}"
    return f"review of {iso(document.day)}"


def _required(case: Case, rule: PlanSignatures, document: PlanVersion | Review, roster: Sequence[str]) -> list[str]:
    """Who must sign, in the order of the pack's list, then whom the sender adds; nobody twice."""
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
