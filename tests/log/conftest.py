"""What several tests of recording ask for."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def path(sqlite_url: str) -> Path:
    """The file of `sqlite_url`."""
    return Path(sqlite_url.removeprefix("sqlite://"))
