"""Properties are tried with the same examples at each run of the suite, and each case with its own."""

from __future__ import annotations

from operator import attrgetter
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider

from tests.support.properties import fit_examples, is_property, seed_by_name

DRAWN: list[int] = []


@settings(max_examples=20)
@given(number=st.integers(0, 10**9))
def draws(number: int) -> None:
    DRAWN.append(number)


def item(name: str) -> pytest.Item:
    return cast(pytest.Item, SimpleNamespace(nodeid=name, function=draws))


def drawn_by(name: str) -> list[int]:
    seed_by_name(item(name), "caretrail")
    DRAWN.clear()
    draws()
    return list(DRAWN)


def test_a_case_draws_the_same_examples_each_time_and_another_case_others() -> None:
    once = drawn_by("tests/x.py::test_y[0]")
    assert drawn_by("tests/x.py::test_y[0]") == once
    assert len(set(drawn_by("tests/x.py::test_y[1]")) - set(once)) > 10


def test_no_constant_of_a_loaded_module_is_drawn() -> None:
    """The suite's modules are full of text and numbers; none of them is offered."""
    assert len(attrgetter("_local_constants")(HypothesisProvider(None))) == 0


def test_a_deep_run_draws_ten_times_as_many_and_anew() -> None:
    @settings(max_examples=20, derandomize=False, database=None)
    @given(number=st.integers(0, 10**9))
    def more(number: int) -> None:
        DRAWN.append(number)

    one = cast(pytest.Item, SimpleNamespace(nodeid="a", function=more))
    assert is_property(one)
    fit_examples([one], "deep")
    found: list[set[int]] = []
    for _ in range(2):
        seed_by_name(one, "deep")
        DRAWN.clear()
        more()
        found.append(set(DRAWN))
    assert len(DRAWN) == 200
    assert len(found[1] - found[0]) > 100
