"""No connection leaves this machine unless the server must prove who it is; and the proof is really asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from caretrail.errors import StoreInsecure, StoreUnreachable
from caretrail.log import init_store, open_recorder
from caretrail.log.postgresql.setup import connect
from caretrail.service import open_store
from tests.log.tls import Authority, authority, front
from tests.support.stores import pending

NAME = "db.clinic.example"


class Reached(Exception):
    """The driver was asked to connect."""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No environment and no files of whoever runs the tests."""
    for name in (
        "PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR",
        "PGREQUIRESSL", "CARETRAIL_ALLOW_INSECURE",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """No network: what the driver would have been asked for."""
    found: list[dict[str, str]] = []

    def reach(conninfo: str, **_: object) -> None:
        found.append({key: str(value) for key, value in conninfo_to_dict(conninfo).items()})
        raise Reached

    monkeypatch.setattr(psycopg.Connection, "connect", reach)
    return found


# --- what leaves this machine ---------------------------------------------------------------------------------------

LOCAL = [
    "postgresql:///d",
    "postgresql:///d?host=/run/postgresql",
    "postgresql:///d?host=@abstract",
    "postgresql://localhost/d",
    "postgresql://LocalHost:5433/d",
    "postgresql://127.0.0.1/d",
    "postgresql://127.9.9.9/d",
    "postgresql://[::1]/d",
    "postgresql://localhost,127.0.0.1,[::1]/d",
    f"postgresql://{NAME}/d?hostaddr=127.0.0.1",
    "postgresql://localhost/d?sslmode=disable",
]
REMOTE = [
    f"postgresql://ann:s3cret@{NAME}/d",
    f"postgresql://{NAME}/d?sslmode=require",
    f"postgresql://{NAME}/d?sslmode=verify-ca&sslrootcert=ca.pem",
    f"postgresql://{NAME}/d?sslmode=VERIFY-FULL",
    "postgresql://10.0.0.5/d",
    "postgresql://0.0.0.0/d",
    "postgresql://[2001:db8::5]/d",
    "postgresql://[::ffff:10.0.0.5]/d",
    "postgresql://localhost.clinic.example/d",
    "postgresql://127.0.0.1.clinic.example/d",
    "postgresql://localhost/d?hostaddr=10.0.0.5",
    "postgresql:///d?host=10.0.0.5",
    "postgresql:///d?hostaddr=10.0.0.5",
    f"postgresql://localhost,{NAME}/d",
    f"postgresql://{NAME},localhost/d",
    f"postgresql://{NAME},{NAME}/d?hostaddr=127.0.0.1,10.0.0.5",
    f"postgresql://localhost,{NAME}/d?hostaddr=127.0.0.1",
]


@pytest.mark.parametrize("url", LOCAL)
def test_what_stays_on_this_machine_needs_no_proof(asked: list[dict[str, str]], url: str) -> None:
    with pytest.raises(Reached):
        open_recorder(url)


@pytest.mark.parametrize("url", REMOTE)
def test_what_leaves_it_is_refused_before_it_is_tried(asked: list[dict[str, str]], url: str) -> None:
    for attempt in (open_recorder, init_store, open_store):
        with pytest.raises(StoreInsecure, match="without proof") as refused:
            attempt(url)
        assert "sslmode=verify-full" in refused.value.hint
        assert "CARETRAIL_ALLOW_INSECURE" in refused.value.hint
        assert "s3cret" not in f"{refused.value} {refused.value.hint}"
    assert asked == []


@pytest.mark.parametrize("url", [f"postgresql://{NAME}/d", f"postgresql://localhost,{NAME}/d"])
@pytest.mark.parametrize(
    "proof", ["sslmode=verify-full", "sslmode=verify-full&sslrootcert=ca.pem", "sslrootcert=system"]
)
def test_with_proof_it_is_tried(asked: list[dict[str, str]], url: str, proof: str) -> None:
    with pytest.raises(Reached):
        open_recorder(f"{url}?{proof}")
    assert asked[0]["sslmode"] == "verify-full"
    assert asked[0]["gssencmode"] == "disable"


@pytest.mark.parametrize(("value", "goes"), [("1", True), ("0", False), ("", False), ("yes", False)])
def test_the_loser_may_decide_otherwise(
    asked: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch, value: str, goes: bool
) -> None:
    monkeypatch.setenv("CARETRAIL_ALLOW_INSECURE", value)
    with pytest.raises(Reached if goes else StoreInsecure):
        open_recorder(f"postgresql://{NAME}/d")


# --- what the url does not say --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "url", "goes"),
    [
        ({"PGHOST": NAME}, "postgresql:///d", False),
        ({"PGHOSTADDR": "10.0.0.5"}, "postgresql://localhost/d", False),
        ({"PGHOST": NAME}, "postgresql://localhost/d", True),
        ({"PGHOST": NAME, "PGSSLMODE": "verify-full"}, "postgresql:///d", True),
        ({"PGSSLMODE": "verify-full"}, f"postgresql://{NAME}/d", True),
        ({"PGSSLMODE": "verify-full"}, f"postgresql://{NAME}/d?sslmode=prefer", False),
        ({"PGSSLMODE": "require"}, f"postgresql://{NAME}/d?sslmode=verify-full", True),
        ({"PGSSLROOTCERT": "system"}, f"postgresql://{NAME}/d", True),
        ({"PGSSLROOTCERT": "system", "PGSSLMODE": "require"}, f"postgresql://{NAME}/d", False),
        ({"PGHOST": ""}, "postgresql:///d", True),
    ],
)
def test_the_environment_counts_as_for_libpq(
    asked: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, goes: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Reached if goes else StoreInsecure):
        open_recorder(url)


SERVICES = f"""
# a comment
[clinic]
host={NAME}
sslmode=verify-full
host=ignored.example

[plain]
host={NAME}

[here]
host=/run/postgresql

[moved]
hostaddr=10.0.0.5

[directory]
ldap://directory.example/dc=x
"""


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql:///d?service=clinic", {"host": NAME, "sslmode": "verify-full"}),
        ("postgresql:///d?service=clinic&sslmode=prefer", StoreInsecure),
        ("postgresql:///d?service=plain", StoreInsecure),
        ("postgresql:///d?service=plain&sslmode=verify-full", {"host": NAME, "sslmode": "verify-full"}),
        ("postgresql://localhost/d?service=plain", {"host": "localhost"}),
        ("postgresql:///d?service=here", {"host": "/run/postgresql"}),
        ("postgresql://localhost/d?service=moved", StoreInsecure),
        ("postgresql:///d?service=directory", StoreUnreachable),
        ("postgresql:///d?service=missing", StoreUnreachable),
    ],
)
@pytest.mark.parametrize("where", ["home", "PGSERVICEFILE", "PGSYSCONFDIR", "PGSERVICE"])
def test_a_service_file_counts_as_for_libpq(
    asked: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    url: str,
    wanted: dict[str, str] | type[Exception],
    where: str,
) -> None:
    (tmp_path / (".pg_service.conf" if where in ("home", "PGSERVICE") else "pg_service.conf")).write_text(SERVICES)
    if where.endswith("FILE"):
        monkeypatch.setenv(where, str(tmp_path / "pg_service.conf"))
    elif where == "PGSYSCONFDIR":
        monkeypatch.setenv(where, str(tmp_path))
    elif where == "PGSERVICE":
        base, _, rest = url.partition("service=")
        service, _, more = rest.partition("&")
        monkeypatch.setenv(where, service)
        url = base + more
    with pytest.raises(Reached if isinstance(wanted, dict) else wanted):
        open_recorder(url)
    if isinstance(wanted, dict):
        assert asked[0].items() >= wanted.items()


# --- what is asked of the server ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority of the clinic."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make certificates with")
    return authority(tmp_path_factory.mktemp("tls") / "trusted")


@pytest.fixture
def port(postgres_url: str, trusted: Authority) -> Iterator[int]:
    """A server with a certificate of that authority."""
    with front(postgres_url, trusted.sign(NAME)) as found:
        yield found


def url_of(postgres_url: str, port: int, *, mode: str = "verify-full", host: str = NAME, ca: Path | None = None) -> str:
    """Reach the front under a name of our choice; the address is the loopback, so the mode must be given."""
    parts = urlsplit(postgres_url)
    user = parts.netloc.rpartition("@")[0]
    known = f"&sslrootcert={ca}" if ca else ""
    return f"postgresql://{user}@{host}:{port}{parts.path}?hostaddr=127.0.0.1&sslmode={mode}{known}"


def test_a_server_that_proves_its_name_is_used(postgres_url: str, trusted: Authority, port: int) -> None:
    url = url_of(postgres_url, port, ca=trusted.certificate)
    with open_recorder(url) as recorder:
        assert recorder.append([pending(uuid4())])[0].position == 1
    with connect(url, "store") as connection:
        assert connection.pgconn.ssl_in_use


def test_an_authority_that_is_not_ours_is_refused(
    postgres_url: str, trusted: Authority, port: int, tmp_path: Path
) -> None:
    stranger = authority(tmp_path / "stranger").certificate
    with pytest.raises(StoreUnreachable, match="certificate was not accepted") as refused:
        open_recorder(url_of(postgres_url, port, ca=stranger))
    assert "sslrootcert" in refused.value.hint
    with connect(url_of(postgres_url, port, mode="require"), "store") as connection:
        assert connection.pgconn.ssl_in_use, "the control: encrypted, to whoever answers"


def test_another_name_is_refused(postgres_url: str, trusted: Authority, port: int) -> None:
    with pytest.raises(StoreUnreachable, match="certificate is for another host"):
        open_recorder(url_of(postgres_url, port, host="other.clinic.example", ca=trusted.certificate))
    with connect(
        url_of(postgres_url, port, mode="verify-ca", host="other.clinic.example", ca=trusted.certificate), "store"
    ) as connection:
        assert connection.pgconn.ssl_in_use, "the control: the name is not asked for"


def test_without_an_authority_nothing_is_believed(postgres_url: str, port: int) -> None:
    with pytest.raises(StoreUnreachable, match="no root certificate"):
        open_recorder(url_of(postgres_url, port))


def test_a_server_without_encryption_is_refused(postgres_url: str, trusted: Authority) -> None:
    with front(postgres_url, None) as port:
        with pytest.raises(StoreUnreachable, match="offers no encryption"):
            open_recorder(url_of(postgres_url, port, ca=trusted.certificate))
        with connect(url_of(postgres_url, port, mode="prefer"), "store") as connection:
            assert not connection.pgconn.ssl_in_use, "the control: in clear, without a word"
