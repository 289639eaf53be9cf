"""`rules`: the policy packs there are, one of them to read, and whether a file of one's own could be one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.groups import Command
from caretrail.cli.options import json_option
from caretrail.cli.terminal.columns import AnyCell, Cell
from caretrail.cli.terminal.screen import print_json, say
from caretrail.cli.terminal.tables import lines, print_sheet, print_table
from caretrail.errors import PackInvalid
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.policy import Pack, Rule


@click.command("rules", cls=Command)
@click.argument("packs", nargs=-1, metavar="[PACK]")
@click.option(
    "--check", is_flag=True, allow_from_autoenv=False,
    help="Check files before you install them: each alone, then together with the installed packs.",
)  # fmt: skip  # one option, one thought
@json_option
def rules_command(packs: tuple[str, ...], check: bool, as_json: bool) -> None:
    """Print the rules of a policy pack.

    PACK is the name of an installed pack, or a TOML file; without it the installed packs are listed.

        caretrail rules ne-medicaid-2.1-adult
        caretrail rules --check my-state.toml

    Keep your own packs in the folder that CARETRAIL_PACKS names: one TOML file for each pack, with the pack's name as
    file name. 'supersedes' and 'effective_from' make a pack the next version of another. --check takes any number of
    files and reports which rules and fields are wrong; exit status 1 if any file cannot be used.
    """
    if check:
        _check(packs, as_json)
    elif len(packs) > 1:
        raise click.UsageError("name one pack; with --check, any number of files")
    elif packs:
        _show(packs[0], as_json)
    else:
        _list(as_json)


# --- the packs there are ------------------------------------------------------------------------------------------


def _list(as_json: bool) -> None:
    from caretrail.policy import installed_packs

    listed = [_listed(name) for name in installed_packs()]
    if as_json:
        print_json({"rows": listed})
    else:
        rows = [(row["name"], _in_force(row), lines(row["title"], _marks(row))) for row in listed if "title" in row]
        print_table(("Pack", "In force", "Rules of"), rows, wraps=2)
    # of a policy that is broken each version says the same
    for error in dict.fromkeys(row["error"] for row in listed if row["error"]):
        say(f"Error: {visible(error)}")


def _listed(name: str) -> dict[str, Any]:
    """A pack as a row; one that cannot be used is listed with what is wrong with it."""
    from caretrail.policy import load_pack, load_policy

    try:
        pack = load_pack(name)
    except PackInvalid as error:
        return {"name": name, "error": error.message}
    problem: str | None = None
    try:
        pack = next(version for version in load_policy(name).versions if version.name == name)
    except PackInvalid as error:
        problem = error.message
    fields = {"name", "title", "effective_from", "effective_to", "supersedes", "for_tests"}
    return {**pack.model_dump(mode="json", include=fields), "error": problem}


def _marks(row: dict[str, Any]) -> str:
    supersedes = f"supersedes {row['supersedes']}" if row["supersedes"] else ""
    marks = (supersedes, "for tests" if row["for_tests"] else "", "cannot be used" if row["error"] else "")
    return "; ".join(mark for mark in marks if mark)


def _in_force(row: dict[str, Any]) -> str:
    begin, end = row["effective_from"], row["effective_to"]
    if begin and end:
        return f"{begin} to {end}"
    return f"from {begin}" if begin else f"until {end}" if end else "no dates"


# --- one pack -----------------------------------------------------------------------------------------------------


def _show(name: str, as_json: bool) -> None:
    from caretrail.policy import load_pack, load_policy, read_pack

    if name.endswith(".toml"):
        pack = read_pack(Path(name))
    else:
        # the version asked for, with the day on which the next one ends it
        versions = {version.name: version for version in load_policy(name).versions}
        pack = versions.get(name) or load_pack(name)
    if as_json:
        print_json(pack.model_dump(mode="json"))
    else:
        _print(pack)


def _print(pack: Pack) -> None:
    levels = ", ".join(pack.levels)
    people = "everyone" if pack.population == "any" else f"{pack.population}s"
    in_force = _in_force(pack.model_dump(mode="json")) + (f"; supersedes {pack.supersedes}" if pack.supersedes else "")
    rows: list[tuple[str, AnyCell]] = [
        ("For", lines(f"{pack.payer}, {pack.jurisdiction}; {people}; level {levels} of {pack.edition}")),
        ("Source", lines(pack.document, pack.url or "")),
        ("In force", lines(in_force)),
        ("Copy of", str(pack.copied_on or "")),
        ("Published", str(pack.published_on or "")),
        ("Services", ", ".join(sorted(pack.treatment_services))),
        ("Weeks", f"begin on {pack.week_start.title()}"),
        ("Closed", ", ".join(str(day) for day in sorted(pack.closed_days))),
        ("Guidance", lines(*_guidance(pack))),
        ("Notice", f"{plural(pack.notice_days, 'day')} for what nothing can cure"),
        ("Late", f"an entry more than {plural(pack.late_after_days, 'day')} after the day it is of"),
        ("For tests", "not for use: it shows what a pack can say" if pack.for_tests else ""),
    ]
    click.echo(f"{visible(pack.name)}: {visible(pack.title)}\n")
    print_sheet(rows)
    judged = [(rule.id, rule.strength, _says(rule)) for rule in pack.judged]
    click.echo("")
    print_table(("Rule", "", "Says"), judged, wraps=2)
    off = [(rule.id, _why_off(rule)) for rule in pack.rules.values() if not rule.on]
    if off:
        click.echo("\nSwitched off, so never judged:\n")
        print_table(("Rule", "Says, and why it is off"), off, wraps=1)
    if pack.leaves_out:
        click.echo("\nLeft out, so no rule here judges it:\n")
        print_table(("", ""), [("-", left) for left in pack.leaves_out], wraps=1, header=False)
    if pack.readings:
        click.echo("\nHow the open questions of the text are read:\n")
        readings = [(name, _read_as(pack, name)) for name in pack.readings]
        print_table(("Reading", "Question, answer, and what else it may mean"), readings, wraps=1)


def _guidance(pack: Pack) -> Iterator[str]:
    """Who gives clinical guidance, of whom it cannot be told, and who does not."""
    guidance = pack.guidance
    if guidance is None:
        yield "a clinician or supervisor of the team, whatever the credential"
        return
    team = " of the team" if pack.guidance_by == "team" else ""
    yield f"whoever{team} signs as {', '.join(guidance.credentials)}, in any usual spelling"
    if guidance.doubtful:
        yield f"In doubt: {', '.join(guidance.doubtful)} alone"
    if guidance.unproven:
        yield f"In doubt beside a license: {', '.join(guidance.unproven)}"
    if guidance.others:
        yield f"Not: {', '.join(guidance.others)}"


def _says(rule: Rule) -> Cell:
    from caretrail.policy.describe import parameters

    asks = parameters(rule)
    return lines(rule.title, rule.text, f"Asks: {asks}" if asks else "", f"Source: {_source(rule)}", rule.url or "")


def _source(rule: Rule) -> str:
    """Where a rule comes from; the pack's own document stands above the rules."""
    if rule.section is None:
        return rule.citation
    cited = f"{rule.document}, {rule.section}" if rule.document else rule.section
    cited += f", lines {rule.lines}" if rule.lines else ""
    return cited + (f", copy of {rule.copied_on}" if rule.copied_on else "")


def _why_off(rule: Rule) -> Cell:
    why = f"unsourced: {rule.unsourced}" if rule.unsourced else rule.off_because or "the pack does not say why"
    return lines(rule.title, rule.text, f"Off: {why}")


def _read_as(pack: Pack, name: str) -> Cell:
    reading = pack.readings[name]
    places = ", ".join(reading.decides)
    return lines(
        reading.question,
        f"Read as: {reading.value}",
        f"Or: {', '.join(reading.alternatives)}" if reading.alternatives else "",
        f"Decided by {places}" if places else f"Bears on {', '.join(reading.rules)}" if reading.rules else "",
    )


# --- files of one's own -------------------------------------------------------------------------------------------


def _check(files: tuple[str, ...], as_json: bool) -> None:
    if not files:
        raise click.UsageError("name the files to check")
    from caretrail.policy import check_files

    found = check_files([Path(file) for file in files])
    results = [_result(file, pack) for file, pack in zip(files, found, strict=True)]
    if as_json:
        print_json({"rows": results})
    else:
        for result in results:
            _tell(**result)
    if not all(result["ok"] for result in results):
        raise Stopped(ExitStatus.FAILED)


def _result(file: str, found: Pack | PackInvalid) -> dict[str, Any]:
    if isinstance(found, PackInvalid):
        return {"file": file, "ok": False, "error": found.message}
    off = len(found.rules) - len(found.judged)
    return {
        "file": file, "ok": True, "name": found.name, "rules": len(found.rules), "off": off,
        "warnings": _warnings(found),
    }  # fmt: skip  # in the order of the screen


def _tell(
    file: str, *, ok: bool, error: str = "", rules: int = 0, off: int = 0, warnings: Sequence[str] = (), **_: str
) -> None:
    if not ok:
        # the message begins with the file that is wrong, which may be another one
        click.echo(f"{visible(file)}: cannot be used\n  {visible(error)}")
        return
    click.echo(f"{visible(file)}: ok, {plural(rules, 'rule')}, {off} off")
    for warning in warnings:
        click.echo(f"  warning: {visible(warning)}")


def _warnings(pack: Pack) -> list[str]:
    """What is allowed, and worth a second look."""
    from caretrail.policy.rules.plan import ReviewDue

    found: list[str] = []
    if pack.for_tests:
        found.append("for_tests: the pack says it is not for use")
    if pack.effective_from is None:
        found.append("effective_from: left out, so it judges every day there is")
    review = pack.rule(ReviewDue)
    if review is not None and not review.term.civil:
        unit = review.term.unit.replace("_", " ")
        words = f"gaps are told in days, and the first term of {review.id} counts {unit}s"
        found += [f"rules.{rule.id}: {words}" for rule in pack.judged if rule.check == "review_gaps"]
    return found
