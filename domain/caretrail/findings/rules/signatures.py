"""Signatures on plans and on reviews that update them (P3)."""

from __future__ import annotations

from datetime import date

from caretrail.findings.case import Case
from caretrail.findings.chart import Document, Plan, Review, Signing
from caretrail.findings.days import iso
from caretrail.findings.track import Change, Say, Sheet


def plan_signatures(case: Case) -> Sheet:
    """P3: the client (or a guardian), the team of the day, and whom the sender adds sign each plan and each update.

    A missing signer has a finding of their own from the day of the document until their signature acts, also after
    the stay: it can still be given. A refusal before a witness stands in lieu; a signature put off is missing. The
    roster is that of the end of the document's day, so who joins later signs the next one.
    """
    sheet, chart = Sheet(), case.chart
    documents: list[Plan | Review] = [*chart.plans, *(review for review in chart.reviews if review.fact.updated)]
    documents = sorted((item for item in documents if chart.stay_on(item.day)), key=lambda item: item.day)
    changes: list[Change] = [(date.min, Say("not_applicable", "no plan and no update of one yet"))]
    for document in documents:
        # silent while a signer is missing: then the signer's own finding speaks
        changes.append((document.day, Say("met", f"{_name(document)} is signed", "", (document.version,))))
        changes += _judge(case, sheet, document)
    changes.sort(key=lambda change: change[0])
    for stay in chart.stays:
        sheet.main.lay(changes, stay.first, stay.last)
        sheet.leave(stay)
    return sheet


def _judge(case: Case, sheet: Sheet, document: Plan | Review) -> list[Change]:
    """Open a finding for each signer who is missing; give back from which day all have signed, if they have."""
    name = _name(document)
    required = _required(case, document)
    arithmetic = f"{name} needs {len(required)} on {iso(document.day)}: {', '.join(required)}"
    client = required[0]
    owed_until: date | None = document.day
    evidence = {document.version}
    in_lieu: list[str] = []
    if not case.chart.team.roster(document.day):
        say = Say("unknown", f"{name}: no team recorded", arithmetic, (document.version,), None, "team_missing")
        sheet.note(f"{name}: team", document.day, None, say)
        owed_until = None
    settlings = _settlings(document, client)
    for signer in required:
        settled = settlings.get(signer)
        if settled is None or settled.day > document.day:
            _owe(case, sheet, document, signer, settled, arithmetic)
        if settled is None:
            owed_until = None
            continue
        owed_until = None if owed_until is None else max(owed_until, settled.day)
        evidence.add(settled.brought_by)
        if settled.state == "declined":
            in_lieu.append(signer)
    if owed_until is None:
        return []
    words = f"{name} has all {len(required)} signatures"
    if in_lieu:
        words += f", in lieu for {', '.join(in_lieu)}: declined before a witness"
    return [(owed_until, Say("met", words, "", tuple(sorted(evidence))))]


def _owe(
    case: Case, sheet: Sheet, document: Plan | Review, signer: str, settled: Signing | None, arithmetic: str
) -> None:
    name = _name(document)
    track = sheet.sub(f"{name}: {signer}")
    team = case.chart.team
    owner = signer if team.has(signer, document.day) else None
    words = f"{name} lacks the signature of {signer}"
    missing = Say("violation", words, arithmetic, (document.version,), None, "signature_missing", owner)
    track.set(document.day, missing)
    for signing in sorted(document.signings, key=lambda item: item.day):
        if signing.state == "deferred" and signing.signer == signer:
            evidence = tuple(sorted({document.version, signing.brought_by}))
            track.set(signing.day, missing._replace(message=f"{words}: put off", evidence=evidence))
    if settled is not None:
        track.set(settled.day, None)


def _name(document: Plan | Review) -> str:
    if isinstance(document, Plan):
        return f"plan {document.fact.plan_version}"
    return f"review of {iso(document.day)}"


def _required(case: Case, document: Plan | Review) -> list[str]:
    """Who must sign: the client first, then the team of the day, then whom the sender adds; nobody twice."""
    admitted = case.chart.admitted
    signers = [admitted.client if admitted else "client", *case.chart.team.roster(document.day)]
    if isinstance(document, Plan):
        signers += document.fact.required_signers or ()
    return list(dict.fromkeys(signers))


def _settlings(document: Document, client: str) -> dict[str, Signing]:
    """For each signer the first signature, or refusal before a witness; a guardian's settles what the client owes."""
    found: dict[str, Signing] = {}
    for signing in document.signings:
        if signing.state == "deferred":
            continue
        for signer in (signing.signer, client) if signing.role == "guardian" else (signing.signer,):
            if signer not in found or signing.day < found[signer].day:
                found[signer] = signing
    return found
