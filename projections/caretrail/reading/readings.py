"""How the open questions of a rule's text are read, and what the rule would say of an episode if read otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from caretrail.errors import PackInvalid
from caretrail.findings import QUIET_VERDICTS, Finding
from caretrail.findings.judge import judge
from caretrail.policy import Pack, Policy, Reading
from caretrail.reading.episode_view import EpisodeView


@dataclass(frozen=True, slots=True)
class OtherFinding:
    """What a rule would say of a subject."""

    verdict: str
    subject: str
    due_on: date | None
    message: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another answer to a question: whether verdict and due day would be the same on the day asked for, and what else.

    `refused` says why the answer cannot be given alone; then nothing was judged, and `same` is None.
    """

    value: str
    same: bool | None
    findings: tuple[OtherFinding, ...]
    refused: str | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """An open question that bears on a rule: how it is read, where that is written, and what else it may mean."""

    name: str
    question: str
    value: str
    decides: tuple[str, ...]
    alternatives: tuple[Alternative, ...]


def telling(up: Sequence[Finding]) -> list[Finding]:
    """What asks for something, if anything does; else what says that nothing is asked."""
    return [item for item in up if item.verdict not in QUIET_VERDICTS] or list(up)


def readings_of(view: EpisodeView, pack: Pack, rule: str, up: Iterable[Finding], day: date) -> tuple[ReadingRow, ...]:
    """Every reading that bears on a rule, each alternative judged; `up` is what the rule says on the day as it is."""
    said = {_gist(finding) for finding in up}
    return tuple(
        ReadingRow(
            name,
            reading.question,
            reading.value,
            reading.decides,
            tuple(_otherwise(view, pack, rule, reading, value, said, day) for value in reading.alternatives),
        )
        for name, reading in pack.readings_of(rule).items()
    )


def read_otherwise(pack: Pack, reading: Reading, value: str) -> Pack:
    """The pack with another answer to one of its questions; raises PackInvalid if it cannot be given alone."""
    for place in reading.decides:
        rule, _, field = place.rpartition(".")
        pack = pack.changed(rule, **{field: value}) if rule else pack.model_copy(update={field: value})
    return pack


def _otherwise(
    view: EpisodeView, pack: Pack, rule: str, reading: Reading, value: str, said: set[_Gist], day: date
) -> Alternative:
    try:
        other = read_otherwise(pack, reading, value)
    except PackInvalid as problem:
        return Alternative(value, None, (), problem.problem)
    versions = view.policy.versions if view.policy else (pack,)
    policy = Policy(tuple(other if version is pack else version for version in versions))
    up = telling([item for item in judge(view.history, policy).findings if item.rule == rule and item.holds(day)])
    findings = tuple(OtherFinding(item.verdict, item.subject, item.due_on, item.message) for item in up)
    return Alternative(value, {_gist(item) for item in up} == said, findings, None)


_Gist = tuple[str, str, date | None]


def _gist(item: Finding) -> _Gist:
    return item.subject, item.verdict, item.due_on


def as_if_in_force(pack: Pack) -> Policy:
    """The policy of a pack alone, in force on every day: what it would say of everybody it is for.

    Whom it is not for (another population) it does not judge, and says so of each.
    """
    always = pack.model_copy(update={"effective_from": None, "effective_to": None, "supersedes": None})
    return Policy((always,))
