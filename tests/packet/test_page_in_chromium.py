"""The page in a real browser: it loads nothing, fits a phone, can be read in light and dark, and prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.packet.chromium import CHROMIUM, Browser, browser
from tests.packet.pages import HOSTILE, NOTICE, PAGES, SHORT_NOTICE, terms_of

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")

PHONE, DESK = 390, 1280
LOOKED_AT = ("example", "hostile", "two-years", "assessed", "ended")

OVERFLOWING = "document.documentElement.scrollWidth"
CHART_TEXT_OUTSIDE = """
(() => {
  const chart = document.querySelector("svg[role=img]"), box = chart.viewBox.baseVal;
  return [...chart.querySelectorAll("text")].filter(text => {
    const at = text.getBBox();
    return at.x < -1 || at.y < -1 || at.x + at.width > box.width + 1 || at.y + at.height > box.height + 1;
  }).map(text => text.textContent);
})()
"""
FAINT = """
(() => {
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const color = text => text.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const found = color(getComputedStyle(element).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg") || ![...element.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
    const [a, b] = [light(color(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.add(element.tagName + "." + element.className);
  }
  return [...found];
})()
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name in LOOKED_AT:
        made = PAGES[name]()
        page = made.page(terms=terms_of(" ".join(HOSTILE))) if name == "hostile" else made.page()
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the example with something put in."""
    page = (folder / "example.html").read_text(encoding="utf-8")
    assert old in page
    path = folder / f"{name}.html"
    path.write_text(page.replace(old, new, 1), encoding="utf-8")
    return path


def complaints(chromium: Browser) -> list[dict[str, Any]]:
    return chromium.heard("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Audits.issueAdded")


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_loads_nothing_complains_of_nothing_and_fits(chromium: Browser, folder: Path, name: str, width: int) -> None:
    path = folder / f"{name}.html"
    chromium.show(path, width=width)
    asked = [event["params"]["request"]["url"] for event in chromium.heard("Network.requestWillBeSent")]
    assert asked == [path.as_uri()]
    assert complaints(chromium) == []
    assert chromium.value(OVERFLOWING) == width
    assert chromium.value("document.querySelectorAll('script').length") == 0
    assert chromium.value(CHART_TEXT_OUTSIDE) == []


def test_what_would_load_or_run_is_stopped_and_seen(chromium: Browser, folder: Path) -> None:
    """Given the example with a script and a picture put in: the policy of the page stops both, and says so."""
    bad = "<main><script>window.ran = true</script><img src='https://example.org/x.png' alt=''>"
    chromium.show(changed(folder, "with-script", "<main>", bad))
    assert chromium.value("window.ran") is None
    assert len(complaints(chromium)) >= 2


def test_what_does_not_fit_is_seen(chromium: Browser, folder: Path) -> None:
    chromium.show(
        changed(folder, "too-wide", "<main>", "<main><p style='width:500px;max-width:none'>wide</p>"), width=PHONE
    )
    assert chromium.value(OVERFLOWING) > PHONE


def test_the_chart_moves_in_its_box_and_its_names_stay(chromium: Browser, folder: Path) -> None:
    chromium.show(folder / "example.html", width=PHONE)
    left = "document.querySelector('.names').getBoundingClientRect().left"
    before = chromium.value(left)
    chromium.value("document.querySelector('.scroll').scrollLeft = 300")
    assert chromium.value("document.querySelector('.scroll').scrollLeft") == 300
    assert chromium.value(left) == pytest.approx(before, abs=2)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["example", "ended"])
def test_all_text_has_contrast_enough(chromium: Browser, folder: Path, name: str, dark: bool) -> None:
    """As WCAG 2 asks at level AA: 4.5 to 1."""
    chromium.show(folder / f"{name}.html", dark=dark)
    assert chromium.value(FAINT) == []


def test_faint_text_is_seen(chromium: Browser, folder: Path) -> None:
    chromium.show(changed(folder, "faint", "<main>", "<main><p style='color:#999'>faint</p>"))
    assert chromium.value(FAINT) == ["P."]


def test_light_and_dark_differ(chromium: Browser, folder: Path) -> None:
    pairs: list[Any] = []
    for dark in (False, True):
        chromium.show(folder / "example.html", dark=dark)
        pairs.append(
            chromium.value(
                "['body', '.bar.overdue', '.service.group'].map(name => {"
                "const style = getComputedStyle(document.querySelector(name));"
                "return [style.backgroundColor, style.color, style.fill, style.stroke].join()})"
            )
        )
    assert all(light != dark for light, dark in zip(*pairs, strict=True))


def test_print_is_light_also_where_the_screen_is_dark(chromium: Browser, folder: Path) -> None:
    chromium.show(folder / "example.html", dark=True, media="print")
    assert chromium.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert chromium.value("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"


@pytest.mark.parametrize(("paper", "size"), [("A4", (8.27, 11.69)), ("Letter", (8.5, 11.0))])
def test_it_prints_with_the_notice_on_every_page(
    chromium: Browser, folder: Path, tmp_path: Path, paper: str, size: tuple[float, float]
) -> None:
    chromium.show(folder / "example.html")
    pdf = chromium.printed(paperWidth=size[0], paperHeight=size[1])
    assert pdf.startswith(b"%PDF")
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("printed, but pdftotext is not installed to read it (apt-get install poppler-utils)")
    (tmp_path / "page.pdf").write_bytes(pdf)
    text = subprocess.run(
        [reader, "-layout", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) > 5
    assert " ".join(NOTICE.split()[:9]) in " ".join(pages[0].split())
    for number, page in enumerate(pages, 1):
        assert SHORT_NOTICE in page
        assert f"LNK-2026-0001, as of 2026-03-09 · {number}/{len(pages)}" in page
    # the head of the table of events stands again on each page of it
    heads = [page for page in pages if re.search(r"Event\s+Happened\s+Recorded, UTC\s+What", page)]
    assert len(heads) > 3
