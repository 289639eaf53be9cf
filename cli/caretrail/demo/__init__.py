"""A believable practice to try Caretrail on: stories that show each kind of finding, and as many episodes as wanted."""

from caretrail.demo.clinic import IMPORT_SOURCE, practice_day
from caretrail.demo.population import episodes, jsonl
from caretrail.demo.stories import (
    CASELOAD_ACTOR,
    ELIGIBILITY_EPISODE,
    STORIES,
    TIMELINE_EPISODE,
    WHY_EPISODE,
    WHY_RULE,
)

__all__ = [
    "CASELOAD_ACTOR",
    "ELIGIBILITY_EPISODE",
    "IMPORT_SOURCE",
    "STORIES",
    "TIMELINE_EPISODE",
    "WHY_EPISODE",
    "WHY_RULE",
    "episodes",
    "jsonl",
    "practice_day",
]
