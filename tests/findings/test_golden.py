"""Every word, day and number the rules say of the histories in the folder `golden` is the one that was kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.findings.golden_findings import Case, cases, said, written

CASES = cases()
ANEW = "python -m tests.findings.golden_findings --write"


@pytest.mark.parametrize(("path", "case", "text"), CASES, ids=[f"{path.stem}: {case.title}" for path, case, _ in CASES])
def test_what_is_said_is_what_stands_in_the_file(path: Path, case: Case, text: str) -> None:
    assert written(case, said(case)) == text, f"if it is meant: {ANEW}"


def test_no_two_cases_have_the_same_title() -> None:
    titles = [case.title for _, case, _ in CASES]
    assert len(set(titles)) == len(titles)
