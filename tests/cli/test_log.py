"""`log`: the log out, line by line, whatever happens to the reader, the store or the connection."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import IO, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from caretrail.errors import LogDiverged, StoreDamaged
from caretrail.events.codec import stored_name
from caretrail.events.parsing import parse_event
from caretrail.log import EventRecorder, open_recorder
from caretrail.policy import pack_source
from caretrail.reading.log_stream import LogStream
from tests.support.program import Caretrail
from tests.support.stores import pending, run_sql

from .test_append import admitted

CANARY = "kanarienvogel"


def read(stream: IO[str] | None) -> dict[str, Any]:
    assert stream is not None
    row: dict[str, Any] = json.loads(stream.readline())
    return row


def record(recorder: EventRecorder, count: int) -> None:
    """Record as many events, which mean nothing: to the log that is all the same."""
    for _ in range(count // 100):
        recorder.append([pending(uuid4()) for _ in range(100)])


def test_each_line_says_what_the_receipt_said_and_the_event_as_stored(caretrail_both: Caretrail, example: str) -> None:
    receipts = caretrail_both("append", "--json", input=example).rows
    ended = caretrail_both("log")
    assert (ended.status, ended.err) == (0, "")
    assert list(ended.rows[0]) == [
        "position", "stream", "episode", "version", "name", "schema", "imported", "recorded_at", "recorded_by",
        "source", "command_id", "leaf", "event",
    ]  # fmt: skip  # the published order
    pack, *events = ended.rows
    assert (pack["position"], pack["name"], pack["episode"]) == (1, "pack_recorded", None)
    assert pack["event"]["content"].encode() == pack_source(pack["event"]["name"])
    told = [{name: row[name] for name in ("episode", "version", "position", "recorded_at", "leaf")} for row in events]
    about_the_call = ("line", "durability")
    assert told == [
        {name: value for name, value in receipt.items() if name not in about_the_call} for receipt in receipts
    ]
    assert {receipt["durability"] for receipt in receipts} == {"local"}
    for row, line in zip(events, example.splitlines(), strict=True):
        assert (f"{row['name']}/{row['schema']}", row["imported"]) == (stored_name(parse_event(line)), False)
        sent_again = row["event"] | {"source": row["source"], "command_id": row["command_id"]}
        assert parse_event(json.dumps(sent_again)) == parse_event(line)


@pytest.mark.parametrize("after", ["@63", "63"])
def test_it_begins_behind_a_position(caretrail_both: Caretrail, example: str, after: str) -> None:
    caretrail_both("append", "--imported", input=example)
    rows = caretrail_both("log", "--after", after).rows
    assert [(row["position"], row["imported"]) for row in rows] == [(64, True), (65, True), (66, True)]


def test_it_ends_after_a_number_of_events(caretrail_both: Caretrail, example: str) -> None:
    caretrail_both("append", input=example)
    assert [row["position"] for row in caretrail_both("log", "--after", "@7", "--limit", "3").rows] == [8, 9, 10]
    followed = caretrail_both("log", "--follow", "--limit", "65").rows
    assert [row["position"] for row in followed] == list(range(1, 66))
    first, again = caretrail_both("log", "--json").out, caretrail_both("log").out
    assert first == again, "that somebody looked is in another log"


def test_before_any_event_there_is_nothing_and_a_word(caretrail_both: Caretrail) -> None:
    ended = caretrail_both("log")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == "This store is empty: 'caretrail append FILE' records events.\n"


def test_behind_the_end_there_is_nothing_and_a_word(caretrail: Caretrail, example: str) -> None:
    caretrail("append", input=example)
    ended = caretrail("log", "--after", "@67")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == "Nothing is recorded after @67 yet: the latest is @66.\n"


LEAF = "4f" * 32


@pytest.mark.parametrize("after", ["@2:", "@2:4f", f"@2:{LEAF}4f", f"@2:{LEAF[:-1]}g", f"@0:{LEAF}"])
def test_what_is_no_leaf_is_wrong_usage(caretrail: Caretrail, after: str) -> None:
    ended = caretrail("log", "--after", after)
    assert (ended.status, ended.out) == (2, "")
    assert "a leaf is the 64 hexadecimal digits after the position" in ended.err


@pytest.mark.parametrize("follow", [(), ("--follow", "--limit", "1")])
@pytest.mark.parametrize(("position", "told"), [(2, "holds another event"), (99, "is not in the log")])
def test_a_log_that_does_not_go_on_from_a_place_is_refused(
    caretrail_both: Caretrail, position: int, told: str, follow: tuple[str, ...]
) -> None:
    """Given a position and a leaf that the log does not have there; the control is the position alone."""
    caretrail_both("append", input=admitted("a"))
    caretrail_both("append", input=admitted("b"))
    ended = caretrail_both("log", "--after", f"@{position}:{LEAF}", *follow)
    assert (ended.status, ended.out) == (4, "")
    assert told in ended.err
    assert [row["position"] for row in caretrail_both("log", "--after", f"@{min(position, 2)}", *follow).rows] == [3]


@pytest.mark.parametrize("after", ["x", "@", "-1", "@1.5", "²", "9" * 19])
def test_what_is_no_position_is_wrong_usage(caretrail: Caretrail, after: str) -> None:
    ended = caretrail("log", "--after", after)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        "Error: Invalid value for '--after': a position is @NUMBER, as in a receipt\nHint: see 'caretrail log --help'\n"
    )


@pytest.mark.slow
def test_a_demo_is_marked(caretrail: Caretrail, tmp_path: Path) -> None:
    caretrail("demo", "--today", "2026-03-09", "--count", "11", "--db", str(tmp_path / "demo.db"))
    ended = caretrail("log", "--limit", "1", "--db", str(tmp_path / "demo.db"))
    assert (len(ended.rows), ended.err) == (1, "DEMO STORE, made-up episodes\n")


def test_an_event_that_cannot_be_read_is_told_without_its_content(caretrail_both: Caretrail) -> None:
    with open_recorder(caretrail_both.url) as recorder:
        [broken] = recorder.append([pending(uuid4(), payload=b'{"type": "%s"}' % CANARY.encode())])
        recorder.append([pending(uuid4(), name="dreamed/7;imported", payload=b'{"x": "%s"}' % CANARY.encode())])
    caretrail_both("append", input=admitted("a"))
    ended = caretrail_both("log")
    assert ended.status == 0
    assert CANARY not in ended.out + ended.err
    first, second, pack, third = ended.rows
    assert pack["name"] == "pack_recorded"
    assert (first["position"], first["event"], first["error"]) == (1, None, "store_damaged")
    assert first["message"] == "a stored plan_reviewed cannot be read"
    assert (first["command_id"], len(first["leaf"])) == (broken.command_id, 64)
    assert (second["name"], second["schema"], second["imported"], second["error"]) == (
        "dreamed",
        7,
        True,
        "store_newer",
    )
    assert (third["episode"], third["event"]["client"], "error" in third) == ("a", "cl-a", False)
    assert ended.err == "2 events unreadable: see 'caretrail projection quarantine'\n"


# --- endings ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it_quietly(caretrail_both: Caretrail) -> None:
    with open_recorder(caretrail_both.url) as recorder:
        record(recorder, 2000)
    with caretrail_both.process("log") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert read(process.stdout)["position"] == 1
        process.stdout.close()
        assert process.wait(20) == 3
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_a_reader_that_leaves_is_noticed_although_nothing_is_recorded(caretrail: Caretrail) -> None:
    caretrail("append", input=admitted("a"))
    with caretrail.process("log", "--follow") as process:
        assert process.stdout is not None
        assert read(process.stdout)["position"] == 1
        process.stdout.close()
        assert process.wait(20) == 3


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(caretrail_both: Caretrail) -> None:
    caretrail_both("append", input=admitted("a"))
    with caretrail_both.process("log", "--follow") as process:
        assert process.stderr is not None
        *_, last = (read(process.stdout) for _ in range(2))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == (
            f"Error: interrupted after @2\nHint: resume with 'caretrail log --after @2:{last['leaf']}'\n"
        )
    caretrail_both("append", input=admitted("b"))
    assert [row["position"] for row in caretrail_both("log", "--after", f"@2:{last['leaf']}").rows] == [3]


@pytest.mark.slow
def test_the_end_of_a_service_is_no_fault(caretrail_both: Caretrail) -> None:
    caretrail_both("append", input=admitted("a"))
    with caretrail_both.process("log", "--follow") as process:
        assert process.stderr is not None
        read(process.stdout)
        process.terminate()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_broken_off_it_prints_whole_lines_only(caretrail: Caretrail, number: signal.Signals, status: int) -> None:
    with open_recorder(caretrail.url) as recorder:
        record(recorder, 3000)
    with caretrail.process("log") as process:  # nobody reads, so it stands in the middle of a line
        assert process.stdout is not None
        assert process.stderr is not None
        first = read(process.stdout)
        process.send_signal(number)
        rows = [first, *(json.loads(line) for line in process.stdout)]
        assert process.wait(20) == status
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) < 3000
        hint = f"Hint: resume with 'caretrail log --after @{len(rows)}:{rows[-1]['leaf']}'\n"
        assert process.stderr.read().endswith(hint)


# --- following --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_following_it_prints_what_is_recorded_from_now_on(caretrail_both: Caretrail) -> None:
    with caretrail_both.process("log", "--follow") as process:
        for number, episode in enumerate(("a", "b"), start=2):
            caretrail_both("append", input=admitted(episode))
            if number == 2:
                assert read(process.stdout)["name"] == "pack_recorded"
            row = read(process.stdout)
            assert (row["position"], row["episode"]) == (number, episode)
        process.terminate()


def test_no_event_is_missed_or_repeated_while_connections_are_killed(postgres_url: str, tmp_path: Path) -> None:
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'SELECT%%log%%'"
    )

    def write() -> None:
        with open_recorder(postgres_url) as recorder:
            for _ in range(9):
                record(recorder, 100)
                run_sql(postgres_url, kill)

    with open_recorder(postgres_url) as recorder:
        record(recorder, 100)
    with Caretrail(postgres_url, tmp_path).process("log", "--follow", "--limit", "1000") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        positions = [read(process.stdout)["position"]]
        writer = Thread(target=write)
        writer.start()
        positions += [json.loads(line)["position"] for line in process.stdout]
        writer.join()
        assert process.wait(20) == 0
        assert "The connection was lost and made again; going on after position " in process.stderr.read()
    assert positions == list(range(1, 1001))


def test_a_store_that_is_away_for_a_while_is_waited_for(
    postgres_url: str, postgres_server: str, tmp_path: Path
) -> None:
    name = urlsplit(postgres_url).path.lstrip("/")
    caretrail = Caretrail(postgres_url, tmp_path)
    caretrail("append", input=admitted("a"))
    with caretrail.process("log", "--follow") as process:
        assert process.stderr is not None
        assert [read(process.stdout)["position"] for _ in range(2)] == [1, 2]
        run_sql(
            postgres_server,
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        assert "; waiting, to go on after position 2" in process.stderr.readline()
        run_sql(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert process.stderr.readline() == "The connection was lost and made again; going on after position 2\n"
        caretrail("append", input=admitted("b"))
        assert read(process.stdout)["position"] == 3
        process.terminate()
        assert process.wait(20) == 0


def test_a_store_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
    ended = Caretrail("postgresql://nobody@127.0.0.1:1/care?connect_timeout=2", tmp_path)("log", "--follow")
    assert (ended.status, ended.out) == (4, "")


# --- what must not happen ---------------------------------------------------------------------------------------


def test_a_missing_position_ends_it(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        record(recorder, 100)
        run_sql(sqlite_url, "DROP TRIGGER log_refuses_delete", "DELETE FROM log WHERE position = 7")
        with pytest.raises(StoreDamaged, match="position 7 is missing"):
            list(LogStream(recorder).upto(100))


def test_a_store_restored_from_a_backup_is_noticed(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        record(recorder, 100)
        stream = LogStream(recorder)
        list(stream.upto(100))
        run_sql(sqlite_url, "DROP TRIGGER log_refuses_delete", "DELETE FROM log WHERE position > 50")
        record(recorder, 100)
        with pytest.raises(LogDiverged, match="position 100 holds another event than the one that was read there"):
            list(stream.upto(150))


MEASURED = """
import sys, tracemalloc
from caretrail.reading import log_stream  # what is imported once is not what grows
tracemalloc.start()
from caretrail.cli.main import main
main(["log"])
print(tracemalloc.get_traced_memory()[1], file=sys.stderr)
"""


@pytest.mark.slow
def test_memory_stays_flat(caretrail_both: Caretrail) -> None:
    peaks: list[int] = []
    for count in (1000, 5000):
        with open_recorder(caretrail_both.url) as recorder:
            record(recorder, count)
        ended = subprocess.run(
            [sys.executable, "-c", MEASURED],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, env=caretrail_both.environment(),
        )  # fmt: skip
        peaks.append(int(ended.stderr.splitlines()[-1]))
    assert peaks[1] < peaks[0] * 1.2
