"""The store cannot be used: it cannot be reached, takes no writes, is not ours, or is behind."""

from __future__ import annotations

from typing import Final, Self

from caretrail.errors.base import CaretrailError

ONE_SERVER: Final = "stored on this server, but not known to be on a standby"
RECEIPT_LATER: Final = "send it again under the same command_id: the receipt comes when a standby has it"


class StoreError(CaretrailError):
    """The store could not be reached, is not ours, or is damaged."""

    code = "store"


class StoreUnreachable(StoreError):
    """No connection, a lock held too long, a disk that is full or read-only: trying again later may help."""

    code = "store_unreachable"


class NotReplicated(StoreUnreachable):
    """What was sent is stored on one server, and not known to be on a standby as it was to be: a failover may lose it.

    So there is no receipt, and nothing is shown. Sent again under the same command_id it is stored once, whichever
    server leads by then, and the receipt comes when a standby has it.
    """

    code = "not_replicated"

    @classmethod
    def cut_short(cls, store: str) -> Self:
        """The error for a wait that somebody canceled."""
        return cls(f"{store}: {ONE_SERVER}: the wait for the standby was canceled", RECEIPT_LATER)

    @classmethod
    def released(cls, store: str) -> Self:
        """The error for a wait that may have ended because the settings of the server were changed."""
        return cls(f"{store}: {ONE_SERVER}: the server's settings changed during the wait", RECEIPT_LATER)

    @classmethod
    def weakened(cls, store: str, setting: str, value: str) -> Self:
        """The error for a session that does not wait, or would not be told that it did not."""
        hint = f"set {setting} back for this login, database or server, then send it again under the same command_id"
        return cls(f"{store}: {ONE_SERVER}: {setting} is '{value}' for this login", hint)


class StoreReadOnly(StoreUnreachable):
    """The store takes no writes: a standby, a copy, a file that may not be written."""

    code = "store_read_only"


class StoreForbidden(StoreError):
    """The login has no right to do that: trying again does not help, a grant does."""

    code = "store_forbidden"


class AccessNotRecorded(StoreError):
    """An access could not be recorded, so nothing was shown; `read_only` if the store takes no writes."""

    code = "access_not_recorded"

    def __init__(self, cause: CaretrailError, *, read_only: bool = False) -> None:
        super().__init__(f"nothing is shown, because this access cannot be recorded: {cause.message}", cause.hint)
        self.read_only = read_only


class StoreInsecure(StoreError):
    """The connection would leave this machine, and nothing would prove that the right server answers."""

    code = "store_insecure"


class StoreNotInitialized(StoreError):
    """There is no Caretrail store at that place yet."""

    code = "store_not_initialized"

    def __init__(self, store: str) -> None:
        super().__init__(f"there is no Caretrail store at {store}", "run 'caretrail init'")


class StoreForeign(StoreError):
    """Something other than a Caretrail store is at that place."""

    code = "store_foreign"


class StoreNewer(StoreError):
    """The store was written by a newer Caretrail."""

    code = "store_newer"


class StoreOlder(StoreError):
    """The store was made by an older Caretrail and has not been upgraded yet."""

    code = "store_older"

    def __init__(self, store: str, schema: int, needed: int) -> None:
        message = f"{store} was made by an older Caretrail (schema {schema}, this one needs {needed})"
        super().__init__(message, "back up the store and stop all writers, then run 'caretrail init' to upgrade it")


class StaleReadModel(StoreError):
    """The rows for a list are behind the log by `events` events, the oldest of them `seconds` old.

    Nothing is shown, unless the question allows it; the answer is then marked as stale.
    """

    code = "stale_read_model"

    def __init__(self, message: str, hint: str, events: int, seconds: int) -> None:
        super().__init__(message, hint)
        self.events = events
        self.seconds = seconds


class RolesRefused(CaretrailError):
    """Roles cannot be made there: the store has none of its own, or the login may not."""

    code = "roles_refused"
