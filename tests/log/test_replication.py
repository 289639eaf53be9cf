"""A receipt is tied to its guarantee: where the server is told to wait for a standby, the event is there, too."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import pytest

from caretrail.commands.access import AccessContext, AccessLog
from caretrail.commands.command import Receipt
from caretrail.errors import AccessNotRecorded, NotReplicated, Refused
from caretrail.log import EventRecorder, PendingEvent, new_salt, open_recorder
from caretrail.log.copying import copy_store
from caretrail.log.durability import Commit, Kept, durability_of
from caretrail.log.postgresql import notices
from caretrail.log.postgresql import recorder as module
from caretrail.log.postgresql.recorder import PostgresRecorder
from caretrail.log.records import PendingAccess
from caretrail.service import open_store
from tests.support.build import admitted
from tests.support.care import NOW
from tests.support.servers import Pair, in_background, wait_until
from tests.support.stores import change_append, pending, run_sql

T = TypeVar("T")


def with_options(url: str, options: str) -> str:
    """A url whose sessions have other settings."""
    return f"{url}&options={quote(options)}"


def rows(url: str) -> list[tuple[object, ...]]:
    return run_sql(url, "SELECT count(*) FROM caretrail.log")


def taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a control: no look at how a commit was kept."""
    monkeypatch.setattr(module, "durability_of", replicated_anyway)


def replicated_anyway(*_: object, **__: object) -> str:
    return "replicated"


def by_the_first_reply(_: object, __: object, commit: Commit, *, cut_short: bool) -> str:
    """For a control: nothing is asked after the commit."""
    return durability_of(commit, "", cut_short=cut_short)


@pytest.fixture
def url(replicated_url: str) -> str:
    return replicated_url


# --- what a receipt says ----------------------------------------------------------------------------------------


def test_a_receipt_says_how_far_its_event_is_kept(url: str, store_url: str) -> None:
    for place, durability in ((url, "replicated"), (store_url, "local")):
        with open_recorder(place) as recorder:
            kept = recorder.append([pending(uuid4())])
            assert (kept.durability, kept) == (durability, recorder.read_log())
            assert recorder.append_again(kept).durability == durability
            assert recorder.record_access([PendingAccess(b"{}", "c", new_salt())]).durability == durability


def test_a_server_that_may_send_nothing_waits_for_nobody() -> None:
    for names, senders, durability in (("", "8", "local"), ("*", "0", "local"), ("*", "8", "replicated")):
        commit = Commit("on", names, senders, "notice", NOW)
        assert durability_of(commit, "a store", cut_short=False) == durability


@pytest.mark.parametrize("setting", ["on", "remote_write", "remote_apply"])
def test_each_setting_that_waits_is_replicated(url: str, setting: str) -> None:
    with open_recorder(with_options(url, f"-c synchronous_commit={setting}")) as recorder:
        assert recorder.append([pending(uuid4())]).durability == "replicated"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("-c synchronous_commit=local", "synchronous_commit is 'local'"),
        ("-c synchronous_commit=off", "synchronous_commit is 'local'"),
        ("-c client_min_messages=error", "client_min_messages is 'error'"),
    ],
)
def test_a_session_that_does_not_wait_or_would_not_be_told_gets_no_receipt(
    url: str, options: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recorder(with_options(url, options)) as recorder:
        event = pending(uuid4())
        for _ in range(2):
            with pytest.raises(NotReplicated, match=told):
                recorder.append([event])
        with pytest.raises(NotReplicated, match=told):
            recorder.record_access([PendingAccess(b"{}", "c", new_salt())])
        with monkeypatch.context() as patch:
            taken_away(patch)
            assert recorder.append([event])  # the control
    with open_recorder(url) as recorder:
        assert recorder.append([event]).durability == "replicated"
        assert len(recorder.read_log()) == 1


def test_a_commit_is_on_the_disk_whatever_the_session_is_set_to(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given no standby and `synchronous_commit` off, when events and accesses are recorded."""
    seen: list[Commit] = []

    def durability(commit: Commit, *_: Any, **__: Any) -> str:
        seen.append(commit)
        return "local"

    monkeypatch.setattr(module, "durability_of", durability)
    with open_recorder(with_options(postgres_url, "-c synchronous_commit=off")) as recorder:
        recorder.append([pending(uuid4())])
        recorder.record_access([PendingAccess(b"{}", "c", new_salt())])
        assert [commit.synchronous_commit for commit in seen] == ["local", "local"]
        change_append(postgres_url, "set_config('synchronous_commit', 'local', true)", "set_config('x.y', '', true)")
        recorder.append([pending(uuid4())])
        assert seen[-1].synchronous_commit == "off", "the control"


# --- a wait that is cut short -----------------------------------------------------------------------------------


def cut_short(pair: Pair, recorder: EventRecorder, event: PendingEvent) -> Kept:
    """Append while the standby says nothing, and cancel the wait."""
    with pair.silent(), in_background(lambda: recorder.append([event])) as sent:
        assert len(pair.cancel()) == 1
        return sent.result(10)


def test_a_canceled_wait_gives_no_receipt_and_a_resend_brings_it(
    replicated: Pair, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recorder(url) as recorder:
        event = pending(uuid4())
        with pytest.raises(NotReplicated, match="the wait for the standby was canceled") as raised:
            cut_short(replicated, recorder, event)
        assert raised.value.hint.startswith("send it again under the same command_id")
        assert rows(url) == [(1,)], "it is stored"
        [receipt] = recorder.append([event])
        assert recorder.read_log() == [receipt]
        with monkeypatch.context() as patch:
            taken_away(patch)
            assert cut_short(replicated, recorder, pending(uuid4()))  # the control


@pytest.mark.parametrize(("source", "words"), [("syncrep.c", "none"), ("none", "synchronous replication")])
def test_the_warning_is_known_by_its_source_in_any_language_and_by_its_words_without(
    replicated: Pair, url: str, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    """Given either sign alone; with neither, the control, the warning says nothing."""
    with open_recorder(url) as recorder:
        monkeypatch.setattr(notices, "WAITING_FOR_STANDBYS", source)
        monkeypatch.setattr(notices, "IN_ENGLISH", words)
        with pytest.raises(NotReplicated):
            cut_short(replicated, recorder, pending(uuid4()))
        monkeypatch.setattr(notices, "WAITING_FOR_STANDBYS", "none")
        monkeypatch.setattr(notices, "IN_ENGLISH", "none")
        assert cut_short(replicated, recorder, pending(uuid4())).durability == "replicated"


def test_a_session_ended_while_it_waits_sends_again_and_waits(replicated: Pair, url: str) -> None:
    with open_recorder(url) as recorder:
        with replicated.silent(), in_background(lambda: recorder.append([pending(uuid4())])) as sent:
            ended = replicated.cancel("pg_terminate_backend")
            wait_until(lambda: replicated.waiting() not in ([], ended), "it waits again, in another session")
            assert not sent.done()
        assert sent.result(10).durability == "replicated"
        assert rows(url) == [(1,)]


def test_whoever_unnames_the_standbys_gives_no_receipts(
    replicated: Pair, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a commit that waits; when the server is told to wait no more, as a manager does whose standby is gone."""

    def let_go(recorder: EventRecorder, event: PendingEvent) -> Kept:
        with replicated.silent(), in_background(lambda: recorder.append([event])) as sent:
            wait_until(replicated.waiting, "it waits")
            try:
                replicated.primary.set("synchronous_standby_names", "")
                wait_until(lambda: not replicated.waiting(), "it is let go")
            finally:
                replicated.primary.set("synchronous_standby_names", "*")
        return sent.result(10)

    with open_recorder(url) as recorder:
        event = pending(uuid4())
        with pytest.raises(NotReplicated, match="settings changed during the wait"):
            let_go(recorder, event)
        replicated.synchronize()
        assert recorder.append([event]).durability == "replicated"
        monkeypatch.setattr(PostgresRecorder, "_durability", by_the_first_reply)
        assert let_go(recorder, pending(uuid4())).durability == "replicated", "the control"
    replicated.synchronize()


def test_other_messages_of_the_server_are_no_canceled_wait(replicated: Pair, url: str) -> None:
    lock = "SELECT s.demo, s.created_at INTO mark FROM caretrail.store AS s FOR UPDATE;"
    change_append(url, lock, f"RAISE WARNING 'something else'; {lock}")
    with open_recorder(url) as recorder:
        assert recorder.append([pending(uuid4())]).durability == "replicated"


def test_a_copy_is_done_once_it_is_on_the_standby(url: str, sqlite_url: str) -> None:
    """Given a target whose session would not be told of a wait cut short, and the same without."""
    with (
        open_recorder(sqlite_url) as source,
        open_recorder(with_options(url, "-c client_min_messages=error")) as target,
    ):
        source.append([pending(uuid4())])
        with pytest.raises(NotReplicated):
            copy_store(source, target, lambda _done, _all: None)
    with open_recorder(url) as target:
        assert (rows(url), target.confirm_kept()) == ([(1,)], "replicated")


# --- through the API --------------------------------------------------------------------------------------------


def episode(number: str) -> dict[str, Any]:
    return admitted("01-05", number, command_id=f"intake/{number}").model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize("each", [False, True])
def test_a_resend_waits_for_the_standby_as_the_first_did(replicated: Pair, url: str, each: bool) -> None:
    """Given an event whose wait was canceled; when it is sent again while the standby still says nothing."""
    with open_store(url) as store:
        store.append(episode("first"))  # with the pack, which is recorded once

        def send() -> list[Receipt | Refused]:
            event = [episode("a")]
            return store.append_each(event) if each else [*store.append(event)]

        with replicated.silent():
            with in_background(send) as sent:
                replicated.cancel()
                with pytest.raises(NotReplicated):
                    sent.result(10)
            assert rows(url) == [(3,)]
            with in_background(send) as again:
                wait_until(replicated.waiting, "it waits")
                assert not again.done()
        [receipt] = again.result(10)
        assert isinstance(receipt, Receipt)
        assert (receipt.position, receipt.durability) == (3, "replicated")
        assert send() == [receipt]
        assert rows(url) == [(3,)]


def test_what_nobody_could_log_on_a_standby_is_not_shown(replicated: Pair, url: str) -> None:
    with open_recorder(url) as recorder:
        access = AccessLog(recorder, AccessContext("show"), NOW.date)
        with replicated.silent(), in_background(lambda: access(["a"])) as asked:
            replicated.cancel()
            with pytest.raises(AccessNotRecorded, match="stored on this server, but not known to be on a standby"):
                asked.result(10)
        access(["a"])
