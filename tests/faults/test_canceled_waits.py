"""Canceled waits for a standby: what was acknowledged is there after a failover."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.faults import canceled_waits
from tests.faults.calls import Kind
from tests.faults.killed_writers import KINDS, VIEWERS
from tests.support.stores import EXTERNAL

pytestmark = [
    pytest.mark.slow,
    pytest.mark.server,
    pytest.mark.usefixtures("postgres_server"),  # which makes the programs of the wheel runnable
    pytest.mark.skipif(f"os.environ.get('{EXTERNAL}')", reason="needs servers of its own, not one named by a url"),
]


@pytest.mark.parametrize("kinds", [KINDS, VIEWERS])
def test_a_canceled_wait_acknowledges_nothing_that_a_failover_loses(kinds: Sequence[Kind]) -> None:
    counts = canceled_waits.run(seed=1, cycles=2, kinds=kinds)
    assert counts.holds, counts
    assert counts.done["waits cut short: canceled"] + counts.done["waits cut short: session ended"] >= 10
    assert counts.done["failovers"] == 1


def test_a_writer_that_ignores_the_warning_would_be_found_out() -> None:
    """The control."""
    counts = canceled_waits.run(seed=1, cycles=1, kinds=canceled_waits.UNHEARD)
    assert counts.wrong["lost"] + counts.wrong["other receipts"] + counts.wrong["duplicates"], counts
