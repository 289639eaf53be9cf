"""What if another pack had been in force all along: `--pack`, on literal screens 80 columns wide."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretrail.policy.loader import SHIPPED
from tests.support.program import Caretrail
from tests.support.screens import load, screen

PACK = "ne-medicaid-2.1-adult"
EVERY_30 = 'every = [{ count = 30, unit = "calendar_day", soon = 7 }]'
TOLD = "What if: judged by draft (draft.toml) as if always in force. Nothing is stored.\n"
STANDING = "Current through @65 (latest)\n"


@pytest.fixture
def seen(caretrail: Caretrail, example: str) -> Caretrail:
    """The command line on the example, recorded as it happened."""
    return load(caretrail, example.splitlines())


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Nebraska rules with a review every 20 days, in force from 2027 on, in the folder one stands in."""
    monkeypatch.chdir(tmp_path)
    text = (SHIPPED / f"{PACK}.toml").read_text().replace(f'name = "{PACK}"', 'name = "draft"')
    text = text.replace("late_after_days", "effective_from = 2027-01-01\nlate_after_days", 1)
    path = tmp_path / "draft.toml"
    path.write_text(text.replace(EVERY_30, EVERY_30.replace("30", "20")))
    return path


@pytest.mark.usefixtures("draft")
def test_the_worklist_by_a_pack_to_come(seen: Caretrail) -> None:
    ended = seen("worklist", "--pack", "draft.toml", "--rule", "R1", "--as-of", "2026-03-01")
    assert ended.err == TOLD
    assert ended.out == screen("""
Worklist as of 2026-03-01 · WHAT IF, by draft

Now: overdue, due today, or treatment without an assessment (1)
Episode        Rule     Due          What                            Owner
LNK-2026-0001  NE21-R1  4 days over  review overdue, due 2026-02-25  c-ortiz

Compared with the packs in force: 0 rows more, 0 fewer, 1 changed.
Current through @65 (latest)
'caretrail why EPISODE RULE --pack draft.toml' explains a row.
""")


@pytest.mark.usefixtures("draft")
def test_the_sheet_by_a_pack_to_come(seen: Caretrail) -> None:
    ended = seen("show", "LNK", "--pack", "draft.toml", "--as-of", "2026-03-01")
    assert ended.err == TOLD
    assert ended.out.startswith("LNK-2026-0001 on 2026-03-01 · WHAT IF, by draft\n")
    assert "Next review     due 2026-02-25\n" in ended.out
    assert "Findings        NE21-R1 overdue: review overdue, due 2026-02-25\n" in ended.out


@pytest.mark.usefixtures("draft")
def test_why_by_a_pack_to_come(seen: Caretrail) -> None:
    shown = seen("why", "LNK", "R1", "--pack", "draft.toml", "--as-of", "2026-03-01").out
    assert "base 2026-02-05 last review + 20 days = 2026-02-25; on 2026-03-01: 4" in shown
    assert "Version    draft, as if always in force\n" in shown


@pytest.mark.usefixtures("draft")
def test_rows_that_are_the_same_say_otherwise_or_are_not_there(seen: Caretrail) -> None:
    def footer(as_of: str) -> str:
        shown = seen("worklist", "--pack", "draft.toml", "--rule", "R1", "--as-of", as_of).out
        return next(line for line in shown.splitlines() if "packs in force" in line)

    assert footer("2026-02-08") == "The packs in force give the same rows."
    assert footer("2026-02-20") == "Compared with the packs in force: 1 row more, 0 fewer, 0 changed."
    assert footer("2026-03-09") == "Compared with the packs in force: 0 rows more, 0 fewer, 1 changed."


@pytest.mark.usefixtures("draft")
def test_an_empty_list_says_whom_the_pack_is_for(seen: Caretrail) -> None:
    path = Path("elsewhere.toml")
    path.write_text(Path("draft.toml").read_text().replace('levels = ["2.1"]', 'levels = ["3.1", "3.5"]'))
    shown = seen("worklist", "--pack", "elsewhere.toml", "--as-of", "2026-03-01").out
    assert "\nNo matching items. 1 episode was open that day.\n" in shown
    assert "\nAt a level the pack is for (3.1, 3.5): 0.\n" in shown


@pytest.mark.usefixtures("draft")
def test_it_goes_with_what_was_known_then_and_with_json(seen: Caretrail) -> None:
    then = seen("worklist", "--pack", "draft.toml", "--as-of", "2026-03-01", "--known-at", "@24", "--rule", "R1")
    assert "review overdue, due 2026-01-27" in then.out
    assert "packs in force" not in then.out, "what the packs in force said then would have to be worked out as well"
    assert then.out.endswith("As known at @24 of @65\n'caretrail why EPISODE RULE --pack draft.toml' explains a row.\n")
    ended = seen("worklist", "--pack", "draft.toml", "--as-of", "2026-03-01", "--rule", "R1", "--json")
    assert [(item["pack"], item["due_on"]) for item in ended.listed] == [("draft", "2026-02-25")]
    assert ended.err == TOLD
    assert ended.json["standing"]["position"] == 65, "an access moves no position of events"


@pytest.mark.usefixtures("draft")
def test_findings_by_a_pack_to_come(seen: Caretrail) -> None:
    ended = seen("findings", "--pack", "draft.toml", "--rule", "R1", "--from", "2026-03-01", "--to", "2026-03-20")
    assert ended.out.startswith("Findings from 2026-03-01 to 2026-03-20 · WHAT IF, by draft\n")
    assert "overdue" in ended.out


def test_an_installed_pack_is_named(seen: Caretrail) -> None:
    ended = seen("worklist", "--pack", PACK, "--as-of", "2026-03-09")
    assert ended.err == f"What if: judged by {PACK} (installed) as if always in force. Nothing is stored.\n"
    assert "The packs in force give the same rows." in ended.out
    assert f"'caretrail why EPISODE RULE --pack {PACK}' explains a row." in ended.out


@pytest.mark.parametrize("command", ["worklist", "findings", "show LNK", "why LNK R1"])
def test_a_pack_that_cannot_be_used_is_a_named_error(seen: Caretrail, draft: Path, command: str) -> None:
    draft.with_name("broken.toml").write_text(draft.read_text().replace("count = 20", "count = 0"))
    for pack, words in (
        (
            "broken.toml",
            "Error: broken.toml: rules.NE21-R1.every.0.count: Input should be greater than or equal to 1\n",
        ),
        ("missing.toml", "Error: missing.toml: cannot be read\n"),
        ("xx-nowhere", "Error: policy pack xx-nowhere is not installed\n"),
    ):
        ended = seen(*command.split(), "--pack", pack)
        assert (ended.status, ended.out, ended.err.splitlines(keepends=True)[0]) == (1, "", words)


@pytest.mark.usefixtures("draft")
def test_a_rule_the_pack_does_not_have_is_refused(seen: Caretrail) -> None:
    ended = seen("worklist", "--pack", "draft.toml", "--rule", "Z9")
    assert ended.status == 2
    assert "Error: there is no rule Z9\nHint: rules of draft: NE21-A1, " in ended.err


@pytest.mark.usefixtures("draft")
def test_a_variable_of_the_environment_never_changes_the_rules(seen: Caretrail) -> None:
    ended = seen("worklist", "--rule", "R1", "--as-of", "2026-03-01", CARETRAIL_WORKLIST_PACK="draft.toml")
    assert "WHAT IF" not in ended.out


@pytest.mark.usefixtures("draft")
def test_nothing_is_written_also_where_reading_brings_the_rows_up_to_date(seen: Caretrail) -> None:
    seen("init")  # the read models' tables are there, and empty
    for command in ("worklist", "findings --closed --all", "show LNK", "why LNK R1"):
        assert seen(*command.split(), "--pack", "draft.toml", "--as-of", "2026-03-01").status == 0
        assert seen("projection", "status").out.startswith("Current through @0 of @")
        assert "of @65 (65 events and " in seen("projection", "status").out
    seen("worklist", "--as-of", "2026-03-01")
    assert seen("projection", "check").status == 0
    seen("worklist", "--pack", "draft.toml", "--as-of", "2026-03-01")
    assert seen("projection", "check").status == 0
