"""Decoding, judging and making rows take no more instructions per event than is kept in `instructions.toml`.

Counted twice in one place, under one seed for hashes, they came out the same to the last instruction; in another
folder, or after other tests, within 1 %. So what rises by more than a tenth was made slower, and no neighbor did it.
"""

from __future__ import annotations

import pytest

from tests.bench.instructions import (
    COMPARE,
    DECODE,
    HISTORY,
    JUDGE,
    KEPT,
    PYTHON,
    ROWS,
    SIZES,
    SLOWER,
    can_count,
    counted,
    kept,
)

MOST = 1.10
"""How many times the kept figure a count may be."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_count(), reason="valgrind, by which instructions are counted, is not here"),
    pytest.mark.skipif(kept() is None, reason=f"{KEPT.name} has no figures for Python {PYTHON}"),
]


def risen(name: str, count: float) -> str:
    """In words, that a count rose too far over the figure kept for a kind of work; else empty."""
    figure = (kept() or {})[name]
    if count <= figure * MOST:
        return ""
    return (
        f"{name}: {count:,.0f} instructions per event, {count / figure - 1:.0%} over the {figure:,} that are kept. "
        f"If that is what the change is worth: python -m tests.bench.instructions --keep"
    )


def of_more_events(counts: dict[str, float], *names: str) -> tuple[float, float]:
    """The instructions for each further event of an episode: on the way to a longer one, and to the longest."""
    short, long, longest = (sum(counts[f"{name} {size}"] for name in names) * size for size in SIZES)
    return (long - short) / (SIZES[1] - SIZES[0]), (longest - long) / (SIZES[2] - SIZES[1])


def test_an_event_takes_no_more_instructions_than_are_kept_however_long_the_episode_is() -> None:
    """One test, because counting takes seconds. The controls: a slower judge is noticed, and one that also compares
    every event with every other.
    """
    counts = counted()
    assert not [words for name in (DECODE, HISTORY, JUDGE, ROWS) if (words := risen(name, counts[name]))]
    for name, figure in (kept() or {}).items():
        assert counts[name] > figure / 2, f"{name} takes far fewer: python -m tests.bench.instructions --keep"
    early, late = of_more_events(counts, JUDGE)
    assert late < early * 1.05
    assert "over the" in risen(JUDGE, counts[SLOWER])
    early, late = of_more_events(counts, JUDGE, COMPARE)
    assert late > early * 1.05
