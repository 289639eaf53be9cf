"""A line to the server that can be cut at a chosen moment, or be a long one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import pytest

AT_REST = b"Z\x00\x00\x00\x05I"
"""How the server says that a request is done and no transaction is open."""

WRITES = (b"caretrail.append(", b"caretrail.record_access(")
"""What is cut: calls that write one of the logs."""


class Proxy:
    """Passes bytes to the server, and cuts the line when told: before or after the server has done the work.

    `committed` counts the replies cut that end with the server at rest: what was asked for was committed before.
    A `delay` is how many seconds the bytes take each way.
    """

    def __init__(self, url: str, delay: float = 0) -> None:
        self._delay = delay
        parts = urlsplit(url)
        self._folder = parse_qs(parts.query)["host"][0]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}{parts.path}?sslmode=disable"
        self.cut_replies = 0
        self.cut_requests = 0
        self.refuse = 0
        self.committed = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refuse:
                    self.refuse -= 1
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._folder}/.s.PGSQL.5432")
                self._open += [client, server]
                appending = threading.Event()
                for pump in (self._requests, self._replies):
                    threading.Thread(target=pump, args=(client, server, appending), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, appending: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if any(call in data for call in WRITES):
                    if self.cut_requests:
                        self.cut_requests -= 1
                        break
                    appending.set()
                self._take_time()
                server.sendall(data)
        self._hang_up(client, server)

    def _replies(self, client: socket.socket, server: socket.socket, appending: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if appending.is_set() and self.cut_replies:
                    self.cut_replies -= 1
                    self.committed += data.endswith(AT_REST)
                    break
                self._take_time()
                client.sendall(data)
        self._hang_up(client, server)

    def _take_time(self) -> None:
        if self._delay:
            time.sleep(self._delay)

    def _hang_up(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._hang_up(self._listener)
        for end in (self._listener, *self._open):
            end.close()


@contextmanager
def proxy_to(url: str) -> Generator[Proxy]:
    if "host=" not in url:
        pytest.skip("needs a server on a local socket")
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
