"""For tests of damaged packets: what both verifiers say, and a packet signed again after a change."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from caretrail.evidence.packet import verify
from caretrail.ledger.note import SigningKey, sign_note
from tests.packet.packets import FakeFiles, Files
from tests.support.example import NAME

NODE = shutil.which("node")
SCRIPT = Path(__file__).with_name("verify.mjs")
VECTORS = Path(__file__).parent.parent / "ledger" / "vectors"
EVENTS = f"client-cl-7f3a/episode-{NAME}/events.jsonl"
SMALL = 2_000
"""Of a file of so many bytes each is changed; of a larger one some, chosen by a seed."""


def verdict(files: Files, key: str) -> int:
    """What verify.py says of files in memory."""
    report = verify.Report()
    with suppress(verify.Stop):
        report.check("", verify.check_files, report, FakeFiles(files), key)
    return report.status


def node_verdicts(*packets: tuple[Path, str] | tuple[Path, str, Path]) -> list[int]:
    """What the second verifier says of packets, each with a key, and with a file of checkpoints or without."""
    if NODE is None:
        pytest.skip("the second verifier needs Node.js")
    lines = "".join("\t".join(map(str, given)) + "\n" for given in packets)
    done = subprocess.run([NODE, str(SCRIPT), "--many"], input=lines, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def resealed(files: Files, key: SigningKey, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Files:
    """The files under a new manifest that says what they are now, signed anew, as the holder of that key could."""
    manifest = json.loads(files["manifest.json"])
    names = [name for name in files if not name.startswith("manifest.")]
    manifest["files"] = [
        {"path": name, "bytes": len(files[name]), "sha256": sha256(files[name]).hexdigest()} for name in names
    ]
    manifest["keys"] = [str(key.verifying)]
    change(manifest)
    data = json.dumps(manifest).encode()
    digest = f"{sha256(data).hexdigest()} {len(data)}"
    text = f"caretrail.packet/manifest\n{verify.NOTICE}\n{manifest['origin']}\n{digest}\n"
    return {
        **{name: files[name] for name in names},
        "manifest.json": data,
        "manifest.note": sign_note(text, [key]).encode(),
    }
