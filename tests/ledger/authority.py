"""A time-stamping authority for tests: certificates of its own, and OpenSSL to answer as RFC 3161 says."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """\
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
ordering = no
tsa_name = no
"""
TOKEN = "1.2.840.113549.1.9.16.1.4"
"""What the content of a time stamp is called (RFC 3161, 2.4.2)."""
GRANTED = bytes.fromhex("3003020100")
"""The status of an answer, before its time stamp."""


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """An authority with a root certificate in `root.pem`; `purpose` is what its own certificate is for."""

    folder: Path
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING

    def __post_init__(self) -> None:
        self.folder.mkdir()
        since = datetime.now(UTC) - timedelta(days=1)
        until = since + timedelta(days=30)
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        made = x509.CertificateBuilder().not_valid_before(since).not_valid_after(until)
        root = (
            made.subject_name(name(f"Root of {self.folder.name}")).issuer_name(name(f"Root of {self.folder.name}"))
            .serial_number(1).public_key(root_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(root_key, hashes.SHA256())
        )  # fmt: skip  # one thought a line
        own = (
            made.subject_name(name("Time stamps of tests")).issuer_name(root.subject)
            .serial_number(2).public_key(key.public_key())
            .add_extension(x509.ExtendedKeyUsage([self.purpose]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(root_key, hashes.SHA256())
        )  # fmt: skip  # one thought a line
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for file, data in (
            ("root.pem", root.public_bytes(Encoding.PEM)), ("own.pem", own.public_bytes(Encoding.PEM)),
            ("own.key", pem), ("serial", b"01\n"), ("tsa.cnf", CONFIG.format(folder=self.folder).encode()),
        ):  # fmt: skip  # one file after the other
            (self.folder / file).write_bytes(data)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """The response to a query, of now."""
        (self.folder / "query").write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "own.pem",
             "-inkey", "own.key", "-out", "response"],
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip  # one command
        return (self.folder / "response").read_bytes()

    def forged(self, answer: bytes) -> bytes:
        """What another authority answered, signed by this one's key: whatever its certificate is for."""
        token = self._openssl("ts", "-reply", "-token_out", "-in", given=answer)
        said = self._openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", given=token)
        signed = self._openssl(
            "cms", "-sign", "-binary", "-nodetach", "-cades", "-econtent_type", TOKEN, "-md", "sha256",
            "-signer", "own.pem", "-inkey", "own.key", "-outform", "DER", "-in", given=said,
        )  # fmt: skip  # one command
        body = GRANTED + signed
        return b"\x30\x82" + len(body).to_bytes(2, "big") + body

    def _openssl(self, *words: str, given: bytes) -> bytes:
        (self.folder / "given").write_bytes(given)
        subprocess.run(
            ["openssl", *words, "given", "-out", "made"], cwd=self.folder, check=True, capture_output=True
        )  # fmt: skip  # one command
        return (self.folder / "made").read_bytes()

    def verifies(self, data: Path, response: Path) -> bool:
        """Whether OpenSSL, which knows nothing of us, takes a response for a file."""
        words = ["openssl", "ts", "-verify", "-data", str(data), "-in", str(response), "-CAfile", str(self.root)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    @contextmanager
    def serving(self, status: int = 200, body: bytes | None = None) -> Generator[str]:
        """Answer queries by HTTP; the address."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                asked = self.headers["Content-Type"] == "application/timestamp-query"
                self.send_response(status if asked else 415)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(authority.answer(query) if body is None else body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is given
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsr"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
