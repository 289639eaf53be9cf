"""`audit diff`: which verdicts changed between two times of knowledge, and which events changed each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.episodes import case_number, complete_episode
from caretrail.cli.filters import repeated_option
from caretrail.cli.groups import Command
from caretrail.cli.options import access_options, as_of_option, json_option, stale_option, store_option
from caretrail.cli.params import Knowledge, Moment
from caretrail.cli.session import Session, in_session
from caretrail.cli.terminal.columns import Cell, Row
from caretrail.cli.terminal.spool import Spool
from caretrail.cli.terminal.tables import lines, print_tables
from caretrail.describe import spoken
from caretrail.reading.query import Filters
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Answer, Standing
    from caretrail.reading.questions.diff import Change, ChangedBy, Compared, VerdictState

TITLES = ("Rule", "Days", "What", "Changed by")

NO_VERDICT = "no verdict"

_Shown = tuple[str, Row]
"""A change as the cells of a row, behind the case number of its episode."""


@click.command("diff", cls=Command)
@click.argument("episode", metavar="[EPISODE]", required=False, shell_complete=complete_episode)
@click.option("--from", "start", type=Moment(), metavar="TIME|@N", required=True, help="The earlier time.")
@click.option(
    "--to", "known_at", type=Moment(), metavar="TIME|@N", help="The later time.  [default: the latest position]"
)
@repeated_option("program", "ID", "Only episodes in this program at either time")
@repeated_option("clinician", "ID", "Only cases of this clinician at either time")
@click.option("--all", "everything", is_flag=True, help="Include changes between met and not_applicable.")
@as_of_option
@stale_option
@json_option
@store_option
@access_options()
@in_session
def diff_command(
    asked: Session,
    episode: str | None,
    start: Knowledge,
    programs: Sequence[str],
    clinicians: Sequence[str],
    everything: bool,
) -> None:
    """Show which verdicts changed between two times, and why.

    For the day and all days before it: the verdicts as known at the earlier and at the later time, and each event in
    between that changed them. A time has a zone, or is a date (its end in UTC) or @POSITION. EPISODE is a case number
    or the beginning of one. Attestations of programs are not compared. --json prints changes as they are found.

        caretrail audit diff --from @54 --as-of 2026-03-24
        caretrail audit diff LNK-2026-0001 --from 2026-03-05 --to 2026-03-23
    """
    from caretrail.reading.questions.diff import Diff

    name = case_number(asked, episode) if episode is not None else None
    filters = Filters(programs=frozenset(programs), clinicians=frozenset(clinicians))
    parts = asked.parts(Diff(start, asked.query, filters, name))
    first = next(parts)
    if first.value.after < first.value.before:
        raise click.UsageError("--to must not be before --from")
    found = _Found(everything)
    changes = found.of(chain((first,), parts))
    if asked.as_json:
        asked.print_fields(_fields(first, changes, found))
        asked.tell_of_nothing(found.standing)
        return
    with Spool[_Shown]() as on_day, Spool[_Shown]() as earlier:
        for change, of_episode in changes:
            (on_day if change.on_day else earlier).add((change.episode, _cells(change, of_episode)))
        asked.progress.erase()
        if asked.tell_of_nothing(found.standing):
            whose, since = f" of {visible(name)}" if name else "", f"{_when(start)}@{first.value.before}"
            _print(asked, found, (on_day, earlier), whose, since)
            click.echo(asked.current_through(found.standing))


class _Found:
    """What the parts of an answer add up to, once all of them were gone through."""

    standing: Standing

    def __init__(self, everything: bool) -> None:
        self._everything = everything
        self.episodes = self.changes = self.shown = 0

    def of(self, parts: Iterable[Answer[Compared]]) -> Iterator[tuple[Change, Sequence[Change]]]:
        """The changes to show, each with all of its episode."""
        for part in parts:
            self.standing = part.standing
            self.episodes += part.value.episodes
            self.changes += len(part.value.changes)
            for _, group in groupby(part.value.changes, key=lambda change: change.episode):
                of_episode = list(group)
                for change in of_episode:
                    if self._everything or change.loud:
                        self.shown += 1
                        yield change, of_episode


def _fields(
    first: Answer[Compared], changes: Iterator[tuple[Change, object]], found: _Found
) -> Iterator[tuple[str, Any]]:
    """The fields of the JSON; what only the end of a long answer tells comes last."""
    yield from (("standing", first.standing), ("before", first.value.before), ("after", first.value.after))
    yield "changes", (change for change, _ in changes)
    yield "episodes", found.episodes


class _Tables:
    """The changes under one heading: a table for each episode, as often as asked."""

    def __init__(self, rows: Spool[_Shown]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[tuple[str, Iterator[Row]]]:
        for episode, group in groupby(self._rows, key=itemgetter(0)):
            yield visible(episode), (cells for _, cells in group)


def _print(asked: Session, found: _Found, shown: tuple[Spool[_Shown], Spool[_Shown]], whose: str, since: str) -> None:
    click.echo(asked.heading(f"Changed verdicts{whose}", found.standing))
    for title, rows in zip(("On that day", "On earlier days"), shown, strict=True):
        if rows:
            click.echo(f"\n{title} ({len(rows):,})")
            print_tables(TITLES, _Tables(rows), wraps=2, indent=2)
    if not found.changes:
        click.echo("\nNothing changed: the verdicts of all days up to that day are the same.")
    elif not found.shown:
        click.echo("\nNothing changed but met and not applicable verdicts.")
    quiet = found.changes - found.shown
    more = f"; {quiet:,} more, met or not applicable: --all includes them" if quiet else ""
    click.echo(f"\n{plural(found.shown, 'change')}{more}")
    have = f"{plural(found.episodes, 'episode')} {'has' if found.episodes == 1 else 'have'} events recorded since"
    click.echo(f"Compared with {since}: {have}")


def _cells(change: Change, of_episode: Sequence[Change]) -> Row:
    last = change.until - timedelta(days=1)
    days = f"{change.start}\nto {last}" if last != change.start else str(change.start)
    main = _main(change, of_episode)
    by = "through" if change.rule == "eligibility" else "due"
    before = verdicts(change.before or (main.before if main else ()), by)
    after = verdicts(change.after or (main.after if main else ()), by)
    what = lines(*before, *(f"→ {said}" for said in after))
    return change.rule, Cell(days), what, lines(*_events(change))


def _main(change: Change, of_episode: Sequence[Change]) -> Change | None:
    """The change of the rule itself on these days, if one of its subjects appeared or ended."""
    return next(
        (
            other
            for other in of_episode
            if (other.rule, other.subject) == (change.rule, "")
            and other.start <= change.start
            and change.until <= other.until
        ),
        None,
    )


def verdicts(said: Sequence[VerdictState], by: str) -> Iterator[str]:
    """Verdicts in words; `by` is the word before their day."""
    if not said:
        yield NO_VERDICT
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
