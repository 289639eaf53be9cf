"""`rules`: a policy pack, for a person to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from caretrail.cli.helping import described
from caretrail.cli.options import json_option
from caretrail.cli.screen import print_json, print_json_list, visible

if TYPE_CHECKING:
    from caretrail.policy import Pack


@click.command("rules")
@described
@click.argument("pack", required=False, metavar="[PACK]")
@json_option
def command(pack: str | None, as_json: bool) -> None:
    """Print the rules of a policy pack.

    PACK is the name of an installed pack, or a TOML file; without it the installed packs are listed.

        caretrail rules ne-medicaid-2.1-adult
    """
    from caretrail.policy import installed_packs, load_pack, read_pack

    if pack is None:
        names = installed_packs()
        if as_json:
            print_json_list(names)
        for name in () if as_json else names:
            click.echo(f"{visible(name)}  {visible(load_pack(name).title)}")
        return
    found = read_pack(Path(pack)) if pack.endswith(".toml") else load_pack(pack)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)


def _print(pack: Pack) -> None:
    from caretrail.cli.tables import Cell, Columns, lines, print_sheet, print_table

    levels = ", ".join(pack.levels)
    click.echo(f"{visible(pack.name)}: {visible(pack.title)}")
    click.echo("")
    print_sheet(
        [
            (
                "For",
                Cell(lines(f"{pack.payer}, {pack.jurisdiction}; {pack.population}s; level {levels} of {pack.edition}")),
            ),
            ("Source", Cell(lines(pack.document))),
            ("In effect", f"{pack.effective_from or ''}{f' to {pack.effective_to}' if pack.effective_to else ''}"),
        ]
    )
    click.echo("")
    rows = [
        (
            rule.id,
            rule.strength if rule.on else "off",
            Cell(lines(rule.title, rule.text, f"{rule.section}, lines {rule.lines}")),
        )
        for rule in pack.rules.values()
    ]
    print_table(Columns.of(("Rule", "", "Says"), rows, wraps=2), rows)
    click.echo("\nHow the open questions of the text are read:\n")
    readings = [(reading.value, Cell(lines(reading.question))) for reading in pack.readings.values()]
    print_table(Columns.of(("Read as", "Question"), readings, wraps=1), readings)
