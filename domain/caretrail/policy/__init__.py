"""Policy packs: the rules as data, with citations."""

from caretrail.policy.loader import (
    Policy,
    check_files,
    folders,
    forget_packs,
    installed_packs,
    load_pack,
    load_policy,
    pack_source,
    parse_pack,
    policy_among,
    policy_of,
)
from caretrail.policy.pack import Pack, Reading, pack_of, read_pack
from caretrail.policy.rules import Rule
from caretrail.policy.values import Term

__all__ = [
    "Pack", "Policy", "Reading", "Rule", "Term", "check_files", "folders", "forget_packs", "installed_packs",
    "load_pack", "load_policy", "pack_of", "pack_source", "parse_pack", "policy_among", "policy_of", "read_pack",
]  # fmt: skip
