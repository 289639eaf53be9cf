"""`timeline`: every event of an episode, when it happened and when it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.episodes import case_number, episode_argument
from caretrail.cli.groups import Command
from caretrail.cli.params import Choice
from caretrail.cli.session import Session, list_options
from caretrail.cli.terminal.columns import Row
from caretrail.cli.terminal.tables import Rows, lines, print_table
from caretrail.describe import spoken, summary, value_in_words
from caretrail.reading.due_review import in_short
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing
    from caretrail.reading.event_rows import Amendment, EventRow, Withdrawn

TITLES = ("Event", "Happened", "Recorded, UTC", "What", "Stated by")
MINUTE = "%Y-%m-%d %H:%M"
NOT_CERTAIN = "until it is voided, no verdict on the episode is certain"
NOUNS = {"corrected": "the correction", "addendum": "the addendum", "voided": "the void"}


@click.command("timeline", cls=Command)
@episode_argument
@click.option(
    "--order",
    type=Choice(["recorded", "clinical"]),
    default="recorded",
    help="Order by when it was recorded (default), or by when it happened (clinical).",
)
@list_options
def timeline_command(asked: Session, episode: str, order: Any) -> None:
    """Show every event of an episode and when it became known.

    Late entries are marked. Corrected, amended and voided events stay readable, with who changed them, when and why. A
    corrected date is shown below the original and decides the clinical order. EPISODE is a case number or the beginning
    of one.

        caretrail timeline LNK-2026-0001 --known-at 2026-03-22
        caretrail timeline LNK-2026-0001 --order clinical
    """
    from caretrail.reading.event_rows import EventRow
    from caretrail.reading.questions.timeline import Timeline

    name = case_number(asked, episode)
    asked.answer_list(Timeline(name, asked.query, order), EventRow, partial(_print, name))


def _print(name: str, asked: Session, rows: Sequence[EventRow], _: Standing) -> None:
    click.echo(asked.heading(f"Timeline of {visible(name)}"))
    click.echo("")
    print_table(TITLES, Rows(_cells, rows), wraps=3)
    marks = {
        "late": sum(row.late for row in rows),
        "corrected": sum(bool(row.corrected_by) for row in rows),
        "added to": sum(bool(row.addenda) for row in rows),
        "voided": sum(row.voided_by is not None for row in rows),
        "imported": sum(row.imported for row in rows),
        "unreadable": sum(row.type == "sealed" for row in rows),
    }
    counted = "".join(f", {count} {mark}" for mark, count in marks.items() if count)
    click.echo(f"\n{plural(len(rows), 'event')}{counted}")


def _cells(row: EventRow) -> Row:
    struck = row.voided_by is not None
    what = f"@{row.position} cannot be read" if row.type == "sealed" else summary(row.event)
    what = f"✗ {what}" if struck else what
    moved = f"→{row.happened_on}" if row.happened_on != row.occurred_on else ""
    did = [str(person["id"]) for person in row.event.get("performed_by") or ()]
    others = [f"for {who}" for who in did if did != [row.author]]
    by = lines(row.author, row.credential or spoken(row.role), *others)
    return (
        str(row.version),
        lines(str(row.occurred_on), moved, style="red" if row.late else ""),
        lines(f"{row.recorded_at:{MINUTE}}", "imported" if row.imported else ""),
        lines(what, *_marks(row), style="strike dim" if struck else ""),
        by,
    )


def _marks(row: EventRow) -> list[str]:
    """Marks of an event in order: late or entered elsewhere, then each later change to it."""
    marks: list[str] = []
    if row.type == "sealed":
        sealed = row.event
        marks.append(f"{visible(str(sealed['name']))}, leaf {sealed['leaf']}")
        void = sealed.get("voided_at")
        marks.append(f"VOIDED by an operator, @{void}: {visible(str(sealed['reason']))}" if void else NOT_CERTAIN)
    if row.review is not None:
        marks.append(f"review due {row.review.due_on}: {in_short(row.review)}")
    if row.late:
        after = f", {plural(row.days_after, 'day')} after" if row.days_after > 0 else ""
        marks.append(f"LATE ENTRY{after}{f': {row.late_reason}' if row.late_reason else ''}")
    if row.entered_at is not None:
        marks.append(f"entered {row.entered_at:%Y-%m-%d %H:%M %Z} according to the sender")
    if row.explains_nothing:
        marks.append("EXPLAINS NOTHING: no finding of that rule was in force on that day")
    for _, changes in groupby(row.corrections, key=lambda change: change.version):
        fields = list(changes)
        said = "; ".join(f"{spoken(one.field)} {value_in_words(one.old)} → {value_in_words(one.new)}" for one in fields)
        marks.append(f"CORRECTED by {_stated(fields[0])}: {said} ({fields[0].reason})")
    marks += [f"ADDED by {_stated(added)}: {added.text} ({added.reason})" for added in row.addenda]
    marks += [_withdrawn(row, gone) for gone in row.withdrawn]
    if row.void is not None:
        along = f" with event {row.void.target}" if row.void.target != row.version else ""
        marks.append(f"VOIDED{along} by {_stated(row.void)}: {spoken(row.void.reason)}")
    return marks


def _withdrawn(row: EventRow, gone: Withdrawn) -> str:
    was = f"{NOUNS[gone.type]} by {_stated(gone)} ({spoken(gone.reason)})"
    if gone.by.target == row.version:
        return f"VOIDED WITH IT: {was}"
    return f"WITHDRAWN by {_stated(gone.by)} ({spoken(gone.by.reason)}): {was}"


def _stated(by: Amendment) -> str:
    """The number, author and time of an amendment, and its date if that is not the day it was recorded."""
    dated = f", dated {by.occurred_on}" if by.occurred_on != by.recorded_at.date() else ""
    return f"{by.version}, {by.author}, {by.credential or spoken(by.role)}, {by.recorded_at:{MINUTE}}{dated}"
