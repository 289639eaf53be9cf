"""Whether the schema and the rights in a store are those that `init` of this release makes."""

from __future__ import annotations

from collections.abc import Iterator

from caretrail.evidence.checks.check import Check, checked
from caretrail.evidence.checks.shape import (
    CODE,
    Item,
    has_read_models,
    has_roles,
    is_of_another_release,
    is_of_read_models,
    made_rights,
    made_shape,
    rights_of,
    shape_of,
)
from caretrail.log.database import Database

ABOUT = "tables, indexes, guards and functions as 'caretrail init' makes them"
HINT = (
    "find out who changed it and since when: stop all writers, keep the database and its backups, and compare with "
    "checkpoints; only then mend it, or copy the store into a new one with 'caretrail copy'"
)
ABOUT_RIGHTS = "owners and grants as 'caretrail init' makes them"
HINT_OF_RIGHTS = (
    "take back what a login has beyond its role (REVOKE), and run 'caretrail init --roles' in a store with roles; see "
    "what was done by it in the server's log"
)


def check_schema(database: Database) -> Check:
    """Compare every object with what `init` makes: missing, changed, disabled, or added."""
    return checked("schema", ABOUT, _differences(database), HINT)


def _differences(database: Database) -> Iterator[str]:
    there = {item.key: item for item in shape_of(database) if _is_known(item)}
    with_models = has_read_models(item.table for item in there.values())
    made = {item.key: item for item in made_shape(database.dialect)}
    for key in sorted(there.keys() | made.keys()):
        found, wanted = there.get(key), made.get(key)
        if found is None and wanted is not None:
            if with_models or not is_of_read_models(wanted.table):
                yield f"{wanted.words} is missing"
        elif found is not None and wanted is None:
            yield f"{found.words} is there, and nothing of Caretrail makes it"
        elif found is not None and wanted is not None and found.definition != wanted.definition:
            yield f"{found.words} is not as it is made{_state(found, wanted)}"


def _is_known(item: Item) -> bool:
    """Whether this release can say what belongs there; code on a table of another release never does."""
    return item.kind in CODE or not is_of_another_release(item.table)


def _state(found: Item, wanted: Item) -> str:
    """What differs, where that can be said in a word."""
    if found.definition == f"{wanted.definition} invalid":
        return ": it is invalid"
    if found.kind == "trigger" and found.definition[:-1] == wanted.definition[:-1]:
        return ": it is disabled" if found.definition.endswith("D") else ": it does not always fire"
    return ": it has row security" if found.definition.endswith("row security") else ""


def check_rights(database: Database) -> Check:
    """Compare the owners and grants on PostgreSQL with those that are made; a file has none."""
    return checked("rights", ABOUT_RIGHTS, _rights(database), HINT_OF_RIGHTS)


def _rights(database: Database) -> Iterator[str]:
    if database.dialect == "sqlite":
        return
    there = {right for right in rights_of(database) if not is_of_another_release(right.name)}
    if not has_roles(database):
        # an administrator may have made the schema, and granted it to the login that owns the rest
        owners = {right.role for right in there if right[:3] == ("owner", "table", "log")}
        yield from (right.words for right in sorted(there) if right.sort == "right" and right.role not in owners)
        return
    with_models = has_read_models(right.name for right in there)
    made = {right for right in made_rights() if with_models or not is_of_read_models(right.name)}
    yield from (f"{right.words}, which nothing of Caretrail grants" for right in sorted(there - made))
    yield from (f"no longer true: {right.words}" for right in sorted(made - there))
