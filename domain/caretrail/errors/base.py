"""What every error has: a cause and a way out, in words that are safe to print and to log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

NO_EPISODE: Final = "no episode with that number"
SEE_CENSUS: Final = "'caretrail census' lists open episodes"


class CaretrailError(Exception):
    """Base of all our errors: `message` gives the cause, `hint` the next step, `code` the cause for programs."""

    code: ClassVar[str] = "error"
    reveals: Sequence[str] = ()
    """Case numbers in the text of the error: log them as viewed before showing it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
