"""What if another pack had been in force all along: answered from the log, and never written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caretrail.log import EventRecorder
from caretrail.policy import Pack, load_pack, read_pack
from caretrail.policy.loader import SHIPPED
from caretrail.reading import gate
from caretrail.reading.readings import as_if_in_force
from caretrail.reading.snapshot import Snapshot, WhatIfSnapshot
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.schema import TABLES
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import Filters, Findings, Query, Worklist, open_store
from tests.support.build import LEE, admitted, assessed, event, session
from tests.support.builds import live_table, rebuilt_by_another
from tests.support.care import NOW, Care
from tests.support.example import NAME, copy_of_example, day, example
from tests.support.reading import short_reader

PACK = "ne-medicaid-2.1-adult"
EVERY_30 = 'every = [{ count = 30, unit = "calendar_day", soon = 7 }]'
DAYS = ("01-05", "01-14", "02-06", "03-01", "03-10", "04-06", "05-20")


@pytest.fixture
def draft(tmp_path: Path) -> Pack:
    """The Nebraska rules with a review every 20 days, in force from a day to come."""
    text = (SHIPPED / f"{PACK}.toml").read_text().replace(f'name = "{PACK}"', 'name = "draft"')
    text = text.replace(EVERY_30, EVERY_30.replace("30", "20")).replace(
        "late_after_days", "effective_from = 2027-01-01\nlate_after_days", 1
    )
    (tmp_path / "draft.toml").write_text(text)
    return read_pack(tmp_path / "draft.toml")


@pytest.fixture
def practice(care: Care) -> Care:
    """An episode that ended, one under way, one of another program, and one of an adolescent."""
    care.record([*example(), *copy_of_example("B-2", 40, 40)])
    care.record(
        [
            assessed("02-01", "C", program="other"),
            admitted("02-03", "C", program="other", clinician="c-lee", team=[LEE]),
        ]
    )
    care.record([assessed("02-01", "D"), admitted("02-03", "D", population="adolescent"), session("02-04", "D")])
    return care


def stored(recorder: EventRecorder) -> list[Any]:
    """Everything the read models hold."""
    tables = [live_table(recorder.database, table) for table in TABLES]
    return [
        sorted(map(repr, recorder.database.query(f"SELECT * FROM {name}"))) for name in (*tables, "caretrail.build")
    ]


def test_every_episode_is_judged_by_the_pack_whatever_its_dates(practice: Care, draft: Pack) -> None:
    """Given a pack in force from next year, then it answers of this year as if it had been in force."""
    policy = as_if_in_force(draft)
    row = practice.reader.findings(day("03-01"), rule="R1", episode=NAME, policy=policy)[0]
    assert (row.pack, row.verdict, row.due_on) == ("draft", "overdue", day("02-25"))
    assert row.arithmetic == "base 2026-02-05 last review + 20 days = 2026-02-25"
    assert practice.reader.sheet(NAME, day("03-01"), policy=policy).next_review_due == day("02-25")
    assert practice.reader.why(NAME, "R1", day("03-01"), policy=policy).findings == (row,)
    assert {row.pack for row in practice.reader.worklist(day("03-01"), policy=policy).rows} <= {"draft", ""}


def test_whom_the_pack_is_not_for_is_listed_as_not_judged(practice: Care, draft: Pack) -> None:
    rows = practice.reader.worklist(day("03-01"), policy=as_if_in_force(draft)).rows
    [row] = [row for row in rows if row.episode == "D"]
    assert (row.rule, row.verdict, row.message) == (
        "PACK", "unknown", "policy pack draft is for another population: nothing is judged"
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("known_at", [None, 70])
def test_by_the_pack_in_force_it_is_the_same_answer(practice: Care, known_at: int | None) -> None:
    """What is worked out aside from the stored rows cannot differ from them."""
    policy, reader = as_if_in_force(load_pack(PACK)), practice.reader
    for text in DAYS:
        on = day(text)
        assert reader.worklist(on, all_quiet=True, known_at=known_at, policy=policy) == reader.worklist(
            on, all_quiet=True, known_at=known_at
        )
        for more in (False, True):
            assert reader.findings(on, closed=more, all_verdicts=more, known_at=known_at, policy=policy) == (
                reader.findings(on, closed=more, all_verdicts=more, known_at=known_at)
            )
        assert reader.sheet(NAME, on, known_at, policy) == reader.sheet(NAME, on, known_at)
    period = {"start": day("01-01"), "end": day("03-31"), "known_at": known_at}
    assert reader.findings(**period, policy=policy) == reader.findings(**period)  # type: ignore[arg-type]


def test_filters_hold_together_with_it(practice: Care, draft: Pack) -> None:
    policy, on = as_if_in_force(draft), day("02-20")

    def names(**filters: Any) -> set[str | None]:
        return {
            row.episode for row in practice.reader.worklist(on, policy=policy, **filters).rows if row.rule != "PACK"
        }

    assert names(rule="R1") == {"C", NAME}
    assert names(client="cl-C") == names(episode="C") == {"C"}
    assert names(program="other") == {"C", None}, "what the program owes is listed with it"
    assert names(clinician="c-lee") == {"B-2", "C"}, "what she carries, and what she owes elsewhere"


@pytest.mark.slow
def test_nothing_of_it_is_written_and_nothing_of_it_is_seen_later(
    practice: Care, draft: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given rows that stand behind the log, when every question is asked by another pack, then the rows still do."""
    policy, on = as_if_in_force(draft), day("03-01")
    Projector(practice.recorder).catch_up(upto=30)
    before, reader = stored(practice.recorder), practice.reader

    def asked() -> None:
        reader.worklist(on, policy=policy)
        reader.worklist(on, known_at=50, policy=policy)
        reader.findings(on, policy=policy, closed=True, all_verdicts=True)
        reader.sheet(NAME, on, policy=policy)
        reader.why(NAME, "R1", on, policy=policy)

    asked()
    assert stored(practice.recorder) == before
    monkeypatch.setattr(gate, "FARTHEST", 10)  # too far behind to pick from the rows
    asked()
    assert stored(practice.recorder) == before
    monkeypatch.undo()
    expected = [practice.onlooker.worklist(day(text)) for text in DAYS]
    catch_up(practice.recorder)
    before = stored(practice.recorder)
    asked()
    assert stored(practice.recorder) == before
    assert [practice.reader.worklist(day(text)) for text in DAYS] == expected
    assert all(row.pack != "draft" for row in practice.reader.findings(on, closed=True, all_verdicts=True))


def test_it_is_always_current_however_far_the_rows_are_behind(
    practice: Care, draft: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, on = as_if_in_force(draft), day("03-01")
    newest = practice.recorder.max_position()
    expected = practice.reader.worklist(on, known_at=newest, policy=policy)
    for limit in (50_000, 10):
        monkeypatch.setattr(gate, "FARTHEST", limit)
        for upto in (0, 30, 66, newest):
            Projector(practice.recorder).catch_up(upto=upto)
            reader = practice.onlooker
            assert reader.worklist(on, policy=policy) == expected
            assert (reader.standing.position, reader.standing.stale) == (newest, False)


def test_only_episodes_that_had_begun_and_not_ended_are_folded(
    practice: Care, draft: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up(practice.recorder)
    folded: list[int] = []
    pages = WhatIfSnapshot._pages  # pyright: ignore[reportPrivateUsage]

    def counted(self: WhatIfSnapshot, scope: Any) -> Any:
        for streams in pages(self, scope):
            folded.append(len(streams))
            yield streams

    monkeypatch.setattr(WhatIfSnapshot, "_pages", counted)
    policy = as_if_in_force(draft)
    for on, many in (("01-03", [1]), ("02-10", [3]), ("03-01", [4]), ("05-20", [3])):
        folded.clear()
        practice.reader.worklist(day(on), policy=policy)
        assert folded == many, on


def test_an_answer_never_mixes_two_states_of_the_rows(
    practice: Care, store_url: str, draft: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the rows say whom to fold, a rebuild replaces them and empties the old ones: nobody is missing."""
    catch_up(practice.recorder)
    policy, on = as_if_in_force(draft), day("03-01")
    expected = practice.reader.worklist(on, policy=policy)
    work = Snapshot.work
    asked: list[int] = []

    def slow(self: Snapshot, scope: Any) -> Any:
        asked.append(0)
        if len(asked) == 1:
            rebuilt_by_another(store_url)
        return work(self, scope)

    monkeypatch.setattr(Snapshot, "work", slow)
    assert expected.rows
    assert practice.onlooker.worklist(on, policy=policy) == expected


def test_a_store_whose_rows_were_never_made_is_asked_all_the_same(care: Care, draft: Pack) -> None:
    policy = as_if_in_force(draft)
    assert care.reader.worklist(policy=policy).rows == ()
    care.record([assessed("01-02"), admitted("01-05")])
    row = care.onlooker.worklist(day("01-26"), policy=policy).rows[0]
    assert (row.rule, row.due_on, row.pack) == ("NE21-R1", day("01-25"), "draft")


def test_an_episode_that_cannot_be_read_stays_visible(care: Care, draft: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    care.record([assessed("01-02"), admitted("01-05")])
    monkeypatch.setattr("caretrail.readmodel.compute.episode_spans", broken)
    rows = care.onlooker.findings(day("01-10"), policy=as_if_in_force(draft))
    assert [(row.rule, row.verdict) for row in rows if row.episode] == [("QUARANTINE", "unknown")]


def test_an_admission_whose_own_pack_is_missing_is_judged_by_the_one_that_is_there(care: Care, draft: Pack) -> None:
    care.record([assessed("01-02"), admitted("01-05", policy="xx-nowhere"), event("held", "01-20", reason="leave")])
    assert [row.rule for row in care.reader.findings(day("01-26"))] == ["PACK"]
    rows = care.reader.findings(day("01-26"), rule="R1", policy=as_if_in_force(draft))
    assert [(row.verdict, row.days_overdue) for row in rows] == [("overdue", 1)]


def test_every_such_answer_is_reported_too(practice: Care, draft: Pack) -> None:
    seen: list[list[str]] = []
    reader = short_reader(practice.recorder, NOW, seen.append)
    reader.sheet(NAME, day("03-01"), policy=as_if_in_force(draft))
    reader.worklist(day("03-01"), rule="R1", episode="C", policy=as_if_in_force(draft))
    assert seen == [[NAME], ["C"]]


def test_a_service_asks_it_typed(store_url: str, practice: Care, draft: Pack) -> None:
    with open_store(store_url, clock=lambda: NOW) as store:
        policy = as_if_in_force(draft)
        assert store.ask(Worklist(Query(day("03-01"), policy=policy))).value == practice.reader.worklist(
            day("03-01"), policy=policy
        )
        query, filters = Query(day("03-01"), policy=policy), Filters(episodes={NAME}, rules={"R1"})
        rows = store.ask(Findings(query, filters)).value
        assert [row.due_on for row in rows] == [day("02-25")]
