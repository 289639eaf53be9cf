"""Doubt: a rule judged twice, with all doubtful documents and without, and both readings told as one.

Where both give the same verdict it is said, with the later due day and both named. Where they differ it is unknown, and
says both. A doubt between "kept" and "not kept in time" asks for nothing: it is quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

from caretrail.days import iso
from caretrail.findings.chart.documents import Document
from caretrail.findings.finding import QUIET_VERDICTS, RANK, Doubt, Outcome, Ruling
from caretrail.findings.intervals import Intervals, RuleFindings

Documents = Callable[[date], Sequence[Document]]
"""The documents in doubt, of those dated up to a day."""


def told_as_one(
    counting: RuleFindings, not_counting: RuleFindings, documents: Documents, days: Collection[date]
) -> RuleFindings:
    """Merge the findings with the doubtful documents and those without them, day by day.

    `days` are those on which documents come into doubt, or another reason for it becomes known.
    """
    found = RuleFindings()
    _merge(found.main, _with_missed(counting), _with_missed(not_counting), documents, days)
    grouped = [_by_matter(each.subs) for each in (counting, not_counting)]
    for matter in dict.fromkeys([*grouped[0], *grouped[1]]):
        one, other = (_joined(matter[0], each.get(matter, ())) for each in grouped)
        _merge(found.subject_intervals(matter[0]), one, other, documents, days)
    return found


def _with_missed(findings: RuleFindings) -> Intervals:
    """The main intervals, with what was not met on the last day of a stay in the silence of that day."""
    missed = [part for one in findings.subs for part in one.intervals() if part[3].verdict == "not_met"]
    if not missed:
        return findings.main
    joined = Intervals()
    for day in sorted({*findings.main.starts(), *(start for _, start, _, _ in missed)}):
        main = findings.main.on(day)
        joined.set(day, main or next((ruling for _, start, _, ruling in missed if start == day), None))
    return joined


def _by_matter(several: Iterable[Intervals]) -> dict[tuple[str, str, int], list[Intervals]]:
    """Intervals by subject, first cause and document: one subject may have several problems at a time."""
    found: dict[tuple[str, str, int], list[Intervals]] = {}
    for one in several:
        written = one.intervals()
        if written:
            found.setdefault((one.subject, written[0][3].cause, one.document), []).append(one)
    return found


def _joined(subject: str, several: Sequence[Intervals]) -> Intervals:
    """Intervals of one subject written apart, as one; where several hold, the one that began last is told."""
    joined = Intervals(subject)
    parts = sorted((part for one in several for part in one.intervals()), key=_start)
    for day in sorted({day for _, start, until, _ in parts for day in (start, until) if day is not None}):
        holding = [part[3] for part in parts if part[1] <= day and (part[2] is None or day < part[2])]
        joined.set(day, holding[-1] if holding else None)
    return joined


def _start(interval: tuple[str, date, date | None, Ruling]) -> date:
    return interval[1]


def _merge(
    found: Intervals, counting: Intervals, not_counting: Intervals, documents: Documents, days: Collection[date]
) -> None:
    for day in sorted({*counting.starts(), *not_counting.starts(), *days}):
        ruling = merged(counting.on(day), not_counting.on(day), documents(day), day)
        if not found.subject and ruling is not None and ruling.verdict == "not_met":
            ruling = None  # told of its own subject
        found.set(day, ruling)


def merged(counts: Ruling | None, not_counts: Ruling | None, documents: Sequence[Document], day: date) -> Ruling | None:
    """The ruling of a day from both readings; None where both are silent."""
    if counts == not_counts or not documents:
        return counts  # what comes into doubt later says nothing of the day
    if counts is None or not_counts is None:
        return _one_sided(counts or not_counts, documents, day, counts=counts is not None)
    if {counts.verdict, not_counts.verdict} == {"not_met", "not_applicable"}:
        return counts if counts.verdict == "not_applicable" else not_counts
    evidence = tuple(sorted({*counts.evidence, *not_counts.evidence}))
    if counts.verdict == not_counts.verdict:
        return _same_verdict(counts, not_counts, documents)._replace(evidence=evidence)
    words = f"{if_they(documents)}: {counts.message}; if not: {not_counts.message}"
    if counts.message == not_counts.message:
        verdicts = [one.verdict.replace("_", " ") for one in (counts, not_counts)]
        words = f"{counts.message}; {verdicts[0]} {if_they(documents)}, {verdicts[1]} if not"
    both = [words for words in (counts.arithmetic, not_counts.arithmetic) if words]
    worse = max(counts, not_counts, key=lambda one: RANK[one.verdict])
    doubtful = _doubtful(worse, words, documents, day, _outcome(counts), _outcome(not_counts))
    return doubtful._replace(arithmetic="; or ".join(dict.fromkeys(both)), evidence=evidence)


def _same_verdict(counts: Ruling, not_counts: Ruling, documents: Sequence[Document]) -> Ruling:
    """One verdict either way: the later due day, with the other named beside it."""
    if counts.doubt is not None or not_counts.doubt is not None:
        return _both_unknown(counts, not_counts)
    latest = max(counts, not_counts, key=lambda one: one.due_on or date.min)
    other = not_counts if latest is counts else counts
    if latest.due_on == other.due_on or other.due_on is None:
        return latest
    words = f"{latest.message}; {iso(other.due_on)} {if_they(documents, count=other is counts)}"
    return latest._replace(message=words)


def _both_unknown(counts: Ruling, not_counts: Ruling) -> Ruling:
    """Unknown either way, in doubt already: with both doubts, the outcomes are the best and the worst of all."""
    if counts.doubt is None or not_counts.doubt is None:
        return counts if counts.doubt is None else not_counts
    outcomes = [counts.doubt.if_counts, counts.doubt.if_not, not_counts.doubt.if_counts, not_counts.doubt.if_not]
    outcomes.sort(key=lambda one: RANK[one.verdict])
    versions = tuple(sorted({*counts.doubt.documents, *not_counts.doubt.documents}))
    return counts._replace(doubt=Doubt(versions, outcomes[0], outcomes[-1]))


def _one_sided(ruling: Ruling | None, documents: Sequence[Document], day: date, *, counts: bool) -> Ruling | None:
    """A ruling that only one reading gives; the other is silent."""
    if ruling is None or ruling.verdict == "not_met":
        # missed for good or not, with only the doubt between: the main intervals say that the rule no longer applies
        return None
    if ruling.verdict in ("met", "not_applicable"):
        return ruling
    words = f"{if_they(documents, count=counts)}: {ruling.message}"
    outcomes = (_outcome(ruling), NOTHING) if counts else (NOTHING, _outcome(ruling))
    return _doubtful(ruling, words, documents, day, *outcomes)


NOTHING = Outcome("met", None)


def _outcome(ruling: Ruling) -> Outcome:
    """The verdict and due day of a ruling; of one in doubt itself, those of its worse outcome."""
    if ruling.doubt is not None:
        return max(ruling.doubt.if_counts, ruling.doubt.if_not, key=lambda one: RANK[one.verdict])
    return Outcome(ruling.verdict, ruling.due_on)


def _doubtful(
    worse: Ruling, words: str, documents: Sequence[Document], day: date, counts: Outcome, not_counts: Outcome
) -> Ruling:
    """The worse of two rulings as one that cannot be told, with both outcomes."""
    doubt = Doubt(tuple(document.version for document in documents), counts, not_counts)
    words = f"{words} ({reasons_for(documents, day)})"
    return worse._replace(verdict="unknown", message=words, cause="document_in_doubt", doubt=doubt)


def reasons_for(documents: Sequence[Document], day: date) -> str:
    """Why the documents are in doubt, as known on a day."""
    return "; ".join(f"event {document.version}: {document.objected(day, doubtful=True)}" for document in documents)


def if_they(documents: Sequence[Document], *, count: bool = True) -> str:
    """`if event 7 counts`, `if events 7 and 9 do not count`; without any, of whatever is in doubt."""
    if not documents:
        return f"if what is in doubt {'counts' if count else 'does not count'}"
    versions = [str(document.version) for document in documents]
    if len(versions) == 1:
        return f"if event {versions[0]} {'counts' if count else 'does not count'}"
    named = f"{', '.join(versions[:-1])} and {versions[-1]}"
    return f"if events {named} {'count' if count else 'do not count'}"


def asks_nothing(doubt: Doubt | None) -> bool:
    """Whether a doubt asks for nothing: the duty was kept, in time or not, or no longer applies."""
    return doubt is not None and {doubt.if_counts.verdict, doubt.if_not.verdict} <= QUIET_VERDICTS
