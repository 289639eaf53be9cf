"""`audit amendments`: late entries, corrections, addenda and voids, by author and period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from caretrail.aliases import Json
from caretrail.cli.audit.period import in_days, in_words
from caretrail.cli.filters import repeated_option
from caretrail.cli.groups import Command
from caretrail.cli.options import period_options
from caretrail.cli.params import Choice
from caretrail.cli.session import CsvRows, Session, list_options
from caretrail.cli.terminal.columns import Row
from caretrail.cli.terminal.screen import say
from caretrail.cli.terminal.tables import lines, print_table
from caretrail.describe import spoken
from caretrail.plain import as_json
from caretrail.reading.query import Filters
from caretrail.text import plural

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing
    from caretrail.reading.questions.amendments import Amended, AmendedBy, AmendedEvent

TITLES = ("Author", "Program", "Entries", "Late", "Corrected", "Added", "Voided")
LIST_TITLES = ("Recorded, UTC", "Episode", "What", "Author")
VERBS = {"corrected": "corrects", "addendum": "adds to", "voided": "voids"}


@click.command("amendments", cls=Command)
@period_options("On or after this day.", "On or before this day.")
@click.option(
    "--by",
    type=Choice(["recorded", "clinical"]),
    default="recorded",
    help="Days of the period: when events were recorded (default), or the days they are about (clinical).",
)
@repeated_option("author", "ID", "Only entries by this person")
@repeated_option("program", "ID", "Only days in this program")
@click.option("--list", "each", is_flag=True, help="List each late entry and amendment.")
@list_options
def amendments_command(
    asked: Session,
    start: date | None,
    end: date | None,
    by: Any,
    authors: Sequence[str],
    programs: Sequence[str],
    each: bool,
) -> None:
    """Count late entries, corrections, addenda and voids by author.

    A late entry states why it is late, or was recorded more days after it happened than the policy allows; imported
    events are never late. An amendment counts on the day of the event it amends. If a system is the author, those it
    entered for are listed below it. --json adds the events to each row.

        caretrail audit amendments --from 2026-03-01 --to 2026-03-31
        caretrail audit amendments --by clinical --from 2026-03-01 --list
    """
    from caretrail.reading.questions.amendments import AmendmentReport

    query, filters = replace(asked.query, start=start, end=end), Filters(programs=frozenset(programs))
    answer = asked.ask(AmendmentReport(query, filters, by, frozenset(authors)))
    found = answer.value
    period = f" {'recorded' if by == 'recorded' else 'about days'}{in_words(start, end)}"
    asked.show(
        answer,
        partial(_print, asked, period if start or end else "", each=each),
        shown=_each(found) if each else None,
        csv=_csv(found, each=each),
    )
    _say_uncounted(found)


def _csv(found: Amended, *, each: bool) -> CsvRows:
    """A row for each event, or for each author and program."""
    from caretrail.reading.questions.amendments import AmendedBy, AmendedEvent

    return CsvRows(AmendedEvent, _events(found)) if each else CsvRows(AmendedBy, found.rows, without=("events",))


def _each(found: Amended) -> Json:
    """The report with a row for each event."""
    return {"rows": as_json(_events(found)), "unread": found.unread, "unjudged": found.unjudged}


def _events(found: Amended) -> list[AmendedEvent]:
    return sorted((event for row in found.rows for event in row.events), key=lambda event: event.position)


def _print(asked: Session, period: str, found: Amended, _: Standing, *, each: bool) -> None:
    click.echo(asked.heading(f"Late entries and amendments{period}"))
    events = _events(found)
    click.echo("")
    some = [row for row in found.rows if row.events]
    if some:
        print_table(TITLES, [_cells(row) for row in some], wraps=0)
        click.echo("")
    if each and events:
        print_table(LIST_TITLES, [_line(event) for event in events], wraps=2)
        click.echo("")
    imported = sum(row.imported for row in found.rows)
    of = f" of {plural(sum(row.entries for row in found.rows), 'entry', 'entries')}"
    late = sum(event.late for event in events)
    amend = sum(event.target is not None for event in events)
    click.echo(f"{late} late and {plural(amend, 'amendment')}{of}{f', {imported:,} imported' if imported else ''}")
    if len(some) < len(found.rows):
        click.echo(f"{plural(len(found.rows) - len(some), 'more row')} without any: --json includes them")


def _cells(row: AmendedBy) -> Row:
    days = row.days_late
    late = f"{row.late}, {in_days(days)}" if days else "0"
    others = [f"for {who}" for who in row.performed_by]
    author = lines(row.author, row.credential or spoken(row.role), *others)
    counts = (row.corrections, row.addenda, row.voids)
    return author, row.program or "none", f"{row.entries:,}", late, *map(str, counts)


def _line(event: AmendedEvent) -> Row:
    late = f"LATE ENTRY, {plural(event.days_after, 'day')} after" if event.late else ""
    why = f": {event.late_reason}" if event.late_reason else ""
    if event.target is not None:
        what = f"{VERBS[event.type]} event {event.target}, {spoken(event.target_type)} of {event.about}"
        what = f"{what}: {spoken(event.reason) if event.type == 'voided' else event.reason}"
    else:
        what = f"{spoken(event.type)} of {event.about}"
    struck = f"VOIDED by event {event.voided_by}" if event.voided_by is not None else ""
    when = f"{event.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    others = [f"for {who}" for who in event.performed_by]
    return (
        when,
        lines(event.episode, f"event {event.version}"),
        lines(what, f"{late}{why}" if late else "", struck),
        lines(event.author, event.credential or spoken(event.role), *others),
    )


def _say_uncounted(found: Amended) -> None:
    if found.unread:
        say(f"Not counted: {plural(found.unread, 'episode')} unreadable, see 'caretrail projection quarantine'")
    if found.unjudged:
        say(f"{plural(found.unjudged, 'event')}: no policy defines when they are late")
