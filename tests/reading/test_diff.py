"""The diff between two moments of knowledge, held against recomputing everything day by day and event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.errors import AccessNotRecorded, StoreError, UnknownName
from caretrail.events import Event
from caretrail.log import init_store, open_recorder
from caretrail.reading.query import Query
from caretrail.reading.questions import diff as module
from caretrail.reading.questions.diff import ELIGIBILITY, Change, VerdictState
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.rows import EpisodeRows
from tests.support.build import admitted, assessed, event, plan, session, signature
from tests.support.care import NOW, Care
from tests.support.example import NAME, day, example
from tests.support.reading import short_reader
from tests.support.stores import pending

SIGNED = [signature("c-ortiz", "02-05"), signature("cl-E-1", "02-05")]
REVIEW: dict[str, Any] = {"plan_version": 1, "participants": ["client"], "updated": True, "signatures": SIGNED}


def troubled() -> list[Event]:
    """An episode in which knowledge goes to and fro: corrected, struck, brought back, explained, entered late."""
    return [
        assessed("01-02"), admitted("01-05"), session("01-06", group_size=13), plan("01-07"), session("01-08"),
        event("corrected", "01-09", target=3, values={"group_size": 11}, reason="staff counted"),
        event("voided", "01-10", target=6, reason="entered_in_error"),
        event("plan_reviewed", "02-05", **REVIEW), event("voided", "02-06", target=8, reason="wrong_client"),
        event("explained", "02-10", rule="R1", on="2026-02-10", code="weather"),
        event("voided", "02-11", target=9, reason="entered_in_error"),
        event("corrected", "02-12", target=3, values={"group_size": 12, "occurred_on": "2026-01-09"}, reason="recount"),
        session("01-13"), event("corrected", "02-13", target=2, values={"occurred_on": "2026-01-04"}, reason="misread"),
        event("team_changed", "02-14", joins=[{"id": "c-lee", "role": "clinician"}], clinician="c-lee"),
        event("discharged", "02-20", reason="completed"), session("02-02"),
    ]  # fmt: skip


def mixed() -> list[Event]:
    """The example and the troubled episode, event by event in turns, then the rest of the example."""
    one, other = example(), troubled()
    turns = [event_ for pair in zip(one, other, strict=False) for event_ in pair]
    return [*turns, *one[len(other) :]]


@pytest.fixture(scope="module")
def mixed_care(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Care]:
    url = f"sqlite:///{tmp_path_factory.mktemp('diff')}/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        care = Care(recorder)
        care.record(mixed())
        yield care


# --- a second implementation: recompute all, look day by day --------------------------------------------------------

Saying = tuple[str, str, VerdictState]


@cache
def known(care: Care, name: str, position: int) -> EpisodeRows | None:
    return Snapshot(care.recorder, NOW, position).rows(name)


def verdicts(rows: EpisodeRows | None, on: date) -> Counter[Saying]:
    """Everything said of one day."""
    found: Counter[Saying] = Counter()
    if rows is None:
        return found
    for finding in rows.findings:
        if finding.holds(on):
            words = "" if finding.verdict in ("met", "not_applicable") else finding.message
            found[
                finding.rule, finding.subject, VerdictState(finding.verdict, finding.due_on, finding.quiet, words)
            ] += 1
    for span in rows.eligibility:
        if span.start <= on < span.end:
            words = "" if span.verdict == "not_applicable" else "; ".join(span.reasons)
            found[ELIGIBILITY, "", VerdictState(span.verdict, span.holds_through, False, words)] += 1
    return found


def applied(said: Counter[Saying], changes: list[Change]) -> Counter[Saying]:
    """What was said first, with what a list of changes takes away and puts there."""
    result = Counter(said)
    for change in changes:
        result.subtract((change.rule, change.subject, item) for item in change.before)
        result.update((change.rule, change.subject, item) for item in change.after)
    assert min(result.values(), default=0) >= 0, "a change takes away what was said"
    return +result


def days() -> Iterator[date]:
    start = day("01-01")
    return (start + timedelta(days=number) for number in range(150))


POSITIONS = st.integers(0, len(mixed()))


@pytest.mark.slow
@given(cuts=st.tuples(POSITIONS, POSITIONS), on=st.dates(day("01-01"), day("05-30")))
def test_applied_to_the_answer_at_the_first_moment_it_gives_the_answer_at_the_second(
    mixed_care: Care, cuts: tuple[int, int], on: date
) -> None:
    before, after = sorted(cuts)
    found = mixed_care.reader.diff(before, after, on)
    differs = False
    for name in (NAME, "E-1"):
        first, last = known(mixed_care, name, before), known(mixed_care, name, after)
        for each in days():
            if each <= on:
                then, now = verdicts(first, each), verdicts(last, each)
                of_day = [c for c in found.changes if c.episode == name and c.start <= each < c.until]
                assert applied(then, of_day) == now, each
                assert all(change.before != change.after for change in of_day)
                assert bool(of_day) is (then != now)
                assert all(change.on_day is (change.start <= on < change.until) for change in of_day)
                differs = differs or then != now
    assert bool(found.changes) is differs
    assert all(change.until <= on + timedelta(days=1) for change in found.changes)


@pytest.mark.slow
@settings(max_examples=15)  # each recomputes every position between the two, for both ends of every stretch
@given(cuts=st.tuples(POSITIONS, POSITIONS), on=st.dates(day("01-05"), day("05-30")))
def test_it_names_the_events_after_which_something_else_was_said_and_no_others(
    mixed_care: Care, cuts: tuple[int, int], on: date
) -> None:
    before, after = sorted(cuts)
    for change in mixed_care.reader.diff(before, after, on).changes:
        named = {item.position: item.said for item in change.events}
        for each in (change.start, change.until - timedelta(days=1)):
            said = change.before
            for position in range(before + 1, after + 1):
                rows = known(mixed_care, change.episode, position)
                now = [key[2] for key in verdicts(rows, each).elements() if key[:2] == (change.rule, change.subject)]
                assert (position in named) is (Counter(now) != Counter(said)), (change, position)
                said = tuple(now)
                assert position not in named or Counter(named[position]) == Counter(said)


# --- by example -----------------------------------------------------------------------------------------------------


def test_the_correction_of_the_group_took_the_violation_away(care: Care) -> None:
    care.record(example())
    found = care.reader.diff(54, 65, day("03-24"))
    [change] = [change for change in found.changes if change.loud]
    assert (change.rule, change.start, change.until, change.on_day) == ("NE21-I3", day("03-02"), day("03-09"), False)
    assert ([said.verdict for said in change.before], change.after) == (["violation"], ())
    [by] = change.events
    assert (by.position, by.version, by.type, by.target, by.author, by.credential) == (
        55, 55, "corrected", 53, "c-ortiz", "LADC",
    )  # fmt: skip
    assert by.recorded_at == care.reader.timeline(NAME)[54].recorded_at


def test_what_changed_several_times_lists_every_event_that_did(care: Care) -> None:
    """Given a review recorded, struck and brought back, when compared over all of it, then three events are named; over
    the two that cancel each other, nothing changed.
    """
    care.record(troubled())
    [change] = [c for c in care.reader.diff(7, 11, day("02-09")).changes if c.rule == "NE21-R1" and c.on_day]
    assert [(by.version, by.type, [said.verdict for said in by.said]) for by in change.events] == [
        (8, "plan_reviewed", ["met"]), (9, "voided", ["overdue"]), (11, "voided", ["met"]),
    ]  # fmt: skip
    assert care.reader.diff(8, 11, day("02-09")).changes == ()


def test_only_episodes_with_events_between_are_read(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    care.record([*example(), *troubled()])
    read: list[object] = []
    replay = module.Replay.__init__

    def counted(self: module.Replay, namespace: Any, stream: Any, *given: Any) -> None:
        read.append(stream)
        replay(self, namespace, stream, *given)

    monkeypatch.setattr(module.Replay, "__init__", counted)
    found = care.reader.diff(65, 82)
    assert (found.episodes, len(read)) == (1, 1)
    assert {change.episode for change in found.changes} == {"E-1"}
    assert care.reader.diff(82, 82).changes == ()
    assert len(read) == 1


def test_filters_by_episode_and_program(care: Care) -> None:
    care.record([*example(), *troubled()])
    assert {c.episode for c in care.reader.diff(0, 82).changes} == {NAME, "E-1"}
    assert {c.episode for c in care.reader.diff(0, 82, program="iop").changes} == {"E-1"}
    assert {c.episode for c in care.reader.diff(0, 82, episode=NAME).changes} == {NAME}
    assert care.reader.diff(66, 82, episode=NAME).changes == ()
    with pytest.raises(UnknownName):
        care.reader.diff(0, 60, episode="E-1")


def test_filters_by_case_owner_at_either_time(care: Care) -> None:
    """Given a case that went from one clinician to another between, then both have it in scope, and no third."""
    care.record([*example(), *troubled()])
    after_joining = 80
    assert {c.episode for c in care.reader.diff(66, after_joining, clinician="c-lee").changes} == {"E-1"}
    assert care.reader.diff(66, after_joining, clinician="c-noor").episodes == 0
    owners = {span.clinician for rows in [known(care, "E-1", 78)] if rows is not None for span in rows.spans}
    for owner in filter(None, owners):
        assert {c.episode for c in care.reader.diff(66, after_joining, clinician=owner).changes} == {"E-1"}


@pytest.mark.parametrize("together", [1, 2, 500])
def test_a_part_is_given_after_its_access_is_recorded_and_together_they_are_the_answer(
    care: Care, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Given three episodes that changed, when they are given in parts, then the access log named whom each part shows,
    by case number, before it was given.
    """
    names = ["A-1", NAME, "Z-1"]
    for name in names:
        care.record([one.model_copy(update={"episode": name, "client": f"cl-{name}"}) for one in troubled()])
    seen: list[list[str]] = []
    reader = short_reader(care.recorder, NOW, seen.append).reader
    monkeypatch.setattr(module, "SHOWN_TOGETHER", together)
    question = module.Diff(3, Query(day("02-20")))
    given: list[module.Compared] = []
    for part in reader.parts(question):
        shown = list(dict.fromkeys(change.episode for change in part.value.changes))
        assert (seen[-1] if shown else []) == shown
        given.append(part.value)
    assert [name for shown in seen for name in shown] == names
    assert len(given) == 3 // together + 1
    assert question.joined(given) == reader.ask(question).value
    assert question.joined(given).episodes == 3


def test_a_part_whose_access_cannot_be_recorded_is_not_given(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A-1", "Z-1"):
        care.record([one.model_copy(update={"episode": name, "client": f"cl-{name}"}) for one in troubled()])

    def refuse(shown: list[str]) -> None:
        if shown == ["Z-1"]:
            raise AccessNotRecorded(StoreError("full", ""))

    monkeypatch.setattr(module, "SHOWN_TOGETHER", 1)
    parts = short_reader(care.recorder, NOW, refuse).reader.parts(module.Diff(3, Query(day("02-20"))))
    assert {change.episode for change in next(parts).value.changes} == {"A-1"}
    with pytest.raises(AccessNotRecorded):
        next(parts)


def test_an_answer_names_whose_record_it_shows(care: Care) -> None:
    care.record(example())
    seen: list[list[str]] = []

    reader = short_reader(care.recorder, NOW, seen.append)
    reader.diff(54, 65, day("03-24"))
    reader.diff(65, 65, day("03-24"), episode=NAME)
    reader.diff(65, 65, day("03-24"))
    assert seen == [[NAME], [NAME]]


def test_an_event_that_cannot_be_read_is_named_without_what_it_would_say(care: Care) -> None:
    """Given an episode with two events that cannot be read, then each is named, and nothing of it is certain."""
    care.record(troubled())
    stream = uuid5(care.recorder.namespace, "E-1")
    for version in (18, 19):
        care.recorder.append([pending(stream, version)])
    changes = care.reader.diff(17, 19, day("02-10"), episode="E-1").changes
    assert {(by.version, by.type, by.author) for change in changes for by in change.events} == {
        (18, "plan_reviewed", None),
        (19, "plan_reviewed", None),
    }
    assert {said.verdict for change in changes for said in change.after} == {"unknown"}
    second = care.reader.diff(18, 19, day("02-10"), episode="E-1").changes
    assert {by.version for change in second for by in change.events} == {19}
    assert care.reader.reviews(day("02-20")).unread == care.reader.amendments().unread == 1
