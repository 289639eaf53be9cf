"""The chart keeps its promises of place and size, for any days and for the real ones."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.evidence.packet.page.draw import GLYPHS, Drawing, Shape, drawn
from caretrail.evidence.packet.page.picture import Bar, Column, Lane, Mark, Picture, picture_of
from caretrail.evidence.packet.page.scale import PLOT_WIDTH, Scale
from tests.packet.markup import Element, read
from tests.packet.pages import PAGES, a_story, made, promptly, the_example, two_years
from tests.support.build import admitted, session

pytestmark = pytest.mark.slow  # seconds in all: left to make test

DAY = timedelta(days=1)
ROUNDED = 0.011
days = st.dates(min_value=date(2024, 1, 1), max_value=date(2026, 12, 31))
any_days = st.dates(min_value=date(1900, 1, 1))


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date]:
    start = draw(days)
    return start, start + draw(st.integers(min_value=1, max_value=400)) * DAY


@st.composite
def lanes(draw: st.DrawFn) -> Lane:
    kinds = st.sampled_from(["overdue", "due_soon", "violation", "unknown quiet"])
    bars = [
        Bar(*span, draw(kinds), draw(st.sampled_from(["", "12 days overdue"])), "a bar")
        for span in draw(st.lists(spans(), max_size=6))
    ]
    marks = [
        Mark(day, draw(st.sampled_from(sorted(GLYPHS))), "L", "a mark", draw(st.none() | days))
        for day in draw(st.lists(days, max_size=6))
    ]
    columns = [
        Column(day, day + 7 * DAY, (("group", draw(st.integers(1, 3000))),), draw(st.integers(0, 3000)), "a week")
        for day in draw(st.lists(days, max_size=6, unique=True))
    ]
    dues = [Mark(day, "due", f"due {day:%m-%d}", "a due date") for day in draw(st.lists(days, max_size=4))]
    threshold = [(column.start, column.end, 540) for column in columns]
    name = draw(st.sampled_from(["Reviews", "Continued stay", "Stay and level"]))
    if name == "Stay and level":
        marks = [mark._replace(kind="end") for mark in marks]
    return Lane(
        name, tuple(bars), tuple(bars[:2]), tuple(marks), tuple(columns), tuple(threshold), tuple(dues), "about"
    )


@st.composite
def stories(draw: st.DrawFn) -> Picture:
    first, last = sorted((draw(days), draw(days)))
    return Picture(
        Scale.over(first, last), draw(days), 6, by_week=False, lanes=tuple(draw(st.lists(lanes(), max_size=3)))
    )


def place(shape: Shape) -> dict[str, float]:
    return {name: float(value) for name, value in shape.attributes if re.fullmatch(r"-?[0-9.]+", value)}


def box(shape: Shape) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    at = place(shape)
    if shape.tag == "rect":
        return at["x"], at["y"], at["x"] + at["width"], at["y"] + at["height"]
    if shape.tag == "line":
        return min(at["x1"], at["x2"]), min(at["y1"], at["y2"]), max(at["x1"], at["x2"]), max(at["y1"], at["y2"])
    if shape.tag == "text":
        return at["x"], at["y"] - 8, at["x"], at["y"]
    x, y = map(float, re.findall(r"-?[0-9.]+", dict(shape.attributes)["transform"]))
    corners = [float(number) for number in re.findall(r"-?\.?[0-9][0-9.]*", GLYPHS[shape.kind.split()[1]])]
    reach = 8.0
    assert max(map(abs, corners)) <= 14
    return x - reach, y, x + reach, y


@given(stories())
@settings(max_examples=60)
def test_everything_is_inside(picture: Picture) -> None:
    drawing = drawn(picture)
    for shape in drawing.shapes:
        left, top, right, bottom = box(shape)
        assert left >= -ROUNDED, shape
        assert right <= drawing.width + 2 * ROUNDED, shape
        assert top >= -ROUNDED, shape
        assert bottom <= drawing.height + 2 * ROUNDED, shape
    assert all(0 <= note.y <= drawing.height for note in drawing.notes)


@given(stories())
@settings(max_examples=60)
def test_a_bar_is_as_wide_as_its_days_and_stands_where_they_are(picture: Picture) -> None:
    scale = picture.scale
    for lane in picture.lanes:
        drawing = drawn(Picture(scale, picture.as_of, 6, by_week=False, lanes=(lane,)))
        kinds = ("bar ", "overdue", "due_soon", "violation", "unknown")
        boxes = [box(s) for s in drawing.shapes if s.tag == "rect" and s.title == "a bar" and s.kind.startswith(kinds)]
        for bar, (left, _, right, _) in zip(lane.bars, boxes, strict=False):
            start, end = max(bar.start, scale.first), min(bar.end, scale.end)
            days_shown = max(0, (end - start).days)
            assert right - left == pytest.approx(days_shown * scale.per_day, abs=ROUNDED)
        by_day = sorted(zip((bar.start for bar in lane.bars), (left for left, *_ in boxes), strict=False))
        lefts = [left for _, left in by_day]
        assert lefts == sorted(lefts)


@given(stories())
@settings(max_examples=60)
def test_bars_in_a_row_do_not_meet(picture: Picture) -> None:
    for lane in picture.lanes:
        if lane.name != "Reviews" or len(lane.bars) > 8:
            continue
        drawing = drawn(Picture(picture.scale, picture.as_of, 6, by_week=False, lanes=(lane,)))
        rows: dict[float, list[tuple[float, float]]] = {}
        for left, top, right, _ in (box(s) for s in drawing.shapes if s.kind.startswith("bar ") and s.tag == "rect"):
            rows.setdefault(top, []).append((left, right))
        for row in rows.values():
            row.sort()
            assert all(end <= start + 2 * ROUNDED for (_, end), (start, _) in itertools.pairwise(row))


@given(any_days, any_days, any_days, any_days)
def test_the_axis_keeps_the_order_of_days(first: date, last: date, one: date, other: date) -> None:
    first, last = min(first, last), max(first, last)
    one, other = min(one, other), max(one, other)
    scale = Scale.over(first, last)
    assert scale.shows(first)
    assert scale.shows(last) or scale.end == date.max
    assert 0 <= scale.x(one) <= scale.x(other) <= PLOT_WIDTH
    ticks = scale.months()
    assert len(ticks) <= 60
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)
    assert len(scale.weeks(6)) <= 60


@given(st.integers(min_value=14, max_value=740))
def test_from_two_weeks_to_two_years_the_axis_can_be_read(length: int) -> None:
    scale = Scale.over(date(2024, 1, 10), date(2024, 1, 10) + length * DAY)
    ticks = scale.months()
    assert ticks
    gaps = [after.x - before.x for before, after in itertools.pairwise(ticks)]
    assert all(gap >= 20 for gap in gaps)
    weeks = scale.weeks(6)
    assert all(after.x - before.x >= 18 for before, after in itertools.pairwise(weeks))


def test_the_control_of_a_wrong_place() -> None:
    """A rectangle one day too far would be seen."""
    drawing = Drawing()
    drawing.rect("bar", PLOT_WIDTH - 1, 0, 2, 5)
    assert box(drawing.shapes[0])[2] > drawing.width + 2 * ROUNDED


# --- real episodes -----------------------------------------------------------------------------------------------


def bars(page: Element, kind: str) -> list[Element]:
    chart = page.one("svg", role="img")
    return [shape for shape in chart.all("rect") if (shape.attributes["class"] or "").split()[:2] == ["bar", kind]]


def test_three_days_overdue_are_three_days_wide() -> None:
    """Given the picture whose third review is three days overdue on the day asked about."""
    given = a_story("DEMO-001")
    page = read(given.page())
    (overdue,) = bars(page, "overdue")
    scale = Scale.over(*_axis(page))
    assert float(overdue.attributes["width"] or 0) == pytest.approx(3 * scale.per_day, abs=ROUNDED)
    assert float(overdue.attributes["x"] or 0) == pytest.approx(scale.x(given.sheet.as_of - 2 * DAY), abs=ROUNDED)
    assert "3 days overdue" in [text.text for text in page.one("svg", role="img").all("text")]


def _axis(page: Element) -> tuple[date, date]:
    """First and last day drawn, as the stays of the page say."""
    titles = [title.text for title in page.one("svg", role="img").all("title")]
    found = [date.fromisoformat(day) for title in titles if title.startswith(("level", "assessed"))
             for day in re.findall(r"\d{4}-\d{2}-\d{2}", title)]  # fmt: skip
    return min(found), max(found)


def test_a_past_overdue_span_stays_on_the_chart() -> None:
    """In the example the second review was held on 11 March, due on the 7th."""
    (overdue,) = bars(read(the_example(date(2026, 6, 1)).page()), "overdue")
    assert "2026-03-08 to 2026-03-10, 3 days" in overdue.text


def test_every_session_is_in_a_column() -> None:
    given = the_example()
    page = read(given.page())
    chart = page.one("svg", role="img")
    told = [title for title in (shape.text for shape in chart.all("rect", class_="service")) if "week of" not in title]
    attended = {str(i.day) for i in given.view.history if i.event.type in ("session_attended", "session_missed")}
    assert {re.findall(r"\d{4}-\d{2}-\d{2}", title)[0] for title in told} == attended
    assert len(chart.all("rect", class_="missed")) == 4  # two days, and the weeks of both


@pytest.mark.slow
def test_a_service_without_a_color_is_drawn_as_other() -> None:
    events = [admitted("01-05"), session("01-06", service="crisis", minutes=30), session("01-06", service="other")]
    as_of = date(2026, 1, 7)
    known = made(promptly(events), as_of)
    lanes = picture_of(known.view, known.lines(), as_of, {}).lanes
    [day] = next(lane.columns for lane in lanes if lane.name == "Sessions by day")
    assert day.above == (("other", 210),)


def test_two_years_are_told_by_the_week() -> None:
    names = [note.text for note in read(two_years().page()).all("span", class_="lane-name")]
    assert "Sessions by week" in names
    assert "Sessions by day" not in names


@pytest.mark.parametrize("name", PAGES)
def test_what_is_drawn_is_told_apart_without_colors(name: str) -> None:
    """Whatever means a problem has a pattern, a shape or words beside its color, and stands in the legend."""
    page = read(PAGES[name]().page())
    css = page.one("style").inside[0]
    assert isinstance(css, str)
    patterns = re.findall(r"\.bar\.(\w+) \{ fill: url\(#p-\w+\)", css)
    assert {"overdue", "violation", "unknown"} <= set(patterns)
    legend = page.all("ul", class_="legend")[0]
    drawn_kinds = {
        word
        for shape in page.one("svg", role="img")
        for word in (shape.attributes.get("class") or "").split()
        if (word in GLYPHS and word != "origin") or word in ("overdue", "due_soon", "missed", "threshold", "hold")
    }
    shown = {word for shape in legend for word in (shape.attributes.get("class") or "").split()}
    assert drawn_kinds <= shown


# --- the palette -------------------------------------------------------------------------------------------------

READ_ON = {
    "paper": ("ink", "soft", "link", "good", "bad", "warn", "strong", "overdue", "as-of"),
    "raised": ("ink", "soft", "link", "good", "bad", "warn"),
    "mark": ("ink", "link"),
    "notice-paper": ("ink", "notice", "link"),
    "stay-0": ("on-stay",),
    "stay-1": ("on-stay",),
    "assessed": ("ink",),
    "eligible": ("ink",),
    "due-soon": ("ink",),
    "not-met": ("paper",),
}
SEEN_ON_PAPER = (
    "stay-0", "stay-1", "group", "individual", "family", "education", "motivational", "other", "missed", "overdue",
    "violation", "unknown", "due-soon-edge", "eligible-edge", "not-met", "as-of",
)  # fmt: skip


def palettes() -> dict[str, dict[str, str]]:
    """The colors of light and dark, by name; dark changes what it names."""
    css = read(a_story("DEMO-011").page()).one("style").inside[0]
    assert isinstance(css, str)
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in css.split("* {")[0].split("@media")
    )
    return {"light": light, "dark": light | dark}


def contrast(one: str, other: str) -> float:
    """As WCAG 2 has it: from 1 to 21."""
    lights = sorted(
        sum(share * _channel(color[at : at + 2]) for share, at in ((0.2126, 1), (0.7152, 3), (0.0722, 5)))
        for color in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _channel(digits: str) -> float:
    value = int(digits, 16) / 255
    return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4


def test_contrast_is_counted_as_it_should_be() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_shapes_of_the_chart_can_be_told_from_what_is_behind(theme: str) -> None:
    """As WCAG 2 asks at level AA: 4.5 to 1 for words, 3 to 1 for shapes."""
    colors = palettes()[theme]
    faint = [
        (ink, paper) for paper, inks in READ_ON.items() for ink in inks if contrast(colors[ink], colors[paper]) < 4.5
    ]
    dim = [name for name in SEEN_ON_PAPER if contrast(colors[name], colors["paper"]) < 3]
    assert (faint, dim) == ([], [])
