"""Typing errors: a warning in the receipt for a policy, a program or a far date, a refusal for a rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import Impossible
from caretrail.events import Event
from caretrail.log import open_recorder
from tests.support.build import admitted, assessed, attestation, corrected, event, plan, reviewed, session

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
NEW = "program: new to this store"


@pytest.fixture
def commands(store_url: str) -> Iterator[Commands]:
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        yield app


@pytest.fixture
def known(store_url: str, commands: Commands) -> Iterator[Commands]:
    """A store that knows the program iop by one stay; asked by another process."""
    commands.append([admitted("01-05", "A-1")])
    with Commands(open_recorder(store_url), lambda: NOW) as app:
        yield app


def warnings(commands: Commands, *events: Event) -> list[str | None]:
    outcomes = commands.append_each(events)
    assert all(isinstance(one, Receipt) for one in outcomes), outcomes
    return [one.warning for one in outcomes if isinstance(one, Receipt)]


# --- programs -------------------------------------------------------------------------------------------------------


def test_the_first_program_of_a_store_draws_no_warning_and_the_second_draws_one(commands: Commands) -> None:
    """Nothing is misspelt where there is no name yet."""
    found = warnings(
        commands, assessed(), admitted(), session("2026-01-06"), admitted("01-05", "E-2", program="iop-eve"),
        admitted("01-05", "E-3", program="iop-eve"),
    )  # fmt: skip
    assert found == [None, None, None, NEW, None]


def test_a_known_program_draws_no_warning_and_a_misspelt_one_the_nearest_name(known: Commands) -> None:
    assert warnings(known, admitted("01-05", "E-2"), assessed("01-02", "E-2")) == [None, None]
    assert warnings(known, assessed("01-02", "E-3", program="iopp")) == [f"{NEW} (did you mean iop?)"]
    assert warnings(known, admitted("01-05", "E-4", program="zebra")) == [NEW]


def test_an_assessment_alone_makes_no_program_known(store_url: str, commands: Commands) -> None:
    """Given a misspelt program in an assessment, when the admission repeats it another day, then it is told again."""
    warnings(commands, assessed())
    with Commands(open_recorder(store_url), lambda: NOW) as later:
        assert warnings(later, admitted()) == [NEW]


def test_an_attestation_makes_a_program_known(store_url: str, commands: Commands) -> None:
    assert warnings(commands, attestation("license", program="x"), attestation("license")) == [None, NEW]
    with Commands(open_recorder(store_url), lambda: NOW) as later:
        assert warnings(later, admitted()) == [None]


def test_a_correction_to_a_new_program_is_told(known: Commands) -> None:
    assert warnings(known, corrected("03-01", 1, program="io").model_copy(update={"episode": "A-1"})) == [
        f"{NEW} (did you mean iop?)"
    ]


def test_a_repeated_call_gets_its_first_receipt(known: Commands) -> None:
    item = admitted("01-05", "E-2", program="zebra", command_id="a/1")
    first, again = known.append([item]), known.append([item])
    assert (first, first[0].warning, again[0].warning) == (again, NEW, None)


def test_what_is_asked_before_recording_is_what_the_receipt_says(known: Commands) -> None:
    item = admitted("01-05", "E-2", program="iopp", policy="ne-medicaid-2.1-adlt")
    asked = known.warning(item)
    assert asked == (
        "policy: not installed (did you mean ne-medicaid-2.1-adult?), so nothing is judged until it is; "
        f"{NEW} (did you mean iop?)"
    )
    assert known.warning(item) == asked, "asking changes nothing"
    assert known.append([item])[0].warning == asked


# --- policies and rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["ne-medicaid-2.1-adult", "other"])
def test_a_policy_that_is_not_installed_is_told(known: Commands, policy: str) -> None:
    [told] = warnings(known, admitted("01-05", "E-2", policy=policy))
    assert (told is None) == (policy == "ne-medicaid-2.1-adult")
    if told is not None:
        assert told == "policy: not installed, so nothing is judged until it is"


@pytest.mark.parametrize("rule", ["R1", "NE21-R1", "NE21-C1", "PACK"])
def test_a_rule_of_the_policy_is_explained_by_either_name(known: Commands, rule: str) -> None:
    item = event("explained", "02-10", "A-1", rule=rule, on="2026-02-09", code="client_ill")
    assert warnings(known, item) == [None]


@pytest.mark.parametrize(
    ("rule", "hint"), [("NE21-RR1", "did you mean"), ("ZZ", "see 'caretrail rules'"), ("r1", "R1")]
)
def test_a_rule_the_policy_does_not_have_is_refused(known: Commands, rule: str, hint: str) -> None:
    item = event("explained", "02-10", "A-1", rule=rule, on="2026-02-09", code="client_ill")
    with pytest.raises(Impossible, match=r"the policy of the admission \(event 1\) has no such rule") as caught:
        known.append([item])
    assert hint in caught.value.hint
    assert caught.value.versions == (1,)
    assert rule not in caught.value.message


def test_a_correction_brings_no_unknown_rule_in(known: Commands) -> None:
    item = event("explained", "02-10", "A-1", rule="R1", on="2026-02-09", code="client_ill")
    known.append([item])
    with pytest.raises(Impossible, match="no such rule"):
        known.append([event("corrected", "02-11", "A-1", target=2, values={"rule": "R99"}, reason="slip")])
    known.append([event("corrected", "02-11", "A-1", target=2, values={"rule": "R2"}, reason="slip")])


def test_a_rule_of_a_policy_that_is_not_installed_is_taken_and_said_to_be_unchecked(known: Commands) -> None:
    known.append([admitted("01-05", "E-2", policy="other")])
    item = event("explained", "02-10", "E-2", rule="X-1", on="2026-02-09", code="client_ill")
    assert warnings(known, item) == ["rule: not checked, because the policy of the admission is not installed"]


def test_admission_and_explanation_of_one_call_are_judged_together(commands: Commands) -> None:
    item = event("explained", "02-10", rule="ZZ", on="2026-02-09", code="client_ill")
    with pytest.raises(Impossible, match="no such rule") as caught:
        commands.append([admitted(), item])
    assert caught.value.index == 1


# --- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "far"),
    [("2062-01-07", True), ("9999-12-31", True), ("0001-01-01", True), ("2027-01-07", False), ("2026-01-01", False)],
)
def test_a_plan_that_takes_effect_in_another_year_is_told(known: Commands, day: str, far: bool) -> None:
    word = "effective_on: more than a year from the day of its document"
    item = plan("01-07", "A-1", effective_on=day)
    assert warnings(known, item) == [word if far else None]
    if not far:
        moved = event("corrected", "01-08", "A-1", target=2, values={"effective_on": "2062-01-07"}, reason="slip")
        other = event("corrected", "01-08", "A-1", target=2, values={"sections": {}}, reason="slip")
        assert warnings(known, moved, other) == [word, None]


def test_a_review_or_a_last_day_in_another_year_is_told(known: Commands) -> None:
    far = reviewed("02-05", "A-1", next_review_by="2062-03-06")
    leave = event("continued_stay_determined", "02-05", "A-1", decision="leave", leave_by="2062-02-20")
    near = reviewed("02-06", "A-1", next_review_by="2026-03-06")
    assert warnings(known, far, leave, near) == [
        "next_review_by: more than a year from the day of its document",
        "leave_by: more than a year from the day of its document",
        None,
    ]
