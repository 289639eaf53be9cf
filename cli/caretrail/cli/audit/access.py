"""`audit access`: who viewed which episodes, when, with which command and for what purpose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import complete_episode
from caretrail.cli.groups import Command
from caretrail.cli.options import access_options, json_option, period_options, store_option
from caretrail.cli.params import end_of_day
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.columns import Cell, Row
from caretrail.cli.terminal.screen import instant, json_text, say
from caretrail.cli.terminal.tables import lines, print_table
from caretrail.describe import spoken
from caretrail.plain import as_json
from caretrail.reading.answers import Standing
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.reading.accesses import AccessRow, AccessRows

TITLES = ("When, UTC", "Who", "Command", "Purpose", "Viewed")
MOST_NAMED = 3
"""Case numbers shown for one access; --json has them all."""


@click.command("access", cls=Command)
@click.argument("episode", metavar="[EPISODE]", required=False, shell_complete=complete_episode)
@click.option(
    "--actor", "person", metavar="ID", allow_from_autoenv=False, help="Only accesses by this person, as stated."
)
@click.option("--account", metavar="NAME", help="Only accesses by this account of the store.")
@click.option("--client", metavar="ID", allow_from_autoenv=False, help="Only accesses to this client's episodes.")
@click.option("--disclosures", is_flag=True, help="Only disclosures to others: 45 CFR 164.528.")
@click.option(
    "--archive", "files", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
    help="A file of archived accesses to list, too.",
)  # fmt: skip  # one option, one thought
@period_options("Accesses on or after this day, in UTC.", "Accesses on or before this day, in UTC.")
@json_option
@access_options("--me")
@store_option
@click.pass_obj
def access_command(
    setup: Setup,
    episode: str | None,
    person: str | None,
    account: str | None,
    client: str | None,
    disclosures: bool,
    start: date | None,
    end: date | None,
    files: Sequence[Path],
    as_json: bool,
) -> None:
    """Show who viewed which episodes.

    Lists the account that the store authenticated, the person as stated, the command, the purpose and disclosures to
    others. EPISODE is a case number or the beginning of one; reading the whole log counts as viewing every episode.
    Asking for a number that nothing has is an attempt, and is listed. Where accesses are archived the file is named;
    --archive lists them, too. This access is logged too.

        caretrail audit access LNK-2026-0001
        caretrail audit access --actor c-ortiz --from 2026-03-01
        caretrail audit access --client cl-7f3a --disclosures
    """
    from caretrail.reading.accesses import AccessRows
    from caretrail.reading.questions.episodes import CaseNumber, EpisodesOfClient
    from caretrail.reading.reader import Reader

    if episode is not None and client is not None:
        raise click.UsageError("name an episode or a client, not both")
    with setup.open() as recorder, access_log(setup, recorder) as access:
        reader = Reader(recorder, recorder.now(), access=access)
        names: tuple[str, ...] | None = None
        if episode is not None:
            names = (reader.ask(CaseNumber(episode)).value,)
        elif client is not None:
            names = reader.ask(EpisodesOfClient(client)).value
        found = AccessRows(
            recorder,
            episodes=names,
            actor=person,
            account=account,
            disclosed=disclosures,
            start=None if start is None else datetime.combine(start, time(), UTC),
            end=None if end is None else end_of_day(end),
            files=files,
        )
        if episode is not None:
            access(list(names or ()))
        elif client is None:  # a client's episodes were recorded as they were found
            # read twice rather than kept in memory: each may name thousands of episodes
            access(list({shown for row in found for shown in _named(row, as_json)}))
        if as_json:
            _print_json(found, recorder)
        else:
            whose = client if client is not None else names[0] if names else None
            _print(found, whose, is_demo=recorder.is_demo)


def _named(row: AccessRow, everything: bool) -> Sequence[str]:
    return row.episodes if everything else row.episodes[:MOST_NAMED]


def _print_json(found: AccessRows, recorder: EventRecorder) -> None:
    """Print one object, one row a line, without keeping the rows in memory."""
    clock, reading = recorder.clock_state()
    standing = Standing((reading.now.date(),), None, found.events, found.events, clock=clock)
    click.echo(f'{{"standing": {json_text(as_json(standing))},\n "rows": [', nl=False)
    before = "\n  "
    for row in found:
        click.echo(f"{before}{json_text(as_json(row) | {'recorded_at': instant(row.recorded_at)})}", nl=False)
        before = ",\n  "
    not_read = [{"file": one.file, "sha256": one.sha256, "until": instant(one.until)} for one in found.not_read]
    click.echo(f'],\n "not_read": {json_text(not_read)}}}')


def _print(found: AccessRows, whose: str | None, *, is_demo: bool) -> None:
    broken = given = unreadable = 0
    cells: list[Row] = []
    for row in found:
        cells.append(_cells(row))
        broken += row.reason is not None
        given += row.disclosure is not None
        unreadable += row.error is not None
    of = f" to {visible(whose)}" if whose is not None else ""
    click.echo(f"Accesses{of}{' · DEMO STORE, made-up episodes' if is_demo else ''}")
    if cells:
        click.echo("")
        print_table(TITLES, cells, wraps=4)
    click.echo(
        f"\n{plural(len(cells), 'access', 'accesses')}{f', {broken} by breaking glass' if broken else ''}"
        f"{f', {given} disclosed' if given else ''}; this access is logged too"
    )
    for archive in found.not_read:
        click.echo(
            f"Accesses until {archive.until:%Y-%m-%d %H:%M} UTC are archived; of them, all disclosures are here:\n"
            f"  {archive.file}, SHA-256 {archive.sha256}\n  --archive FILE lists them, too"
        )
    if unreadable:
        say(f"{plural(unreadable, 'record')} are unreadable: they were not written by Caretrail, see their account")


def _cells(row: AccessRow) -> Row:
    broken = row.reason is not None
    purpose = "BREAK GLASS" if broken else spoken(row.purpose)
    return (
        row.recorded_at.strftime("%Y-%m-%d %H:%M"),
        lines(*_who(row)),
        row.command,
        Cell(purpose, "red" if broken else ""),
        lines(*_viewed(row), style="red" if broken or row.error else ""),
    )


def _who(row: AccessRow) -> Iterator[str]:
    """The person as stated, and the account that the store authenticated."""
    if row.actor is not None:
        yield row.actor.id if row.actor.credential is None else f"{row.actor.id}, {row.actor.credential}"
    yield f"({row.account})"


def _viewed(row: AccessRow) -> Iterator[str]:
    if row.error is not None:
        yield "an unreadable record"
    elif row.attempted:
        yield f"asked for {', '.join(row.attempted[:MOST_NAMED])}{_more(len(row.attempted) - MOST_NAMED)}: unknown"
    elif row.whole_log:
        yield f"the whole log after @{row.after}" if row.after else "the whole log"
    else:
        named = _named(row, everything=False)
        yield ", ".join(named) + _more(row.found - len(named))
    if row.reason is not None:
        yield f"reason: {row.reason}"
    if (given := row.disclosure) is not None:
        address = f", {given.address}" if given.address else ""
        consent = f", {given.consent}" if given.consent else ""
        scope = f", {given.scope}" if given.scope else ""
        on = f" on {given.disclosed_on}" if given.disclosed_on else ""
        ground = f"{spoken(given.basis)}{consent}{scope}"
        yield f"DISCLOSED to {given.recipient}{address}{on}: {given.description} ({ground})"
        if given.digest is not None:
            yield f"SHA-256 {given.digest}"


def _more(count: int) -> str:
    return f" and {plural(count, 'other')}" if count > 0 else ""
