"""Accesses in the store: whose stream they go to, what the store chooses, and that nobody states one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.commands.access import (
    MOST_EPISODES,
    PURPOSES,
    ROLES,
    AccessContext,
    AccessLog,
    Actor,
    payload,
)
from caretrail.errors import AccessNotRecorded, CommandReused, InvalidEvent, StoreError
from caretrail.events import Accessed, event_from, payload_of, read_event
from caretrail.events.values import Person
from caretrail.log import EventRecorder, init_store, new_salt, open_recorder
from caretrail.log.records import (
    ACCESS_NAME,
    ACCESS_SOURCE,
    LARGEST_PAYLOAD,
    Log,
    PendingAccess,
    StoodOn,
    access_stream,
)
from caretrail.log.stores import Primary
from tests.support.program import Caretrail
from tests.support.stores import WRITING, all_at_once, log_of, pending, run_sql, taking_no_writes

DAY = date(2026, 3, 9)
ORTIZ = Actor("c-ortiz", "clinician", "LADC")
CONTEXT = AccessContext("timeline", ORTIZ)
GIVEN = {"recipient": "Nebraska DHHS", "basis": "audit", "description": "events and findings of the episode"}


def access(command_id: str = "access", text: bytes = b"{}") -> PendingAccess:
    return PendingAccess(text, command_id, new_salt())


def log(recorder: EventRecorder, context: AccessContext = CONTEXT) -> AccessLog:
    return AccessLog(recorder, context, lambda: DAY)


def accesses(recorder: EventRecorder) -> list[Accessed]:
    found = [read_event(row.topic, row.state) for row in log_of(recorder, Log.ACCESSES)]
    assert all(isinstance(event, Accessed) for event in found)
    return [event for event in found if isinstance(event, Accessed)]


# --- the event -------------------------------------------------------------------------------------------------------


def test_the_words_are_those_of_the_published_events() -> None:
    fields = Accessed.model_fields["purpose"], Person.model_fields["role"]
    assert tuple(get_args(field.annotation) for field in fields) == (PURPOSES, ROLES)


@pytest.mark.parametrize(
    "stood_on", [StoodOn(0), StoodOn(65, (DAY,)), StoodOn(2**62, (DAY, DAY.replace(day=10)), 53, "v1a.2")]
)
@pytest.mark.parametrize(
    ("context", "shown"),
    [
        (CONTEXT, {"episodes": ["A-1", "B-2"], "found": 2}),
        (AccessContext("show", None), {"episodes": ["A-1"], "found": 1}),
        (AccessContext("log", ORTIZ, "audit"), {"whole_log": True, "after": 0}),
        (AccessContext("show", ORTIZ, reason='bewußtlos \x1b[31m "x" \u2028\x7f'), {"episodes": ["A-1"], "found": 1}),
        (CONTEXT, {"episodes": ["A-1"], "found": 1, "disclosure": GIVEN}),
    ],
)
def test_what_is_written_without_the_models_is_what_they_would_write(
    context: AccessContext, shown: dict[str, Any], stood_on: StoodOn
) -> None:
    """The control is the model itself: reading it back and writing it again gives the same bytes."""
    written = payload(context, "ortiz", DAY, stood_on, **shown)
    event = read_event(ACCESS_NAME, written)
    assert payload_of(event) == written
    assert (event.occurred_on, event.actor.id) == (DAY, "c-ortiz" if context.actor else "ortiz")


@pytest.mark.parametrize("account", ["", "DOMÄNE\\Ortiz", "x" * 100, "a b"])
def test_without_an_actor_the_account_is_the_actor_spelled_as_an_id(account: str) -> None:
    event = read_event(ACCESS_NAME, payload(AccessContext("show"), account, DAY, StoodOn(1), episodes=["A"], found=1))
    assert event.actor.role == "other"


@pytest.mark.parametrize("reason", ["", "  ", "\0", "x" * 4001, "\ud800"])
def test_glass_is_not_broken_without_a_reason(reason: str) -> None:
    with pytest.raises(InvalidEvent):
        AccessContext("show", ORTIZ, reason=reason)
    assert AccessContext("show", ORTIZ, "audit", reason="fire").purpose == "emergency"
    with pytest.raises(InvalidEvent, match="needs its reason"):
        AccessContext("show", ORTIZ, "emergency")
    with pytest.raises(InvalidEvent, match="purpose: must be one of treatment"):
        AccessContext("show", ORTIZ, "curiosity")


@pytest.mark.parametrize(
    "actor", [Actor("a b", "staff"), Actor("a", "boss"), Actor("a", "staff", "\n"), Actor("", "staff")]
)
def test_an_actor_that_cannot_be_recorded_cannot_read(actor: Actor) -> None:
    with pytest.raises(InvalidEvent, match="actor"):
        AccessContext("show", actor)


# --- what the store chooses -----------------------------------------------------------------------------------------


def test_each_account_has_a_stream_of_its_own_that_anybody_can_compute(recorder: EventRecorder) -> None:
    first, second = recorder.record_access([access("1"), access("2")])
    [third] = recorder.record_access([access("3")])
    stream = access_stream(recorder.namespace, recorder.account)
    assert [
        (e.originator_id, e.originator_version, e.topic, e.source, e.recorded_by) for e in (first, second, third)
    ] == [(stream, version, ACCESS_NAME, ACCESS_SOURCE, recorder.account) for version in (1, 2, 3)]
    assert [event.position for event in log_of(recorder, Log.ACCESSES)] == [1, 2, 3]
    assert first.recorded_at < second.recorded_at < third.recorded_at


def test_many_accesses_at_once_never_conflict(recorder: EventRecorder) -> None:
    """Given eight threads of one account, whose accesses all go to one stream."""
    events = [
        event for found in all_at_once(lambda _: recorder.record_access([access(str(uuid4()))])) for event in found
    ]
    assert sorted(event.originator_version for event in events) == list(range(1, 9))
    assert [event.position for event in log_of(recorder, Log.ACCESSES)] == list(range(1, 9))


def test_many_episodes_fill_several_events_of_one_call(recorder: EventRecorder) -> None:
    numbers = [f"{'e' * 58}{number:06}" for number in range(MOST_EPISODES + 1)]
    log(recorder)([*reversed(numbers), numbers[0]])
    first, second = accesses(recorder)
    assert (*first.episodes, *second.episodes) == tuple(numbers)
    assert (first.found, second.found) == (len(numbers), len(numbers))
    assert max(len(event.state) for event in log_of(recorder, Log.ACCESSES)) < LARGEST_PAYLOAD


def test_an_access_sent_again_is_recorded_once(recorder: EventRecorder) -> None:
    sent = [access("1"), access("2")]
    first = recorder.record_access(sent)
    assert recorder.record_access(sent) == first
    for other in ([access("1", b"[]"), sent[1]], [sent[0], access("3")]):
        with pytest.raises(CommandReused) as refused:
            recorder.record_access(other)
        assert refused.value.position == 1
    assert len(log_of(recorder, Log.ACCESSES)) == 2


def test_a_command_of_a_sender_is_never_in_the_way_of_an_access(recorder: EventRecorder) -> None:
    recorder.append([pending(uuid4(), source="", command_id="1")])
    assert recorder.record_access([access("1")])[0].position == 1


def unchecked(_: Sequence[PendingAccess]) -> None:
    """For a control: what the client checks is left to the server."""


@pytest.mark.parametrize(
    "sent", [[access("")], [access("x" * 1001)], [access(), access()], [access(text=b"x" * (LARGEST_PAYLOAD + 1))]]
)
def test_what_the_store_could_not_keep_is_refused(
    recorder: EventRecorder, sent: list[PendingAccess], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidEvent):
        recorder.record_access(sent)
    if recorder.database.dialect == "postgresql":  # by the function itself, too
        monkeypatch.setattr("caretrail.log.recorder.check_accesses", unchecked)
        with pytest.raises(InvalidEvent):
            recorder.record_access(sent)
    assert log_of(recorder, Log.ACCESSES) == []


# --- nobody states an access ---------------------------------------------------------------------------------------

FORGED = {
    "type": "accessed", "occurred_on": "2026-03-09", "actor": {"id": "c-innocent", "role": "clinician"},
    "command": "show", "purpose": "treatment", "episodes": ["LNK-2026-0001"], "found": 1,
    "stood_on": {"position": 7},
}  # fmt: skip


@pytest.mark.parametrize("name", ["accessed/1", "accessed/2", "accessed/1;imported", "accessed/"])
def test_append_takes_no_access(recorder: EventRecorder, name: str) -> None:
    with pytest.raises(InvalidEvent, match="by reading, never by append"):
        recorder.append([pending(uuid4(), name=name)])
    with pytest.raises(InvalidEvent, match="by reading, never by append"):
        recorder.append([pending(uuid4(), source=ACCESS_SOURCE)])
    assert log_of(recorder) == []


def test_an_access_is_no_event_to_send(store_url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidEvent, match="by reading, never by append"):
        event_from(FORGED)
    ended = Caretrail(store_url, tmp_path)("append", input=json.dumps(FORGED))
    assert ended.status == 1
    assert "line 1: an access is recorded by reading, never by append" in ended.err
    assert Caretrail(store_url, tmp_path)("record", "accessed").status == 2
    with open_recorder(store_url) as recorder:
        assert log_of(recorder) == []


APPEND = "SELECT FROM caretrail.append(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s)"


@pytest.mark.parametrize("several", [False, True])
def test_a_writer_at_the_server_itself_cannot_forge_one(logins: dict[str, str], several: bool) -> None:
    with psycopg.connect(logins["writer"]) as connection:
        for name, source in (("accessed/1", "x"), ("held/1", ACCESS_SOURCE)):
            names, sources = [name], [source]
            if several:
                names, sources = ["held/1", name], ["x", source]
            count = len(names)
            calls = (
                [uuid4() for _ in names],
                [1] * count,
                names,
                [b"{}"] * count,
                sources,
                ["c", "d"][:count],
                [b"0" * 16] * count,
            )
            with pytest.raises(psycopg.Error) as refused, connection.transaction():
                connection.execute(APPEND, calls)
            assert refused.value.sqlstate == "CT007"


def test_forged_accesses_stay_in_the_stream_of_their_account(logins: dict[str, str], tmp_path: Path) -> None:
    """A role may call the function itself with any bytes: they stand in its own stream, visibly, and harm nothing."""
    with psycopg.connect(logins["reader"], autocommit=True) as connection:
        rubbish = [json.dumps(FORGED).encode(), b"\xff no JSON"]
        connection.execute(
            "SELECT FROM caretrail.record_access(%s::bytea[], %s::text[], %s::bytea[])",
            (rubbish, ["a", "b"], [b"0" * 16] * 2),
        )
    with open_recorder(logins["auditor"]) as recorder:
        account = str(urlsplit(logins["reader"]).username)
        assert {event.recorded_by for event in log_of(recorder, Log.ACCESSES)} == {account}
        assert {event.originator_id for event in log_of(recorder, Log.ACCESSES)} == {
            access_stream(recorder.namespace, account)
        }
    ended = Caretrail(logins["auditor"], tmp_path)("audit", "access", "--json")
    rows = [(row["account"], row["error"]) for row in ended.json["rows"]]
    assert rows == [(account, None), (account, "store_damaged")]


# --- where it goes when the store takes no writes -------------------------------------------------------------------


def elsewhere(url: str, folder: Path) -> str:
    """The same store where it takes writes: on SQLite the file it was copied from."""
    if url.startswith("postgresql:"):
        return f"{url}&{WRITING}"
    place = folder / "primary"
    place.mkdir()
    run_sql(url, f"VACUUM INTO '{place}/there.db'")
    place.chmod(0o777)
    (place / "there.db").chmod(0o666)
    return f"sqlite://{place}/there.db"


def test_a_store_that_takes_no_writes_sends_the_access_where_it_does(store_url: str, tmp_path: Path) -> None:
    with open_recorder(store_url) as recorder:
        recorder.append([pending(uuid4())])
    primary_url = elsewhere(store_url, tmp_path)
    with taking_no_writes(store_url), open_recorder(store_url) as recorder:
        with pytest.raises(AccessNotRecorded, match="read-only") as failed:
            log(recorder)(["A"])
        assert failed.value.read_only
        assert "CARETRAIL_ACCESS_DB" in failed.value.hint
        primary = Primary(store_url, primary_url)
        AccessLog(recorder, CONTEXT, lambda: DAY, primary)(["A"])
        primary.close()
        with open_recorder(primary_url) as there:
            assert [event.episodes for event in accesses(there)] == [("A",)]


def test_it_must_be_the_same_store_and_take_writes_itself(store_url: str, tmp_path: Path) -> None:
    other = f"sqlite://{tmp_path}/other/store.db"
    init_store(other)
    (tmp_path / "other").chmod(0o777)
    (tmp_path / "other" / "store.db").chmod(0o666)
    places = {store_url: "read-only", other: "is another store", f"{other}.no": "no Caretrail store"}
    with taking_no_writes(store_url), open_recorder(store_url) as recorder:
        for place, words in places.items():
            primary = Primary(store_url, place)
            with pytest.raises(AccessNotRecorded, match=words):
                AccessLog(recorder, CONTEXT, lambda: DAY, primary)(["A"])
            primary.close()


def test_a_lock_held_too_long_is_an_error_with_its_cause(
    recorder: EventRecorder, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreError("it is locked", "end what holds the lock")

    monkeypatch.setattr(recorder, "record_access", busy)
    with pytest.raises(AccessNotRecorded, match="this access cannot be recorded: it is locked") as failed:
        log(recorder)(["A"])
    assert (failed.value.hint, failed.value.read_only) == ("end what holds the lock", False)


def test_a_disclosure_is_recorded_with_the_access(recorder: EventRecorder) -> None:
    log(recorder).disclose(["A", "B"], GIVEN | {"consent": "con-7", "digest": "0" * 64})
    [event] = accesses(recorder)
    assert event.episodes == ("A", "B")
    assert event.disclosure is not None
    assert (event.disclosure.recipient, event.disclosure.consent) == ("Nebraska DHHS", "con-7")
    with pytest.raises(InvalidEvent, match="basis: must be one of"):
        log(recorder).disclose(["A"], GIVEN | {"basis": "because"})
    assert len(log_of(recorder, Log.ACCESSES)) == 1
