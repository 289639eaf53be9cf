"""Verifying a log: as it was, beside those who write, and with more than one event altered."""

import threading
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import pytest

from caretrail.errors import StoreUnreachable
from caretrail.evidence.external import ExternalEvidence
from caretrail.evidence.log_rows import BATCH
from caretrail.evidence.result import Tampering, Verification
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import new_key
from caretrail.ledger.tiles import write_tiles
from caretrail.ledger.tree import root_of
from caretrail.log import leaf_hash, open_recorder
from tests.ledger.superuser import fitted, project, rewrite, rows_of
from tests.ledger.test_attacks import changed
from tests.ledger.verifying import STREAM, append, found, signed, verified
from tests.support.servers import Server, wait_until
from tests.support.stores import all_at_once, pending, run_sql

# --- a log that is as it was ----------------------------------------------------------------------------------------


def test_an_empty_log(store_url: str) -> None:
    verification = verified(store_url)
    assert (verification.ok, verification.size, verification.root) == (True, 0, root_of([]))


def test_what_it_cannot_know_without_checkpoints_it_says(store_url: str) -> None:
    append(store_url, 3)
    [note] = verified(store_url).notes
    assert "without checkpoints" in note
    assert "is not detected" in note


def test_it_tells_how_far_it_is(store_url: str) -> None:
    append(store_url, 10)
    told: list[tuple[int, int]] = []
    with open_recorder(store_url) as recorder:
        verify(recorder, progress=lambda done, all_: told.append((done, all_)))
    assert told[-1] == (10, 10)


@pytest.mark.slow
def test_it_verifies_up_to_where_the_log_ended_when_it_began(store_url: str) -> None:
    """Given writers that go on all the time, and a projector."""
    append(store_url, 600)
    enough = threading.Event()

    def write(number: int) -> None:
        stream = uuid4()
        with open_recorder(store_url) as recorder:
            version = 0
            while not enough.is_set() and version < 2000:
                with suppress(StoreUnreachable):  # its turn did not come in time, on a busy machine
                    recorder.append([pending(stream, version + 1)])
                    version += 1

    verifications: list[Verification] = []

    def check() -> None:
        try:
            while len(verifications) < 3 or verifications[-1].size == 600:  # until the writer had its turn
                with suppress(StoreUnreachable):
                    project(store_url)
                verifications.append(verified(store_url))
        finally:
            enough.set()

    def work(number: int) -> None:
        check() if number == 0 else write(number)

    all_at_once(work, workers=2)
    assert {verification.discrepancies for verification in verifications} == {()}
    assert verifications[-1].size > 600


def test_a_hot_standby_can_be_verified(server_pair: tuple[Server, Server]) -> None:
    primary, standby = server_pair
    append(primary.url(), 300)
    project(primary.url())
    wait_until(lambda: verified(standby.url()).tiles == 1, "the standby has followed")
    verification = verified(standby.url())
    assert (verification.ok, verification.size, verification.tiles) == (True, 300, 1)


def test_a_standby_is_waited_for_until_it_has_what_was_signed(
    server_pair: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a standby that lags: a checkpoint of its primary is not taken for a log that lost its end."""
    primary, standby = server_pair
    append(primary.url(), 20)
    url = standby.url()
    wait_until(lambda: len(rows_of(url)) == 20, "the standby has followed")
    run_sql(url, "SELECT pg_wal_replay_pause()")
    kept = signed(primary.url(), append(primary.url(), 5))
    later = threading.Timer(1.0, lambda: run_sql(url, "SELECT pg_wal_replay_resume()"))
    later.start()
    assert verified(url, kept).discrepancies == ()
    later.join()
    # the control: with no patience it would be
    run_sql(url, "SELECT pg_wal_replay_pause()")
    kept = signed(primary.url(), append(primary.url(), 5))
    monkeypatch.setattr("caretrail.evidence.verification.STANDBY_TRIES", 0)
    assert found(verified(url, kept)) == [(Tampering.RESTORED, 26)]


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_who_may_only_read_can_verify_and_sign(
    postgres_url: str, logins: dict[str, str], role: str, tmp_path: Path
) -> None:
    append(postgres_url, 300)
    project(postgres_url)
    with open_recorder(logins[role]) as recorder:
        origin = origin_of(recorder.namespace)
        assert (
            sign(recorder, [new_key(origin)], SignerState(tmp_path / "last", origin), first=True).checkpoint.size == 300
        )
        verification = verify(recorder)
    assert (verification.ok, verification.tiles) == (True, 1)


# --- more than one event ---------------------------------------------------------------------------------------------


def test_several_events_deleted_and_all_made_to_fit(store_url: str) -> None:
    """Given receipts: what was deleted shows, though every number fits again."""
    streams = [uuid5(UUID(int=3), str(number)) for number in range(40)]
    with open_recorder(store_url) as recorder:
        events = recorder.append([pending(stream) for stream in streams])
    receipts = ExternalEvidence(receipts={event.position: leaf_hash(event) for event in events})
    rewrite(store_url, fitted([row for row in rows_of(store_url) if not 11 <= row[0] <= 13]))
    assert found(verified(store_url, receipts))[0] == (Tampering.DELETED, 11)


def test_several_events_inserted_and_all_made_to_fit(store_url: str) -> None:
    streams = [uuid5(UUID(int=3), str(number)) for number in range(40)]
    with open_recorder(store_url) as recorder:
        events = recorder.append([pending(stream) for stream in streams])
    receipts = ExternalEvidence(receipts={event.position: leaf_hash(event) for event in events})
    rows = rows_of(store_url)
    more = [changed(rows[9], stream=uuid4().bytes, command_id=f"more-{n}") for n in range(3)]
    rewrite(store_url, fitted([*rows[:10], *more, *rows[10:]]))
    assert found(verified(store_url, receipts))[0] == (Tampering.INSERTED, 11)


def test_tiles_altered_while_the_rows_hold_are_not_an_edit(store_url: str) -> None:
    rows = append(store_url, 300)
    project(store_url)
    blank = "zeroblob(8192)" if store_url.startswith("sqlite") else "decode(repeat('00', 8192), 'hex')"
    run_sql(store_url, f"UPDATE caretrail.tile SET hashes = {blank}")
    assert found(verified(store_url, signed(store_url, rows))) == [(Tampering.TILES, None)]
    # without a checkpoint nobody can say which of the two was altered
    assert verified(store_url).discrepancies[0].first == 1


def test_tiles_that_are_gone_are_no_tampering(store_url: str) -> None:
    append(store_url, 300)
    project(store_url)
    run_sql(store_url, "DELETE FROM caretrail.tile")
    verification = verified(store_url)
    assert verification.ok
    assert any("1 tiles are missing" in note for note in verification.notes)


@pytest.mark.slow
def test_tiles_of_every_level_are_compared(sqlite_url: str) -> None:
    """Given more than 65,536 events, so that a tile of tiles stands, when its hash is another."""
    with open_recorder(sqlite_url) as recorder:
        for start in range(0, 66_000, 2000):
            recorder.append([pending(uuid5(STREAM, str(n))) for n in range(start, start + 2000)])
        write_tiles(recorder)
        verification = verify(recorder)
        assert (verification.ok, verification.tiles, verification.notes[1:]) == (True, 66_000 // 256 + 1, ())
        run_sql(sqlite_url, "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 1")
        assert [found.evidence for found in verify(recorder).discrepancies] == [
            "tile 0 of level 1 is not what the log gives"
        ]
        assert BATCH % 256 == 0
