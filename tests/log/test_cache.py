"""The episodes an application keeps in memory: how many, how much memory they take, and that none is a wrong one."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from uuid import uuid4

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.cache import EpisodeCache
from caretrail.episode.episode import Episode
from caretrail.errors import Impossible
from caretrail.events.codec import read_event
from caretrail.log import open_recorder
from tests.support.build import admitted, event, session
from tests.support.care import NOW
from tests.support.example import copy_of_example


def test_the_episodes_used_longest_ago_are_forgotten() -> None:
    cache = EpisodeCache(2)
    one, two, three = (Episode(uuid4()) for _ in range(3))
    cache.put_back([one, two])
    cache.put_back(cache.take({one.id: False}).values())
    cache.put_back([three])
    assert cache.take(dict.fromkeys((one.id, two.id, three.id), False)) == {one.id: one, three.id: three}
    cache.put_back([one])
    cache.renew(0)
    assert len(cache) == 1
    cache.renew(1)
    assert len(cache) == 0, "another server may lead by now"


@pytest.mark.slow
def test_episodes_on_which_everything_was_read_take_little_more_than_their_payloads(sqlite_url: str) -> None:
    """The control: the same events decoded take several times as much."""
    names = [f"E-{number}" for number in range(30)]
    tracemalloc.start()
    try:
        with open_recorder(sqlite_url) as recorder, Commands(recorder, lambda: NOW) as commands:
            for name in names:
                commands.append(copy_of_example(name), imported=True)
                with pytest.raises(Impossible):  # a discharge reads every event there is
                    commands.append([event("discharged", "01-20", name, reason="completed")])
                commands.append([session("03-02", name)])
            rows = recorder.read_log(limit=len(names) * 66)
            cached = _freed(lambda: commands.cache.take(dict.fromkeys(map(commands.episode_stream, names), True)))
            decoded = [read_event(row.topic, row.state) for row in rows]
            control = _freed(decoded.clear)
    finally:
        tracemalloc.stop()
    payloads = sum(len(row.state) for row in rows)
    assert cached < 4 * payloads
    assert control > 6 * payloads


def _freed(release: Callable[[], object]) -> int:
    """Bytes that something gives back."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    release()
    gc.collect()
    return before - tracemalloc.get_traced_memory()[0]


def test_an_append_that_breaks_off_leaves_nothing_behind(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_recorder(sqlite_url) as recorder, Commands(recorder, lambda: NOW) as commands:
        commands.append([admitted("01-05")])

        def breaks(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(recorder, "append", breaks)
            with pytest.raises(KeyboardInterrupt):
                commands.append([event("discharged", "01-09", reason="completed")])
        assert len(commands.cache) == 0
        assert commands.append([session("01-12")])[0].version == 2
