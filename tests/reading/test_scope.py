"""The scope of filters, narrowed by rows: it misses nobody whom the search of all payloads finds for a reason."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.episode.history import Effective
from caretrail.findings import QUIET_VERDICTS
from caretrail.findings.judge import judge
from caretrail.log import init_store, open_recorder
from caretrail.log.records import episode_stream
from caretrail.reading import gate, scope
from caretrail.reading.episode_view import computed_rows
from caretrail.reading.query import NONE, Filters
from caretrail.reading.scope import HARMLESS, HELD_BY, in_scope, in_scope_of_rows
from caretrail.readmodel.pack_files import usable_policy
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import create_tables, read_state
from caretrail.readmodel.spans import episode_spans
from caretrail.readmodel.upkeep import catch_up
from caretrail.simulation import nation, simulate
from caretrail.simulation.filling import fill
from tests.findings.generated import histories
from tests.findings.text_history import PACK
from tests.support.build import LEE, ORTIZ, admitted, event, session
from tests.support.care import Care
from tests.support.example import day
from tests.support.stores import pending

EPISODES = 16


def names_in(rows: EpisodeRows | None) -> dict[str, set[str | None]]:
    """Whom the rows of an episode name, by the kind of filter that finds them."""
    if rows is None:
        return {kind: set() for kind in HELD_BY}
    placed = list(rows.placed())
    return {
        "clients": {rows.client, *(one.client for one in placed)},
        "clinicians": {span.clinician for span in rows.spans}
        | {name for one in placed for name in (one.clinician, one.finding.owner)},
        "programs": {span.program for span in rows.spans} | {one.program for one in placed},
    }


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(history=histories(), share=st.floats(0, 1))
def test_harmless_kinds_take_no_name_from_an_episode(history: list[Effective], share: float) -> None:
    """Given any history up to some event, when of the later ones the harmless ones follow, whom it named it still does.

    The scope of what was known rests on it: such episodes are found by their rows alone.
    """
    cut = round(share * max((item.version for item in history), default=0))
    before = [item for item in history if item.version <= cut]
    after = [item for item in history if item.version <= cut or item.event.type in HARMLESS]
    assert _named(before) <= _named(after)


def _named(history: list[Effective]) -> set[str | None]:
    if not history:
        return set()
    owners = {finding.owner for finding in judge(history, PACK).findings if finding.verdict not in QUIET_VERDICTS}
    return owners | {name for span in episode_spans(history) for name in (span.clinician, span.program)}


def filtered(kind: str, name: str) -> Filters:
    kinds = {kind: frozenset({name})}
    return Filters(
        clients=kinds.get("clients", NONE),
        clinicians=kinds.get("clinicians", NONE),
        programs=kinds.get("programs", NONE),
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def population(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A made-up practice, with its rows: late entries, corrections, voids, and people who come and go."""
    folder = tmp_path_factory.mktemp("population")
    url = str(folder / "demo.db") if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    init_store(url, demo=True)
    with open_recorder(url) as recorder:
        fill(recorder, simulate(nation(EPISODES, date(2025, 12, 31)), EPISODES, 3), lambda _done, _arrival: None)
        create_tables(recorder.database)
        catch_up(recorder)
    return str(url)


@pytest.mark.slow
def test_the_narrowed_scope_has_everybody_the_search_finds_whom_rows_name(population: str) -> None:
    with open_recorder(population) as recorder:
        state = read_state(recorder.database)
        assert state is not None
        assert state.position == recorder.max_position()
        asked = 0
        for known in (state.position * part // 4 for part in (1, 2, 3)):
            touched = list(recorder.touched(known, state.position))
            then, now = (computed_rows(recorder, touched, upto, usable_policy) for upto in (known, state.position))
            for kind in HELD_BY:
                found = {stream: names_in(then[stream])[kind] | names_in(now[stream])[kind] for stream in touched}
                for name in {str(one) for names in found.values() for one in names if one is not None}:
                    filters = filtered(kind, name)
                    whole = in_scope(recorder, touched, state.position, filters)
                    narrowed = in_scope_of_rows(recorder, state, touched, known, filters)
                    assert {stream for stream in touched if name in found[stream]} <= set(narrowed) <= set(whole)
                    asked += 1
        assert asked > 40


def handed_over_by_mistake(care: Care) -> int:
    """A case that was c-lee's until a correction said it was always c-ortiz's, and sessions of many others since."""
    care.record([admitted("01-05", f"E-{number}", clinician="c-ortiz", team=[ORTIZ, LEE]) for number in range(30)])
    care.record([event("team_changed", "01-07", "E-0", clinician="c-lee", joins=[])])
    known = care.recorder.max_position()
    care.record([event("corrected", "01-08", "E-0", target=2, values={"clinician": "c-ortiz"})])
    care.record([session("01-08", f"E-{number}") for number in range(30)])
    catch_up(care.recorder)
    return known


def test_whose_an_episode_was_before_a_correction_is_known_of_then(care: Care) -> None:
    known = handed_over_by_mistake(care)
    reader = care.onlooker
    assert [row.episode for row in reader.census(day("01-10"), clinician="c-lee", known_at=known)] == ["E-0"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "FARTHEST_KNOWN", -1)  # without the rows
        assert [row.episode for row in reader.census(day("01-10"), clinician="c-lee", known_at=known)] == ["E-0"]


def test_a_kind_that_is_not_harmless_would_be_noticed(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the search of corrected episodes, the former case owner's list misses one."""
    known = handed_over_by_mistake(care)
    monkeypatch.setattr(scope, "HARMLESS", (*HARMLESS, "corrected"))
    assert not care.onlooker.census(day("01-10"), clinician="c-lee", known_at=known)


def test_what_cannot_be_read_is_found_by_whom_it_named(care: Care) -> None:
    """Given an episode that went from c-lee to c-ortiz, when a session of it cannot be read, its rows name c-ortiz
    alone; as known before it was c-lee's, too.
    """
    care.record([admitted("01-05", "E-0", clinician="c-lee", team=[ORTIZ, LEE])])
    care.record([event("team_changed", "01-09", "E-0", clinician="c-ortiz", joins=[])])
    known = care.recorder.max_position()
    care.recorder.append([pending(episode_stream(care.recorder.namespace, "E-0"), 3, name="session_attended/1")])
    catch_up(care.recorder)
    assert not care.onlooker.census(day("01-08"), clinician="c-lee")
    assert [row.episode for row in care.onlooker.census(day("01-08"), clinician="c-lee", known_at=known)] == ["E-0"]
