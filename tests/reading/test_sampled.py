"""Lists hold three episodes, drawn from the log by chance, against the rows of them: a forged board is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Event as Signal
from threading import Thread
from typing import TypeAlias

import pytest

from caretrail.errors import HiddenEvents, RowsDiffer
from caretrail.findings import Finding
from caretrail.log import open_recorder
from caretrail.log.records import episode_stream
from caretrail.policy import load_policy
from caretrail.reading.answers import Checked
from caretrail.readmodel.check import check
from caretrail.readmodel.pack_files import forget_packs
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import builds, read_state
from caretrail.readmodel.store import change_episodes, made_rows, read_episode
from caretrail.readmodel.sweep import Sweep
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, attested, session
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import NAME, copy_of_example, day, example
from tests.support.forging import forge_when_written
from tests.support.packs import OWN_PACK
from tests.support.reading import ShortReader, short_reader

ON = day("03-10")
Ask: TypeAlias = Callable[[ShortReader], object]

LISTS: dict[str, Ask] = {
    "worklist": lambda reader: reader.worklist(ON),
    "of a case owner": lambda reader: reader.worklist(ON, clinician="c-ortiz"),
    "of a client": lambda reader: reader.findings(ON, client="cl-7f3a"),
    "of an episode": lambda reader: reader.worklist(ON, episode=NAME),
    "findings": lambda reader: reader.findings(ON),
    "all verdicts": lambda reader: reader.findings(ON, all_verdicts=True),
    "census": lambda reader: reader.census(ON),
    "count": lambda reader: reader.count_open(ON),
    "reviews": lambda reader: reader.reviews(ON),
    "as known": lambda reader: reader.worklist(ON, known_at=40),
    "what if": lambda reader: reader.worklist(ON, policy=load_policy("ne-medicaid-2.1-adult")),
    "client's episodes": lambda reader: reader.by_client("cl-7f3a"),
    "program's episodes": lambda reader: reader.in_program("lincoln-iop", day("01-01"), ON),
}
"""Every question whose answer rests on stored rows."""


def reader_of(care: Care, seed: int = 1) -> ShortReader:
    return short_reader(care.recorder, care.now, lambda _: None, write=False, chance=Random(seed))  # noqa: S311  # as a test wants it


def refused(care: Care, which: str) -> None:
    """No list answers, and the error names no one."""
    for name, ask in LISTS.items():
        try:
            ask(reader_of(care))
        except RowsDiffer as error:
            said = f"{error.message} {error.hint}"
            assert "caretrail projection check" in said
            assert NAME not in said
        else:
            pytest.fail(f"{which}: {name} answers")


def answered(care: Care) -> None:
    """The control: each list answers, and says what was checked."""
    for name, ask in LISTS.items():
        reader = reader_of(care)
        ask(reader)
        assert isinstance(reader.standing.checked, Checked), name
        assert reader.standing.checked.episodes == 3, name


@pytest.fixture
def practice(care: Care) -> Care:
    """Three episodes, and a program with events of its own; all in the rows."""
    care.record([*example(), *attested("lincoln-iop"), *copy_of_example("B-2", 5, 40), admitted("01-05", "C-3")])
    catch_up(care.recorder)
    return care


def swept(care: Care) -> int:
    """What a round of the sweep finds."""
    sweep = Sweep(care.recorder, Projector(care.recorder))
    found = sweep.next_page(care.now)
    assert found.ends_round
    assert found.unmended == found.hidden == 0
    return found.mended


# --- forged rows ------------------------------------------------------------------------------------------------------


def forged(rows: EpisodeRows) -> EpisodeRows:
    """The rows of an episode, all made anew, as if nothing were overdue: they fit each other, and their digests."""

    def calm(finding: Finding) -> Finding:
        return finding._replace(ruling=finding.ruling._replace(verdict="met"))

    kept = [(one, group) for one, group in zip(rows.problems, rows.groups, strict=True) if one.verdict != "overdue"]
    quiet = [calm(one) for one in rows.problems if one.verdict == "overdue"]
    return replace(
        rows,
        findings=(*(one for one, _ in kept), *quiet, *rows.findings[len(rows.groups) :]),
        groups=tuple(group for _, group in kept),
    )


@pytest.mark.slow
def test_forged_rows_stop_every_list_and_a_sweep_mends_them(practice: Care) -> None:
    """Given rows deleted, edited, invented or moved, so that they fit each other or not, in turn."""
    database = practice.recorder.database
    state = read_state(database)
    assert state is not None
    stream = episode_stream(practice.recorder.namespace, NAME)
    rows = read_episode(database, state.build, stream)
    assert rows is not None

    def forge_the_whole() -> None:
        with database.transaction():
            change_episodes(database, state.build, made_rows([forged(rows)]))

    def run(*statements: str) -> Callable[[], None]:
        tables = {name: live_table(database, name) for name in ("finding", "episode", "span", "under_policy")}

        def attack() -> None:
            for sql in statements:
                assert database.execute(sql.format(**tables), {"stream": stream}) > 0, sql

        return attack

    r1 = "stream = :stream AND verdict = 'overdue'"
    attacks: dict[str, Callable[[], None]] = {
        "a row deleted": run(f"DELETE FROM {{finding}} WHERE {r1}"),
        "a verdict made met": run(f"UPDATE {{finding}} SET verdict = 'met' WHERE {r1}"),
        "a due day moved": run(f"UPDATE {{finding}} SET due_on = '2027-01-01' WHERE {r1}"),
        "a row invented": run("UPDATE {finding} SET end_on = '9999-12-31' WHERE stream = :stream AND verdict = 'info'"),
        "another case owner": run("UPDATE {span} SET clinician = 'c-nobody' WHERE stream = :stream"),
        "an episode's row deleted": run("DELETE FROM {episode} WHERE stream = :stream"),
        "an episode's row of before": run("UPDATE {episode} SET version = version - 1 WHERE stream = :stream"),
        "days of a program deleted": run("DELETE FROM {under_policy} WHERE stream = :stream"),
        "all that is stored deleted": run(
            *(f"DELETE FROM {{{one}}} WHERE stream = :stream" for one in ("finding", "episode", "span", "under_policy"))
        ),
        "an episode's row edited": forge_the_whole,
    }
    answered(practice)
    for which, attack in attacks.items():
        attack()
        refused(practice, which)
        assert swept(practice) > 0, which
        assert check(practice.recorder).ok, which
        assert swept(practice) == 0, which
    answered(practice)


@pytest.mark.slow
def test_forged_findings_of_programs_stop_the_lists_that_have_any(practice: Care) -> None:
    """Given a program's findings deleted: lists of a case owner have none of them, and answer."""
    database = practice.recorder.database
    assert database.execute(f"DELETE FROM {live_table(database, 'program_finding')}") > 0
    with pytest.raises(RowsDiffer):
        reader_of(practice).worklist(ON)
    assert reader_of(practice).worklist(ON, clinician="c-ortiz").rows
    assert swept(practice) > 0
    answered(practice)


def test_what_an_episode_shows_never_rests_on_its_stored_row(practice: Care) -> None:
    """Given an episode whose stored row is forged, with its digest: each question about it answers from the log."""
    database = practice.recorder.database
    state = read_state(database)
    stream = episode_stream(practice.recorder.namespace, NAME)
    rows = read_episode(database, state.build, stream) if state is not None else None
    assert state is not None
    assert rows is not None

    def about() -> list[object]:
        reader = reader_of(practice)
        asked = [reader.eligibility(NAME, ON), reader.findings(ON, episode=NAME), reader.why(NAME, "R1", ON).findings]
        assert reader.standing.checked is None, "there was nothing to check"
        return [*asked, reader.episode(NAME).findings, reader.resolve(NAME), reader.sheet(NAME, ON)]

    right = about()
    false = tuple(one._replace(verdict="eligible", basis="determination") for one in rows.eligibility)
    with database.transaction():
        change_episodes(database, state.build, made_rows([replace(forged(rows), eligibility=false)]))
    assert about() == right


@pytest.mark.slow
def test_three_of_many_find_a_forged_board_soon(care: Care) -> None:
    """Given 40 episodes and the rows of one forged, then some lists find it; of twelve forged, most do.

    Two of the three come from places of the log, which the seed alone decides; streams differ in each store.
    """
    care.record([admitted("01-05", f"E-{number}") for number in range(40)])
    catch_up(care.recorder)
    database = care.recorder.database
    finding = live_table(database, "finding")

    def refusals() -> int:
        found = 0
        for seed in range(60):
            try:
                reader_of(care, seed).worklist(day("02-01"))
            except RowsDiffer:
                found += 1
        return found

    assert refusals() == 0, "the control"
    database.execute(f"UPDATE {finding} SET message = 'well' WHERE episode = 'E-7'")
    assert 1 <= refusals() < 60
    database.execute(f"UPDATE {finding} SET message = 'well' WHERE episode LIKE 'E-1%'")
    assert refusals() >= 20


# --- a moved position -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_position_moved_ahead_is_found_by_the_next_list(practice: Care) -> None:
    """Given rows that are said to hold newer events than they do: the newest of these tell, whatever is drawn."""
    state = read_state(practice.recorder.database)
    assert state is not None
    practice.record([session("03-09", "C-3"), session("03-09", "B-2")])
    answered(practice)
    for ahead in (1, 2):
        sql = "UPDATE caretrail.build SET position = :to WHERE build = :build"
        practice.recorder.database.execute(sql, {"to": state.position + ahead, "build": state.build})
        for seed in range(5):
            with pytest.raises(RowsDiffer):
                reader_of(practice, seed).worklist(ON, clinician="c-ortiz")
    assert swept(practice) == 2
    answered(practice)


@pytest.mark.slow
def test_a_position_beyond_the_log_is_an_alarm(practice: Care) -> None:
    """Given rows of a position that the log does not have, by a log cut off or by somebody: rows seem ever current."""
    database = practice.recorder.database
    moving = "UPDATE caretrail.build SET position = position {by} WHERE state = 'live'"
    database.execute(moving.format(by="+ 50"))
    for ask in LISTS.values():
        with pytest.raises(HiddenEvents, match="the log ends at position 109"):
            ask(reader_of(practice))
    assert [one for one in check(practice.recorder).differ if one.startswith("position @")]
    database.execute(moving.format(by="- 50"))
    answered(practice)


# --- a store that forges ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_trigger_that_forges_what_is_written_is_found_after_each_rebuild(practice: Care, store_url: str) -> None:
    database = practice.recorder.database
    rebuild(practice.recorder)
    answered(practice)
    forge_when_written(store_url, *(f"caretrail.finding_{one.build}" for one in builds(database)))
    for build in ("the other build", "the build of before"):
        rebuild(practice.recorder)
        refused(practice, f"forged when written to {build}")


# --- no false alarm ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_list_is_refused_while_rows_are_made(practice: Care, store_url: str) -> None:
    """Given a projector that takes event after event, and rebuilds, while lists are asked for."""
    ended = Signal()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with open_recorder(store_url) as recorder:
                other = Care(recorder)
                for number in range(12):
                    other.record([admitted("01-05", f"N-{number}"), session("01-06", f"N-{number}")])
                    catch_up(recorder)
                    if number % 3 == 0:
                        rebuild(recorder)
        except BaseException as error:
            failed.append(error)
        finally:
            ended.set()

    projecting = Thread(target=work)
    projecting.start()
    asked = 0
    while not ended.is_set() or asked < 20:
        reader = reader_of(practice, asked)
        list(LISTS.values())[asked % len(LISTS)](reader)
        assert reader.standing.checked is not None
        asked += 1
    projecting.join()
    assert failed == []
    answered(practice)


def test_rows_judged_by_other_packs_are_no_forgery(care: Care, own_pack: Path) -> None:
    """Given a pack that changed, then no list rests on rows until they are judged again."""
    forget_packs()
    care.record([admitted("01-05", "E-1", policy=OWN_PACK)])
    catch_up(care.recorder)
    reader_of(care).worklist(ON)
    own_pack.write_text(own_pack.read_text().replace("count = 30,", "count = 20,"))
    forget_packs()
    reader = reader_of(care)
    reader.worklist(ON)
    assert reader.standing.checked is None, "it answers from the log"
    catch_up(care.recorder)
    reader.worklist(ON)
    assert reader.standing.checked == Checked(1, None)
