"""`rules`: the packs there are, one for a person to read, and files of one's own before they are put to use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from caretrail.policy import installed_packs, load_pack
from caretrail.policy.describe import LISTS, TOKENS, TRIGGERS, parameters
from caretrail.policy.rules import KINDS, Rule
from tests.support.program import Caretrail

PACKS = Path(__file__).parent.parent / "policy" / "packs"
NEBRASKA = "ne-medicaid-2.1-adult"


def screen(text: str) -> str:
    """A literal screen of a test, without the newline it begins with."""
    return text.removeprefix("\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of packs of one's own, with the two of Minnesota."""
    place = tmp_path / "packs"
    place.mkdir()
    for name in ("mn-245g", "mn-245g-2018"):
        (place / f"{name}.toml").write_text((PACKS / f"{name}.toml").read_text())
    return place


def changed(folder: Path, name: str, old: str, new: str, to: str | None = None) -> Path:
    path = folder / f"{to or name}.toml"
    text = (PACKS / f"{name}.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


# --- the packs there are ------------------------------------------------------------------------------------------


def test_the_packs_that_ship_are_listed(caretrail: Caretrail) -> None:
    assert caretrail("rules").out == screen("""
Pack                   In force         Rules of
ne-medicaid-2.1-adult  no dates         Nebraska Medicaid intensive outpatient,
                                        level 2.1, adults
sd-iop-2.1-adult       from 2023-11-27  South Dakota intensive outpatient, level
                                        2.1, adults
va-medicaid-2.1-adult  from 2023-02-17  Virginia Medicaid intensive outpatient,
                                        level 2.1, adults
""")


def test_packs_of_ones_own_are_listed_with_the_days_each_version_is_in_force(
    caretrail: Caretrail, folder: Path
) -> None:
    ended = caretrail("rules", CARETRAIL_PACKS=str(folder))
    assert ended.out == screen("""
Pack                   In force                  Rules of
mn-245g                from 2022-08-01           Minnesota 245G.06,
                                                 nonresidential, adults
                                                 supersedes mn-245g-2018; for
                                                 tests
mn-245g-2018           2018-01-01 to 2022-07-31  Minnesota 245G.06 of 2018,
                                                 nonresidential, adults
                                                 for tests
ne-medicaid-2.1-adult  no dates                  Nebraska Medicaid intensive
                                                 outpatient, level 2.1, adults
sd-iop-2.1-adult       from 2023-11-27           South Dakota intensive
                                                 outpatient, level 2.1, adults
va-medicaid-2.1-adult  from 2023-02-17           Virginia Medicaid intensive
                                                 outpatient, level 2.1, adults
""")
    assert ended.err == ""


def test_a_broken_pack_is_told_and_the_others_are_listed(caretrail: Caretrail, folder: Path) -> None:
    changed(folder, "mn-245g", 'check = "plan_due"', 'check = "plan_deu"')
    ended = caretrail("rules", CARETRAIL_PACKS=str(folder))
    assert ended.status == 0
    assert ended.err.startswith("Error: mn-245g.toml: rules.MN-P1: ")
    assert ended.err.count("\n") == 1, "both versions cannot be used for one reason: it is told once"
    assert "mn-245g-2018" in ended.out
    assert "for tests; cannot be used" in " ".join(ended.out.split())
    assert NEBRASKA in ended.out


def test_the_list_for_programs_has_every_pack_and_what_is_wrong_with_it(caretrail: Caretrail, folder: Path) -> None:
    (folder / "odd.toml").write_text("name = ")
    rows = {row["name"]: row for row in caretrail("rules", "--json", CARETRAIL_PACKS=str(folder)).json["rows"]}
    assert rows["mn-245g-2018"] == {
        "name": "mn-245g-2018", "title": "Minnesota 245G.06 of 2018, nonresidential, adults", "for_tests": True,
        "effective_from": "2018-01-01", "effective_to": "2022-07-31", "supersedes": None, "error": None,
    }  # fmt: skip
    assert rows["mn-245g"]["supersedes"] == "mn-245g-2018"
    assert rows["odd"]["error"].startswith("odd.toml: not valid TOML")
    assert rows[NEBRASKA]["error"] is None


# --- one pack -----------------------------------------------------------------------------------------------------


def test_a_pack_says_who_gives_clinical_guidance_and_of_whom_it_cannot_be_told(caretrail: Caretrail) -> None:
    shown = caretrail("rules", "ne-medicaid-2.1-adult").out.partition("\n\nRule")[0]
    head = " ".join(shown.split())
    assert "Guidance whoever signs as psychiatrist, physician assistant, PA, PA-C, APRN, " in head
    assert " LADC, PLADC, in any usual spelling In doubt: PhD, PsyD, EdD, MD, DO alone In doubt beside " in head
    assert "Not: CPSS, CPS, CPRS, peer, " in head


def test_a_pack_is_printed_with_its_numbers_in_words(caretrail: Caretrail, folder: Path) -> None:
    assert caretrail("rules", "mn-245g-2018", CARETRAIL_PACKS=str(folder)).out == screen("""
mn-245g-2018: Minnesota 245G.06 of 2018, nonresidential, adults

For        Any (licensing), US-MN; adults; level 1, 2.1 of asam-3
Source     Minnesota Statutes 2018, 245G.06
           https://www.revisor.mn.gov/statutes/2018/cite/245G.06
In force   2018-01-01 to 2022-07-31
Services   education, family, group, individual
Weeks      begin on Sunday
Guidance   a clinician or supervisor of the team, whatever the credential
Notice     7 days for what nothing can cure
Late       an entry more than 2 days after the day it is of
For tests  not for use: it shows what a pack can say

Rule           Says
MN-P1  must    Plan within three sessions
               A nonresidential client has an individual treatment plan within
               three sessions.
               Asks: within 3 sessions from the first day of the stay, announced
               1 session before; the first day counts; any session attended
               counts; after a stay elsewhere a plan made or updated since; a
               plan is there once it is signed under clinical guidance and in
               effect
               Source: Subdivision 1
MN-P3  must    Plan signed by the client and the counselor
               The client and the alcohol and drug counselor sign the plan.
               Asks: signed by client, a LADC; each plan and each review that
               updates it; in lieu of a signature declined
               Source: Subdivision 1
MN-R1  must    Services reviewed weekly
               The services given and how the client fares are reviewed each
               week.
               Asks: every 7 calendar days, announced 2 days before; the first
               from the admission; each next from the last review; a hold does
               not pause it; a weekend does not move it; a review counts once it
               is signed under clinical guidance
               Source: Subdivision 3
MN-C1  should  Continued stay supported
               The review says why the client stays.
               Asks: by progressing and goals remain, or by not progressing and
               actively working, or by new problems; a determination holds until
               the next review is due; announced 7 days before
               Source: Subdivision 3
""")


def test_what_is_off_stands_under_its_own_heading_with_why(caretrail: Caretrail) -> None:
    out = caretrail("rules", NEBRASKA).out
    rules, _, rest = out.partition("\nSwitched off, so never judged:\n")
    off, _, readings = rest.partition("\nHow the open questions of the text are read:\n")
    assert "NE21-X1" not in rules
    assert off == screen("""

Rule     Says, and why it is off
NE21-X1  Supervisor signs what a provisional clinician signed
         A supervisor signs plans and reviews that a provisionally licensed
         clinician signed.
         Off: unsourced: the practice is common, but no text we hold says so for
         Nebraska
NE21-X2  No contact for 30 days
         A client who attended nothing for 30 days is contacted or discharged.
         Off: unsourced: states have such rules, but no text we hold gives
         Nebraska's number of days
""")
    assert readings.startswith(
        screen("""

Reading                 Question, answer, and what else it may mean
weekend_due_date        Does a due date on a weekend or holiday roll?
                        Read as: stays
                        Or: next_working_day
                        Decided by NE21-R1.on_closed_day
day_30                  Is a review on day 30 on time?
                        Read as: on_time
                        Bears on NE21-R1
""")
    )


def test_a_pack_says_where_each_rule_stands_its_copies_and_what_it_leaves_out(caretrail: Caretrail) -> None:
    out = caretrail("rules", "sd-iop-2.1-adult").out
    assert "\nCopy of   2024-11-12\n" in out
    assert "Source: 67:61:14:02(2), copy of 2023-11-27\n" in out
    assert "\n                 https://sdlegislature.gov/Rules?Rule=67%3A61%3A14\n" in out
    left = out.partition("\nLeft out, so no rule here judges it:\n")[2].partition("\nHow the open")[0]
    assert " ".join(left.split()).startswith("- 67:61:07:05: when the integrated assessment is due; not at hand - ")
    assert "Left out" not in caretrail("rules", NEBRASKA).out


def test_a_pack_for_any_population_is_for_everyone(caretrail: Caretrail, folder: Path) -> None:
    changed(folder, "mn-245g-2018", 'population = "adult"', 'population = "any"')
    changed(folder, "mn-245g", 'population = "adult"', 'population = "any"')
    out = caretrail("rules", "mn-245g", CARETRAIL_PACKS=str(folder)).out
    assert "US-MN; everyone; level 1, 2.1 of asam-3" in " ".join(out.split())


def test_no_line_of_a_pack_is_wider_than_the_screen(caretrail: Caretrail) -> None:
    for name in (
        *installed_packs(),
        *(str(PACKS / f"{name}.toml") for name in ("mn-245g", "il-2060-former", "ca-ntp-10305", "xt-duties")),
    ):
        assert max(map(len, caretrail("rules", name).out.splitlines())) <= 80


def test_a_pack_for_programs_is_all_that_stands_in_it(caretrail: Caretrail) -> None:
    whole = caretrail("rules", NEBRASKA, "--json").json
    assert whole["rules"]["NE21-R1"]["every"] == [{"count": 30, "unit": "calendar_day", "soon": 7}]
    assert whole["readings"]["hold"]["alternatives"] == ["pause"]


def test_a_pack_that_is_none_is_refused(caretrail: Caretrail, folder: Path) -> None:
    assert caretrail("rules", "no-such-pack").status == 1
    assert caretrail("rules", str(folder / "gone.toml")).err.startswith("Error: gone.toml: cannot be read\n")
    assert caretrail("rules", "mn-245g", "mn-245g-2018").status == 2


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_word_a_rule_may_choose_has_words_for_a_person(kind: type[Rule]) -> None:
    for name in kind.model_fields.keys() - Rule.model_fields.keys():
        annotation = kind.model_fields[name].annotation
        if get_origin(annotation) is Literal:
            words = TRIGGERS if name == "trigger" else TOKENS[name]
            assert set(get_args(annotation)) <= set(words), name
        else:
            plain = {"within", "cap", "after", "every", "after_weeks", "soon_days", "typical_weeks", "least", "most"}
            plain |= {
                "before_plan",
                "contact_days",
                "criteria",
                "days",
                "days_left",
                "needs",
                "old_after_days",
                "or_later",
            }
            plain |= {"after_reviews", "read_as", "scope", "seen_within_days", "term", "term_ours"}
            assert name in plain | set(LISTS), name


def test_the_words_of_a_rule_have_no_word_of_the_file_left(caretrail: Caretrail) -> None:
    for name in installed_packs():
        for rule in load_pack(name).rules.values():
            assert "_" not in parameters(rule), rule.id


# --- files of one's own -------------------------------------------------------------------------------------------


def test_good_files_are_said_to_be_good_with_what_is_worth_reading(caretrail: Caretrail, folder: Path) -> None:
    old, new = folder / "mn-245g-2018.toml", folder / "mn-245g.toml"
    ended = caretrail("rules", "--check", str(new), str(old))
    assert (ended.status, ended.err) == (0, "")
    warning = "  warning: for_tests: the pack says it is not for use\n"
    assert ended.out == f"{new}: ok, 4 rules, 0 off\n{warning}{old}: ok, 4 rules, 0 off\n{warning}"


def test_a_pack_without_dates_is_worth_reading(caretrail: Caretrail) -> None:
    ended = caretrail("rules", "--check", str(PACKS / "mo-groups.toml"))
    assert "  warning: effective_from: left out, so it judges every day there is\n" in ended.out
    assert "ok, 1 rule, 0 off" in ended.out


def test_gaps_of_a_term_that_is_counted_are_worth_reading(caretrail: Caretrail, folder: Path) -> None:
    text = (PACKS / "il-2060-former.toml").read_text().replace("il-2060-former", "hours")
    days, hours = '{ count = 30, unit = "calendar_day", soon = 7 }', '{ count = 27, unit = "treatment_hour", soon = 3 }'
    text = text.replace(f"{days}, {hours}", f"{hours}, {days}")
    gaps = '[rules.IL-R3]\ncheck = "review_gaps"\ntitle = "x"\nstrength = "must"\nsection = "x"\ntext = "x"\n'
    (folder / "hours.toml").write_text(text + gaps)
    ended = caretrail("rules", "--check", str(folder / "hours.toml"))
    assert "rules.IL-R3: gaps are told in days, and the first term of IL-R1 counts treatment hours\n" in ended.out


def test_a_file_alone_is_checked_beside_the_installed_ones(caretrail: Caretrail, folder: Path, tmp_path: Path) -> None:
    alone = changed(tmp_path, "mn-245g", "2022-08-01", "2023-01-01")
    ended = caretrail("rules", "--check", str(alone))
    assert (ended.status, ended.out) == (1, screen(f"""
{alone}: cannot be used
  mn-245g.toml: supersedes: pack mn-245g-2018 is not installed
"""))  # fmt: skip
    ended = caretrail("rules", "--check", str(alone), CARETRAIL_PACKS=str(folder))
    assert ended.status == 0, "it stands in the stead of the one in the folder"
    early = changed(tmp_path, "mn-245g", "2022-08-01", "2017-01-01")
    ended = caretrail("rules", "--check", str(early), CARETRAIL_PACKS=str(folder))
    assert (ended.status, ended.out.splitlines()[1]) == (
        1, "  mn-245g.toml: effective_from: 2017-01-01 is not after 2018-01-01, that of mn-245g-2018",
    )  # fmt: skip


def test_files_are_checked_against_each_other(caretrail: Caretrail, folder: Path) -> None:
    changed(folder, "mn-245g-2018", "for_tests = true", 'supersedes = "mn-245g"')
    ended = caretrail("rules", "--check", *(str(path) for path in sorted(folder.iterdir())))
    assert ended.status == 1
    assert ended.out.count("supersedes: a cycle: ") == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("first_from =", "first_form =", "rules.MN-R1.first_form: there is no such field; did you mean first_from?"),
        ('name = "mn-245g-2018"', 'name = "other"', "name: must be the name of the file"),
        ('name = "mn-245g-2018"', "name = ", "not valid TOML: "),
    ],
)
def test_a_wrong_file_is_told_by_file_rule_and_field(
    caretrail: Caretrail, folder: Path, old: str, new: str, message: str
) -> None:
    path = changed(folder, "mn-245g-2018", old, new)
    ended = caretrail("rules", "--check", str(path))
    assert ended.status == 1
    assert ended.out.startswith(f"{path}: cannot be used\n  mn-245g-2018.toml: {message}")


def test_a_pack_that_ships_cannot_be_replaced(caretrail: Caretrail, folder: Path) -> None:
    path = changed(folder, "mn-245g-2018", "mn-245g-2018", NEBRASKA, to=NEBRASKA)
    ended = caretrail("rules", "--check", str(path))
    assert ended.out == (f"{path}: cannot be used\n  {NEBRASKA}.toml: name: a pack {NEBRASKA} ships with the program\n")


def test_the_check_for_programs_has_one_row_a_file(caretrail: Caretrail, folder: Path) -> None:
    ended = caretrail("rules", "--check", "--json", str(folder / "mn-245g.toml"), str(folder / "gone.toml"))
    alone, gone = ended.json["rows"]
    assert ended.status == 1
    assert alone["error"] == "mn-245g.toml: supersedes: pack mn-245g-2018 is not installed"
    assert gone == {"file": str(folder / "gone.toml"), "ok": False, "error": "gone.toml: cannot be read"}
    ended = caretrail("rules", "--check", "--json", str(folder / "mn-245g-2018.toml"))
    assert ended.json["rows"] == [
        {
            "file": str(folder / "mn-245g-2018.toml"), "ok": True, "name": "mn-245g-2018", "rules": 4, "off": 0,
            "warnings": ["for_tests: the pack says it is not for use"],
        }
    ]  # fmt: skip


def test_what_others_put_into_the_folder_stops_no_command_and_reaches_no_terminal(
    caretrail: Caretrail, folder: Path
) -> None:
    os.mkfifo(folder / "pipe.toml")
    (folder / "evil\x1b[2J.toml").write_text("name = 'evil'")
    changed(folder, "mn-245g-2018", 'payer = "', 'payer = "\\u001b[2J', to="escape")
    changed(folder, "mn-245g-2018", 'payer = "', 'payer = "\\u202e[bold]', to="bidi")
    own = {"CARETRAIL_PACKS": str(folder)}
    assert caretrail("worklist", "--rule", "R1", **own).status == 0
    assert caretrail("rules", "bidi.toml", **own).status == 1
    assert "\\u202e[bold]Any" in caretrail("rules", str(folder / "bidi.toml"), **own).out
    for arguments in (["rules"], ["rules", "--check", *map(str, folder.iterdir())], ["rules", "evil\x1b[2J"]):
        ended = caretrail(*arguments, **own)
        assert ended.status == (0 if arguments == ["rules"] else 1)
        assert "bug" not in ended.err
        assert "\x1b" not in ended.out + ended.err
        assert "\u202e" not in ended.out + ended.err


def test_check_wants_files(caretrail: Caretrail) -> None:
    ended = caretrail("rules", "--check")
    assert (ended.status, ended.err.splitlines()[0]) == (2, "Error: name the files to check")


def test_the_help_shows_examples_and_where_ones_own_packs_lie(caretrail: Caretrail) -> None:
    out = caretrail("rules", "--help").out
    assert "    caretrail rules ne-medicaid-2.1-adult\n    caretrail rules --check my-state.toml\n" in out
    assert "CARETRAIL_PACKS" in out
