"""Own changes: a request without a staff member, proposed by the patron

Revision: 0053, after 0052
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0053"
down_revision = "0052"

_BEFORE, _SINCE = "proposer_id VARCHAR(32) NOT NULL", "proposer_id VARCHAR(32)"


def upgrade() -> None:
    _say(_BEFORE, _SINCE, nullable=True)


def downgrade() -> None:
    # The older schema knows staff alone: the account that came first stands for the patron.
    op.execute(
        "UPDATE change_request SET path = 'link', "
        "proposer_id = (SELECT s.id FROM staff s ORDER BY s.created_at, s.id LIMIT 1) "
        "WHERE proposer_id IS NULL"
    )
    op.execute("UPDATE change_request SET reason_code = 'other' WHERE reason_code = 'own_wish'")
    _say(_SINCE, _BEFORE, nullable=False)


def _say(before: str, since: str, *, nullable: bool) -> None:
    """Let the column hold no one, or not.

    SQLite would drop the table and fill another one, which its references forbid. The words of the
    schema are changed instead, by the steps that its manual has for this: nothing stored moves.
    """
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(
            "change_request", "proposer_id", nullable=nullable, existing_type=sa.String(32)
        )
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = 'change_request'",
        (before, since),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
