"""A certificate authority of a test's own, and a front that speaks TLS before a server that was built without it.

The server of the test wheel knows no TLS. What we promise is that the client asks for proof, so a front that answers
libpq's request for encryption, shows a certificate and passes the rest on is a real partner for that.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

SSL_REQUEST = 80877103


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def sign(self, host: str) -> tuple[Path, Path]:
        """Make a certificate for a host; returns it and its key."""
        certificate, key, request = (self.folder / f"{host}.{kind}" for kind in ("pem", "key", "csr"))
        extension = self.folder / f"{host}.ext"
        extension.write_text(f"subjectAltName=DNS:{host}\n")
        _openssl("req", *_NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={host}")
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", extension, "-out", certificate,
        )  # fmt: skip
        return certificate, key


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def authority(folder: Path) -> Authority:
    folder.mkdir()
    _openssl(
        "req", "-x509", *_NEW_KEY, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "2",
        "-subj", f"/CN={folder.name}",
    )  # fmt: skip
    return Authority(folder)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@contextmanager
def front(url: str, certificate: tuple[Path, Path] | None) -> Generator[int]:
    """Listen before the server of `url`, with a certificate or, without one, in clear only; gives the port."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    with psycopg.connect(url) as connection:
        host, port = connection.info.host, connection.info.port
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, context, host, port), daemon=True)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _accept(listener: socket.socket, context: ssl.SSLContext | None, host: str, port: int) -> None:
    with suppress(OSError):  # the listener was closed
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, context, host, port), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext | None, host: str, port: int) -> None:
    with suppress(OSError), closing(client), closing(_server(host, port)) as server:
        first = client.recv(8, socket.MSG_WAITALL)
        if len(first) < 8:
            return
        if struct.unpack("!I", first[4:]) != (SSL_REQUEST,):
            server.sendall(first)
            _pass_on(client, server)
        elif context is None:
            client.sendall(b"N")
            _pass_on(client, server)
        else:
            client.sendall(b"S")
            with context.wrap_socket(client, server_side=True) as encrypted:
                _pass_on(encrypted, server)


def _server(host: str, port: int) -> socket.socket:
    if host.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
    return socket.create_connection((host, port))


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    """Copy both ways in one thread: a TLS socket is not for two."""
    ways = {client: server, server: client}
    while True:
        pending = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if pending else select.select(list(ways), [], [])[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            ways[source].sendall(data)
