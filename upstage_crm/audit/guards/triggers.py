"""Triggers that make the database itself refuse what no patron approved; `rules` says what.

`alembic/env.py` calls `drop` before all migrations and `install` after them, because Alembic's
batch mode rebuilds tables and loses their triggers. `missing` compares the database with
what it should hold; start-up and `/health` fail on any difference.

What this cannot do: a role that may drop triggers can still write. `audit verify` finds such a
write afterwards, and `rights` says who may; docs/security.md says so plainly.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from upstage_crm.audit.guards.postgres import (
    SCHEMA,
    typed,
)
from upstage_crm.audit.guards.rules import (
    Protected,
    marks,
    rules,
)
from upstage_crm.audit.guards.sql import (
    Mark,
    Rule,
)

_PREFIX = "guard_"
_NAMES_TABLE = re.compile(r"\b(?:FROM|JOIN) (\w+) (\w+)")
_NAMES_COLUMN = re.compile(r"\b(\w+)\.(\w+)")


def install(connection: Connection, protected: Protected) -> None:
    """Create every guard of the tables that exist.

    `protected` maps a field key to its columns, derived ones included. An early revision has
    fewer tables and columns; what it guards is complete at the newest one only.
    """
    standing = {table: {*held, "rowid"} for table, held in _columns(connection).items()}
    for statement in _statements(connection, protected, standing).values():
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Remove every guard, so that a migration may rebuild tables."""
    if connection.dialect.name == "sqlite":
        for name in _found_sqlite(connection):
            if name.startswith(_PREFIX):
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for signature in connection.exec_driver_sql(_SIGNATURES).scalars().all():
        connection.exec_driver_sql(f"DROP FUNCTION {signature} CASCADE")


def missing(connection: Connection, protected: Protected) -> tuple[str, ...]:
    """Names of guards that are absent, altered or switched off, and of what gets in their way:
    triggers and rules that are not ours, row security, tables that inherit. Empty is good.
    """
    wanted = _statements(connection, protected)
    if connection.dialect.name == "sqlite":
        found = _found_sqlite(connection)
        absent = [name for name, sql in wanted.items() if found.get(name) != sql]
        return (*absent, *(name for name in found if name not in wanted))
    wanted = {name: _comparable(sql) for name, sql in wanted.items()}
    with trusted_path(connection):
        functions = _pairs(connection, _FUNCTIONS)
        triggers = _pairs(connection, _TRIGGERS)
        others = _pairs(connection, _IN_THE_WAY)
    held = set(functions) | set(triggers)
    absent = [name for name, sql in wanted.items() if (name, sql) not in held]
    foreign = [
        f"{name.removeprefix('on_')} ({sql})"
        for name, sql in triggers
        if name not in wanted or _place(sql) != _place(wanted[name])
    ]
    return (*absent, *foreign, *(f"{name} ({what})" for name, what in others))


@contextmanager
def trusted_path(connection: Connection) -> Generator[None]:
    """Look at PostgreSQL's catalog with no function or operator in sight but its own."""
    connection.exec_driver_sql(f"SET LOCAL {_PATH}")
    yield  # after an error the transaction is over, and the setting with it
    connection.exec_driver_sql("SET LOCAL search_path TO DEFAULT")


# --- one description, two dialects -------------------------------------------------------------


def _statements(
    connection: Connection,
    protected: Protected,
    tables: Mapping[str, Collection[str]] | None = None,
) -> dict[str, str]:
    """The statements by guard name; with `tables` those that find their tables and columns."""
    dialect = connection.dialect.name
    refuse, mark = (_sqlite, _mark_sqlite) if dialect == "sqlite" else (_postgres, _mark_postgres)
    found: dict[str, str] = {}
    for rule in rules(protected, dialect):
        if tables is None or _fits(rule, tables):
            found |= refuse(rule)
    for entry in marks(protected, dialect, _columns(connection)):
        if tables is None or entry.table in tables:
            found |= mark(entry)
    return found


def _fits(rule: Rule, tables: Mapping[str, Collection[str]]) -> bool:
    """Whether every table and column that a rule names stands."""
    named = {"NEW": {rule.table}, "OLD": {rule.table}}
    for table, alias in _NAMES_TABLE.findall(rule.when):
        named.setdefault(alias, set()).add(table)
    if not tables.keys() >= set().union(*named.values()):
        return False
    return all(
        any(column in tables[table] for table in named[alias])
        for alias, column in _NAMES_COLUMN.findall(rule.when)
        if alias in named
    )


def _columns(connection: Connection) -> dict[str, list[str]]:
    """The columns of every table by name: their order depends on which migrations were run."""
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p "
            "WHERE m.type = 'table'"
        )
    else:
        query = (
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        )
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(sa.text(query)):
        found.setdefault(str(table), []).append(str(column))
    return {table: sorted(columns) for table, columns in found.items()}


# A function's own path: neither `public` nor a session's temporary tables come before the catalog.
_PATH = "search_path = pg_catalog, pg_temp"


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
            f"CREATE TRIGGER {full} AFTER {mark.event} ON {mark.table} WHEN {mark.when} "
            f"BEGIN {mark.then}; END"
        )
    }


def _postgres(rule: Rule) -> dict[str, str]:
    row = "STATEMENT" if rule.event == "TRUNCATE" else "ROW"
    returned = "OLD" if rule.event == "DELETE" else "NEW"
    body = (
        f"BEGIN IF {typed(rule.when, rule.table)} THEN RAISE EXCEPTION '{_refusal(rule.name)}' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {returned if row == 'ROW' else 'NULL'}; END"
    )
    return _function_and_trigger(rule.name, body, f"BEFORE {rule.event}", rule.table, row)


def _mark_postgres(mark: Mark) -> dict[str, str]:
    when, then = typed(mark.when, mark.table), typed(mark.then, mark.table)
    body = f"BEGIN IF {when} THEN {then}; END IF; RETURN NULL; END"
    return _function_and_trigger(mark.name, body, f"AFTER {mark.event}", mark.table, "ROW")


def _function_and_trigger(name: str, body: str, event: str, table: str, row: str) -> dict[str, str]:
    full = f"{_PREFIX}{name}"
    return {
        full: (
            f"CREATE FUNCTION {SCHEMA}.{full}() RETURNS trigger LANGUAGE plpgsql SET {_PATH} "
            f"AS $guard${body}$guard$"
        ),
        f"on_{full}": (
            f"CREATE TRIGGER {full} {event} ON {SCHEMA}.{table} "
            f"FOR EACH {row} EXECUTE FUNCTION {SCHEMA}.{full}()"
        ),
    }


# --- what the database holds -------------------------------------------------------------------


def _found_sqlite(connection: Connection) -> dict[str, str]:
    """Every trigger by name; all of them should be ours."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {str(row[0]): str(row[1]) for row in rows}


def _pairs(connection: Connection, query: str) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in connection.exec_driver_sql(query)]


def _comparable(statement: str) -> str:
    """The part of a wanted statement that PostgreSQL gives back."""
    if "$guard$" not in statement:
        return statement
    return f"plpgsql f search_path=pg_catalog, pg_temp {statement.split('$guard$')[1]}"


def _place(trigger: str) -> str:
    """The table that a trigger is on, by its statement."""
    return trigger.partition(" ON ")[2].partition(" ")[0]


_SIGNATURES = """
SELECT concat(
  'public.', quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public' AND starts_with(p.proname, 'guard_')
"""

_FUNCTIONS = """
SELECT p.proname,
  concat_ws(' ', l.lanname, p.prosecdef, array_to_string(p.proconfig, ' '), p.prosrc)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname = 'public' AND p.pronargs = 0 AND starts_with(p.proname, 'guard_')
"""

# A trigger that is switched off, or on for replicas alone, reads like no statement of ours.
_TRIGGERS = """
SELECT 'on_' || t.tgname,
  CASE WHEN t.tgenabled IN ('O', 'A') THEN '' ELSE 'off: ' END || pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND NOT t.tgisinternal
"""

_IN_THE_WAY = """
WITH ours AS (
  SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
)
SELECT r.rulename, 'rule on ' || c.relname FROM pg_rewrite r JOIN ours c ON c.oid = r.ev_class
UNION ALL
SELECT c.relname, 'row security' FROM ours c WHERE c.relrowsecurity
UNION ALL
SELECT c.relname, 'inheritance' FROM pg_inherits i JOIN ours c ON c.oid IN (i.inhparent, i.inhrelid)
UNION ALL
SELECT c.relname, 'foreign key not checked' FROM pg_trigger t JOIN ours c ON c.oid = t.tgrelid
WHERE t.tgisinternal AND t.tgenabled NOT IN ('O', 'A')
UNION ALL
SELECT 'session_replication_role', current_setting('session_replication_role')
WHERE current_setting('session_replication_role') = 'replica'
ORDER BY 1, 2
"""
