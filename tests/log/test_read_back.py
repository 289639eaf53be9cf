"""Nothing is acknowledged unless it is stored as it was sent: triggers, rules and functions of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from caretrail.errors import NotStored, StoreDamaged
from caretrail.log import EventRecorder, PendingEvent, RecordedEvent, new_salt, open_recorder
from caretrail.log.records import Log, PendingAccess
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import log_of, pending, run_sql

TABLES = {Log.EVENTS: "log", Log.ACCESSES: "access"}
FORGED = {
    "another payload": "payload",
    "another salt": "salt",
    "another author": "recorded_by",
    "an author asserted": "asserted_by",
    "another command": "command_id",
    "another source": "source",
    "another name": "name",
}
BYTES = ("payload", "salt")


def forged_value(column: str, dialect: str) -> str:
    """A value that is none of those sent."""
    if column == "command_id":
        return "NEW.command_id || 'x'"
    if column not in BYTES:
        return "'forged'"
    text = "00" * 16
    return f"x'{text}'" if dialect == "sqlite" else f"'\\x{text}'"


def on_sqlite(table: str) -> Mapping[str, list[str]]:
    """By name, what to do to a table so that it does not keep what it is sent."""
    after = f"CREATE TRIGGER foreign_one AFTER INSERT ON {table}"
    changed = {
        what: [
            f"DROP TRIGGER {table}_refuses_update",
            f"{after} BEGIN UPDATE {table} SET {column} = {forged_value(column, 'sqlite')}"
            f" WHERE position = NEW.position; END",
        ]
        for what, column in FORGED.items()
    }
    return changed | {
        "swallowed": [f"CREATE TRIGGER foreign_one BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END"],
        "deleted": [
            f"DROP TRIGGER {table}_refuses_delete",
            f"{after} BEGIN DELETE FROM {table} WHERE position = NEW.position; END",
        ],
        "added": [
            f"{after} WHEN NEW.command_id NOT LIKE 'x%' BEGIN INSERT INTO {table} SELECT position + 1, stream,"
            " version + 1, name, payload, recorded_at + 1, recorded_by, asserted_by, source, 'x' || command_id, salt"
            f" FROM {table} WHERE position = NEW.position; END"
        ],
        "a view instead": [
            f"ALTER TABLE {table} RENAME TO hidden",
            f"CREATE VIEW {table} AS SELECT * FROM hidden",
            f"CREATE TRIGGER foreign_one INSTEAD OF INSERT ON {table} BEGIN SELECT 1; END",
        ],
    }


def trigger_of_others(table: str, when: str, body: str) -> list[str]:
    """A trigger on PostgreSQL that runs this body for each row."""
    return [
        f"CREATE FUNCTION public.foreign_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE TRIGGER foreign_one {when} INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.foreign_one()",
    ]


def on_postgresql(name: str) -> Mapping[str, list[str]]:
    """By name, what to do to a table so that it does not keep what it is sent."""
    table = f"caretrail.{name}"
    changed = {
        what: trigger_of_others(table, "BEFORE", f"NEW.{column} := {forged_value(column, 'postgresql')}; RETURN NEW;")
        for what, column in FORGED.items()
    }
    unguarded = [f"ALTER TABLE {table} DISABLE TRIGGER ALL"]
    deleted = f"DELETE FROM {table} WHERE position = NEW.position; RETURN NULL;"
    return changed | {
        "swallowed": trigger_of_others(table, "BEFORE", "RETURN NULL;"),
        "moved": trigger_of_others(table, "BEFORE", "NEW.position := NEW.position + 7; RETURN NEW;"),
        "back-dated": trigger_of_others(table, "BEFORE", "NEW.recorded_at := '2020-01-01'; RETURN NEW;"),
        "deleted": [*unguarded, *trigger_of_others(table, "AFTER", deleted)],
        "a rule instead": [f"CREATE RULE foreign_one AS ON INSERT TO {table} DO INSTEAD NOTHING"],
        "a rule elsewhere": [
            f"CREATE TABLE public.elsewhere AS SELECT * FROM {table} WHERE false",
            f"CREATE RULE foreign_one AS ON INSERT TO {table} DO INSTEAD INSERT INTO public.elsewhere VALUES (NEW.*)",
        ],
    }


def two_streams() -> tuple[UUID, UUID]:
    return uuid4(), uuid4()


CALLS: Mapping[str, Callable[[EventRecorder], list[RecordedEvent]]] = {
    "one event": lambda recorder: recorder.append([pending(uuid4())]),
    "events": lambda recorder: recorder.append([pending(one, version) for one in two_streams() for version in (1, 2)]),
    "accesses": lambda recorder: recorder.record_access([PendingAccess(b"{}", str(uuid4()), new_salt()) for _ in "ab"]),
}  # fmt: skip  # one line each
LOG_OF = {"one event": Log.EVENTS, "events": Log.EVENTS, "accesses": Log.ACCESSES}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("attack", on_sqlite("log"))
def test_a_file_that_keeps_something_else_acknowledges_nothing(sqlite_url: str, attack: str, call: str) -> None:
    refused(sqlite_url, on_sqlite(TABLES[LOG_OF[call]])[attack], call)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("attack", on_postgresql("log"))
def test_a_server_that_keeps_something_else_acknowledges_nothing(postgres_url: str, attack: str, call: str) -> None:
    refused(postgres_url, on_postgresql(TABLES[LOG_OF[call]])[attack], call)


def refused(url: str, attack: list[str], call: str) -> None:
    """Given a store with a row, then an attack: the call is refused and leaves nothing; before, it was answered."""
    with open_recorder(url) as recorder:
        before = CALLS[call](recorder)
        run_sql(url, *attack)
        with pytest.raises(NotStored, match="did not keep what was sent") as error:
            CALLS[call](recorder)
        assert "audit verify" in error.value.hint
        assert log_of(recorder, LOG_OF[call]) == before, "the transaction took it all back"


# --- a function that answers something else --------------------------------------------------------------------------

APPEND = """
CREATE OR REPLACE FUNCTION caretrail.append(
    streams uuid[], versions bigint[], names text[], payloads bytea[], sources text[], commands text[], salts bytea[],
    stays_of uuid[] DEFAULT '{}', stay_streams uuid[] DEFAULT '{}', clients text[] DEFAULT '{}',
    programs text[] DEFAULT '{}', first_days date[] DEFAULT '{}', last_days date[] DEFAULT '{}',
    caller timestamptz DEFAULT NULL
) RETURNS SETOF caretrail.log LANGUAGE sql AS $$
    SELECT {columns} FROM unnest(streams, versions, names, payloads, sources, commands, salts)
           WITH ORDINALITY AS e (stream, version, name, payload, source, command, salt, place) WHERE {where}
$$"""
RECORD_ACCESS = """
CREATE OR REPLACE FUNCTION caretrail.record_access(
    payloads bytea[], commands text[], salts bytea[], caller timestamptz DEFAULT NULL
)
    RETURNS SETOF caretrail.access LANGUAGE sql AS $$
    SELECT {columns} FROM unnest(payloads, commands, salts) WITH ORDINALITY AS e (payload, command, salt, place),
           (SELECT stream, version, name, source FROM caretrail.access LIMIT 1) AS first WHERE {where}
$$"""
HONEST: Mapping[str, str] = {
    "position": "10 + e.place", "stream": "stream", "version": "version", "name": "name", "payload": "e.payload",
    "recorded_at": "now() + e.place * interval '1 second'", "recorded_by": "session_user::text",
    "asserted_by": "''::text", "source": "source", "command": "e.command", "salt": "e.salt",
}  # fmt: skip
LIES: Mapping[str, Mapping[str, str]] = {
    "nothing": {"where": "false"},
    "too few": {"where": "e.place = 1"},
    "another stream": {"stream": "gen_random_uuid()"},
    "another version": {"version": "version + 7 * e.place"},
    "another payload": {"payload": "''::bytea"},
    "another command": {"command": "'x' || e.command"},
    "another salt of one": {"salt": "CASE e.place WHEN 1 THEN e.salt ELSE substr(sha256(e.salt), 1, 16) END"},
    "another author": {"recorded_by": "'somebody'"},
    "an asserted author": {"asserted_by": "'somebody'"},
    "a gap": {"position": "10 + 2 * e.place"},
    "one place twice": {"position": "10::bigint"},
    "one time twice": {"recorded_at": "now()"},
    "nothing at all of a row": {"recorded_at": "NULL::timestamptz"},
}


def function(template: str, lie: Mapping[str, str]) -> str:
    """A function that stores nothing and answers as if it did, but for what a lie says."""
    found = {**HONEST} | ({"version": "version + e.place"} if template is RECORD_ACCESS else {}) | {**lie}
    where = found.pop("where", "true")
    return template.replace("{columns}", ", ".join(found.values())).replace("{where}", where)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("call", ["events", "accesses"])
def test_a_function_that_answers_something_else_is_not_believed(postgres_url: str, lie: str, call: str) -> None:
    with open_recorder(postgres_url) as recorder:
        CALLS["accesses"](recorder)
        run_sql(postgres_url, function(APPEND if call == "events" else RECORD_ACCESS, LIES[lie]))
        with pytest.raises(StoreDamaged) as refused:
            CALLS[call](recorder)
        assert isinstance(refused.value, NotStored) or lie == "nothing at all of a row"


@pytest.mark.parametrize("call", ["events", "accesses"])
def test_a_function_that_tells_a_whole_lie_is_believed(postgres_url: str, call: str) -> None:
    """The control, and the limit: who may replace the function can answer what was sent, and store nothing."""
    with open_recorder(postgres_url) as recorder:
        CALLS["accesses"](recorder)
        run_sql(postgres_url, function(APPEND if call == "events" else RECORD_ACCESS, {}))
        assert CALLS[call](recorder)
        assert len(log_of(recorder)) == 0
        assert len(log_of(recorder, Log.ACCESSES)) == 2


# --- a call that was recorded before ----------------------------------------------------------------------------------


def test_first_receipts_pass_with_their_own_salts(recorder: EventRecorder) -> None:
    """Given events recorded before, one call or several, when they come again with new salts they get the first."""
    stream = uuid4()
    sent = [pending(stream, 1), pending(stream, 2)]
    first = recorder.append(sent)
    assert recorder.append(sent) == first
    again = [PendingEvent(e.originator_id, 7, e.topic, e.state, e.source, e.command_id, new_salt()) for e in sent]
    assert recorder.append(again) == first
    assert recorder.append(again[::-1]) == first[::-1]


# --- what a user sees -------------------------------------------------------------------------------------------------

SWALLOWING = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def test_no_chart_is_shown_when_its_access_was_swallowed(
    recorder: EventRecorder, store_url: str, tmp_path: Path
) -> None:
    caretrail = Caretrail(store_url, tmp_path)
    assert caretrail("append", input=EXAMPLE.read_text()).status == 0
    assert "LNK-2026-0001" in caretrail("show", "LNK-2026-0001").out, "the control"
    run_sql(store_url, *SWALLOWING[recorder.database.dialect]("access")["swallowed"])
    for command in (
        ("show", "LNK-2026-0001"),
        ("worklist", "--as-of", "2026-03-09"),
        ("census", "--as-of", "2026-03-09"),
        ("log",),
    ):
        ended = caretrail(*command)
        assert (ended.status, ended.out) == (4, ""), command
        assert "nothing is shown, because this access cannot be recorded" in ended.err


def test_no_receipt_is_given_for_a_swallowed_event(recorder: EventRecorder, store_url: str, tmp_path: Path) -> None:
    caretrail = Caretrail(store_url, tmp_path)
    run_sql(store_url, *SWALLOWING[recorder.database.dialect]("log")["swallowed"])
    ended = caretrail("append", input=EXAMPLE.read_text().splitlines(keepends=True)[0])
    assert (ended.status, ended.out) == (4, "")
    assert "did not keep what was sent" in ended.err
