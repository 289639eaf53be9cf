"""The setup of a run: its store, its user and the purpose of access. Every command imports it, so it stays light."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caretrail.cli.params import Author

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder


@dataclass
class Setup:
    """The store, the user and the purpose of a run; `db` is the value of `--db`.

    `access_db` logs access if the store takes no writes; `break_glass` is the reason of an emergency access.
    """

    db: str | None = None
    access_db: str | None = None
    actor: Author | None = None
    purpose: str | None = None
    break_glass: str | None = None

    @property
    def url(self) -> str:
        """The store's url: from `--db`, else CARETRAIL_DB, else a file in the user's data folder."""
        return self._named or str(default_store())

    @property
    def is_default(self) -> bool:
        """Whether neither --db nor CARETRAIL_DB names a store."""
        return not self._named

    @property
    def _named(self) -> str:
        return self.db or os.environ.get("CARETRAIL_DB", "")

    def open(self) -> EventRecorder:
        """Open the store; raises StoreError if it does not exist or cannot be used."""
        from caretrail.log.stores import open_recorder

        return open_recorder(self.url)


def default_store() -> Path:
    """The store in the user's data folder."""
    return data_folder() / "caretrail.db"


def data_folder() -> Path:
    """The user's data folder for Caretrail, by the conventions of the system."""
    home = Path.home()
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        named = Path(os.environ.get("XDG_DATA_HOME", ""))
        base = named if named.is_absolute() else home / ".local" / "share"  # the convention: a relative one is ignored
    return base / "caretrail"


def state_folder() -> Path:
    """The user's state folder for Caretrail, by the conventions of the system."""
    if sys.platform in ("darwin", "win32"):
        return data_folder()
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "caretrail"
