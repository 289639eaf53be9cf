"""Text and codec attacks: both stores give the same refusal, or both give back exactly what was sent.

Nothing is taken that cannot be read back, and no refusal repeats what was sent.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.commands import library
from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import Refused
from caretrail.events import Event, event_from, parse_event, payload_of
from caretrail.events.codec import read_event
from caretrail.log import EventRecorder, leaf_hash, open_recorder
from tests.support.build import admitted, attestation, event, session
from tests.support.care import NOW

CANARY = "ZZCANARY9"
TEXTS = [
    "\0", "a\0b", "\ud800", "\udfff\ud800", "\U0010ffff", "\ufffe\uffff", "\ufeff", "\U0001f600", "\u00e9", "e\u0301",
    "\ufb01", "\u0130i\u0307\u0131", "\U0001f469\u200d\U0001f467", "\u202eright to left\u202c", "\u2066isolated\u2069",
    "\u200b", "\x01\x1b[31m\x7f\x85\u2028\u2029", "\r\n", "\t", " ", "  a  ", "\\", "\\u0000", "\\ud800", "null", "NaN",
    '"}', '","type":"discharged","reason":"completed', "{}", "[[[[", "%s %n", "$$", ":after", "held/1;imported",
    "'; DROP TABLE caretrail.log; --", "z" * 4000, "\u00fc" * 4000, "\U0001d518" * 4000, "z" * 4001,
]  # fmt: skip
ANY_TEXT = st.one_of(
    st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=()), max_size=30), st.text(max_size=30)
)
FIELDS = (
    "episode", "source", "command_id", "late_reason", "place", "group_session_id", "actor.id", "actor.credential",
    "performed_by.0.id", "start", "occurred_on", "entered_at",
)  # fmt: skip
NUMBERS = ["NaN", "Infinity", "-Infinity", "1e400", "-0", "1e2", "180.0", "1" + "0" * 5000, "0x10", "01", "1_0", "٣"]
LINES = [
    '{"type": "held"', "[]", "null", '"held"', "7", "{}", "", " ", "\ufeff{}", '{"type": "held"}{"type": "held"}',
    '{"type": "held", "type": "jail"}', '{"__class__": "os.system", "type": "held"}', "[" * 100_000, '{"a":' * 5000,
    '{"type": "corrected", "values": ' + "[" * 17 + "]" * 17 + "}", '{"type": "subprocess:Popen/1"}',
]  # fmt: skip


@dataclass
class Both:
    """The application on an empty store of each kind."""

    commands: list[Commands]
    recorders: list[EventRecorder]

    def send(self, line: bytes) -> str:
        """What both say of a line: "taken" or the refusal."""
        try:
            sent = parse_event(line)
        except Refused as refusal:
            return _told(refusal)
        outcomes = [commands.append_each([sent])[0] for commands in self.commands]
        said = {_told(outcome) for outcome in outcomes}
        assert len(said) == 1, said
        for recorder, outcome in zip(self.recorders, outcomes, strict=True):
            if isinstance(outcome, Receipt):
                _require_the_same(recorder, outcome, sent, line)
        return said.pop()


def _require_the_same(recorder: EventRecorder, receipt: Receipt, sent: Event, line: bytes) -> None:
    """What is stored is what was sent, as an event and as JSON, and its leaf is the receipt's."""
    [row] = recorder.read_log(receipt.position - 1, limit=1)
    assert leaf_hash(row).hex() == receipt.leaf
    again = read_event(row.topic, row.state)
    assert payload_of(again) == row.state == payload_of(sent)
    assert again == sent.model_copy(update={"source": "", "command_id": None, "expected_version": None})
    given = {name: value for name, value in json.loads(line).items() if value is not None}
    assert row.source == given.pop("source", "")
    assert given.pop("command_id", row.command_id) == row.command_id
    stored: dict[str, Any] = json.loads(row.state)
    assert {name: given[name] for name in given if name != "entered_at"} == {
        name: value for name, value in stored.items() if name != "entered_at"
    }


def _told(outcome: Receipt | Refused) -> str:
    if isinstance(outcome, Receipt):
        return "taken"
    assert outcome.message
    assert CANARY not in outcome.message + outcome.hint
    return f"{outcome.code}: {outcome.message}"


@pytest.fixture
def both(sqlite_url: str, postgres_url: str) -> Iterator[Both]:
    with ExitStack() as stack:
        recorders = [stack.enter_context(open_recorder(url)) for url in (sqlite_url, postgres_url)]
        commands = [stack.enter_context(Commands(recorder, lambda: NOW)) for recorder in recorders]
        for one in commands:
            one.append([admitted("01-05"), attestation("license")])
        yield Both(commands, recorders)


SHARED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(field=st.sampled_from(FIELDS), text=ANY_TEXT)
def test_any_text_in_any_field_comes_back_or_is_refused_alike(both: Both, field: str, text: str) -> None:
    both.send(_line_with(field, text + CANARY if field in ("occurred_on", "start") else text))


def test_the_attacks_by_name(both: Both) -> None:
    """Given each text in each field, then some are taken and some are refused, and which is known."""
    told = {(field, text): both.send(_line_with(field, text)) for field in FIELDS for text in TEXTS}
    taken = {text for (field, text), said in told.items() if said == "taken" and field == "place"}
    assert {text for text in TEXTS if text not in taken} == {
        text for text in TEXTS if "\0" in text or _lone(text) or len(text) > 4000
    }
    ids = {text for (field, text), said in told.items() if said == "taken" and field in ("command_id", "actor.id")}
    assert ids
    assert all(text.isascii() and text.isprintable() and " " not in text for text in ids)


def _lone(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _line_with(field: str, text: str) -> bytes:
    data: dict[str, Any] = json.loads(session("01-06").model_dump_json(exclude_none=True))
    data["performed_by"] = [{"id": "c-lee"}]
    *path, name = [int(part) if part.isdecimal() else part for part in field.split(".")]
    inner: Any = data
    for part in path:
        inner = inner[part]
    inner[name] = text
    return json.dumps(data).encode()


def test_what_is_no_number_of_json_or_of_the_field_is_refused(both: Both) -> None:
    attended = session("01-06").model_dump_json(exclude_none=True)
    correction = event("corrected", "01-07", target=1, values={"expects_progress": False}, reason="r")
    for number in NUMBERS:
        line = attended.replace('"minutes":180', f'"minutes":{number}')
        corrected = correction.model_dump_json(exclude_none=True).replace("false", number)
        for hostile in (line, corrected):
            assert number in hostile
            assert both.send(hostile.encode()).startswith("invalid: "), number


def test_what_is_no_event_is_refused(both: Both) -> None:
    for line in LINES:
        assert both.send(line.encode()).startswith("invalid: "), line[:80]


@SHARED
@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 3))
def test_a_line_that_was_damaged_on_its_way_is_refused_or_is_another_event(
    both: Both, noise: bytes, place: int, cut: int
) -> None:
    line = session("01-06", place=CANARY).model_dump_json(exclude_none=True).encode()
    both.send(line[:place] + noise + line[place + cut :])


def test_a_store_that_changes_a_text_would_be_found_out(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a mapper that normalizes what it stores, as some databases and drivers do."""

    def normalized(one: Event) -> bytes:
        return unicodedata.normalize("NFC", payload_of(one).decode()).encode()

    monkeypatch.setattr(library, "payload_of", normalized)
    assert both.send(_line_with("place", "\u00e9")) == "taken"
    with pytest.raises(AssertionError):
        both.send(_line_with("place", "e\u0301"))


def test_a_dict_of_python_is_read_as_its_json(both: Both) -> None:
    data = session("01-06").model_dump(mode="json", exclude_none=True)
    hostile: list[dict[Any, Any]] = [
        {"minutes": float("nan")},
        {"place": "\ud800"},
        {1: 2},
        {"place": b"x"},
        {"place": {1, 2}},
    ]
    for bad in hostile:
        with pytest.raises(Refused):
            event_from(data | bad)
    assert isinstance(both.commands[0].append([event_from(data)])[0], Receipt)
