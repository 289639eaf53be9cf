"""The names a question filters by: a mistyped name is an error, never an empty list."""

from __future__ import annotations

from collections.abc import Iterable
from re import fullmatch
from typing import get_args

from caretrail.errors import UnknownName
from caretrail.log.records import episode_stream
from caretrail.reading.query import Filters, is_rule
from caretrail.reading.snapshot import Snapshot
from caretrail.tokens import ID_PATTERN, Verdict

VERDICTS: tuple[str, ...] = get_args(Verdict)

FIELDS = {
    "program": ("program", "to_program"),
    "clinician": ("id", "clinician", "signer"),
    "author": ("id",),
    "client": ("client",),
}
"""The fields of events that hold names, by the kind of the name."""


def require_known(filters: Filters, snapshot: Snapshot) -> None:
    """Refuse filters that name what does not exist; a clinician without a case today does exist.

    Raises UnknownName with the nearest name. For episodes and clients none is suggested: a guess must not reveal the
    number of another person.
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
    """Refuse a program, a person or a client that no event names; a name recorded later exists at any `known_at`."""
    if snapshot.has(kind, name):
        return
    if fullmatch(ID_PATTERN, name):  # anything else might match across the fields of an event
        recorder = snapshot.recorder
        needles = [f'"{field}":"{name}"'.encode() for field in FIELDS[kind]]
        if any(recorder.mentions(needle, recorder.max_position()) for needle in needles):
            return
    if kind == "client":
        raise UnknownName("no client with that ID", "see 'caretrail census'", kind)
    raise unknown(kind, name, snapshot.known(kind), "see 'caretrail census'")


def unknown(kind: str, name: str, known: Iterable[str], hint: str) -> UnknownName:
    """The error for a name that does not exist; text that cannot be a name is not repeated."""
    message = f"there is no {kind} {name}" if fullmatch(ID_PATTERN, name) else f"there is no such {kind}"
    return UnknownName(message, hint, kind, nearest(name, known))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The nearest known name, if one is near enough."""
    from difflib import get_close_matches  # measured start-up: only an unknown name needs it

    names = {item.upper(): item for item in known}
    found = get_close_matches(name.upper(), names, n=1)
    return names[found[0]] if found else None


def named_by(filters: Filters, snapshot: Snapshot) -> list[str]:
    """The existing episodes that filters name by number or by client."""
    found = [name for name in filters.episodes if snapshot.exists(name)]
    return found + [name for client in filters.clients for name in snapshot.names(client=client)]


def short_rules(rules: Iterable[str]) -> list[str]:
    """Rule ids without the prefix of their pack, as people type them."""
    return [rule.partition("-")[2] or rule for rule in rules]


def _require_rule(rule: str, snapshot: Snapshot) -> None:
    if snapshot.policy is None and snapshot.has("rule", rule):
        return  # loading the packs takes longer than most lists
    rules = _rules(snapshot)
    if not any(is_rule(rule, name) for name in rules):
        of = f" of {snapshot.policy.versions[0].name}" if snapshot.policy is not None else ""
        raise unknown("rule", rule, [*rules, *short_rules(rules)], f"rules{of}: {', '.join(sorted(rules))}")


def _rules(snapshot: Snapshot) -> set[str]:
    """The rules of the installed and recorded packs, or of the policy of the question, and our own."""
    from caretrail.policy import installed_packs  # measured start-up: loads the rule models
    from caretrail.policy.own_rules import OWN_RULES

    packs = list(snapshot.policy.versions) if snapshot.policy is not None else []
    names = {*installed_packs(), *snapshot.packs.contents} if snapshot.policy is None else set[str]()
    packs += [pack for name in sorted(names) if (pack := snapshot.packs.pack(name)) is not None]
    return {name for pack in packs for name in pack.rules} | OWN_RULES.keys()
