"""`audit packet`: evidence for an auditor in one file; the disclosure is logged before the file exists."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from caretrail import plain
from caretrail.cli.audit.checkpoint import default_state, state_option
from caretrail.cli.episodes import complete_episode
from caretrail.cli.groups import Command
from caretrail.cli.options import actor_option, as_of_option, json_option, known_at_option, period_options, store_option
from caretrail.cli.params import Choice, Knowledge
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import print_json, say
from caretrail.errors import StoreDamaged
from caretrail.reading.query import Query
from caretrail.text import plural, visible
from caretrail.tokens import Basis

if TYPE_CHECKING:
    from caretrail.commands.access import AccessLog
    from caretrail.evidence.packet.make import Packet
    from caretrail.evidence.packet.terms import PacketRequest, Terms
    from caretrail.ledger.note import SigningKey
    from caretrail.log.recorder import EventRecorder
    from caretrail.reading.reader import Reader

FILE = click.Path(path_type=Path, dir_okay=False)
BASES: tuple[str, ...] = get_args(Basis)


@click.command("packet", cls=Command)
@click.argument("episodes", metavar="[EPISODE]...", nargs=-1, shell_complete=complete_episode)
@click.option("--program", metavar="ID", help="All episodes of this program between --from and --to.")
@period_options("With --program: the first day.", "With --program: the last day.")
@click.option("--out", "target", type=FILE, metavar="FILE", required=True, help="The zip to write, a new file.")
@click.option(
    "--key", "key_files", type=FILE, metavar="FILE", multiple=True, required=True,
    help="The log's signing key, a file only you can read; two while keys change.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--checkpoint", "named", type=click.Path(path_type=Path), metavar="FILE|FOLDER", multiple=True,
    help="Prove that the log continues this checkpoint, which the recipient kept.",
)  # fmt: skip  # one option, one thought
@click.option("--signed", type=FILE, metavar="FILE", help="Stand on this signed checkpoint.  [default: sign one now]")
@click.option("--first", is_flag=True, allow_from_autoenv=False, help="Nothing of this log was signed before.")
@state_option
@click.option("--recipient", metavar="NAME", allow_from_autoenv=False, help="Recipient of the packet.")
@click.option("--address", metavar="TEXT", allow_from_autoenv=False, help="The recipient's address, if known.")
@click.option("--purpose", metavar="TEXT", allow_from_autoenv=False, help="The recipient's purpose.")
@click.option(
    "--basis", type=Choice(BASES), metavar="TOKEN", allow_from_autoenv=False, help=f"Legal basis: {', '.join(BASES)}."
)
@click.option("--scope", metavar="TEXT", allow_from_autoenv=False, help="What the order covers.")
@click.option("--with-text", is_flag=True, help="Include free text: rationale, progress, reasons, notes.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@as_of_option
@known_at_option
@json_option
@actor_option("Your identity for the disclosure log.")
@store_option
@click.pass_obj
def packet_command(setup: Setup, /, episodes: tuple[str, ...], as_json: bool, **given: Any) -> None:
    r"""Create an evidence packet and log the disclosure.

    One zip with the events and findings of the episodes, a page to read, proof against the log, the notice of 42 CFR
    2.32, and a verification script that needs only Python. Other clients' events, free text and group session ids are
    withheld, and the packet says where. The disclosure is logged before the file exists. At a terminal, prompts for
    missing options. With --checkpoint the recipient can tell whether the key signed another history since.

        caretrail audit packet LNK-2026-0001 --out packet.zip --key ledger.key \
          --recipient "State auditor" --purpose "spring claims" --basis audit \
          --checkpoint 000000000065-000000000012.checkpoint
    """
    from caretrail.evidence.packet.terms import PURPOSES
    from caretrail.reading.reader import Reader

    _check_usage(episodes, given)
    terms = _terms(given)

    with setup.open() as recorder, access_log(setup, recorder, PURPOSES[terms.basis]) as access:
        reader = Reader(recorder, recorder.now(), access=access)
        request = _request(reader, recorder, episodes, given)
        made = _packet(setup, recorder, access, request, terms, given)
        if as_json:
            sizes = {"episodes": made.episodes, "events": made.events, "files": made.files}
            file = {"file": str(given["target"]), "sha256": made.digest}
            print_json({**file, **sizes, **plain.as_json(made.checkpoint)})
        else:
            _print(made, given["target"], is_demo=recorder.is_demo)


def _check_usage(episodes: Sequence[str], given: dict[str, Any]) -> None:
    """Refuse contradictory options before any prompt."""
    program, start, end = given["program"], given["start"], given["end"]
    if (program is None) == (not episodes):
        raise click.UsageError("name episodes, or a program with --program, --from and --to")
    if program is not None and (start is None or end is None):
        raise click.UsageError("--program needs the days it is about: --from and --to")
    if program is None and (start is not None or end is not None):
        raise click.UsageError("--from and --to go with --program; episodes are disclosed whole")
    if program is not None and given["basis"] == "consent":
        raise click.UsageError("a consent is one client's, and --program is about many: name the client's episodes")
    if given["target"].exists() and not given["force"]:
        raise click.UsageError("the file already exists: choose another, or add --force")


def _terms(given: dict[str, Any]) -> Terms:
    """The recipient, purpose and ground; prompts for missing ones at a terminal."""
    from caretrail.evidence.packet.terms import Terms

    prompting = sys.stdin.isatty() and sys.stderr.isatty()
    said = {name: given[name] for name in ("recipient", "purpose", "basis", "scope", "address")}
    for name, question, kind in (
        ("recipient", "Recipient", None),
        ("purpose", "Purpose", None),
        ("basis", "Ground", Choice(BASES)),
    ):
        if said[name] is None:
            if not prompting:
                raise click.UsageError(f"a packet needs a recipient, a purpose and a legal basis: --{name} is missing")
            said[name] = click.prompt(question, type=kind, err=True).strip()
    if said["basis"] == "consent" and given["program"] is not None:
        raise click.UsageError("a consent is one client's, and --program is about many: name the client's episodes")
    if said["basis"] == "consent" and said["scope"] is not None:
        raise click.UsageError("the scope is that of the consent on record: leave out --scope")
    return Terms(**said)


def _request(reader: Reader, recorder: EventRecorder, episodes: Sequence[str], given: dict[str, Any]) -> PacketRequest:
    from caretrail.evidence.packet.terms import PacketRequest
    from caretrail.reading.questions.episodes import CaseNumber, EpisodesOfProgram

    known_at: Knowledge | None = given["known_at"]
    if isinstance(known_at, datetime):
        settled, known_at = recorder.is_settled(known_at), recorder.position_at(known_at)
        if not settled:
            say(f"More may still be recorded for that time: the packet stands on what was known at @{known_at}.")
    program, start, end = given["program"], given["start"], given["end"]
    if program is not None:
        names = reader.ask(EpisodesOfProgram(program, Query(start=start, end=end))).value
    else:
        names = tuple(reader.ask(CaseNumber(name)).value for name in episodes)
    as_of: date | None = given["as_of"] or (end if end is not None and end <= recorder.now().date() else None)
    return PacketRequest(names, as_of, known_at, given["with_text"], program, start, end)


def _packet(
    setup: Setup,
    recorder: EventRecorder,
    access: AccessLog,
    request: PacketRequest,
    terms: Terms,
    given: dict[str, Any],
) -> Packet:
    from importlib.metadata import version

    from caretrail.evidence.external import named_checkpoints
    from caretrail.evidence.packet.make import make_packet
    from caretrail.evidence.packet.stamp import stamp_beside
    from caretrail.evidence.packet.terms import PacketRefused
    from caretrail.ledger.checkpoint import origin_of
    from caretrail.ledger.keys import load_key

    named = named_checkpoints(given["named"], origin_of(recorder.namespace))
    keys = [load_key(path) for path in given["key_files"]]
    person = f"{setup.actor.id}, {setup.actor.role}" if setup.actor is not None else None

    def disclose(episodes: Sequence[str], terms: Terms, digest: str) -> None:
        what = f"evidence packet, whole record of {plural(len(episodes), 'episode')}"
        access.disclose(episodes, terms.disclosure(f"{what}{', with free text' if request.with_text else ''}", digest))

    checkpoint = _checkpoint(recorder, keys, given)
    stamp = stamp_beside(given["signed"]) if given["signed"] is not None else b""
    try:
        with progress("Collecting") as done:
            return make_packet(
                recorder, request, terms, keys, checkpoint, given["target"], disclose,
                now=recorder.now_for_today() if request.as_of is None else recorder.now(),
                made_by=person or recorder.account, version=version("caretrail"), named=named, stamp=stamp,
                replace=given["force"], progress=done,
            )  # fmt: skip
    except (PacketRefused, StoreDamaged):  # the reason reveals something about the episodes
        access(list(request.episodes))
        raise


def _checkpoint(recorder: EventRecorder, keys: Sequence[SigningKey], given: dict[str, Any]) -> str:
    """The signed checkpoint of the packet: the one given, or one signed now."""
    from caretrail.evidence.packet.make import read_note
    from caretrail.evidence.sign import sign
    from caretrail.evidence.signer_state import SignerState
    from caretrail.ledger.checkpoint import origin_of

    if given["signed"] is not None:
        return read_note(given["signed"])
    origin = origin_of(recorder.namespace)
    with progress("Reading") as done:
        state = SignerState(given["state"] or default_state(origin), origin)
        return sign(recorder, keys, state, first=given["first"], progress=done).note


def _print(made: Packet, target: Path, *, is_demo: bool) -> None:
    click.echo(f"{visible(str(target))}{' · DEMO STORE, made-up episodes' if is_demo else ''}")
    click.echo(f"  {plural(made.events, 'event')} of {plural(len(made.episodes), 'episode')}, {made.files} files")
    click.echo(f"  checkpoint @{made.checkpoint.size} of {made.checkpoint.origin}")
    click.echo(f"  SHA-256 {made.digest}")
    click.echo("Logged as a disclosure: see 'caretrail audit access'")
    click.echo("The recipient verifies it with the log's public key. Send the key through another channel.")
