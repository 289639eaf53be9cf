"""What can go wrong with a question."""

from __future__ import annotations

from collections.abc import Sequence

from caretrail.errors import CaretrailError

SHOWN = 5


class AmbiguousEpisode(CaretrailError):
    """The beginning of a case number fits several episodes; `matches` names up to five."""

    code = "ambiguous_episode"

    def __init__(self, matches: Sequence[str]) -> None:
        shown = sorted(matches)[:SHOWN]
        more = f" and {len(matches) - SHOWN} more" if len(matches) > SHOWN else ""
        words = f"{len(matches)} episodes begin like that: {', '.join(shown)}{more}"
        super().__init__(words, "give more of the case number")
        self.matches = tuple(shown)


class UnknownRule(CaretrailError):
    """The episode's policy pack has no rule of that name; `rules` are the names it has."""

    code = "unknown_rule"

    def __init__(self, rules: Sequence[str]) -> None:
        names = ", ".join(rules)
        none = "no policy pack judges it: 'caretrail why EPISODE PACK' says why"
        super().__init__("no rule of that name judges this episode", f"rules: {names}" if names else none)
        self.rules = tuple(rules)
