"""Three-valued logic: true, false, or not known; a null that could change the result makes the result not known."""

from __future__ import annotations

Truth = bool | None


def all_of(*values: Truth) -> Truth:
    """True if every value is true, false if any is false, else not known."""
    if False in values:
        return False
    return None if None in values else True


def any_of(*values: Truth) -> Truth:
    """True if any value is true, false if every one is false, else not known."""
    if True in values:
        return True
    return None if None in values else False


def opposite(value: Truth) -> Truth:
    """The negation; not known stays not known."""
    return None if value is None else not value
