"""`record`: one event by options, or asked for on a terminal."""

from __future__ import annotations

import json
import sys

import pytest

from caretrail.cli.terminal.fields import fields_of
from caretrail.events.catalog import EVENT_TYPES
from tests.support.program import Caretrail

from .terminal import Terminal

ACTOR = "c-ortiz,clinician,LADC"
SESSION = [
    "record",
    "session_attended",
    "LNK-2026-0001",
    "--occurred-on",
    "2026-02-06",
    "--service",
    "group",
    "--minutes",
    "180",
]


@pytest.fixture
def begun(caretrail: Caretrail, example: str) -> Caretrail:
    """An episode of three events, and who sits at the keyboard."""
    caretrail("append", "--imported", input="\n".join(example.splitlines()[:3]))
    caretrail.variables["CARETRAIL_ACTOR"] = ACTOR
    return caretrail


def last(caretrail: Caretrail) -> dict[str, object]:
    event: dict[str, object] = caretrail("timeline", "LNK", "--json").listed[-1]["event"]
    return event


def test_an_event_by_options_alone(begun: Caretrail) -> None:
    ended = begun(*SESSION)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Recorded as event 4 of LNK-2026-0001, @5, 2")
    assert last(begun) == {
        "type": "session_attended",
        "episode": "LNK-2026-0001",
        "occurred_on": "2026-02-06",
        "actor": {"id": "c-ortiz", "role": "clinician", "credential": "LADC"},
        "source": "",
        "service": "group",
        "minutes": 180,
    } or "source" not in last(begun)


def test_a_hyphen_in_the_name_of_an_event_will_do(begun: Caretrail) -> None:
    assert begun("record", "session-attended", *SESSION[2:]).status == 0


def test_the_receipt_as_json(begun: Caretrail) -> None:
    receipt = begun(*SESSION, "--json").json
    assert list(receipt) == ["episode", "version", "position", "recorded_at", "leaf", "durability"]
    assert (receipt["episode"], receipt["version"]) == ("LNK-2026-0001", 4)


def test_what_is_missing_is_named_at_once(begun: Caretrail) -> None:
    del begun.variables["CARETRAIL_ACTOR"]
    ended = begun("record", "session_attended", "LNK-2026-0001", "--service", "group")
    assert ended.status == 2
    assert ended.err == (
        "Error: missing: --occurred-on, --minutes, --actor (or CARETRAIL_ACTOR)\n"
        "Hint: see 'caretrail record session_attended --help'\n"
    )


def test_a_wrong_value_is_refused_and_not_repeated(begun: Caretrail) -> None:
    ended = begun(*SESSION[:-1], "kanarienvogel")
    assert ended.status == 1
    assert ended.err.startswith("Error: minutes: ")
    assert "kanarienvogel" not in ended.err
    assert begun(*SESSION, "--modality", "kanarienvogel").err.startswith("Error: modality: must be one of")


def test_a_signed_plan_with_parts_and_signatures(begun: Caretrail) -> None:
    client = '{"signer":"cl-7f3a","role":"client","signed_on":"2026-01-07","method":"paper","meaning":"agreement"}'
    ended = begun(
        *[
            "record",
            "plan_signed",
            "LNK-2026-0001",
            "--occurred-on",
            "2026-01-07",
            "--plan-version",
            "1",
            "--effective-on",
            "2026-01-07",
        ],
        *["--sections-discharge", "yes", "--sections-supports", "unknown", "--sign"],
        "--set",
        f"signatures=[{client}]",
    )
    assert ended.status == 0, ended.err
    event = last(begun)
    assert event["sections"] == {"discharge": True}
    assert [(s["signer"], s["meaning"]) for s in event["signatures"]] == [  # type: ignore[attr-defined]
        ("cl-7f3a", "agreement"),
        ("c-ortiz", "authorship"),
    ]


def test_a_correction_by_dotted_names(begun: Caretrail) -> None:
    words = [
        "record",
        "corrected",
        "LNK-2026-0001",
        "--occurred-on",
        "2026-01-06",
        "--target",
        "3",
        "--set",
        "values.group_size=7",
    ]
    assert begun(*words, "--reason", "counted again").status == 0
    assert begun("timeline", "LNK", "--json").listed[2]["corrections"][0]["new"] == 7


def test_an_event_that_cannot_be_is_status_1(begun: Caretrail) -> None:
    ended = begun(*["record", "resumed", "LNK-2026-0001", "--occurred-on", "2026-01-06"])
    assert ended.status == 1
    assert "is not on hold on that day" in ended.err


def test_a_programs_own_event_has_no_episode(begun: Caretrail) -> None:
    words = (
        "record program_attested --program lincoln-iop --occurred-on 2026-01-05 --kind license --valid-from 2026-01-01"
    )
    assert begun(*words.split()).out.startswith("Recorded as event 1 of the program, @5, ")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_it_asks_for_what_is_missing(begun: Caretrail) -> None:
    command = [str(begun.program), "record", "session_attended", "LNK-2026-0001", "--modality", "virtual"]
    with Terminal(command, begun.environment()) as terminal:
        terminal.answer("* occurred_on [", "2026-01-09")
        terminal.answer("* service (individual/group/family/education/motivational/crisis/", "choir")
        terminal.expect("must be one of 'individual'")
        terminal.answer("* service", "group")
        terminal.answer("* minutes: ", "180")
        terminal.answer("  topic: ", "relapse prevention")
        terminal.answer("  start: ", "")
        terminal.answer("  group_size: ", "8")
        terminal.answer("  group_session: ", "")
        terminal.answer("  place: ", "")
        terminal.answer("  noted (yes/no/unknown): ", "")
        terminal.expect("minutes            180")
        terminal.answer("Record this? [Y/n]: ", "y")
        assert "Recorded as event 4 of LNK-2026-0001" in terminal.rest()
        assert terminal.process.returncode == 0
    assert (last(begun)["group_size"], last(begun)["modality"]) == (8, "virtual")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_no_means_nothing_is_recorded(begun: Caretrail) -> None:
    command = [str(begun.program), "record", "held", "LNK-2026-0001", "--occurred-on", "2026-01-09"]
    with Terminal(command, begun.environment()) as terminal:
        terminal.answer("* reason (hospital/jail/leave/other): ", "jail")
        terminal.answer("Record this? [Y/n]: ", "n")
        terminal.rest()
        assert terminal.process.returncode == 130
    assert len(begun("timeline", "LNK", "--json").listed) == 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_a_determination_with_parts_and_signature_on_a_terminal(begun: Caretrail) -> None:
    words = [
        "record",
        "continued_stay_determined",
        "LNK-2026-0001",
        "--occurred-on",
        "2026-01-09",
        "--decision",
        "continue",
    ]
    with Terminal([str(begun.program), *words], begun.environment()) as terminal:
        terminal.answer("Sign as c-ortiz? [Y/n]: ", "")
        terminal.answer("Add another to signatures? [y/N]: ", "n")
        terminal.answer("progressing (yes/no/unknown): ", "yes")
        for name in ("goals_remain", "level_needed", "has_capacity", "actively_working"):
            terminal.answer(name, "")
        for name in ("new_problems", "treatable_here", "least_intensive", "leave_by"):
            terminal.answer(name, "")
        terminal.answer("rationale", "still unsteady at work")
        terminal.answer("Enter ratings now? [y/N]: ", "")
        terminal.answer("Record this? [Y/n]: ", "")
        terminal.rest()
        assert terminal.process.returncode == 0
    event = last(begun)
    assert event["progressing"] is True
    assert event["signatures"][0]["meaning"] == "determination"  # type: ignore[index]


@pytest.mark.parametrize(("name", "required"), [("plan_signed", True), ("signed", True), ("plan_reviewed", False)])
def test_signatures_are_asked_for_where_a_document_cannot_be_without(name: str, required: bool) -> None:
    asked = {leaf.name: leaf.required for leaf in fields_of(EVENT_TYPES[name])}
    assert asked["signatures"] is required


MISSPELT = [
    *("record", "admitted", "LNK-9", "--occurred-on", "2026-01-09", "--client", "cl-9", "--program", "lincon-iop"),
    *("--zone", "America/Chicago", "--level", "2.1", "--edition", "asam-3", "--route", "direct"),
    *("--population", "adult", "--policy", "ne-medicaid-2.1-adlt"),
]
WARNED = (
    "policy: not installed (did you mean ne-medicaid-2.1-adult?), so nothing is judged until it is; "
    "program: new to this store (did you mean lincoln-iop?)"
)


def test_a_misspelt_policy_or_program_is_recorded_with_a_warning(begun: Caretrail) -> None:
    ended = begun(*MISSPELT, "--json")
    assert (ended.status, ended.err) == (0, f"Warning: {WARNED}\n")
    assert json.loads(ended.out)["warning"] == WARNED


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_a_misspelt_policy_or_program_draws_a_question(begun: Caretrail) -> None:
    optional = (
        "prior_episode", "Enter transfer_in?", "medicaid_eligible", "Add one to team?", "clinician", "Enter schedule?",
        "expects_progress", "dual_diagnosis_enhanced", "residence", "employment",
    )  # fmt: skip
    for typed, status in (("", 130), ("y", 0)):
        with Terminal([str(begun.program), *MISSPELT], begun.environment()) as terminal:
            for question in optional:
                terminal.answer(question, "")
            terminal.expect("Warning: policy: not installed (did you mean ne-medicaid-2.1-adult?)")
            terminal.answer("Record this anyway? [y/N]: ", typed)
            assert "Warning" not in terminal.rest(), "it is told once"
            assert terminal.process.returncode == status
    assert begun("timeline", "LNK-9", "--json").listed[0]["event"]["program"] == "lincon-iop"


SUB_DIMENSIONS = [
    *("record", "assessed", "LNK-4", "--occurred-on", "2026-01-09", "--kind", "initial", "--client", "cl-4"),
    *("--program", "lincoln-iop", "--edition", "asam-4", "--at", "10:00", "--dsm", "DSM-5", "--discharge-plan", "yes"),
    *("--recommended-level", "2.1", "--clinician-level", "2.1", "--co-occurring-screen", "negative"),
    *("--mental-health-suspected", "no", "--diagnoses", "F10.20", "--from", "x", "--on", "2026-01-09"),
    *("--relevant", "yes", "--current-diagnosis", "yes", "--level-recommendation", "yes"),
]


def test_a_sub_dimension_is_set_by_its_key(begun: Caretrail) -> None:
    values = (
        "--set",
        "dimensions.3.1.rating=3B",
        "--set",
        "dimensions.3.1.problem=true",
        "--set",
        "dimensions.4.rating=C",
    )
    assert begun(*SUB_DIMENSIONS, *values).status == 0
    event = begun("timeline", "LNK-4", "--json").listed[0]["event"]
    assert event["dimensions"] == {"3.1": {"rating": "3B", "problem": True}, "4": {"rating": "C"}}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_dimensions_of_the_4th_edition_are_named_by_key(begun: Caretrail) -> None:
    with Terminal([str(begun.program), *SUB_DIMENSIONS], begun.environment()) as terminal:
        terminal.answer("Sign as c-ortiz? [Y/n]: ", "")
        terminal.answer("Add another to signatures? [y/N]: ", "")
        terminal.answer("Enter dimensions now? [y/N]: ", "y")
        terminal.answer("key such as 3.1", "3.1")
        terminal.answer("rating: ", "3B")
        terminal.answer("problem", "yes")
        terminal.answer("meets_level", "")
        terminal.answer("key such as 3.1", "")
        terminal.answer("Enter referral? [y/N]: ", "")
        terminal.answer("Record this? [Y/n]: ", "")
        terminal.rest()
        assert terminal.process.returncode == 0
    event = begun("timeline", "LNK-4", "--json").listed[0]["event"]
    assert event["dimensions"] == {"3.1": {"rating": "3B", "problem": True}}
    assert [one["meaning"] for one in event["signatures"]] == ["authorship"]
