"""What the rules say: policy packs as data, with citations."""

from caretrail.policy.pack import (
    Lists,
    Numbers,
    Pack,
    Reading,
    Rule,
    citation,
    installed_packs,
    load_pack,
    read_pack,
)

__all__ = ["Lists", "Numbers", "Pack", "Reading", "Rule", "citation", "installed_packs", "load_pack", "read_pack"]
