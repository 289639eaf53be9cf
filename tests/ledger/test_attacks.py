"""Thirteen attacks by somebody who may rewrite the database, held against what was kept outside of it.

Given 300 events of five streams; checkpoints at 100, 200 and 280, kept elsewhere; a receipt of each event, kept by
those who sent it; and read models up to date, so that the first 256 leaves stand in a tile too.

Each row of ATTACKS says what raises the alarm, and where it says the first bad position is: with nothing kept, with
the checkpoints, and with the receipts beside them. None: nothing does. The same table is in
docs/explanation/threat-model.md.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from caretrail.evidence.checkpoint_folder import publish
from caretrail.evidence.external import ExternalEvidence, checkpoint_files, combine, read_checkpoints, read_receipts
from caretrail.evidence.result import Tampering, Verification
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import SigningKey, VerifyingKey, new_key
from caretrail.log import leaf_hash, open_recorder
from caretrail.log.leaf import LogColumns
from tests.ledger.superuser import altered, fitted, make_all_anew, project, rewrite, rows_of
from tests.support.stores import pending

PAGE = Path(__file__).parent.parent.parent / "docs" / "explanation" / "threat-model.md"
STREAMS = [uuid5(UUID(int=0), f"stream {number}") for number in range(5)]
EVENTS, SIZES = 300, (100, 200, 280)

Rows = list[LogColumns]


@dataclass
class Clinic:
    """A store, and what others keep of it."""

    url: str
    folder: Path
    key: SigningKey
    origin: str
    at_150: Rows

    @property
    def public(self) -> list[VerifyingKey]:
        return [self.key.verifying]

    def checkpoints(self, keys: list[VerifyingKey] | None = None) -> ExternalEvidence:
        files = checkpoint_files([self.folder / "checkpoints"])
        return read_checkpoints(files, self.public if keys is None else keys, self.origin)

    def receipts(self) -> ExternalEvidence:
        return read_receipts(self.folder / "receipts.jsonl")

    def verification(self, *kept: ExternalEvidence) -> Verification:
        with open_recorder(self.url) as recorder:
            return verify(recorder, combine(kept))


def record(url: str, start: int, end: int) -> list[str]:
    """Record events numbered from `start + 1` to `end`; return their receipts."""
    events = [
        pending(STREAMS[n % 5], n // 5 + 1, payload=f'{{"n":{n}}}'.encode(), command_id=f"c-{n}")
        for n in range(start, end)
    ]
    with open_recorder(url) as recorder:
        return [json.dumps({"position": e.position, "leaf": leaf_hash(e).hex()}) for e in recorder.append(events)]


@pytest.fixture
def clinic(store_url: str, tmp_path: Path) -> Clinic:
    with open_recorder(store_url) as recorder:
        origin = origin_of(recorder.namespace)
    clinic = Clinic(store_url, tmp_path, new_key(origin), origin, [])
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    state = SignerState(tmp_path / "state", origin)
    receipts: list[str] = []
    for start, end in ((0, 100), (100, 150), (150, 200), (200, 280), (280, EVENTS)):
        receipts += record(store_url, start, end)
        if end == 150:
            clinic.at_150 = rows_of(store_url)
        if end in SIZES:
            with open_recorder(store_url) as recorder:
                publish(folder, sign(recorder, [clinic.key], state, first=end == SIZES[0]), [clinic.key])
    project(store_url)
    (tmp_path / "receipts.jsonl").write_text("\n".join(receipts))
    return clinic


# --- the attacks ----------------------------------------------------------------------------------------------------


def changed(row: LogColumns, **columns: object) -> LogColumns:
    names = (
        "position",
        "stream",
        "version",
        "name",
        "payload",
        "at",
        "by",
        "asserted_by",
        "source",
        "command_id",
        "salt",
    )
    values = [columns.get(name, value) for name, value in zip(names, row, strict=True)]
    return tuple(values)  # type: ignore[return-value]  # the columns of a row, one of them another


def edit(rows: Rows) -> Rows:
    return [changed(row, payload=b'{"n":"forged"}') if row[0] == 150 else row for row in rows]


def delete_one(rows: Rows) -> Rows:
    return [row for row in rows if row[0] != 150]


def delete_stream(rows: Rows) -> Rows:
    return fitted([row for row in rows if row[1] != STREAMS[3].bytes])


def swap(rows: Rows) -> Rows:
    """Two events of different streams change places; positions and times stay where they are."""
    first, second = rows[149], rows[150]
    rows[149] = changed(second, position=150, at=first[5])
    rows[150] = changed(first, position=151, at=second[5])
    return rows


def insert(rows: Rows) -> Rows:
    """A new stream whose one event was, it says, recorded between two others."""
    new = (0, uuid5(UUID(int=0), "new").bytes, 1, "admitted/1", b'{"n":"new"}', rows[149][5], *rows[149][6:9], "c-new")
    return fitted([*rows[:149], (*new, secrets.token_bytes(16)), *rows[149:]])


def back_date(rows: Rows) -> Rows:
    """An event recorded late becomes one recorded in time, just after the one before it."""
    return [changed(row, at=rows[149][5] + 1) if row[0] == 151 else row for row in rows]


def forge_all(rows: Rows) -> Rows:
    """Every content another, with salts of its own; positions, versions and times as good as any."""
    return fitted([changed(row, payload=row[4] + b" ", salt=secrets.token_bytes(16)) for row in rows])


def restore(clinic: Clinic) -> None:
    altered(clinic.url, lambda _: clinic.at_150)


def restore_and_go_on(clinic: Clinic) -> None:
    restore(clinic)
    record(clinic.url, 150, 320)
    project(clinic.url)


def append_all_anew(clinic: Clinic) -> None:
    """With the credentials of the application: the log is emptied, and filled by its own `append`."""
    rewrite(clinic.url, [])
    record(clinic.url, 0, EVENTS)
    make_all_anew(clinic.url)


def by_rows(change: Callable[[Rows], Rows], *, recompute: bool = True) -> Callable[[Clinic], None]:
    return lambda clinic: altered(clinic.url, change, recompute=recompute)


Alarm = tuple[Tampering, int] | None

ATTACKS: dict[str, tuple[Callable[[Clinic], None], Alarm, Alarm, Alarm]] = {
    "edit one event": (
        by_rows(edit, recompute=False), (Tampering.EDITED, 150), (Tampering.EDITED, 150), (Tampering.EDITED, 150),
    ),
    "edit one event and recompute all": (
        by_rows(edit), None, (Tampering.ALTERED, 101), (Tampering.EDITED, 150),
    ),
    "delete one event": (
        by_rows(delete_one), (Tampering.DELETED, 150), (Tampering.DELETED, 150), (Tampering.DELETED, 150),
    ),
    "delete a whole episode and recompute all": (
        by_rows(delete_stream), None, (Tampering.ALTERED, 1), (Tampering.DELETED, 4),
    ),
    "cut off the signed end": (
        by_rows(lambda rows: rows[:250]), None, (Tampering.RESTORED, 251), (Tampering.RESTORED, 251),
    ),
    "cut off the end behind the last checkpoint": (
        by_rows(lambda rows: rows[:290]), None, None, (Tampering.RESTORED, 291),
    ),
    "swap two events and recompute all": (
        by_rows(swap), None, (Tampering.ALTERED, 101), (Tampering.REORDERED, 150),
    ),
    "restore an old backup": (
        restore, None, (Tampering.RESTORED, 151), (Tampering.RESTORED, 151),
    ),
    "restore an old backup and go on": (
        restore_and_go_on, None, (Tampering.ALTERED, 101), (Tampering.FORKED, 151),
    ),
    "insert a back-dated episode and recompute all": (
        by_rows(insert), None, (Tampering.ALTERED, 101), (Tampering.INSERTED, 150),
    ),
    "alter when an event was recorded and recompute all": (
        by_rows(back_date), None, (Tampering.ALTERED, 101), (Tampering.EDITED, 151),
    ),
    "rewrite the whole history": (
        by_rows(forge_all), None, (Tampering.ALTERED, 1), (Tampering.REWRITTEN, 1),
    ),
    "rewrite it with the application's own credentials": (
        append_all_anew, None, (Tampering.ALTERED, 1), (Tampering.REWRITTEN, 1),
    ),
}  # fmt: skip  # one attack, one line
"""The attack; then what is seen with nothing, with checkpoints, with checkpoints and receipts."""


def alarm(verification: Verification) -> Alarm:
    if verification.ok:
        return None
    first = verification.discrepancies[0]
    assert first.first is not None
    return first.tampering, first.first


def test_what_nobody_touched_raises_no_alarm(clinic: Clinic) -> None:
    given = clinic.verification(clinic.checkpoints(), clinic.receipts())
    assert given.ok, given.discrepancies
    assert (given.size, given.checkpoints, given.covered, given.receipts) == (EVENTS, 3, 280, EVENTS)
    assert given.tiles == 1
    assert given.notes[:1] == ("20 of the newest events are after the last checkpoint: only receipts cover them",)


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_attack(clinic: Clinic, name: str) -> None:
    attack, with_nothing, with_checkpoints, with_receipts = ATTACKS[name]
    attack(clinic)
    assert alarm(clinic.verification()) == with_nothing
    assert alarm(clinic.verification(clinic.checkpoints())) == with_checkpoints
    assert alarm(clinic.verification(clinic.checkpoints(), clinic.receipts())) == with_receipts


def test_a_signer_does_not_sign_over_a_rewritten_history(clinic: Clinic) -> None:
    """The attacker makes the machine sign: it goes on from what it signed last, or refuses."""
    altered(clinic.url, edit)
    with open_recorder(clinic.url) as recorder, pytest.raises(Exception, match="not those that were signed"):
        sign(recorder, [clinic.key], SignerState(clinic.folder / "state", clinic.origin))


def test_an_end_replaced_before_it_was_signed_is_told_by_receipts_alone(clinic: Clinic) -> None:
    """Given a signer that goes on: what it had not signed yet, it could not know. The receipts of that time tell."""
    altered(clinic.url, lambda rows: rows[:290])
    record(clinic.url, 290, 292)
    with open_recorder(clinic.url) as recorder:
        signed = sign(recorder, [clinic.key], SignerState(clinic.folder / "state", clinic.origin))
    publish(clinic.folder / "checkpoints", signed, [clinic.key])
    assert alarm(clinic.verification(clinic.checkpoints())) is None
    problems = clinic.verification(clinic.checkpoints(), clinic.receipts()).discrepancies
    assert [(found.tampering, found.first) for found in problems] == [
        (Tampering.RECEIPT, 291),
        (Tampering.RESTORED, 293),
    ]


def test_checkpoints_signed_by_the_attacker_do_not_count(clinic: Clinic) -> None:
    """Given a rewritten history, signed with a key of the attacker's own, in the place of the checkpoints."""
    altered(clinic.url, forge_all)
    for path in (clinic.folder / "checkpoints").iterdir():
        path.unlink()
    theirs = new_key(clinic.origin)
    with open_recorder(clinic.url) as recorder:
        signed = sign(recorder, [theirs], SignerState(clinic.folder / "theirs", clinic.origin), first=True)
    publish(clinic.folder / "checkpoints", signed, [theirs])
    verification = clinic.verification(clinic.checkpoints())
    assert [found.tampering for found in verification.discrepancies] == [Tampering.CHECKPOINT] * 2, "of each log"
    # the control: who asks for no key is shown a history that fits
    assert clinic.verification(clinic.checkpoints(keys=[])).ok


def table() -> str:
    """The matrix as the page shows it."""
    shown = [[name, *map(_shown, alarms)] for name, (_, *alarms) in ATTACKS.items()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in shown)


def _shown(alarm: Alarm) -> str:
    if alarm is None:
        return "–"
    kind, position = alarm
    return f"{kind.replace('_', '-')}, from {position}"


def test_the_page_shows_this_table() -> None:
    assert table() in PAGE.read_text(), table()


def test_every_attack_but_the_two_clumsy_ones_is_unseen_without_what_was_kept() -> None:
    """The control: where nothing is kept outside, whoever may rewrite everything is not seen."""
    unseen = [name for name, (_, with_nothing, *_) in ATTACKS.items() if with_nothing is None]
    assert len(unseen) == 11
    assert all(with_receipts for *_, with_receipts in ATTACKS.values())
    assert not re.search("cut off the end behind", " ".join(n for n, (*_, c, _) in ATTACKS.items() if c))
