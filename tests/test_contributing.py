"""The recipes of CONTRIBUTING.md name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATH = re.compile(r"[\w./*-]+/[\w./*-]*|[\w-]+\.(?:md|py|toml)")
RECIPES = ("an event", "a rule", "a question", "a command")


def recipes(page: str) -> dict[str, list[str]]:
    """The paths in code spans below each heading `Add …`; a path has a slash, or is a file name."""
    found: dict[str, list[str]] = {}
    for heading, body in re.findall(r"^#+ Add (.+)\n((?:(?!#+ ).*\n?)*)", page, flags=re.MULTILINE):
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", body, flags=re.MULTILINE | re.DOTALL))
        found[heading.strip()] = [span for span in spans if PATH.fullmatch(span)]
    return found


def missing(paths: list[str]) -> list[str]:
    """The paths that match no file or folder, from the root of the repository; `*` matches any name."""
    return [path for path in paths if not list(ROOT.glob(path.rstrip("/")))]


def test_the_files_of_every_recipe_are_there() -> None:
    found = recipes((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert set(RECIPES) <= set(found)
    for recipe in RECIPES:
        assert len(found[recipe]) >= 3, f"add {recipe}: where?"
        assert not missing(found[recipe]), f"add {recipe}"


def test_a_file_that_is_gone_would_be_seen() -> None:
    rule = "## Add a rule\nIn `tests/conftest.py`, `gone/rule.py` and `make quick`:\n```\n`x/y`\n```\n"
    page = f"# Map\n`gone/map.py`\n{rule}## Add a x\n"
    assert recipes(page) == {"a rule": ["tests/conftest.py", "gone/rule.py"], "a x": []}
    assert missing(["tests/conftest.py", "gone/rule.py", "tests/*.py", "tests/"]) == ["gone/rule.py"]
