"""The two ways by which a receipt was lost with its primary, on a real pair of servers, each with its control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from caretrail.commands import rounds
from caretrail.commands.command import Command, Receipt, receipt_of
from caretrail.errors import NotReplicated, StoreUnreachable
from caretrail.log import open_recorder
from caretrail.service import Store, create_store, open_store
from tests.log.test_replication import taken_away
from tests.support.build import admitted
from tests.support.servers import Pair, Server, in_background, url_of, wait_until


@pytest.fixture
def pair(server_pair: tuple[Server, Server]) -> Pair:
    """A primary with one event after its pack, on its standby as well; from then on the standby gets nothing."""
    pair = Pair(*server_pair)
    create_store(pair.primary.url())
    pair.synchronize()
    with open_store(pair.primary.url()) as store:
        [first] = store.append(episode("kept"))
    assert first.durability == "replicated"
    pair.standby.set("primary_conninfo", "")
    wait_until(lambda: not pair.primary.ask("SELECT 1 FROM pg_stat_replication"), "it is cut off")
    return pair


def episode(number: str) -> dict[str, Any]:
    return admitted("01-05", number, command_id=f"intake/{number}").model_dump(mode="json", exclude_none=True)


def canceled(pair: Pair, work: Callable[[], list[Receipt]]) -> list[Receipt]:
    """Do something, and cancel its wait for the standby."""
    with in_background(work) as sent:
        pair.cancel()
        return sent.result(10)


def lost(pair: Pair, receipts: list[Receipt]) -> list[Receipt]:
    """Those of the receipts whose events the new primary does not have."""
    with open_recorder(pair.standby.url()) as recorder:
        kept = {row.position for row in recorder.read_log()}
    return [receipt for receipt in receipts if receipt.position not in kept]


def receipt_at_last(pair: Pair, store: Store, number: str) -> Receipt:
    """The receipt of an event that is sent again until the new primary has it."""
    while True:
        try:
            [receipt] = store.append(episode(number))
        except StoreUnreachable:
            continue
        assert lost(pair, [receipt]) == []
        return receipt


def test_a_canceled_wait_is_no_receipt_that_a_failover_loses(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an event stored while the standby gets nothing; when somebody cancels its wait, and the primary dies.

    Then nobody has a receipt of it, and sent again it is recorded by the new primary, once.
    """
    with open_store(url_of(pair.primary, pair.standby)) as store:
        with pytest.raises(NotReplicated):
            canceled(pair, lambda: store.append(episode("a")))
        with monkeypatch.context() as patch:
            taken_away(patch)
            receipts = canceled(pair, lambda: store.append(episode("b")))
        pair.fail_over()
        assert lost(pair, receipts) == receipts, "the control: without the guard this was a receipt"
        receipt = receipt_at_last(pair, store, "a")
    with open_recorder(pair.standby.url()) as recorder:
        assert [(row.position, row.command_id) for row in recorder.read_log(after=2)] == [(3, "intake/a")]
    assert (receipt.position, receipt.durability) == (3, "local"), "the new primary waits for nobody"


def test_a_resend_is_no_receipt_that_a_failover_loses(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an event on the primary alone; when it is sent again, its look-up reads it, and the primary dies.

    Then the resend has waited, and its receipt is that of the new primary.
    """
    with open_store(url_of(pair.primary, pair.standby)) as store:
        with pytest.raises(NotReplicated):
            canceled(pair, lambda: store.append(episode("a")))
        with monkeypatch.context() as patch:
            patch.setattr(rounds, "_confirm_recorded", receipts_by_reading)
            receipts = store.append(episode("a"))  # the control: it comes at once
        with in_background(lambda: receipt_at_last(pair, store, "a")) as again:
            wait_until(pair.waiting, "it waits for the standby")
            assert not again.done()
            pair.fail_over()
            receipt = again.result(30)
        assert receipt.leaf != receipts[0].leaf, "what the control acknowledged is lost"
    with open_recorder(pair.standby.url()) as recorder:
        assert [(row.position, row.command_id) for row in recorder.read_log(after=2)] == [(3, "intake/a")]


def receipts_by_reading(commands: list[Command], known: dict[Any, Any], _: object) -> None:
    """As it was: a row that is read is its receipt."""
    for command in commands:
        command.outcome = receipt_of(command.event, known[command.key], "replicated")
