"""What must stay behind stays behind, in every file of a packet: texts, ids of groups, and all of other clients."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from caretrail.events import Event
from caretrail.evidence.packet.terms import PacketRefused
from caretrail.log import EventRecorder
from tests.packet.packets import Desk, Files, status, unpacked
from tests.support.build import admitted, assessed, event, plan, session, signature

NAME = "E-1"
OWN, TYPED, OTHER, STRANGER = "cl-own", "cl-typed9", "cl-other5", "cl-stranger8"
GROUP = "grp-7"
TEXT, PLACE = "TEXT-CANARY", "PLACE-CANARY"


@pytest.fixture
def desk(recorder: EventRecorder, tmp_path: Path) -> Desk:
    return Desk(recorder, tmp_path)


def episode(*more: Event) -> list[Event]:
    """An episode whose client was typed wrongly in two events, which were corrected together; then what is given."""
    return [assessed("01-02", client=TYPED), admitted("01-05", client=TYPED), *more]


def corrections() -> list[Event]:
    return [
        event("corrected", "01-06", NAME, target=number, values={"client": OWN}, reason=f"{TYPED} was a slip of mine")
        for number in (1, 2)
    ]


def lines(files: Files) -> list[dict[str, Any]]:
    [data] = [data for name, data in files.items() if name.endswith("events.jsonl")]
    return [json.loads(line) for line in data.decode().split("\n")[1:-1]]


def found(files: Files, *words: str) -> list[str]:
    """In which files which of the words stand."""
    return [f"{word} in {name}" for name, data in files.items() for word in words if word.encode() in data]


def test_the_client_is_the_one_that_counts_and_the_one_typed_wrongly_stands_nowhere(desk: Desk) -> None:
    desk.record(*episode())
    desk.record(*corrections())
    packet = desk.make(NAME)
    files = unpacked(packet)
    assert found(files, TYPED) == []
    assert {name.split("/")[0] for name in files if "/" in name} == {f"client-{OWN}", "policies"}
    first, _, corrected, _ = lines(files)
    assert first["stated"]["client"] == "[another client]"
    assert first["left_out"] == ["client"]
    assert "salt" not in first
    assert corrected["stated"]["values"] == {"client": OWN}
    assert corrected["stated"]["reason"] == "[withheld]"
    assert status(packet, desk.public) == 0


def test_with_text_the_text_that_names_another_client_still_stays_behind(desk: Desk) -> None:
    desk.record(*episode())
    desk.record(*corrections())
    files = unpacked(desk.make(NAME, with_text=True))
    assert found(files, TYPED) == []
    assert lines(files)[2]["stated"]["reason"] == "[withheld]"


def test_what_was_entered_for_another_client_is_withheld_with_all_that_hangs_on_it_and_proven(desk: Desk) -> None:
    """Given a session and a plan of somebody else's, corrected, signed and added to before anybody saw, then voided."""
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN))
    desk.record(
        session("01-06", NAME, place="WRONG-CANARY"),
        plan("01-06", NAME, signers=(OTHER, "c-ortiz")),
        event("corrected", "01-07", NAME, target=3, values={"place": "WRONG-CANARY"}, reason="WRONG-CANARY"),
        event("addendum", "01-07", NAME, target=4, text="WRONG-CANARY", reason="WRONG-CANARY"),
        event("signed", "01-07", NAME, target=4, signatures=[signature("WRONG-CANARY", "01-07", "family")]),
    )
    desk.record(*(event("voided", "01-08", NAME, target=number, reason="wrong_client") for number in (3, 4)))
    for with_text in (False, True):
        packet = desk.make(NAME, name=f"{with_text}.zip", with_text=with_text)
        files = unpacked(packet)
        assert found(files, "WRONG-CANARY", OTHER) == []
        withheld = [line for line in lines(files) if line.get("withheld") == "wrong_client"]
        assert [line["version"] for line in withheld] == [3, 4, 5, 6, 7]
        assert not any({"salt", "payload", "stated"} & line.keys() for line in withheld)
        assert status(packet, desk.public) == 0


def test_a_day_of_a_session_of_another_client_does_not_tell_of_it(desk: Desk) -> None:
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN))
    desk.record(
        session("01-06", NAME, start="03:17", minutes=77, group_size=None), session("01-06", NAME, start="04:18")
    )
    desk.record(event("voided", "01-08", NAME, target=3, reason="wrong_client"))
    files = unpacked(desk.make(NAME, as_of=date(2026, 1, 6), with_text=True))
    assert found(files, "03:17", "77 min") == []
    assert found(files, "04:18") != []  # the control


def test_a_command_that_names_another_client_is_sealed(desk: Desk) -> None:
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN))
    desk.record(plan("01-06", NAME, signers=(OTHER, "c-ortiz"), command_id=f"ehr/{OTHER.upper()}/1"))
    desk.record(event("voided", "01-08", NAME, target=3, reason="wrong_client"))
    packet = desk.make(NAME)
    sealed = lines(unpacked(packet))[2]
    assert sealed["sealed"] is True
    assert not {"command_id", "source", "payload_hash"} & sealed.keys()
    assert found(unpacked(packet), OTHER, OTHER.upper()) == []
    assert status(packet, desk.public) == 0


def test_a_void_that_was_struck_hides_nothing_that_counts_again(desk: Desk) -> None:
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN), session("01-06", NAME))
    desk.record(event("voided", "01-08", NAME, target=3, reason="wrong_client"))
    desk.record(event("voided", "01-09", NAME, target=4, reason="entered_in_error"))
    assert not any("withheld" in line for line in lines(unpacked(desk.make(NAME))))
    # but once it is struck for another reason, the first word is believed
    desk.record(event("voided", "01-10", NAME, target=3, reason="duplicate"))
    assert [line["version"] for line in lines(unpacked(desk.make(NAME, name="2.zip"))) if "withheld" in line] == [3]


def test_no_packet_has_the_id_of_a_group_session(desk: Desk) -> None:
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN))
    desk.record(
        session("01-06", NAME, group_session=GROUP, command_id=f"feed/{GROUP}/3"),
        session("01-07", NAME),
        event("corrected", "01-08", NAME, target=4, values={"group_session": GROUP}, reason="was missing"),
    )
    for with_text in (False, True):
        packet = desk.make(NAME, name=f"{with_text}.zip", with_text=with_text)
        assert found(unpacked(packet), GROUP) == []
        rows = lines(unpacked(packet))
        assert rows[2]["left_out"] == ["group_session"]
        assert rows[4]["stated"]["values"] == {}
        assert status(packet, desk.public) == 0


def texts() -> list[Event]:
    """An event with a text for every kind that has one."""
    deferred = {"signer": "c-lee", "role": "clinician", "deferred": TEXT}
    declined = {"signer": "s-1", "role": "support", "declined": TEXT, "witness": "c-ortiz"}
    signed = [signature("c-ortiz", "01-06"), deferred, declined]
    return [
        assessed("01-02", client=OWN),
        admitted("01-05", client=OWN, late_reason=TEXT),
        event("plan_signed", "01-06", NAME, plan_version=1, effective_on="2026-01-06", sections={}, signatures=signed),
        event("plan_reviewed", "01-20", NAME, plan_version=1, progress=TEXT, no_change_reason=TEXT, signatures=signed),
        event("continued_stay_determined", "01-20", NAME, decision="continue", rationale=TEXT),
        session("01-21", NAME, place=TEXT),
        event("session_missed", "01-22", NAME, service="group", minutes=60, cause="client", reason=TEXT),
        event("care_coordinated", "01-23", NAME, kind="medical", outcome=TEXT),
        event("held", "01-24", NAME, reason="hospital"),
        event("resumed", "01-25", NAME, reason=TEXT),
        event("explained", "01-26", NAME, rule="NE21-I3", on="2026-01-22", code="no_show", note=TEXT),
        event("addendum", "01-27", NAME, target=6, text=TEXT, reason=TEXT),
        event("corrected", "01-28", NAME, target=4, values={"progress": TEXT, "signatures": signed}, reason=TEXT),
        event("discharged", "02-20", NAME, reason="completed", aftercare=TEXT),
    ]  # fmt: skip


def test_the_page_says_which_events_it_shows_in_part(desk: Desk) -> None:
    desk.record(*texts())
    [page] = [data.decode() for name, data in unpacked(desk.make(NAME)).items() if name.endswith("timeline.html")]
    assert page.count("Shown in part; what is shown is stated, not proven by the leaf. Left out") == 12
    assert "values.progress" in page


def test_free_text_is_shown_only_where_asked_for(desk: Desk) -> None:
    desk.record(*texts())
    without, full = desk.make(NAME), desk.make(NAME, name="full.zip", with_text=True)
    assert found(unpacked(without), TEXT) == []
    assert all(f"{TEXT} in client-{OWN}/episode-{NAME}/{name}" in found(unpacked(full), TEXT)
               for name in ("events.jsonl", "timeline.html"))  # fmt: skip  # the control
    assert all("payload" in line for line in lines(unpacked(full)))
    assert [line["version"] for line in lines(unpacked(without)) if "payload" in line] == [1, 9]
    assert status(without, desk.public) == status(full, desk.public) == 0


@pytest.mark.slow
def test_no_day_that_is_asked_about_lets_out_what_must_stay_behind(desk: Desk) -> None:
    """Given texts, a group and events of another client, when each day of the episode is the one asked about."""
    desk.record(*texts())
    desk.record(
        plan("01-20", NAME, signers=(OTHER, "c-ortiz"), plan_version=2),
        session("01-21", NAME, group_session=GROUP, place="WRONG-CANARY"),
        session("01-22", NAME, place="WRONG-CANARY", start="03:17"),
        event("plan_reviewed", "01-22", NAME, plan_version=1, progress="WRONG-CANARY"),
    )
    desk.record(*(event("voided", "01-28", NAME, target=number, reason="wrong_client") for number in (15, 17, 18)))
    for day in ("2026-01-06", "2026-01-20", "2026-01-21", "2026-01-22", "2026-01-28", "2026-02-20"):
        files = unpacked(desk.make(NAME, name=f"{day}.zip", as_of=date.fromisoformat(day)))
        assert found(files, TEXT, OTHER, GROUP, "WRONG-CANARY", "03:17") == [], day


def test_every_text_field_of_every_event_is_known_as_one() -> None:
    """Given the fields the models call Text, as a test of its own finds them in the published schema."""
    from caretrail.events import json_schema
    from caretrail.events.catalog import APPENDED
    from caretrail.evidence.packet.redaction import _shape_of  # pyright: ignore[reportPrivateUsage]  # what is under test

    schema = json_schema()["$defs"]
    names = {cls.__name__: _shape_of(cls) for cls in APPENDED.values()}
    for model, shape in names.items():
        for field, about in schema[model]["properties"].items():
            is_text = '"maxLength": 4000' in json.dumps(about)
            assert (shape[field] is True) is is_text, f"{model}.{field}"


def test_nothing_of_other_episodes_is_in_a_packet(desk: Desk) -> None:
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN, prior_episode=None))
    desk.record(assessed("01-02", "S-9", client=STRANGER), admitted("01-05", "S-9", client=STRANGER))
    files = unpacked(desk.make(NAME))
    assert [entry["episode"] for entry in json.loads(files["manifest.json"])["streams"]] == [NAME]
    assert found(files, STRANGER, "S-9") == []
    assert found(unpacked(desk.make(NAME, "S-9", name="both.zip")), STRANGER) != []  # the control


def test_a_day_on_which_events_of_another_client_still_counted_is_refused(desk: Desk) -> None:
    desk.record(assessed("01-02", client=OWN), admitted("01-05", client=OWN), session("01-06", NAME))
    desk.record(event("voided", "01-08", NAME, target=3, reason="wrong_client"))
    with pytest.raises(PacketRefused, match="rests on events of another client") as refused:
        desk.make(NAME, known_at=3)
    assert refused.value.hint == "ask for --known-at @4 or later"
    with pytest.raises(PacketRefused):
        desk.make(NAME, size=3)
    assert status(desk.make(NAME, known_at=4), desk.public) == 0
    assert desk.disclosed[1:] == []


def test_a_case_number_that_holds_the_id_of_another_client_is_refused(desk: Desk) -> None:
    desk.record(assessed("01-02", f"LNK-{TYPED}", client=TYPED), admitted("01-05", f"LNK-{TYPED}", client=TYPED))
    wrong = [
        event("corrected", "01-06", f"LNK-{TYPED}", target=n, values={"client": OWN}, reason="slip") for n in (1, 2)
    ]
    desk.record(*wrong)
    with pytest.raises(PacketRefused, match="the case number of an episode holds an id"):
        desk.make(f"LNK-{TYPED}")
