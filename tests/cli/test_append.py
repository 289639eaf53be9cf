"""`append`: what is taken, what is refused, and what the sender is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.build import stated
from tests.support.program import Caretrail
from tests.support.stores import run_sql


def admitted(episode: str, **fields: object) -> str:
    """An admission as a line of input."""
    return json.dumps(stated("admitted", "2026-01-05", episode, **fields))


def test_every_line_gets_its_receipt_in_order(caretrail_both: Caretrail, example: str) -> None:
    ended = caretrail_both("append", "--json", "-", input=example)
    assert ended.status == 0
    assert [row["line"] for row in ended.rows] == list(range(1, 66))
    assert [row["version"] for row in ended.rows] == list(range(1, 66))
    assert [row["position"] for row in ended.rows] == list(range(2, 67)), "the first is the pack that judges"
    assert list(ended.rows[0]) == ["line", "episode", "version", "position", "recorded_at", "leaf", "durability"]
    assert ended.rows[0]["recorded_at"].endswith("Z")
    assert ended.err == "65 events recorded, @2 to @66\n"


def test_appended_again_it_prints_the_same_receipts_byte_for_byte(caretrail_both: Caretrail, example: str) -> None:
    first = caretrail_both("append", "--json", input=example)
    again = caretrail_both("append", "--json", input=example)
    assert again.out == first.out
    assert again.status == 0
    assert "65 already recorded, skipped" in again.err


def test_a_summary_for_people(caretrail: Caretrail, example: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n" + example + "{oops\n")
    ended = caretrail("append", str(file))
    assert ended.status == 1
    assert ended.out == "65 events recorded, @2 to @66; 1 line refused; 1 blank line skipped\n"
    assert ended.err == "line 67: line is not valid JSON\n  Hint: see 'caretrail schema' for the shape of each event\n"


def test_a_line_that_may_be_misspelt_is_taken_with_a_warning(caretrail_both: Caretrail) -> None:
    caretrail_both("append", input=admitted("a"))
    lines = f"{admitted('b', program='iopp')}\n{admitted('c')}\n"
    first, second = caretrail_both("append", "--json", input=lines).rows
    assert first["warning"] == "program: new to this store (did you mean iop?)"
    assert "warning" not in second
    ended = caretrail_both("append", input=admitted("d", policy="ne-medicaid-2.1-adlt"))
    assert ended.status == 0
    assert ended.err.startswith("line 1: warning: policy: not installed (did you mean ne-medicaid-2.1-adult?), so")


def test_good_lines_around_a_bad_one_are_taken(caretrail_both: Caretrail) -> None:
    ended = caretrail_both("append", "--json", input=f"{admitted('a')}\n{{oops\n{admitted('b')}\n")
    assert ended.status == 1
    assert [row.get("position", row.get("error")) for row in ended.rows] == [2, "invalid", 3]


def test_atomic_takes_nothing_and_names_the_line(caretrail_both: Caretrail) -> None:
    lines = [admitted("a"), "", '{"type": "held"}', admitted("b")]
    ended = caretrail_both("append", "--json", "--atomic", input="\n".join(lines))
    assert ended.status == 1
    assert [(row["line"], row["error"]) for row in ended.rows] == [
        (1, "not_recorded"),
        (3, "invalid"),
        (4, "not_recorded"),
    ]
    assert "because line 3 was refused" in ended.rows[0]["message"]
    assert caretrail_both("append", "--json", input=admitted("a")).rows[0]["position"] == 2


def test_atomic_names_the_line_of_an_impossible_event(caretrail_both: Caretrail) -> None:
    lines = [admitted("a"), admitted("a", command_id="again"), admitted("b")]
    ended = caretrail_both("append", "--atomic", input="\n".join(lines))
    assert ended.status == 1
    assert ended.out == "0 events recorded; 3 lines refused\n"
    assert "the episode is admitted twice" in ended.err


def test_atomic_judges_its_events_together(caretrail_both: Caretrail) -> None:
    caretrail_both("append", input=admitted("a"))
    caretrail_both("append", input=json.dumps(stated("assessed", "2026-01-04", "a")))

    def correction(target: int) -> str:
        return json.dumps(stated("corrected", "2026-01-06", "a", target=target, values={"client": "cl-z"}))

    both = f"{correction(1)}\n{correction(2)}\n"
    assert caretrail_both("append", input=both).status == 1
    assert caretrail_both("append", "--atomic", input=both).status == 0


def test_refused_lines_are_decided_anew(caretrail: Caretrail) -> None:
    held = json.dumps(
        {
            "type": "held",
            "episode": "a",
            "occurred_on": "2026-01-07",
            "actor": {"id": "c", "role": "clinician"},
            "reason": "jail",
            "command_id": "h",
        }
    )
    assert caretrail("append", "--json", input=held).rows[0]["error"] == "unknown_episode"
    assert caretrail("append", "--json", input=f"{admitted('a')}\n{held}").rows[1]["version"] == 2


@pytest.mark.slow
def test_a_trickling_pipe_gets_each_receipt_at_once(caretrail: Caretrail) -> None:
    with caretrail.process("append", "--json") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number, episode in enumerate(("a", "b", "c"), start=2):
            process.stdin.write(admitted(episode) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["position"] == number
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_last_line_without_newline_is_a_line(caretrail: Caretrail) -> None:
    assert len(caretrail("append", "--json", input=f"{admitted('a')}\n{admitted('b')}").rows) == 2


def test_windows_line_ends_and_a_byte_order_mark_are_no_fault(caretrail: Caretrail) -> None:
    data = b"\xef\xbb\xbf" + f"{admitted('a')}\r\n{admitted('b')}\r\n".encode()
    assert caretrail("append", input=data).status == 0


def test_a_huge_line_is_refused_without_being_held(caretrail: Caretrail) -> None:
    huge = '{"type": "' + "x" * 3_000_000 + '"}'
    ended = caretrail("append", "--json", input=f"{admitted('a')}\n{huge}\n{admitted('b')}\n")
    assert [row.get("position", row.get("message")) for row in ended.rows] == [2, "payload is larger than 256 KB", 3]


def test_an_event_at_the_limit_is_not_too_large(caretrail: Caretrail) -> None:
    line = admitted("a")
    padded = line[:-1] + " " * (256 * 1024 - len(line)) + "}"
    assert caretrail("append", input=padded).status == 0
    assert caretrail("append", "--json", input=padded + " ").rows[0]["message"] == "payload is larger than 256 KB"


@pytest.mark.slow
def test_ctrl_c_says_what_is_durable(caretrail: Caretrail) -> None:
    with caretrail.process("append", "--json") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(admitted("a", command_id="1") + "\n")
        process.stdin.flush()
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == (
            "Error: interrupted after line 1: 1 event recorded, @2 to @2; nothing after that line\n"
            "Hint: run the same command again: an event with a command_id is not recorded twice\n"
        )
    assert caretrail("append", "--json", input=admitted("a", command_id="1")).out == first


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_big_file_keeps_receipts_and_events_equal(
    caretrail: Caretrail, tmp_path: Path
) -> None:
    file = tmp_path / "big.jsonl"
    file.write_text("".join(admitted(f"e-{n}", command_id=f"c-{n}") + "\n" for n in range(20_000)))
    with caretrail.process("append", "--json", str(file)) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()  # not communicate(): it would miss what readline() read ahead
        assert process.wait(30) == 130
    receipts = [json.loads(line) for line in [first, *out.splitlines()]]
    assert 0 < len(receipts) < 20_000
    again = caretrail("append", "--json", input=file.read_text().split("\n", 1)[0])
    assert json.loads(first) == again.rows[0]
    # the next event comes right behind those that have a receipt
    assert caretrail("append", "--json", input=admitted("after")).rows[0]["position"] == receipts[-1]["position"] + 1


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it_quietly(caretrail: Caretrail, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(admitted(f"e-{n}") + "\n" for n in range(3000)))
    with caretrail.process("append", "--json", str(file)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 3
        assert process.stderr.read() == ""


def test_imported_events_are_marked(caretrail: Caretrail, example: str) -> None:
    assert caretrail("append", "--imported", input=example).status == 0
    rows = caretrail("timeline", "LNK-2026-0001", "--json", "--as-of", "2026-06-01").listed
    assert sum(row["late"] for row in rows) == 1


@pytest.mark.parametrize("name", ["no-such.jsonl", "."])
def test_a_file_that_cannot_be_read_is_wrong_usage(caretrail: Caretrail, tmp_path: Path, name: str) -> None:
    ended = caretrail("append", str(tmp_path / name))
    assert ended.status == 2
    assert ended.err.startswith("Error: Invalid value for '[FILE|-]'")


MEASURED = """
import sys, tracemalloc
from caretrail.cli.terminal.input_lines import InputLines  # what is imported once is not what grows
tracemalloc.start()
from caretrail.cli.main import main
main(sys.argv[1:])
print(tracemalloc.get_traced_memory()[1], file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", [json.dumps({"type": "nothing", "padding": "x" * 2000}), admitted("a", command_id="1")]
)
def test_memory_stays_flat(caretrail: Caretrail, tmp_path: Path, line: str) -> None:
    """Five times the input needs about the same memory, refused or taken."""
    peaks: list[int] = []
    for count in (1_000, 5_000):
        file = tmp_path / f"{count}.jsonl"
        file.write_text(f"{line}\n" * count)
        ended = subprocess.run(
            [sys.executable, "-c", MEASURED, "append", str(file)],
            capture_output=True, text=True, check=True, env=caretrail.environment(),
        )  # fmt: skip
        peaks.append(int(ended.stderr.splitlines()[-1]))
    assert peaks[1] < peaks[0] * 1.2


def test_what_is_recorded_before_the_store_goes_away_is_said(
    postgres_url: str, postgres_server: str, tmp_path: Path
) -> None:
    name = urlsplit(postgres_url).path.lstrip("/")
    with Caretrail(postgres_url, tmp_path).process("append", "--json") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(admitted("a") + "\n")
        process.stdin.flush()
        process.stdout.readline()
        run_sql(
            postgres_server,
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        process.stdin.write(admitted("b") + "\n")
        process.stdin.close()
        assert process.wait(60) == 4
        assert "Up to line 1: 1 event recorded" in process.stderr.read()
