"""Runs migrations on the connection that `upstage_crm.core.migrations` holds.

The guards are no part of history: the code that runs makes them, so a migration neither imports
them nor meets them. They are dropped first, because batch mode rebuilds tables and loses triggers,
and installed last, in the same transaction.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from alembic import context
from upstage_crm.audit.guards import triggers
from upstage_crm.tables import metadata
from upstage_crm.wiring import PROTECTED


def run() -> None:
    """Migrate inside the caller's transaction; there is no other way in."""
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise SystemExit("Run migrations with `upstage-crm migrate`.")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=False,
    )
    triggers.drop(connection)
    context.run_migrations()
    triggers.install(connection, PROTECTED)


run()
