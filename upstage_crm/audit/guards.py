"""Triggers that make the database itself refuse what no patron approved.

Every migration that touches a guarded table calls `drop` first and `install` last, because
Alembic's batch mode rebuilds tables and loses their triggers. `missing` compares what stands in
the database with what should stand there; start-up and `/health` fail on any difference.

What this cannot do: somebody who may drop triggers can still write. `audit verify` finds such
a write afterwards; SECURITY.md says so plainly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

# States that a row may be born in, and where each may go from there.
FIELD_MOVES: Mapping[str, Sequence[str]] = {
    "held": ("pending", "withdrawn", "superseded"),
    "pending": (
        "approved",
        "rejected",
        "objected",
        "lapsed",
        "superseded",
        "withdrawn",
        "undeliverable",
    ),
    "approved": ("applied",),
}
REQUEST_MOVES: Mapping[str, Sequence[str]] = {
    "held": ("pending", "withdrawn"),
    "pending": (
        "approved",
        "partly_approved",
        "rejected",
        "expired",
        "superseded",
        "withdrawn",
        "undeliverable",
    ),
    "approved": ("reverted",),
    "partly_approved": ("reverted",),
}
_FIXED = {
    "patron": ("id", "number", "created_at"),
    "change_request": (
        "id",
        "reference",
        "patron_id",
        "reason_code",
        "reason_text",
        "proposer_id",
        "proposer_label",
        "created_at",
    ),
    "field_change": (
        "id",
        "request_id",
        "patron_id",
        "field",
        "kind",
        "current_value",
        "proposed_value",
        "proposed_key",
    ),
    "review": ("id", "field_change_id", "request_id", "reviewer", "mailbox"),
    "audit_head": ("id",),
}
_NEVER_DELETED = ("patron", "change_request", "field_change", "review", "audit_entry", "audit_head")
_NEVER_UPDATED = ("audit_entry", "audit_value")
# What makes an INSERT an overwrite: SQLite's REPLACE deletes without asking delete triggers (unless
# `recursive_triggers` is on, which is the connection's choice). Every unique key belongs here.
_IDENTITY = {
    "patron": ("id", "number"),
    "change_request": ("id", "reference"),
    "field_change": ("id",),
    "review": ("id", "field_change_id, reviewer"),
    "audit_entry": ("seq", "hash"),
    "audit_value": ("seq, name",),
    "audit_head": ("id",),
}
_PREFIX = "guard_"
EMAIL_GUARD = "patron live email"  # how the refusal of a second live owner of an address reads


def install(connection: Connection, protected: Mapping[str, Sequence[str]]) -> None:
    """Create every guard. `protected` maps a field key to its columns, derived ones included."""
    for statement in _statements(connection, protected).values():
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Remove every guard that stands, so that a migration may rebuild tables."""
    if connection.dialect.name == "sqlite":
        for name in _standing_sqlite(connection):
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for name in _standing_postgres(connection):
        connection.exec_driver_sql(f'DROP FUNCTION "{name}" CASCADE')


def missing(connection: Connection, protected: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Names of guards that are absent, switched off or not as they should be; empty is good."""
    wanted = _statements(connection, protected)
    if connection.dialect.name == "sqlite":
        standing = _standing_sqlite(connection)
    else:
        standing = _standing_postgres(connection) | _triggers_postgres(connection)
        wanted = {name: _comparable(sql) for name, sql in wanted.items()}
    return tuple(name for name, sql in wanted.items() if standing.get(name) != sql)


# --- one description, two dialects -------------------------------------------------------------


def _statements(connection: Connection, protected: Mapping[str, Sequence[str]]) -> dict[str, str]:
    dialect = connection.dialect.name
    make = _sqlite if dialect == "sqlite" else _postgres
    out: dict[str, str] = {}
    for table, columns in _FIXED.items():
        # SQLite numbers rows behind our back; `UPDATE OR REPLACE … SET rowid` overwrites another.
        fixed = (*columns, "rowid") if dialect == "sqlite" else columns
        out |= make(f"{table}_identity", table, "UPDATE", _any_differs(fixed, dialect))
    for table in _NEVER_DELETED:
        out |= make(f"{table}_delete", table, "DELETE", "TRUE")
    for table in _NEVER_UPDATED:
        out |= make(f"{table}_update", table, "UPDATE", "TRUE")
    for table, keys in _IDENTITY.items():
        all_keys = (*keys, "rowid") if dialect == "sqlite" else keys
        found = " OR ".join(_stands_already(table, key) for key in all_keys)
        out |= make(f"{table}_overwrite", table, "INSERT", found)
    live = EMAIL_GUARD.replace(" ", "_")
    out |= make(f"{live}_insert", "patron", "INSERT", _LIVE_EMAIL_STANDS)
    out |= make(f"{live}_update", "patron", "UPDATE", _LIVE_EMAIL_STANDS)
    out |= make("field_change_second", "field_change", "INSERT", _OPEN_CHANGE_STANDS)
    out |= make("audit_head_order", "audit_head", "UPDATE", "NEW.seq <= OLD.seq")
    out |= make("field_change_birth", "field_change", "INSERT", f"NOT ({_IS_BORN_OPEN})")
    out |= make(
        "change_request_birth", "change_request", "INSERT", "NEW.state NOT IN ('pending', 'held')"
    )
    out |= make(
        "change_request_links", "change_request", "UPDATE", "NEW.link_version < OLD.link_version"
    )
    out |= make("change_request_end", "change_request", "UPDATE", _ENDS_AGAINST_ITS_FIELDS)
    out |= make("review_birth", "review", "INSERT", f"NOT ({_IS_BORN_UNDECIDED})")
    out |= make("review_once", "review", "UPDATE", "OLD.decision IS NOT NULL")
    out |= make(
        "field_change_moves",
        "field_change",
        "UPDATE",
        f"OLD.outcome <> NEW.outcome AND NOT ({_moves('outcome', FIELD_MOVES)})",
    )
    out |= make(
        "change_request_moves",
        "change_request",
        "UPDATE",
        f"OLD.state <> NEW.state AND NOT ({_moves('state', REQUEST_MOVES)})",
    )
    out |= make(
        "field_change_approval",
        "field_change",
        "UPDATE",
        "NEW.outcome = 'approved' AND OLD.outcome <> 'approved' "
        f"AND NOT ({_EVERY_REVIEW_SAYS_YES})",
    )
    for field, columns in protected.items():
        changed = _any_differs(columns, dialect)
        approved = _approved_change(field, columns, dialect)
        out |= make(
            f"patron_{field}", "patron", "UPDATE", f"({changed}) AND NOT EXISTS ({approved})"
        )
        holds = " AND ".join(
            f"{_json('NEW.proposed_value', c, dialect)} {_is(dialect)} p.{c}" for c in columns
        )
        out |= make(
            f"field_change_applied_{field}",
            "field_change",
            "UPDATE",
            f"NEW.field = '{field}' AND NEW.outcome = 'applied' AND OLD.outcome <> 'applied' AND "
            f"NOT EXISTS (SELECT 1 FROM patron p WHERE p.id = NEW.patron_id AND {holds})",
        )
        out |= _mark_applied(field, changed, dialect)
    if dialect != "sqlite":
        for table in {*_NEVER_DELETED, *_NEVER_UPDATED}:
            out |= _postgres(f"{table}_truncate", table, "TRUNCATE", "TRUE")
    return out


_EVERY_REVIEW_SAYS_YES = (
    "EXISTS (SELECT 1 FROM review r WHERE r.field_change_id = NEW.id AND r.decision = 'approve') "
    "AND NOT EXISTS (SELECT 1 FROM review r WHERE r.field_change_id = NEW.id "
    "AND (r.decision IS NULL OR r.decision <> 'approve'))"
)
_LIVE_EMAIL_STANDS = (
    "NEW.email_key IS NOT NULL AND NEW.status = 'active' AND EXISTS (SELECT 1 FROM patron p "
    "WHERE p.email_key = NEW.email_key AND p.status = 'active' AND p.id <> NEW.id)"
)
_OPEN_CHANGE_STANDS = (
    "EXISTS (SELECT 1 FROM field_change f WHERE f.patron_id = NEW.patron_id "
    "AND f.field = NEW.field AND f.outcome IN ('pending', 'held'))"
)
# A field change belongs to an open request of the same patron, a review to its field's request:
# nobody's yes can be lent to somebody else's record.
_IS_BORN_OPEN = (
    "NEW.outcome IN ('pending', 'held') AND EXISTS (SELECT 1 FROM change_request r "
    "WHERE r.id = NEW.request_id AND r.patron_id = NEW.patron_id "
    "AND r.state IN ('pending', 'held'))"
)
_IS_BORN_UNDECIDED = (
    "NEW.decision IS NULL AND EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.id = NEW.field_change_id AND f.request_id = NEW.request_id "
    "AND f.outcome IN ('pending', 'held'))"
)
_ENDS_AGAINST_ITS_FIELDS = (
    "NEW.state <> OLD.state AND ("
    "(NEW.state NOT IN ('pending', 'held') AND EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.outcome IN ('pending', 'held', 'approved'))) OR "
    "(NEW.state IN ('approved', 'partly_approved') AND NOT EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.outcome = 'applied')))"
)


def _is(dialect: str) -> str:
    return "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"


def _any_differs(columns: Sequence[str], dialect: str) -> str:
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)


def _stands_already(table: str, key: str) -> str:
    match = " AND ".join(f"t.{column} = NEW.{column}" for column in key.split(", "))
    return f"EXISTS (SELECT 1 FROM {table} t WHERE {match})"


def _moves(column: str, moves: Mapping[str, Sequence[str]]) -> str:
    return " OR ".join(
        f"(OLD.{column} = '{start}' AND NEW.{column} IN ({', '.join(repr(e) for e in ends)}))"
        for start, ends in moves.items()
    )


def _json(column: str, key: str, dialect: str) -> str:
    if dialect == "sqlite":
        return f"json_extract({column}, '$.{key}')"
    return f"({column}::jsonb ->> '{key}')"


def _approved_change(field: str, columns: Sequence[str], dialect: str) -> str:
    same = " AND ".join(
        f"{_json('f.proposed_value', column, dialect)} {_is(dialect)} NEW.{column}"
        for column in columns
    )
    return (
        f"SELECT 1 FROM field_change f WHERE f.patron_id = OLD.id AND f.field = '{field}' "
        f"AND f.outcome = 'approved' AND {same}"
    )


def _mark_applied(field: str, changed: str, dialect: str) -> dict[str, str]:
    mark = (
        "UPDATE field_change SET outcome = 'applied' WHERE patron_id = NEW.id "
        f"AND field = '{field}' AND outcome = 'approved'"
    )
    name = f"{_PREFIX}patron_{field}_applied"
    if dialect == "sqlite":
        return {
            name: f"CREATE TRIGGER {name} AFTER UPDATE ON patron WHEN {changed} BEGIN {mark}; END"
        }
    return {
        name: (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {_PATH} AS $guard$"
            f"BEGIN IF {changed} THEN {mark}; END IF; RETURN NULL; END$guard$"
        ),
        f"on_{name}": (
            f"CREATE TRIGGER {name} AFTER UPDATE ON patron FOR EACH ROW EXECUTE FUNCTION {name}()"
        ),
    }


# Without this a session's own temporary table `field_change` would stand before the real one.
_PATH = "SET search_path TO 'public', 'pg_temp'"


def _refusal(name: str) -> str:
    return f"upstage guard: {name.replace('_', ' ')}"


def _sqlite(name: str, table: str, event: str, when: str) -> dict[str, str]:
    full = f"{_PREFIX}{name}"
    return {
        full: (
            f"CREATE TRIGGER {full} BEFORE {event} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{_refusal(name)}'); END"
        )
    }


def _postgres(name: str, table: str, event: str, when: str) -> dict[str, str]:
    full = f"{_PREFIX}{name}"
    row = "STATEMENT" if event == "TRUNCATE" else "ROW"
    returned = "OLD" if event == "DELETE" else "NEW"
    return {
        full: (
            f"CREATE FUNCTION {full}() RETURNS trigger LANGUAGE plpgsql {_PATH} AS $guard$"
            f"BEGIN IF {when} THEN RAISE EXCEPTION '{_refusal(name)}' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {returned if row == 'ROW' else 'NULL'}; END$guard$"
        ),
        f"on_{full}": (
            f"CREATE TRIGGER {full} BEFORE {event} ON {table} "
            f"FOR EACH {row} EXECUTE FUNCTION {full}()"
        ),
    }


# --- what stands in the database ---------------------------------------------------------------


def _standing_sqlite(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        sa.text(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
            "AND substr(name, 1, 6) = 'guard_'"
        )
    )
    return {str(row[0]): str(row[1]) for row in rows}


def _standing_postgres(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        sa.text(
            "SELECT p.proname, coalesce(array_to_string(p.proconfig, ' '), '') || p.prosrc "
            "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = 'public' AND starts_with(p.proname, 'guard_')"
        )
    )
    return {str(row[0]): str(row[1]) for row in rows}


def _triggers_postgres(connection: Connection) -> dict[str, str]:
    """The triggers that stand and are switched on, as Postgres itself writes them."""
    rows = connection.execute(
        sa.text(
            "SELECT 'on_' || t.tgname, pg_get_triggerdef(t.oid, true) FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND starts_with(t.tgname, 'guard_') "
            "AND t.tgenabled IN ('O', 'A') AND NOT t.tgisinternal"
        )
    )
    return {str(row[0]): str(row[1]) for row in rows}


def _comparable(statement: str) -> str:
    """The part of a wanted statement that Postgres gives back: a function's path and body."""
    if "$guard$" not in statement:
        return statement
    return f"search_path=public, pg_temp{statement.split('$guard$')[1]}"
