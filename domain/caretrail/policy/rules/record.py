"""Rules of the record against itself: what cannot all be true is to be mended. No text asks for them."""

from __future__ import annotations

from typing import Literal

from caretrail.policy.rules.base import Rule
from caretrail.policy.values import PackCount


class SessionOnce(Rule):
    """A session is on record once, no two overlap, and no day has more than 24 hours of them."""

    check: Literal["session_once"]
    cleared_by = "a void of the record that is one too many, or a correction of its day, start or minutes"


class AttendedWhileAway(Rule):
    """Nothing is attended while on hold, or after the last contact that a discharge names."""

    check: Literal["attended_while_away"]
    cleared_by = "a correction or void of the session, of the hold, or of the discharge"


class GroupCounted(Rule):
    """The charts of one group session are no more than the clients it had, and agree on how many it had."""

    check: Literal["group_counted"]
    cleared_by = "a correction of the group session or its size in the charts that are wrong"
    of_program = True


class ProviderOnRoster(Rule):
    """Whoever provides a session is on the roster of that day; information alone."""

    check: Literal["provider_on_roster"]
    cleared_by = "a change of the team, or a correction of who provided the session"
    group = "findings_only"


class GoalsAgree(Rule):
    """A determination that goals remain has a goal on record that was not met by then."""

    check: Literal["goals_agree"]
    cleared_by = "a correction of the determination, or of the goals in the plan or a review"


class SeenBefore(Rule):
    """Progress, or active work, is determined of a client who was seen in the days up to that one."""

    check: Literal["seen_before"]
    cleared_by = "the sessions that are not recorded, or a correction of the determination"
    seen_within_days: PackCount


class OwnRationale(Rule):
    """The rationale of a determination is its own, not word for word that of an earlier one."""

    check: Literal["own_rationale"]
    cleared_by = "a correction of the rationale"
