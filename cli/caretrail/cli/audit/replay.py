"""`audit replay`: an episode step by step, as it became known."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from caretrail.cli.audit.diff import NO_VERDICT, verdicts
from caretrail.cli.episodes import case_number, episode_argument
from caretrail.cli.filters import repeated_option
from caretrail.cli.groups import Command
from caretrail.cli.params import Day
from caretrail.cli.session import Session, read_options
from caretrail.describe import spoken, summary
from caretrail.reading.query import Filters
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.reading.answers import Standing
    from caretrail.reading.questions.replay import Said, Step, StepChange

KEYS = "Enter next · b back · c next change · g EVENT or g DATE go there · q quit"
MOST_SHOWN = 8
"""Rules that are told of one day; --json has them all."""


class Place(click.ParamType["int | date"]):
    """The number of an event, or a day."""

    name = "EVENT|DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | date:
        """A number is an event; anything else must be a day."""
        if isinstance(value, int | date):
            return value
        text = str(value).strip()
        return int(text) if text.isdecimal() and len(text) < 8 else Day().convert(text, param, ctx)


@click.command("replay", cls=Command)
@episode_argument
@repeated_option("rule", "ID", "Only what changed of this rule; eligibility is one, too")
@click.option("--from", "start", type=Place(), metavar="EVENT|DATE", help="The first step.  [default: event 1]")
@click.option("--changes", "only_changes", is_flag=True, help="Only the steps that changed a verdict.")
@read_options
def replay_command(
    asked: Session, episode: str, rules: Sequence[str], start: int | date | None, only_changes: bool
) -> None:
    """Step through what was known of an episode, event by event.

    Each step is an event at the moment it was recorded: what it changed in verdicts and eligibility for that day, and
    what was listed on that day. An import counts as known when it happened, so it is told for its own day. At a
    terminal, Enter goes on, b back; elsewhere, all steps are printed. EPISODE is a case number or the beginning of
    one.

        caretrail audit replay LNK-2026-0001
        caretrail audit replay LNK-2026-0001 --rule R1 --changes
    """
    from caretrail.reading.questions.replay import ReplayOf

    name = case_number(asked, episode)
    filters = Filters(rules=frozenset(rule for rule in rules if rule != "eligibility"))
    answer = asked.ask(ReplayOf(name, asked.query, filters))
    steps = [step for step in answer.value if step.loud or not only_changes]
    first = place_of(steps, start) if start is not None else 0

    def screen(_: Sequence[Step], __: Standing) -> None:
        click.echo(asked.marked(f"Replay of {visible(name)}"))
        words = _Words(len(answer.value), bool(rules))
        if not steps:
            click.echo(f"\nNo event changed a verdict{' of that rule' if rules else ''} for its day.")
        elif sys.stdin.isatty() and sys.stdout.isatty():
            _walk(steps, first, words)
        else:
            for step in steps[first:]:
                click.echo("\n" + "\n".join(words.of(step)))
        click.echo("")

    asked.show(answer, screen, shown=tuple(steps[first:]))


# --- moving about ---------------------------------------------------------------------------------------------------


def place_of(steps: Sequence[Step], to: int | date) -> int:
    """The index of an event's step, or of the first step on a day or later; the last one if all are before."""
    found = (
        index
        for index, step in enumerate(steps)
        if (step.day >= to if isinstance(to, date) else step.recorded.version >= to)
    )
    return next(found, len(steps) - 1)


def moved(steps: Sequence[Step], at: int, command: str) -> int | None:
    """The index after a command as typed; None to end. What leads beyond an end stays. Raises UsageError."""
    word, _, to = command.strip().partition(" ")
    if word in ("", "n"):
        return min(at + 1, len(steps) - 1)
    if word == "b":
        return max(at - 1, 0)
    if word == "c":
        return next((index for index in range(at + 1, len(steps)) if steps[index].loud), at)
    if word == "g":
        return place_of(steps, Place().convert(to, None, None))
    if word == "q":
        return None
    raise click.UsageError(KEYS)


def _walk(steps: Sequence[Step], at: int, words: _Words) -> None:
    """Show a step, wait for a command, and go on until told to end."""
    after: int | None = at
    while after is not None:
        at = after
        click.echo("\n" + "\n".join(words.of(steps[at])))
        click.secho(KEYS if at + 1 < len(steps) else f"The last step · {KEYS}", dim=True, err=True)
        after = _next(steps, at)


def _next(steps: Sequence[Step], at: int) -> int | None:
    """Ask until a command is understood; the end of the input ends, too."""
    while True:
        try:
            return moved(steps, at, click.prompt("", default="", show_default=False, prompt_suffix="> ", err=True))
        except click.UsageError as problem:
            click.echo(problem.format_message(), err=True)
        except click.Abort:
            return None


# --- one step in words ------------------------------------------------------------------------------------------------


class _Words:
    """A step in words, one of so many; `of_rules`: only verdicts of some rules are told."""

    def __init__(self, count: int, of_rules: bool) -> None:
        self._count = count
        self._of_rules = of_rules

    def of(self, step: Step) -> Iterator[str]:
        """The lines of a step."""
        one = step.recorded
        recorded = f"recorded {one.recorded_at:%a %Y-%m-%d %H:%M} UTC"
        by = f"{one.author}, {one.credential or spoken(one.role)}"
        yield click.style(f"Step {step.step} of {self._count} · event {one.version} · {recorded}, {by}", bold=True)
        yield f"+ {visible(summary(step.event))}, {one.occurred_on:%a %Y-%m-%d}{_marks(step)}"
        loud = [change for change in step.changes if change.loud]
        for change in loud:
            yield from _changed(change)
        if not loud:
            yield f"No verdict{' of that rule' if self._of_rules else ''} changed for {step.day}."
        yield f"Listed on {step.day}: {self._listed(step)}"

    def _listed(self, step: Step) -> str:
        if not step.shown:
            return f"nothing{' of that rule' if self._of_rules else ''}"
        more = f"; {len(step.shown) - MOST_SHOWN:,} more" if len(step.shown) > MOST_SHOWN else ""
        return f"{'; '.join(map(_in_short, step.shown[:MOST_SHOWN]))}{more}"


def _marks(step: Step) -> str:
    one = step.recorded
    if one.imported:
        return ", imported"
    reason = f": {visible(one.late_reason)}" if one.late_reason else ""
    return f". LATE {plural(one.days_after, 'day')}{reason}" if one.late else ""


def _changed(change: StepChange) -> Iterator[str]:
    """What was said before and what is said now; a message often names its subject."""
    by = "through" if change.rule == "eligibility" else "due"
    was, now = ([visible(said) for said in verdicts(states, by)] for states in (change.before, change.after))
    named = all(change.subject in said for said in (*was, *now) if said != NO_VERDICT)
    name = _name(change.rule, "" if named else change.subject)
    if change.before:
        yield f"{name} was {'; '.join(was)}"
    yield f"{name} is  {'; '.join(now)}"


def _in_short(said: Said) -> str:
    states = dict.fromkeys(
        f"{spoken(one.verdict)}{f', due {one.due_on}' if one.due_on and said.rule != 'eligibility' else ''}"
        for one in said.verdicts
    )
    return f"{_name(said.rule, said.subject)} {' and '.join(states)}"


def _name(rule: str, subject: str) -> str:
    return visible(f"{rule.rpartition('-')[2]}{f' {subject}' if subject else ''}")
