"""What the app's role could do on PostgreSQL to get past the guards. Empty is good.

`look` asks the catalog about the role that is connected: what it may do itself, and what it could
do as any role that it is a member of. SQLite knows no roles, so there is nothing to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.engine import Connection

from upstage_crm.audit.database_roles import allowed
from upstage_crm.audit.guards.postgres import SCHEMA
from upstage_crm.audit.guards.triggers import trusted_path


class Excess(StrEnum):
    """What is wrong with a role, the worst first."""

    SUPERUSER = "superuser"
    OWNER = "owner"
    MAKES_ROLES = "makes_roles"
    REACHES_SERVER = "reaches_server"
    SETS_REPLICA = "sets_replica"
    SCHEMA_CREATE = "schema_create"
    DATABASE_CREATE = "database_create"
    DATABASE_TEMP = "database_temp"
    BORROWS_OWNER = "borrows_owner"
    TABLE = "table"
    LACKS = "lacks"
    PLANTED = "planted"
    SHADOW = "shadow"


_WORST_FIRST = tuple(Excess)


@dataclass(frozen=True, slots=True)
class RightsFinding:
    """One excess, and what it concerns: a role, a table with its rights, a function."""

    excess: Excess
    what: str


def look(connection: Connection) -> tuple[RightsFinding, ...]:
    """Everything that the connected role may do and does not need, the worst first."""
    if connection.dialect.name != "postgresql":
        return ()
    with trusted_path(connection):
        found = _ask(connection, _ROLES)
        # A superuser or an owner may do everything else: to list it would only hide the cause.
        if not {Excess.SUPERUSER, Excess.OWNER} & {finding.excess for finding in found}:
            found += _ask(connection, _parameter(connection) + _PLACES)
            found += _tables(connection)
        found += _ask(connection, _PLANTED)
    found += _ask(connection, _SHADOW)
    return tuple(sorted(found, key=lambda finding: _WORST_FIRST.index(finding.excess)))


def planted(connection: Connection) -> list[RightsFinding]:
    """Functions and operators in our schema that neither we nor an extension put there.

    PostgreSQL may prefer them to its own, in the query of every role that uses our schema.
    """
    if connection.dialect.name != "postgresql":
        return []
    with trusted_path(connection):
        return _ask(connection, _PLANTED)


def _ask(connection: Connection, query: str) -> list[RightsFinding]:
    rows = connection.exec_driver_sql(query)
    return [RightsFinding(Excess(row[0]), str(row[1])) for row in rows]


def _parameter(connection: Connection) -> str:
    """Before PostgreSQL 15 only a superuser could be allowed to set such a parameter."""
    version = connection.dialect.server_version_info
    return _MAY_SET_REPLICA if version and int(version[0]) >= 15 else ""


def _tables(connection: Connection) -> Iterator[RightsFinding]:
    """Rights on tables, compared with what `database_roles` grants."""
    too_many, too_few = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for table, right, may_have, has in connection.exec_driver_sql(_TABLES):
        if right in allowed(table):
            if not has:
                too_few[table].append(right)
        elif may_have:
            too_many[table].append(right)
    for excess, found in ((Excess.TABLE, too_many), (Excess.LACKS, too_few)):
        for table, rights in found.items():
            yield RightsFinding(excess, f"{', '.join(rights)} on {table}")


# The roles that the connected one is, or may become. Membership counts even where it does not
# inherit, and where it may only be administered: such a role can grant itself the rest.
_MINE = "SELECT * FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')"

_ROLES = f"""
WITH me AS (SELECT * FROM pg_roles WHERE rolname = session_user), mine AS (
  SELECT * FROM me WHERE rolsuper UNION ALL
  SELECT m.* FROM ({_MINE}) m, me WHERE NOT me.rolsuper
), owners AS (
  SELECT datdba AS oid FROM pg_database WHERE datname = current_database()
  UNION SELECT nspowner FROM pg_namespace WHERE nspname = '{SCHEMA}'
  UNION SELECT relowner FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace
  UNION SELECT proowner FROM pg_proc WHERE pronamespace = '{SCHEMA}'::regnamespace
)
SELECT 'superuser', rolname FROM mine WHERE rolsuper
UNION ALL
SELECT 'owner', rolname FROM mine JOIN owners USING (oid) WHERE NOT rolsuper
UNION ALL
SELECT 'makes_roles', rolname FROM mine WHERE rolcreaterole AND NOT rolsuper
UNION ALL
SELECT 'reaches_server', rolname FROM mine
WHERE rolname IN ('pg_execute_server_program', 'pg_write_server_files')
"""

_MAY_SET_REPLICA = f"""
SELECT DISTINCT 'sets_replica', 'session_replication_role' FROM ({_MINE}) m
WHERE has_parameter_privilege(m.oid, 'session_replication_role', 'SET, ALTER SYSTEM')
UNION ALL
"""

# Foreign keys are checked as the owner of their tables, who therefore needs the schema too.
_PLACES = f"""
SELECT DISTINCT 'schema_create', '{SCHEMA}' FROM ({_MINE}) m
WHERE has_schema_privilege(m.oid, '{SCHEMA}', 'CREATE')
UNION ALL
SELECT DISTINCT 'database_create', current_database()::text FROM ({_MINE}) m
WHERE has_database_privilege(m.oid, current_database(), 'CREATE')
UNION ALL
SELECT DISTINCT 'database_temp', current_database()::text FROM ({_MINE}) m
WHERE has_database_privilege(m.oid, current_database(), 'TEMP')
UNION ALL
SELECT DISTINCT 'borrows_owner', p.oid::regprocedure::text FROM pg_proc p, ({_MINE}) m
WHERE p.prosecdef AND p.pronamespace = '{SCHEMA}'::regnamespace
  AND has_function_privilege(m.oid, p.oid, 'EXECUTE')
UNION ALL
SELECT DISTINCT 'lacks', 'USAGE on the schema {SCHEMA} for the owner of the tables' FROM pg_class c
WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT has_schema_privilege(c.relowner, '{SCHEMA}', 'USAGE')
"""

_TABLES = f"""
SELECT c.relname, r.name,
  bool_or(has_table_privilege(m.oid, c.oid, r.name)
    OR r.of_columns AND has_any_column_privilege(m.oid, c.oid, r.name)),
  has_table_privilege(session_user, c.oid, r.name)
FROM pg_class c, ({_MINE}) m, (VALUES
  (1, 'SELECT', true), (2, 'INSERT', true), (3, 'UPDATE', true), (4, 'REFERENCES', true),
  (5, 'DELETE', false), (6, 'TRUNCATE', false), (7, 'TRIGGER', false)
) AS r (place, name, of_columns)
WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind IN ('r', 'p')
GROUP BY c.relname, c.oid, r.place, r.name ORDER BY c.relname, r.place
"""

_PLANTED = f"""
SELECT 'planted', 'the function ' || p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = '{SCHEMA}'::regnamespace
  AND NOT (p.pronargs = 0 AND starts_with(p.proname, 'guard_'))
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
    AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'planted', 'the operator ' || o.oid::regoperator FROM pg_operator o
WHERE o.oprnamespace = '{SCHEMA}'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_operator'::regclass
    AND d.objid = o.oid AND d.deptype = 'e')
ORDER BY 2
"""

# Asked with the session's own path, which decides where the app's queries find their tables.
_SHADOW = f"""
SELECT CASE WHEN current_schema() IS NULL THEN 'lacks' ELSE 'shadow' END,
  coalesce(current_schema()::text, 'USAGE on the schema {SCHEMA}')
WHERE current_schema() IS DISTINCT FROM '{SCHEMA}'
"""
