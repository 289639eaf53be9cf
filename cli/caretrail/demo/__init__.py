"""A believable practice to try Caretrail on: stories that show each kind of finding, and any number of episodes."""

from caretrail.demo.clinic import practice_day
from caretrail.demo.population import arrivals
from caretrail.demo.stories import STORIES

__all__ = ["STORIES", "arrivals", "practice_day"]
