"""Making a packet: collect what is shown of each episode, prove it, sign it, check it, record it, hand it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from caretrail.aliases import Progress
from caretrail.errors import CaretrailError, StoreDamaged
from caretrail.evidence.packet import verify
from caretrail.evidence.packet.archive import Archive, archive_for
from caretrail.evidence.packet.episode_part import EpisodePart, Occasion, episode_part
from caretrail.evidence.packet.event_lines import json_bytes
from caretrail.evidence.packet.notice import STATEMENT_1, STATEMENT_2
from caretrail.evidence.packet.readme import readme
from caretrail.evidence.packet.terms import PacketRefused, Terms
from caretrail.files import NotRegular, TooLong, regular_bytes
from caretrail.ledger.checkpoint import Checkpoint, open_checkpoint, origin_of
from caretrail.ledger.note import SigningKey, sign_note
from caretrail.ledger.tree import Subtrees, folded, root_at
from caretrail.policy.loader import pack_source
from caretrail.projection.tables import read_state, tables_exist
from caretrail.projection.tiles import stored_subtrees
from caretrail.recording.events import episode_stream
from caretrail.recording.recorder import EventRecorder

DEMO: Final = "DEMO STORE, made-up episodes"
MOST_NOTE_BYTES: Final = 64 * 1024
FORMAT: Final = "caretrail.packet/1"

Disclose = Callable[[Sequence[str], str], None]
"""Called with the episodes and the SHA-256 of the packet before it is handed out; if it raises, nothing is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a packet is to show: these episodes, whole, on a day and as known at a position of the log.

    `as_of` None is today where the program is; `known_at` None is the checkpoint. `program`, `start` and `end` say how
    the episodes were chosen, if not by name.
    """

    episodes: tuple[str, ...]
    as_of: date | None = None
    known_at: int | None = None
    with_text: bool = False
    program: str | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A packet that was made: its SHA-256 in hex, and what is in it."""

    digest: str
    episodes: tuple[str, ...]
    facts: int
    checkpoint: Checkpoint
    files: int


def make_packet(
    recorder: EventRecorder,
    wanted: Wanted,
    terms: Terms,
    keys: Sequence[SigningKey],
    checkpoint: str,
    target: Path,
    disclose: Disclose,
    *,
    now: datetime,
    made_by: str,
    version: str,
    replace: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Write the packet to a new file, once its disclosure is recorded.

    `checkpoint` is a signed note of this log, by the same keys (see `caretrail.evidence.sign`). Facts are all of
    each episode up to it. Raises PacketRefused, UnknownEpisode, NoteRefused or StoreError: then there is no file.
    """
    subtrees = stored_subtrees(recorder, _build(recorder))
    stand = _stand(recorder, subtrees, keys, checkpoint)
    _check(wanted, stand)
    with archive_for(target, replace=replace) as archive:
        mark = DEMO if recorder.is_demo else ""
        occasion = Occasion(terms, stand, checkpoint, now, wanted.as_of, wanted.known_at, wanted.with_text, mark)
        parts = _add_episodes(archive, recorder, wanted.episodes, occasion, progress)
        if terms.basis == "consent" and len({part.client for part in parts}) > 1:
            raise PacketRefused("a consent is that of one client", "make a packet for each client")
        made = {
            "mark": mark or None,
            "made_at": now.isoformat(timespec="seconds"),
            "made_by": made_by,
            "caretrail": version,
        }
        seal(archive, parts, wanted, terms, stand, checkpoint, keys, subtrees, made)
        _check_made(archive.path, keys)
        digest = archive.digest()
        disclose([part.episode for part in parts], digest)  # from here on it counts as handed out
        archive.place(target, replace=replace)
    facts = sum(part.facts for part in parts)
    return Made(digest, tuple(part.episode for part in parts), facts, stand, len(archive.listed))


def read_note(path: Path) -> str:
    """Read a signed checkpoint from a file. Raises PacketRefused."""
    try:
        return regular_bytes(path, MOST_NOTE_BYTES).decode()
    except (OSError, NotRegular, TooLong, UnicodeDecodeError):
        raise PacketRefused(
            "the checkpoint cannot be read", "it is a file that 'caretrail audit checkpoint' wrote"
        ) from None


def _build(recorder: EventRecorder) -> int | None:
    try:
        state = read_state(recorder.database)
    except CaretrailError:
        if tables_exist(recorder.database):
            raise
        return None
    return state.build if state is not None else None


def _stand(recorder: EventRecorder, subtrees: Subtrees, keys: Sequence[SigningKey], note: str) -> Checkpoint:
    """The checkpoint to stand on, if it is signed by the keys and of this very log."""
    found = open_checkpoint(note, [key.verifying for key in keys], origin_of(recorder.namespace))
    if found.size > recorder.max_position() or root_at(subtrees, found.size) != found.root:
        raise StoreDamaged(
            f"{recorder.store}: the log is not the one of the checkpoint", "run 'caretrail audit verify' to see where"
        )
    return found


def _check(wanted: Wanted, stand: Checkpoint) -> None:
    if not wanted.episodes:
        raise PacketRefused("no episode is asked for", "name one, or a program and a period in which it had some")
    if wanted.known_at is not None and wanted.known_at > stand.size:
        raise PacketRefused("what is known after the checkpoint is not in it", "leave out --known-at, or --checkpoint")


def _add_episodes(
    archive: Archive,
    recorder: EventRecorder,
    episodes: Sequence[str],
    occasion: Occasion,
    progress: Progress | None,
) -> list[EpisodePart]:
    parts: list[EpisodePart] = []
    folders: set[str] = set()
    names = sorted(set(episodes))
    for name in names:
        part, files = episode_part(recorder, episode_stream(recorder.namespace, name), name, occasion)
        if part.folder.casefold() in folders:  # two that differ in case only would be one folder on some systems
            part = part.elsewhere(f"{part.folder}-{part.stream[:8]}")
        folders.add(part.folder.casefold())
        for path, data in files:
            archive.add(f"{part.folder}/{path}", data)
        parts.append(part)
        if progress is not None:
            progress(len(parts), len(names))
    return parts


def seal(
    archive: Archive,
    parts: Sequence[EpisodePart],
    wanted: Wanted,
    terms: Terms,
    stand: Checkpoint,
    note: str,
    keys: Sequence[SigningKey],
    subtrees: Subtrees,
    made: Mapping[str, str | None],
) -> None:
    """Add what is of no one episode: proof, checkpoint, completeness, rules, script; then the manifest, and sign it.

    `made` says when, by whom and with what it was made, and as a `mark` what it is not. The zip is whole afterwards.
    """
    positions = sorted(position for part in parts for position in part.positions)
    hashes = folded(subtrees, [position - 1 for position in positions], stand.size)
    proof = {"notice": STATEMENT_2, "size": stand.size, "hashes": [verify.packed(item) for item in hashes]}
    streams = [f"{part.stream} {part.facts}" for part in parts]
    complete = ["caretrail.packet/completeness", STATEMENT_2, stand.origin, str(stand.size), *streams]
    archive.add(verify.PROOF, json_bytes(proof))
    archive.add(verify.CHECKPOINT, note.encode())
    archive.add(verify.COMPLETENESS, sign_note("\n".join(complete) + "\n", keys).encode())
    for name in sorted({name for part in parts for name in part.packs}):
        archive.add(f"policies/{name}.toml", f"# {STATEMENT_2}\n".encode() + pack_source(name))
    archive.add("README.txt", readme(parts, terms, stand, keys, made.get("mark")).encode())
    archive.add("verify.py", Path(verify.__file__).read_bytes())
    manifest = {
        "notice": STATEMENT_2,
        "notice_in_full": STATEMENT_1,
        "format": FORMAT,
        **asdict(terms),
        "program": wanted.program,
        "from": _iso(wanted.start),
        "to": _iso(wanted.end),
        "as_of": _iso(wanted.as_of),
        "known_at": wanted.known_at if wanted.known_at is not None else stand.size,
        "with_text": wanted.with_text,
        "origin": stand.origin,
        "size": stand.size,
        "keys": [str(key.verifying) for key in keys],
        "streams": [part.as_json() for part in parts],
        "files": [asdict(file) for file in archive.listed],
        **made,
    }
    archive.add(verify.MANIFEST, json_bytes(manifest))
    listed = archive.listed[-1]
    text = f"caretrail.packet/manifest\n{STATEMENT_2}\n{stand.origin}\n{listed.sha256} {listed.bytes}\n"
    archive.add(verify.MANIFEST_NOTE, sign_note(text, keys).encode())
    archive.close()


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _check_made(path: Path, keys: Sequence[SigningKey]) -> None:
    """Check the packet as its reader will: one that does not hold is not handed out."""
    report = verify.verify(str(path), str(keys[0].verifying))
    if report.status:
        raise StoreDamaged(
            "the packet would not hold: the rows are not those of the ledger",
            "run 'caretrail audit verify' to see where, and 'caretrail projection rebuild' if only the tiles are wrong",
        )
