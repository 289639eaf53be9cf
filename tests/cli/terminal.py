"""A pseudo-terminal to run a program on, as a person would see it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self


def screen_of(stream: str) -> list[str]:
    """The lines that stand on the screen in the end: understands what we send, and nothing else may be sent."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", stream):
        if part == "\n":
            lines.append("")
        elif part == "\r":
            column = 0
            continue
        elif part == "\x1b[2K":
            lines[-1] = ""
            continue
        elif part.startswith("\x1b"):
            assert part.endswith("m"), f"{part!r} moves the cursor"  # colors do not
            continue
        else:
            lines[-1] = f"{lines[-1][:column]:<{column}}{part}{lines[-1][column + len(part) :]}"
        column = len(lines[-1]) if part == "\n" else column + len(part)
    return lines


class Terminal:
    """A program on a terminal of its own: read what it prints, type what it asks for."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environment))
        os.close(theirs)
        self.text = ""

    def expect(self, words: str, seconds: float = 20) -> None:
        """Wait until the words stand on the screen, behind what was expected before."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, f"{words!r} did not come; so far: {self.text!r}"
            assert self._read(0.5), f"{words!r} did not come; it ended with: {self.text!r}"
        self.text = self.text.split(words, 1)[1]

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and type the answer."""
        self.expect(question)
        os.write(self._ours, text.encode() + b"\n")

    def rest(self, seconds: float = 20) -> str:
        """Read to the end."""
        deadline = time.monotonic() + seconds
        while self._read(0.5):
            assert time.monotonic() < deadline, f"it did not end; so far: {self.text!r}"
        self.process.wait(20)
        return self.text

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._ours, 4096)
        except OSError:  # how Linux tells that the other side is closed
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
