"""A checkpoint is signed only once a commit has waited for the standby: a failover loses nothing that is signed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from caretrail.errors import NotReplicated, StoreReadOnly
from caretrail.evidence.signer_state import SigningRefused
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import new_key
from caretrail.log import EventRecorder, open_recorder
from caretrail.log.postgresql.recorder import PostgresRecorder
from tests.ledger.signing import Signer
from tests.support.servers import Pair, in_background, wait_until
from tests.support.stores import pending


@pytest.fixture
def signer(replicated_url: str, tmp_path: Path) -> Signer:
    with open_recorder(replicated_url) as recorder:
        recorder.append([pending(uuid4())])
        origin = origin_of(recorder.namespace)
    return Signer(replicated_url, tmp_path, [new_key(origin)], origin)


def stored_here_only(pair: Pair, recorder: EventRecorder) -> None:
    """Append an event whose wait for the standby is canceled."""
    with in_background(lambda: recorder.append([pending(uuid4())])) as sent:
        pair.cancel()
        with pytest.raises(NotReplicated):
            sent.result(10)


def without_waiting(_: object) -> str:
    """For the control: nothing is committed before signing."""
    return "local"


def test_what_no_standby_may_have_is_not_signed(
    replicated: Pair, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an event on the primary alone; when a checkpoint is signed, it waits, and without the standby is none."""
    with open_recorder(signer.url) as recorder, replicated.silent():
        stored_here_only(replicated, recorder)
        with in_background(lambda: signer.sign(first=True)) as signed:
            replicated.cancel()
            with pytest.raises(NotReplicated):
                signed.result(10)
        assert not signer.state.path.exists(), "nothing is signed, and nothing given out"
        assert list(signer.published.iterdir()) == []
        with monkeypatch.context() as patch:  # the control
            patch.setattr(PostgresRecorder, "confirm_kept", without_waiting)
            assert signer.sign(first=True).size == 2
        with in_background(signer.sign) as signed:
            wait_until(replicated.waiting, "it waits")
            assert not signed.done()
    assert signed.result(10).size == 2


def test_a_standby_signs_nothing(replicated: Pair, signer: Signer) -> None:
    there = replicated.standby.url(urlsplit(signer.url).path[1:])
    with open_recorder(signer.url) as recorder, open_recorder(there) as standby:
        wait_until(lambda: standby.max_position() == recorder.max_position(), "it has followed")
        assert recorder.confirm_kept() == "replicated"
    elsewhere = Signer(there, signer.folder, signer.keys, signer.origin)
    with pytest.raises(StoreReadOnly, match="a standby cannot tell what others have"):
        elsewhere.sign(first=True)
    with pytest.raises(SigningRefused, match="no earlier checkpoint"):
        elsewhere.sign()


def test_a_login_that_may_only_read_confirms_it(postgres_url: str, sqlite_url: str) -> None:
    for url in (f"{postgres_url}&options=-c%20default_transaction_read_only%3Don", sqlite_url):
        with open_recorder(url) as recorder:
            assert recorder.confirm_kept() == "local"
