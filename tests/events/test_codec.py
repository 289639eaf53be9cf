"""The wire format: what is taken, what is refused, and that refusals never echo a value."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.errors import InvalidEvent, StoreDamaged, StoreNewer
from caretrail.events import (
    Corrected,
    Event,
    Held,
    Person,
    codec,
    event_from,
    json_schema,
    parse_event,
    payload_of,
    read_event,
    stored_name,
)
from caretrail.events.catalog import APPENDED, EVENT_TYPES
from tests.support.example import EXAMPLE

CANARY = "ZZCANARY9"

HELD: dict[str, Any] = {
    "type": "held",
    "episode": "E-1",
    "occurred_on": "2026-02-16",
    "actor": {"id": "c-ortiz", "role": "clinician", "credential": "LADC"},
    "reason": "hospital",
}
SESSION: dict[str, Any] = {
    "type": "session_attended",
    "episode": "E-1",
    "occurred_on": "2026-02-16",
    "actor": {"id": "ehr", "role": "service"},
    "service": "group",
    "minutes": 180,
}
ASSESSED: dict[str, Any] = {
    "type": "assessed",
    "episode": "E-1",
    "occurred_on": "2026-02-16",
    "actor": {"id": "ehr", "role": "service"},
    "kind": "initial",
    "client": "cl-1",
    "program": "iop",
    "edition": "asam-3",
}


def test_every_line_of_the_example_survives_being_stored_and_read() -> None:
    for line in EXAMPLE.read_bytes().splitlines():
        event = parse_event(line)
        again = read_event(stored_name(event), payload_of(event))
        assert payload_of(again) == payload_of(event)
        given_fields = {k: v for k, v in json.loads(line).items() if k != "command_id" and v is not None}
        stored = json.loads(payload_of(event))
        assert {k: _without_nulls(v) for k, v in given_fields.items()} == stored


def _without_nulls(value: Any) -> Any:
    """JSON with the null members of its objects left out."""
    return json.loads(json.dumps(value), object_hook=_stated)


def _stated(members: dict[str, Any]) -> dict[str, Any]:
    return {name: member for name, member in members.items() if member is not None}


def test_a_dict_and_a_line_and_a_model_are_the_same_event() -> None:
    from_line = parse_event(json.dumps(HELD))
    assert event_from(HELD) == from_line
    assert event_from(from_line) == from_line


def test_a_model_built_in_python_is_the_event_of_its_json() -> None:
    """Checked by the type checkers too: whatever is optional in JSON may be left out here."""
    built = Held(
        episode="E-1",
        occurred_on=date(2026, 2, 16),
        actor=Person(id="c-ortiz", role="clinician", credential="LADC"),
        reason="hospital",
    )
    assert built == event_from(HELD)
    assert built == event_from(HELD | {"occurred_on": date(2026, 2, 16)})


@pytest.mark.parametrize(
    "update", [{"minutes": -5}, {"occurred_on": CANARY}, {"place": "x" * 300_000}, {"place": "\ud800"}]
)
def test_a_copy_of_a_model_with_values_that_were_never_validated_is_refused(update: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent) as caught:
        event_from(event_from(SESSION).model_copy(update=update))
    assert CANARY not in caught.value.message


def test_a_correction_keeps_the_null_that_clears_a_field() -> None:
    line = HELD | {
        "type": "corrected",
        "target": 3,
        "values": {"next_review_by": None},
        "reason": "typing error",
    }
    event = parse_event(json.dumps(line))
    assert isinstance(event, Corrected)
    assert json.loads(payload_of(event))["values"] == {"next_review_by": None}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not valid JSON"),
        ('{"type": "held", "reason": "\\ud800"}', "not valid JSON"),
        (json.dumps(HELD | {"type": "praised"}), "type: must be one of assessed, admitted"),
        (json.dumps({k: v for k, v in HELD.items() if k != "type"}), "type: must be one of"),
        (json.dumps(HELD | {"mood": CANARY}), "mood: is not a known field"),
        (json.dumps(HELD | {CANARY + "-" * 50: 1}), "a field: is not a known field"),
        (
            json.dumps(HELD | {"reason": CANARY}),
            "reason: must be one of 'hospital', 'jail', 'leave' or 'other'",
        ),
        (json.dumps(HELD | {"episode": f"{CANARY} x"}), "episode: not in the required format"),
        (json.dumps(HELD | {"episode": "E" * 65}), "episode: String should have at most 64"),
        (json.dumps(HELD | {"occurred_on": CANARY}), "occurred_on:"),
        (json.dumps(HELD | {"occurred_on": 20260216}), "occurred_on:"),
        (json.dumps(HELD | {"occurred_on": "2026-02-30"}), "occurred_on:"),
        (
            json.dumps(HELD | {"occurred_on": "0001-01-01"}),
            "occurred_on: must be a date from 1900-01-01 to 2199-12-31",
        ),
        (json.dumps(HELD | {"late_reason": CANARY + "\0"}), "late_reason: not in the required format"),
        (json.dumps(SESSION | {"minutes": 0}), "minutes:"),
        (json.dumps(SESSION | {"minutes": "180"}), "minutes:"),
        (json.dumps(SESSION | {"start": "24:00"}), "start: not in the required format"),
        (json.dumps({k: v for k, v in SESSION.items() if k != "minutes"}), "minutes: is required"),
        (json.dumps(ASSESSED | {"dimensions": {CANARY: {}}}), "dimensions.a key: String should have at most 3"),
        (json.dumps(ASSESSED | {"dimensions": {CANARY: {"mood": 1}}}), "dimensions.a key.mood: is not a known field"),
        ("[" * 30 + "]" * 30, "nested deeper than 20"),
        (json.dumps(SESSION | {"place": "x" * 300_000}), "larger than 256 KB"),
    ],
)
def test_a_bad_line_is_refused_by_field_and_rule_and_without_its_value(line: str, words: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        parse_event(line)
    assert words in caught.value.message
    assert caught.value.hint
    assert CANARY not in caught.value.message.replace("is not a known field", "") or "known field" in words
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_brackets_inside_strings_do_not_count_as_nesting() -> None:
    assert parse_event(json.dumps(SESSION | {"place": "[{" * 40 + '\\"'})).type == "session_attended"


@pytest.mark.parametrize(
    ("kind", "broken", "words"),
    [
        ("continued_stay_determined", {"decision": "leave"}, "decision leave needs leave_by"),
        (
            "plan_signed",
            {"plan_version": 1, "effective_on": "2026-01-01", "sections": {}, "signatures": []},
            "signatures:",
        ),
        (
            "transferred",
            {"from_level": "2.1", "to_level": "2.1", "edition": "asam-3"},
            "to_level must differ",
        ),
        (
            "transferred",
            {"from_level": "2.1", "to_level": "1.7", "edition": "asam-3"},
            "level is not one of its edition's",
        ),
        (
            "discharged",
            {"reason": "completed", "last_contact_on": "2026-02-17"},
            "last_contact_on must not be after",
        ),
    ],
)
def test_an_event_must_be_possible_in_itself(kind: str, broken: dict[str, Any], words: str) -> None:
    line = {k: v for k, v in HELD.items() if k != "reason"} | {"type": kind} | broken
    with pytest.raises(InvalidEvent, match=words):
        event_from(line)


def test_a_rating_belongs_to_its_edition() -> None:
    line = {k: v for k, v in HELD.items() if k != "reason"} | {
        "type": "assessed", "kind": "initial", "client": "cl-1", "program": "p", "edition": "asam-4",
        "dimensions": {"1.2": {"rating": "3B-COE"}, "4": {"rating": "C"}},
    }  # fmt: skip
    assert event_from(line).type == "assessed"
    with pytest.raises(InvalidEvent, match="a dimension is not one of its edition's dimensions"):
        event_from(line | {"edition": "asam-3"})
    with pytest.raises(InvalidEvent, match="not one of its edition's ratings"):
        event_from(line | {"edition": "asam-3", "dimensions": {"4": {"rating": "C"}}})


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ({}, "exactly one of signed_on, deferred, declined"),
        (
            {"signed_on": "2026-01-01", "method": "paper", "meaning": "review", "deferred": "later"},
            "exactly one of",
        ),
        ({"signed_on": "2026-01-01"}, "needs method and meaning"),
        ({"declined": "does not agree"}, "needs a witness"),
    ],
)
def test_a_signature_is_given_or_deferred_or_declined(signature: dict[str, Any], words: str) -> None:
    line = {k: v for k, v in HELD.items() if k != "reason"} | {
        "type": "signed", "target": 1, "signatures": [{"signer": "cl-1", "role": "client"} | signature],
    }  # fmt: skip
    with pytest.raises(InvalidEvent, match=words):
        event_from(line)


def test_the_registry_is_closed_and_holds_every_event() -> None:
    assert (len(EVENT_TYPES), len(APPENDED)) == (29, 24)
    with pytest.raises(StoreNewer, match="name this program does not know"):
        read_event("subprocess:Popen/1", b"{}")
    with pytest.raises(StoreNewer, match="newer Caretrail"):
        read_event("held/2", payload_of(event_from(HELD)))
    with pytest.raises(StoreDamaged, match="a stored held cannot be read") as caught:
        read_event("held/1", b'{"reason": "ZZCANARY9"}')
    assert CANARY not in str(caught.value)


def test_an_old_schema_is_upcast_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a `held/1` stored before `reason` was renamed twice, when it is read, then it is an event of today."""
    old = json.loads(payload_of(event_from(HELD)))
    old["why"] = old.pop("reason")
    monkeypatch.setattr(EVENT_TYPES["held"], "schema_number", 3)
    monkeypatch.setitem(codec.UPCASTS, ("held", 1), lambda data: {**data, "cause": data["why"]})
    monkeypatch.setitem(
        codec.UPCASTS,
        ("held", 2),
        lambda data: {k: v for k, v in data.items() if k not in ("why", "cause")} | {"reason": data["cause"]},
    )
    assert read_event("held/1", json.dumps(old).encode()).model_dump()["reason"] == "hospital"


def test_the_published_schema_names_every_event_and_every_token() -> None:
    schema = json_schema()
    assert set(schema["discriminator"]["mapping"]) == set(EVENT_TYPES)
    assert schema["$defs"]["Discharged"]["properties"]["reason"]["enum"] == [
        "completed", "left_against_advice", "terminated", "transferred", "incarcerated", "died", "other",
    ]  # fmt: skip


@given(st.text(min_size=1, max_size=50))
def test_any_text_is_kept_as_it_is_or_refused(text: str) -> None:
    line = SESSION | {"place": text}
    try:
        event: Event = event_from(line)
    except InvalidEvent:
        assert "\0" in text
    else:
        assert json.loads(payload_of(read_event(stored_name(event), payload_of(event))))["place"] == text


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(line: bytes) -> None:
    with pytest.raises(InvalidEvent):
        parse_event(line)
