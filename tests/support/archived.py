"""For tests of archives: a store with accesses, some of them disclosures, signed, and an archive of the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from caretrail.events import Person
from caretrail.evidence.archiving import ArchiveDone, SignedAccesses, archive_accesses
from caretrail.evidence.checkpoint_folder import newest_signed, publish
from caretrail.evidence.external import ExternalEvidence, checkpoint_files, read_checkpoints
from caretrail.evidence.result import Verification
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import SigningKey, new_key
from caretrail.ledger.tiles import write_all_tiles
from caretrail.log import new_salt, open_recorder
from caretrail.log.records import PendingAccess

OPERATOR = Person(id="it-1", role="operator")
ACCESS = (
    b'{"occurred_on":"2026-03-01","actor":{"id":"c-lee","role":"clinician"},"type":"accessed","command":"show",'
    b'"purpose":"treatment","episodes":["LNK-1"],"found":1,"stood_on":{"position":0}}'
)
DISCLOSED = ACCESS[:-1] + b',"disclosure":{"recipient":"county","basis":"court_order","description":"by fax"}}'


@dataclass
class Archive:
    """A store, and the folders that lie outside of it."""

    url: str
    folder: Path
    key: SigningKey = field(init=False)
    origin: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the folders and the key."""
        with open_recorder(self.url) as recorder:
            self.origin = origin_of(recorder.namespace)
        self.key = new_key(self.origin)
        for name in ("kept", "files"):
            (self.folder / name).mkdir(parents=True)

    @property
    def files(self) -> list[Path]:
        """The archive files, in order."""
        return sorted((self.folder / "files").glob("accesses-*"))

    def view(self, count: int, payload: bytes = ACCESS) -> None:
        """Record so many accesses."""
        with open_recorder(self.url) as recorder:
            for start in range(0, count, 100):
                some = range(start, min(count, start + 100))
                recorder.record_access([PendingAccess(payload, uuid4().hex, new_salt()) for _ in some])

    def sign(self, *, first: bool = False) -> None:
        """Sign both logs, and make the tiles that are complete."""
        state = SignerState(self.folder / "state", self.origin)
        with open_recorder(self.url) as recorder:
            write_all_tiles(recorder)
            publish(self.folder / "kept", sign(recorder, [self.key], state, first=first), [self.key])

    def archive(self, before: datetime | None = None, url: str | None = None) -> ArchiveDone:
        """Archive what was recorded before a moment, by default all of it."""
        now = datetime.now(UTC)
        found = newest_signed(self.folder / "kept", [self.key.verifying], self.origin)
        assert found is not None
        signed = SignedAccesses(found[0].accesses, found[1], [self.key.verifying])
        with open_recorder(url or self.url) as recorder:
            moment = before or now + timedelta(days=1000)
            return archive_accesses(recorder, moment, self.folder / "files", signed, OPERATOR, now, lambda _a, _b: None)

    def evidence(self) -> ExternalEvidence:
        """All checkpoints kept."""
        return read_checkpoints(checkpoint_files([self.folder / "kept"]), [self.key.verifying], self.origin)

    def verified(self, *files: Path, url: str | None = None) -> Verification:
        """Verify the store with all checkpoints, and with these files."""
        with open_recorder(url or self.url) as recorder:
            return verify(recorder, self.evidence(), archives=files)

    def filled(self) -> Archive:
        """Given 300 accesses, two of them disclosures, signed twice, and 500 more."""
        self.view(100)
        self.view(1, DISCLOSED)
        self.sign(first=True)
        self.view(198)
        self.view(1, DISCLOSED)
        self.view(500)
        self.sign()
        return self
