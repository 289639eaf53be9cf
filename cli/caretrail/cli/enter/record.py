"""`record`: a person enters one event, by options or asked for what is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.groups import Group, described
from caretrail.cli.options import actor_option, json_option, store_option
from caretrail.cli.params import Author, AuthorType
from caretrail.cli.session import Setup, now
from caretrail.cli.terminal.screen import instant, print_json, say
from caretrail.describe import value_in_words
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.cli.terminal.fields import Leaf
    from caretrail.commands.application import Commands
    from caretrail.commands.command import Receipt
    from caretrail.events import EventBase

SIGNING = {"plan_signed": "authorship", "plan_reviewed": "review", "continued_stay_determined": "determination"}
"""What a clinician's signature means on each document."""


class EventGroup(Group):
    """One command an event, made from the event's model."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the events."""
        from caretrail.events.catalog import APPENDED

        return list(APPENDED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Make the command of an event; a hyphen in its name will do."""
        from caretrail.events.catalog import APPENDED

        cls = APPENDED.get(cmd_name.replace("-", "_"))
        return None if cls is None else _command(cls)


@click.group("record", cls=EventGroup, subcommand_metavar="EVENT [EPISODE] [OPTIONS]")
@described
def record_command() -> None:
    """Enter one event.

    At a terminal you are asked for what is missing, and shown what will be recorded before it is. Who you are comes
    from CARETRAIL_ACTOR or --actor. Each EVENT has its own options: see `caretrail record EVENT --help`.

        export CARETRAIL_ACTOR=c-ortiz,clinician,LADC
        caretrail record session_attended LNK-2026-0001 --minutes 180
    """


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
"""Words for the examples in help."""


def _command(cls: type[EventBase]) -> click.Command:
    """Make the command of one event."""
    from caretrail.cli.terminal.fields import options_of

    leaves = options_of(cls)
    params: list[click.Parameter] = []
    if "episode" in cls.model_fields:
        params.append(click.Argument(["episode"], metavar="EPISODE"))
    params.extend(_option(leaf, number) for number, leaf in enumerate(leaves))
    params.append(
        click.Option(
            ["--set", "settings"],
            metavar="NAME=VALUE",
            multiple=True,
            help="Set any field, also inside others (a.b=…); VALUE is JSON or a text.",
        )
    )
    if "signatures" in cls.model_fields:
        params.append(click.Option(["--sign"], is_flag=True, help="Add your own electronic signature, given that day."))

    def run(**given: Any) -> None:
        _run(cls, leaves, given)

    summary = (cls.__doc__ or "").split("\n")[0].rstrip(".")
    made = click.Command(str(cls.model_fields["type"].default), params=params, callback=run)
    made.short_help = summary
    made.help = f"Record: {summary[:1].lower()}{summary[1:]}\n\n\b\n{indent(example(cls), '  ')}"
    for option in (store_option, json_option, _yes_option, actor_option("Who states the event.")):
        option(made)
    return made


_yes_option = click.option("--yes", is_flag=True, help="Ask only for what is required, and record without asking.")


WIDEST_METAVAR = 44


def _option(leaf: Leaf, number: int) -> click.Option:
    """Make the option of a field; its value is judged by the event's model, which never repeats it in an error."""
    metavar = {"number": "NUMBER", "date": "YYYY-MM-DD"}.get(leaf.kind, "TEXT")
    notes = [leaf.help.rstrip(".")]
    if leaf.tokens:
        metavar = f"[{'|'.join(leaf.tokens)}]"
        if len(metavar) > WIDEST_METAVAR:
            metavar = "TOKEN"
            notes.append(f"one of {', '.join(leaf.tokens)}")
    if leaf.kind == "many":
        notes.append("may be repeated")
    if leaf.required:
        notes.append("required")
    return click.Option(
        [leaf.option, f"leaf_{number}"],
        metavar=metavar,
        multiple=leaf.kind == "many",
        allow_from_autoenv=False,
        help="; ".join(filter(None, notes)),
    )


def example(cls: type[EventBase]) -> str:
    """A command line that enters such an event."""
    from caretrail.cli.terminal.fields import missing

    kind: str = cls.model_fields["type"].default
    words = ["caretrail", "record", kind] + (["LNK-2026-0001"] if "episode" in cls.model_fields else [])
    for leaf in missing(cls, {}):
        if leaf.name == "signatures":
            words.append("--sign")
        elif leaf.kind == "json":
            words.append(f"--set {SAMPLES[leaf.name]}")
        elif leaf.kind == "part" and leaf.part is not None:
            words.append(f"--{leaf.name}-{next(iter(leaf.part.model_fields)).replace('_', '-')} yes")
        else:
            words.append(f"{leaf.option} {leaf.tokens[0] if leaf.tokens else SAMPLES[leaf.name]}")
    return _wrapped(words)


def _wrapped(words: Sequence[str]) -> str:
    """Break a command line as a shell reads it, to fit a help screen."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) > 70:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


# --- recording one ----------------------------------------------------------------------------------------------


def _run(cls: type[EventBase], leaves: Sequence[Leaf], given: Mapping[str, Any]) -> None:
    from caretrail.commands.application import Commands
    from caretrail.events.parsing import event_from

    setup = click.get_current_context().ensure_object(Setup)
    with setup.open() as recorder:
        commands = Commands(recorder, now)
        data, author = _given(cls, leaves, given), setup.actor
        prompting = sys.stdin.isatty() and sys.stderr.isatty()
        if prompting:
            author = author or _ask_author()
            _ask(cls, data, author, commands, sign=given.get("sign", False), optional=not given["yes"])
        elif given.get("sign") and author is not None and "occurred_on" in data:
            _sign(data, author)
        _require_all(cls, data, author)
        data["actor"] = {name: value for name, value in vars(author).items() if value is not None}
        event = event_from(data)
        if prompting:
            _show(data)
            if not given["yes"] and not click.confirm("Record this?", default=True, err=True):
                raise click.Abort
        receipt = commands.append([event])[0]
    _print(receipt, as_json=given["as_json"])


def _given(cls: type[EventBase], leaves: Sequence[Leaf], given: Mapping[str, Any]) -> dict[str, Any]:
    """The event as far as the command line gives it, in JSON's terms."""
    from caretrail.cli.terminal.fields import put
    from caretrail.cli.terminal.prompt import from_json

    data: dict[str, Any] = {"type": cls.model_fields["type"].default}
    if "episode" in given:
        data["episode"] = given["episode"]
    for number, leaf in enumerate(leaves):
        value = given[f"leaf_{number}"]
        if leaf.kind == "many" and value:
            put(data, leaf.path, list(value))
        elif leaf.kind != "many" and value is not None:
            put(data, leaf.path, leaf.read(value))
    for setting in given["settings"]:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.UsageError("--set is NAME=VALUE")
        put(data, name.split("."), from_json(value))
    return data


def _require_all(cls: type[EventBase], data: Mapping[str, Any], author: Author | None) -> None:
    from caretrail.cli.terminal.fields import missing

    absent = [leaf.way_in for leaf in missing(cls, data)]
    if "signatures" in data:
        absent = [way for way in absent if not way.startswith("--set signatures")]
    if author is None:
        absent.append("--actor (or CARETRAIL_ACTOR)")
    if absent:
        raise click.UsageError(f"missing: {', '.join(absent)}", click.get_current_context())


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
    """Ask for what is missing; whoever signs says first of which day the event is."""
    from caretrail.cli.terminal.prompt import ask_missing, wants

    today = _today(commands, data.get("episode"))
    signable = "signatures" in cls.model_fields and "signatures" not in data
    if sign or (signable and wants(f"Sign it yourself, as {author.id}?", default=True)):
        if "occurred_on" not in data:
            data["occurred_on"] = click.prompt("* occurred_on", default=today, err=True)
        _sign(data, author)
    ask_missing(cls, data, {"occurred_on": today}, optional=optional)


def _ask_author() -> Author:
    say("Who are you? (set CARETRAIL_ACTOR=id,role,credential to be asked no more)")
    return click.prompt("* id,role,credential", type=AuthorType(), err=True)


def _today(commands: Commands, episode: str | None) -> str:
    """Today where the program is; before an admission says where, today on this machine."""
    from caretrail.errors import UnknownEpisode

    if episode is not None:
        try:
            seen = commands.episode(episode)
            if seen.outline.zone is not None:
                return seen.today(now()).isoformat()
        except UnknownEpisode:
            pass
    return now().astimezone().date().isoformat()


def _show(data: Mapping[str, Any]) -> None:
    """Show what will be recorded, every field."""
    say("")
    for name, value in data.items():
        say(f"  {name:<18} {visible(value_in_words(value))}")


def _print(receipt: Receipt, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "episode": receipt.episode,
                "version": receipt.version,
                "position": receipt.position,
                "recorded_at": instant(receipt.recorded_at),
                "leaf": receipt.leaf,
            }
        )
        return
    whose = f"of {visible(receipt.episode)}" if receipt.episode else "of the program"
    when = receipt.recorded_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    click.echo(f"Recorded as event {receipt.version} {whose}: position {receipt.position} of the log, {when}")
