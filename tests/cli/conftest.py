"""What tests of the command line ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.screens import load


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    """No demo: screens are those of a clinic."""
    return "clinic with roles" if "logins" in request.fixturenames else "clinic"


@pytest.fixture
def caretrail(sqlite_url: str, tmp_path: Path) -> Caretrail:
    """The command line on an empty store of its own."""
    return Caretrail(sqlite_url, tmp_path)


@pytest.fixture
def caretrail_both(store_url: str, tmp_path: Path) -> Caretrail:
    """The command line on an empty store, once on each database."""
    return Caretrail(store_url, tmp_path)


@pytest.fixture
def example() -> str:
    """The example episode, as a service would send it."""
    return EXAMPLE.read_text()


@pytest.fixture
def seen(caretrail: Caretrail, example: str) -> Caretrail:
    """The command line on the example, recorded as it happened."""
    return load(caretrail, example.splitlines())
