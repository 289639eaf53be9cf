"""Pages to look at and to test: episodes told to a store of their own, and the page of each."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from caretrail.aliases import Json
from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.demo.stories import STORIES
from caretrail.events import Corrected, Event, event_from, parse_event
from caretrail.evidence.packet.page.event_table import EventLine, table_lines
from caretrail.evidence.packet.page.page import timeline_page
from caretrail.evidence.packet.terms import STATEMENT_1, STATEMENT_2, PacketContext, PacketRequest, Terms
from caretrail.ledger.checkpoint import Checkpoint
from caretrail.log import init_store, leaf_hash, open_recorder
from caretrail.reading.episode_view import EpisodeView, view_of
from caretrail.reading.questions.sheet import Sheet, sheet_of
from caretrail.reading.questions.timeline import timeline_of
from caretrail.reading.shown_then import ShownThen, shown_then
from tests.support.build import ORTIZ, admitted, assessed, plan, session
from tests.support.example import example
from tests.support.stores import Clock

DAY = timedelta(days=1)
NOTICE, SHORT_NOTICE = STATEMENT_1, STATEMENT_2
TERMS = Terms(
    recipient="Nebraska Medicaid, program integrity unit",
    purpose="Audit of claims for services from January to May 2026",
    basis="audit",
    scope="No consent is needed on this basis (42 CFR 2.53); the record of one episode, without free text.",
)
CHECKPOINT = Checkpoint("caretrail.example/lincoln", 48_211, bytes.fromhex("91be4c0fb0fb61574639"))
NOTE = "caretrail.example/lincoln\n48211\nkb5M0D7YV0cYwW4g8qJ2v0n5H1TjJmM0oI0y2y2XxWQ=\n\n— caretrail.example AAAA\n"
SIGNED_AT = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
Content = Mapping[int, Json | None]
Heard = tuple[datetime, Event]


@dataclass(frozen=True)
class GivenPage:
    """An episode as known, its sheet of a day, and its events for the table, with what may be shown of each."""

    view: EpisodeView
    sheet: Sheet
    content: Content
    leaves: dict[int, str]

    def lines(self, content: Content | None = None) -> list[EventLine]:
        """Its events for the table; `content` takes the place of what may be shown."""
        rows = timeline_of(self.view, None, "recorded")
        return table_lines(rows, self.content if content is None else content, self.leaves)

    def then(self) -> list[ShownThen]:
        """What was shown at the time and is not known any more."""
        policy = self.view.policy
        if policy is None:
            return []
        shown = shown_then(self.view.entries, self.view.rows.zone, policy, self.sheet.as_of, lambda _: False)
        return [one for one in shown if one.differs]

    def page(self, lines: Sequence[EventLine] | None = None, *, terms: Terms = TERMS, with_text: bool = True) -> str:
        """Its page."""
        request = PacketRequest((), known_at=self.view.entries[-1].position, with_text=with_text)
        context = PacketContext(request, terms, CHECKPOINT, NOTE, SIGNED_AT, "c-ortiz", "0")
        return timeline_page(self.view, self.sheet, self.lines() if lines is None else lines, context, self.then())


def made(events: Iterable[Heard], as_of: date) -> GivenPage:
    """Record events, each at its instant, in a store of their own, and ask for the day."""
    heard = list(events)
    clock = Clock(heard[0][0])
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/care.db"
        init_store(url, demo=True, clock=clock)
        with open_recorder(url, clock=clock) as recorder:
            commands = Commands(recorder, clock)
            for at, event in heard:
                clock.now = max(at, clock.now)
                [outcome] = commands.append_each([event])
                assert isinstance(outcome, Receipt), outcome
            view = view_of(recorder, str(heard[0][1].episode), rows=None)  # type: ignore[union-attr]
            leaves = {row.originator_version: leaf_hash(row).hex() for row in recorder.read_log(limit=10_000)}
    return GivenPage(view, sheet_of(view, as_of, clock.now), shown(view), leaves)


def shown(view: EpisodeView) -> Content:
    """What may be shown of each event: nothing of those entered for another client, nor of their corrections."""
    rows = timeline_of(view, None, "recorded")
    withheld = {row.version for row in rows if row.void is not None and row.void.reason == "wrong_client"}
    return {
        row.version: None
        if row.version in withheld or (row.type == Corrected.__name__.lower() and row.target in withheld)
        else row.event
        for row in rows
    }


def promptly(events: Iterable[Event]) -> list[Heard]:
    """Events that the store hears of in the evening of their day, in the order given."""
    return [(datetime.combine(event.occurred_on, time(23, 30), tzinfo=UTC), event) for event in events]


# --- the episodes ------------------------------------------------------------------------------------------------


def the_example(as_of: date = date(2026, 3, 9)) -> GivenPage:
    """The example, told day by day."""
    return made(promptly(example()), as_of)


def a_story(case: str, today: date = date(2026, 6, 1)) -> GivenPage:
    """A story of the demo as it stands on a day."""
    story = next(story for story in STORIES if story.case == case)
    return made([(told.instant, parse_event(told.sent())) for told in story.arrivals(today)], today)


def assessed_only() -> GivenPage:
    """Nothing but the assessment."""
    return made(promptly([assessed("01-12", "E-EMPTY")]), date(2026, 1, 14))


def without_a_pack() -> GivenPage:
    """An admission that names a policy pack nobody has: nothing can be judged."""
    events = [
        assessed("01-02", "E-NOPACK"),
        admitted("01-05", "E-NOPACK", policy="nowhere"),
        session("01-05", "E-NOPACK"),
    ]
    return made(promptly(events), date(2026, 1, 7))


def long_before() -> GivenPage:
    """The example, asked about a day years before it."""
    return the_example(date(2019, 3, 9))


def two_weeks() -> GivenPage:
    """A short episode."""
    events = [assessed("01-02", "E-SHORT"), admitted("01-05", "E-SHORT")]
    events += [session(f"01-{day:02}", "E-SHORT") for day in (5, 7, 9, 12, 14)]
    return made(promptly(events), date(2026, 1, 16))


def two_years() -> GivenPage:
    """Two years at one level: reviews in time and late, a hold, signatures that came later, events that came late."""
    name, first = "E-LONG", date(2024, 1, 8)
    events: list[tuple[date, Event]] = [
        (first - DAY, dated(assessed("01-01", name), first - DAY)),
        (first, dated(admitted("01-01", name), first)),
        (first + 2 * DAY, dated(plan("01-07", name), first + 2 * DAY)),
    ]
    for number in range(728):
        day = first + number * DAY
        if 300 <= number < 330 or day.weekday() not in (0, 2, 4):
            continue
        minutes = 60 if number % 35 == 2 else 180
        service = ("group", "individual", "family", "education", "motivational", "group")[number % 6]
        events.append((day, dated(session("01-01", name, service=service, minutes=minutes), day)))
    for number in range(28, 720, 31):
        day = first + number * DAY
        events.append((day, dated(_review(name, day), day)))
        events.append((day, dated(_determination(name, day), day)))
    for number in range(40, 700, 66):
        day = first + number * DAY
        events.append((day + 9 * DAY, dated(session("01-01", name, service="other", late_reason="paper found"), day)))
    events.append((first + 300 * DAY, dated(_by_hand(name, "held", reason="hospital"), first + 300 * DAY)))
    events.append((first + 330 * DAY, dated(_by_hand(name, "resumed"), first + 330 * DAY)))
    events.sort(key=lambda item: item[0])
    return made([(datetime.combine(day, time(23, 30), tzinfo=UTC), event) for day, event in events], first + 735 * DAY)


HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style><script>alert(2)</script>",
    "{{ 7*7 }}{% raw %}", "javascript:alert(3)", "]]><!--", "&lt;b&gt;&amp;", "\u202egnp.exe\u202c", "a\x1b[2J\x07b",
    "x" * 900, "\u0600\u200f\u2066\u2069", "Z̷̢͇̐͝a̶l̵g̷ö̶́", "first line\nsecond line",
)  # fmt: skip


def in_every_text(words: str, credential: str = "LADC") -> GivenPage:
    """An episode with these words wherever an event takes somebody's own."""
    name = "E-WORDS"
    actor = {"id": "c-ortiz", "role": "clinician", "credential": credential}
    given = {"signed_on": "2026-01-09", "method": "electronic", "meaning": "agreement"}
    signatures = [
        {"signer": "c-ortiz", "role": "clinician", "credential": "LADC"} | given,
        {"signer": f"cl-{name}", "role": "client", "deferred": words},
        {"signer": "f-1", "role": "family", "declined": words, "witness": "c-lee"},
    ]
    events = [
        assessed("01-02", name),
        admitted("01-05", name, team=[actor]),
        session("01-05", name, place=words, actor=actor),
        session("01-06", name, late_reason=words),
        _by_hand(name, "session_missed", "01-07", service="group", minutes=180, cause="client", reason=words),
        _by_hand(name, "care_coordinated", "01-08", kind="medical", outcome=words),
        _by_hand(name, "corrected", "01-09", target=3, values={"place": words}, reason=words),
        _by_hand(name, "corrected", "01-09", target=3, values={"minutes": 90}, reason=words),
        _by_hand(name, "addendum", "01-09", target=3, text=words, reason=words),
        plan("01-09", name, signatures=signatures),
        _by_hand(name, "plan_reviewed", "01-09", plan_version=1, updated=False, no_change_reason=words,
                 progress=words, signatures=signatures),
        _by_hand(name, "continued_stay_determined", "01-09", decision="continue", rationale=words),
        _by_hand(name, "explained", "01-10", rule="X1", on="2026-01-10", code="other", note=words),
        _by_hand(name, "held", "01-10", reason="leave"),
        _by_hand(name, "resumed", "01-11", reason=words),
        _by_hand(name, "voided", "01-11", target=4, reason="duplicate"),
        _by_hand(name, "discharged", "01-12", reason="completed", aftercare=words),
    ]  # fmt: skip
    return made(promptly(events), date(2026, 1, 12))


def hostile() -> GivenPage:
    """Everything that is somebody's own words is an attack."""
    return in_every_text(" ".join(HOSTILE), HOSTILE[1])


def terms_of(words: str) -> Terms:
    """Terms of which everything is these words, also words that no disclosure may have."""
    terms = object.__new__(Terms)
    for name in Terms.__dataclass_fields__:
        object.__setattr__(terms, name, words)
    return terms


def dated(event: Event, day: date) -> Event:
    """The same event on another day, of any year."""
    data = json.loads(event.model_dump_json(by_alias=True, exclude_none=True)) | {"occurred_on": str(day)}
    if "effective_on" in data:
        data["effective_on"] = str(day)
    for signature in data.get("signatures", ()):
        if "signed_on" in signature:
            signature["signed_on"] = str(day)
    return event_from(data)


def _by_hand(name: str, type_: str, on: str = "01-01", /, **fields: Any) -> Event:
    return event_from({"type": type_, "episode": name, "occurred_on": f"2026-{on}", "actor": ORTIZ} | fields)


def _review(name: str, day: date) -> Event:
    return _by_hand(name, "plan_reviewed", plan_version=1, participants=["client"], updated=True, supports="none",
                    progress="goals under way", signatures=_signatures(name, day))  # fmt: skip


def _determination(name: str, day: date) -> Event:
    return _by_hand(name, "continued_stay_determined", progressing=True, goals_remain=True, level_needed=True,
                    decision="continue", signatures=_signatures(name, day)[1:])  # fmt: skip


def _signatures(name: str, day: date) -> list[dict[str, Any]]:
    given = {"signed_on": str(day), "method": "electronic", "meaning": "agreement"}
    return [
        {"signer": f"cl-{name}", "role": "client"} | given,
        {"signer": "c-ortiz", "role": "clinician", "credential": "LADC"} | given,
    ]


PAGES = {
    "example": the_example,
    "example-now": lambda: the_example(date(2026, 6, 1)),
    "overdue": lambda: a_story("DEMO-001"),
    "amended": lambda: a_story("DEMO-010"),
    "ended": lambda: a_story("DEMO-009"),
    "no-plan": lambda: a_story("DEMO-003"),
    "two-years": two_years,
    "two-weeks": two_weeks,
    "assessed": assessed_only,
    "no-pack": without_a_pack,
    "before": long_before,
    "hostile": hostile,
}
"""What to look at."""


def main(folder: Path, names: Sequence[str]) -> None:
    """Write the pages into a folder, to be looked at."""
    for name in names or PAGES:
        given = PAGES[name]()
        page = given.page(terms=terms_of(" ".join(HOSTILE))) if name == "hostile" else given.page()
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
