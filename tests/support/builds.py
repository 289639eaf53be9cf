"""The builds of the read models from outside: the tables that are read now, and a store without any."""

from __future__ import annotations

import threading

from caretrail.log import open_recorder
from caretrail.log.database import Database
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import TABLES, builds, read_state


def live_table(where: Database | str, table: str) -> str:
    """The name of a table of the live build, in a store or at its url."""
    if isinstance(where, str):
        with open_recorder(where) as recorder:
            return live_table(recorder.database, table)
    state = read_state(where)
    assert state is not None
    return f"caretrail.{table}_{state.build}"


def rebuilt_by_another(url: str) -> None:
    """Rebuild the read models by another thread with connections of its own, and wait for its end."""

    def work() -> None:
        with open_recorder(url) as recorder:
            rebuild(recorder)

    other = threading.Thread(target=work)
    other.start()
    other.join(timeout=30)
    assert not other.is_alive()


def drop_read_models(database: Database) -> None:
    """Drop every build of every version."""
    for build in builds(database):
        for table in TABLES:
            database.execute(f"DROP TABLE caretrail.{table}_{build.build}")
    database.execute("DROP TABLE caretrail.build")
