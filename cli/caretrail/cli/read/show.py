"""`show`: an episode on a day of service, as an auditor asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import case_number, complete_episode
from caretrail.cli.groups import Command
from caretrail.cli.session import Session, read_options
from caretrail.cli.terminal.columns import AnyCell
from caretrail.cli.terminal.tables import lines, marks, print_sheet, verdict_cell
from caretrail.cli.what_if import pack_option
from caretrail.describe import spoken
from caretrail.reading.due_review import counted
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import FindingRow, Standing
    from caretrail.reading.event_rows import Marks
    from caretrail.reading.questions.sheet import Sheet
    from caretrail.reading.sheet_lines import DocumentLine, SessionLine, SignatureLine, TeamLine


@click.command("show", cls=Command)
@click.argument("episode", metavar="[EPISODE]", required=False, shell_complete=complete_episode)
@click.option("--client", metavar="ID", help="All episodes of this client, instead of EPISODE.")
@pack_option
@read_options
def show_command(asked: Session, episode: str | None, client: str | None) -> None:
    """Show an episode on a day of service.

    That day's plan, signatures, last review, determination, sessions, minutes, team and findings. Late entries,
    corrections and voids are marked with the event that changed them; 'timeline' gives the details. EPISODE is a case
    number or the beginning of one.

        caretrail show LNK-2026-0001 --as-of 2026-03-09
        caretrail show LNK-2026-0001 --as-of 2026-03-02 --known-at 2026-03-05
        caretrail show --client cl-7f3a
    """
    if (episode is None) == (client is None):
        raise click.UsageError("name an EPISODE, or a client with --client")
    from caretrail.reading.questions.sheet import DateOfService, SheetsOfClient

    if episode is not None:
        asked.answer(DateOfService(case_number(asked, episode), asked.query), _print)
    else:
        asked.answer(SheetsOfClient(client or "", asked.query), _print_all)


def _print_all(asked: Session, sheets: Sequence[Sheet], standing: Standing) -> None:
    for sheet in sheets:
        _print(asked, sheet, standing)


def _print(asked: Session, sheet: Sheet, _: Standing) -> None:
    click.echo(asked.marked(f"{visible(sheet.episode)} on {sheet.as_of}"))
    click.echo("")
    answer = sheet.eligibility
    through = f", through {answer.holds_through}" if answer.holds_through else ""
    print_sheet(
        [
            ("Client", sheet.client or ""),
            (
                "Program",
                f"{sheet.program or 'none yet'}{f', level {sheet.level}' if sheet.level else ''}, {sheet.status}",
            ),
            ("Stay", _stay(sheet)),
            ("Team", lines(*map(_member, sheet.team))),
            ("Credentials", "as stated with each event; no license register was asked"),
            ("Plan", _document(sheet.plan, sheet.missing_signers, "none")),
            ("Last review", _document(sheet.last_review, sheet.missing_on_review, "none on file that counts")),
            ("Next review", f"due {sheet.next_review_due}" if sheet.next_review_due else ""),
            ("Reviews due", lines(*counted(sheet.reviews_due))),
            ("Determination", _document(sheet.determination, (), "none")),
            ("Continued stay", verdict_cell(answer.verdict, f"{spoken(answer.verdict)} ({answer.basis}{through})")),
            ("Not eligible", lines(*_treated(sheet))),
            ("Sessions", _sessions(sheet)),
            (
                "Minutes",
                f"{sheet.minutes_day} on this day, {sheet.minutes_week} since {sheet.week_start:%A} {sheet.week_start}",
            ),
            ("Findings", lines(*map(_finding, sheet.findings)) if sheet.findings else "none"),
        ]
    )
    click.echo("")


def _stay(sheet: Sheet) -> str:
    """How long the stay has lasted so far; no rule judges it."""
    stay = sheet.stay
    if stay is None:
        return ""
    typical = f"; {stay.typical_weeks[0]} to {stay.typical_weeks[1]} weeks are typical" if stay.typical_weeks else ""
    return f"day {stay.day}, week {stay.week} of this stay{typical}"


def _treated(sheet: Sheet) -> Iterator[str]:
    """What the client attended while continued stay was not supported."""
    for row in sheet.treated:
        if row.verdict == "not_eligible" and row.sessions:
            days = f"{plural(row.sessions, 'session')} on {plural(row.days, 'day')}, {row.minutes} min"
            yield f"treated from {row.first} to {row.last}: {days}"


def _member(member: TeamLine) -> str:
    carries = ", case owner" if member.carries_the_case else ""
    return f"{member.id}, {member.credential or spoken(member.role)}{carries}"


def _document(document: DocumentLine | None, missing: Sequence[str], none: str) -> AnyCell:
    if document is None:
        return none
    said = f"by {document.author} (event {document.version}{_marks(document.marks)})"
    given = {line.signer for line in document.signatures}
    owed = [f"  {signer}: signature missing" for signer in missing if signer not in given]
    signatures = [f"  {_signature(line)}" for line in document.signatures]
    return lines(f"{document.label}, {document.occurred_on}, {said}", *signatures, *owed)


def _signature(line: SignatureLine) -> str:
    who = f"{line.signer}, {line.credential or spoken(line.role)}"
    return f"{who}: signed {line.signed_on}, {line.method}" if line.signed_on else f"{who}: {line.state}"


def _sessions(sheet: Sheet) -> AnyCell:
    struck = [f"✗ {_session(line)}" for line in sheet.struck_sessions]
    return lines(*map(_session, sheet.sessions), *struck) if sheet.sessions or struck else "none on this day"


def _session(line: SessionLine) -> str:
    size = f", {plural(line.group_size, 'client')}" if line.group_size is not None else ""
    missed = "" if line.attended else f", MISSED by the {line.cause}"
    start = f"{line.start_time} " if line.start_time else ""
    modality = f", {spoken(line.modality)}" if line.modality else ""
    given = " and ".join(f"{who.id}, {who.credential}" if who.credential else who.id for who in line.performers)
    what = f"{start}{spoken(line.service)}, {line.minutes} min{size}{modality}{missed}"
    return f"{what}{f', by {given}' if given else ''} (event {line.version}{_marks(line.marks)})"


def _marks(marks: Marks) -> str:
    """Late, corrected, added to or voided, in short; 'caretrail timeline' gives the details."""
    late = f", LATE ENTRY {plural(marks.days_after, 'day')} after" if marks.days_after > 0 else ", LATE ENTRY"
    changes = (("CORRECTED", marks.corrected_by), ("ADDED TO", marks.added_by))
    said = [f", {word} by {' and '.join(map(str, versions))}" for word, versions in changes if versions]
    void = f", VOIDED by {marks.voided_by}" if marks.voided_by is not None else ""
    return "".join([late if marks.late else "", ", imported" if marks.imported else "", *said, void])


def _finding(row: FindingRow) -> str:
    return f"{row.rule} {spoken(row.verdict)}: {row.message}{marks(explained=row.explained, quiet=row.quiet)}"
