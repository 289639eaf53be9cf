"""One episode whole: its events as recorded and in effect, with its findings. Loads the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.query import TODAY, Query
from caretrail.reading.question import OneEpisode
from caretrail.reading.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class WholeEpisode(OneEpisode[EpisodeView]):
    """One episode whole: its events, how they count, and everything the rules say of it. Raises UnknownName."""

    name: ClassVar[str] = "episode"
    episode: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> EpisodeView:
        """Fold it from the log."""
        return snapshot.view(self.episode)
