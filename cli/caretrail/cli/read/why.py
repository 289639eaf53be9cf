"""`why`: how a rule reached its verdict: dates, arithmetic, text, events, and other readings of the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from caretrail.cli.episodes import case_number, episode_argument
from caretrail.cli.groups import Command
from caretrail.cli.session import Session, read_options
from caretrail.cli.terminal.tables import lines, marks, print_sheet, print_table, verdict_cell
from caretrail.cli.what_if import pack_option
from caretrail.describe import spoken, summary, value_in_words
from caretrail.reading.due_review import what_became
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing
    from caretrail.reading.event_rows import EventRow
    from caretrail.reading.questions.why import Interval, NotCountedRow, Reasons
    from caretrail.reading.readings import Alternative, ReadingRow


@click.command("why", cls=Command)
@episode_argument
@click.argument("rule")
@pack_option
@read_options
def why_command(asked: Session, episode: str, rule: str) -> None:
    """Explain a rule's verdict: rule, dates, arithmetic, events.

    Also gives the version of the rules, how we read open questions of the regulation, and what other readings would
    change. RULE may omit its prefix: R1 means NE21-R1. EPISODE is a case number or the beginning of one.

        caretrail why LNK-2026-0001 R1 --as-of 2026-03-09
    """
    from caretrail.reading.questions.why import Why

    asked.answer(Why(case_number(asked, episode), rule, asked.query), _print)


def _print(asked: Session, why: Reasons, _: Standing) -> None:
    strength = why.strength if why.on else f"{why.strength}, off"
    click.echo(f"{visible(why.rule)} {visible(why.title)}{f' ({strength})' if why.strength else ''}")
    click.echo(asked.marked(f"{visible(why.episode)} on {why.as_of}"))
    click.echo("")
    print_sheet(
        [
            ("Verdict" if why.in_force or not why.findings else "Last verdict", lines(*_verdicts(why))),
            ("Because", lines(*why.today)),
            ("Based on", lines(*map(_event, why.rests_on))),
            ("On record", lines(*map(_not_counted, why.not_counted))),
            ("Reviews", lines(*(f"due {one.due_on}: {what_became(one)}" for one in why.reviews))),
            ("Explained", lines(*map(_event, why.explained_by))),
            ("Ends with", lines(why.cleared_by if _asks(why) else "")),
            ("The rule", lines(why.text)),
            ("Source", lines(why.citation)),
            ("Version", lines(_version(asked, why))),
        ]
    )
    _print_readings(why)
    _print_history(why)
    click.echo("")


def _verdicts(why: Reasons) -> Iterator[str]:
    """Each verdict with its days."""
    for row, lasts in zip(why.findings, why.lasts, strict=True):
        yield f"{_verdict(row.verdict, row.message)}{marks(explained=row.explained, quiet=row.quiet)}"
        yield f"  {lasts}"
    if not why.findings:
        yield why.silent or "no verdict for this episode up to that day"


def _verdict(verdict: str, message: str) -> str:
    return f"{spoken(verdict)}: {message}" if message else spoken(verdict)


def _version(asked: Session, why: Reasons) -> str:
    """The version of the rules that judged: its days in force and its publication, where its text gives them."""
    judged = why.judged_by
    if judged is None:
        return ""
    if asked.what_if is not None:
        return f"{judged.pack}, as if always in force"
    first = f" from {judged.effective_from}" if judged.effective_from else ""
    last = f" to {judged.effective_to}" if judged.effective_to else ""
    words = f"{judged.pack}, in force{first}{last}" if first or last else f"{judged.pack}, in force on every day"
    if judged.published_on is None:
        return f"{words}; {'no publication date' if first or last else 'the text is undated'}"
    after = judged.effective_from is not None and judged.published_on > judged.effective_from
    return f"{words}; published {judged.published_on}{', after it came into force' if after else ''}"


def _event(item: EventRow) -> str:
    changed = "".join(
        f"; corrected by event {change.version}: {spoken(change.field)} {value_in_words(change.old)} → "
        f"{value_in_words(change.new)}"
        for change in item.corrections
    )
    struck = f"; voided by event {item.voided_by}" if item.voided_by else ""
    imported = "; imported" if item.imported else ""
    return f"event {item.version}, {item.happened_on}: {summary(item.event)}{imported}{changed}{struck}"


def _not_counted(item: NotCountedRow) -> str:
    """A document that does not count, or may not, and why."""
    counts = "may or may not count" if item.doubtful else "does not count"
    return f"{_event(item.event)}: {counts}: {visible(item.why)}"


def _asks(why: Reasons) -> bool:
    """Whether a finding is in force that can be cleared; what was unmet when a stay ended cannot."""
    return why.in_force and any(
        row.verdict not in ("met", "not_applicable", "not_met", "breached") for row in why.findings
    )


# --- how we read the text -------------------------------------------------------------------------------------------


def _print_readings(why: Reasons) -> None:
    if why.readings:
        click.echo("\nHow we read the regulation, and what other readings would change:")
    for reading in why.readings:
        for indent, words in ((2, [reading.question]), (4, _answers(reading))):
            print_table(("",), [(line,) for line in words], wraps=0, header=False, indent=indent)


def _answers(reading: ReadingRow) -> Iterator[str]:
    """The reading in use with those that change nothing, then a line for each other outcome."""
    same = [spoken(other.value) for other in reading.alternatives if other.same]
    yield f"our reading: {spoken(reading.value)}{f'; same result if {_either(same)}' if same else ''}"
    others: dict[str, list[str]] = {}
    for other in reading.alternatives:
        if not other.same:
            others.setdefault(_other_answer(other), []).append(spoken(other.value))
    for words, values in others.items():
        yield f"if {_either(values)}: {words}"


def _other_answer(other: Alternative) -> str:
    if other.refused is not None:
        return f"not evaluated: {other.refused}"
    said = dict.fromkeys(_verdict(item.verdict, item.message) for item in other.findings)
    return "; ".join(said) or "nothing"


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


# --- over time -----------------------------------------------------------------------------------------


def _print_history(why: Reasons) -> None:
    """Print the verdicts up to the day, but not_applicable."""
    told = [item for item in why.history if item.verdict != "not_applicable"]
    several = len({item.pack for item in told}) > 1
    rows = [(_days(item), verdict_cell(item.verdict), _message(item, several)) for item in told]
    if rows:
        click.echo("\nHistory:")
        print_table(("Days", "Verdict", "Message"), rows, wraps=2, header=False, indent=2)


def _message(item: Interval, several: bool) -> str:
    return f"{item.message}{marks(explained=item.explained, quiet=item.quiet)}{f' (by {item.pack})' if several else ''}"


def _days(item: Interval) -> str:
    return f"{item.start} to {item.until - timedelta(days=1)}" if item.until else f"{item.start} on"
