"""Reviews for tests of what became of them: one that counts, and the rows of a history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from caretrail.episode.history import Effective
from caretrail.events import Event
from caretrail.findings.judge import judge
from caretrail.policy import Policy
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.spans import episode_spans
from tests.support.build import EPISODE, reviewed, signature


def counting_review(on: str, episode: str = EPISODE, who: str = "c-ortiz") -> Event:
    """A review that counts from its own day: signed by a clinician and the client, who took part."""
    return reviewed(on, episode, signatures=[signature(who, on), signature(f"cl-{episode}", on)])


def rows_of(history: Sequence[Effective], policy: Policy) -> EpisodeRows:
    """The rows of a history, as the projection makes them."""
    return EpisodeRows(
        UUID(int=1), "E-1", "cl-1", "America/Chicago", history[0].day, 1, 1, policy.versions[0].name, history[0].day,
        findings=tuple(judge(history, policy).findings), spans=episode_spans(history),
    )  # fmt: skip  # in the order of the fields
