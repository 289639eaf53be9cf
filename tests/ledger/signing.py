"""For tests of signing: somebody who signs a log, with a signer state and a folder of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from caretrail.evidence.checkpoint_folder import publish
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState
from caretrail.ledger.checkpoint import Checkpoint
from caretrail.ledger.note import SigningKey
from caretrail.log import open_recorder
from tests.support.stores import pending

STREAM = uuid5(UUID(int=1), "stream")


@dataclass
class Signer:
    """Somebody who signs a log, and the folder it goes to."""

    url: str
    folder: Path
    keys: list[SigningKey]
    origin: str

    @property
    def state(self) -> SignerState:
        return SignerState(self.folder / "state" / "last", self.origin)

    @property
    def published(self) -> Path:
        (self.folder / "out").mkdir(exist_ok=True)
        return self.folder / "out"

    def sign(self, **options: Any) -> Checkpoint:
        with open_recorder(self.url) as recorder:
            signed = sign(recorder, self.keys, self.state, **options)
        publish(self.published, signed, self.keys)
        return signed.checkpoint

    def append(self, count: int) -> None:
        with open_recorder(self.url) as recorder:
            version = len(recorder.select_events(STREAM))
            recorder.append([pending(STREAM, version + n) for n in range(1, count + 1)])
