"""The command that enters one event: its options come from the event's model, and a prompt asks for the rest."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any

import click

from caretrail.cli.options import actor_option, json_option, store_option
from caretrail.cli.params import Author, AuthorType
from caretrail.cli.session import access_log, now
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.fields import EventField, missing, options_of, put
from caretrail.cli.terminal.prompt import ask_missing, from_json, wants
from caretrail.cli.terminal.screen import print_json, receipt_fields, say
from caretrail.commands.access import worded
from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.commands.packs import installed
from caretrail.describe import value_in_words
from caretrail.errors import NotReplicated, Refused, UnknownEpisode
from caretrail.events import EventBase
from caretrail.events.catalog import APPENDED as APPENDED  # the models that `record` looks up
from caretrail.events.parsing import event_from
from caretrail.text import visible

SIGNING = {
    "assessed": "authorship",
    "discharged": "authorship",
    "plan_signed": "authorship",
    "plan_reviewed": "review",
    "continued_stay_determined": "determination",
}
"""The meaning of a clinician's signature on each document."""


SAMPLES = {
    "occurred_on": "2026-03-02",
    "client": "cl-7f3a",
    "program": "lincoln-iop",
    "zone": "America/Chicago",
    "level": "2.1",
    "policy": "ne-medicaid-2.1-adult",
    "plan_version": "1",
    "effective_on": "2026-03-02",
    "target": "53",
    "minutes": "180",
    "schedule.minutes_per_week": "540",
    "schedule.days_per_week": "3",
    "payer": "ne-medicaid",
    "number": "auth-0017",
    "units": "24",
    "from": "2026-03-02",
    "to": "2026-05-29",
    "recipient": "ne-medicaid",
    "scope": "'attendance and progress'",
    "from_level": "2.1",
    "to_level": "1",
    "rule": "NE21-I3",
    "on": "2026-03-02",
    "code": "no_show",
    "text": "'letter received'",
    "reason": "'count included staff'",
    "values": "values.group_size=11",
    "valid_from": "2026-01-01",
}
"""Values for the examples in help."""


def event_command(cls: type[EventBase]) -> click.Command:
    """Make the command that enters an event of this model."""
    fields = options_of(cls)
    params: list[click.Parameter] = []
    if "episode" in cls.model_fields:
        params.append(click.Argument(["episode"], metavar="EPISODE"))
    params.extend(_option(field, number) for number, field in enumerate(fields))
    params.append(
        click.Option(
            ["--set", "settings"],
            metavar="NAME=VALUE",
            multiple=True,
            help="Set any field, also a nested one (a.b=…); VALUE is JSON or text.",
        )
    )
    if "signatures" in cls.model_fields:
        params.append(click.Option(["--sign"], is_flag=True, help="Add your electronic signature, dated that day."))

    def run(**given: Any) -> None:
        _run(cls, fields, given)

    summary = (cls.__doc__ or "").split("\n")[0].rstrip(".")
    made = click.Command(str(cls.model_fields["type"].default), params=params, callback=run)
    made.short_help = summary
    made.help = f"Record: {summary[:1].lower()}{summary[1:]}\n\n\b\n{indent(example(cls), '  ')}"
    yes_option = click.option(
        "--yes", is_flag=True, help="Prompt only for required fields, and record without confirmation."
    )
    for option in (store_option, json_option, yes_option, actor_option("Author of the event.")):
        option(made)
    return made


WIDEST_METAVAR = 44


def _option(field: EventField, number: int) -> click.Option:
    """Make the option of a field; the event's model validates its value, and never repeats it in an error."""
    metavar = {"number": "NUMBER", "date": "YYYY-MM-DD"}.get(field.kind, "TEXT")
    notes = [field.help.rstrip(".")]
    if field.tokens:
        metavar = f"[{'|'.join(field.tokens)}]"
        if len(metavar) > WIDEST_METAVAR:
            metavar = "TOKEN"
            notes.append(f"one of {', '.join(field.tokens)}")
    if field.kind == "many":
        notes.append("may be repeated")
    if field.required:
        notes.append("required")
    return click.Option(
        [field.option, f"field_{number}"],
        metavar=metavar,
        multiple=field.kind == "many",
        allow_from_autoenv=False,
        help="; ".join(filter(None, notes)),
    )


def example(cls: type[EventBase]) -> str:
    """A command line that enters an event of this model."""
    kind: str = cls.model_fields["type"].default
    words = ["caretrail", "record", kind] + (["LNK-2026-0001"] if "episode" in cls.model_fields else [])
    for field in missing(cls, {}):
        if field.name == "signatures":
            words.append("--sign")
        elif field.kind == "json":
            words.append(f"--set {SAMPLES[field.name]}")
        elif field.kind == "object" and field.model is not None:
            words.append(f"--{field.name}-{next(iter(field.model.model_fields)).replace('_', '-')} yes")
        else:
            words.append(f"{field.option} {field.tokens[0] if field.tokens else SAMPLES[field.name]}")
    return _wrapped(words)


def _wrapped(words: Sequence[str]) -> str:
    """Break a command line into shell lines that fit a help screen."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) > 70:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


BY_HAND = "it may be lost yet: see with 'caretrail timeline' whether it is there before you enter it again"

# --- recording ----------------------------------------------------------------------------------------------


def _run(cls: type[EventBase], fields: Sequence[EventField], given: Mapping[str, Any]) -> None:
    setup = click.get_current_context().ensure_object(Setup)
    with setup.open() as recorder:
        commands = Commands(recorder, recorder.about_now, installed)
        data, author = _given(cls, fields, given), setup.actor
        prompting = sys.stdin.isatty() and sys.stderr.isatty()
        if prompting:
            author = author or _ask_author()
            _ask(cls, data, author, commands, sign=given.get("sign", False), optional=not given["yes"])
        elif given.get("sign") and author is not None and "occurred_on" in data:
            _sign(data, author)
        stated = _complete(cls, data, author)._asdict()
        data["actor"] = {name: value for name, value in stated.items() if value is not None}
        event = event_from(data)
        questioned = prompting and not given["yes"]
        if prompting:
            _show(data)
        if questioned and not _confirmed(commands.warning(event)):
            raise click.Abort
        with access_log(setup, recorder) as access:
            try:
                [receipt] = commands.append([event])
            except Refused as refusal:
                raise worded(refusal, access) from None
            except NotReplicated as error:
                raise NotReplicated(error.message, BY_HAND) from None
    if receipt.warning is not None and not questioned:
        say(f"Warning: {visible(receipt.warning)}")
    _print(receipt, as_json=given["as_json"])


def _given(cls: type[EventBase], fields: Sequence[EventField], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields given on the command line, as JSON."""
    data: dict[str, Any] = {"type": cls.model_fields["type"].default}
    if "episode" in given:
        data["episode"] = given["episode"]
    for number, field in enumerate(fields):
        value = given[f"field_{number}"]
        if field.kind == "many" and value:
            put(data, field.path, list(value))
        elif field.kind != "many" and value is not None:
            put(data, field.path, field.read(value))
    for setting in given["settings"]:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.UsageError("--set is NAME=VALUE")
        put(data, _PATH.findall(name), from_json(value))
    return data


_PATH = re.compile(r"[1-6]\.[1-9](?=\.|$)|[^.]+")
"""The steps of a nested name; the key of a sub-dimension, such as `3.1`, is one step."""


def _complete(cls: type[EventBase], data: Mapping[str, Any], author: Author | None) -> Author:
    """The author, once nothing required is missing."""
    absent = [field.given_by for field in missing(cls, data)]
    if "signatures" in data:
        absent = [way for way in absent if not way.startswith("--set signatures")]
    if author is None:
        absent.append("--actor (or CARETRAIL_ACTOR)")
    if absent or author is None:
        raise click.UsageError(f"missing: {', '.join(absent)}", click.get_current_context())
    return author


def _sign(data: dict[str, Any], author: Author) -> None:
    """Add the author's signature to the document."""
    clinical = author.role in ("clinician", "supervisor")
    signature = {
        "signer": author.id,
        "role": author.role,
        "signed_on": data["occurred_on"],
        "method": "electronic",
        "meaning": SIGNING.get(data["type"], "review") if clinical else "agreement",
    }
    if author.credential is not None:
        signature["credential"] = author.credential
    data.setdefault("signatures", []).append(signature)


# --- at a terminal ----------------------------------------------------------------------------------------------


def _ask(
    cls: type[EventBase], data: dict[str, Any], author: Author, commands: Commands, *, sign: bool, optional: bool
) -> None:
    """Prompt for missing fields; the day comes first if the author signs."""
    today = _today(commands, data.get("episode"))
    signable = "signatures" in cls.model_fields and "signatures" not in data
    if sign or (signable and wants(f"Sign as {author.id}?", default=True)):
        if "occurred_on" not in data:
            data["occurred_on"] = click.prompt("* occurred_on", default=today, err=True)
        _sign(data, author)
    ask_missing(cls, data, {"occurred_on": today}, optional=optional)


def _ask_author() -> Author:
    say("Who are you? Set CARETRAIL_ACTOR=id,role,credential to skip this question.")
    return click.prompt("* id,role,credential", type=AuthorType(), err=True)


def _today(commands: Commands, episode: str | None) -> str:
    """Today in the program's time zone, or in this machine's before an admission names the program."""
    if episode is not None:
        try:
            seen = commands.episode(episode)
            if seen.outline.zone is not None:
                return seen.today(now()).isoformat()
        except UnknownEpisode:
            pass
    return now().astimezone().date().isoformat()


def _show(data: Mapping[str, Any]) -> None:
    """Show every field of the event to be recorded."""
    say("")
    for name, value in data.items():
        say(f"  {name:<18} {visible(value_in_words(value))}")


def _confirmed(warning: str | None) -> bool:
    """Ask before recording; with a warning the answer must be typed."""
    if warning is None:
        return click.confirm("Record this?", default=True, err=True)
    say(f"Warning: {visible(warning)}")
    return click.confirm("Record this anyway?", default=False, err=True)


def _print(receipt: Receipt, *, as_json: bool) -> None:
    if as_json:
        print_json(receipt_fields(receipt))
        return
    whose = f" of {visible(receipt.episode)}" if receipt.episode else " of the program"
    when = receipt.recorded_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    click.echo(f"Recorded as event {receipt.version}{whose}, @{receipt.position}, {when}")
