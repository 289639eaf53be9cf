"""Rules of groups: clients in a group (I3), one to one (I4), based on groups (I6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import iso
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.sessions import Session, same_session
from caretrail.findings.chart.terms import months_after
from caretrail.findings.finding import Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.named import maker
from caretrail.policy.rules.treatment import GroupBased, GroupSize, OneToOne
from caretrail.text import plural


class Held(NamedTuple):
    """A session with all records of it: the sizes they state, least first, and their versions."""

    session: Session
    sizes: tuple[int, ...]
    versions: tuple[int, ...]

    @property
    def name(self) -> str:
        """The session in words, as the subject of what is found on it."""
        session = self.session
        kind = "group" if session.service == "group" else f"{session.service} session"
        return f"{kind} of {iso(session.day)}" + (f" {session.start}" if session.start else "")


@judges_each_stay(GroupSize)
def group_size(case: Case, rule: GroupSize, findings: RuleFindings, stay: PolicyStay) -> None:
    """I3: each group the client attended had 3 to 12 clients, whatever the treatment in it.

    A size that is not stated, or stated in two ways, can be corrected: it is unknown until the stay ends. A group that
    was too small or too large cannot be cured: it is told for a time, then breached.
    """
    if rule.aggregation == "monthly_average":
        _average_size(case, rule, findings, stay)
        return
    least, most, allowed = rule.low, rule.high, rule.allowed
    groups = _groups(case, rule.services, stay, others=rule.other_groups == "count")
    findings.main.set(stay.first, Ruling("not_applicable", "no group yet"))
    if groups:
        day = groups[0].session.day
        words = f"groups since {iso(day)}: sizes in order"
        findings.main.set(day, Ruling("met", words, f"{allowed} clients a group"))
    not_stated = False
    for group in groups:
        sizes, versions, day = group.sizes, group.versions, group.session.day
        if not sizes:
            if not not_stated:
                not_stated = True
                words = f"group_size not stated, first for the group of {iso(day)}"
                findings.note("group_size", day, stay.until, unknown(words, "group_size_missing", versions))
            continue
        if least <= sizes[0] and sizes[-1] <= most:
            continue
        name = group.name
        outside = [size for size in sizes if not least <= size <= most]
        if len(outside) < len(sizes):
            words = f"{name}: recorded more than once, with {_listed(sizes)} clients, {allowed} allowed"
            findings.note(name, day, stay.until, unknown(words, "group_sizes_differ", versions))
            continue
        size = outside[0]
        cause = "group_too_small" if size < least else "group_too_large"
        words = f"{name}: {size} clients, {allowed} allowed"
        ruling = violation(words, cause, versions, _fails(rule, size))
        findings.note_breach(name, day, case.notice_until(day, *versions), stay.until, ruling)


def _fails(rule: GroupSize, size: int) -> str:
    """The comparison of a size outside the range, with the sides that the range has."""
    low = "" if rule.least is None else f"{rule.least} <= "
    high = "" if rule.most is None else f" <= {rule.most}"
    return f"{low}{size}{high} fails"


def _average_size(case: Case, rule: GroupSize, findings: RuleFindings, stay: PolicyStay) -> None:
    """Judge the average size of the groups of each calendar month, from the day after it, without sizes not stated."""
    findings.main.set(stay.first, Ruling("not_applicable", "no month of groups yet"))
    months: dict[date, list[Held]] = {}
    for group in _groups(case, rule.services, stay, others=rule.other_groups == "count"):
        if group.sizes:
            months.setdefault(group.session.day.replace(day=1), []).append(group)
    for first, groups in months.items():
        judged = months_after(first, 1)
        total = sum(group.sizes[0] for group in groups)
        arithmetic = f"{total} clients in {len(groups)} groups"
        name = f"groups of {iso(first)[:7]}"
        evidence = tuple([version for group in groups for version in group.versions])
        if stay.last is None or judged <= stay.last:
            findings.main.set(judged, Ruling("met", f"{name} judged", arithmetic, evidence, anchor=first))
        if total < rule.low * len(groups) or total > rule.high * len(groups):
            cause = "group_too_small" if total < rule.low * len(groups) else "group_too_large"
            words = f"{name}: {total / len(groups):.1f} clients on average, {rule.allowed} allowed"
            told_until = case.notice_until(judged, *evidence, since=first)
            ruling = violation(words, cause, evidence, arithmetic, first)
            findings.note_breach(name, judged, told_until, stay.until, ruling)


@judges_each_stay(OneToOne)
def one_to_one(case: Case, rule: OneToOne, findings: RuleFindings, stay: PolicyStay) -> None:
    """I4: an individual or family session has one client, unless its count says more.

    It cannot be cured: it is told for a time, then breached; counts that differ are unknown until the stay ends.
    """
    names = " or ".join(rule.services)
    findings.main.set(stay.first, Ruling("not_applicable", f"no {names} session yet"))
    held = _held(case, [one for one in case.chart.own(case.chart.held, stay) if one.service in rule.services])
    for one in held[:1]:
        words = f"{names} sessions since {iso(one.session.day)}: sizes in order"
        findings.main.set(one.session.day, Ruling("met", words, "", one.versions))
    for one in held:
        day, sizes = one.session.day, one.sizes
        if sizes and sizes[-1] > 1:
            words = f"{one.name}: {_listed(sizes)} clients, one to one"
            if sizes[0] > 1:
                ruling = violation(words, "ratio", one.versions, f"{sizes[-1]} <= 1 fails")
                findings.note_breach(one.name, day, case.notice_until(day, *one.versions), stay.until, ruling)
            else:
                findings.note(one.name, day, stay.until, unknown(words, "counts_differ", one.versions))


@judges_each_stay(GroupBased)
def group_based(case: Case, rule: GroupBased, findings: RuleFindings, stay: PolicyStay) -> None:
    """I6: treatment is group based: full weeks of treatment without any group are information."""
    changes: list[Change] = [(stay.first, Ruling("not_applicable", "no group, and no full week of treatment yet"))]
    groups = _groups(case, rule.services, stay, others=True)
    first = groups[0].session.day if groups else None
    treated = [judged for judged in case.weeks.judged_in(stay) if judged.week and judged.week.every.attended]
    for judged in treated[rule.after_weeks - 1 : rule.after_weeks]:
        if first is None or judged.judged <= first:
            words = f"no group since {iso(stay.first)}, in {plural(rule.after_weeks, 'full week')} of treatment"
            evidence = judged.week.evidence if judged.week else ()
            changes.append((judged.judged, Ruling("info", words, "", evidence, cause="no_group")))
    if groups:
        words = f"in groups since {iso(groups[0].session.day)}"
        changes.append((groups[0].session.day, Ruling("met", words, "", groups[0].versions)))
    findings.main.write_between(changes, stay.first, stay.last)


def _groups(case: Case, services: tuple[str, ...], stay: PolicyStay, *, others: bool) -> Sequence[Held]:
    """The groups of a stay: sessions of these services; with `others` any other treatment that states a group, too."""
    apart = case.pack.rule(OneToOne)
    alone = apart.services if apart is not None else ()

    def is_group(session: Session) -> bool:
        if session.service in services:
            return True
        several = session.group_session is not None or (session.size is not None and session.size > 1)
        return others and several and session.service not in alone

    name = "groups", services, others, stay.opened_by
    return case.kept(name, lambda: _held(case, filter(is_group, case.chart.own(case.chart.held, stay))))


_record = maker(Held)  # of each session that was attended


def _held(case: Case, sessions: Iterable[Session]) -> list[Held]:
    """Sessions in clinical order, with the records of one session together."""
    each = [_record((one, () if one.size is None else (one.size,), (one.version,))) for one in sessions]
    return each if case.chart.orderly else _joined(each)


def _joined(each: Iterable[Held]) -> list[Held]:
    """The records of one session together: the first, with the sizes and versions of all."""
    found: list[Held] = []
    of_day = 0
    for held in each:
        if found and found[-1].session.day != held.session.day:
            of_day = len(found)
        for place in range(of_day, len(found)):
            known = found[place]
            if same_session(known.session, held.session):
                sizes = tuple(sorted({*known.sizes, *held.sizes}))
                found[place] = Held(known.session, sizes, (*known.versions, *held.versions))
                break
        else:
            found.append(held)
    return found


def _listed(sizes: Sequence[int]) -> str:
    return " and ".join(map(str, sizes))
