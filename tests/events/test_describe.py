"""Every kind of event has words, its words name fields it has, and a page leaves nothing out."""

from __future__ import annotations

import json
from string import Formatter

import pytest

from caretrail.describe import PHRASES, describe, signature, summary
from caretrail.events.catalog import APPENDED
from tests.support.example import EXAMPLE

DERIVED = {"signers": "signatures", "signed_by": "signatures", "change": "updated", "from": "from_"}
"""What a phrase names, and the field it is made from."""

SPOKEN_BY_TYPE = {"program_attested"}
"""Kinds that are in no timeline of an episode."""


def test_every_kind_that_a_timeline_shows_has_words() -> None:
    assert PHRASES.keys() == APPENDED.keys() - SPOKEN_BY_TYPE


@pytest.mark.parametrize("kind", PHRASES)
def test_words_name_fields_the_kind_has(kind: str) -> None:
    for phrase in PHRASES[kind]:
        for _, name, _, _ in Formatter().parse(phrase):
            if name:
                outer = name.partition(".")[0]
                assert DERIVED.get(outer, outer) in APPENDED[kind].model_fields, (kind, name)


def test_one_line_gives_what_matters_and_is_safe_to_print() -> None:
    lines = [summary(json.loads(line)) for line in EXAMPLE.read_text().splitlines()]
    assert lines[2].startswith("group session, 180 min")
    assert not any("_" in line or "{" in line for line in lines)
    missed = {"type": "session_missed", "service": "group", "minutes": 180, "cause": "client", "reason": "no_show"}
    assert summary(missed) == "group session missed, 180 min, by the client: no show"
    assert summary(missed | {"reason": "a\x1b[2Jb"}).endswith(r": a\x1b[2Jb")
    assert summary({"type": "resumed"}) == "resumed"


def test_a_description_has_every_field_once() -> None:
    event = {"type": "discharged", "reason": "left_against_advice", "last_contact_on": "2026-05-01", "aftercare": "a_b"}
    told = describe(event)
    assert told.title == "Discharged: left against advice"
    assert told.details == (("last contact on", "2026-05-01"), ("aftercare", "a_b"))
    assert describe({"type": "admitted", "level": "2.1"}).title == "Admitted to ? at level 2.1"


def test_a_signature_that_is_owed_is_deferred() -> None:
    owed = {"signer": "cl-7f3a", "role": "client", "deferred": "left early"}
    assert signature(owed) == "cl-7f3a, client: deferred, left early"
    assert summary({"type": "signed", "target": 3, "signatures": [owed]}) == (
        "signature on event 3, signed by cl-7f3a (deferred)"
    )
