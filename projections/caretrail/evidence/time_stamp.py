"""Time stamps over published checkpoints (RFC 3161): an authority signs that a file was there at a time.

The clock of a store is its own. Who has a checkpoint stamped can show later that everything it fixes was recorded by
then. What is stamped are the bytes of the file as it was given out; the answer of the authority stands beside it, under
the same name with `.tsr` behind it. Any program that knows RFC 3161 can check the two, `openssl ts -verify` for one.

Needs the extra `timestamps`: a library asks and verifies, nothing of it is ours.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.x509 import Certificate, load_pem_x509_certificates

from caretrail.errors import CaretrailError
from caretrail.files import regular_bytes
from caretrail.ledger.note import MOST_BYTES

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

SUFFIX = ".tsr"
QUERY_TYPE = "application/timestamp-query"
SECONDS = 30
"""How long an authority may take."""


class TimeStampRefused(CaretrailError):
    """A time stamp cannot be had, read or trusted."""

    code = "time_stamp_refused"

    @property
    def missing(self) -> bool:
        """Whether only the library is missing, so that nothing is known of the time stamp."""
        return self.hint == INSTALL


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """When the authority saw the bytes (UTC), and its name as its certificate says it."""

    at: datetime
    authority: str

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC, by {self.authority}"


def stamp_path(checkpoint: Path) -> Path:
    """Where the time stamp of a checkpoint stands."""
    return checkpoint.with_name(checkpoint.name + SUFFIX)


def read_roots(path: Path) -> list[Certificate]:
    """The certificates of a PEM file: roots of authorities that are trusted. Raises TimeStampRefused."""
    try:
        return load_pem_x509_certificates(regular_bytes(path, MOST_BYTES))
    except (OSError, ValueError):
        raise TimeStampRefused(
            "the certificates of the authority cannot be read", "give a PEM file with the root certificate"
        ) from None


def query_for(data: bytes) -> bytes:
    """The request to an authority; it holds a SHA-256 of the data and a random number. Raises TimeStampRefused."""
    client = _client()
    builder = client.TimestampRequestBuilder().data(data).hash_algorithm(client.HashAlgorithm.SHA256)
    query: bytes = builder.build().as_bytes()
    return query


def ask(url: str, query: bytes) -> bytes:
    """Send a request to an authority by HTTP, and return its answer, unchecked. Raises TimeStampRefused."""
    if not url.startswith(("http://", "https://")):
        raise TimeStampRefused("the address of an authority begins with http:// or https://")
    try:
        request = urllib.request.Request(url, query, {"Content-Type": QUERY_TYPE})  # noqa: S310  # checked above
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310
            answer: bytes = response.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        raise TimeStampRefused(f"the authority refused: HTTP status {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException):  # the last of an address, or an answer, that is none
        raise TimeStampRefused("the authority cannot be reached", "check the address, or ask again later") from None
    return answer


def check(answer: bytes, data: bytes, roots: Sequence[Certificate]) -> TimeStamp:
    """Check what an authority answered: that it is about these bytes, and that a root vouches for who signed.

    Raises TimeStampRefused.
    """
    client = _client()
    if not roots:
        raise TimeStampRefused("no root certificate of an authority was given")
    try:
        response = client.decode_timestamp_response(answer)
        builder = client.VerifierBuilder()
        for root in dict.fromkeys(roots):
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(response, data)
        at = response.tst_info.gen_time.astimezone(UTC)
        return TimeStamp(at, _signer(response))
    except client.VerificationError:
        raise TimeStampRefused(
            "the time stamp does not hold", "it is of another file, or no root that was given vouches for its authority"
        ) from None
    except Exception:  # whatever a damaged answer does to the library that reads it
        raise TimeStampRefused("this is not a time stamp", "it is the answer of an authority of RFC 3161") from None


def _signer(response: TimeStampResponse) -> str:
    """The name in the certificate of the authority that signed, or of its issuer if none came with it."""
    from cryptography.x509 import load_der_x509_certificate

    signers = {(one.issuer, one.serial_number): one.issuer for one in response.signed_data.signer_infos}
    for der in response.signed_data.certificates:
        certificate = load_der_x509_certificate(der)
        if (certificate.issuer, certificate.serial_number) in signers:
            return certificate.subject.rfc4514_string()
    return next(issuer.rfc4514_string() for issuer in signers.values())


INSTALL = "pip install rfc3161-client, or Caretrail with its extra: caretrail[timestamps]"


def _client() -> Any:
    """The library; none of its types come with it where it is not installed."""
    try:
        import rfc3161_client
    except ImportError:
        raise TimeStampRefused("time stamps need a library that is not installed", INSTALL) from None
    return rfc3161_client
