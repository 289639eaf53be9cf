"""Lines of a file or pipe in batches as they arrive: memory stays flat, and no line waits for more input."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caretrail.events.parsing import MAX_BYTES

CHUNK = 64 * 1024
CHUNKS_AHEAD = 16
MOST_LINES = 500
MOST_BYTES = 1024 * 1024
"""The limits of a batch, which is durable together and in memory at once.

Larger ones were tried and save next to nothing, and services that write meanwhile would wait longer for their turn.
"""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class InputLine:
    """A line and its number, from 1; `text` of a line longer than any event may be is cut, but still too long."""

    number: int
    text: bytes


class InputLines:
    """The lines of an input; a thread reads ahead a little, so that a batch is whatever has arrived.

    `read` returns some bytes, at most as many as asked for, and none at the end.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._chunks: queue.Queue[bytes | OSError] = queue.Queue(CHUNKS_AHEAD)
        self._split = _Splitter()
        self._ended = False
        threading.Thread(target=self._read_ahead, args=(read,), daemon=True).start()

    def batches(self) -> Iterator[list[InputLine]]:
        """Yield the lines that have arrived, as soon as there is one, up to a batch's size."""
        while not self._ended:
            self._take(wait=True)
            while not self._split.full and self._take(wait=False):
                pass
            while self._split.full or (self._split.lines and (self._ended or self._chunks.empty())):
                yield self._split.batch()
        while self._split.lines:
            yield self._split.batch()

    def _read_ahead(self, read: Callable[[int], bytes]) -> None:
        try:
            while chunk := read(CHUNK):
                self._chunks.put(chunk)
        except OSError as error:
            self._chunks.put(error)
        else:
            self._chunks.put(b"")

    def _take(self, *, wait: bool) -> bool:
        """Take one chunk; False if there is none."""
        if self._ended:
            return False
        try:
            chunk = self._chunks.get(block=wait)
        except queue.Empty:
            return False
        if isinstance(chunk, OSError):
            raise chunk
        if chunk:
            self._split.feed(chunk)
        else:
            self._ended = True
            self._split.end()
        return True


class _Splitter:
    """Cuts chunks into lines; of a line that is too long it keeps only enough to show that."""

    def __init__(self) -> None:
        self.lines: list[InputLine] = []
        self._bytes = 0
        self._number = 0
        self._rest = bytearray()

    @property
    def full(self) -> bool:
        return len(self.lines) >= MOST_LINES or self._bytes >= MOST_BYTES

    def feed(self, chunk: bytes) -> None:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._keep(part)
            self._finish()
        self._keep(rest)

    def end(self) -> None:
        if self._rest:
            self._finish()

    def batch(self) -> list[InputLine]:
        """Return a batch of the lines."""
        size = taken = 0
        for line in self.lines[:MOST_LINES]:
            if taken and size + len(line.text) > MOST_BYTES:
                break
            size += len(line.text)
            taken += 1
        batch, self.lines = self.lines[:taken], self.lines[taken:]
        self._bytes -= size
        return batch

    def _keep(self, part: bytes) -> None:
        room = MAX_BYTES + 1 - len(self._rest)
        self._rest += part[:room] if len(part) > room else part

    def _finish(self) -> None:
        self._number += 1
        text = bytes(self._rest)
        self._rest.clear()
        if self._number == 1:
            text = text.removeprefix(_BOM)
        # only \r\n: a carriage return elsewhere is the JSON parser's to judge
        self.lines.append(InputLine(self._number, text.removesuffix(b"\r")))
        self._bytes += len(text)
