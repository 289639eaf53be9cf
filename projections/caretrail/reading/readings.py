"""Readings: how we read the open questions of a rule's text, and what other readings would change."""

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
    """A finding under another reading."""

    verdict: str
    subject: str
    due_on: date | None
    message: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another answer to an open question, with its findings; `same`: verdict and due day would not change on the day.

    `refused` says why the answer cannot be given alone; then nothing was judged, and `same` is None.
    """

    value: str
    same: bool | None
    findings: tuple[OtherFinding, ...]
    refused: str | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """An open question of a rule: our answer, the fields of the pack that hold it, and the alternatives."""

    name: str
    question: str
    value: str
    decides: tuple[str, ...]
    alternatives: tuple[Alternative, ...]


def telling(up: Sequence[Finding]) -> list[Finding]:
    """The findings that are not met or not_applicable; if there are none, all."""
    return [item for item in up if item.verdict not in QUIET_VERDICTS] or list(up)


def readings_of(view: EpisodeView, pack: Pack, rule: str, up: Iterable[Finding], day: date) -> tuple[ReadingRow, ...]:
    """Every reading of a rule with each alternative judged; `up` are the findings of the day as we read it."""
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
    """The policy of one pack, in force on every day, for all episodes of its population.

    Episodes of another population get a finding that they are not judged.
    """
    always = pack.model_copy(update={"effective_from": None, "effective_to": None, "supersedes": None})
    return Policy((always,))
