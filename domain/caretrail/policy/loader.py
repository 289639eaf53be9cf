"""Loads installed packs, and orders the versions of one policy.

Packs that ship with the program are beside this file; `CARETRAIL_PACKS` names a folder with more. A pack that
supersedes another is its next version: together they are one policy. Each duty is judged by the version in force on
the day from which the duty runs.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from caretrail.days import ONE_DAY
from caretrail.errors import PackInvalid, PackUnknown
from caretrail.policy.pack import Pack, pack_of, read_pack
from caretrail.policy.toml import HINT, pack_bytes, parse_toml, read_toml

SHIPPED = Path(__file__).parent / "packs"
FOLDER_VARIABLE = "CARETRAIL_PACKS"


@dataclass(frozen=True)
class Policy:
    """One or more versions of the same rules, oldest first, each in force until the day before the next."""

    versions: tuple[Pack, ...]

    def on(self, day: date) -> Pack:
        """The version that judges the duties of a day: the one in force, else the first or the last."""
        versions = self.versions
        if len(versions) == 1:
            return versions[0]
        place = bisect_right(versions[1:], day, key=lambda pack: pack.effective_from or date.min)
        return versions[place]

    def in_force(self, day: date) -> bool:
        """Whether any version is in force on a day."""
        return any(pack.in_force(day) for pack in self.versions)

    @cached_property
    def digest(self) -> str:
        """One digest of all that its packs say."""
        return hashlib.sha256("".join(pack.digest for pack in self.versions).encode()).hexdigest()

    def rules_that(self, check: str) -> frozenset[tuple[str, str]]:
        """Its rules of a kind, each with the name of its pack."""
        if check not in self._by_check:
            self._by_check[check] = frozenset(
                (pack.name, name) for pack in self.versions for name, rule in pack.rules.items() if rule.check == check
            )
        return self._by_check[check]

    @cached_property
    def _by_check(self) -> dict[str, frozenset[tuple[str, str]]]:
        return {}

    @property
    def last_day(self) -> date | None:
        """The last day on which a version is in force; None if there is no end."""
        return self.versions[-1].effective_to


def folders() -> tuple[Path, ...]:
    """The folders of packs: the one that ships with the program, then the user's own."""
    own = os.environ.get(FOLDER_VARIABLE)
    return (SHIPPED, Path(own)) if own else (SHIPPED,)


def installed_packs() -> list[str]:
    """Names of the installed packs, sorted."""
    return sorted(_files(folders()))


def load_pack(name: str) -> Pack:
    """Read a pack by name; raises PackUnknown if it is not installed, PackInvalid if its file is not usable."""
    return _load(name, folders())


def pack_source(name: str) -> bytes:
    """The bytes that a pack was read from; raises PackUnknown if it is not installed, PackInvalid if it is unusable."""
    load_pack(name)  # raises if it is unusable
    return _content(name, folders())


def load_policy(name: str) -> Policy:
    """Read all versions of the policy a pack belongs to.

    Raises PackUnknown if the pack is not installed, PackInvalid if a version is unusable: a typing error, a cycle,
    days with two versions in force, or with none.
    """
    return _policy(name, folders())


def policy_among(name: str, packs: Mapping[str, Pack]) -> Policy:
    """The policy of a pack among some packs, by name, that stand for those installed. Raises as `load_policy`."""
    if name not in packs:
        raise PackUnknown(f"policy pack {name} is not among them")
    superseded = {other: pack.supersedes for other, pack in packs.items()}
    return policy_of([packs[other] for other in _line(name, superseded)])


def check_files(paths: Sequence[Path]) -> list[Pack | PackInvalid]:
    """Read files as if they were installed; return for each its pack, or the error.

    A file replaces one of the same name in the user's own folder.
    """
    shipped, files = _files((SHIPPED,)), _files(folders())
    files |= {path.stem: path for path in paths if path.stem not in shipped}
    superseded = {name: _supersedes(path) for name, path in files.items()}

    def check(path: Path) -> Pack | PackInvalid:
        try:
            pack = _read_named(path)
            if os.path.realpath(files[pack.name]) != os.path.realpath(path):  # resolve fails on a circle of links
                whose = "ships with the program" if pack.name in shipped else "is among the files, too"
                raise PackInvalid(
                    f"{path.name}: name: a pack {pack.name} {whose}", "give the pack and its file another name"
                )
            policy_of([_read_named(files[name]) for name in _line(pack.name, superseded)])
        except PackInvalid as error:
            return error
        return pack

    return [check(path) for path in paths]


def policy_of(packs: Sequence[Pack]) -> Policy:
    """Put versions in order; raises PackInvalid if they overlap, leave a gap, or differ in population."""
    ordered = sorted(packs, key=lambda pack: pack.effective_from or date.min)
    for place in range(1, len(ordered)):
        before, after = ordered[place - 1], ordered[place]
        begins = after.effective_from or date.min
        if begins == date.min:
            raise _wrong(after, f"effective_from: {before.name} has none either, so they overlap")
        ends = before.effective_to or begins - ONE_DAY
        if before.supersedes == after.name:
            words = f"effective_from: {before.effective_from} is not after {after.effective_from}, that of {after.name}"
            raise _wrong(before, words)
        if begins <= (before.effective_from or date.min) or ends >= begins:
            raise _wrong(after, f"effective_from: {begins} overlaps the days of {before.name}")
        if ends < begins - ONE_DAY:
            first, last = ends + ONE_DAY, begins - ONE_DAY
            raise _wrong(after, f"effective_from: no version is in force from {first} to {last}, after {before.name}")
        if before.population != after.population:
            raise _wrong(after, f"population: is not that of {before.name}, which it supersedes")
        ordered[place - 1] = before.model_copy(update={"effective_to": ends})
    return Policy(tuple(ordered))


def forget_packs() -> None:
    """Read every pack from its file again, the next time it is asked for."""
    for read in (_content, _load, _policy, _superseded):
        read.cache_clear()


def _files(places: tuple[Path, ...]) -> dict[str, Path]:
    """Pack files by name; a pack that ships with the program cannot be replaced."""
    found: dict[str, Path] = {}
    for place in places:
        for path in sorted(place.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


@lru_cache(maxsize=64)
def _content(name: str, places: tuple[Path, ...]) -> bytes:
    files = _files(places)
    if name not in files:
        raise PackUnknown(f"policy pack {name} is not installed", f"installed: {', '.join(sorted(files)) or 'none'}")
    return pack_bytes(files[name])


@lru_cache(maxsize=64)
def _load(name: str, places: tuple[Path, ...]) -> Pack:
    return parse_pack(_content(name, places), name)


def parse_pack(content: bytes, name: str) -> Pack:
    """Make a pack from the content of its file, which has its name; raises PackInvalid, naming the file."""
    return _named(pack_of(parse_toml(content, f"{name}.toml"), f"{name}.toml"), f"{name}.toml")


def _read_named(path: Path) -> Pack:
    return _named(read_pack(path), path.name)


def _named(pack: Pack, file: str) -> Pack:
    if file != f"{pack.name}.toml":
        raise PackInvalid(f"{file}: name: must be the name of the file", "rename the file or the pack")
    return pack


@lru_cache(maxsize=64)
def _policy(name: str, places: tuple[Path, ...]) -> Policy:
    pack = _load(name, places)
    line = _line(name, _superseded(places))
    return policy_of([pack if other == name else _load(other, places) for other in line])


def _line(name: str, superseded: Mapping[str, str | None]) -> list[str]:
    """The names of all versions of the policy a pack belongs to, oldest first."""
    line = [name]
    while (older := superseded[line[0]]) is not None:
        if older not in superseded:
            raise PackInvalid(f"{line[0]}.toml: supersedes: pack {older} is not installed", HINT)
        if older in line:
            raise PackInvalid(f"{line[0]}.toml: supersedes: a cycle: {', '.join([older, *line])}", HINT)
        line.insert(0, older)
    # forward from the oldest, so that every version is refused for the same reason
    line = line[:1]
    while newer := [other for other, older in superseded.items() if older == line[-1]]:
        if len(newer) > 1:
            raise PackInvalid(f"{newer[1]}.toml: supersedes: {line[-1]} is superseded by {newer[0]} already", HINT)
        line.append(newer[0])
    return line


@lru_cache(maxsize=8)
def _superseded(places: tuple[Path, ...]) -> Mapping[str, str | None]:
    return {name: _supersedes(path) for name, path in _files(places).items()}


def _supersedes(path: Path) -> str | None:
    """The pack that a file supersedes; None also for a file that is not TOML: loading it is refused."""
    try:
        supersedes = read_toml(path).get("supersedes")
    except PackInvalid:
        return None
    return supersedes if isinstance(supersedes, str) else None


def _wrong(pack: Pack, words: str) -> PackInvalid:
    return PackInvalid(f"{pack.name}.toml: {words}", HINT)
