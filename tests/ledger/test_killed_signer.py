"""A signer killed at each of its writes never signs two histories, and can go on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from caretrail.evidence.sign import SignedCheckpoint, sign
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.ledger.checkpoint import open_pair, origin_of
from caretrail.ledger.note import new_key
from caretrail.log import open_recorder
from tests.ledger.signing import Signer
from tests.ledger.superuser import rewrite, rows_of
from tests.ledger.test_attacks import changed

pytestmark = pytest.mark.slow

# --- killed ---------------------------------------------------------------------------------------------------------


def _die_at(step: int, signer: Signer, first: bool) -> bool:
    """Sign in a process that kills itself before its step-th write to a file; whether it was killed."""
    child = os.fork()
    if child == 0:
        _in_child(step, signer, first)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _in_child(step: int, signer: Signer, first: bool) -> None:
    left = step

    def count(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        ours = any(isinstance(arg, str) and "/signed/" in arg for arg in args) or event == "fsync"
        if event in ("open", "os.link", "os.rename", "os.remove", "fsync") and ours:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sync = os.fsync

    def counted_sync(descriptor: Any) -> None:
        count("fsync", ())
        sync(descriptor)

    os.fsync = counted_sync  # type: ignore[assignment]  # its parameter has another name
    sys.addaudithook(count)
    try:
        signer.sign(first=first)
    finally:
        os._exit(0)


def _given_out(signer: Signer) -> dict[int, set[bytes]]:
    """Every root that anybody could have seen, by size."""
    roots: dict[int, set[bytes]] = {}
    trusted = [signer.keys[0].verifying]
    for path in [*signer.published.glob("*.checkpoint"), *(signer.folder / "state").glob("last")]:
        events = open_pair(path.read_text(), trusted, signer.origin).events
        roots.setdefault(events.size, set()).add(events.root)
    return roots


def test_killed_anywhere_it_never_signs_two_histories_and_can_go_on(sqlite_url: str, tmp_path: Path) -> None:
    """At each step: killed; then the newest event is another; then it is put back. Signed each time, if it may be."""
    with open_recorder(sqlite_url) as recorder:
        origin = origin_of(recorder.namespace)
    step, killed, refusals = 0, True, 0
    while killed:
        step += 1
        signer = Signer(sqlite_url, tmp_path / str(step) / "signed", [new_key(origin)], origin)
        signer.folder.mkdir(parents=True)
        signer.append(1)
        signer.sign(first=True)
        signer.append(1)
        killed = _die_at(step, signer, first=False)
        true = rows_of(sqlite_url)
        rewrite(sqlite_url, [*true[:-1], changed(true[-1], payload=b"another")])
        try:
            signer.sign()
        except SigningRefused:
            refusals += 1
            rewrite(sqlite_url, true)
            signer.sign()
        roots = _given_out(signer)
        assert all(len(found) == 1 for found in roots.values()), step
        assert max(roots) == len(true)
    assert step > 8
    assert 0 < refusals < step, "some were killed before they saved, and some after"


def test_the_kill_would_be_seen_if_it_gave_out_before_it_saved(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the state written last, a kill between the two makes two histories."""
    with open_recorder(sqlite_url) as recorder:
        origin = origin_of(recorder.namespace)
    signer = Signer(sqlite_url, tmp_path / "signed", [new_key(origin)], origin)
    signer.folder.mkdir()
    signer.append(1)
    signer.sign(first=True)
    signer.append(1)

    def forget(_: SignerState, __: str) -> None:
        """Write nothing."""

    monkeypatch.setattr(SignerState, "save", forget)
    with open_recorder(sqlite_url) as recorder:
        forgotten: SignedCheckpoint = sign(recorder, signer.keys, signer.state)
    monkeypatch.undo()
    true = rows_of(sqlite_url)
    rewrite(sqlite_url, [*true[:-1], changed(true[-1], payload=b"another")])
    assert signer.sign().root != forgotten.checkpoint.root
