"""The packs that judge: the contents that the store records, the newest of each, and for the rest those installed.

What is known of a time is judged by the contents recorded by then. Packs are loaded inside the functions: a list is
read without the rules.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.log.own_events import PackContent, own_events, pack_content, packs_in
from caretrail.readmodel.pack_files import read_digest, usable_policy
from caretrail.readmodel.schema import State, statements

if TYPE_CHECKING:
    from datetime import datetime

    from caretrail.log.recorder import EventRecorder
    from caretrail.policy import Pack, Policy

PolicyOf: TypeAlias = "Callable[[str | None], Policy | None]"
"""The policy that judges an admission which names it; None if none that is usable does."""

JUDGED_AGAIN = ""
"""Instead of a digest: the rows are being judged again, so they are of several packs. Empty builds say so, too."""


# --- the contents that the store records ----------------------------------------------------------------------------


class Policies:
    """What judges a store: policies of the contents it records, and `beyond` for names of which it records none.

    Without `beyond` the installed packs are asked. `asked_beyond` are the names for which that was needed.
    """

    def __init__(
        self, recorder: EventRecorder, contents: Mapping[str, PackContent], beyond: Policies | None = None
    ) -> None:
        self.contents = contents
        self.asked_beyond: set[str] = set()
        self._recorder = recorder
        self._beyond = beyond
        self._found: dict[str, Policy | None] = {}

    def __call__(self, policy: str | None) -> Policy | None:
        """The policy that judges an admission which names it."""
        if policy is None:
            return None
        if policy not in self.contents:
            self.asked_beyond.add(policy)
            return usable_policy(policy) if self._beyond is None else self._beyond(policy)
        if policy not in self._found:
            self._found[policy] = self._policy(policy)
        return self._found[policy]

    def _policy(self, name: str) -> Policy | None:
        from caretrail.policy import policy_among

        packs = {one: pack for one in self.contents if (pack := self.pack(one)) is not None}
        try:
            return policy_among(name, packs)
        except (PackUnknown, PackInvalid):
            return None

    def pack(self, name: str) -> Pack | None:
        """A pack by its own name; None if it is neither recorded nor installed, or not usable."""
        from caretrail.policy import load_pack

        content = self.contents.get(name)
        if content is None and self._beyond is not None:
            return self._beyond.pack(name)
        try:
            return load_pack(name) if content is None else _recorded_pack(self._recorder, content)
        except (PackUnknown, PackInvalid):
            return None

    def source(self, name: str) -> bytes:
        """The bytes of a pack. Raises PackUnknown, PackInvalid or StoreDamaged."""
        from caretrail.policy import pack_source

        content = self.contents.get(name)
        if content is not None:
            return pack_content(self._recorder, content)
        return pack_source(name) if self._beyond is None else self._beyond.source(name)


def as_if(policy: Policy) -> PolicyOf:
    """Judge every episode by one policy, whatever its admission names."""
    return lambda _: policy


def policies_of(recorder: EventRecorder) -> Policies:
    """What judges a store now."""
    return Policies(recorder, _newest(recorded_packs(recorder)))


def policies_known(recorder: EventRecorder, position: int) -> Policies:
    """What judges a store as known at a position; of a pack recorded only later, what judges now."""
    found = recorded_packs(recorder)
    now = Policies(recorder, _newest(found))
    return Policies(recorder, _newest(one for one in found if one.position <= position), now)


def recorded_packs(recorder: EventRecorder) -> list[PackContent]:
    """Every content of a pack that the store records, oldest first."""
    return packs_in(own_events(recorder))


def _newest(contents: Iterable[PackContent]) -> dict[str, PackContent]:
    return {one.name: one for one in contents}


_PARSED: dict[tuple[str, str], Pack] = {}
"""By name and SHA-256 of the content, so that whatever store it is of, it is the same pack."""


def _recorded_pack(recorder: EventRecorder, content: PackContent) -> Pack:
    from caretrail.policy import load_pack, pack_source, parse_pack

    key = content.name, content.sha256
    if key not in _PARSED:
        with contextlib.suppress(PackUnknown, PackInvalid):
            if hashlib.sha256(pack_source(content.name)).hexdigest() == content.sha256:
                _PARSED[key] = load_pack(content.name)
    if key not in _PARSED:
        _PARSED[key] = parse_pack(pack_content(recorder, content), content.name)
    return _PARSED[key]


class PolicyChange(NamedTuple):
    """A policy as it judged from a position on, recorded at an instant (UTC)."""

    position: int
    recorded_at: datetime
    policy: Policy | None


def changes_of(recorder: EventRecorder, policy: str | None, upto: int) -> list[PolicyChange]:
    """How a policy changed with the contents recorded up to a position, oldest first; none while it has no content."""
    if policy is None:
        return []
    found = [one for one in recorded_packs(recorder) if one.position <= upto]
    changes: list[PolicyChange] = []
    for place, one in enumerate(found, start=1):
        contents = _newest(found[:place])
        if policy in contents:
            then = Policies(recorder, contents)(policy)
            if not changes or digest_of(then) != digest_of(changes[-1].policy):
                changes.append(PolicyChange(one.position, one.recorded_at, then))
    return changes


# --- which of them judged the rows ----------------------------------------------------------------------------------


def packs_digest(recorder: EventRecorder) -> str:
    """One digest of what judges: the recorded contents, and the files of other packs, as this process has read them.

    It is asked for before any pack is loaded.
    """
    newest = _newest(recorded_packs(recorder))
    said = [f"{name} {content.sha256}\n" for name, content in sorted(newest.items())]
    return hashlib.sha256("".join([*said, read_digest(frozenset(newest))]).encode()).hexdigest()


def digest_of(policy: Policy | None) -> str:
    """One digest of all that the packs of a policy say; empty without a policy."""
    return policy.digest if policy else ""


def stale_policies(recorder: EventRecorder, state: State) -> tuple[str, ...]:
    """The policies, as admissions name them, whose packs are not those by which the rows were judged, in order."""
    if state.packs == packs_digest(recorder):
        return ()
    return differing_policies(recorder, state, policies_of(recorder))


def policies_judging(recorder: EventRecorder, state: State) -> tuple[str, ...]:
    """The policies that admissions of stored episodes name, in order."""
    judged = recorder.database.query(statements(state.build)["judged_by"])
    return tuple(sorted({policy for policy, _ in judged}))


def differing_policies(recorder: EventRecorder, state: State, policies: PolicyOf) -> tuple[str, ...]:
    """The policies, as admissions name them, that other packs than these judged the rows of, in order."""
    judged = recorder.database.query(statements(state.build)["judged_by"])
    return tuple(sorted({policy for policy, packs in judged if packs != digest_of(policies(policy))}))


def citations_of(policies: Policies, packs: Iterable[str]) -> dict[str, dict[str, str]]:
    """Where the rules of packs are to be found: citations by rule, by the name of the pack."""
    return {name: {rule.id: rule.citation for rule in pack.rules.values()} for name, pack in _packs(policies, packs)}


def _packs(policies: Policies, names: Iterable[str]) -> Iterator[tuple[str, Pack]]:
    for name in names:
        if (pack := policies.pack(name)) is not None:
            yield name, pack
