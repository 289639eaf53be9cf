"""`worklist`: what to do, most urgent first, one row per episode and rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.asking import Asking, asking
from caretrail.cli.filters import filter_options, one_of_each, require_known_rule
from caretrail.cli.helping import described
from caretrail.cli.naming import whose
from caretrail.cli.options import MOST_ROWS, View, read_options
from caretrail.cli.screen import plural, print_json_list, say, visible
from caretrail.cli.tables import Row, print_tables, verdict_cell
from caretrail.cli.what_if import pack_option
from caretrail.projection.placed import Group

if TYPE_CHECKING:
    from caretrail.reading.answers import Worklist, WorkRow

GROUPS = {
    Group.NOW: "Now: overdue, due today, or treatment without an assessment",
    Group.THIS_WEEK: "Next: due soon, or a signature owed",
    Group.DOCUMENTATION: "Check the record: what it says is not enough to judge",
    Group.QUIET: "Quiet: explained, or too early to matter",
}
TITLES = ("Episode", "Rule", "Due", "What", "Owner")


@click.command("worklist")
@described
@click.option("--all", "everything", is_flag=True, help="Show what is quiet too.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), metavar="ROWS", help="Show at most this many rows.")
@pack_option
@filter_options
@read_options
def worklist_command(
    view: View, filters: dict[str, Any], everything: bool, limit: int | None, pack: str | None
) -> None:
    """Show what to do, most urgent first.

    One row per episode and rule: first what is overdue or due today, longest first, then what is due soon and
    signatures owed, then records to check. What a program must attest stands once, in a row of the program. Everybody's
    work is shown, unless --mine.

        caretrail worklist --mine
        caretrail worklist --pack rules-of-2027.toml
    """
    with asking(view, pack) as asked:
        work = asked.reader.worklist(
            asked.as_of, all_quiet=everything, known_at=asked.known_at, policy=asked.policy, **one_of_each(filters)
        )
        if not work.rows:
            require_known_rule(one_of_each(filters)["rule"], asked.what_if)
        some = asked.has_facts()
        if view.as_json:
            print_json_list(work.rows[:limit])
            say(asked.standing())
        elif some:
            standing = asked.standing()  # before anything else is asked
            difference = _difference(asked, work, everything, filters)
            _print(asked, work, limit, [line for line in (difference, standing) if line])


def _difference(asked: Asking, work: Worklist, everything: bool, filters: dict[str, Any]) -> str:
    """How the rows differ from those by the packs in force, where the board is there to be read."""
    if asked.what_if is None or asked.known_at is not None:
        return ""
    as_it_is = asked.reader.worklist(asked.as_of, all_quiet=everything, **one_of_each(filters))
    if asked.reader.stands_on.stale:
        return ""
    ours, theirs = _by_matter(work), _by_matter(as_it_is)
    more, less = len(ours.keys() - theirs.keys()), len(theirs.keys() - ours.keys())
    otherwise = sum(1 for matter, said in ours.items() if theirs.get(matter, said) != said)
    if not (more or less or otherwise):
        return "The same rows as by the packs in force."
    return f"Against the packs in force: {plural(more, 'row')} more, {less} less, {otherwise} changed."


def _by_matter(work: Worklist) -> dict[tuple[str, str, Group], tuple[object, ...]]:
    """What each row says, by the episode and the rule it is of; records to check are one row an episode."""
    return {
        (whose(row), "" if row.group is Group.DOCUMENTATION else row.rule, _kind(row)): (
            row.verdict,
            row.due_on,
            row.message,
        )
        for row in work.rows
    }


def _kind(row: WorkRow) -> Group:
    """The group of a row; this week's work is of one kind with what has become due."""
    return Group.NOW if row.group is Group.THIS_WEEK else row.group


def _print(asked: Asking, work: Worklist, limit: int | None, footer: Sequence[str]) -> None:
    click.echo(asked.heading("Worklist"))
    if not work.rows:
        _print_nothing(asked)
    shown = work.rows[:limit]
    groups = [
        (
            f"\n{title} ({sum(row.group is group for row in work.rows)})",
            [_cells(row) for row in shown if row.group is group],
        )
        for group, title in GROUPS.items()
    ]
    print_tables(TITLES, [(heading, rows) for heading, rows in groups if rows], wraps=3)
    if len(shown) < len(work.rows):
        click.echo(f"\n{plural(len(work.rows) - len(shown), 'row')} more, beyond --limit {limit}.")
    if work.quiet_count:
        click.echo(f"\n{plural(work.quiet_count, 'quiet row')} not shown: --all shows them too.")
    click.echo("\n" + "\n".join(footer))
    if work.rows:
        click.echo(f"'caretrail why EPISODE RULE{asked.what_if.option if asked.what_if else ''}' explains a row.")


def _print_nothing(asked: Asking) -> None:
    """An empty list says of how many episodes it is the list."""
    open_at = asked.reader.count_open(asked.as_of, known_at=asked.known_at)
    click.echo(f"\nNothing to do that was asked for; {plural(open_at.total(), 'episode')} open on that day.")
    if asked.what_if is not None:
        levels = asked.what_if.pack.levels
        count = sum(open_at[level] for level in levels)
        click.echo(f"At a level the pack is for ({visible(', '.join(levels))}): {count}.")


def _cells(row: WorkRow) -> Row:
    folded = row.group is Group.DOCUMENTATION
    rule = "" if folded and row.count > 1 else row.rule
    what = row.message if folded or row.count == 1 else f"{row.message} ({row.count} in all, since {row.since})"
    return whose(row), rule, verdict_cell(row.verdict, _due(row)), what, row.owner or ""


def _due(row: WorkRow) -> str:
    if row.verdict == "overdue":
        return f"{plural(row.days_overdue, 'day')} over"
    if row.verdict == "due_today":
        return "today"
    return str(row.due_on) if row.due_on and row.verdict == "due_soon" else f"since {row.since:%m-%d}"
