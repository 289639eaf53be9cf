"""Names a question asks by: a list of nothing must never be the answer to a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from re import fullmatch
from typing import get_args

from caretrail.errors import PackInvalid, UnknownName
from caretrail.findings import Verdict
from caretrail.log.records import episode_stream
from caretrail.reading.query import Filters, is_rule
from caretrail.reading.snapshot import Snapshot
from caretrail.tokens import ID_PATTERN

VERDICTS: tuple[str, ...] = get_args(Verdict)

FIELDS = {
    "program": ("program", "to_program"),
    "clinician": ("id", "clinician", "signer"),
    "author": ("id",),
    "client": ("client",),
}
"""Where the name of a program, a person or a client stands in the events, by what it is asked for as."""


def require_known(filters: Filters, snapshot: Snapshot) -> None:
    """Refuse filters that name what does not exist; a clinician without a case today does exist.

    Raises UnknownName, with what was probably meant. Of an episode and a client nothing is suggested: that would show
    somebody's number to whoever guesses.
    """
    for verdict in sorted(set(filters.verdicts).difference(VERDICTS)):
        raise unknown("verdict", verdict, VERDICTS, f"verdicts: {', '.join(VERDICTS)}")
    for kind, names in (("program", filters.programs), ("clinician", filters.clinicians)):
        for name in sorted(names):
            require(kind, name, snapshot)
    for client in filters.clients:
        require("client", client, snapshot)
    for episode in filters.episodes:
        if not snapshot.recorder.select_events(episode_stream(snapshot.recorder.namespace, episode), limit=1):
            raise UnknownName.of_episode()
    for rule in sorted(filters.rules):
        _require_rule(rule, snapshot)


def require(kind: str, name: str, snapshot: Snapshot) -> None:
    """Refuse a program, a person or a client that no event names."""
    if snapshot.has(kind, name):
        return
    needles = [f'"{field}":"{name}"'.encode() for field in FIELDS[kind]]
    if any(snapshot.recorder.mentions(needle, snapshot.position) for needle in needles):
        return
    if kind == "client":
        raise UnknownName("no client of that number is recorded", "see 'caretrail census'", kind)
    raise unknown(kind, name, snapshot.known(kind), "see 'caretrail census'")


def unknown(kind: str, name: str, known: Iterable[str], hint: str) -> UnknownName:
    """What to raise for a name that nothing has; only what may be a name is repeated."""
    said = f"there is no {kind} {name}" if fullmatch(ID_PATTERN, name) else f"there is no such {kind}"
    return UnknownName(said, hint, kind, nearest(name, known))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, if one is near enough."""
    names = {item.upper(): item for item in known}
    found = get_close_matches(name.upper(), names, n=1)
    return names[found[0]] if found else None


def short_rules(rules: Iterable[str]) -> list[str]:
    """Rules as people type them: without the prefix of their pack."""
    return [rule.partition("-")[2] or rule for rule in rules]


def _require_rule(rule: str, snapshot: Snapshot) -> None:
    if snapshot.policy is None and snapshot.has("rule", rule):
        return  # reading the packs takes longer than most lists
    rules = _rules(snapshot)
    if not any(is_rule(rule, name) for name in rules):
        of = f" of {snapshot.policy.versions[0].name}" if snapshot.policy is not None else ""
        raise unknown("rule", rule, [*rules, *short_rules(rules)], f"rules{of}: {', '.join(sorted(rules))}")


def _rules(snapshot: Snapshot) -> set[str]:
    """The rules there are: those of the packs that are installed, or of the policy that judges, and our own."""
    from caretrail.policy import installed_packs, load_pack  # here: with the packs come their models
    from caretrail.policy.own_rules import OWN_RULES

    packs = list(snapshot.policy.versions) if snapshot.policy is not None else []
    for name in () if snapshot.policy is not None else installed_packs():
        with suppress(PackInvalid):  # somebody's broken file has no rules, and says so where it is asked for
            packs.append(load_pack(name))
    return {name for pack in packs for name in pack.rules} | OWN_RULES.keys()
