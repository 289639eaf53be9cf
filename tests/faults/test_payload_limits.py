"""The largest event is taken everywhere, and one byte more is refused everywhere, in the same words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caretrail.errors import InvalidEvent
from caretrail.events import event_from, parsing, payload_of
from caretrail.events.parsing import MAX_BYTES
from caretrail.service import Receipt, Store, WholeEpisode, create_store, open_store
from tests.support.build import admitted, session
from tests.support.care import NOW
from tests.support.program import Caretrail

Send = Callable[[Store, Caretrail, dict[str, Any]], str]


def _of_size(size: int, filler: str = "x") -> dict[str, Any]:
    """An event whose JSON, without spaces, has so many bytes."""
    data = json.loads(payload_of(session("01-06"))) | {"source": "ehr"}
    one = {"id": "c-lee", "credential": filler * (60 // len(filler.encode()))}
    each = len(_json([one])) - 1
    data["performed_by"] = [one] * ((size - len(_json(data)) - 3000) // each)
    data["late_reason"] = ""
    data["late_reason"] = "y" * (size - len(_json(data)))
    assert len(_json(data)) == size
    return data  # type: ignore[no-any-return]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _as_dict(store: Store, _caretrail: Caretrail, data: dict[str, Any]) -> str:
    return _told(store.append_each([data])[0])


def _as_model(store: Store, _caretrail: Caretrail, data: dict[str, Any]) -> str:
    small = event_from(data | {"performed_by": [], "late_reason": "y"})
    large = small.model_copy(update={"performed_by": data["performed_by"], "late_reason": data["late_reason"]})
    return _told(store.append_each([large])[0])


def _as_line(_store: Store, caretrail: Caretrail, data: dict[str, Any]) -> str:
    [row] = caretrail("append", "--json", input=_json(data)).rows
    return "taken" if "position" in row else row["message"]


def _told(outcome: object) -> str:
    return "taken" if isinstance(outcome, Receipt) else str(getattr(outcome, "message", ""))


@pytest.mark.slow
@pytest.mark.parametrize("send", [_as_dict, _as_model, _as_line])
def test_an_event_at_the_limit_is_taken_and_one_byte_more_is_not(store_url: str, tmp_path: Path, send: Send) -> None:
    create_store(store_url)
    caretrail = Caretrail(store_url, tmp_path)
    with open_store(store_url, clock=lambda: NOW) as store:
        store.append(admitted("01-05"))
        for number, filler in enumerate(("x", "\u00fc", "\U0001d518")):
            assert send(store, caretrail, _of_size(MAX_BYTES, filler)) == "taken"
            entry = store.ask(WholeEpisode("E-1")).value.entries[1 + number]
            assert payload_of(entry.event) == payload_of(event_from(_of_size(MAX_BYTES, filler)))
        assert send(store, caretrail, _of_size(MAX_BYTES + 1)) == "payload is larger than 256 KB"
        assert store.ask(WholeEpisode("E-1")).value.version == 4
    row = caretrail("log", "--after", "@2").rows[0]  # behind the pack and the admission
    assert row["event"] | {"source": row["source"]} == _of_size(MAX_BYTES)


@pytest.mark.slow
def test_many_of_the_largest_go_in_one_call(store_url: str) -> None:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as store:
        store.append([admitted("01-05"), *([_of_size(MAX_BYTES)] * 20)])
        assert store.ask(WholeEpisode("E-1")).value.version == 21


def test_without_the_limit_it_would_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: nothing else refuses it."""
    large = _json(_of_size(MAX_BYTES + 1))
    with pytest.raises(InvalidEvent, match="larger than 256 KB"):
        parsing.parse_event(large)
    monkeypatch.setattr(parsing, "MAX_BYTES", MAX_BYTES + 1)
    assert parsing.parse_event(large).type == "session_attended"
