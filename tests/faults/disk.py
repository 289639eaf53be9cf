"""A disk that loses power: what was synced is there, of the rest any sector may be there, old, or missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final, Literal

from tests.faults.tape import Step

Loss = Literal["nothing kept", "everything kept", "some writes", "some sectors of 512", "some sectors of 4096", "torn"]
LOSSES: Final[tuple[Loss, ...]] = (
    "nothing kept", "everything kept", "some writes", "some sectors of 512", "some sectors of 4096", "torn",
)  # fmt: skip


class Disk:
    """The files of a store as steps of a tape are done on them."""

    def __init__(self, files: Mapping[str, bytes], random: Random | None = None) -> None:
        self._random = random or Random(0)
        self._sure = {name: bytearray(content) for name, content in files.items()}
        self._pending: dict[str, list[Step]] = {}

    @property
    def complete(self) -> bool:
        """Whether nothing waits for a sync."""
        return not any(self._pending.values())

    def do(self, step: Step) -> None:
        """Do a step; a sync makes sure what the file had waiting.

        After one that failed some of it is lost for good, and no later sync tells: Linux drops what it could not write.
        """
        if step.kind == "told":
            return
        if step.kind not in ("sync", "failed sync"):
            self._pending.setdefault(step.file, []).append(step)
            return
        content = self._sure.get(step.file, bytearray())
        waiting = self._pending.pop(step.file, [])
        if step.kind == "failed sync":
            waiting = list(_sectors(4096)(waiting, self._random))
        for kept in waiting:
            _apply(content, kept)
        self._sure[step.file] = content

    def after_power_cut(self, loss: Loss, random: Random) -> dict[str, bytes]:
        """What may be on the disk if the power goes now."""
        image: dict[str, bytes] = {}
        for name in sorted({*self._sure, *self._pending}):  # or a seed would not mean the same image
            content = bytearray(self._sure.get(name, b""))
            for step in _LOSE[loss](self._pending.get(name, []), random):
                _apply(content, step)
            if content:
                image[name] = bytes(content)
        return image


def _apply(content: bytearray, step: Step) -> None:
    match step.kind:
        case "write":
            if len(content) < step.offset:
                content.extend(bytes(step.offset - len(content)))
            content[step.offset : step.offset + len(step.data)] = step.data
        case "truncate":
            del content[step.offset :]
        case "delete":
            content.clear()
        case _:
            raise AssertionError(step.kind)


def _some(steps: list[Step], random: Random) -> Iterator[Step]:
    return (step for step in steps if random.random() < 0.5)


def _sectors(size: int) -> Callable[[list[Step], Random], Iterator[Step]]:
    return lambda steps, random: _some([sector for step in steps for sector in _cut(step, size)], random)


def _torn(steps: list[Step], random: Random) -> Iterator[Step]:
    """All up to a moment, of the write then under way the first sectors."""
    if steps:
        last = random.randrange(len(steps))
        yield from steps[:last]
        sectors = list(_cut(steps[last], 512))
        yield from sectors[: random.randint(0, len(sectors))]


def _cut(step: Step, size: int) -> Iterator[Step]:
    """A write, cut where sectors begin."""
    if step.kind != "write":
        yield step
        return
    start = step.offset
    end = start + len(step.data)
    while start < end:
        stop = min(end, (start // size + 1) * size)
        yield Step("write", step.file, start, step.data[start - step.offset : stop - step.offset])
        start = stop


_LOSE: Final[dict[Loss, Callable[[list[Step], Random], Iterator[Step]]]] = {
    "nothing kept": lambda _steps, _random: iter(()),
    "everything kept": lambda steps, _random: iter(steps),
    "some writes": _some,
    "some sectors of 512": _sectors(512),
    "some sectors of 4096": _sectors(4096),
    "torn": _torn,
}
