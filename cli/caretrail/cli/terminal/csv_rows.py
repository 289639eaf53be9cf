"""Rows as CSV, for spreadsheets: one record a row, and beside each what the answer stands on.

A field is empty where there is none. Several values stand in one cell with a space between; a part of an event is JSON.
Text that a spreadsheet would run as a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any, cast

from caretrail.cli.terminal.screen import json_text
from caretrail.plain import as_json, field_names, fields_of
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing

STANDING = ("as_of", "current_through", "newest", "stale")
"""The last columns: a file is kept long after the screen said how current it was. No record has such fields."""
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""How a formula begins, also in the wide forms that Japanese and Chinese spreadsheets take for the same."""
MARK = "\ufeff"
"""What Excel needs at the beginning of a file of UTF-8, or it takes it for the code page of the machine."""


def csv_lines(kind: type, rows: Iterable[object], standing: Standing, without: Collection[str] = ()) -> Iterator[str]:
    """A line of titles, then one for each row, a record of that kind; the fields in `without` are left out."""
    names = [name for name in field_names(kind) if name not in without]
    stands = [_cell(standing.as_of), _cell(standing.position), _cell(standing.newest), _cell(standing.stale)]
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    yield _line(writer, buffer, [*names, *STANDING])
    for row in rows:
        values = dict(fields_of(row) or ())
        yield _line(writer, buffer, [*(_cell(values[name]) for name in names), *stands])


def _line(writer: Any, buffer: StringIO, cells: Sequence[str]) -> str:
    buffer.seek(0)
    buffer.truncate()
    writer.writerow(cells)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    """A value as text: days and instants in ISO form, yes and no as `true` and `false`."""
    plain: Any = as_json(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, int | float):
        return str(plain)
    if isinstance(plain, list):
        items = cast("Sequence[Any]", plain)
        if not any(isinstance(item, list | dict) for item in items):
            return " ".join(map(_cell, items))
    text = visible(plain) if isinstance(plain, str) else json_text(cast(object, plain))
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
