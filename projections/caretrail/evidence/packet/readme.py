"""The first file a reader of a packet opens: what it is, on what terms it was given, how to check it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from caretrail.evidence.packet import verify
from caretrail.evidence.packet.episode_part import EpisodePart
from caretrail.evidence.packet.notice import STATEMENT_1, STATEMENT_2
from caretrail.evidence.packet.terms import Terms
from caretrail.ledger.checkpoint import Checkpoint
from caretrail.ledger.note import SigningKey

WIDTH = 100


def readme(
    parts: Sequence[EpisodePart], terms: Terms, stand: Checkpoint, keys: Sequence[SigningKey], mark: str | None
) -> str:
    """README.txt, in plain text."""
    rows = [f"  {part.folder}: {_counted(part)}" for part in parts]
    blocks = [
        f"EVIDENCE PACKET{f' · {mark}' if mark else ''}\n\n{STATEMENT_2}",
        textwrap.fill(STATEMENT_1, WIDTH),
        "\n".join(
            [
                f"Given to:  {terms.recipient}",
                f"For:       {terms.purpose}",
                f"Basis:     {terms.basis}",
                f"Consent or its scope: {terms.ground}",
            ]
        ),
        "What is in it. Open timeline.html of an episode in a browser; everything else is for programs.\n\n"
        + "\n".join(rows),
        textwrap.fill(
            "Facts shown in part are copies without what may not be given: free text that was not asked for, ids of "
            "group sessions, ids of other clients. Their payload is proven by its hash; what is shown of it is stated "
            "by who signed, and not proven by itself. Withheld facts were entered here for another client: it is "
            "proven that they are in the log, and nothing they say is shown.",
            WIDTH,
        ),
        "How to check it, without anything of the sender's, with Python 3.9 or newer:\n\n"
        "  python3 verify.py PACKET.zip --key KEY",
        textwrap.fill(
            "KEY is the public key of the log. Ask for it on another way than this packet came: the keys the packet "
            "itself names are only what it says. The same goes for verify.py, which is also part of the program.",
            WIDTH,
        ),
        "\n".join(f"  {key.verifying}" for key in keys),
        f"Log:         {stand.origin}\nCheckpoint:  {stand.size} facts, root {stand.root.hex()}",
        verify.PROVES,
    ]
    return "\n\n".join(blocks) + "\n"


def _counted(part: EpisodePart) -> str:
    extra = [
        words
        for number, words in (
            (part.in_part, f"{part.in_part} shown in part"),
            (part.withheld, f"{part.withheld} withheld"),
        )
        if number
    ]
    return ", ".join([f"{part.facts} fact{'' if part.facts == 1 else 's'}", *extra])
