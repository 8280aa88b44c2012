"""The two roles of a PostgreSQL database: who owns it, and what the app may do with each table.

The owner makes tables and guards; only `upstage-crm migrate` and `audit repair` connect as it. The
app reads and writes rows. What a guard would refuse in any case, the app's role is not given in
the first place.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from upstage_crm.audit.guards.frozen_columns import NEVER_UPDATED
from upstage_crm.audit.guards.postgres import SCHEMA
from upstage_crm.audit.guards.triggers import trusted_path
from upstage_crm.core.errors import Conflict

DATABASE, OWNER, APP = "upstage", "upstage_owner", "upstage_app"

# What commands delete: factors and wrong passwords, sign-ins of patrons, search terms, views, what
# was erased, what staff keep about a patron; the picture of an event; holds that ended, and seats
# that a newer plan lacks.
DELETED_FROM = frozenset(
    {
        *("audit_value", "event_picture", "proposal_attempt", "saved_view", "sign_in_failure"),
        *("household", "household_member", "relationship"),
        "sale_window",
        *("patron_registration", "patron_session", "patron_sign_in"),
        *("contact_preference", "patron_contact", "patron_note", "patron_tag", "patron_term"),
        *("pool_hold", "seat_state", "basket", "basket_line"),
        *("rolled_day", "sales_day", "price_day", "account_day"),
        *("staff_passkey", "staff_recovery_code", "staff_totp"),
    }
)
READ_ONLY = frozenset({"alembic_version"})

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class OneRole(Conflict):
    """The app's role is the owner's own, so there is nothing to grant. Facts: `role`."""

    code = "one_role"


def allowed(table: str) -> tuple[str, ...]:
    """What the app's role may do with the rows of `table`."""
    if table in READ_ONLY:
        return ("SELECT",)
    rights = ["SELECT", "INSERT"]
    if table not in NEVER_UPDATED:
        rights.append("UPDATE")
    if table in DELETED_FROM:
        rights.append("DELETE")
    return tuple(rights)


def creation(*, owner: str, app: str) -> tuple[str, ...]:
    """The statements that make both roles in a server."""
    return tuple(f"CREATE ROLE {quoted(role)} LOGIN" for role in (owner, app))


def confinement(*, database: str, owner: str, app: str) -> tuple[str, ...]:
    """The statements that give both roles their places in `database`, and no other role one."""
    name, owner, app = quoted(database), quoted(owner), quoted(app)
    return (
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {app}",
        f"GRANT CONNECT ON DATABASE {name} TO {owner}, {app}",
        f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC, {app}",
        f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {owner}",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {app}",
    )


def grant(connection: Connection, app: str) -> int:
    """Give the role `app` what it needs on each table, and take all else away from it and from
    PUBLIC. Return the number of tables. `connection` is the owner's.

    Raises:
        OneRole: `app` is the owner.
    """
    if app == str(connection.scalar(sa.text("SELECT session_user"))):
        raise OneRole(role=app)
    with trusted_path(connection):
        owned = [(str(row[0]), str(row[1])) for row in connection.exec_driver_sql(_OWNED)]
    tables = 0
    for name, kind in owned:
        place, rights = f"TABLE {SCHEMA}.{quoted(name)}", ", ".join(allowed(name))
        if kind == "S":
            place, rights = f"SEQUENCE {SCHEMA}.{quoted(name)}", "USAGE"
        else:
            tables += 1
        connection.exec_driver_sql(f"REVOKE ALL ON {place} FROM {quoted(app)}, PUBLIC")
        connection.exec_driver_sql(f"GRANT {rights} ON {place} TO {quoted(app)}")
    return tables


def owns_everything(connection: Connection) -> bool:
    """Whether the connected role owns every table, so that it may drop guards."""
    if connection.dialect.name != "postgresql":
        return True  # SQLite knows no roles
    with trusted_path(connection):
        return not connection.exec_driver_sql(_OF_OTHERS).first()


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'


# Tables and sequences ("S") of the role that is connected.
_OWNED = """
SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S')
  AND pg_has_role(session_user, c.relowner, 'USAGE')
ORDER BY c.relkind, c.relname
"""

_OF_OTHERS = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
  AND NOT pg_has_role(session_user, c.relowner, 'USAGE')
LIMIT 1
"""
