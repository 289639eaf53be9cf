"""`audit reviews`: how many of the reviews that were due were done on time, by program and clinician."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import click

from caretrail.aliases import Json
from caretrail.cli.audit.period import in_days, in_words
from caretrail.cli.filters import repeated_option
from caretrail.cli.groups import Command
from caretrail.cli.options import period_options
from caretrail.cli.session import CsvRows, Session, list_options
from caretrail.cli.terminal.columns import Row
from caretrail.cli.terminal.screen import say
from caretrail.cli.terminal.tables import print_table
from caretrail.plain import as_json
from caretrail.reading.due_review import DueReview, what_became
from caretrail.reading.query import Filters
from caretrail.text import plural

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing
    from caretrail.reading.questions.reviews import ReviewRate, Reviews

TITLES = ("Program", "Clinician", "Due", "On time", "Entered\nlate", "Late", "Not\ndone", "Cannot\nbe told")
LIST_TITLES = ("Due", "Episode", "Outcome", "Clinician")

ENOUGH = 20
"""A percentage is shown for at least this many reviews."""


@click.command("reviews", cls=Command)
@period_options("Reviews due on or after this day.", "Reviews due on or before this day.  [default: --as-of]")
@repeated_option("program", "ID", "Only reviews in this program")
@repeated_option("clinician", "ID", "Only reviews of this case owner")
@click.option("--list", "each", is_flag=True, help="List each review.")
@list_options
def reviews_command(
    asked: Session,
    start: date | None,
    end: date | None,
    programs: Sequence[str],
    clinicians: Sequence[str],
    each: bool,
) -> None:
    """Count the reviews that were due: on time, entered late, late, not done.

    A review is on time if it was recorded by the end of its due day, or imported before anything else. One that is on
    time by its own date but was recorded later was entered late. Late is one that was held, or first signed by a
    clinician, after its due day. One that was done only if a document in doubt counts cannot be told: it is due, and
    never on time.

    Counts by program and by case owner on the due day, or on the day the review was done if earlier. Stays that ended
    before the due day, and reviews due on the day itself, are not counted. --json adds the reviews to each row, with
    events and arithmetic.

        caretrail audit reviews --from 2026-01-01 --to 2026-03-31
        caretrail audit reviews --clinician c-ortiz --list
    """
    from caretrail.reading.questions.reviews import ReviewReport

    query = replace(asked.query, start=start, end=end)
    filters = Filters(programs=frozenset(programs), clinicians=frozenset(clinicians))
    answer = asked.ask(ReviewReport(query, filters))
    found = answer.value
    asked.show(
        answer,
        partial(_print, asked, in_words(start, end), each=each),
        shown=_each(found) if each else None,
        csv=_csv(found, each=each),
    )
    _say_uncounted(found)


def _csv(found: Reviews, *, each: bool) -> CsvRows:
    """A row for each review, or for each program and clinician."""
    from caretrail.reading.questions.reviews import ReviewRate

    if each:
        return CsvRows(DueReview, [one for rate in found.rows for one in rate.reviews])
    return CsvRows(ReviewRate, found.rows, without=("reviews",))


def _each(found: Reviews) -> Json:
    """The report with a row for each review."""
    rows = [as_json(one) for rate in found.rows for one in rate.reviews]
    return {"rows": rows, "unread": found.unread, "unjudged": found.unjudged}


def _print(asked: Session, period: str, found: Reviews, _: Standing, *, each: bool) -> None:
    from caretrail.reading.questions.reviews import rate_of

    click.echo(asked.heading(f"Reviews due{period}"))
    reviews = [one for rate in found.rows for one in rate.reviews]
    if not reviews:
        click.echo("\nNo matching reviews were due.\n")
        return
    click.echo("")
    print_table(TITLES, [_cells(rate) for rate in _with_totals(found.rows)], wraps=0)
    if each:
        click.echo("")
        print_table(LIST_TITLES, [_line(one) for one in rate_of(None, None, reviews).reviews], wraps=2)
    click.echo(f"\n{plural(len(reviews), 'review')}")


def _with_totals(rates: Sequence[ReviewRate]) -> Iterator[tuple[str, str, ReviewRate]]:
    """Each rate with its names, then the total of a program with several, then of all programs."""
    from caretrail.reading.questions.reviews import rate_of

    programs = 0
    for program, group in groupby(rates, key=lambda rate: rate.program):
        rows = list(group)
        programs += 1
        for number, rate in enumerate(rows):
            yield (program or "none") if number == 0 else "", rate.clinician or "none", rate
        if len(rows) > 1:
            yield "", "all", rate_of(program, None, [one for rate in rows for one in rate.reviews])
    if programs > 1:
        yield "all", "", rate_of(None, None, [one for rate in rates for one in rate.reviews])


def _cells(row: tuple[str, str, ReviewRate]) -> Row:
    program, clinician, rate = row
    late, entered = _counted(rate.late, rate.days_late), _counted(rate.entered_late, rate.days_entered_late)
    # rounded down, so that 100 % means all
    share = f", {100 * rate.on_time // rate.due} %" if rate.due >= ENOUGH else ""
    on_time = f"{rate.on_time} of {rate.due}{share}"
    return program, clinician, str(rate.due), on_time, entered, late, str(rate.not_done), str(rate.cannot_be_told)


def _counted(reviews: int, days: Sequence[int]) -> str:
    return f"{reviews}, {in_days(days)}" if days else str(reviews)


def _line(one: DueReview) -> Row:
    return str(one.due_on), one.episode, what_became(one), one.clinician or "none"


def _say_uncounted(found: Reviews) -> None:
    if found.unread:
        say(f"Not counted: {plural(found.unread, 'episode')} unreadable, see 'caretrail projection quarantine'")
    if found.unjudged:
        say(f"Not counted: {plural(found.unjudged, 'episode')} without a rule for reviews")
