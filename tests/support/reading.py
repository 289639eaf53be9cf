"""Short ways to ask a reader, for tests: filters by name, and the answer without its standing, which is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from caretrail.commands.access import AccessLog
from caretrail.log.records import StoodOn
from caretrail.reading.answers import CensusRow, EligibilityRow, FindingRow, Standing, Work
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.event_rows import EventRow
from caretrail.reading.gate import Unrecorded
from caretrail.reading.query import Filters, Query
from caretrail.reading.question import Question
from caretrail.reading.questions.amendments import Amended, AmendmentReport, Times
from caretrail.reading.questions.census import Census, OpenEpisodes
from caretrail.reading.questions.diff import Compared, Diff
from caretrail.reading.questions.eligibility import ContinuedStay
from caretrail.reading.questions.episodes import CaseNumber, EpisodesOfClient, EpisodesOfProgram, WholeEpisode
from caretrail.reading.questions.findings import Findings
from caretrail.reading.questions.reviews import ReviewReport, Reviews
from caretrail.reading.questions.sheet import DateOfService, Sheet, SheetsOfClient
from caretrail.reading.questions.timeline import Order, Timeline
from caretrail.reading.questions.why import Reasons, Why
from caretrail.reading.questions.worklist import Worklist
from caretrail.reading.reader import Reader

T = TypeVar("T")

SETS = {
    "program": "programs", "clinician": "clinicians", "rule": "rules", "verdict": "verdicts", "episode": "episodes",
    "client": "clients",
}  # fmt: skip
QUERY = ("as_of", "start", "end", "known_at", "policy", "at_least", "allow_stale")


def parts(given: dict[str, Any]) -> tuple[Query, Filters]:
    """The query and the filters among keywords: `program="iop"` is one of `programs`."""
    query = Query(**{name: given.pop(name) for name in QUERY if name in given})
    sets: dict[str, Any] = {SETS[name]: {value} for name, value in given.items() if name in SETS and value is not None}
    return query, Filters(**sets, **{name: value for name, value in given.items() if name not in SETS})


class ShortReader:
    """A reader, asked; `standing` is that of the last answer."""

    standing: Standing

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def ask(self, question: Question[T]) -> T:
        answer = self.reader.ask(question)
        self.standing = answer.standing
        return answer.value

    def rows(self, question: Question[tuple[T, ...]]) -> list[T]:
        value = self.ask(question)
        return list(value)

    def findings(self, as_of: date | None = None, **given: Any) -> list[FindingRow]:
        return self.rows(Findings(*parts({"as_of": as_of, **given})))

    def worklist(
        self, as_of: date | None = None, *, all_quiet: bool = False, limit: int | None = None, **given: Any
    ) -> Work:
        return self.ask(Worklist(*parts({"as_of": as_of, **given}), all_quiet, limit))

    def census(self, as_of: date | None = None, **given: Any) -> list[CensusRow]:
        return self.rows(Census(*parts({"as_of": as_of, **given})))

    def count_open(self, as_of: date | None = None, **given: Any) -> Counter[str | None]:
        return self.ask(OpenEpisodes(*parts({"as_of": as_of, **given})))

    def resolve(self, beginning: str, known_at: int | None = None) -> str:
        return self.ask(CaseNumber(beginning, Query(known_at=known_at)))

    def by_client(self, client: str, known_at: int | None = None) -> list[str]:
        return self.rows(EpisodesOfClient(client, Query(known_at=known_at)))

    def in_program(self, program: str, start: date, end: date, known_at: int | None = None) -> list[str]:
        return self.rows(EpisodesOfProgram(program, Query(start=start, end=end, known_at=known_at)))

    def eligibility(self, name: str, as_of: date | None = None, known_at: int | None = None) -> EligibilityRow:
        return self.ask(ContinuedStay(name, Query(as_of, known_at=known_at)))

    def episode(self, name: str, known_at: int | None = None) -> EpisodeView:
        return self.ask(WholeEpisode(name, Query(known_at=known_at)))

    def timeline(
        self, name: str, as_of: date | None = None, known_at: int | None = None, order: Order = "recorded"
    ) -> list[EventRow]:
        return self.rows(Timeline(name, Query(as_of, known_at=known_at), order))

    def sheet(self, name: str, as_of: date | None = None, known_at: int | None = None, policy: Any = None) -> Sheet:
        return self.ask(DateOfService(name, Query(as_of, known_at=known_at, policy=policy)))

    def sheets_of(self, client: str, as_of: date | None = None) -> list[Sheet]:
        return self.rows(SheetsOfClient(client, Query(as_of)))

    def why(
        self, name: str, rule: str, as_of: date | None = None, known_at: int | None = None, policy: Any = None
    ) -> Reasons:
        return self.ask(Why(name, rule, Query(as_of, known_at=known_at, policy=policy)))

    def diff(
        self, before: int | datetime, after: int | datetime, as_of: date | None = None, *, episode: str | None = None,
        program: str | None = None, clinician: str | None = None,
    ) -> Compared:  # fmt: skip  # two lines
        named = {"program": program, "clinician": clinician}
        return self.ask(Diff(before, Query(as_of, known_at=after), parts(named)[1], episode))

    def reviews(self, as_of: date | None = None, **given: Any) -> Reviews:
        return self.ask(ReviewReport(*parts({"as_of": as_of, **given})))

    def amendments(
        self, as_of: date | None = None, *, by: Times = "recorded", author: str | None = None, **given: Any
    ) -> Amended:
        authors = {author} if author is not None else set[str]()
        return self.ask(AmendmentReport(*parts({"as_of": as_of, **given}), by, authors))


def short_reader(
    recorder: Any, now: datetime, access: AccessLog | Unrecorded | Callable[[list[str]], object], **more: Any
) -> ShortReader:
    """A reader of a store, ready to be asked."""
    recorded = access if isinstance(access, AccessLog | Unrecorded) else Noted(access)
    return ShortReader(Reader(recorder, now, access=recorded, **more))


class Noted(Unrecorded):
    """Tells a function the case numbers that an answer shows, and nothing else."""

    def __init__(self, note: Callable[[list[str]], object]) -> None:
        self._note = note

    def __call__(self, episodes: list[str], _: StoodOn | None = None, /) -> None:
        self._note(episodes)
