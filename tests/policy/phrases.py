"""What the parameters of rules say in words: a line for each rule of every pack, in `phrases.txt`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from caretrail.policy import installed_packs, load_pack, read_pack
from caretrail.policy.describe import parameters

HERE = Path(__file__).parent
GOLDEN = HERE / "phrases.txt"


def phrases() -> Iterator[str]:
    """The rules with parameters of the packs that ship, and of those of the tests, in order."""
    packs = [load_pack(name) for name in installed_packs() if name.startswith(("ne-", "sd-", "va-"))]
    packs += [read_pack(path) for path in sorted((HERE / "packs").glob("*.toml"))]
    for pack in packs:
        for rule in pack.rules.values():
            if words := parameters(rule):
                yield f"{pack.name} {rule.id}: {words}\n"


def main(words: list[str]) -> None:
    """Write what is said anew."""
    if words != ["--write"]:
        raise SystemExit("usage: python -m tests.policy.phrases --write")
    GOLDEN.write_text("".join(phrases()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
