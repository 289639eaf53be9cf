"""`worklist`: what to do, most urgent first, one row for each episode and rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import whose
from caretrail.cli.filters import filter_options
from caretrail.cli.groups import Command
from caretrail.cli.params import MOST_ROWS, Count
from caretrail.cli.session import CsvRows, Session, list_options
from caretrail.cli.terminal.columns import Row
from caretrail.cli.terminal.screen import say
from caretrail.cli.terminal.tables import Rows, print_tables, verdict_cell
from caretrail.cli.what_if import pack_option
from caretrail.errors import StaleReadModel
from caretrail.reading.answers import WorkRow
from caretrail.reading.query import NO_FILTERS, Filters
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing, Work
    from caretrail.reading.questions.worklist import Worklist

GROUPS = {
    "now": "Now: overdue, due today, or treatment without an assessment",
    "this_week": "This week: due soon, or a signature owed",
    "documentation": "Needs documentation: not enough on file to decide",
    "quiet": "Quiet: explained, or too early to matter",
}
TITLES = ("Episode", "Rule", "Due", "What", "Owner")


@click.command("worklist", cls=Command)
@click.option("--all", "everything", is_flag=True, help="Include quiet items.")
@click.option("--limit", type=Count(1, MOST_ROWS), metavar="ROWS", help="Show at most this many rows.")
@pack_option
@filter_options
@list_options
def worklist_command(asked: Session, filters: Filters, everything: bool, limit: int | None) -> None:
    """Show what to do, most urgent first.

    One row for each episode and rule: first overdue or due today, longest overdue first; then due soon and signatures
    owed; then missing documentation. Attestations of a program are rows of the program. Shows all caseloads unless
    --mine is given.

        caretrail worklist --mine
        caretrail worklist --csv > worklist.csv
        caretrail worklist --pack rules-of-2027.toml
    """
    from caretrail.reading.questions.worklist import Worklist

    question = Worklist(asked.query, filters, everything)
    answer = asked.ask(question)
    work = answer.value
    difference = nothing = ""
    if not asked.as_json:  # before anything is printed: each question may be refused
        difference = _difference(asked, question, work)
        nothing = "" if work.rows else _nothing(asked, question)
    if asked.as_csv:
        for line in filter(None, (nothing, *_left_out(work, limit), difference)):
            say(line)
    option = asked.what_if.option if asked.what_if is not None else ""
    why = f"'caretrail why EPISODE RULE{option}' explains a row."
    asked.show(
        answer,
        partial(_print, asked, limit, difference, nothing),
        *([why] if work.rows else []),
        shown=replace(work, rows=work.rows[:limit]),
        csv=CsvRows(WorkRow, work.rows[:limit]),
    )


def _nothing(asked: Session, question: Worklist) -> str:
    """An empty list tells how many episodes were open, and whether filters or another pack left some out."""
    from caretrail.reading.questions.census import OpenEpisodes

    open_at = asked.ask(OpenEpisodes(replace(asked.query, policy=None))).value
    count = open_at.total()
    if count and asked.what_if is None and question.filters == NO_FILTERS:
        return f"Nothing due. {f'All {count:,} open episodes were' if count > 1 else 'The 1 open episode was'} judged."
    if not count and question.filters == NO_FILTERS and asked.what_if is None:
        return "Nothing due: no episodes were open that day."
    text = f"No matching items. {plural(count, 'episode')} {'was' if count == 1 else 'were'} open that day."
    if asked.what_if is None:
        return text
    levels = asked.what_if.pack.levels
    covered = sum(open_at[level] for level in levels)
    return f"{text}\nAt a level the pack is for ({visible(', '.join(levels))}): {covered}."


def _difference(asked: Session, question: Worklist, work: Work) -> str:
    """How the rows differ from those of the packs in force; empty if these cannot be had."""
    if asked.what_if is None or asked.query.known_at is not None:
        return ""
    try:
        as_it_is = asked.ask(replace(question, query=replace(asked.query, policy=None, allow_stale=False))).value
    except StaleReadModel:
        return ""
    ours, theirs = _by_matter(work), _by_matter(as_it_is)
    more, less = len(ours.keys() - theirs.keys()), len(theirs.keys() - ours.keys())
    otherwise = sum(1 for matter, said in ours.items() if theirs.get(matter, said) != said)
    if not (more or less or otherwise):
        return "The packs in force give the same rows."
    return f"Compared with the packs in force: {plural(more, 'row')} more, {less} fewer, {otherwise} changed."


def _by_matter(work: Work) -> dict[tuple[str, str, str], tuple[object, ...]]:
    """The verdict, due day and message of each row, by episode and rule; documentation is one row an episode."""
    return {
        (whose(row), "" if row.group == "documentation" else row.rule, _kind(row)): (
            row.verdict,
            row.due_on,
            row.message,
        )
        for row in work.rows
    }


def _kind(row: WorkRow) -> str:
    """The group of a row; moving between today's and this week's work is no change."""
    return "now" if row.group == "this_week" else row.group


def _print(asked: Session, limit: int | None, difference: str, nothing: str, work: Work, standing: Standing) -> None:
    click.echo(asked.heading("Worklist", standing))
    if nothing:
        click.echo(f"\n{nothing}")
    shown = work.rows[:limit]
    groups = [
        (
            f"\n{title} ({sum(row.group == group for row in work.rows)})",
            Rows(_cells, [row for row in shown if row.group == group]),
        )
        for group, title in GROUPS.items()
    ]
    print_tables(TITLES, [(heading, rows) for heading, rows in groups if rows], wraps=3)
    for line in _left_out(work, limit):
        click.echo(f"\n{line}")
    click.echo("")
    if difference:
        click.echo(difference)


def _left_out(work: Work, limit: int | None) -> Iterator[str]:
    """What is not among the rows shown, in words."""
    if limit is not None and limit < len(work.rows):
        yield f"{plural(len(work.rows) - limit, 'row')} not shown: --limit is {limit}."
    if work.quiet_count:
        yield f"{plural(work.quiet_count, 'quiet row')} not shown: --all includes them."


def _cells(row: WorkRow) -> Row:
    folded = row.group == "documentation"
    rule = "" if folded and row.count > 1 else row.rule
    what = row.message if folded or row.count == 1 else f"{row.message} ({row.count} in all, since {row.since})"
    return whose(row), rule, verdict_cell(row.verdict, _due(row)), what, row.owner or ""


def _due(row: WorkRow) -> str:
    if row.doubt is not None:
        return "cannot be told"
    if row.verdict == "overdue":
        return f"{plural(row.days_overdue, 'day')} over"
    if row.verdict == "due_today":
        return "today"
    return str(row.due_on) if row.due_on and row.verdict == "due_soon" else f"since {row.since:%m-%d}"
