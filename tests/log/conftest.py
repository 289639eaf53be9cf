"""Fixtures of several tests of the log."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def path(sqlite_url: str) -> Path:
    """The file of `sqlite_url`."""
    return Path(sqlite_url.removeprefix("sqlite://"))
