"""A slip of the finger is answered with what was probably meant, and a store is named once."""

from __future__ import annotations

import pytest

from tests.support.program import Caretrail


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("worklst", "worklist"),
        ("tmeline LNK", "timeline"),
        ("audit acess", "access"),
        ("projection statsu", "status"),
        ("projection quarantine rety", "retry"),
        ("record sesion_attended", "session_attended"),
        ("schema plan_reviewd", "plan_reviewed"),
        ("worklist --verdict overdu", "overdue"),
        ("worklist --clincian x", "--clinician"),
        ("timeline LNK --order clincal", "clinical"),
        ("audit amendments --by record", "recorded"),
        ("completion zhs", "zsh"),
    ],
)
def test_what_was_probably_meant_is_named(caretrail: Caretrail, words: str, meant: str) -> None:
    ended = caretrail(*words.split())
    assert (ended.status, ended.out) == (2, "")
    assert "Did you mean " in ended.err
    assert meant in ended.err.split("Did you mean ")[1]


def test_what_is_like_nothing_gets_no_suggestion(caretrail: Caretrail) -> None:
    for words in ("xyzzy", "record xyzzy", "worklist --verdict xyzzy"):
        ended = caretrail(*words.split())
        assert ended.status == 2
        assert "Did you mean" not in ended.err


@pytest.mark.parametrize("words", [["worklist", "--db", "URL"], ["worklist"], ["audit", "verify", "--db", "URL"]])
def test_a_store_that_is_named_twice_is_refused(caretrail: Caretrail, words: list[str]) -> None:
    given = [caretrail.url if word == "URL" else word for word in words]
    first = ["--db", caretrail.url]
    ended = caretrail(*first, *(first if "--db" not in given else []), *given)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("Error: --db is given twice: name one store\nHint: see 'caretrail")


def test_a_store_that_is_named_once_wins_over_the_environment(caretrail: Caretrail, tmp_path: object) -> None:
    for words in (["--db", caretrail.url, "census"], ["census", "--db", caretrail.url]):
        assert caretrail(*words, CARETRAIL_DB=f"{tmp_path}/none.db").status == 0
    assert caretrail("census", CARETRAIL_DB=f"{tmp_path}/a folder with spaces/none.db").status == 4
