"""The packs that judge: those installed, and whether they are those the rows were judged by.

Packs are loaded inside the functions: a list is read without the rules.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.files import MOST_PACK_BYTES, regular_bytes
from caretrail.readmodel.schema import State, statements

if TYPE_CHECKING:
    from caretrail.log.database import Database
    from caretrail.policy import Policy

JUDGED_AGAIN = ""
"""Instead of a digest: the rows are being judged again, so they are of several packs. Empty builds say so, too."""


def packs_digest() -> str:
    """One digest of all pack files there are, read once a process, and before any of them is loaded."""
    return _digest_read(_own_folder())


def digest_on_disk() -> str:
    """One digest of all pack files as they are now."""
    return files_digest(_own_folder())


def forget_packs() -> None:
    """Read all packs from their files again."""
    from caretrail import policy

    _digest_read.cache_clear()
    policy.forget_packs()


def _own_folder() -> str | None:
    return os.environ.get("CARETRAIL_PACKS")  # as in caretrail.policy.loader


def files_digest(own: str | None) -> str:
    """One digest of the pack files that come with the program and of those in a folder of one's own."""
    spec = find_spec("caretrail.policy")
    folders = [Path(place, "packs") for place in (spec.submodule_search_locations or ())] if spec else []
    digest = hashlib.sha256()
    for folder in (*folders, *([Path(own)] if own else ())):
        for path in sorted(folder.glob("*.toml")):
            with contextlib.suppress(OSError):  # what cannot be read judges nothing, and says so where it is asked for
                digest.update(os.fsencode(path.name) + regular_bytes(path, MOST_PACK_BYTES))
    return digest.hexdigest()


_digest_read = lru_cache(maxsize=8)(files_digest)


def usable_policy(policy: str | None) -> Policy | None:
    """The policy an admission names; None if it names none that is installed and usable."""
    from caretrail.policy import load_policy

    if policy is None:
        return None
    packs_digest()  # before the first is loaded: a file that changes afterward is seen to differ
    try:
        return load_policy(policy)
    except (PackUnknown, PackInvalid):
        return None


def digest_of(policy: Policy | None) -> str:
    """One digest of all that the packs of a policy say; empty without a policy."""
    return policy.digest if policy else ""


def stale_policies(database: Database, state: State) -> tuple[str, ...]:
    """The policies, as admissions name them, whose packs are not those by which the rows were judged, in order."""
    if state.packs == packs_digest():
        return ()
    judged = database.query(statements(state.build)["judged_by"])
    return tuple(sorted({policy for policy, packs in judged if packs != digest_of(usable_policy(policy))}))


def citations_of(packs: Iterable[str]) -> dict[str, dict[str, str]]:
    """Where the rules of installed packs are to be found: citations by rule, by the name of the pack."""
    from caretrail.policy import load_pack

    found: dict[str, dict[str, str]] = {}
    for name in packs:
        with contextlib.suppress(PackUnknown, PackInvalid):
            found[name] = {rule.id: rule.citation for rule in load_pack(name).rules.values()}
    return found
