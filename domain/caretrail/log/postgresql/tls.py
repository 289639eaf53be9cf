"""Connections that leave this machine: refused before they are made, unless the server must prove who it is.

What libpq will do follows from the url, a service file and the environment together. We resolve the three as it does
and pass it the result, so that we judge the very connection it makes.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Final

from caretrail.errors import StoreInsecure, StoreUnreachable

#: Set to 1, it lets connections leave this machine without proof of who answers. No other value does.
ALLOW_INSECURE: Final = "CARETRAIL_ALLOW_INSECURE"

_FROM_ENVIRONMENT: Final = ("host", "hostaddr", "sslmode", "sslrootcert", "service")
"""Parameters that libpq also reads from the environment, as `PGHOST` and so on."""


def secured(given: Mapping[str, str], store: str) -> dict[str, str]:
    """Complete the parameters of a url by where they lead and how; refuse what leaves this machine unproven."""
    environment = {key: value for key in _FROM_ENVIRONMENT if (value := os.environ.get(f"PG{key.upper()}"))}
    service = given.get("service") or environment.get("service")
    wanted = environment | (_read_service(service, store) if service else {}) | dict(given)
    if "sslmode" not in wanted and wanted.get("sslrootcert") == "system":
        wanted["sslmode"] = "verify-full"  # libpq's own default there
    if wanted.get("sslmode") == "verify-full":
        wanted["gssencmode"] = "disable"  # it would be tried first, and the certificate never asked for
    elif _leaves_the_machine(wanted) and os.environ.get(ALLOW_INSECURE) != "1":
        raise StoreInsecure(
            f"{store}: the connection would leave this machine without proof of who answers",
            "add sslmode=verify-full to the url, and sslrootcert=FILE with the authority that signed the server's"
            f" certificate; {ALLOW_INSECURE}=1 does without",
        )
    return wanted


def _leaves_the_machine(wanted: Mapping[str, str]) -> bool:
    """Whether any of the hosts is elsewhere; an address decides where a name leads."""
    names, addresses = (wanted.get(key, "").split(",") for key in ("host", "hostaddr"))
    return any(not _is_here(address or name) for name, address in zip_longest(names, addresses, fillvalue=""))


def _is_here(place: str) -> bool:
    """Whether a host is this machine: nothing (the default socket), a folder of sockets, or the loopback."""
    if place == "" or place.startswith(("/", "@")) or place.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:  # a name, which may lead anywhere
        return False


# --- service files ------------------------------------------------------------------------------------------------


def _read_service(name: str, store: str) -> dict[str, str]:
    """Read the parameters of a service as libpq does: the user's file first, then the system's."""
    for path in _service_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        if (found := _section(lines, name)) is not None:
            return found
    raise StoreUnreachable(
        f"{store}: the service the url or PGSERVICE names is in no service file that can be read",
        "check ~/.pg_service.conf, or name the file in PGSERVICEFILE; a service kept in LDAP cannot be used",
    )


def _service_files() -> Iterator[Path]:
    own = os.environ.get("PGSERVICEFILE")
    yield Path(own) if own else Path.home() / ".pg_service.conf"
    if folder := os.environ.get("PGSYSCONFDIR"):
        yield Path(folder) / "pg_service.conf"


def _section(lines: list[str], name: str) -> dict[str, str] | None:
    """Read one section; None if there is none, or if it leads to LDAP, where we cannot follow."""
    found: dict[str, str] | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            if found is not None:
                break
            found = {} if line == f"[{name}]" else None
        elif found is not None and line and not line.startswith("#"):
            key, sign, value = line.partition("=")
            if not sign or key.startswith("ldap"):
                return None
            found.setdefault(key, value)
    return found
