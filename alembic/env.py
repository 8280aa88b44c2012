"""Runs migrations on the connection that `upstage_crm.core.migrations` holds."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from alembic import context
from upstage_crm.tables import metadata


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
    context.run_migrations()


run()
