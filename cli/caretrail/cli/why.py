"""`why`: the chain behind a rule's verdict: dates, arithmetic, words of the rule, facts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from caretrail.cli.asking import Asking, asking
from caretrail.cli.helping import described
from caretrail.cli.naming import case_number, episode_argument
from caretrail.cli.options import View, read_options
from caretrail.cli.screen import print_json, say, visible
from caretrail.cli.wording import summary

if TYPE_CHECKING:
    from caretrail.reading.why import Interval, RestsOn, Why


@click.command("why")
@described
@episode_argument
@click.argument("rule")
@read_options
def command(view: View, episode: str, rule: str) -> None:
    """Explain a rule's verdict: rule, dates, arithmetic, facts.

    RULE may leave out its prefix: R1 means NE21-R1. EPISODE is a case number or the beginning of one.

        caretrail why LNK-2026-0001 R1 --as-of 2026-03-09
    """
    with asking(view) as asked:
        why = asked.reader.why(case_number(asked, episode), rule, asked.as_of, asked.known_at)
        if view.as_json:
            print_json(why)
            say(asked.standing())
        else:
            _print(asked, why)


def _print(asked: Asking, why: Why) -> None:
    from caretrail.cli.tables import Cell, lines, print_sheet

    click.echo(f"{visible(why.rule)} {visible(why.title)}{f' ({why.strength})' if why.strength else ''}")
    click.echo(asked.marked(f"{visible(why.episode)} on {why.as_of}"))
    click.echo("")
    said = [f"{row.verdict.replace('_', ' ')}: {row.message}" if row.message else row.verdict for row in why.findings]
    print_sheet(
        [
            (
                "Says" if why.in_force else "Last said",
                Cell(lines(*said) or "nothing about this episode up to that day"),
            ),
            ("Because", Cell(lines(*why.today))),
            ("Rests on", Cell(lines(*map(_fact, why.rests_on)))),
            ("Ends with", Cell(lines(why.cleared_by if _asks(why) else ""))),
            ("The rule", Cell(lines(why.text))),
            ("Source", Cell(lines(why.citation))),
        ]
    )
    _print_history(why)
    click.echo(f"\n{asked.standing()}")


def _print_history(why: Why) -> None:
    """What the rule said over time, up to the day asked for."""
    from caretrail.cli.tables import VERDICT_STYLES, Cell, Columns, print_table

    rows = [
        (_days(item), Cell(item.verdict, VERDICT_STYLES.get(item.verdict, "")), item.message)
        for item in why.history
        if item.verdict != "not_applicable" and item.start <= why.as_of
    ]
    if rows:
        click.echo("\nSo far:")
        print_table(Columns.of(("Days", "Verdict", "Message"), rows, wraps=2), rows, header=False, indent=2)


def _asks(why: Why) -> bool:
    """Whether anything is up that could end; what was not met when a stay ended never does."""
    return why.in_force and any(row.verdict not in ("met", "not_applicable", "not_met") for row in why.findings)


def _fact(item: RestsOn) -> str:
    changed = f" (corrected by {', '.join(map(str, item.corrected_by))})" if item.corrected_by else ""
    struck = f" (voided by {item.voided_by})" if item.voided_by else ""
    return f"fact {item.version}, {item.occurred_on}: {summary(item.fact)}{changed}{struck}"


def _days(item: Interval) -> str:
    return f"{item.start} to {item.until - timedelta(days=1)}" if item.until else f"{item.start} on"
