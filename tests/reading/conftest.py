"""A store under test, on both databases, with the read models beside the log."""

from __future__ import annotations

import pytest

from caretrail.log import EventRecorder
from tests.support.care import Care


@pytest.fixture
def care(recorder: EventRecorder) -> Care:
    return Care(recorder)
