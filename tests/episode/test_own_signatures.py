"""A client's number is corrected: the client's own signatures go with it, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from caretrail.episode.episode import Episode
from caretrail.errors import Impossible
from caretrail.events import Event, PlanReviewed, PlanSigned, Signed, SignedEvent
from tests.support.build import admitted, assessed, corrected, event, plan, reviewed, signature, voided

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
REVIEW = reviewed("2026-02-05", signatures=[signature("c-ortiz", "2026-02-05")])
OPEN = (assessed(), admitted(), plan("2026-01-07", required_signers=["cl-E-1", "c-ortiz"]), REVIEW)


def given(*events: Event) -> Episode:
    episode = Episode(UUID(int=1))
    for item in events:
        episode.record(item, now=NOW)
    return episode


def renumbered(episode: Episode, client: str) -> Episode:
    for version in (1, 2):
        episode.record(corrected("2026-03-01", version, client=client), now=NOW, together=True)
    episode.require_possible()
    return episode


def signers(episode: Episode, version: int) -> list[str]:
    [signed] = [item.event for item in episode.history if item.version == version]
    assert isinstance(signed, SignedEvent)
    return [one.signer for one in signed.signatures]


def test_the_clients_own_signatures_go_with_the_corrected_number() -> None:
    by_client = event("signed", "2026-02-09", target=4, signatures=[signature("cl-E-1", "2026-02-09")])
    episode = renumbered(given(*OPEN, by_client), "cl-9")
    assert (signers(episode, 3), signers(episode, 4), signers(episode, 5)) == (
        ["cl-9", "c-ortiz"], ["c-ortiz"], ["cl-9"],
    )  # fmt: skip
    [planned] = [item.event for item in episode.history if isinstance(item.event, PlanSigned)]
    assert planned.required_signers == ("cl-9", "c-ortiz")
    original = episode.entries[2].event
    assert isinstance(original, PlanSigned)
    assert original.signatures[0].signer == "cl-E-1", "what was recorded stays readable"


def test_a_number_corrected_twice_and_back_carries_the_signatures_each_time() -> None:
    episode = renumbered(renumbered(given(*OPEN), "cl-9"), "cl-10")
    assert signers(episode, 3) == ["cl-10", "c-ortiz"]
    late = event("signed", "2026-03-02", target=4, signatures=[signature("cl-10", "2026-03-02")])
    episode.record(late, now=NOW)
    assert signers(renumbered(episode, "cl-E-1"), 9) == ["cl-E-1"]
    assert signers(episode, 3) == ["cl-E-1", "c-ortiz"]


def test_a_signature_by_somebody_else_stays() -> None:
    """Given a guardian's signature under the client's id by a slip, then it is not the client's own."""
    odd = event("signed", "2026-02-09", target=4, signatures=[signature("cl-E-1", "2026-02-09", "guardian")])
    episode = renumbered(given(*OPEN, odd), "cl-9")
    assert signers(episode, 5) == ["cl-E-1"]


def test_voiding_the_corrections_brings_the_number_and_its_signatures_back() -> None:
    episode = renumbered(given(*OPEN), "cl-9")
    for version in (5, 6):
        episode.record(voided("2026-03-02", version), now=NOW, together=True)
    episode.require_possible()
    assert signers(episode, 3) == ["cl-E-1", "c-ortiz"]


def test_a_client_who_signed_again_under_the_new_number_blocks_nothing() -> None:
    """Given a review signed under both numbers, one before and one after the correction, then the episode goes on."""
    old = event("signed", "2026-02-09", target=4, signatures=[signature("cl-E-1", "2026-02-09")])
    new = event("signed", "2026-03-02", target=4, signatures=[signature("cl-9", "2026-03-02")])
    episode = renumbered(given(*OPEN, old), "cl-9")
    episode.record(new, now=NOW)
    episode.record(plan("2026-03-03", plan_version=2), now=NOW)
    twice = event("signed", "2026-03-04", target=4, signatures=[signature("cl-9", "2026-03-04")])
    with pytest.raises(Impossible, match="already signed event 4"):
        episode.record(twice, now=NOW)


def test_only_signed_kinds_are_touched() -> None:
    episode = renumbered(given(*OPEN), "cl-9")
    kinds = {type(item.event) for item in episode.history if item.event is not item.entry.event}
    assert PlanReviewed not in kinds
    assert Signed not in kinds
