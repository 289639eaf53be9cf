"""Make a packet: collect what is shown of each episode, prove it, sign it, check it, record it, hand it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from caretrail.aliases import Json, Progress
from caretrail.errors import StoreDamaged
from caretrail.evidence.packet import verify
from caretrail.evidence.packet.archive import Archive, archive_for
from caretrail.evidence.packet.consent import with_consent
from caretrail.evidence.packet.consistency import consistency_proofs
from caretrail.evidence.packet.episode_part import EpisodePart, episode_part
from caretrail.evidence.packet.event_lines import json_bytes
from caretrail.evidence.packet.readme import readme
from caretrail.evidence.packet.terms import (
    STATEMENT_1,
    STATEMENT_2,
    PacketContext,
    PacketRefused,
    PacketRequest,
    Terms,
)
from caretrail.files import regular_bytes
from caretrail.ledger.checkpoint import Checkpoint, CheckpointPair, NamedCheckpoints, open_pair, origin_of
from caretrail.ledger.note import SigningKey, sign_note, split_notes
from caretrail.ledger.tiles import stored_subtrees
from caretrail.ledger.tree import Subtrees, folded, root_at
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Log, episode_stream
from caretrail.plain import as_json

DEMO: Final = "DEMO STORE, made-up episodes"
MOST_NOTE_BYTES: Final = 64 * 1024
FORMAT: Final = "caretrail.packet/1"

Disclose = Callable[[Sequence[str], Terms, str], None]
"""Called with the episodes, the terms and the packet's SHA-256 before it is handed out; if it raises, nothing is."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet that was made: its SHA-256 in hex, and what is in it."""

    digest: str
    episodes: tuple[str, ...]
    events: int
    checkpoint: Checkpoint
    files: int


def make_packet(
    recorder: EventRecorder,
    request: PacketRequest,
    terms: Terms,
    keys: Sequence[SigningKey],
    note: str,
    target: Path,
    disclose: Disclose,
    *,
    now: datetime,
    made_by: str,
    version: str,
    named: NamedCheckpoints | None = None,
    stamp: bytes = b"",
    replace: bool = False,
    progress: Progress | None = None,
) -> Packet:
    """Write the packet to a new file, once its disclosure is recorded.

    `note` are the signed checkpoints of this store, by the same keys (see `caretrail.evidence.sign`). Events are all of
    each episode up to them. `named` are checkpoints that the recipient kept: the packet proves that it is of one
    history with them. `stamp` is the time stamp of the checkpoints, if they have one. `progress` counts episodes.
    Raises PacketRefused, UnknownEpisode, NoteRefused or StoreError: then there is no file.
    """
    subtrees = stored_subtrees(recorder)
    pair = _checkpoints(recorder, keys, note)
    checkpoint = pair.events
    _check(request, checkpoint)
    terms = with_consent(recorder, request.episodes, terms, now)
    mark = DEMO if recorder.is_demo else ""
    proofs = tuple(consistency_proofs(recorder, pair, named or {}))
    context = PacketContext(request, terms, checkpoint, note, now, made_by, version, mark, proofs, stamp)
    with archive_for(target, replace=replace) as archive:
        parts = _add_episodes(archive, recorder, context, progress)
        finish(archive, parts, context, keys, subtrees)
        _check_made(archive.path, keys)
        digest, names = archive.digest(), tuple(part.episode for part in parts)
        disclose(names, terms, digest)  # from here on it counts as handed out
        archive.place(target, replace=replace)
    return Packet(digest, names, sum(part.events for part in parts), checkpoint, len(archive.listed))


def read_note(path: Path) -> str:
    """Read signed checkpoints from a file. Raises PacketRefused."""
    try:
        return regular_bytes(path, MOST_NOTE_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        raise PacketRefused(
            "the checkpoint cannot be read", "it is a file that 'caretrail audit checkpoint' wrote"
        ) from None


def _checkpoints(recorder: EventRecorder, keys: Sequence[SigningKey], note: str) -> CheckpointPair:
    """The checkpoints of a note, if both are signed by the keys and of this very store."""
    pair = open_pair(note, [key.verifying for key in keys], origin_of(recorder.namespace))
    for log, found in zip(Log, pair, strict=True):
        if found.size > recorder.max_position(log) or root_at(stored_subtrees(recorder, log), found.size) != found.root:
            raise StoreDamaged(
                f"{recorder.store}: the log is not the one of the checkpoint",
                "run 'caretrail audit verify' to see where",
            )
    return pair


def _check(request: PacketRequest, checkpoint: Checkpoint) -> None:
    if not request.episodes:
        raise PacketRefused("no episode was named", "name one, or a program and a period in which it had some")
    if request.known_at is not None and request.known_at > checkpoint.size:
        raise PacketRefused("the checkpoint does not cover that position", "leave out --known-at, or --signed")


def _add_episodes(
    archive: Archive, recorder: EventRecorder, context: PacketContext, progress: Progress | None
) -> list[EpisodePart]:
    parts: list[EpisodePart] = []
    folders: set[str] = set()
    names = sorted(set(context.request.episodes))
    for name in names:
        part, files = episode_part(recorder, episode_stream(recorder.namespace, name), name, context)
        if part.folder.casefold() in folders:  # two that differ in case only would be one folder on some systems
            part = replace(part, folder=f"{part.folder}-{part.stream[:8]}")
        folders.add(part.folder.casefold())
        for path, data in files.items():
            archive.add(f"{part.folder}/{path}", data)
        parts.append(part)
        if progress is not None:
            progress(len(parts), len(names))
    return parts


def finish(
    archive: Archive,
    parts: Sequence[EpisodePart],
    context: PacketContext,
    keys: Sequence[SigningKey],
    subtrees: Subtrees,
) -> None:
    """Add the files of the whole packet: proof, checkpoint, completeness, rules, script; then sign the manifest.

    The zip is whole afterward.
    """
    stand = context.checkpoint
    positions = sorted(position for part in parts for position in part.positions)
    hashes = folded(subtrees, [position - 1 for position in positions], stand.size)
    proof = {"notice": STATEMENT_2, "size": stand.size, "hashes": [verify.packed(item) for item in hashes]}
    streams = [f"{part.stream} {part.events}" for part in parts]
    complete = ["caretrail.packet/completeness", STATEMENT_2, stand.origin, str(stand.size), *streams]
    archive.add(verify.PROOF, json_bytes(proof))
    if context.consistency:
        joined = {"notice": STATEMENT_2, "proofs": list(context.consistency)}
        archive.add(verify.CONSISTENCY, json_bytes(joined))
    for name, one in zip((verify.CHECKPOINT, verify.ACCESSES), split_notes(context.note), strict=True):
        archive.add(name, one.encode())
    if context.stamp:
        archive.add(verify.STAMP, context.stamp)
    archive.add(verify.COMPLETENESS, sign_note("\n".join(complete) + "\n", keys).encode())
    packs = {name: content for part in parts for name, content in part.packs.items()}
    for name, content in sorted(packs.items()):
        archive.add(f"policies/{name}.toml", f"# {STATEMENT_2}\n".encode() + content)
    archive.add("README.txt", readme(parts, context, keys).encode())
    archive.add("verify.py", Path(verify.__file__).read_bytes())
    archive.add(verify.MANIFEST, json_bytes(_manifest(archive, parts, context, keys)))
    listed = archive.listed[-1]
    text = f"caretrail.packet/manifest\n{STATEMENT_2}\n{stand.origin}\n{listed.sha256} {listed.bytes}\n"
    archive.add(verify.MANIFEST_NOTE, sign_note(text, keys).encode())
    archive.close()


def _manifest(
    archive: Archive, parts: Sequence[EpisodePart], context: PacketContext, keys: Sequence[SigningKey]
) -> Json:
    request, stand = context.request, context.checkpoint
    return {
        "notice": STATEMENT_2,
        "notice_in_full": STATEMENT_1,
        "format": FORMAT,
        **asdict(context.terms),
        "program": request.program,
        "from": request.start,
        "to": request.end,
        "as_of": request.as_of,
        "known_at": context.known_at,
        "with_text": request.with_text,
        "origin": stand.origin,
        "size": stand.size,
        "keys": [str(key.verifying) for key in keys],
        "streams": as_json(parts),
        "files": as_json(archive.listed),
        "mark": context.mark or None,
        "made_at": context.now.isoformat(timespec="seconds"),
        "made_by": context.made_by,
        "caretrail": context.version,
    }


def _check_made(path: Path, keys: Sequence[SigningKey]) -> None:
    """Check the packet as its reader will; one that fails is not handed out."""
    report = verify.verify(str(path), str(keys[0].verifying))
    if report.status:
        raise StoreDamaged(
            "the packet would fail its own check: the rows do not match the ledger",
            "run 'caretrail audit verify' to see where, and 'caretrail projection tiles' if only the tiles are wrong",
        )
