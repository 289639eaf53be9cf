"""What the program says of plans and reviews, in the words of the second reading, and where the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from types import SimpleNamespace

from caretrail.episode.history import Effective
from caretrail.findings import Finding
from caretrail.policy import Pack
from tests.findings.second_reading.plans_and_reviews import QUIET, VERDICTS, Outcome, Said
from tests.findings.second_reading.record import Known
from tests.findings.text_history import CLIENT, PACK
from tests.support.judged import findings

RULES = tuple(VERDICTS)
AFTER = timedelta(days=38)
"""How long after the last event the readings are compared: until the next review is overdue."""


def read(history: Sequence[Effective]) -> Known:
    """The plain reading of a whole history."""
    fields = [
        SimpleNamespace(day=item.day, version=item.version, known_at=item.known_at, **dict(item.event))
        for item in history
    ]
    return Known(fields)


def judged(history: Sequence[Effective], pack: Pack = PACK) -> list[tuple[str, Finding]]:
    """What the program finds by these rules, each under its short name; nothing where nothing applies."""
    found = [(item.rule.removeprefix("NE21-"), item) for item in findings(history, pack)]
    return [(rule, item) for rule, item in found if rule in RULES and item.verdict != "not_applicable"]


Answers = dict[str, set[tuple[str, Said]]]
"""What each rule says of which subjects; two reviews of one day have the same one."""


def said_on(found: list[tuple[str, Finding]]) -> Answers:
    """What some findings say, in the words of the plain reading."""
    said: Answers = {rule: set() for rule in RULES}
    for rule, item in found:
        if item.subject or rule in ("P1", "R1"):
            said[rule].add((item.subject.replace(CLIENT, "client"), words(rule, item)))
    return said


def words(rule: str, item: Finding) -> Said:
    verdict, ruling = str(item.verdict), item.ruling
    due = item.due_on if rule in ("P1", "R1") and (rule, verdict) != ("P1", "met") else None
    doubt = None
    if ruling.doubt:
        doubt = outcome(rule, *ruling.doubt.if_counts), outcome(rule, *ruling.doubt.if_not)
    return Said(verdict, due, item.cause or "" if rule == "R2" and not doubt else "", doubt)


def outcome(rule: str, verdict: str, due_on: date | None) -> Outcome:
    """An outcome of a doubt; what is met, and what does not apply, are one: nothing is owed."""
    nothing_owed = verdict in ("met", "not_applicable")
    return ("met", due_on if rule == "R1" else None) if nothing_owed else (str(verdict), due_on)


def plainly(known: Known, day: date, rules: Sequence[str] = RULES) -> Answers:
    """What the plain reading says on a day; what does not apply is not said."""
    then, said = known.on(day), Answers()
    for rule in rules:
        answers = VERDICTS[rule](then, day).items()
        said[rule] = {(subject, alike(rule, one)) for (subject, _, _), one in answers if one.verdict != QUIET.verdict}
    return said


def alike(rule: str, said: Said) -> Said:
    """The same with its outcomes told as `outcome` tells them."""
    if said.doubt is None:
        return said
    return said._replace(doubt=(outcome(rule, *said.doubt[0]), outcome(rule, *said.doubt[1])), cause="")


def current(known: Known, day: date, said: Answers) -> Answers:
    """The same without gaps of a stay that is over: those that become known later are on notice, see test_notice."""
    stays = [known.stay_on(date.fromisoformat(gap[-10:])) for gap, _ in said["R3"]]
    open_gaps = {gap for gap, stay in zip(said["R3"], stays, strict=True) if stay and day <= stay.last}
    return said | {"R3": open_gaps}


def readings(history: Sequence[Effective], day: date) -> tuple[Answers, Answers]:
    """What the program and the plain reading say on one day."""
    known, found = read(history), [(rule, item) for rule, item in judged(history) if item.holds(day)]
    return current(known.on(day), day, said_on(found)), plainly(known, day)


def disagreements(
    history: Sequence[Effective], rules: Sequence[str] = RULES, pack: Pack = PACK
) -> Iterator[tuple[date, str, set[tuple[str, Said]], set[tuple[str, Said]]]]:
    """Each day and rule on which the two readings differ: what the program says, and what the plain reading says."""
    found, known = judged(history, pack), read(history)
    changes = {day for _, item in found for day in (item.start, item.until)}
    said: Answers | None = None
    first = next((item.day for item in history if item.event.type == "admitted"), None)
    if first is None:
        return
    for number in range((history[-1].day + AFTER - first).days):
        day = first + timedelta(days=number)
        if said is None or day in changes:
            said = said_on([(rule, item) for rule, item in found if item.holds(day)])
        program, plain = current(known.on(day), day, said), plainly(known, day, rules)
        for rule in rules:
            one, other = _owed(rule, _or_louder(rule, program[rule], plain[rule])), _owed(rule, plain[rule])
            if one != other:
                yield day, rule, one, other


def _owed(rule: str, said: set[tuple[str, Said]]) -> set[tuple[str, Said]]:
    """The same without signatures that were missing for a time, or not, which is quiet: the readings part in corners.

    One in some thousand charts: a superseded plan with a signature given early by somebody, and another given late.
    """
    return {(subject, one) for subject, one in said if rule != "P3" or one.doubt is None or not _is_quiet(one)}


def _or_louder(rule: str, program: set[tuple[str, Said]], plain: set[tuple[str, Said]]) -> set[tuple[str, Said]]:
    """What the program says, without what the plain reading calls quiet where two doubts meet.

    With a signature given early on a paper that is history if another document does not count, the plain reading knows
    two charts: all of it counts, or none. The program also tells the louder third: the signature alone does not count.
    On a paper that is history only if that other document does not count, the plain reading says nothing at all.
    """
    if rule == "P3":
        named = {subject for subject, _ in plain}
        program = {said for said in program if said[0] in named or said[1].doubt != ONLY_IF_IT_COUNTS}
    quiet = {subject for subject, one in plain if rule == "P3" and one.doubt is not None and _is_quiet(one)}
    # several reviews of one day share a subject: what the plain reading says aloud of another stays
    return {said for said in program if said in plain or said[0] not in quiet or said[1].doubt is None}


ONLY_IF_IT_COUNTS: tuple[Outcome, Outcome] = (("violation", None), ("met", None))


def _is_quiet(said: Said) -> bool:
    return {verdict for verdict, _ in said.doubt or ()} <= {"met", "breached"}
