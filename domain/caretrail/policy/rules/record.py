"""Rules of the record against itself: what cannot all be true is to be mended. No text asks for them."""

from __future__ import annotations

from typing import Literal

from caretrail.policy.rules.base import Rule


class SessionOnce(Rule):
    """A session is on record once, no two overlap, and no day has more than 24 hours of them."""

    check: Literal["session_once"]
    cleared_by = "a void of the record that is one too many, or a correction of its day, start or minutes"


class AttendedWhileAway(Rule):
    """Nothing is attended while on hold, or after the last contact that a discharge names."""

    check: Literal["attended_while_away"]
    cleared_by = "a correction or void of the session, of the hold, or of the discharge"


class ProviderOnRoster(Rule):
    """Whoever provides a session is on the roster of that day; information alone."""

    check: Literal["provider_on_roster"]
    cleared_by = "a change of the team, or a correction of who provided the session"
    group = "findings_only"
