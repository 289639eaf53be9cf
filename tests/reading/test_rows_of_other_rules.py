"""Rows that other rules or packs judged are judged again or named, and no list answers from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.errors import StaleReadModel
from caretrail.reading import gate
from caretrail.reading.questions.findings import Findings
from caretrail.readmodel.check import check
from caretrail.readmodel.packs import packs_digest, stale_policies
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.schema import read_state
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, assessed, plan
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day, example
from tests.support.packs import OWN_PACK


def test_rows_made_by_other_rules_are_made_again(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given rows on the board, when the rules or a pack have changed since, then no read answers from those rows."""
    monkeypatch.setattr(Findings, "is_sampled", False)
    care.record(example())
    catch_up(care.recorder)
    findings = live_table(care.recorder.database, "finding")
    care.recorder.database.execute(f"UPDATE {findings} SET verdict = 'info' WHERE verdict = 'overdue'")
    assert care.reader.findings(day("03-10"), rule="R1")[0].verdict == "info", "the rows of today's rules are trusted"
    monkeypatch.setattr("caretrail.readmodel.schema.VERSION", 7)
    assert care.reader.findings(day("03-10"), rule="R1")[0].verdict == "overdue"


def as_another_process(path: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change a pack, and forget what this process has read."""
    text = path.read_text()
    assert old in text
    (path.parent / "changed").mkdir()
    changed = path.parent / "changed" / path.name
    changed.write_text(text.replace(old, new))
    monkeypatch.setenv("CARETRAIL_PACKS", str(changed.parent))


def test_rows_judged_by_other_packs_are_named_and_never_answered_from(
    care: Care, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an episode under a pack of one's own and one under Nebraska's, when the own pack changes,
    then it is named, every read answers by the new one, and a projector judges that episode again, and no other.
    """
    monkeypatch.setattr(Findings, "is_sampled", False)
    care.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK), plan("01-05")])
    care.record([assessed("01-02", "E-2"), admitted("01-05", "E-2"), plan("01-05", "E-2")])
    catch_up(care.recorder)
    state = read_state(care.recorder.database)
    assert state is not None
    assert stale_policies(care.recorder, state) == ()
    database = care.recorder.database
    database.execute(f"UPDATE {live_table(database, 'finding')} SET message = 'kept' WHERE verdict = 'due_soon'")
    as_another_process(own_pack, 'title = "', 'title = "New: ', monkeypatch)
    assert stale_policies(care.recorder, state) == (OWN_PACK,)
    told = {row.episode: row.message for row in care.onlooker.findings(day("02-01"), rule="R1")}
    assert "kept" not in told.values()
    catch_up(care.recorder)
    kept = {row.episode: row.message == "kept" for row in care.onlooker.findings(day("02-01"), rule="R1")}
    assert kept == {"E-1": False, "E-2": True}
    assert stale_policies(care.recorder, read_state(database) or state) == ()


def test_what_programs_owe_by_a_pack_that_is_gone_goes_with_it(
    care: Care, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a program that owes what a pack of one's own asks, when the pack is no longer installed,
    then nothing of it is left once the rows are judged again.
    """
    care.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK), plan("01-05")])
    catch_up(care.recorder)
    assert {row.pack for row in care.onlooker.findings(day("02-01"), rule="S3")} == {OWN_PACK}
    assert own_pack.exists()
    monkeypatch.delenv("CARETRAIL_PACKS")
    catch_up(care.recorder)
    assert check(care.recorder).differ == ()
    assert care.onlooker.findings(day("02-01"), rule="S3") == []


def test_while_rows_are_judged_again_no_list_is_of_two_packs(
    care: Care, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a projector without the pack, killed when all episodes were judged again but not yet their programs,
    then readers with the pack and readers without it answer by theirs, and the next projector ends the work.
    """
    care.record([assessed("01-02"), admitted("01-05", policy=OWN_PACK), plan("01-05")])
    catch_up(care.recorder)
    assert own_pack.exists()
    owed = rules_of(care)
    assert "S3" in owed

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as without:
        without.delenv("CARETRAIL_PACKS")
        with monkeypatch.context() as interrupted:
            interrupted.setattr("caretrail.readmodel.projector.refresh", killed)
            with pytest.raises(KeyboardInterrupt):
                Projector(care.recorder).catch_up()
        assert rules_of(care) == {"PACK"}
        with monkeypatch.context() as far:
            far.setattr(gate, "MOST_TOUCHED", 0)
            far.setattr(gate, "ALWAYS_CURRENT", 0)
            with pytest.raises(StaleReadModel, match="their rows are being judged again"):
                care.onlooker.findings(day("02-01"))
    assert rules_of(care) == owed
    catch_up(care.recorder)
    assert rules_of(care) == owed
    assert check(care.recorder).ok


def rules_of(care: Care) -> set[str]:
    """The rules of what is found, without the prefix of the pack."""
    return {row.rule.rpartition("-")[2] for row in care.onlooker.findings(day("02-01"))}


def test_the_packs_of_another_folder_are_other_packs(
    care: Care, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a process that has asked before, when another folder is named, then it knows other packs."""
    assert own_pack.exists()
    before = packs_digest(care.recorder)
    monkeypatch.delenv("CARETRAIL_PACKS")
    assert packs_digest(care.recorder) != before
