"""The checks in their order: those of evidence, which `audit verify` makes, and with the others those of `doctor`."""

from __future__ import annotations

from collections.abc import Callable

from caretrail.errors import StoreDamaged, StoreError, StoreForbidden, StoreUnreachable
from caretrail.evidence.checks import clock, indexes, mark, read_models, schema, stays
from caretrail.evidence.checks.check import Check, checked, unchecked
from caretrail.log.recorder import EventRecorder

NO_RIGHT = "this login may not read what it needs"
ASK = "ask a login that may: an auditor, or the owner after 'caretrail init --roles'"
DAMAGED = "the store cannot be read there"
RESTORE = "run 'caretrail audit verify'; restore a backup beside it and compare"
REFUSED = "the database refused, or went away"
AGAIN = "try again"


def evidence_checks(recorder: EventRecorder) -> tuple[Check, ...]:
    """What evidence rests on beside the rows of the logs. Raises StoreUnreachable."""
    database = recorder.database
    return (
        _made("schema", schema.ABOUT, lambda: schema.check_schema(database)),
        _made("rights", schema.ABOUT_RIGHTS, lambda: schema.check_rights(database)),
        _made("indexes", indexes.ABOUT, lambda: indexes.check_indexes(database)),
        _made("mark", mark.ABOUT, lambda: mark.check_mark(recorder)),
        _made("stays", stays.ABOUT, lambda: stays.check_stays(recorder)),
    )


def operation_checks(recorder: EventRecorder, *, full: bool) -> tuple[Check, ...]:
    """What answers rest on beside that. Raises StoreUnreachable."""
    return (
        _made("read models", read_models.ABOUT, lambda: read_models.check_read_models(recorder, full=full)),
        _made("clock", clock.ABOUT, lambda: clock.check_clock(recorder)),
    )


def _made(name: str, about: str, make: Callable[[], Check]) -> Check:
    try:
        return make()
    except StoreForbidden:
        return unchecked(name, about, NO_RIGHT, ASK)
    except StoreDamaged:
        return checked(name, about, [DAMAGED], RESTORE)
    except StoreUnreachable:
        raise
    except StoreError:
        return unchecked(name, about, REFUSED, AGAIN)
