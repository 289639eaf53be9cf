"""The first file a reader of a packet opens: what it is, on what terms it was given, how to check it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from caretrail.evidence.packet import verify
from caretrail.evidence.packet.episode_part import EpisodePart
from caretrail.evidence.packet.terms import STATEMENT_1, STATEMENT_2, PacketContext
from caretrail.ledger.note import SigningKey

WIDTH = 100

IN_PART = (
    "Events shown in part are copies without what may not be disclosed: free text that was not requested, ids of group "
    "sessions, ids of other clients. A hash proves that they are in the log; the visible copy is stated by the signer, "
    "not proven. Withheld events were entered here for another client: a hash proves that they are in the log, and "
    "their content is not shown."
)
KEY = (
    "KEY is the public key of the log. Get it separately from this packet: the key named in the packet proves "
    "nothing by itself. The same goes for verify.py, which is also part of the program."
)
KEPT = (
    "If you keep checkpoints of this log from earlier, add each as --checkpoint FILE: the script then tells you if the "
    "key signed another history since. If you know a witness of this log, add its public key as --witness: the script "
    "then tells you if the witness cosigned the checkpoint."
)
STAMPED = """\
checkpoint.tsr is a time stamp (RFC 3161) over checkpoint and checkpoint-accesses, one after the other. verify.py does
not check it; with the root certificate of the authority, one of these does:

  caretrail audit inspect PACKET.zip --key KEY --tsa-root ROOT.pem
  cat checkpoint checkpoint-accesses > both; openssl ts -verify -data both -in checkpoint.tsr -CAfile ROOT.pem"""


def readme(parts: Sequence[EpisodePart], context: PacketContext, keys: Sequence[SigningKey]) -> str:
    """README.txt, in plain text."""
    terms, stand = context.terms, context.checkpoint
    given = {
        "Recipient: ": terms.recipient,
        "Purpose:   ": terms.purpose,
        "Basis:     ": terms.basis,
        "Consent or its scope: ": terms.ground,
    }
    paragraphs = [
        f"EVIDENCE PACKET{f' · {context.mark}' if context.mark else ''}\n\n{STATEMENT_2}",
        textwrap.fill(STATEMENT_1, WIDTH),
        "\n".join(name + value for name, value in given.items()),
        "Contents. Open timeline.html of an episode in a browser; the other files are for programs.",
        "\n".join(f"  {part.folder}: {_counted(part)}" for part in parts),
        textwrap.fill(IN_PART, WIDTH),
        "How to verify it, with Python 3.9 or newer and nothing else:",
        "  python3 verify.py PACKET.zip --key KEY",
        textwrap.fill(KEY, WIDTH),
        textwrap.fill(KEPT, WIDTH),
        *([STAMPED] if context.stamp else []),
        "\n".join(f"  {key.verifying}" for key in keys),
        f"Log:         {stand.origin}\nCheckpoint:  {stand.size} events, root {stand.root.hex()}",
        verify.PROVES,
    ]
    return "\n\n".join(paragraphs) + "\n"


def _counted(part: EpisodePart) -> str:
    counts = [f"{part.events} event{'' if part.events == 1 else 's'}"]
    counts += [f"{part.shown_in_part} shown in part"] * bool(part.shown_in_part)
    counts += [f"{part.withheld} withheld"] * bool(part.withheld)
    return ", ".join(counts)
