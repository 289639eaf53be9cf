"""A desk that makes packets, and one of its packets, for tests that damage it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest

from caretrail.evidence.packet import verify
from caretrail.log import init_store, open_recorder
from tests.packet.packets import Desk, Files, unpacked
from tests.support.example import NAME, copy_of_example, example


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk of a store with two episodes."""
    folder = tmp_path_factory.mktemp("packets")
    url = f"sqlite://{folder}/store/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        desk = Desk(recorder, folder)
        desk.record(*example())
        desk.record(*copy_of_example("C-1"))
        yield desk


@pytest.fixture(scope="module")
def packet(shop: Desk) -> Path:
    return shop.make(NAME, as_of=date(2026, 5, 4))


@pytest.fixture(scope="module")
def files(packet: Path) -> Files:
    return unpacked(packet)


@pytest.fixture
def remembered_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check a signature once: most damages leave the three of a packet as they are."""
    monkeypatch.setattr(verify, "signed_by", lru_cache(verify.signed_by))
