"""Attacks on the log, and on what shows it, stop the lists as well: by the draws of each list, or by the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.keys import create_key
from caretrail.log import open_recorder
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.sweep import Sweep, Swept
from caretrail.readmodel.upkeep import catch_up
from tests.ledger.superuser import rewrite, rows_of
from tests.reading.test_checked_reads import (
    DAY,
    NAME,
    OTHER,
    SHOWN,
    hide_from_index,
    stream_of,
    swapped,
    two_episodes,
    without_version,
)
from tests.support.builds import live_table
from tests.support.care import NOW
from tests.support.program import Caretrail, Ended
from tests.support.stores import run_sql

LISTS = (("worklist", *DAY), ("census", *DAY), ("findings", *DAY), ("audit", "reviews", *DAY))


def filled(url: str, folder: Path) -> Caretrail:
    """A store of two episodes; no rows yet."""
    program = Caretrail(url, folder)
    assert program("append", input=two_episodes()).status == 0
    return program


def ended(program: Caretrail, lists: Sequence[Sequence[str]] = LISTS) -> list[Ended]:
    return [program(*one) for one in lists]


def calm(program: Caretrail) -> None:
    """The control: each list answers."""
    assert [one.status for one in ended(program)] == [0] * len(LISTS)


def not_calm(program: Caretrail, says: str) -> None:
    for one in ended(program):
        assert (one.status, one.out) == (4, ""), one
        assert says in one.err


def packet(program: Caretrail, folder: Path) -> Ended:
    """A packet about the first episode, by a signer who has seen no checkpoint yet."""
    key = folder / "log.key"
    if not key.exists():
        with open_recorder(program.url) as recorder:
            create_key(key, origin_of(recorder.namespace))
    program.variables["XDG_STATE_HOME"] = str(folder / f"state-{len(list(folder.glob('state-*')))}")
    Path(program.variables["XDG_STATE_HOME"]).mkdir()
    target = folder / "packet.zip"
    target.unlink(missing_ok=True)
    words = ("--key", str(key), "--first", "--recipient", "auditor", "--purpose", "claims", "--basis", "audit")
    done = program("audit", "packet", NAME, "--out", str(target), *words)
    assert target.exists() == (done.status == 0)
    return done


@pytest.mark.slow
def test_events_gone_or_in_another_stream_stop_lists_and_packets(store_url: str, tmp_path: Path) -> None:
    """Given rows made before an event was taken away, or the streams of two episodes were exchanged, in turn."""
    program = filled(store_url, tmp_path)
    assert program("projection", "catch-up").status == 0
    calm(program)
    assert packet(program, tmp_path).status == 0
    before = rows_of(store_url)
    first, second = (stream_of(store_url, name) for name in (NAME, OTHER))
    for versions in (range(1, 66), range(SHOWN, SHOWN + 1), range(65, 66)):
        rewrite(store_url, swapped(before, first, second, versions))
        not_calm(program, "not what the log says")
        assert packet(program, tmp_path).status in (1, 4), "the signer or the reader stops it"
        rewrite(store_url, before)
    for version in (1, SHOWN):
        rewrite(store_url, without_version(first, version)(before))
        found = ended(program)
        assert {(one.status, one.out) for one in found} == {(4, "")}
        assert packet(program, tmp_path).status in (1, 4), "the signer or the reader stops it"
        rewrite(store_url, before)
    calm(program)
    assert packet(program, tmp_path).status == 0


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, SHOWN, 64])
def test_an_entry_missing_from_the_index_stops_lists_and_packets(sqlite_url: str, tmp_path: Path, version: int) -> None:
    """Given rows made before the entry went missing: those of the episode, made anew, are of less."""
    program = filled(sqlite_url, tmp_path)
    assert program("projection", "catch-up").status == 0
    calm(program)
    hide_from_index(sqlite_url, stream_of(sqlite_url, NAME), version)
    found = ended(program)
    assert {(one.status, one.out) for one in found} == {(4, "")}
    assert packet(program, tmp_path).status in (1, 4), "the signer or the reader stops it"


def test_an_end_that_was_hidden_before_rows_were_made_is_found(sqlite_url: str, tmp_path: Path) -> None:
    """Given the newest event of an episode hidden, and rows made without it: lists find it by and by, a sweep at once.

    Sixteen places of 130 are drawn for each list, so after 60 lists it is one chance in 3,000 that none found it.
    """
    program = filled(sqlite_url, tmp_path)
    hide_from_index(sqlite_url, stream_of(sqlite_url, NAME), 65)
    with open_recorder(sqlite_url) as recorder:
        catch_up(recorder)
        sweep = Sweep(recorder, Projector(recorder))
        assert sweep.next_page(NOW) == Swept(hidden=1, ends_round=True)
        [(swept_at,)] = recorder.database.query("SELECT swept_at FROM caretrail.build WHERE state = 'live'")
        assert swept_at == "", "it is not said that all was compared"
    assert any(program("census", *DAY).status == 4 for _ in range(60))


@pytest.mark.parametrize("table", ["finding", "span", "episode", "program_finding", "build"])
def test_a_policy_on_the_read_models_stops_every_list(
    postgres_url: str, logins: dict[str, str], tmp_path: Path, table: str
) -> None:
    """Given a policy that hides rows from the reader: the server refuses what it would filter."""
    filled(logins["writer"], tmp_path)
    assert Caretrail(logins["projector"], tmp_path)("projection", "catch-up").status == 0
    reader = Caretrail(logins["reader"], tmp_path)
    calm(reader)
    name = "caretrail.build" if table == "build" else live_table(postgres_url, table)
    run_sql(
        postgres_url,
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY hiding ON {name} USING (false)",
    )
    not_calm(reader, "row-security policy")
    run_sql(postgres_url, f"DROP POLICY hiding ON {name}", f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
    calm(reader)


FILTERING = "options=-c%20row_security%3Don"
"""What to add to a url for a connection like one behind a pooler that takes no options: policies hide rows unsaid."""


@pytest.mark.parametrize(
    ("table", "which"),
    [
        ("finding", "(verdict <> 'overdue')"),
        ("episode", "(false)"),
        ("log", "(version <> 40)"),
        ("log", "(version < 60)"),
    ],
)
def test_what_a_policy_hides_unsaid_is_found_by_the_draws(
    postgres_url: str, logins: dict[str, str], tmp_path: Path, table: str, which: str
) -> None:
    """Given a connection that filters: missing rows differ from the log, and a log with less from its rows."""
    filled(logins["writer"], tmp_path)
    assert Caretrail(logins["projector"], tmp_path)("projection", "catch-up").status == 0
    reader = Caretrail(f"{logins['reader']}&{FILTERING}", tmp_path)
    calm(reader)
    name = "caretrail.log" if table == "log" else live_table(postgres_url, table)
    run_sql(
        postgres_url, f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY", f"CREATE POLICY hiding ON {name} USING {which}"
    )
    found = ended(reader)
    assert {(one.status, one.out) for one in found} == {(4, "")}
    assert not any("row-security policy" in one.err for one in found), "it is what the rows and the log say that tells"
    run_sql(postgres_url, f"DROP POLICY hiding ON {name}", f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
    calm(reader)
