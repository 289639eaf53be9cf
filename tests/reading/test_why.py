"""Why: the whole chain behind a verdict, and nothing of what came after the day asked for."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid5

import pytest

from caretrail.errors import UnknownName
from caretrail.findings.judge import judge
from caretrail.log import init_store, open_recorder
from caretrail.policy import Policy, load_pack
from caretrail.policy.loader import FOLDER_VARIABLE, SHIPPED
from caretrail.reading.questions.why import Reasons
from tests.support.build import LEE, admitted, assessed, event, plan, reviewed, session, signature
from tests.support.care import Care
from tests.support.example import NAME, day, example
from tests.support.stores import pending

PACK = "ne-medicaid-2.1-adult"
RULES = ("A1", "A5", "B1", "B2", "P1", "P3", "R1", "R2", "R3", "I1", "I2", "I3", "I5", "M1", "C1", "C2", "D1", "S1")


def seen_on_the_day(why: Reasons) -> list[object]:
    """What the causality law binds: everything but when it will end."""
    return [
        why.in_force, why.today, why.silent, why.judged_by, why.cleared_by, why.readings,
        [(row.version, row.happened_on, row.corrected_by, row.voided_by, row.event) for row in why.rests_on],
        [(row.verdict, row.subject, row.start, row.due_on, row.message, row.evidence) for row in why.findings],
        [(item.verdict, item.subject, item.start, item.due_on, item.message) for item in why.history],
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("on", ["01-05", "01-07", "01-20", "02-06", "02-10"])
def test_what_is_said_of_a_day_rests_on_what_had_happened_by_then(care: Care, tmp_path: Path, on: str) -> None:
    """Given the whole episode, or only what happened up to a day, then that day is explained alike."""
    care.record(example())
    url = f"sqlite:///{tmp_path}/until/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        until = Care(recorder)
        until.record([item for item in example() if item.occurred_on <= day(on)])
        for rule in RULES:
            whole, part = care.reader.why(NAME, rule, day(on)), until.reader.why(NAME, rule, day(on))
            assert seen_on_the_day(whole) == seen_on_the_day(part), rule


@pytest.mark.slow
def test_what_a_rule_said_later_is_not_told_of_an_earlier_day(care: Care) -> None:
    care.record(example())
    for on in ("01-05", "02-10", "03-08", "04-06"):
        for rule in RULES:
            assert all(item.start <= day(on) for item in care.reader.why(NAME, rule, day(on)).history)


def test_the_arithmetic_ends_with_the_day_in_words(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), session("01-06"), plan("01-07")])

    def said(on: str, rule: str = "R1") -> str:
        return care.reader.why("E-1", rule, day(on)).today[0].rpartition("; ")[2]

    assert said("01-20") == "on 2026-01-20: 17 days left"
    assert said("02-05") == "on 2026-02-05: 1 day left"
    assert said("02-06") == "on 2026-02-06: due that day"
    assert said("02-07") == "on 2026-02-07: 1 day overdue"
    assert said("02-17") == "on 2026-02-17: 11 days overdue"
    assert said("02-17", "P1") == "on 2026-02-17: in force since 2026-01-07"
    assert said("02-17", "B1") == "on 2026-02-17: in force since 2026-01-05"
    assert care.reader.why("E-1", "R1").today == (
        "base 2026-01-07 plan 1 + 30 days = 2026-02-06; today is 2026-06-01: 115 days overdue",
    )


def test_what_ends_with_the_stay_is_never_due(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), event("discharged", "01-20", reason="other")])
    assert care.reader.why("E-1", "R1", day("01-19")).today[0].endswith("on 2026-01-19: 16 days left")
    assert care.reader.why("E-1", "R1", day("01-20")).today[0].endswith("on 2026-01-20: in force since 2026-01-20")


def test_what_was_not_met_says_by_how_much_when_the_stay_ended(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), event("discharged", "02-10", reason="other")])
    why = care.reader.why("E-1", "R1", day("03-10"))
    assert why.findings[0].verdict == "not_met"
    assert why.today[0].endswith("on 2026-03-10: 6 days overdue when the stay ended on 2026-02-10")


def test_a_verdict_stands_from_its_beginning_also_where_the_case_changed_hands(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), event("team_changed", "02-10", joins=[LEE], clinician="c-lee")])
    why = care.reader.why("E-1", "R1", day("02-20"))
    assert (why.findings[0].start, why.findings[0].owner) == (day("02-10"), "c-lee")
    assert (why.stands[0].start, why.lasts[0]) == (day("02-05"), "since 2026-02-05, still in force")
    assert [item.verdict for item in why.history].count("overdue") == 1
    assert care.reader.why("E-1", "R1", day("02-07")).lasts == ("since 2026-02-05, still in force",)


def test_an_explanation_is_told_and_the_finding_still_began_when_it_began(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    care.record([event("explained", "02-20", rule="R1", on="2026-02-10", code="client_ill")])
    before, after = (care.reader.why("E-1", "R1", day(on)) for on in ("02-19", "02-21"))
    assert (before.findings[0].explained, before.explained_by) == (False, ())
    assert (after.findings[0].explained, [item.version for item in after.explained_by]) == (True, [3])
    assert not after.findings[0].quiet, "a deadline is never quiet"
    assert after.lasts == before.lasts == ("since 2026-02-05, still in force",)
    assert [item.explained for item in before.history if item.verdict == "overdue"] == [False]


def test_an_event_that_was_corrected_shows_what_stood_there_and_what_counts(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05"), session("01-06", group_size=14)])
    care.record([event("corrected", "01-08", target=3, values={"group_size": 13}, reason="recount")])
    [said] = care.reader.why("E-1", "I3", day("01-09")).rests_on
    assert (said.version, said.event["group_size"], said.corrected_by) == (3, 14, (4,))
    assert [(item.version, item.field, item.old, item.new) for item in said.corrections] == [(4, "group_size", 14, 13)]


# --- readings of the text -------------------------------------------------------------------------------------------


def test_each_alternative_says_what_a_pack_that_reads_the_text_so_says(care: Care) -> None:
    """7 March is a Saturday: read to roll, the day due is the Monday after."""
    care.record(example())
    why = care.reader.why(NAME, "R1", day("03-08"))
    readings = {row.name: row for row in why.readings}
    assert set(readings) == set(load_pack(PACK).readings_of("NE21-R1"))
    [rolled] = readings["weekend_due_date"].alternatives
    assert (rolled.value, rolled.same, rolled.refused) == ("next_working_day", False, None)
    assert [(said.verdict, said.due_on) for said in rolled.findings] == [("due_soon", day("03-09"))]
    other = Policy((load_pack(PACK).changed("NE21-R1", on_closed_day="next_working_day"),))
    up = [item for item in judge(care.reader.episode(NAME).history, other).findings if item.holds(day("03-08"))]
    assert {(item.verdict, item.due_on) for item in up if item.rule == "NE21-R1"} == {("due_soon", day("03-09"))}
    assert [item.same for item in readings["review_anchor"].alternatives] == [True, True]
    assert readings["day_30"].alternatives == ()


def test_an_alternative_that_cannot_stand_alone_says_so(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    early = next(row for row in care.reader.why("E-1", "R1", day("01-20")).readings if row.name == "early_review")
    assert {item.value for item in early.alternatives} == {"fixed", "earlier_of_both"}
    for item in early.alternatives:
        assert (item.same, item.findings) == (None, ())
        assert (item.refused or "").startswith("a fixed series must start at admission")


def test_a_reading_bears_on_every_rule_it_concerns(care: Care) -> None:
    """The review of 5 February had its last signature on the 9th: by the strictest reading it counts from then."""
    care.record(example())
    why = care.reader.why(NAME, "R1", day("02-06"))
    done = next(row for row in why.readings if row.name == "review_done")
    assert [(item.value, item.same) for item in done.alternatives] == [("all_signed", False), ("held", True)]


def test_a_reading_of_the_whole_pack_is_judged_too(care: Care, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = '[readings.week]\nquestion = "Which day?"\ndecides = ["week_start"]\nalternatives = ["monday"]\n'
    concerns = 'concerns = ["NE21-I1"]\n'
    put(tmp_path, monkeypatch, "own", "", (SHIPPED / f"{PACK}.toml").read_text() + reading + concerns)
    care.record([assessed("01-02"), admitted("01-05", policy="own"), *(session(f"01-{on}") for on in (11, 14, 16))])
    why = care.reader.why("E-1", "I1", day("01-18"))
    [other] = next(row for row in why.readings if row.name == "week").alternatives
    assert (why.findings[0].subject, why.findings[0].verdict, other.same) == ("", "met", False)
    assert "2026-01-11" in why.findings[0].message
    assert all("2026-01-11" not in said.message for said in other.findings)


# --- which version of the rules -------------------------------------------------------------------------------------


def put(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, dates: str, text: str | None = None) -> None:
    """Install a version of the Nebraska pack under a name and dates of its own."""
    text = text or (SHIPPED / f"{PACK}.toml").read_text()
    text = text.replace(f'name = "{PACK}"', f'name = "{name}"').replace(
        "late_after_days", f"{dates}\nlate_after_days", 1
    )
    (folder / f"{name}.toml").write_text(text)
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))


def test_the_version_that_judged_is_named_with_both_its_dates(
    care: Care, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given rules that come into force on 1 February and were published later, when a review of January is due after
    that, then the version of the day of that review judges it, and what the next review starts is judged by the new.
    """
    put(tmp_path, monkeypatch, "rules-1", "effective_from = 2025-01-01")
    new = 'supersedes = "rules-1"\neffective_from = 2026-02-01\npublished_on = 2026-02-20'
    put(tmp_path, monkeypatch, "rules-2", new)
    events = [item.model_copy(update={"policy": "rules-1"}) if item.type == "admitted" else item for item in example()]
    care.record(events)
    before, after = (care.reader.why(NAME, "R1", day(on)).judged_by for on in ("02-04", "02-05"))
    assert before is not None
    assert after is not None
    assert (before.pack, before.effective_to, before.published_on) == ("rules-1", day("01-31"), None)
    assert (after.pack, after.effective_from, after.published_on) == ("rules-2", day("02-01"), day("02-20"))
    history = care.reader.why(NAME, "R1", day("02-05")).history
    assert [item.pack for item in history] == ["rules-1", "rules-1", "rules-1", "rules-2"]


def test_a_rule_that_is_off_says_so_and_why(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    why = care.reader.why("E-1", "X2", day("01-20"))
    assert (why.on, why.findings, why.readings, why.history) == (False, (), (), ())
    assert why.silent.startswith("none: the rule is switched off: no source: states have such rules")


@pytest.mark.parametrize("rule", ["S2", "S3", "S4"])
def test_a_rule_of_the_program_is_not_judged_for_an_episode(care: Care, rule: str) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    why = care.reader.why("E-1", rule, day("01-20"))
    assert (why.check, why.findings, why.readings) == ("program_attested", (), ())
    assert why.silent == (
        "none for the episode: judged once for the program iop; "
        f"'caretrail findings --program iop --rule NE21-{rule}' lists it"
    )


# --- what cannot be judged ------------------------------------------------------------------------------------------


def test_why_nothing_is_judged(care: Care) -> None:
    care.record([admitted("01-05", "A", policy="xx-nowhere"), admitted("01-05", "B", population="adolescent")])
    missing, population = (care.reader.why(name, "PACK", day("02-01")) for name in ("A", "B"))
    assert missing.cleared_by.startswith("the policy pack, in the folder that CARETRAIL_PACKS names")
    assert population.cleared_by.startswith("a correction of the admission")
    assert (missing.judged_by, [item.version for item in missing.rests_on]) == (None, [1])
    assert missing.text.startswith("An episode is judged by the policy pack its admission names")


def test_nothing_is_in_the_way_of_an_episode_that_is_judged(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    for rule, words in (("PACK", "can judge this episode"), ("quarantine", "every event of the episode is readable")):
        why = care.reader.why("E-1", rule, day("02-01"))
        assert (why.in_force, why.findings, why.silent.startswith("none: ")) == (False, (), True)
        assert words in why.silent


def test_an_event_that_cannot_be_read_is_explained_without_reading_it(care: Care) -> None:
    care.record(example())
    stream = uuid5(care.recorder.namespace, NAME)
    care.recorder.insert_events([pending(stream, 66, payload=b"{}")])
    for reader in (care.reader, care.onlooker):
        why = reader.why(NAME, "QUARANTINE", day("03-10"))
        assert (why.in_force, why.findings[0].verdict) == (True, "unknown")
        assert why.findings[0].message == "event 66 cannot be read: nothing is certain"
        assert why.cleared_by.endswith("'caretrail projection quarantine retry'")
    [overdue] = care.reader.why(NAME, "R1", day("03-10")).findings
    assert overdue.message.startswith("event 66 cannot be read; without it: overdue, ")
    assert not care.reader.why(NAME, "QUARANTINE", day("03-10"), known_at=65).in_force


def test_every_document_that_does_not_count_for_a_deadline_is_named_with_the_reason(care: Care) -> None:
    """Given reviews that nobody can count, or may, when the overdue clock is explained, then each is named."""
    peer = signature("c-bell", "02-03", "staff") | {"credential": "CPSS"}
    care.record(
        [
            *(assessed(), admitted(), plan("01-07")),
            reviewed("02-02", participants=[], supports="none", signatures=[signature("c-ortiz", "02-02")]),
            reviewed("02-03", signatures=[peer, signature("cl-E-1", "02-03")]),
            reviewed("02-04", plan_version=2, signatures=[signature("c-ortiz", "02-04")]),
            reviewed("02-20", signatures=[signature("c-ortiz", "02-20")]),
        ]
    )
    named = care.reader.why("E-1", "R1", day("02-10")).not_counted
    assert [(row.event.version, row.doubtful, row.why) for row in named] == [
        (4, True, "who took part is not stated"),
        (5, False, "CPSS of c-bell is not a license of the list, not signed under clinical guidance"),
        (6, False, "plan 2 is not on record"),
    ]
    assert [row.event.version for row in care.reader.why("E-1", "R1", day("02-20")).not_counted] == [4, 5, 6]
    assert care.reader.why("E-1", "P3", day("02-10")).not_counted == ()


def test_why_tells_the_latest_when_nothing_is_up_and_names_the_rules_there_are(care: Care) -> None:
    care.record([assessed("01-02"), admitted("01-05")])
    why = care.reader.why("E-1", "NE21-R1", day("01-01"))
    assert (why.in_force, why.findings, bool(why.text)) == (False, (), True)
    with pytest.raises(UnknownName) as caught:
        care.reader.why("E-1", "R9")
    assert "NE21-R1" in caught.value.hint
