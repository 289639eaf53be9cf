"""The stream of a row compared with what its content names, whatever bytes a payload holds."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from caretrail.evidence.own_streams import OwnStreams
from caretrail.log.leaf import LogColumns
from caretrail.log.records import Log, access_stream, episode_stream, program_stream

NAMESPACE = uuid4()


def row(stream: UUID, payload: bytes, account: str = "ehr") -> LogColumns:
    return (1, stream.bytes, 1, "held/1", payload, 0, account, "", "", "c", b"0" * 16)


def named(**fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def test_the_events_of_an_episode_and_of_a_program_stand_in_their_streams() -> None:
    own = OwnStreams(NAMESPACE, Log.EVENTS)
    here, there = episode_stream(NAMESPACE, "A"), episode_stream(NAMESPACE, "B")
    program = program_stream(NAMESPACE, "P")
    for _ in range(2):  # the second time without reading the JSON
        assert own(row(here, named(episode="A", program="P")))
        assert own(row(program, named(program="P")))
        assert own(row(there, b'{"type": "held",  "episode" : "B"}'))
        assert not own(row(here, named(episode="B")))
        assert not own(row(there, named(episode="A")))
        assert not own(row(here, named(program="P")))


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"7", b'{"episode":7}', b'{"episode":"\\ud800"}', b"[" * 100_000, b'{"n":1}']
)
def test_what_names_nobody_is_not_judged_and_stops_nothing(payload: bytes) -> None:
    assert OwnStreams(NAMESPACE, Log.EVENTS)(row(uuid4(), payload))


def test_an_access_stands_in_the_stream_of_its_account() -> None:
    own = OwnStreams(NAMESPACE, Log.ACCESSES)
    assert own(row(access_stream(NAMESPACE, "reader"), b"{}", "reader"))
    assert not own(row(access_stream(NAMESPACE, "reader"), b"{}", "somebody"))
