"""Packets for tests: made of a store under test, unpacked, damaged, and packed again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from caretrail.commands.application import Commands
from caretrail.events import Event
from caretrail.evidence.packet import verify
from caretrail.evidence.packet.make import Packet, make_packet
from caretrail.evidence.packet.terms import PacketRequest, Terms
from caretrail.ledger.checkpoint import (
    Checkpoint,
    CheckpointPair,
    Head,
    NamedCheckpoints,
    origin_of,
    origin_of_accesses,
    sign_pair,
)
from caretrail.ledger.note import SigningKey, new_key
from caretrail.ledger.tree import root_of
from caretrail.log.leaf import leaf_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Log
from caretrail.readmodel.schema import create_tables

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
TERMS = Terms("State auditor", "claims of spring 2026", "audit")
Files = dict[str, bytes]


@dataclass
class Desk:
    """Whoever hands out packets of a store, with the log's key; `disclosed` is what was recorded of it."""

    recorder: EventRecorder
    folder: Path
    disclosed: list[tuple[tuple[str, ...], str]] = field(default_factory=list[tuple[tuple[str, ...], str]])

    def __post_init__(self) -> None:
        self.key = new_key(origin_of(self.recorder.namespace))
        self.commands = Commands(self.recorder, lambda: NOW)
        create_tables(self.recorder.database)

    @property
    def public(self) -> str:
        return str(self.key.verifying)

    def record(self, *events: Event) -> None:
        """Record events together."""
        self.commands.append(events, imported=True)

    def checkpoint(self, size: int | None = None, keys: Sequence[SigningKey] = ()) -> str:
        """Signed checkpoints of the logs as they are, or of the events as they were."""
        events, accesses = ([leaf_of(row, log) for row in self.recorder.read_columns(0, 1_000_000, log)] for log in Log)
        head = Head(len(events[:size]), root_of(events[:size]))
        name = origin_of_accesses(self.key.name)
        pair = CheckpointPair(
            Checkpoint(self.key.name, *head), Checkpoint(name, len(accesses), root_of(accesses), head)
        )
        return sign_pair(pair, keys or [self.key])

    def make(
        self,
        *episodes: str,
        terms: Terms = TERMS,
        name: str = "packet.zip",
        keys: Sequence[SigningKey] = (),
        size: int | None = None,
        disclose: Callable[[Sequence[str], Terms, str], None] | None = None,
        replace: bool = False,
        named: NamedCheckpoints | None = None,
        note: str | None = None,
        stamp: bytes = b"",
        **wanted: object,
    ) -> Path:
        """Make a packet; where it is."""
        target = self.folder / name
        self.made: Packet = make_packet(
            self.recorder, PacketRequest(episodes, **wanted), terms, keys or [self.key],  # type: ignore[arg-type]  # its fields by name
            note or self.checkpoint(size, keys), target, disclose or self._disclose,
            now=NOW, made_by="c-ortiz, clinician", version="0", replace=replace,
            named=named, stamp=stamp,
        )  # fmt: skip
        return target

    def _disclose(self, episodes: Sequence[str], _: Terms, digest: str) -> None:
        self.disclosed.append((tuple(episodes), digest))


def unpacked(packet: Path) -> Files:
    """The files of a packet."""
    with zipfile.ZipFile(packet) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(files: Mapping[str, bytes], target: Path) -> Path:
    """A zip of these files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    target.write_bytes(data.getvalue())
    return target


def laid_out(files: Mapping[str, bytes], folder: Path) -> Path:
    """A folder of these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def status(packet: Path, key: str | None) -> int:
    """What verify.py says."""
    return verify.verify(str(packet), key).status


def problems(packet: Path, key: str | None) -> str:
    """What verify.py finds wrong, in words."""
    return "\n".join(text for holds, text in verify.verify(str(packet), key).lines if not holds)


class FakeFiles(verify.Files):
    """Files in memory, to try many damages quickly."""

    def __init__(self, files: Files) -> None:
        super().__init__({name: len(data) for name, data in files.items()}, lambda name: iter([files[name]]))
