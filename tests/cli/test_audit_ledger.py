"""`audit key`, `checkpoint` and `verify` as they are typed and as cron runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ledger.superuser import rewrite, rows_of
from tests.ledger.test_attacks import changed
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import lock_held, run_sql

EPISODE = "LNK-2026-0001"


@pytest.fixture
def signed(caretrail_both: Caretrail, tmp_path: Path) -> Caretrail:
    """The example, with a key, a checkpoint and receipts."""
    ended = caretrail_both("append", "--imported", "--json", input=EXAMPLE.read_text())
    (tmp_path / "receipts.jsonl").write_text(ended.out)
    assert caretrail_both("audit", "key", "--out", f"{tmp_path}/key").status == 0
    (tmp_path / "out").mkdir()
    assert sign(caretrail_both, tmp_path, "--first").startswith("66 events and 0 accesses signed: ")
    return caretrail_both


def sign(caretrail: Caretrail, folder: Path, *more: str) -> str:
    ended = caretrail("audit", "checkpoint", "--key", f"{folder}/key", "--to", f"{folder}/out", *more)
    assert ended.status == 0, ended.err
    return ended.out


def kept(folder: Path) -> list[str]:
    return ["--checkpoints", f"{folder}/out", "--key", f"{folder}/key.pub", "--receipts", f"{folder}/receipts.jsonl"]


def edit(url: str, position: int) -> None:
    rewrite(url, [changed(row, payload=row[4] + b" ") if row[0] == position else row for row in rows_of(url)])


def test_verify_says_that_nothing_is_wrong_or_says_nothing(signed: Caretrail, tmp_path: Path) -> None:
    ended = signed("audit", "verify", *kept(tmp_path))
    assert (ended.status, ended.err) == (0, "")
    first, root, *rest = ended.out.splitlines()
    assert first == "66 events verified in 2 streams: nothing is wrong"
    assert root.startswith("  root ")
    assert rest == [
        "  1 checkpoint matches, the last one through @66",
        "  65 receipts match",
        "  also as they must be: schema, rights, indexes, mark, stays",
    ]
    ended = signed("audit", "verify", "--quiet", *kept(tmp_path))
    assert (ended.status, ended.out, ended.err) == (0, "", "")
    assert signed("audit", "verify", "--quiet", "--json").out == ""


def test_verify_says_where_what_and_what_to_do(signed: Caretrail, tmp_path: Path) -> None:
    edit(signed.url, 7)
    ended = signed("audit", "verify", "--quiet", *kept(tmp_path))
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.splitlines()[:4] == [
        "Altered, from position 7 on:",
        "  it looks as if a stored event was edited: its content, time, author or another column",
        "  - 1 receipt, the first of position 7: the leaf differs",
        "  - 000000000066-000000000000.checkpoint: the root over 66 events is not the one that was signed",
    ]
    assert ended.out.splitlines()[-1].startswith("Hint: stop all writers, keep the database")
    report = signed("audit", "verify", "--json", *kept(tmp_path))
    assert (report.status, report.json["ok"], report.json["first_bad"], report.json["tampering"]) == (
        1,
        False,
        7,
        "edited",
    )


def test_nothing_of_an_event_is_printed(signed: Caretrail, tmp_path: Path) -> None:
    """Not the case number either: what verify prints goes to mail and to logs."""
    edit(signed.url, 7)
    for words in (
        ["verify", *kept(tmp_path)],
        ["verify", "--json"],
        ["checkpoint", "--key", f"{tmp_path}/key", "--full"],
    ):
        ended = signed("audit", *words)
        assert EPISODE not in ended.out + ended.err
        assert "c-ortiz" not in ended.out + ended.err


def test_a_checkpoint_on_standard_output_is_the_note_and_nothing_else(signed: Caretrail, tmp_path: Path) -> None:
    ended = signed("audit", "checkpoint", "--key", f"{tmp_path}/key")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (tmp_path / "out" / "000000000066-000000000000.checkpoint").read_text()
    report = signed("audit", "checkpoint", "--key", f"{tmp_path}/key", "--json").json
    assert report["note"] == ended.out
    assert (report["size"], report["since"], report["file"]) == (66, 66, None)


def test_a_signer_that_may_not_sign_says_why(signed: Caretrail, tmp_path: Path) -> None:
    state = tmp_path / ".local" / "state" / "caretrail"
    [memory] = state.glob("*.checkpoint")
    assert memory.stat().st_mode & 0o777 == 0o600
    ended = signed("audit", "checkpoint", "--key", f"{tmp_path}/key", "--first")
    assert (ended.status, ended.out) == (1, "")
    assert "leave out --first" in ended.err
    edit(signed.url, 66)
    ended = signed("audit", "checkpoint", "--key", f"{tmp_path}/key")
    assert (ended.status, ended.out) == (1, "")
    assert "the first 66 events are not those that were signed" in ended.err
    (tmp_path / "key").chmod(0o644)
    assert "read by others" in signed("audit", "checkpoint", "--key", f"{tmp_path}/key").err
    ended = signed("audit", "checkpoint", "--key", f"{tmp_path}/none", "--to", f"{tmp_path}/nowhere")
    assert (ended.status, ended.out) == (1, "")


def test_a_key_is_printed_by_its_public_half_alone(caretrail: Caretrail, tmp_path: Path) -> None:
    ended = caretrail("audit", "key", "--out", f"{tmp_path}/key")
    secret = (tmp_path / "key").read_text()
    assert ended.out == (tmp_path / "key.pub").read_text()
    assert secret.split("+", 4)[4].strip() not in ended.out + ended.err
    again = caretrail("audit", "key", "--out", f"{tmp_path}/key", "--json")
    assert (again.status, again.out) == (1, "")
    report = caretrail("audit", "key", "--out", f"{tmp_path}/other", "--json").json
    assert report["key"] == (tmp_path / "other.pub").read_text().strip()


def test_a_change_of_keys(signed: Caretrail, tmp_path: Path) -> None:
    signed("audit", "key", "--out", f"{tmp_path}/new")
    ended = signed("audit", "checkpoint", "--key", f"{tmp_path}/new")
    assert (ended.status, ended.out) == (1, "")
    assert "--key NEW --key OLD" in ended.err
    both = ("--key", f"{tmp_path}/new", "--key", f"{tmp_path}/key")
    assert signed("audit", "checkpoint", *both, "--to", f"{tmp_path}/out").status == 0
    assert signed("audit", "checkpoint", "--key", f"{tmp_path}/new").status == 0
    keys = ("--key", f"{tmp_path}/key.pub", "--key", (tmp_path / "new.pub").read_text())
    ended = signed("audit", "verify", "--checkpoints", f"{tmp_path}/out", *keys)
    assert "2 checkpoints match" in ended.out, ended.out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--checkpoints", "{folder}/nowhere"], 1, "cannot be read"),
        (["--checkpoints", "{folder}"], 1, "no checkpoint in that folder"),
        (["--receipts", "{folder}/nowhere"], 1, "cannot be read"),
        (["--receipts", "{folder}/key"], 1, "line 1: this is not a receipt"),
        (["--key", "rubbish"], 1, "neither a key nor a file"),
        (["--key", "{folder}/key"], 1, "not readable"),
        (["--nonsense"], 2, "No such option"),
    ],
)
def test_what_is_given_wrongly_is_said(
    signed: Caretrail, tmp_path: Path, words: list[str], status: int, said: str
) -> None:
    ended = signed("audit", "verify", *(word.format(folder=tmp_path) for word in words))
    assert (ended.status, ended.out) == (status, "")
    assert said in ended.err


def test_a_store_that_cannot_be_read_is_another_status(caretrail: Caretrail, tmp_path: Path) -> None:
    assert caretrail("audit", "verify", "--db", f"{tmp_path}/none.db").status == 4
    caretrail("append", "--imported", input=EXAMPLE.read_text())
    run_sql(
        caretrail.url, "DROP TRIGGER log_refuses_update", "UPDATE log SET name = CAST(x'c3' AS TEXT) WHERE position = 4"
    )
    ended = caretrail("audit", "verify")
    assert ended.status == 4
    assert "position 4" in ended.out


def test_verifying_takes_no_lock(caretrail: Caretrail) -> None:
    caretrail("append", "--imported", input=EXAMPLE.read_text())
    with lock_held(caretrail.url):
        assert caretrail("audit", "verify").status == 0


def test_receipts_of_the_command_line_are_those_that_verify_reads(signed: Caretrail, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (tmp_path / "receipts.jsonl").read_text().splitlines()]
    assert [line["position"] for line in lines] == list(range(2, 67))
