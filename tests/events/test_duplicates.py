"""A member named twice is refused, wherever and however it is written; names that only resemble each other are not."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.errors import InvalidEvent
from caretrail.events import parse_event
from tests.support.example import EXAMPLE

LINES = EXAMPLE.read_text().splitlines()
HEAD = '"type": "held", "episode": "E-1", "occurred_on": "2026-02-16"'
ACTOR = '"actor": {"id": "c-ortiz", "role": "clinician"}'


@pytest.mark.parametrize(
    "line",
    [
        '{%s, %s, "reason": "jail", "reason": "jail"}',
        '{%s, %s, "reason": "jail", "reason" : "hospital"}',
        '{%s, %s, "reason": "jail", "reason"\t\n:"hospital"}',
        '{%s, %s, "reason": "jail", "re\\u0061son": "hospital"}',
        '{%s, %s, "reason": "jail", "episode": "E-1"}',
        '{%s, %s, "reason": "jail", "type": "held"}',
        '{%s, %s, "reason": "jail", "late_reason": null, "late_reason": "x"}',
        '{%s, "actor": {"id": "a", "role": "clinician", "id": "c-ortiz"}, "reason": "jail"}%.0s',
        '{%s, %s, "reason": "jail", "performed_by": [{"id": "a", "id": "b"}]}',
    ],
)
def test_it_is_refused_and_not_repeated(line: str) -> None:
    with pytest.raises(InvalidEvent, match="an object in the line has the same member twice") as caught:
        parse_event(line % (HEAD, ACTOR))
    assert "jail" not in caught.value.message


def test_inside_the_values_of_a_correction_too() -> None:
    line = f'{{{HEAD}, {ACTOR}, "target": 1, "reason": "r", "values": {{"minutes": 60, "minutes": 90}}}}'
    with pytest.raises(InvalidEvent, match="twice"):
        parse_event(line.replace('"held"', '"corrected"'))


@pytest.mark.parametrize(
    "text", [":", '":', '\\":', '"note": "note":', '","reason":"x', "::::", "{}", "\\", "\\\\", '\\"reason\\" : ']
)
def test_the_content_of_a_text_is_no_member(text: str) -> None:
    event = json.loads(f"{{{HEAD}, {ACTOR}}}") | {"reason": "jail", "late_reason": text}
    for line in (
        json.dumps(event),
        json.dumps(event, separators=(",", ":")),
        json.dumps(event, separators=(" ,", " : ")),
    ):
        assert parse_event(line).late_reason == text


@given(st.sampled_from(LINES), st.data(), st.sampled_from(['"%s":', '"%s" :', '"%s": ', '"%s"\t: ']), st.booleans())
def test_any_member_of_any_event_given_twice_is_refused(
    event: str, data: st.DataObject, form: str, escaped: bool
) -> None:
    """Whatever the event, the form and the place: the line is a good one but for the second member."""
    line = json.dumps(json.loads(event))
    parse_event(line)
    members = list(re.finditer(r'"(\w+)": ("[^"\\]*"|\d+|true|false|null)', line))
    member = data.draw(st.sampled_from(members))
    name = "".join(f"\\u{ord(letter):04x}" for letter in member[1]) if escaped else member[1]
    twice = f"{line[: member.start()]}{form % name}{member[2]}, {line[member.start() :]}"
    with pytest.raises(InvalidEvent, match="twice"):
        parse_event(twice)
