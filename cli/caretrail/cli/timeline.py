"""`timeline`: every fact of an episode, when it happened and when the store learned it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.asking import Asking, asking
from caretrail.cli.helping import described
from caretrail.cli.naming import case_number, episode_argument
from caretrail.cli.options import View, read_options
from caretrail.cli.screen import plural, print_json_list, say, visible
from caretrail.cli.wording import spoken, summary, value_in_words

if TYPE_CHECKING:
    from caretrail.reading.timeline import TimelineRow

TITLES = ("Fact", "Happened", "Recorded, UTC", "What", "Stated by")


@click.command("timeline")
@described
@episode_argument
@click.option(
    "--order",
    type=click.Choice(["recorded", "clinical"]),
    default="recorded",
    help="As recorded (default), or as it happened.",
)
@read_options
def command(view: View, episode: str, order: Any) -> None:
    """Show every fact of an episode and when it became known.

    Late entries are marked; what was corrected, added or voided stays readable, with who changed it and why. EPISODE
    is a case number or the beginning of one.

        caretrail timeline LNK-2026-0001 --known-at 2026-03-22
    """
    with asking(view) as asked:
        name = case_number(asked, episode)
        rows = asked.reader.timeline(name, asked.as_of, asked.known_at, order)
        if view.as_json:
            print_json_list(rows)
            say(asked.standing())
        else:
            _print(asked, name, rows)


def _print(asked: Asking, name: str, rows: Sequence[TimelineRow]) -> None:
    from caretrail.cli.tables import Columns, print_table

    click.echo(asked.heading(f"Timeline of {visible(name)}", ""))
    click.echo("")
    cells = [_cells(row) for row in rows]
    print_table(Columns.of(TITLES, cells, wraps=3), cells)
    marks = {
        "late": sum(row.late for row in rows),
        "corrected": sum(bool(row.corrected_by) for row in rows),
        "voided": sum(row.voided_by is not None for row in rows),
        "imported": sum(row.imported for row in rows),
    }
    counted = "".join(f", {count} {mark}" for mark, count in marks.items() if count)
    click.echo(f"\n{plural(len(rows), 'fact')}{counted}")
    click.echo(asked.standing())


def _cells(row: TimelineRow) -> Sequence[Any]:
    from caretrail.cli.tables import Cell, lines

    struck = row.voided_by is not None
    what = f"✗ {summary(row.fact)}" if struck else summary(row.fact)
    recorded = row.recorded_at.strftime("%Y-%m-%d %H:%M")
    by = lines(row.author, row.credential or spoken(row.role))
    return (
        str(row.version),
        Cell(str(row.occurred_on), "red" if row.late else ""),
        recorded,
        Cell(lines(what, *_marks(row)), "strike dim" if struck else ""),
        Cell(by),
    )


def _marks(row: TimelineRow) -> list[str]:
    """What must not be overlooked about a fact."""
    marks: list[str] = []
    if row.late:
        marks.append(f"LATE ENTRY{f': {row.late_reason}' if row.late_reason else ''}")
    if row.entered_at is not None:
        marks.append(f"entered {row.entered_at:%Y-%m-%d %H:%M %Z}, says the sender")
    marks += [
        f"CORRECTED by {change.version}, {change.author}: {spoken(change.field)} "
        f"{value_in_words(change.old)} → {value_in_words(change.new)} ({change.reason})"
        for change in row.corrections
    ]
    marks += [f"ADDED by {added.version}, {added.author}: {added.text} ({added.reason})" for added in row.addenda]
    if row.explains_nothing:
        marks.append("EXPLAINS NOTHING: no finding of that rule was up on that day")
    if row.voided_by is not None:
        marks.append(f"VOIDED by {row.voided_by}: {spoken(row.void_reason)}")
    return marks
