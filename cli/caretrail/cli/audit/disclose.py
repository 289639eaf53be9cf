"""`audit disclose`: a disclosure that was made outside of Caretrail, logged beside those made by packets."""

from __future__ import annotations

from datetime import date
from typing import get_args

import click

from caretrail.cli.episodes import complete_episode
from caretrail.cli.groups import Command
from caretrail.cli.options import actor_option, json_option, store_option
from caretrail.cli.params import Choice, Day
from caretrail.cli.session import access_log, now
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import print_json
from caretrail.text import plural, visible
from caretrail.tokens import Basis

BASES: tuple[str, ...] = get_args(Basis)


@click.command("disclose", cls=Command)
@click.argument("episodes", metavar="EPISODE...", nargs=-1, required=True, shell_complete=complete_episode)
@click.option("--recipient", metavar="NAME", required=True, allow_from_autoenv=False, help="Who received it.")
@click.option("--address", metavar="TEXT", allow_from_autoenv=False, help="The recipient's address, if known.")
@click.option("--purpose", metavar="TEXT", required=True, allow_from_autoenv=False, help="The recipient's purpose.")
@click.option(
    "--basis", type=Choice(BASES), metavar="TOKEN", required=True, allow_from_autoenv=False,
    help=f"Legal basis: {', '.join(BASES)}.",
)  # fmt: skip  # one option, one thought
@click.option("--scope", metavar="TEXT", allow_from_autoenv=False, help="What the order covers.")
@click.option("--what", metavar="TEXT", required=True, allow_from_autoenv=False, help="What was disclosed, and how.")
@click.option("--on", "day", type=Day(), metavar="DATE", allow_from_autoenv=False, help="The day.  [default: today]")
@json_option
@actor_option("Your identity for the disclosure log.")
@store_option
@click.pass_obj
def disclose_command(
    setup: Setup,
    episodes: tuple[str, ...],
    recipient: str,
    address: str | None,
    purpose: str,
    basis: str,
    scope: str | None,
    what: str,
    day: date | None,
    as_json: bool,
) -> None:
    r"""Log a disclosure made by fax, phone or mail.

    It is listed with those of packets, for an accounting of disclosures (45 CFR 164.528). On the basis consent, a
    consent on record must have covered recipient and purpose on that day; its scope is logged with it.

        caretrail audit disclose LNK-2026-0001 --recipient probation-3 \
          --purpose legal --basis consent --what "attendance, by phone"
    """
    from caretrail.evidence.packet.consent import with_consent
    from caretrail.evidence.packet.terms import PURPOSES, PacketRefused, Terms
    from caretrail.reading.questions.episodes import CaseNumber
    from caretrail.reading.reader import Reader

    if basis == "consent" and scope is not None:
        raise click.UsageError("the scope is that of the consent on record: leave out --scope")
    if day is not None and day > now().date():
        raise click.UsageError("--on is in the future: log a disclosure once it was made")
    with setup.open() as recorder, access_log(setup, recorder, PURPOSES[basis]) as access:
        reader = Reader(recorder, recorder.now(), access=access)
        names = sorted({reader.ask(CaseNumber(name)).value for name in episodes})
        try:
            asked = Terms(recipient, purpose, basis, None, scope, address)
            terms = with_consent(recorder, names, asked, recorder.now_for_today(), day)
        except PacketRefused:  # the reason reveals something about the episodes
            access(names)
            raise
        access.disclose(names, terms.disclosure(what, on=day))
    if as_json:
        print_json({"episodes": names, "disclosure": terms.disclosure(what, on=day)})
        return
    ground = f" ({visible(terms.ground)})" if basis == "consent" else ""
    click.echo(f"Logged: {plural(len(names), 'episode')} disclosed to {visible(recipient)}{ground}")
    click.echo("See 'caretrail audit access --disclosures'")
