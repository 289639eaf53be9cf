"""A plugin of pytest for the copy in which mutants run: many runs in one process, each as if it were the first."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from mutmut.mutation import trampoline
from mutmut.stats import record_trampoline_hit

# the same histories for every mutant; to know that one fails is enough, so none is made smaller
settings.register_profile(
    "mutants", derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("mutants")

HISTORIES = int(os.environ["CARETRAIL_HISTORIES"])
"""Generated histories for a property, shared by its parameters."""
SETTINGS = "_hypothesis_internal_use_settings"

_mutant = ""
_loading: set[str] = set()
_loaded: dict[Path, set[str]] = {}
"""What each file of tests runs of the rules as it is loaded: that belongs to all its tests."""


def pytest_configure() -> None:
    """Begin a run of one mutant; to ask the environment for it at every call makes the rules several times slower."""
    global _mutant
    _mutant = os.environ.get("MUTANT_UNDER_TEST", "")
    trampoline.get_mutant_under_test = lambda: _mutant
    trampoline.__dict__["record_trampoline_hit"] = _record
    _forget()


def _forget() -> None:
    """Forget test modules and caches that were filled before: a mutant may act while a module is loaded."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "tests":  # the folders, too, which have no file of their own
            del sys.modules[name]
    _forget_caches()


def _forget_caches() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("caretrail."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def _record(name: str, caller: str | None = None) -> None:
    _loading.add(name)
    record_trampoline_hit(name, caller)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note what a file runs as it is loaded, when mutmut asks which tests run what."""
    noting = _mutant == "stats" and isinstance(collector, pytest.Module)
    if noting:
        _forget()
        _loading.clear()
    report = yield
    if noting:
        _loaded[collector.path] = set(_loading)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every property have few histories, however many it asks for."""
    functions: Counter[object] = Counter(getattr(item, "function", None) for item in items)
    for function, count in functions.items():
        own = getattr(function, SETTINGS, None)
        if isinstance(own, settings):
            few = min(own.max_examples, max(2, HISTORIES // count))
            setattr(function, SETTINGS, settings(own, max_examples=few))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Count for each test what its file ran, and what an earlier test would have left in a cache."""
    if _mutant == "stats":
        _forget_caches()
        for name in _loaded[item.path]:
            record_trampoline_hit(name)
