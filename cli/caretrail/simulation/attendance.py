"""How people in treatment come, stay away and return: rates of the CTN-0094 trials.

Source: the planned weekly visits of the R package `public.ctn0094data` 1.0.6 (protocol CTN-0094 of NIDA's Clinical
Trials Network), people with an odd `who`, up to the last visit each came to; `docs/examples/ctn0094/data` has the rows
and the license. These were medication trials, not intensive outpatient programs: the rates say how often people miss
what was planned and how long they stay away, not what this level of care looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caretrail.tokens import HoldReason, MissedCause


@dataclass(frozen=True)
class Attendance:
    """The chance to come to what is planned, by whether the client came to the one before."""

    after_coming: float
    after_missing: float

    @property
    def rate(self) -> float:
        """The share of planned sessions attended in the long run."""
        return self.after_missing / (1 - self.after_coming + self.after_missing)


CTN = Attendance(after_coming=11_616 / (11_616 + 1_083), after_missing=849 / (849 + 1_526))
"""Of 15,074 pairs of visits planned one after the other."""

Cause = Literal[
    "no_show", "unable", "other", "in_jail", "in_hospital", "on_vacation", "illness", "moved", "forgot"
]  # fmt: skip

MISSED: dict[Cause, int] = {
    "no_show": 478, "unable": 214, "other": 101, "in_jail": 44, "in_hospital": 24, "on_vacation": 14, "illness": 8,
    "moved": 6, "forgot": 1,
}  # fmt: skip
"""Why a planned visit was not held, where the trials say it of the person and not of the trial."""

CAUSES: dict[Cause, MissedCause] = {"other": "other", "in_hospital": "other", "in_jail": "other"}
"""Whose cause it is in the words of `session_missed`; the client's unless listed."""

HOLDS: dict[Cause, HoldReason] = {"in_jail": "jail", "in_hospital": "hospital", "on_vacation": "leave"}
"""What puts treatment on hold."""
