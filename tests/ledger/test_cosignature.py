"""Cosignatures of witnesses: the format is that of C2SP tlog-cosignature, and what does not hold is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caretrail.evidence.packet import verify
from caretrail.ledger.cosignature import Cosignature, cosign_note, cosignatures
from caretrail.ledger.note import (
    COSIGNATURE,
    BadKey,
    BadSignature,
    NoteRefused,
    SigningKey,
    new_key,
    open_note,
    part_note,
    read_signing_key,
    read_verifying_key,
    sign_note,
)

AT = datetime(2026, 12, 1, 10, 0, 30, tzinfo=UTC)
TEXT = "caretrail.log/x\n3\n" + "A" * 43 + "=\n"

REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
ARCHE = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA2\
3oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7\
sEodkRAErumC2q44vdgJY096st5BQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWf\
Bw==
"""
"""A checkpoint of a public log of certificates of May 2026, with cosignatures of two public witnesses.

The key of one of them as transparency-dev/formats prints it (note/note_cosigv1_test.go).
"""
CONVERTED = "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"
"""A key of a log from the same file."""
SPECIFIED = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOA\
YQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUB\
kBIfZ+qnA==
"""
"""The example of the specification; the keys are not printed there, so it tells the layout only."""


def in_verify_py(note: str, line: str) -> datetime | None:
    return verify.Key(line, verify.WITNESS).cosigned(note.encode(), "it")


def test_a_public_checkpoint_that_a_public_witness_cosigned() -> None:
    remora = read_verifying_key(REMORA, COSIGNATURE)
    at = datetime(2026, 5, 23, 21, 50, 24, tzinfo=UTC)
    assert str(remora) == REMORA
    assert cosignatures(ARCHE, [remora]) == [Cosignature(remora, at)]
    assert in_verify_py(ARCHE, REMORA) == at


def test_the_layout_of_the_specification() -> None:
    _, signatures = part_note(SPECIFIED)
    [(_, log), (name, witness)] = signatures
    assert (len(log), name, len(witness)) == (4 + 64, "witness.example.com/w1", 4 + 8 + 64)
    assert int.from_bytes(witness[4:12], "big") == 1_679_315_147


@pytest.mark.parametrize(
    "change", [("1432088532", "1432088533"), ("U7WM", "V7WM"), ("arche2025h1.st", "brche2025h1.st")]
)
def test_the_cosignature_of_another_text_is_refused(change: tuple[str, str]) -> None:
    altered = ARCHE.replace(*change, 1)
    with pytest.raises(BadSignature):
        cosignatures(altered, [read_verifying_key(REMORA, COSIGNATURE)])
    with pytest.raises(verify.Problem, match="somebody made it up"):
        in_verify_py(altered, REMORA)


def test_the_time_is_signed_too() -> None:
    altered = ARCHE.replace("2net5wAAAABqEiEg", "2net5wAAAABqEiEh")
    with pytest.raises(BadSignature):
        cosignatures(altered, [read_verifying_key(REMORA, COSIGNATURE)])
    with pytest.raises(verify.Problem, match="somebody made it up"):
        in_verify_py(altered, REMORA)


def test_what_is_cosigned_is_read_by_both() -> None:
    log, witness, other = (
        new_key("caretrail.log/x"),
        new_key("w.example/1", COSIGNATURE),
        new_key("w.example/2", COSIGNATURE),
    )
    note = sign_note(TEXT, [log])
    cosigned = cosign_note(cosign_note(note, witness, AT + timedelta(microseconds=9)), other, AT)
    assert cosigned.startswith(note)
    assert open_note(cosigned, [log.verifying]) == (TEXT, [log.verifying])
    assert cosignatures(cosigned, [other.verifying]) == [(other.verifying, AT)]
    assert cosignatures(cosigned, [witness.verifying, other.verifying]) == [
        (witness.verifying, AT),
        (other.verifying, AT),
    ]
    assert in_verify_py(cosigned, str(witness.verifying)) == AT
    assert cosignatures(note, [witness.verifying]) == []
    assert in_verify_py(note, str(witness.verifying)) is None


def test_one_name_with_another_key_is_another_witness() -> None:
    log, witness, other = (
        new_key("caretrail.log/x"),
        new_key("w.example/1", COSIGNATURE),
        new_key("w.example/1", COSIGNATURE),
    )
    cosigned = cosign_note(sign_note(TEXT, [log]), witness, AT)
    assert cosignatures(cosigned, [other.verifying]) == []


def test_a_line_of_a_log_is_no_cosignature_and_the_reverse() -> None:
    """Given one secret used for both, which nobody should do: the kinds of keys keep them apart."""
    log = new_key("one.example")
    witness = SigningKey(log.name, log.seed, COSIGNATURE)
    assert cosignatures(sign_note(TEXT, [log]), [witness.verifying]) == []
    cosigned = cosign_note(sign_note(TEXT, [new_key("caretrail.log/x")]), witness, AT)
    with pytest.raises(NoteRefused):
        open_note(cosigned, [log.verifying])
    with pytest.raises(ValueError, match="witness"):
        cosign_note(cosigned, log, AT)


def test_a_time_in_no_calendar_is_refused() -> None:
    witness = new_key("w.example/1", COSIGNATURE)
    seconds = 2**63
    signature = witness.sign(f"cosignature/v1\ntime {seconds}\n{TEXT}")
    note = sign_note(TEXT, [new_key("log")]) + witness.line(seconds.to_bytes(8, "big") + signature)
    with pytest.raises(BadSignature, match="no calendar"):
        cosignatures(note, [witness.verifying])
    with pytest.raises(verify.Problem, match="no calendar"):
        in_verify_py(note, str(witness.verifying))


def test_keys_of_the_two_kinds_are_told_apart() -> None:
    witness = new_key("w.example/1", COSIGNATURE)
    assert read_signing_key(witness.encoded(), COSIGNATURE).verifying == witness.verifying
    with pytest.raises(BadKey, match="key of a witness"):
        read_signing_key(witness.encoded())
    with pytest.raises(BadKey, match="key of a witness"):
        read_verifying_key(REMORA)
    with pytest.raises(BadKey, match="key of a log"):
        read_verifying_key(CONVERTED, COSIGNATURE)
    assert read_verifying_key(CONVERTED).name == "TEST"
    with pytest.raises(BadKey, match="not readable"):
        read_verifying_key(REMORA.replace("da77", "da78"), COSIGNATURE)
    with pytest.raises(verify.Problem):
        verify.Key(CONVERTED, verify.WITNESS)
