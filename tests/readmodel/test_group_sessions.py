"""Charts of one group session counted together (K4): a finding of the program, which names no chart."""

from __future__ import annotations

from caretrail.events import Event
from caretrail.plain import as_json
from caretrail.policy import load_pack
from caretrail.reading.answers import FindingRow
from caretrail.reading.readings import as_if_in_force
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted, event, session
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day


def attends(episode: str, size: int | None = 3, *, name: str = "grp-78", program: str = "iop") -> list[Event]:
    """One client of a program, in one group of 12 January."""
    group = session("01-12", episode, group_session=name, group_size=size)
    return [admitted("01-05", episode, program=program), group]


def counted(care: Care, on: str = "01-13", known_at: int | None = None) -> list[tuple[str | None, str, str]]:
    """What is found on group sessions: program, verdict, message."""
    found = care.onlooker.findings(day(on), rule="K4", known_at=known_at)
    return [(row.program, row.verdict, row.message) for row in found]


def group_of(number: int, size: int | None = 3) -> list[Event]:
    return [one for place in range(number) for one in attends(f"G-{place}", size)]


MORE = ("iop", "unknown", "group session grp-78 of 2026-01-12: 4 charts, with 3 clients")


def test_more_charts_than_clients_are_a_finding_of_the_program_and_of_nobody_else(care: Care) -> None:
    """Given four charts that name one group of three, then the program has it to mend, and no chart names another."""
    care.record(group_of(4))
    assert counted(care, "01-11") == []
    assert counted(care) == counted(care, "05-01") == [MORE]
    [row] = care.reader.findings(day("01-13"), rule="K4")
    assert (row.episode, row.client, row.evidence, row.cause) == (None, None, (), "more_charts_than_clients")
    assert not any(f"G-{place}" in str(as_json(row)) for place in range(4))
    own: list[FindingRow] = care.reader.findings(day("01-13"), episode="G-0", all_verdicts=True)
    assert not any("grp-78" in found.message for found in own)
    documentation = [row for row in care.reader.worklist(day("01-13")).rows if row.rule == "NE21-K4"]
    assert [(row.program, row.group) for row in documentation if row.episode is None] in (
        [],
        [("iop", "documentation")],
    )


def test_as_many_charts_as_clients_or_fewer_are_no_contradiction(care: Care) -> None:
    care.record(group_of(3))
    assert counted(care) == []
    care.record(attends("OTHER-DAY", name="grp-79"))
    care.record(attends("OTHER-PROGRAM", program="west"))
    assert counted(care) == [], "another group, and the same name in another program"


def test_charts_that_state_two_sizes_contradict_each_other(care: Care) -> None:
    care.record([*attends("A", 8), *attends("B", 9), *attends("C", None)])
    assert counted(care) == [("iop", "unknown", "group session grp-78 of 2026-01-12: 3 charts with 8 and 9 clients")]


def test_a_group_without_any_size_is_no_matter_of_the_program(care: Care) -> None:
    care.record(group_of(4, None))
    assert counted(care) == []


def test_a_chart_on_record_twice_is_one_chart(care: Care) -> None:
    care.record([*group_of(3), session("01-12", "G-0", group_session="grp-78", group_size=3)])
    assert counted(care) == []


def test_a_group_at_a_level_that_no_policy_judges_is_not_counted(care: Care) -> None:
    care.record([admitted("01-05", "X", level="1"), session("01-12", "X", group_session="grp-78", group_size=3)])
    care.record(group_of(3))
    assert counted(care) == []


def test_a_correction_or_void_mends_it_from_the_day_of_the_session(care: Care) -> None:
    care.record(group_of(4))
    catch_up(care.recorder)
    care.record([event("voided", "01-20", "G-3", target=2, reason="wrong_client")])
    assert counted(care) == []
    assert counted(care, known_at=8) == [MORE], "as it was known before"
    catch_up(care.recorder)
    assert counted(care) == []
    assert check(care.recorder).ok


def test_what_is_newer_than_the_rows_is_counted_with_them(care: Care) -> None:
    """Given rows of three charts, when a fourth is newer, and then one of another group, each is in the answer."""
    care.record(group_of(3))
    catch_up(care.recorder)
    care.record(attends("G-3"))
    assert counted(care) == [MORE]
    catch_up(care.recorder)
    care.record(attends("ALONE", 8, name="grp-80"))
    assert counted(care) == [MORE]


def test_stored_computed_and_rebuilt_answers_are_the_same_and_the_check_reads_them(care: Care) -> None:
    care.record([*group_of(4), *attends("A", 8, name="grp-1"), *attends("B", 9, name="grp-1")])
    newest = care.recorder.max_position()
    before = counted(care)
    catch_up(care.recorder)
    assert counted(care) == counted(care, known_at=newest) == before
    assert len(before) == 2
    assert check(care.recorder).ok
    rebuild(care.recorder)
    assert counted(care) == before
    assert check(care.recorder).ok
    table = live_table(care.recorder.database, "program_finding")
    care.recorder.database.execute(f"UPDATE {table} SET verdict = 'info' WHERE subject LIKE 'group session%'")
    assert check(care.recorder).differ == ("program iop",)


def test_by_a_pack_without_the_rule_nobody_counts(care: Care) -> None:
    care.record(group_of(4))
    off = load_pack("ne-medicaid-2.1-adult").changed("NE21-K4", on=False)
    assert care.reader.findings(day("01-13"), rule="K4") != []
    assert [
        row for row in care.reader.findings(day("01-13"), policy=as_if_in_force(off)) if row.rule == "NE21-K4"
    ] == []
