"""How properties are tried: the same examples in each run of the suite, few in a quick run, and new ones in a deep one.

A suite that draws anew fails by chance on a change that has nothing to do with it. So each test has a seed of its own,
made from its name, and `make deep` hunts with examples nobody has seen.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import pytest
from hypothesis import is_hypothesis_test, seed, settings
from hypothesis.internal.conjecture import providers

DEEPER = int(os.environ.get("CARETRAIL_DEEPER", "10"))
"""How many times the examples of the suite a property has under the profile `deep`."""
QUICK_EXAMPLES = 10
"""The most examples a property has under the profile `quick`, shared by its cases, however many it asks for."""
SETTINGS = "_hypothesis_internal_use_settings"
"""Where hypothesis keeps the settings of a property."""


def register_profiles() -> None:
    """Register `caretrail`, `quick` and `deep`; the first is taken unless another is named."""
    # how long one example takes says more of the machine and its neighbors than of us
    settings.register_profile("caretrail", deadline=None, derandomize=True)
    settings.register_profile("quick", deadline=None, derandomize=True)
    settings.register_profile("deep", deadline=None, print_blob=True)
    forget_constants()
    if settings.get_current_profile_name() in ("default", "ci"):  # hypothesis takes "ci" where it finds itself in one
        settings.load_profile("caretrail")


def profile_now() -> str:
    """The name of the profile that was chosen."""
    return settings.get_current_profile_name()


def forget_constants() -> None:
    """Draw no constants of the modules that happen to be loaded: alone, a test draws what it draws among all others."""
    none_yet = vars(providers)["_local_constants"]
    setattr(providers, "_get_local_constants", lambda: none_yet)  # noqa: B010  # a name of its own, and private


def fit_examples(items: Sequence[pytest.Item], profile: str) -> None:
    """Take as many examples as the profile says."""
    if profile not in ("quick", "deep"):
        return
    functions = Counter(function_of(item) for item in items)
    for function, cases in functions.items():
        own = getattr(function, SETTINGS, None)
        if isinstance(own, settings):
            few = min(own.max_examples, max(2, QUICK_EXAMPLES // cases))
            examples = few if profile == "quick" else own.max_examples * DEEPER
            setattr(function, SETTINGS, settings(own, max_examples=examples))


def seed_by_name(item: pytest.Item, profile: str) -> None:
    """Let a property draw what it drew last time: cases of one function draw apart, since each has its own name."""
    function = function_of(item)
    if profile != "deep" and callable(function) and is_hypothesis_test(function):
        seed(crc32(item.nodeid.encode()))(function)


def is_property(item: pytest.Item) -> bool:
    """Whether hypothesis draws the examples of a test."""
    return is_hypothesis_test(function_of(item))


def function_of(item: pytest.Item) -> object:
    return getattr(item, "function", None)
