"""A small pool of connections, for the threads that share one recorder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

from caretrail.errors import StoreUnreachable

C = TypeVar("C")


class Pool(Generic[C]):
    """At most `size` connections, opened when needed; the one used last is lent first."""

    def __init__(
        self,
        connect: Callable[[], C],
        close: Callable[[C], None],
        usable: Callable[[C], bool],
        *,
        size: int = 10,
        patience: float = 10.0,
    ) -> None:
        self._connect = connect
        self._close = close
        self._usable = usable
        self._patience = patience
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[C] = []
        self._closed = False
        self._process = os.getpid()
        self._inherited: list[C] = []
        self._mine = threading.local()
        self.replaced = 0
        """How many connections were found unusable and replaced."""

    @property
    def bound(self) -> C | None:
        """The connection on which this thread's transaction runs."""
        return getattr(self._mine, "connection", None)

    @contextmanager
    def bind(self, connection: C) -> Generator[None]:
        """Use this connection for everything the thread does inside."""
        self._mine.connection = connection
        try:
            yield
        finally:
            self._mine.connection = None

    @contextmanager
    def connection(self) -> Generator[C]:
        """Lend the connection bound to this thread, else an idle or new one; one returned unusable is closed."""
        if (bound := self.bound) is not None:
            yield bound
            return
        if not self._slots.acquire(timeout=self._patience):
            raise StoreUnreachable("all connections to the store are in use", "use fewer threads")
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close idle connections now, and the others when they are returned."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            self._close(connection)

    def _take(self) -> C:
        self._forget_after_fork()
        while True:
            with self._lock:
                if self._closed:
                    raise StoreUnreachable("the store is closed")
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect()
            if self._usable(connection):
                return connection
            self.replaced += 1
            self._close(connection)

    def _give_back(self, connection: C) -> None:
        usable = self._usable(connection)
        with self._lock:
            keep = usable and not self._closed
            if keep:
                self._idle.append(connection)
        if not keep:
            self.replaced += not usable
            self._close(connection)

    def _forget_after_fork(self) -> None:
        """Leave a parent's connections alone: closing them here would end its sessions and drop its file locks."""
        if self._process != os.getpid():
            with self._lock:
                self._inherited, self._idle = self._idle, []
                self._process = os.getpid()
