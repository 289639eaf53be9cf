"""What a server says beside its answer: whether the wait for a standby was cut short."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from psycopg.errors import Diagnostic

from caretrail.log.postgresql.setup import Connection

WAITING_FOR_STANDBYS: Final = "syncrep.c"
"""Where in the server the wait is; its words are in the language of the server."""

IN_ENGLISH: Final = "synchronous replication"
"""For a server, or a pooler, that does not say where a message comes from."""


@contextmanager
def heard(connection: Connection) -> Generator[list[bool]]:
    """Listen to a connection: for each message that comes meanwhile, whether a wait for a standby was cut short."""
    found: list[bool] = []

    def hear(notice: Diagnostic) -> None:
        found.append(is_cut_short(notice))

    connection.add_notice_handler(hear)
    try:
        yield found
    finally:
        connection.remove_notice_handler(hear)


def is_cut_short(notice: Diagnostic) -> bool:
    """Whether a message tells that a commit did not wait for a standby as long as it should."""
    return notice.source_file == WAITING_FOR_STANDBYS or IN_ENGLISH in (notice.message_primary or "")
