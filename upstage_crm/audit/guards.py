"""Triggers that make the database itself refuse what no patron approved; `guard_rules` says what.

Every migration that touches a guarded table calls `drop` first and `install` last, because
Alembic's batch mode rebuilds tables and loses their triggers. `missing` compares what stands in
the database with what should stand there; start-up and `/health` fail on any difference.

What this cannot do: somebody who may drop triggers can still write. `audit verify` finds such
a write afterwards; SECURITY.md says so plainly.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from upstage_crm.audit.guard_rules import Mark, Protected, Rule, marks, rules

_PREFIX = "guard_"


def install(connection: Connection, protected: Protected) -> None:
    """Create every guard of the tables that stand.

    `protected` maps a field key to its columns, derived ones included. An early revision has
    fewer tables; what it guards is complete at the newest one only.
    """
    inspector = sa.inspect(connection)
    standing = {
        name
        for table in inspector.get_table_names()
        for name in (table, *(f"{table}.{c['name']}" for c in inspector.get_columns(table)))
    }
    for statement in _statements(connection, protected, standing).values():
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Remove every guard that stands, so that a migration may rebuild tables."""
    if connection.dialect.name == "sqlite":
        for name in _standing_sqlite(connection):
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for name in _standing_postgres(connection):
        connection.exec_driver_sql(f'DROP FUNCTION "{name}" CASCADE')


def missing(connection: Connection, protected: Protected) -> tuple[str, ...]:
    """Names of guards that are absent, switched off or not as they should be; empty is good."""
    wanted = _statements(connection, protected)
    if connection.dialect.name == "sqlite":
        standing = _standing_sqlite(connection)
    else:
        standing = _standing_postgres(connection) | _triggers_postgres(connection)
        wanted = {name: _comparable(sql) for name, sql in wanted.items()}
    return tuple(name for name, sql in wanted.items() if standing.get(name) != sql)


# --- one description, two dialects -------------------------------------------------------------


def _statements(
    connection: Connection, protected: Protected, standing: Collection[str] | None = None
) -> dict[str, str]:
    """The statements by guard name, only those that what is `standing` allows if it is given."""
    dialect = connection.dialect.name
    refuse, mark = (_sqlite, _mark_sqlite) if dialect == "sqlite" else (_postgres, _mark_postgres)
    found: dict[str, str] = {}
    for rule in rules(protected, dialect):
        if standing is None or {rule.table, *rule.needs} <= set(standing):
            found |= refuse(rule)
    for entry in marks(protected, dialect):
        found |= mark(entry)
    return found


# Without this a session's own temporary table `field_change` would stand before the real one.
_PATH = "SET search_path TO 'public', 'pg_temp'"


def _refusal(name: str) -> str:
    return f"upstage guard: {name.replace('_', ' ')}"


def _sqlite(rule: Rule) -> dict[str, str]:
    full = f"{_PREFIX}{rule.name}"
    return {
        full: (
            f"CREATE TRIGGER {full} BEFORE {rule.event} ON {rule.table} WHEN {rule.when} "
            f"BEGIN SELECT RAISE(ABORT, '{_refusal(rule.name)}'); END"
        )
    }


def _mark_sqlite(mark: Mark) -> dict[str, str]:
    full = f"{_PREFIX}{mark.name}"
    return {
        full: (
            f"CREATE TRIGGER {full} AFTER UPDATE ON patron WHEN {mark.when} BEGIN {mark.then}; END"
        )
    }


def _postgres(rule: Rule) -> dict[str, str]:
    full = f"{_PREFIX}{rule.name}"
    row = "STATEMENT" if rule.event == "TRUNCATE" else "ROW"
    returned = "OLD" if rule.event == "DELETE" else "NEW"
    return {
        full: (
            f"CREATE FUNCTION {full}() RETURNS trigger LANGUAGE plpgsql {_PATH} AS $guard$"
            f"BEGIN IF {rule.when} THEN RAISE EXCEPTION '{_refusal(rule.name)}' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {returned if row == 'ROW' else 'NULL'}; END$guard$"
        ),
        f"on_{full}": (
            f"CREATE TRIGGER {full} BEFORE {rule.event} ON {rule.table} "
            f"FOR EACH {row} EXECUTE FUNCTION {full}()"
        ),
    }


def _mark_postgres(mark: Mark) -> dict[str, str]:
    full = f"{_PREFIX}{mark.name}"
    return {
        full: (
            f"CREATE FUNCTION {full}() RETURNS trigger LANGUAGE plpgsql {_PATH} AS $guard$"
            f"BEGIN IF {mark.when} THEN {mark.then}; END IF; RETURN NULL; END$guard$"
        ),
        f"on_{full}": (
            f"CREATE TRIGGER {full} AFTER UPDATE ON patron FOR EACH ROW EXECUTE FUNCTION {full}()"
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
