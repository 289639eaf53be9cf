"""The page is sound HTML that loads nothing and runs nothing, whatever words the record holds."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.evidence.packet.page.page import css_string
from caretrail.text import visible
from tests.packet.markup import Element, read
from tests.packet.pages import HOSTILE, PAGES, GivenPage, assessed_only, in_every_text, terms_of, the_example

pytestmark = pytest.mark.slow  # seconds in all: left to make test

LOADS_OR_RUNS = frozenset(
    {
        "script", "link", "img", "iframe", "frame", "object", "embed", "audio", "video", "source", "form", "input",
        "button", "base", "image", "use", "foreignobject",
    }
)  # fmt: skip
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=list(PAGES))
def page(request: pytest.FixtureRequest) -> Element:
    make: Callable[[], GivenPage] = PAGES[request.param]
    return read(make().page())


@cache
def assessed() -> GivenPage:
    return assessed_only()


@cache
def tags_in_plain_words(words: str) -> list[str]:
    return tags(assessed().page(terms=terms_of(words)))


def test_it_loads_and_runs_nothing(page: Element) -> None:
    assert not {element.tag for element in page} & LOADS_OR_RUNS
    names = {name for element in page for name in element.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "srcset", "xlink:href", "ping")}
    assert all((link.attributes["href"] or "").startswith("#") for link in page.all("a"))
    assert not re.search(r"url\((?!#)|@import|expression", page.one("style").inside[0].__str__())


def test_its_policy_forbids_both(page: Element) -> None:
    (policy,) = [m for m in page.all("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert (policy.attributes["content"] or "").startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_ids_are_unique_and_links_lead_somewhere(page: Element) -> None:
    ids = Counter(element.attributes["id"] for element in page if "id" in element.attributes)
    assert set(ids.values()) == {1}
    led = {(link.attributes["href"] or "")[1:] for link in page.all("a")}
    led |= {
        name
        for element in page
        for attribute in ("aria-labelledby", "aria-describedby")
        for name in (element.attributes.get(attribute) or "").split()
    }
    assert led <= set(ids)


def test_tables_say_what_their_cells_are(page: Element) -> None:
    tables = page.all("table")
    assert [table.one("caption").text.split()[1] for table in tables[:2]] in (["events", "of"], ["event", "of"])
    assert all(re.search("due through|that later entries changed", table.one("caption").text) for table in tables[2:])
    for table in tables:
        assert table.one("caption").text
        assert all(cell.attributes.get("scope") in ("col", "row", "rowgroup") for cell in table.all("th"))
        width = len(table.one("thead").all("th"))
        for row in table.all("tr"):
            spans = [int(cell.attributes.get("colspan") or 1) for cell in row if cell.tag in ("td", "th")]
            assert sum(spans) == width


def test_it_can_be_found_through_without_eyes(page: Element) -> None:
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title", id="chart-title").text
    assert page.one("desc").text
    assert [page.one(tag).tag for tag in ("header", "main", "footer", "nav", "h1")]
    levels = [int(element.tag[1]) for element in page if re.fullmatch("h[1-6]", element.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    (chart,) = page.all("svg", role="img")
    assert chart.attributes["aria-labelledby"] == "chart-title chart-desc"
    # what moves sideways can be reached by keys
    assert page.one("div", role="region").attributes["tabindex"] == "0"
    assert page.all("a")[0].attributes["href"] == "#day"


def tags(page: str) -> list[str]:
    """The elements of a page, but for the days set apart in texts."""
    return [element.tag for element in read(page) if element.tag != "time"]


def test_hostile_words_never_become_markup() -> None:
    """Given the same record twice, once in plain words and once in attacks: the elements are the same."""
    attack = " ".join(HOSTILE)
    plain = in_every_text("plain words", "plain credential").page(terms=terms_of("plain words"))
    hostile = in_every_text(attack, HOSTILE[1]).page(terms=terms_of(attack))
    assert tags(hostile) == tags(plain)
    assert tags(plain.replace("plain words", HOSTILE[1], 1)) != tags(plain), "else nobody would see it"
    shown = read(hostile).text
    for words in HOSTILE:
        assert all(visible(line) in shown for line in words.split("\n"))


@given(words=st.text(st.characters(codec=None), max_size=80))
@settings(max_examples=60)
def test_any_words_stand_as_text(words: str) -> None:
    page = assessed().page(terms=terms_of(words))
    page.encode()  # whatever was given can be written
    assert tags(page) == tags_in_plain_words("plain" if words else "")
    assert all(char.isprintable() or char == "\n" or unicodedata.category(char) == "Zs" for char in page)
    assert all(visible(line) in read(page).text for line in words.split("\n"))


@given(words=st.text())
def test_a_string_of_css_cannot_be_left(words: str) -> None:
    written = str(css_string(words))
    assert re.fullmatch(r'"(?:[A-Za-z0-9]|\\[0-9a-f]{6})*"', written)
    back = re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), written[1:-1])
    assert back == visible(words)


@pytest.mark.slow
def test_the_same_record_gives_the_same_bytes() -> None:
    """Also in a process whose sets have another order."""
    made = the_example()
    assert made.page() == made.page()
    script = (
        "import hashlib; from tests.packet.pages import *; made = two_weeks();"
        "lines = [replace(line, recorded_by='me', leaf='0' * 64) for line in made.lines()];"
        "print(hashlib.sha256(made.page(lines=lines).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", f"from dataclasses import replace; {script}"],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_the_example_stays_small() -> None:
    assert len(the_example().page().encode()) < 300_000
