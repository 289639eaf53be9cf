"""What the pages show is what the program prints."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest

from tests.support.documentation import Step, matches, run, steps

ROOT = Path(__file__).parent.parent
TEXTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in TEXTS if steps(page)]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_shell_session_prints_what_the_page_says(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "data", tmp_path / "tests" / "data")
    variables: dict[str, str] = {}
    for step in steps(page):
        if step.command.startswith(("make ", "git ", "cd ")):
            continue  # CI itself runs these
        printed = run(step, tmp_path, variables)
        assert matches(step.expected, printed), (
            f"line {step.line}: $ {step.command}\n--- printed\n{printed}\n--- page\n{step.expected}"
        )


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_python_session_prints_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(
        str(page),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        encoding="utf-8",
    )
    assert result.failed == 0


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_between_pages_is_dead(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a … c", "a b c", True),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a", "b", False),
        ("a", "a\nb", False),
        ("", "", True),
        ("", "x", False),
    ],
)
def test_the_comparison_itself_can_fail(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same


def test_a_command_may_go_on_over_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("x\n```console\n$ cat <<'END' | tr a b\naha\nEND\nbhb\n$ echo \\\n  two\ntwo\n```\n")
    assert steps(page) == [Step(3, "cat <<'END' | tr a b\naha\nEND", "bhb"), Step(7, "echo \\\n  two", "two")]
    assert [run(step, tmp_path) for step in steps(page)] == ["bhb", "two"]
