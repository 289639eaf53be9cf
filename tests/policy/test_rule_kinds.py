"""What the program knows of a kind of rule stands on its class, and is complete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caretrail.findings.case import JUDGES
from caretrail.policy.rules import KINDS, Rule
from caretrail.policy.rules.record import GroupCounted
from caretrail.policy.rules.staff import Attested
from tests.pages.rules_page import causes_of, function_of


def kinds(base: type[Rule] = Rule) -> Iterator[type[Rule]]:
    """The classes of rules a pack can state."""
    for kind in base.__subclasses__():
        if "check" in vars(kind)["__annotations__"]:
            yield kind
        yield from kinds(kind)


def test_every_class_of_rules_can_be_stated_in_a_pack() -> None:
    assert set(kinds()) == set(KINDS.values())


def test_every_kind_of_rule_is_judged_by_one_function() -> None:
    assert set(KINDS.values()) - set(JUDGES) == {Attested, GroupCounted}


@pytest.mark.parametrize("check", KINDS)
def test_every_kind_of_rule_says_what_ends_its_findings(check: str) -> None:
    assert KINDS[check].cleared_by


@pytest.mark.parametrize("check", [check for check, kind in KINDS.items() if kind.group_by_cause])
def test_a_cause_with_a_place_of_its_own_is_one_the_rule_can_give(check: str) -> None:
    assert KINDS[check].group_by_cause.keys() <= set(causes_of(function_of(check)))
