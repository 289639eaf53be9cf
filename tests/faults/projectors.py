"""The body of a projector's process, which can be killed at any moment."""

from __future__ import annotations

from contextlib import nullcontext
from multiprocessing.connection import Connection
from typing import Literal

from caretrail.log import open_recorder
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.upkeep import catch_up

Work = Literal["catch up", "rebuild"]


def project(url: str, work: Work, torn: bool, pipe: Connection[str, str]) -> None:
    """Bring the read models up to date, or make them anew; torn is the control, without transactions."""
    with open_recorder(url) as recorder:
        if torn:
            database = recorder.database
            setattr(database, "transaction", lambda: nullcontext(database))  # noqa: B010  # of this one object
        pipe.send("begun")
        if work == "rebuild":
            rebuild(recorder)
        else:
            catch_up(recorder, batch=5)
        pipe.send("done")
