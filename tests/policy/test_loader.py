"""Packs of one's own beside those that ship, and versions of one policy that follow each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.policy import Pack, folders, installed_packs, load_pack, load_policy, policy_of, read_pack
from caretrail.policy.loader import FOLDER_VARIABLE, SHIPPED, check_files, pack_source

NEBRASKA = "ne-medicaid-2.1-adult"
SHIPPED_PACKS = [NEBRASKA, "sd-iop-2.1-adult", "va-medicaid-2.1-adult"]
PACKS = Path(__file__).parent / "packs"
OLD = (PACKS / "mn-245g-2018.toml").read_text(encoding="utf-8")

Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put a pack into a folder of one's own: by name, from when, and what it supersedes."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))

    def put(name: str, since: str | None = None, supersedes: str | None = None, until: str = "", **others: str) -> None:
        text = OLD.replace("mn-245g-2018", name).replace("effective_from = 2018-01-01  # made for the test\n", "")
        lines = [f"effective_from = {since}"] if since else []
        lines += [f"effective_to = {until}"] if until else []
        lines += [f'supersedes = "{supersedes}"'] if supersedes else []
        for old, new in others.items():
            text = text.replace(f'{old} = "', f'{old} = "{new}" # "')
        (tmp_path / f"{name}.toml").write_text(text.replace("late_after", "\n".join([*lines, "late_after"]), 1))

    return put


def test_a_folder_of_ones_own_lies_beside_what_ships(put: Put, tmp_path: Path) -> None:
    put("mine")
    assert folders() == (SHIPPED, tmp_path)
    assert installed_packs() == ["mine", *SHIPPED_PACKS]
    assert load_pack("mine").jurisdiction == "US-MN"


def test_the_bytes_of_a_pack_are_those_of_its_file(put: Put, tmp_path: Path) -> None:
    put("mine")
    assert pack_source("mine") == (tmp_path / "mine.toml").read_bytes()
    with pytest.raises(PackUnknown):
        pack_source("yours")


def test_an_empty_name_of_a_folder_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    assert folders() == (SHIPPED,)


def test_a_file_cannot_replace_a_pack_that_ships(put: Put) -> None:
    put(NEBRASKA)
    assert installed_packs() == SHIPPED_PACKS
    assert load_pack(NEBRASKA).jurisdiction == "US-NE"


def test_the_file_is_named_as_the_pack(put: Put, tmp_path: Path) -> None:
    put("mine")
    (tmp_path / "mine.toml").rename(tmp_path / "yours.toml")
    with pytest.raises(PackInvalid, match=r"yours\.toml: name: must be the name of the file"):
        load_pack("yours")


@pytest.mark.parametrize("content", ["name = ", 'supersedes = "ne-medicaid-2.1-adult"', "x = " + "[" * 100_000, "\x00"])
def test_a_broken_file_does_not_stop_nebraska_unless_it_would_follow_it(put: Put, tmp_path: Path, content: str) -> None:
    (tmp_path / "broken.toml").write_text(content)
    assert load_pack(NEBRASKA).name == NEBRASKA
    if "supersedes" in content:
        with pytest.raises(PackInvalid, match=r"broken\.toml: name: Field required"):
            load_policy(NEBRASKA)
    else:
        assert [pack.name for pack in load_policy(NEBRASKA).versions] == [NEBRASKA]
    with pytest.raises(PackInvalid, match=r"^broken\.toml: "):
        load_policy("broken")


@pytest.mark.parametrize("kind", ["gone", "a file"])
def test_a_folder_that_is_none_holds_no_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    place = tmp_path / "packs"
    if kind == "a file":
        place.write_text("x")
    monkeypatch.setenv(FOLDER_VARIABLE, str(place))
    assert installed_packs() == SHIPPED_PACKS
    assert load_policy(NEBRASKA).last_day is None


def test_a_folder_that_may_not_be_read_holds_no_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    try:
        assert NEBRASKA in installed_packs()
        assert load_policy(NEBRASKA).versions[0].name == NEBRASKA
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_may_not_be_read_is_refused_by_name(put: Put, tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(PackInvalid, match=r"folder\.toml: cannot be read"):
        load_policy("folder")
    assert load_policy(NEBRASKA).versions[0].name == NEBRASKA


# --- versions -----------------------------------------------------------------------------------------------------


def test_versions_follow_each_other_whichever_is_named(put: Put) -> None:
    put("one")
    put("two", "2024-01-01", "one")
    put("three", "2025-07-01", "two")
    for name in ("one", "two", "three"):
        policy = load_policy(name)
        assert [pack.name for pack in policy.versions] == ["one", "two", "three"]
    assert [policy.on(date(*day)).name for day in ((1999, 1, 1), (2023, 12, 31), (2024, 1, 1), (2025, 7, 1))] == [
        "one", "one", "two", "three",
    ]  # fmt: skip
    assert [pack.effective_to for pack in policy.versions] == [date(2023, 12, 31), date(2025, 6, 30), None]
    assert (policy.last_day, policy.in_force(date(2100, 1, 1))) == (None, True)


def test_a_policy_may_begin_and_end(put: Put) -> None:
    put("one", "2024-01-01", until="2024-12-31")
    policy = load_policy("one")
    assert [policy.in_force(date(*day)) for day in ((2023, 12, 31), (2024, 1, 1), (2024, 12, 31), (2025, 1, 1))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert policy.last_day == date(2024, 12, 31)


def refused(name: str) -> str:
    with pytest.raises(PackInvalid) as caught:
        load_policy(name)
    assert caught.value.hint.startswith("compare with an installed pack: "), "a way out stands beside every refusal"
    return caught.value.message


def test_a_pack_that_supersedes_one_that_is_not_there_is_refused(put: Put) -> None:
    put("two", "2024-01-01", "one")
    assert refused("two") == "two.toml: supersedes: pack one is not installed"


def test_a_cycle_of_two_is_refused_whichever_is_named(put: Put) -> None:
    put("one", "2024-01-01", "two")
    put("two", "2025-01-01", "one")
    assert refused("one") == "two.toml: supersedes: a cycle: one, two, one"
    assert refused("two") == "one.toml: supersedes: a cycle: two, one, two"


def test_a_cycle_is_refused_by_what_it_leads_to_as_well(put: Put) -> None:
    put("one", "2024-01-01", "three")
    put("two", "2025-01-01", "one")
    put("three", "2026-01-01", "two")
    put("four", "2027-01-01", "three")
    assert "supersedes: a cycle" in refused("four") or "is superseded by" in refused("four")


def test_a_pack_that_supersedes_itself_is_refused(put: Put) -> None:
    put("one", "2024-01-01", "one")
    assert "a cycle" in refused("one")


def test_two_packs_cannot_supersede_one(put: Put) -> None:
    put("one")
    put("two", "2024-01-01", "one")
    put("also", "2025-01-01", "one")
    assert refused("one") == "two.toml: supersedes: one is superseded by also already"
    assert refused("two") == refused("also") == refused("one"), "an episode fares the same by whichever it names"


def test_days_of_two_versions_are_refused(put: Put) -> None:
    put("one", "2024-01-01", until="2025-01-01")
    put("two", "2025-01-01", "one")
    assert refused("two") == "two.toml: effective_from: 2025-01-01 overlaps the days of one"


def test_a_version_cannot_come_before_the_one_it_supersedes(put: Put) -> None:
    put("one", "2024-01-01")
    put("two", "2023-01-01", "one")
    assert refused("two") == "two.toml: effective_from: 2023-01-01 is not after 2024-01-01, that of one"


def test_days_of_no_version_are_refused(put: Put) -> None:
    put("one", "2024-01-01", until="2024-06-30")
    put("two", "2025-01-01", "one")
    assert refused("one") == (
        "two.toml: effective_from: no version is in force from 2024-07-01 to 2024-12-31, after one"
    )


def test_versions_are_for_the_same_people(put: Put) -> None:
    put("one")
    put("two", "2025-01-01", "one", population="adolescent")
    assert refused("one") == "two.toml: population: is not that of one, which it supersedes"


def test_a_version_that_is_broken_breaks_its_policy_and_no_other(put: Put, tmp_path: Path) -> None:
    put("one")
    put("two", "2025-01-01", "one", strength="may")
    assert refused("one").startswith("two.toml: rules.MN-P1.strength")
    assert load_policy(NEBRASKA).versions[0].name == NEBRASKA


def test_a_policy_of_packs_at_hand_needs_no_folder() -> None:
    old, new = (read_pack(PACKS / f"{name}.toml") for name in ("mn-245g-2018", "mn-245g"))
    assert policy_of([new, old]).versions[1] is new
    assert policy_of([new]).versions == (new,)


def test_a_policy_that_is_not_there_is_unknown() -> None:
    with pytest.raises(PackUnknown):
        load_policy("no-such-pack")


# --- files before they are installed ---------------------------------------------------------------------------------


def checked(*files: Path) -> list[str]:
    """What is said of files: the name of the pack, or why it could not be used."""
    return [said.name if isinstance(said, Pack) else str(said) for said in check_files(files)]


def test_a_file_is_checked_as_if_it_lay_beside_the_packs(put: Put, tmp_path: Path) -> None:
    """Given a version in a folder of one's own, when the file of the next is checked, then its place is looked at."""
    put("first", "2020-01-01")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name, since in (("second", "2022-01-01"), ("early", "2019-01-01")):
        put(name, since, "first")
        (tmp_path / f"{name}.toml").rename(elsewhere / f"{name}.toml")
    assert checked(elsewhere / "second.toml") == ["second"]
    assert checked(elsewhere / "early.toml") == [
        "early.toml: effective_from: 2019-01-01 is not after 2020-01-01, that of first",
    ]
    assert (
        checked(elsewhere / "early.toml", elsewhere / "second.toml")
        == ["second.toml: supersedes: first is superseded by early already"] * 2
    )


def test_a_file_of_the_name_of_one_of_ones_own_stands_in_its_stead(put: Put, tmp_path: Path) -> None:
    put("mine", jurisdiction="US-WY")
    new = tmp_path / "new"
    new.mkdir()
    (tmp_path / "mine.toml").rename(new / "mine.toml")
    put("mine")
    found = check_files([new / "mine.toml"])
    assert [said.jurisdiction for said in found if isinstance(said, Pack)] == ["US-WY"]


def test_two_files_of_one_name_and_one_of_the_name_of_what_ships_are_told_why(put: Put, tmp_path: Path) -> None:
    put("mine")
    put(NEBRASKA)
    put("yours")
    again = tmp_path / "again"
    again.mkdir()
    (tmp_path / "yours.toml").rename(again / "mine.toml")
    text = (tmp_path / "mine.toml").read_text()
    (again / "mine.toml").write_text(text)
    assert checked(tmp_path / "mine.toml", again / "mine.toml", tmp_path / f"{NEBRASKA}.toml") == [
        "mine.toml: name: a pack mine is among the files, too",
        "mine",
        f"{NEBRASKA}.toml: name: a pack {NEBRASKA} ships with the program",
    ]


def test_a_file_that_is_misnamed_or_gone_is_told_so(put: Put, tmp_path: Path) -> None:
    put("mine")
    (tmp_path / "mine.toml").rename(tmp_path / "other.toml")
    assert checked(tmp_path / "other.toml", tmp_path / "gone.toml") == [
        "other.toml: name: must be the name of the file",
        "gone.toml: cannot be read",
    ]
