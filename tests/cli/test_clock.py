"""The clock on the command line: what a reader, a sender and an operator see when the log says that it is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from caretrail.cli.session import CLOCK_WORDS
from caretrail.log import open_recorder
from caretrail.log.clock import CLOCK_STATES
from tests.support.clocks import shifted
from tests.support.program import Caretrail

OPERATOR = ("--yes", "--actor", "it-1,operator")
DAY = "2026-03-09"


@pytest.fixture
def clinic(caretrail: Caretrail, example: str) -> Caretrail:
    """A clinic in a file whose newest event is of now, by a clock that a test sets."""
    caretrail.clock = lambda: NOW
    assert caretrail("append", "--imported", input=example).status == 0
    return caretrail


NOW = datetime.now(UTC)


def another(example: str) -> str:
    """The same of another client."""
    other = example.replace("LNK-2026-0001", "LNK-2").replace("cl-7f3a", "cl-2")
    return re.sub(r'"command_id": ?"', '"command_id":"2', other)


def at(clinic: Caretrail, **later: float) -> Caretrail:
    clinic.clock = lambda: NOW + timedelta(**later)
    return clinic


def test_a_clock_that_agrees_says_nothing(clinic: Caretrail) -> None:
    assert at(clinic, days=3)("worklist").out.endswith("(latest)\n")
    assert clinic("worklist", "--json").json["standing"]["clock"] == "ok"
    shown = clinic("clock")
    assert (shown.status, shown.err) == (0, "")
    assert "The clock agrees with the log." in shown.out


@pytest.mark.parametrize("command", ["worklist", "findings", "census", "timeline LNK", "why LNK R1", "audit reviews"])
def test_behind_the_log_no_answer_is_for_today_and_one_for_a_day_is_marked(clinic: Caretrail, command: str) -> None:
    """Given a machine six weeks slow, then the overdue review does not vanish: there is no answer for today."""
    at(clinic, days=-46)
    today = clinic(*command.split())
    assert (today.status, today.out) == (4, "")
    assert "46 days behind the newest record" in today.err
    assert "so nobody can tell which day is today\nHint: ask for a day with --as-of DATE" in today.err
    stated = clinic(*command.split(), "--as-of", DAY)
    assert stated.status == 0
    assert "; CLOCK BEHIND the log: see 'caretrail clock'\n" in stated.out
    assert clinic(*command.split(), "--as-of", DAY, "--json").json["standing"]["clock"] == "behind"


def test_far_ahead_of_the_log_an_answer_is_marked(clinic: Caretrail) -> None:
    at(clinic, days=1600)
    shown = clinic("worklist")
    assert shown.status == 0
    assert shown.out.endswith("; CLOCK AHEAD of the log: see 'caretrail clock'\n")
    assert clinic("worklist", "--json").json["standing"]["clock"] == "ahead"
    assert at(clinic, days=0)("worklist", "--as-of", DAY).status == 0, "the access of 2031 is there"


def test_one_read_in_2031_moves_no_later_stamp_in_silence(clinic: Caretrail, example: str) -> None:
    """Given one read at a machine in 2031, when the clock is right again, then appending asks for an operator's word,
    and is then stamped by the clock.
    """
    assert at(clinic, days=1600)("worklist", "--as-of", DAY).status == 0
    at(clinic, hours=1)
    more = another(example)
    refused = clinic("append", "--imported", input=more)
    assert refused.status == 4
    assert "behind the newest record" in refused.err
    assert "caretrail clock confirm --behind" in refused.err
    assert clinic("clock", "confirm", "--behind", *OPERATOR).status == 0
    assert clinic("append", "--imported", input=more).status == 0
    assert clinic("worklist").out.endswith("; clock behind the log, as an operator confirmed\n")
    with open_recorder(clinic.url) as recorder:
        assert recorder.read_log(limit=1000)[-1].recorded_at - NOW < timedelta(hours=2)


def test_after_a_long_silence_an_operator_confirms(clinic: Caretrail, example: str) -> None:
    at(clinic, days=40, hours=1)
    refused = clinic("append", input=another(example).splitlines()[0])
    assert refused.status == 4
    assert "40 days ahead of the newest event" in refused.err
    shown = clinic("clock")
    assert shown.status == 1
    assert "CLOCK AHEAD: the clock is 40 days ahead of the newest event" in shown.out
    confirmed = clinic("clock", "confirm", *OPERATOR)
    assert confirmed.status == 0
    assert "Clock of the store" in confirmed.err
    assert "Clock here" in confirmed.err
    assert confirmed.out.startswith("Confirmed, recorded as @")
    assert clinic("clock").status == 0
    again = clinic("clock", "confirm", *OPERATOR)
    assert (again.status, again.out) == (1, "")
    assert "needs no confirmation" in again.err


def test_only_an_operator_confirms_and_not_unseen(clinic: Caretrail) -> None:
    at(clinic, days=40)
    assert clinic("clock", "confirm", "--yes").status == 2
    assert clinic("clock", "confirm", "--actor", "it-1,operator").status == 2
    refused = clinic("clock", "confirm", "--yes", "--actor", "c-ortiz,clinician")
    assert refused.status == 1
    assert "only an operator confirms the clock" in refused.err


def test_the_clock_as_json(clinic: Caretrail) -> None:
    at(clinic, days=-2)("clock", "confirm", "--behind", *OPERATOR)
    told = clinic("clock", "--json").json
    assert told["clock"] == "confirmed_behind"
    assert told["store_clock"] == told["clock_here"] < told["newest_event"]
    assert len(told["confirmed_behind"]) == 1
    assert "Confirmed while behind, at " in clinic("clock").out


def test_a_disclosure_by_consent_needs_a_day_to_judge_it(clinic: Caretrail) -> None:
    """Given a clock behind the log, then whether a consent has expired cannot be told."""
    at(clinic, days=-46)
    words = ("--recipient", "x", "--purpose", "legal", "--basis", "consent", "--what", "attendance")
    ended = clinic("audit", "disclose", "LNK-2026-0001", *words)
    assert ended.status == 4
    assert "so nobody can tell which day is today" in ended.err


def test_words_for_every_state() -> None:
    assert list(CLOCK_WORDS) == ["ok", "unchecked", "ahead", "behind", "confirmed_behind"]
    assert set(CLOCK_WORDS) == set(CLOCK_STATES)


@pytest.mark.parametrize("kind", ["writer", "reader", "operator"])
def test_on_a_server_the_role_decides_who_confirms(
    logins: dict[str, str], postgres_url: str, caretrail: Caretrail, kind: str
) -> None:
    """Given a server whose clock is 40 days past its newest event, then every role sees it, and an operator confirms
    it, whatever role of the clinic they state.
    """
    with shifted(postgres_url) as clocks:
        clocks.forward(days=40)
        program = caretrail
        program.variables["CARETRAIL_DB"] = logins[kind]
        program.clock = clocks.store
        assert program("clock").status == 1
        ended = program("clock", "confirm", *OPERATOR)
        if kind == "operator":
            assert ended.status == 0, ended.err
            assert program("clock").status == 0
        else:
            assert ended.status in (1, 4)
            assert "only an operator" in ended.err or "may not do that" in ended.err


def test_the_operators_own_clock_must_agree_with_the_servers(
    logins: dict[str, str], postgres_url: str, caretrail: Caretrail
) -> None:
    with shifted(postgres_url) as clocks:
        clocks.forward(days=40)
        caretrail.variables["CARETRAIL_DB"] = logins["operator"]
        refused = caretrail("clock", "confirm", *OPERATOR)
        assert refused.status == 4
        assert "40 days behind" in refused.err
        shown = caretrail("clock")
        assert shown.status == 1
        assert ", 40 days behind" in shown.out or ", 39 days behind" in shown.out


def test_what_was_known_at_a_time_to_come_is_marked(clinic: Caretrail) -> None:
    at(clinic, hours=1)
    later = (NOW + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = clinic("findings", "--as-of", DAY, "--known-at", later)
    assert "; more may still be recorded for that time" in shown.out
    assert not clinic("findings", "--as-of", DAY, "--known-at", later, "--json").json["standing"]["settled"]
    at(clinic, hours=3)
    assert clinic("findings", "--as-of", DAY, "--known-at", later, "--json").json["standing"]["settled"]
