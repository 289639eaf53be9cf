"""A believable practice to try Caretrail on: stories that show each kind of finding, and any number of episodes."""

from caretrail.demo.clinic import IMPORT_SOURCE, practice_day
from caretrail.demo.population import episodes, jsonl
from caretrail.demo.stories import STORIES

__all__ = ["IMPORT_SOURCE", "STORIES", "episodes", "jsonl", "practice_day"]
