"""The chart as shapes with places and sizes, in units of which the page shows one as one CSS pixel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from caretrail.evidence.packet.page.picture import Bar, Column, Lane, Mark, Picture
from caretrail.evidence.packet.page.scale import PLOT_WIDTH, Scale

HEADER = 40.0
PAD = 7.0
STAY_HEIGHT = 22.0
ANSWER_HEIGHT = 17.0
BAR_HEIGHT = 11.0
ROW_GAP = 3.0
MARK_ROW = 19.0
MOST_ROWS = 8
COLUMNS_HEIGHT = 52.0
LETTER = 7.0
"""Width of a letter of the labels, on the generous side."""

GLYPHS = {
    "plan": "M0-8 8 0 0 8-8 0Z",
    "review": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0M-3.2 .2-.8 2.8 3.4-2.6",
    "signature": "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
    "determined-continue": "M-6-7 7 0-6 7Z",
    "determined-leave": "M-6-6H6V6H-6Z",
    "end": "M-1-13H2V13H-1Z",
    "origin": "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "late": "M-7-7H7V7H-7Z",
    "corrected": "M-7-7H7V7H-7Z",
    "addendum": "M-7-7H7V7H-7Z",
    "voided": "M-7-7H7V7H-7Z",
    "explained": "M-7-7H7V7H-7Z",
}
"""Outlines around their middle."""

ONE_LINE = 12
"""Letters of a lane's name that stand in one line."""

REACH = 8.0
"""How far a glyph reaches to either side."""


class Shape(NamedTuple):
    """An element of the drawing: `tag`, class, attributes, and what it says when pointed at or as text."""

    tag: str
    kind: str
    attributes: tuple[tuple[str, str], ...]
    title: str = ""
    text: str = ""


class Note(NamedTuple):
    """Text beside the plot, `y` from its top; `kind` is its CSS class."""

    y: float
    text: str
    kind: str


@dataclass(slots=True)
class Drawing:
    """Shapes in the order of drawing, and the notes beside the plot."""

    width: float = PLOT_WIDTH
    height: float = HEADER
    shapes: list[Shape] = field(default_factory=list[Shape])
    notes: list[Note] = field(default_factory=list[Note])

    def rect(self, kind: str, x: float, y: float, width: float, height: float, title: str = "") -> None:
        """A rectangle."""
        self._add("rect", kind, title, x=x, y=y, width=width, height=height)

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float, title: str = "") -> None:
        """A line."""
        self._add("line", kind, title, x1=x1, y1=y1, x2=x2, y2=y2)

    def text(self, kind: str, x: float, y: float, text: str, anchor: str = "start") -> None:
        """Text on a base line; it keeps inside, whatever the estimate of its width is worth."""
        self.shapes.append(
            Shape("text", kind, (("x", number(x)), ("y", number(y)), ("text-anchor", anchor)), text=text)
        )

    def glyph(self, kind: str, x: float, y: float, title: str, label: str = "") -> None:
        """A sign with its middle at a place, and a letter in it."""
        at = min(max(x, REACH), self.width - REACH)
        place = (("transform", f"translate({number(at)} {number(y)})"), ("d", GLYPHS[kind]))
        self.shapes.append(Shape("path", f"glyph {kind}", place, title))
        if label:
            self.text(f"letter {kind}", at, y + 3.6, label, "middle")

    def _add(self, tag: str, kind: str, title: str, **places: float) -> None:
        self.shapes.append(Shape(tag, kind, tuple((name, number(value)) for name, value in places.items()), title))


def number(value: float) -> str:
    """A place or size with a hundredth, without needless noughts.

    >>> number(12.0), number(0.125), number(-0.001)
    ('12', '0.12', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def drawn(picture: Picture) -> Drawing:
    """Draw the lanes below one another under the axis."""
    drawing = Drawing()
    tops: list[float] = []
    for lane in picture.lanes:
        tops.append(drawing.height)
        _lane(drawing, lane, picture.scale)
    drawing.height += 18 if picture.scale.shows(picture.as_of) else 4  # room to write the day asked about
    _behind(drawing, picture, tops)
    _as_of(drawing, picture)
    drawing.shapes.sort(key=lambda shape: shape.tag == "text")  # text last, on top of everything
    return drawing


# --- the axis ----------------------------------------------------------------------------------------------------


def _behind(drawing: Drawing, picture: Picture, tops: Sequence[float]) -> None:
    """Months, weeks and the lines between lanes, put behind everything drawn so far."""
    front, drawing.shapes = drawing.shapes, []
    bottom, scale = drawing.height, picture.scale
    weeks = scale.weeks(picture.week_starts_on)
    for tick in weeks:
        drawing.line("week", tick.x, HEADER - 4, tick.x, bottom)
        if tick.x < drawing.width - 14:
            drawing.text("week-label", tick.x + 2, HEADER - 8, tick.label)
    months = scale.months()
    for tick in months:
        drawing.line("year" if tick.is_year else "month", tick.x, 4, tick.x, bottom)
        if tick.x + 4 + len(tick.label) * LETTER < drawing.width:
            drawing.text("month-label", tick.x + 4, 14, tick.label)
    if not weeks:
        _years(drawing, scale, {tick.x for tick in months if tick.is_year})
    for top in tops:
        drawing.line("lane", 0, top, drawing.width, top)
    drawing.shapes += front


def _years(drawing: Drawing, scale: Scale, taken: set[float]) -> None:
    """The number of each year, under the months, where the axis begins and where the year does."""
    for year in range(scale.first.year, scale.end.year + 1):
        x = scale.x(max(date(year, 1, 1), scale.first))
        end = scale.x(date(year, 12, 31)) + scale.per_day
        if x + 4 + 4 * LETTER < min(end, drawing.width) and (x in taken or year == scale.first.year):
            drawing.text("year-label", x + 4, HEADER - 10, str(year))


def _as_of(drawing: Drawing, picture: Picture) -> None:
    """The day asked about; what lies after it is shaded."""
    day = picture.as_of
    if not picture.scale.shows(day):
        return
    x = picture.scale.middle(day)
    after = min(x + picture.scale.per_day / 2, drawing.width)
    drawing.rect("after", after, HEADER, drawing.width - after, drawing.height - HEADER)
    drawing.line("as-of", x, HEADER, x, drawing.height, f"as of {day}")
    anchor = "end" if x > drawing.width / 2 else "start"
    drawing.text("as-of-label", x + (-4 if anchor == "end" else 4), drawing.height - 4, f"as of {day}", anchor)


# --- lanes -------------------------------------------------------------------------------------------------------


def _lane(drawing: Drawing, lane: Lane, scale: Scale) -> None:
    top = drawing.height
    drawing.height += PAD
    drawing.notes.append(Note(top + PAD, lane.name, "lane-name measured" if lane.columns else "lane-name"))
    if lane.about:
        drawing.notes.append(Note(top + PAD + 14, lane.about, "lane-about"))
    due_top = drawing.height
    if lane.dues:
        drawing.height += 14
    if lane.overlay or lane.name == "Stay and level":
        _stay(drawing, lane, scale)
    else:
        _marks(drawing, lane.marks, scale)
        _bars(drawing, lane, scale)
        if lane.columns:
            _columns(drawing, lane, scale)
    two_lines = lane.about or len(lane.name) > ONE_LINE
    drawing.height = max(drawing.height, top + PAD + (28 if two_lines else 16)) + PAD
    _dues(drawing, lane.dues, scale, due_top)


def _stay(drawing: Drawing, lane: Lane, scale: Scale) -> None:
    y = drawing.height
    for bar in lane.bars:
        x, width = scale.x(bar.start), scale.x(bar.end) - scale.x(bar.start)
        drawing.rect(bar.kind, x, y, width, STAY_HEIGHT, bar.title)
        label = next((text for text in (bar.label, bar.label.partition(" · ")[0]) if _fits(text, width)), "")
        if label:
            drawing.text(f"on {bar.kind}", x + 6, y + 15, label)
    for bar in lane.overlay:
        drawing.rect(bar.kind, scale.x(bar.start), y, scale.x(bar.end) - scale.x(bar.start), STAY_HEIGHT, bar.title)
    for mark in lane.marks:
        drawing.glyph(mark.kind, scale.x(mark.day) + scale.per_day, y + STAY_HEIGHT / 2, mark.title)
    drawing.height += STAY_HEIGHT


def _fits(text: str, width: float) -> bool:
    return len(text) * LETTER + 10 <= width


def _bars(drawing: Drawing, lane: Lane, scale: Scale) -> None:
    """Bars in as few rows as they need, those that touch each other's label below."""
    answers = lane.name == "Continued stay"
    height = ANSWER_HEIGHT if answers else BAR_HEIGHT
    spans = [_reach(bar, scale, drawing.width) for bar in lane.bars]
    rows = _rows(spans)
    for bar, row in zip(lane.bars, rows, strict=True):
        x, end = scale.x(bar.start), scale.x(bar.end)
        y = drawing.height + row * (height + ROW_GAP)
        drawing.rect(f"bar {bar.kind}", x, y, end - x, height, bar.title)
        if not bar.label:
            continue
        if answers:
            if _fits(bar.label, end - x):
                drawing.text(f"on {bar.kind}", x + 5, y + 12.5, bar.label)
        elif end + 5 + len(bar.label) * LETTER <= drawing.width:
            drawing.text("bar-label", end + 4, y + 9.5, bar.label)
        else:
            drawing.text("bar-label", x - 4, y + 9.5, bar.label, "end")
    if rows:
        drawing.height += (max(rows) + 1) * (height + ROW_GAP) - ROW_GAP


def _reach(bar: Bar, scale: Scale, width: float) -> tuple[float, float]:
    """From where to where a bar and its label take room."""
    start, end = scale.x(bar.start), scale.x(bar.end)
    label = len(bar.label) * LETTER + 8 if bar.label and bar.kind.startswith("overdue") else 0.0
    return (start, end + label) if end + label <= width else (start - label, end)


def _rows(spans: Iterable[tuple[float, float]]) -> list[int]:
    """A row for each span, so that those in a row do not meet; beyond the most rows they may."""
    ends: list[float] = []
    found: list[int] = []
    for start, end in spans:
        row = next((row for row, taken in enumerate(ends) if taken <= start + 0.01), len(ends))
        if row == len(ends) and row < MOST_ROWS:
            ends.append(end)
        row = min(row, MOST_ROWS - 1)
        ends[row] = max(ends[row], end)
        found.append(row)
    return found


def _marks(drawing: Drawing, marks: Sequence[Mark], scale: Scale) -> None:
    if not marks:
        return
    places = [(scale.middle(mark.day), scale.middle(mark.tail or mark.day)) for mark in marks]
    rows = _rows((min(place) - REACH, max(place) + REACH) for place in places)
    for mark, (origin, x), row in zip(marks, places, rows, strict=True):
        y = drawing.height + row * MARK_ROW + REACH
        if origin != x:
            drawing.line("tail", origin, y, x, y)
            drawing.glyph("origin", origin, y, mark.title)
        drawing.glyph(mark.kind, x, y, mark.title, mark.label)
    drawing.height += (max(rows) + 1) * MARK_ROW


def _dues(drawing: Drawing, dues: Sequence[Mark], scale: Scale, top: float) -> None:
    """Due dates stand at the end of their day, each under its date; of dates that would meet, the later is written."""
    written = drawing.width + 1.0
    shown = [(min(scale.x(due.day) + scale.per_day, drawing.width), due) for due in dues if scale.shows(due.day)]
    for x, due in shown:
        drawing.line("due", x, top + 12, x, drawing.height - 3, due.title)
    for x, due in reversed(shown):
        half = len(due.label) * LETTER / 2
        middle = min(max(x, half), drawing.width - half)
        if middle + half <= written:
            drawing.text("due-label", middle, top + 8, due.label, "middle")
            written = middle - half


def _columns(drawing: Drawing, lane: Lane, scale: Scale) -> None:
    """Minutes attended stand on the line, minutes missed hang from it."""
    top = drawing.height + 5
    highest = max(sum(minutes for _, minutes in column.above) for column in lane.columns)
    highest = _rounded(max(highest, *(minutes for _, _, minutes in lane.threshold), 60))
    unit = COLUMNS_HEIGHT / highest
    base = top + COLUMNS_HEIGHT
    for share in (highest, highest // 2):
        drawing.line("grid", 0, base - share * unit, drawing.width, base - share * unit)
        drawing.notes.append(Note(base - share * unit, hours(share), "measure"))
    for column in lane.columns:
        _column(drawing, column, scale, base, unit)
    drawing.line("base", 0, base, drawing.width, base)
    for start, end, minutes in lane.threshold:
        y = base - minutes * unit
        drawing.line("threshold", scale.x(start), y, scale.x(end), y, f"{hours(minutes)} a week needed")
    drawing.height = base + max(4.0, max(column.below for column in lane.columns) * unit)


def _column(drawing: Drawing, column: Column, scale: Scale, base: float, unit: float) -> None:
    start, end = scale.x(column.start), scale.x(column.end)
    width = min(end - start, 30.0 if (column.end - column.start).days > 1 else 11.0)
    width = max(width * 0.84, min(1.0, end - start))
    x = (start + end - width) / 2
    y = base
    for service, minutes in column.above:
        y -= minutes * unit
        drawing.rect(f"service {service}", x, y, width, minutes * unit, column.title)
    if column.below:
        drawing.rect("service missed", x, base, width, column.below * unit, column.title)


def _rounded(minutes: int) -> int:
    """Up to a number of minutes that halves into hours or half hours."""
    step = next(step for step in (60, 120, 240, 600, 1200, 6000, 10**9) if minutes <= 4 * step)
    return -(-minutes // step) * step


def hours(minutes: int) -> str:
    """Minutes as hours: `9 h`, `1.5 h`."""
    return f"{minutes / 60:g} h"
