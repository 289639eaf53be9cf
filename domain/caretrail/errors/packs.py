"""The rules cannot be read."""

from __future__ import annotations

from caretrail.errors.base import CaretrailError


class PackInvalid(CaretrailError):
    """A policy pack is not usable: the message names file, rule and field; `problem` is the fault alone."""

    code = "pack_invalid"

    def __init__(self, message: str, hint: str = "", problem: str = "") -> None:
        super().__init__(message, hint)
        self.problem = problem


class PackUnknown(CaretrailError):
    """No policy pack of that name is installed."""

    code = "pack_unknown"
