"""`audit diff`: which verdicts changed between two times of knowledge, and which events changed each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import case_number, complete_episode
from caretrail.cli.filters import repeated_option
from caretrail.cli.groups import Command
from caretrail.cli.options import access_options, as_of_option, json_option, stale_option, store_option
from caretrail.cli.params import Knowledge, Moment
from caretrail.cli.session import Session, in_session
from caretrail.cli.terminal.tables import Cell, Row, lines, print_tables
from caretrail.describe import spoken
from caretrail.reading.query import Filters
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing
    from caretrail.reading.questions.diff import Change, ChangedBy, Compared, VerdictState

TITLES = ("Rule", "Days", "What", "Changed by")


@click.command("diff", cls=Command)
@click.argument("episode", metavar="[EPISODE]", required=False, shell_complete=complete_episode)
@click.option("--from", "start", type=Moment(), metavar="TIME|@N", required=True, help="The earlier time.")
@click.option(
    "--to", "known_at", type=Moment(), metavar="TIME|@N", help="The later time.  [default: the latest position]"
)
@repeated_option("program", "ID", "Only episodes in this program at either time")
@click.option("--all", "everything", is_flag=True, help="Include changes between met and not_applicable.")
@as_of_option
@stale_option
@json_option
@store_option
@access_options()
@in_session
def diff_command(
    asked: Session, episode: str | None, start: Knowledge, programs: Sequence[str], everything: bool
) -> None:
    """Show which verdicts changed between two times, and why.

    For the day and all days before it: the verdicts as known at the earlier and at the later time, and each event in
    between that changed them. A time has a zone, or is a date (its end in UTC) or @POSITION. EPISODE is a case number
    or the beginning of one. Attestations of programs are not compared.

        caretrail audit diff --from @54 --as-of 2026-03-24
        caretrail audit diff LNK-2026-0001 --from 2026-03-05 --to 2026-03-23
    """
    from caretrail.reading.questions.diff import Diff

    name = case_number(asked, episode) if episode is not None else None
    answer = asked.ask(Diff(start, asked.query, Filters(programs=frozenset(programs)), name))
    found = answer.value
    if found.after < found.before:
        raise click.UsageError("--to must not be before --from")
    shown = tuple(change for change in found.changes if everything or change.loud)
    asked.show(answer, partial(_print, asked, shown, name, start), shown=replace(found, changes=shown))


def _print(
    asked: Session, shown: Sequence[Change], name: str | None, start: Knowledge, found: Compared, standing: Standing
) -> None:
    whose = f" of {visible(name)}" if name else ""
    click.echo(asked.heading(f"Changed verdicts{whose}", standing))
    on_day = [change for change in shown if change.on_day]
    _print_changes("On that day", on_day, found)
    _print_changes("On earlier days", [change for change in shown if not change.on_day], found)
    quiet = len(found.changes) - len(shown)
    if not found.changes:
        click.echo("\nNothing changed: the verdicts of all days up to that day are the same.")
    elif not shown:
        click.echo("\nNothing changed but met and not applicable verdicts.")
    more = f"; {quiet} more, met or not applicable: --all includes them" if quiet else ""
    click.echo(f"\n{plural(len(shown), 'change')}{more}")
    since = f"{plural(found.episodes, 'episode')} {'has' if found.episodes == 1 else 'have'} events recorded since"
    click.echo(f"Compared with {_when(start)}@{found.before}: {since}")


def _print_changes(title: str, changes: Sequence[Change], found: Compared) -> None:
    if not changes:
        return
    click.echo(f"\n{title} ({len(changes)})")
    groups = [
        (visible(episode), [_cells(change, found) for change in group])
        for episode, group in groupby(changes, key=lambda change: change.episode)
    ]
    print_tables(TITLES, groups, wraps=2, indent=2)


def _cells(change: Change, found: Compared) -> Row:
    last = change.until - timedelta(days=1)
    days = f"{change.start}\nto {last}" if last != change.start else str(change.start)
    main = _main(change, found)
    by = "through" if change.rule == "eligibility" else "due"
    before = _verdicts(change.before or (main.before if main else ()), by)
    after = _verdicts(change.after or (main.after if main else ()), by)
    what = lines(*before, *(f"→ {said}" for said in after))
    return change.rule, Cell(days), what, lines(*_events(change))


def _main(change: Change, found: Compared) -> Change | None:
    """The change of the rule itself on these days, if one of its subjects appeared or ended."""
    return next(
        (
            other
            for other in found.changes
            if (other.episode, other.rule, other.subject) == (change.episode, change.rule, "")
            and other.start <= change.start
            and change.until <= other.until
        ),
        None,
    )


def _verdicts(said: Sequence[VerdictState], by: str) -> Iterator[str]:
    """Verdicts in words; `by` is the word before their day."""
    if not said:
        yield "no verdict"
    for item in said:
        due = f", {by} {item.due_on}" if item.due_on and str(item.due_on) not in item.message else ""
        quiet = " (quiet)" if item.quiet else ""
        yield f"{spoken(item.verdict)}{due}{f': {item.message}' if item.message else ''}{quiet}"


def _events(change: Change) -> Iterator[str]:
    """The events that made the change; of several, the verdicts after each."""
    for event in change.events:
        target = f" {event.target}" if event.target is not None else ""
        yield f"event {event.version}: {spoken(event.type)}{target}"
        yield f"  {_author(event)}"
        yield f"  {event.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M}"
        if len(change.events) > 1:
            yield f"  → {', '.join(spoken(said.verdict) for said in event.said) or 'no verdict'}"


def _author(event: ChangedBy) -> str:
    return f"{event.author}, {event.credential or spoken(event.role)}" if event.author else "unreadable"


def _when(moment: Knowledge) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, " if isinstance(moment, datetime) else ""
