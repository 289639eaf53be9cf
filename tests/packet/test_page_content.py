"""What the page says: every event with both times and what was done to it, and nothing that may not be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import cast

import pytest

from caretrail.aliases import Json
from caretrail.describe import spoken
from caretrail.events import event_from
from tests.packet.markup import Element, read
from tests.packet.pages import (
    CHECKPOINT,
    NOTE,
    NOTICE,
    SHORT_NOTICE,
    GivenPage,
    a_story,
    in_every_text,
    made,
    promptly,
    the_example,
)
from tests.support.build import admitted, assessed, plan, reviewed, session, signature

TEXTS = frozenset(
    {
        "late_reason", "place", "reason", "outcome", "text", "note", "progress", "no_change_reason", "rationale",
        "aftercare", "deferred", "declined",
    }
)  # fmt: skip
WORDS = "zebra crossing"


@pytest.fixture(scope="module")
def example() -> GivenPage:
    return the_example()


@pytest.fixture(scope="module")
def page(example: GivenPage) -> Element:
    return read(example.page())


def row(page: Element, version: int) -> str:
    return page.one("tr", id=f"event-{version}").text


def leaves(value: object) -> Iterator[str]:
    """Everything an event says, but for yes and no."""
    if isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from leaves(item)
    elif not isinstance(value, bool):
        yield str(value)


@pytest.mark.slow
def test_nothing_an_event_says_is_left_out(example: GivenPage, page: Element) -> None:
    assert len(example.lines()) == 65
    for line in example.lines():
        shown = row(page, line.version)
        rest = {
            name: value
            for name, value in (example.content[line.version] or {}).items()
            if name not in ("type", "episode")
        }
        missing = [said for said in leaves(rest) if said not in shown and spoken(said) not in shown.lower()]
        # what is a word of the title is written with a capital there
        assert not [said for said in missing if spoken(said).lower() not in shown.lower()], line.version


@pytest.mark.slow
def test_each_event_has_both_times_and_its_leaf(example: GivenPage, page: Element) -> None:
    for line in example.lines():
        shown = row(page, line.version)
        assert f"{line.recorded_at:%Y-%m-%d}" in shown
        assert f"{line.recorded_at:%H:%M:%S}, @{line.position}" in shown
        assert line.leaf[:12] in shown
        if line.occurred_on is not None:
            assert str(line.occurred_on) in shown
    whole = {time.attributes.get("datetime") for time in page.all("time")}
    assert {f"{line.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}" for line in example.lines()} <= whole


def test_a_correction_stands_beside_the_original(page: Element) -> None:
    shown = " ".join(row(page, 53).split())
    assert "group size: 13" in shown
    assert "Corrected by event 55, 2026-03-23, c-ortiz, LADC: count included the two facilitators" in shown
    assert "group size: 13 → 11" in shown
    assert "Late entry: paper" in shown


def test_a_second_correction_shows_what_the_first_had_set() -> None:
    correction = {"type": "corrected", "episode": "E-1", "actor": {"id": "c-ortiz", "role": "clinician"}, "target": 3}
    twice = [
        event_from(
            correction | {"occurred_on": f"2026-01-{day}", "values": {"minutes": minutes}, "reason": "miscounted"}
        )
        for day, minutes in (("06", 170), ("07", 160))
    ]
    events = [assessed("01-02"), admitted("01-05"), session("01-05"), *twice]
    shown = " ".join(row(read(made(promptly(events), date(2026, 1, 8)).page()), 3).split())
    assert "minutes: 180 → 170" in shown
    assert "minutes: 170 → 160" in shown


def test_an_addition_stands_beside_what_it_adds_to(page: Element) -> None:
    shown = " ".join(row(page, 46).split())
    assert "Added to by event 59, 2026-03-25, c-ortiz, LADC: Landlord's letter received 24 March" in shown


def test_what_was_entered_for_another_client_is_withheld(example: GivenPage, page: Element) -> None:
    """Event 56 was a family session on 24 March, of somebody else."""
    shown = " ".join(row(page, 56).split())
    assert "Withheld: entered for another client; proven by its leaf" in shown
    assert "Voided by event 58, 2026-03-25, c-ortiz, LADC: wrong client" in shown
    assert example.lines()[55].leaf[:12] in shown
    assert "2026-03-24" not in example.page().replace(f"{example.lines()[55].recorded_at:%Y-%m-%d}", "")


def test_it_would_be_seen_if_it_were_not_withheld(example: GivenPage) -> None:
    told = event_from(
        {"type": "session_attended", "episode": "LNK-2026-0001", "occurred_on": "2026-03-24", "service": "family",
         "minutes": 60, "start": "17:00", "actor": {"id": "ehr-feed", "role": "service"}}
    ).model_dump(mode="json", exclude_none=True)  # fmt: skip
    shown = row(read(example.page(example.lines({**example.content, 56: told}))), 56)
    assert "Family session" in shown
    assert "2026-03-24" in shown


def test_a_voided_event_of_this_client_stays_readable() -> None:
    void = {"type": "voided", "episode": "E-1", "occurred_on": "2026-01-06", "target": 3, "reason": "duplicate"}
    actor = {"id": "c-ortiz", "role": "clinician"}
    events = [
        assessed("01-02"),
        admitted("01-05"),
        session("01-05", place="room 4"),
        event_from(void | {"actor": actor}),
    ]
    page = read(made(promptly(events), date(2026, 1, 8)).page())
    assert "room 4" in row(page, 3)
    assert page.one("tr", id="event-3").all("div", class_="struck")
    assert "Voided by event 4" in row(page, 3)


def without_texts(value: object) -> object:
    """An event as it is shown where free text is left out."""
    if isinstance(value, Mapping):
        inside = cast("Mapping[str, object]", value)
        return {name: without_texts(item) for name, item in inside.items() if name not in TEXTS}
    if isinstance(value, list):
        return [without_texts(item) for item in cast("list[object]", value)]
    return value


def test_free_text_shows_only_where_an_event_still_has_it() -> None:
    """Neither chart, sheet nor findings give away what the events were freed of."""
    given = in_every_text(WORDS)
    content = {version: cast("Json", without_texts(event)) for version, event in given.content.items()}
    assert given.page().count(WORDS) >= 15
    freed = given.page(given.lines(content), with_text=False)
    assert WORDS not in freed
    assert "left out of this packet" in freed
    assert "included" in read(given.page()).one("dl", class_="events").text


def test_the_notice_comes_first_and_again_at_the_end(example: GivenPage, page: Element) -> None:
    assert NOTICE in page.one("section", class_="notice").text
    assert page.text.index(NOTICE) < page.text.index("The record on")
    assert NOTICE in page.one("footer").text
    # and at the foot of every printed page
    escaped = SHORT_NOTICE.replace(" ", "\\000020").replace(".", "\\00002e")
    assert f'content: "{escaped}"' in example.page()


def test_it_says_for_whom_and_on_what_ground(example: GivenPage, page: Element) -> None:
    (pairs,) = [e for e in page.all("dl", class_="pairs") if "Recipient" in e.text]
    for said in ("program integrity unit", "Audit of claims", "42 CFR 2.53", "No consent is needed"):
        assert said in pairs.text


def test_the_day_asked_about(page: Element) -> None:
    """On 9 March the second review is two days overdue, so nobody can say whether the client may stay."""
    text = " ".join(page.text.split())
    assert "Continued stay: unknown" in text
    assert "Open findings: 4" in text
    overdue, staying = page.one("ul", class_="open").all("li", class_="overdue")
    assert "overdue NE21-C1 Continued stay" in " ".join(staying.text.split())
    said = " ".join(overdue.text.split())
    assert "overdue NE21-R1 Plan review every 30 days" in said
    assert "2 days overdue" in said
    assert "Arithmetic: base 2026-02-05 last review + 30 days = 2026-03-07" in said
    assert "Title 471 chapter 20" in said


def test_every_verdict_over_time_is_there(example: GivenPage, page: Element) -> None:
    (table,) = [table for table in page.all("table") if "Verdicts of" in table.text]
    rows = [line for line in table.all("tr") if line.all("td")]
    assert len(rows) == len(example.view.findings)
    said = [" ".join(line.text.split()) for line in rows]
    for finding in example.view.findings:
        start, what = str(finding.start), " ".join(finding.message.split())
        assert any(spoken(finding.verdict) in line and start in line and what in line for line in said), finding


def test_what_was_breached_is_not_as_faint_as_what_was_met() -> None:
    """Given a review a day late, then its row stands out among the verdicts, and the page says what the word means."""
    story = [
        assessed("02-20"), admitted("03-01"), plan("03-02"),
        reviewed("04-02", signatures=[signature("c-ortiz", "04-02"), signature("cl-E-1", "04-02")]),
    ]  # fmt: skip
    page = read(made(promptly(story), date(2026, 4, 3)).page())
    rows = [line for line in page.all("tr") if "came 1 day late" in line.text and "NE21" not in line.text]
    assert [(line.all("td")[0].text.split(), line.attributes.get("class")) for line in rows] == [
        (["!", "breached"], None)
    ]
    assert "Breached: nothing is owed now" in page.text


def test_how_to_verify(example: GivenPage, page: Element) -> None:
    text = page.text
    assert "python3 verify.py" in text
    for said in (CHECKPOINT.origin, CHECKPOINT.root.hex(), "48,211", NOTE):
        assert said in text


def test_an_episode_that_ended_with_a_review_owed() -> None:
    page = read(a_story("DEMO-009").page())
    owed, _ = page.one("ul", class_="open").all("li", class_="not_met")
    assert "NE21-R1" in owed.text
    assert "not met" in owed.text
