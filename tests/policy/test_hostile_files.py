"""A pack is a file somebody else put there: what lies in its place is refused in words, and nothing waits for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.files import MOST_PACK_BYTES
from caretrail.policy import check_files, installed_packs, load_pack, load_policy, policy_of, read_pack
from caretrail.policy.loader import FOLDER_VARIABLE, SHIPPED
from caretrail.policy.toml import MOST_DOTS
from caretrail.readmodel.pack_files import files_digest

NEBRASKA = "ne-medicaid-2.1-adult"
TEXT = (SHIPPED / f"{NEBRASKA}.toml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packs of one's own."""
    place = tmp_path / "packs"
    place.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(place))
    return place


def refused(path: Path) -> str:
    with pytest.raises(PackInvalid) as caught:
        read_pack(path)
    assert "caretrail rules --check" in caught.value.hint
    return caught.value.message


# --- what is no file ----------------------------------------------------------------------------------------------


def test_a_pipe_without_a_writer_holds_up_neither_its_own_pack_nor_the_others(folder: Path) -> None:
    os.mkfifo(folder / "pipe.toml")
    assert load_policy(NEBRASKA).versions[0].name == NEBRASKA
    assert refused(folder / "pipe.toml") == "pipe.toml: cannot be read: it is not a regular file"
    with pytest.raises(PackInvalid, match="not a regular file"):
        load_policy("pipe")


def rows_now() -> str:
    """What rows know the packs by, as a process finds it that asks for the first time."""
    return files_digest(os.environ.get("CARETRAIL_PACKS"))


def test_rows_know_a_folder_of_packs_by_what_can_be_read_in_it(folder: Path) -> None:
    empty = rows_now()
    os.mkfifo(folder / "pipe.toml")
    (folder / "endless.toml").symlink_to("/dev/zero")
    (folder / "folder.toml").mkdir()
    assert rows_now() == empty
    Path(os.fsdecode(bytes(folder) + b"/\xff.toml")).write_text(TEXT, encoding="utf-8")
    assert rows_now() != empty


def test_a_device_that_never_ends_is_refused(folder: Path) -> None:
    (folder / "endless.toml").symlink_to("/dev/zero")
    assert refused(folder / "endless.toml") == "endless.toml: cannot be read: it is not a regular file"


def test_a_circle_of_links_is_refused_and_a_file_of_its_name_is_not(folder: Path, tmp_path: Path) -> None:
    for one, other in (("one", "other"), ("other", "one")):
        (folder / f"{one}.toml").symlink_to(folder / f"{other}.toml")
    assert refused(folder / "one.toml") == "one.toml: cannot be read"
    good = tmp_path / "one.toml"
    good.write_text(TEXT.replace(NEBRASKA, "one"), encoding="utf-8")
    assert [type(found).__name__ for found in check_files([good])] == ["Pack"]
    told = [str(found) for found in check_files([good, folder / "one.toml"])]
    assert told == ["one.toml: name: a pack one is among the files, too", "one.toml: cannot be read"]


def test_a_link_to_a_pack_is_a_pack(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.toml").write_text(TEXT.replace(NEBRASKA, "one"), encoding="utf-8")
    (folder / "one.toml").symlink_to(tmp_path / "kept.toml")
    assert load_pack("one").name == "one"


@pytest.mark.parametrize("name", ["", ".", "..", "../packs/one", "/etc/passwd", "one\x00", "one\n", "one.toml", "*"])
def test_no_name_but_that_of_a_pack_leads_to_a_file(folder: Path, name: str) -> None:
    (folder / "one.toml").write_text(TEXT.replace(NEBRASKA, "one"), encoding="utf-8")
    for load in (load_pack, load_policy):
        with pytest.raises(PackUnknown):
            load(name)


def test_a_file_with_an_impossible_name_is_listed_and_never_a_pack(folder: Path) -> None:
    (folder / "evil\x1b[2J.toml").write_text(TEXT.replace(NEBRASKA, "evil"), encoding="utf-8")
    assert "evil\x1b[2J" in installed_packs()
    with pytest.raises(PackInvalid, match="must be the name of the file"):
        load_pack("evil\x1b[2J")


# --- what is in a file --------------------------------------------------------------------------------------------

ODD_FILES = [
    (b"a" * 50_000_000, r"^odd\.toml: is longer than 256 KiB$"),
    (TEXT.encode() + b"#" * MOST_PACK_BYTES, r"^odd\.toml: is longer than 256 KiB$"),
    (TEXT.encode("utf-16"), r"^odd\.toml: not valid TOML: byte 0 is not UTF-8$"),
    (b"name = 'caf\xe9'", r"^odd\.toml: not valid TOML: byte 11 is not UTF-8$"),
    (b"\x00" * 100, r"^odd\.toml: not valid TOML"),
    (b"name = 'a\x1b[2J'", r"^odd\.toml: not valid TOML: .* character '\\x1b'"),
    (b"name = 1" + b"0" * 10_000, r"^odd\.toml: not valid TOML: "),
    (b"rules = " + b"[" * 100_000, r"^odd\.toml: is nested too deeply$"),
    (b"rules = " + b"{a=" * 50_000, r"^odd\.toml: is nested too deeply$"),
    # a key of many parts costs their square: minutes, for a file of a few pages
    (b"x = 1\n" + b"a." * 100_000 + b"a = 1", r"^odd\.toml: line 2: is nested too deeply$"),
    (b"['\xe2\x80\xa8'" + b".'\xe2\x80\xa8'" * 20_000 + b"]", r"^odd\.toml: line 1: is nested too deeply$"),
    (b"name = 'a'\nname = 'b'", r"^odd\.toml: not valid TOML: Cannot overwrite a value"),
    (b"[rules.A]\n[rules.A]", r"^odd\.toml: not valid TOML: Cannot declare .* twice"),
]


@pytest.mark.parametrize(("content", "message"), ODD_FILES, ids=[message for _, message in ODD_FILES])
def test_a_file_that_no_pack_is_in_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(content)
    with pytest.raises(PackInvalid, match=message):
        read_pack(path)


def test_a_byte_order_mark_and_the_line_ends_of_another_system_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / f"{NEBRASKA}.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert read_pack(path) == load_pack(NEBRASKA)


@pytest.mark.parametrize(
    ("old", "place"),
    [
        ('section = "Service expectations"\nlines = "52-55"', "rules.NE21-R1.section"),
        ('lines = "52-55"', "rules.NE21-R1.lines"),
        ('check = "review_due"', "rules.NE21-R1"),
        ('document = "', "document"),
        ('holds = "run"', "rules.NE21-R1.holds"),
        ('decides = ["NE21-R1.holds"]', "readings.hold.decides"),
    ],
)
@pytest.mark.parametrize("kind", ["a number of ten thousand digits", "tables in tables"])
def test_a_value_that_cannot_be_written_as_a_word_is_refused_where_it_stands(
    tmp_path: Path, old: str, place: str, kind: str
) -> None:
    assert old in TEXT
    line = next(line for line in TEXT.splitlines() if line.startswith(old.partition("\n")[0]))
    key = line.partition(" = ")[0]
    value = "0x" + "f" * 10_000 if kind.startswith("a number") else "{" + "a." * (MOST_DOTS - 10) + "a = 1}"
    at = TEXT.index(old)
    path = tmp_path / "odd.toml"
    path.write_text(TEXT[:at] + TEXT[at:].replace(line, f"{key} = {value}", 1), encoding="utf-8")
    assert refused(path).startswith(f"odd.toml: {place}")


@pytest.mark.parametrize(("old", "new"), [('check = "review_due"', "check = 'W'"), ("[rules.NE21-R1]", "[rules.W]")])
def test_a_message_repeats_no_more_of_the_file_than_a_line(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(TEXT.replace(old, new.replace("W", "w" * 100_000)), encoding="utf-8")
    assert len(refused(path)) < 1000


def test_many_answers_to_many_questions_are_refused_before_each_is_tried(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    answers = ", ".join(f'"{number}"' for number in range(10_000))
    path.write_text(TEXT.replace('alternatives = ["pause"]', f"alternatives = [{answers}]"), encoding="utf-8")
    assert refused(path).startswith("odd.toml: readings.hold.alternatives: ")


def test_two_packs_without_a_day_to_begin_are_no_policy() -> None:
    pack = load_pack(NEBRASKA)
    with pytest.raises(PackInvalid, match=r"effective_from: .* has none either, so they overlap"):
        policy_of([pack, pack])
