"""`worklist`: what to do, most urgent first, one row per episode and rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.asking import Asking, asking
from caretrail.cli.filters import filter_options, require_known_rule
from caretrail.cli.helping import described
from caretrail.cli.options import View, read_options
from caretrail.cli.screen import plural, print_json_list, say

if TYPE_CHECKING:
    from caretrail.reading.answers import Worklist, WorkRow

GROUPS = {
    1: "Now: overdue, due today, or treatment without an assessment",
    2: "Next: due this week, or a signature owed",
    3: "Check the record: what it says is not enough to judge",
    4: "Quiet: explained, or too early to matter",
}
TITLES = ("Episode", "Rule", "Due", "What", "Owner")


@click.command("worklist")
@described
@click.option("--all", "everything", is_flag=True, help="Show what is quiet too.")
@click.option("--limit", type=click.IntRange(min=1), metavar="ROWS", help="Show no more than so many rows.")
@filter_options
@read_options
def command(view: View, filters: dict[str, Any], everything: bool, limit: int | None) -> None:
    """Show what to do, most urgent first.

    One row per episode and rule: first what is overdue or due today, longest first, then what is due this week and
    signatures owed, then records to check. Everybody's work is shown, unless --mine.

        caretrail worklist --mine
    """
    with asking(view) as asked:
        work = asked.reader.worklist(asked.as_of, all_quiet=everything, known_at=asked.known_at, **filters)
        if not work.rows:
            require_known_rule(filters["rule"])
        some = asked.has_facts()
        if view.as_json:
            print_json_list(work.rows[:limit])
            say(asked.standing())
        elif some:
            _print(asked, work, limit)


def _print(asked: Asking, work: Worklist, limit: int | None) -> None:
    from caretrail.cli.tables import Columns, print_table

    click.echo(asked.heading("Worklist"))
    if not work.rows:
        _print_nothing(asked)
    shown = work.rows[:limit]
    rows = {group: [_cells(row) for row in shown if row.group == group] for group in GROUPS}
    columns = Columns.of(TITLES, (cells for group in rows.values() for cells in group), wraps=3)
    for group, cells in rows.items():
        if cells:
            click.echo(f"\n{GROUPS[group]} ({sum(row.group == group for row in work.rows)})")
            print_table(columns, cells)
    if len(shown) < len(work.rows):
        click.echo(f"\n{plural(len(work.rows) - len(shown), 'row')} more, beyond --limit {limit}.")
    if work.quiet_count:
        click.echo(f"\n{plural(work.quiet_count, 'quiet row')} not shown: --all shows them too.")
    click.echo(f"\n{asked.standing()}")
    if work.rows:
        click.echo("'caretrail why EPISODE RULE' explains a row.")


def _print_nothing(asked: Asking) -> None:
    """An empty list says of how many episodes it is the list."""
    count = len(asked.reader.census(asked.as_of, known_at=asked.known_at))
    click.echo(f"\nNothing to do that was asked for; {plural(count, 'episode')} open on that day.")


def _cells(row: WorkRow) -> Sequence[Any]:
    from caretrail.cli.tables import VERDICT_STYLES, Cell

    style = VERDICT_STYLES.get(row.verdict, "")
    rule = row.rule if row.group != 3 or row.count == 1 else ""
    what = row.message if row.count == 1 or row.group == 3 else f"{row.message} ({row.count} in all, since {row.since})"
    return row.episode, rule, Cell(_due(row), style), what, row.owner or ""


def _due(row: WorkRow) -> str:
    if row.verdict == "overdue":
        return f"{plural(row.days_overdue, 'day')} over"
    if row.verdict == "due_today":
        return "today"
    return str(row.due_on) if row.due_on and row.verdict == "due_soon" else f"since {row.since:%m-%d}"
