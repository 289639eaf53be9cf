"""What a run of a fault counts: how much was done under it, and what must stay at zero."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """`done` is how much, by name; `wrong` is everything that must not happen, by name."""

    done: Counter[str] = field(default_factory=Counter[str])
    wrong: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def of(cls, *wrong: str) -> Counts:
        """Name what is looked for, so that a zero is a figure and not a silence."""
        return cls(wrong=Counter(dict.fromkeys(wrong, 0)))

    def add(self, other: Counts) -> None:
        """Put the counts of another run to these; what is counted "at worst" stays the worst."""
        worst = {name: max(self.wrong[name], other.wrong[name]) for name in other.wrong if name.endswith("at worst")}
        self.done.update(other.done)
        self.wrong.update(other.wrong)  # adds
        for name, value in worst.items():
            self.wrong[name] = value

    @property
    def holds(self) -> bool:
        """Whether nothing went wrong."""
        return not any(self.wrong.values())
