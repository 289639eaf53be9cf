"""The same store under test as for the questions."""

from tests.reading.conftest import care

__all__ = ["care"]
