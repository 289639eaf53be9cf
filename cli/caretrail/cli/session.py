"""A session of a command: its store, its user, and the answers with their standing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial, wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from caretrail.cli.options import csv_option, question_options
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.csv_rows import MARK, csv_lines
from caretrail.cli.terminal.progress import ProgressLine, progress
from caretrail.cli.terminal.screen import json_text, print_in_chunks, prints_utf8, say
from caretrail.cli.what_if import WhatIf, what_if
from caretrail.plain import as_json, fields_of
from caretrail.reading.query import Query
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.commands.access import AccessLog
    from caretrail.log.recorder import EventRecorder
    from caretrail.reading.answers import Answer, Standing
    from caretrail.reading.question import PartedQuestion, Question
    from caretrail.reading.reader import Reader
    from caretrail.tokens import ClockState

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
R = TypeVar("R", bound=Sequence[Any])


class CsvRows(NamedTuple):
    """The rows of an answer as CSV shows them: records of a kind, `without` some of their fields."""

    kind: type
    rows: Iterable[object]
    without: tuple[str, ...] = ()


class Session(NamedTuple):
    """An open store with its reader, and the query of the options.

    With `what_if` another pack judges, and the reader writes nothing.
    """

    reader: Reader
    query: Query
    as_json: bool
    is_demo: bool
    progress: ProgressLine
    what_if: WhatIf | None = None
    as_csv: bool = False

    def ask(self, question: Question[T]) -> Answer[T]:
        """Answer a question; the access is logged first."""
        answer = self.reader.ask(question)
        self.progress.erase()  # whatever comes next is printed
        return self._told(answer)

    def parts(self, question: PartedQuestion[T]) -> Iterator[Answer[T]]:
        """The parts of a long answer; the access to each is logged before it is given."""
        return map(self._told, self.reader.parts(question))

    def _told(self, answer: Answer[T]) -> Answer[T]:
        if not answer.standing.recorded:
            say("This access is not logged: the store takes no writes. --access-db names a store that does.")
        return answer

    def show(
        self,
        answer: Answer[T],
        screen: Callable[[T, Standing], None],
        *footer: str,
        shown: Any = None,
        csv: CsvRows | None = None,
    ) -> None:
        """Print an answer with its standing: as JSON, where `shown` may replace its value, as CSV, or as a screen.

        If nothing was known, a note on stderr replaces the screen: an empty list must not look like nothing is due.
        """
        something = self.tell_of_nothing(answer.standing)
        if self.as_json:
            self.print_fields((answer if shown is None else replace(answer, value=shown)).fields())
        elif self.as_csv and csv is not None:
            lines = csv_lines(csv.kind, csv.rows, answer.standing, csv.without)
            print_in_chunks(chain([MARK] if prints_utf8() else [], lines), self.progress.erase)
            say(self.current_through(answer.standing))
        elif something:
            screen(answer.value, answer.standing)
            for line in (self.current_through(answer.standing), *footer):
                click.echo(line)

    def print_fields(self, fields: Iterable[tuple[str, Any]]) -> None:
        """Print one JSON object of fields, each when it is asked for; the rows of one are printed as they come."""
        print_in_chunks(_chunks(fields), self.progress.erase)

    def tell_of_nothing(self, standing: Standing) -> bool:
        """Say on stderr that nothing was known, and return whether anything was."""
        if standing.newest == 0:
            say("This store is empty: 'caretrail append FILE' records events.")
        elif standing.known_at == 0:
            say("Nothing was recorded by then.")
        return bool(standing.newest) and standing.known_at != 0

    def answer(self, question: Question[T], screen: Callable[[Session, T, Standing], None]) -> None:
        """Ask a question and print its answer."""
        self.show(self.ask(question), partial(screen, self))

    def answer_list(self, question: Question[R], kind: type, screen: Callable[[Session, R, Standing], None]) -> None:
        """Ask for a list of records of a kind and print it."""
        answer = self.ask(question)
        self.show(answer, partial(screen, self), csv=CsvRows(kind, answer.value))

    def heading(self, what: str, standing: Standing | None = None) -> str:
        """The title of a screen with its day; `standing` gives the day where none was asked for."""
        if self.query.as_of is not None:
            return self.marked(f"{what} as of {self.query.as_of}")
        days = " or ".join(map(str, standing.as_of)) if standing is not None else ""
        today = f" for today{f', {days}' if days else ''}" if standing is not None else ""
        return self.marked(f"{what}{today}")

    def marked(self, line: str) -> str:
        """A title, marked where episodes are made up or a what-if pack judges."""
        demo = " · DEMO STORE, made-up episodes" if self.is_demo else ""
        return f"{line}{demo}{f' · WHAT IF, by {visible(self.what_if.pack.name)}' if self.what_if else ''}"

    def current_through(self, standing: Standing) -> str:
        """The standing of an answer in one line."""
        return f"{self._how_current(standing)}{CLOCK_WORDS[standing.clock]}"

    def _how_current(self, standing: Standing) -> str:
        if standing.known_at is not None:
            asked = self.query.known_at
            when = f"{asked.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, " if isinstance(asked, datetime) else ""
            grows = "" if standing.settled else "; more may still be recorded for that time"
            packs = "; judged by today's packs" if standing.unrecorded_packs else ""
            return f"As known at {when}@{standing.position} of @{standing.newest}{grows}{packs}"
        if not standing.behind.events:
            return f"Current through @{standing.position} (latest)"
        lag = f"{plural(standing.behind.events, 'event')} and {_duration(standing.behind.seconds)} behind"
        line = f"urrent through @{standing.position} of @{standing.newest}, {lag}"
        return f"STALE: c{line}: run 'caretrail projection catch-up'" if standing.stale else f"C{line}"


CLOCK_WORDS: Mapping[ClockState, str] = {
    "ok": "",
    "unchecked": "",
    "ahead": "; CLOCK AHEAD of the log: see 'caretrail clock'",
    "behind": "; CLOCK BEHIND the log: see 'caretrail clock'",
    "confirmed_behind": "; clock behind the log, as an operator confirmed",
}
"""What the line says of a clock."""


def _duration(seconds: int) -> str:
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return plural(seconds // unit, name)
    return plural(seconds, "second")


def _chunks(fields: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """One JSON object in chunks, each field and each row on a line of its own; rows are made JSON one by one."""
    before = "{"
    for name, value in fields:
        yield f"{before}{json_text(name)}: "
        yield from _field_chunks(value)
        before = ",\n "
    yield "}\n"


def _field_chunks(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple | Iterator) or fields_of(value) is not None:
        yield json_text(as_json(value))
        return
    rows = iter(cast("Iterable[Any]", value))
    first = next(rows, None)
    if first is None or fields_of(first) is None:
        yield json_text([] if first is None else as_json([first, *rows]))
        return
    yield f"[\n  {json_text(as_json(first))}"
    for row in rows:
        yield f",\n  {json_text(as_json(row))}"
    yield "]"


def read_options(function: F) -> F:
    """Give a read command `--as-of`, `--known-at`, `--allow-stale`, `--json` and `--db`, and an open session."""
    return question_options(in_session(function))


def list_options(function: F) -> F:
    """Give a command that lists rows the same, and `--csv`."""
    return csv_option(read_options(function))


def in_session(function: F) -> F:
    """Open a session from the options of a question as the first argument; the pack of `pack_option` judges."""

    @wraps(function)
    def with_session(
        *, as_json: bool, allow_stale: bool, as_csv: bool = False, pack: str | None = None, **given: Any
    ) -> Any:
        from caretrail.reading.reader import Reader

        if as_json and as_csv:
            raise click.UsageError("give one of --json and --csv")
        setup = click.get_current_context().ensure_object(Setup)
        instead = what_if(pack)
        policy = instead.policy if instead is not None else None
        query = Query(given.pop("as_of"), known_at=given.pop("known_at"), policy=policy, allow_stale=allow_stale)
        with (
            setup.open() as recorder,
            access_log(setup, recorder) as access,
            progress("Reading the log") as line,
        ):
            if instead is not None:
                instead.tell()
            reader = Reader(recorder, recorder.now(), access=access, progress=line, write=instead is None)
            return function(Session(reader, query, as_json, recorder.is_demo, line, instead, as_csv), **given)

    return with_session  # type: ignore[return-value]  # the wrapper takes what click gives it


@contextmanager
def access_log(
    setup: Setup, recorder: EventRecorder, purpose: str | None = None, command: str | None = None
) -> Generator[AccessLog]:
    """Log the accesses of the running command.

    The purpose is the user's, else `purpose`, else audit for an audit command and treatment for others.
    """
    from caretrail.commands.access import AccessContext, AccessLog, Actor
    from caretrail.log.stores import Primary

    claimed = setup.actor
    name = command or command_name(click.get_current_context())
    context = AccessContext(
        name,
        Actor(claimed.id, claimed.role, claimed.credential) if claimed is not None else None,
        setup.purpose or purpose or ("audit" if name.startswith("audit ") else "treatment"),
        setup.break_glass,
    )
    if context.reason is not None:
        say("BREAK GLASS: this access is logged as an emergency, with your reason.")
    primary = Primary(setup.url, setup.access_db)
    try:
        yield AccessLog(recorder, context, lambda: recorder.about_now().date(), primary)
    finally:
        primary.close()


def command_name(ctx: click.Context) -> str:
    """The words of a command, without the program's name."""
    names: list[str] = []
    while ctx.parent is not None:
        names.append(ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(reversed(names))


def now() -> datetime:
    """Read the clock of this machine, where there is no store to ask: the only place where the command line does."""
    return datetime.now(UTC)
